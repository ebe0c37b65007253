"""The page docs/recorded-cases.md. Write it anew with `python -m tests.health.score` from the project's root."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from .recorded import expected
from .recordings import Case, cases

HEAD = """# Recorded cases and the classifier's score

Real gateways of nine versions were asked, and their answers kept in `tests/wire/`. Below is how Keyward judges every
answer that its calls can meet, against the verdict and light that were written down for it in
`tests/health/recorded.py` from the situation it was recorded in. This page is made by
`python -m tests.health.score`, and a test holds it to the code.

`inconclusive` counts as right only where the answer cannot tell: it changes no state and blames nobody.

"""
RUNGS = {
    "models": "models",
    "usage": "usage",
    "facts": "account",
    "account": "account",
    "status": "status",
    "dry": "chat",
    "call": "chat",
}
COLUMNS = {
    "models": "`GET /v1/models`",
    "usage": "`GET /api/usage/token/`",
    "account": "token list, self, groups",
    "status": "`GET /api/status`",
    "chat": "`POST /v1/chat/completions`",
}


def page() -> str:
    return HEAD + _scores() + "\n" + _verdicts()


def _scores() -> str:
    by_version: dict[str, list[Case]] = defaultdict(list)
    for case in cases():
        by_version[case.version].append(case)
    rows = ["| gateway | " + " | ".join(COLUMNS.values()) + " | all |", "|---" * (len(COLUMNS) + 2) + "|"]
    for version, own in sorted(by_version.items()):
        parts = [_of([case for case in own if RUNGS[case.rung] == column]) for column in COLUMNS]
        rows.append(f"| {version} | " + " | ".join(parts) + f" | {_of(own)} |")
    parts = [_of([case for case in cases() if RUNGS[case.rung] == column]) for column in COLUMNS]
    rows.append("| all | " + " | ".join(parts) + f" | {_of(cases())} |")
    return "\n".join(rows) + "\n"


def _verdicts() -> str:
    counts = Counter((case.judgement.verdict.value, case.judgement.light) for case in cases())
    rows = ["| verdict | whose light | answers |", "|---|---|---|"]
    rows += [f"| `{verdict}` | {light} | {count} |" for (verdict, light), count in sorted(counts.items())]
    return "\n".join(rows) + "\n"


def _of(some: Iterable[Case]) -> str:
    table, some = expected(), list(some)
    right = sum((case.judgement.verdict.value, case.judgement.light) == table[case.version, case.name] for case in some)
    return f"{right} of {len(some)}"


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "recorded-cases.md").write_text(page())
