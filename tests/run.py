"""`make test`: every test, in three passes, each with what it needs. Ends with one line of counts.

1. unit and integration tests on SQLite and the queue in the data folder
2. the tests that use the database or the queue, again on PostgreSQL and Redis
3. the browser tests
"""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

from tests import services

PASSES = {
    "SQLite": ["-m", "not browser and not postgres"],
    "PostgreSQL and Redis": ["-m", "not browser", "--only-database"],
    "browser": ["-m", "browser"],
}
NO_TESTS = 5  # pytest's exit code


def main(chosen: list[str]) -> int:
    services.chromium()  # installed before the clock of any test runs
    with services.postgres() as database, services.redis() as queue, tempfile.TemporaryDirectory() as reports:
        real = {"DATABASE_URL": database, "CELERY_BROKER_URL": queue}
        counts, failed = Counter[str](), []
        for number, (name, options) in enumerate(PASSES.items(), start=1):
            report = Path(reports, f"{number}.xml")
            environ = clean_environ() | (real if name.startswith("PostgreSQL") else {})
            print(f"\n== {number}. {name}", flush=True)
            line = [sys.executable, "-m", "pytest", "-q", "--junit-xml", str(report), *options, *chosen]
            code = subprocess.run(line, env=environ, stdin=subprocess.DEVNULL, check=False).returncode
            if code not in (0, NO_TESTS):
                failed.append(name)
            counts += counted(report)
    return close(counts, failed)


def clean_environ() -> dict[str, str]:
    """Ours without the settings of a Keyward that the person may run beside the tests."""
    ours = re.compile(r"KEYWARD_|DATABASE_URL|CELERY_BROKER_URL|DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if not ours.match(name)}


def counted(report: Path) -> Counter[str]:
    """Passed, failed and skipped tests of one pass, from its report."""
    if not report.exists():
        return Counter()
    suite = next(ElementTree.parse(report).getroot().iter("testsuite"))
    total, failed, skipped = (int(suite.get(name, 0)) for name in ("tests", "failures", "skipped"))
    failed += int(suite.get("errors", 0))
    return Counter(passed=total - failed - skipped, failed=failed, skipped=skipped)


def close(counts: Counter[str], failed: list[str]) -> int:
    if failed:
        print(f"\nNot green: {', '.join(failed)}")
    print(f"\n{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if failed or not counts["passed"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except services.Missing as error:
        sys.exit(str(error))
