import base64
import json
import logging
import sys
from collections import OrderedDict
from io import StringIO
from urllib.parse import quote

import pytest
from django.test import RequestFactory

from tokens.vault import remembered
from tokens.vault.cipher import open_sealed, seal
from tokens.vault.keyring import use_ring
from tokens.vault.redaction import (
    RedactingFilter,
    RedactingReporter,
    RedactingReporterFilter,
    mask,
    quiet_libraries,
    remember,
    scrub,
)

AROUND_A_KEY = [
    "{}",
    "key {} is bad.",
    "Authorization: Bearer {}",
    "{{'Authorization': 'Bearer {}'}}",
    "[(b'Authorization', b'Bearer {}')]",
    "https://gateway.example.com/user/quota?key={}&x=1",
    '{{"key": "{}"}}',
]
AROUND_A_BARE_SECRET = [
    "Authorization: {}",
    "authorization={}",
    "('Authorization', '{}')",
    "x-api-key: {}",
    '{{"key": "{}", "id": 1}}',
    '{{"access_token":"{}"}}',
    "{{'password': '{}'}}",
    r"{{\"key\":\"{}\"}}",
    "{{&quot;key&quot;: &quot;{}&quot;}}",
    '{{"keys": {{"12": "{}"}}}}',
    '{{"keys": ["{}"]}}',
    "GET /api/log/token?key={}",
    "Client(api_key='{}')",
    "https://user:{}@gateway.example.com/",
    "password={}",
]
BASE64 = [
    lambda s: base64.b64encode(s),
    lambda s: base64.b64encode(b"a:" + s),
    lambda s: base64.b64encode(b"x" + s + b"y"),
]


@pytest.fixture(autouse=True)
def nothing_remembered_yet(monkeypatch):
    monkeypatch.setattr(remembered, "_known", OrderedDict())
    monkeypatch.setattr(remembered, "_by_start", {})


@pytest.mark.parametrize("around", AROUND_A_KEY)
def test_a_key_is_masked_by_its_looks(around, a_key, a_stem):
    for written in (a_key, quote(a_key).replace("-", "%2D"), a_key.replace("-", "%2d")):
        assert a_stem not in scrub(around.format(written))


@pytest.mark.parametrize("around", AROUND_A_BARE_SECRET)
def test_a_bare_secret_is_masked_by_its_name(around, a_stem):
    text = scrub(around.format(a_stem))
    assert a_stem not in text
    assert a_stem[4:-4] not in text


def test_a_secret_with_quotes_in_it_is_masked_whole():
    text = scrub(json.dumps({"password": 'half "and half', "name": "ci"}))
    assert "half" not in text
    assert '"name": "ci"' in text


@pytest.mark.parametrize(
    "prose",
    [
        "Invalid Bearer token",
        "the task-force-of-twelve met at the disk-usage-meeting",
        "sort_key=created_at",
        "messages is required",
        '{"error": {"param": "key", "type": "new_api_error"}}',
        "Token quota used up, balance 12.40 USD",
        "GET https://gateway.example.com/v1/models answered 401",
        "",
    ],
)
def test_prose_stays_as_it_is(prose):
    assert scrub(prose) == prose


def test_a_masked_key_keeps_its_last_four_and_a_short_one_nothing(a_key):
    assert scrub(f"look: {a_key}.") == f"look: sk-…{a_key[-4:]}."
    assert mask(a_key) == f"sk-…{a_key[-4:]}"
    assert mask("sk-abcdefgh") == "sk-…"


def test_a_remembered_secret_is_masked_in_every_spelling(make_stem):
    secret = make_stem(20) + "+/=" + make_stem(9)
    remember("sk-" + secret)
    for written in (secret, "sk-" + secret, quote(secret, safe="")):
        assert scrub(f"before {written} after").removeprefix("before ").removeprefix("sk-") == "… after"


@pytest.mark.parametrize("encode", BASE64)
def test_a_remembered_secret_is_masked_in_base64_wherever_it_begins(encode, make_stem):
    secret = make_stem(28)
    remember(secret)
    written = encode(secret.encode()).decode()
    assert written[6:30] not in scrub(f"Basic={written}")
    assert "…" in scrub(written)


def test_what_is_sealed_or_opened_is_remembered(ring, make_stem):
    secret = make_stem(30)
    sealed = seal(secret, bound_to="account.access_token:1")
    remembered._known.clear(), remembered._by_start.clear()
    assert secret in scrub(secret)
    use_ring(ring)
    open_sealed(sealed, bound_to="account.access_token:1")
    assert scrub(secret) == "…"


def test_short_words_are_not_remembered():
    remember("default")
    assert scrub("group default") == "group default"


def test_the_memory_is_bounded_and_forgets_the_oldest_first(make_stem, monkeypatch):
    monkeypatch.setattr(remembered, "CAPACITY", 3)
    first, second, third, fourth = (make_stem() for _ in range(4))
    for each in (make_stem(), first, second, third, first, fourth):
        remember(each)
    assert [scrub(each) for each in (first, third, fourth)] == ["…"] * 3
    assert scrub(second) == second
    assert len(remembered._known) == 3


def test_the_memory_holds_no_secret_in_clear(make_stem):
    secret = make_stem()
    remember(secret)
    assert secret[:8] not in repr(remembered._known) + repr(remembered._by_start)


@pytest.fixture
def log():
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("tests.redaction")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, out
    logger.removeHandler(handler)


def test_a_log_line_shows_no_key_from_its_arguments(log, a_key, a_stem):
    logger, out = log
    logger.warning("tried %s with %r", a_key, {"key": a_stem})
    assert a_stem not in out.getvalue()
    assert "tried sk-…" in out.getvalue()


def test_a_logged_exception_shows_no_key_and_still_its_cause(log, a_key, a_stem):
    logger, out = log
    try:
        try:
            raise ValueError(f"bad header {a_key}")
        except ValueError as error:
            raise RuntimeError(f"look failed for {a_key}") from error
    except RuntimeError:
        logger.exception("a look failed", stack_info=True)
    assert a_stem not in out.getvalue()
    assert "RuntimeError: look failed for sk-…" in out.getvalue()
    assert "direct cause" in out.getvalue()


def test_a_record_that_cannot_be_formatted_does_not_break_its_caller(log):
    logger, out = log
    logger.warning("two %s %s", "one")
    assert "could not be formatted" in out.getvalue()


def test_the_network_libraries_are_quiet_even_when_the_root_is_not():
    quiet_libraries()
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert not logging.getLogger("aiohttp.client").isEnabledFor(logging.DEBUG)


def report(a_key: str, a_stem: str, **request) -> RedactingReporter:
    asked = RequestFactory(HTTP_AUTHORIZATION=a_stem).post(**request)
    try:
        hidden_local = a_stem
        raise LookupError(f"no token {a_key}, {hidden_local[:0]}")
    except LookupError:
        made = RedactingReporter(asked, *sys.exc_info())
    made.filter = RedactingReporterFilter()
    return made


@pytest.mark.parametrize("debug", [True, False])
def test_an_error_report_shows_no_key_from_form_query_headers_or_variables(debug, settings, a_key, a_stem):
    settings.DEBUG = debug
    settings.CELERY_BROKER_URL = f"redis://:{a_stem}@localhost/0"
    form = dict.fromkeys(("key", "keys", "access_token", "password", "token", "secret", "target_url"), a_stem)
    made = report(a_key, a_stem, path=f"/tokens/?key={a_stem}", data=form | {"name": "ci", "note": a_key})
    for text in (made.get_traceback_html(), made.get_traceback_text()):
        assert a_stem not in text
        assert "no token sk-…" in text
        assert "LookupError" in text
        assert "ci" in text


def test_a_report_without_a_request_works_too(a_key, a_stem):
    try:
        raise LookupError(a_key)
    except LookupError:
        made = RedactingReporter(None, *sys.exc_info())
    made.filter = RedactingReporterFilter()
    assert a_stem not in made.get_traceback_html() + made.get_traceback_text()
