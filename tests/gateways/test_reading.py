"""What is kept of an answer: the words, never a secret."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.gateways.reading import read
from tokens.gateways.records import Evidence
from tokens.network.client import Answer

KEY = secrets.token_hex(24)


def evidence(status: int = 200, body: bytes = b"", secret: str = "", **headers: str) -> Evidence:
    named = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return read(
        "models", "GET /v1/models", Answer(status, named, body, 12), secrets=(secret,) if secret else ()
    ).evidence


def test_the_request_id_moves_from_the_message_to_its_own_field() -> None:
    body = b'{"error":{"message":"Invalid token (request id: 2026abc)","type":"new_api_error","code":""}}'
    said = evidence(401, body)
    assert (said.message, said.request_id, said.brand) == ("Invalid token", "2026abc", "new_api_error")


def test_a_header_names_the_request_before_the_text_does() -> None:
    assert evidence(200, b"{}", X_Oneapi_Request_Id="r1").request_id == "r1"


@pytest.mark.parametrize(
    "text",
    [
        f"bad key {KEY}",
        f"bad key sk-{KEY}",
        f"TokenStatusExhausted[sk-{KEY[:3]}***{KEY[-3:]}]",
        f"bad key {KEY[:4]}**********{KEY[-4:]}",
    ],
)
def test_no_part_of_a_key_stays_in_the_message(text: str) -> None:
    message = evidence(401, b'{"error":{"message":"%s"}}' % text.encode(), secret=f"sk-{KEY}").message
    assert KEY[:3] not in message
    assert KEY[-3:] not in message


def test_addresses_of_providers_are_taken_out() -> None:
    body = b'{"error":{"message":"Post \\"https://up.example.net/v1/x?k=1\\": dial tcp 10.1.2.3:443: refused"}}'
    message = evidence(500, body).message
    assert "example" not in message
    assert "10.1.2.3" not in message


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    then = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    later = format_datetime(then + timedelta(seconds=90), usegmt=True)
    assert evidence(429, Retry_After="1200").retry_after == 1200
    assert evidence(429, Retry_After=later, Date=format_datetime(then, usegmt=True)).retry_after == 90
    assert evidence(429, Retry_After="soon").retry_after is None
    assert evidence(429).retry_after is None


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"", "", "empty"),
        (b"<!DOCTYPE html><title>x</title>", "", "html"),
        (b'{"a":1}', "text/plain", "json"),
        (b'{"a":', "application/json", "bad_json"),
        (b"hello", "text/plain", "text"),
        (b"data: {}\n\n", "text/event-stream", "stream"),
    ],
)
def test_a_body_is_what_it_is_and_not_what_its_type_says(body: bytes, kind: str, expected: str) -> None:
    assert evidence(200, body, content_type=kind).body == expected


def test_a_page_of_a_firewall_is_told_from_other_pages() -> None:
    page = b"<html><title>Just a moment...</title>"
    assert evidence(403, page).body == "challenge"
    assert evidence(200, b"<html><title>New API</title>").body == "html"


def test_a_redirect_shows_host_and_path_but_no_query() -> None:
    said = evidence(301, Location="https://other.example.com/login?token=abc")
    assert (said.body, said.location) == ("redirect", "other.example.com/login")


@given(
    status=st.integers(100, 599),
    body=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
    kind=st.sampled_from(["", "application/json", "text/html", "text/event-stream"]),
    after=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
)
def test_no_answer_whatever_makes_reading_fail(status: int, body: bytes, kind: str, after: str) -> None:
    said = evidence(status, body, content_type=kind, retry_after=after)
    assert len(said.message) <= 300
    assert said.retry_after is None or said.retry_after >= 0
