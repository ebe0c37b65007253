"""Keeps secrets out of logs and error reports: where text leaves the process, not where it is written.

In the settings: RedactingFilter on every log handler, quiet_libraries() once,
DEFAULT_EXCEPTION_REPORTER = "tokens.vault.redaction.RedactingReporter" and
DEFAULT_EXCEPTION_REPORTER_FILTER = "tokens.vault.redaction.RedactingReporterFilter".
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable
from types import FrameType
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from .remembered import occurrences, remember

__all__ = [
    "RedactingFilter",
    "RedactingReporter",
    "RedactingReporterFilter",
    "mask",
    "quiet_libraries",
    "remember",
    "scrub",
]

HIDDEN = "…"
NAMES = "keys?|api[_-]?keys?|access_token|refresh_token|password|passwd|secret|authorization|x-api-key|x-goog-api-key"

# A key by its looks, also with its dash URL-encoded. What comes before must not be a letter: "task-", "disk-".
KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk(?:-|%2[dD])|gsk_|xai-|pplx-|nvapi-|AIza)[A-Za-z0-9_%-]{8,}(?:[.~+/=-]+[A-Za-z0-9_%]+)*"
)
# "Bearer" and a value that looks like one: prose such as "Invalid Bearer token" stays readable.
BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+|%20|\+)(?=\S{0,64}\d|\S{20})([^\s\"',;<>&]{8,})")
# A quote as it stands in JSON, in JSON inside JSON, and in an HTML report.
QUOTE = r"(?:\\{0,4}[\"']|&quot;|&\#x27;|&\#39;)"
# authorization: VALUE in headers, and in reprs of dicts and tuples; the scheme word stays.
HEADER = re.compile(
    rf"(?i)\b(authorization|x-api-key|x-goog-api-key)({QUOTE}\s*[:=,]\s*b?{QUOTE}|\s*[:=]\s*)((?:bearer|basic)\s+)?"
    r"([^\s\"',;<>&\\)]+)"
)
# "key": "VALUE"
FIELD = re.compile(rf"(?is)(?P<q>{QUOTE})(?P<name>{NAMES})(?P=q)(\s*:\s*)(?P=q)(?:(?!(?P=q))(?:\\.|.))*")
# "keys": {"12": "VALUE"} and "keys": ["VALUE"], as a gateway's batch reveal answers.
FIELD_OF_MANY = re.compile(rf"(?i)({QUOTE}(?:api_?)?keys{QUOTE}\s*:\s*)(\{{[^}}]*|\[[^\]]*)")
# key=VALUE in queries, forms and call reprs. Not as the end of another word: "sort_key=name" stays.
PARAMETER = re.compile(rf"(?i)(?<![\w-])({NAMES})=[\"']?([^\s&\"',;)]+)")
# user:password@ in a URL.
CREDENTIALS = re.compile(r"(://)[^/\s@\"']+@")

SENSITIVE_NAME = re.compile(r"(?i)key|token|pass|secret|target_url|credential|authorization|cookie|^code$")


def mask(key: str) -> str:
    """What people see of a key: "sk-…9f2c". A short one shows nothing, since four characters would be most of it."""
    prefix = "sk-" if key.startswith("sk-") else ""
    return prefix + HIDDEN + (key[-4:] if len(key) >= 16 else "")


def scrub(text: str) -> str:
    """The text with every key, credential and remembered secret masked."""
    text = _without_remembered(text)
    text = FIELD.sub(rf"\g<q>\g<name>\g<q>\3\g<q>{HIDDEN}", text)
    text = FIELD_OF_MANY.sub(rf"\1{HIDDEN}", text)
    text = HEADER.sub(rf"\1\2\3{HIDDEN}", text)
    text = BEARER.sub(rf"\1\2{HIDDEN}", text)
    text = PARAMETER.sub(rf"\1={HIDDEN}", text)
    text = CREDENTIALS.sub(rf"\1{HIDDEN}@", text)
    return KEY.sub(lambda found: mask(found[0].replace("%2d", "-").replace("%2D", "-")), text)


def _without_remembered(text: str) -> str:
    pieces, done = [], 0
    for start, end in occurrences(text):
        pieces += [text[done:start], HIDDEN]
        done = end
    return "".join(pieces) + text[done:] if pieces else text


class RedactingFilter(logging.Filter):
    """Scrubs a record's message, its exception and its stack, before any handler formats them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(_message(record)), None
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if record.exc_text:
            record.exc_text = scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        return True


def _message(record: logging.LogRecord) -> str:
    """The formatted message. A filter may not raise, so a record with wrong arguments says only where it is from."""
    try:
        return record.getMessage()
    except Exception:  # any __str__ may fail in any way
        return f"A log record from {record.pathname}:{record.lineno} could not be formatted."


# Their INFO and DEBUG lines hold URLs with queries, and headers.
TALKATIVE = (
    "httpx",
    "httpcore",
    "httpx_aiohttp",
    "aiohttp",
    "asyncio",
    "urllib3",
    "requests",
    "apprise",
    "kombu",
    "amqp",
)


def quiet_libraries(names: Iterable[str] = TALKATIVE) -> None:
    """Let the network libraries log from WARNING on only, whatever the level of the root logger."""
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)


class RedactingReporterFilter(SafeExceptionReporterFilter):
    """Django's error reports without secrets, in DEBUG too: somebody's key may be in any variable of any frame."""

    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE|DATABASE_URL|BROKER|BACKEND_URL|EMAIL_URL|CREDENTIAL|DSN",
        re.IGNORECASE,
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        return scrub(cleansed) if isinstance(cleansed, str) else cleansed

    def get_post_parameters(self, request: HttpRequest | None) -> MultiValueDict[str, Any]:
        return MultiValueDict() if request is None else self.cleanse_parameters(super().get_post_parameters(request))

    def get_cleansed_multivaluedict(self, request: HttpRequest, multivaluedict: Any) -> Any:
        return self.cleanse_parameters(super().get_cleansed_multivaluedict(request, multivaluedict))

    def get_traceback_frame_variables(self, request: Any, tb_frame: FrameType) -> Any:
        return [(name, self.cleansed_substitute) for name in tb_frame.f_locals]

    def cleanse_parameters(self, parameters: Any) -> MultiValueDict[str, Any]:
        """Stars for what its name gives away, scrubbed text for the rest."""
        return MultiValueDict(
            {name: [self._cleanse(name, each) for each in parameters.getlist(name)] for name in parameters}
        )

    def _cleanse(self, name: str, value: Any) -> Any:
        if SENSITIVE_NAME.search(name):
            return self.cleansed_substitute
        return scrub(value) if isinstance(value, str) else value


class RedactingReporter(ExceptionReporter):
    """Scrubs the whole report at last: exception texts, query parameters and source lines go through no filter."""

    filter: RedactingReporterFilter

    def get_traceback_data(self) -> dict[str, Any]:
        data = super().get_traceback_data()
        if self.request is not None:
            query: QueryDict = self.request.GET
            data["request_GET_items"] = self.filter.cleanse_parameters(query).items()
        return data

    def get_traceback_html(self) -> Any:
        return scrub(super().get_traceback_html())

    def get_traceback_text(self) -> Any:
        return scrub(super().get_traceback_text())
