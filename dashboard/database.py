"""The database settings: SQLite tuned for several processes, or PostgreSQL by DATABASE_URL."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# WAL lets readers go on while one writes. A power cut may undo the last commits with synchronous=NORMAL, but never
# damages the file: checks are simply made again.
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
    "PRAGMA mmap_size=134217728",
    "PRAGMA journal_size_limit=67108864",
)


def database(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's DATABASES["default"] for `url`; an empty one means SQLite in the data folder."""
    parts = urlsplit(url)
    if parts.scheme in ("postgres", "postgresql"):
        return postgresql(url)
    return sqlite(Path(unquote(parts.path)) if url else data_dir / "keyward.sqlite3")


def sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # IMMEDIATE takes the write lock at the start, so that the busy timeout (seconds) applies to it; a deferred
        # transaction that turns into a writer fails at once instead of waiting.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": ";".join(PRAGMAS)},
        "CONN_MAX_AGE": 60,
        # A file, not memory: tests with servers and workers open it from several threads and processes.
        "TEST": {"NAME": str(path.with_suffix(".test.sqlite3"))},
    }


def postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {"connect_timeout": 5, **dict(parse_qsl(parts.query))},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
