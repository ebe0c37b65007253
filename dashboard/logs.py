"""The logging configuration, for the web, the worker and the commands alike. Secrets are scrubbed here."""

import contextvars
import logging
from typing import Any

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

# These print headers or URLs when asked for details; a key in clear must never get that far.
QUIET = ("httpx", "httpcore", "httpx_aiohttp", "aiohttp", "asyncio", "urllib3", "requests", "kombu", "amqp", "apprise")


def logging_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING: one line a record on standard error, passed through the redaction."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "redact": {"()": "tokens.vault.redaction.RedactingFilter"},
            "request": {"()": "dashboard.logs.RequestIdFilter"},
        },
        "formatters": {
            "line": {
                "format": "{asctime} {levelname:<7} {name} {request_id}{message}",
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                "style": "{",
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact", "request"]}
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django": {"level": "INFO", "handlers": [], "propagate": True},
            "django.db.backends": {"level": "WARNING"},
            "celery": {"level": "WARNING" if level != "debug" else "INFO"},
            **{name: {"level": "WARNING"} for name in QUIET},
        },
    }


class RequestIdFilter(logging.Filter):
    """Puts the id of the request in work, if any, on each line."""

    def filter(self, record: logging.LogRecord) -> bool:
        own = request_id.get()
        record.request_id = f"[{own}] " if own else ""
        return True
