"""The search of the canary test finds what it looks for, however it is spelled: else it would prove little."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.core import signing

from tests.e2e.spelling import held
from tests.factories import make_key
from tokens.simulator.records import new_access_token

WAYS: dict[str, Callable[[str], str]] = {
    "in clear": lambda secret: f"key={secret}&",
    "without sk-": lambda secret: secret.removeprefix("sk-"),
    "a part of it": lambda secret: secret[15:40],
    "URL-encoded": lambda secret: quote(secret, safe=""),
    "in base64 at the start": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in base64 one byte on": lambda secret: base64.b64encode(b"x" + secret.encode() + b"yz").decode(),
    "in base64 two bytes on": lambda secret: base64.b64encode(b"xx" + secret.encode() + b"y").decode(),
    "in base64 for addresses": lambda secret: base64.urlsafe_b64encode(b"{" + secret.encode() + b"}").decode(),
    "in a queue's message": lambda secret: json.dumps(
        {"body": base64.b64encode(json.dumps([[secret]]).encode()).decode()}
    ),
    "in a signed value": lambda secret: signing.dumps({"seen": secret}),
    "in a packed session": lambda secret: signing.dumps({"seen": secret, "more": "a" * 400}, compress=True),
    "as hex": lambda secret: secret.removeprefix("sk-").encode().hex(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", [make_key(), f"{new_access_token()[:36]}+a/b=="], ids=["a key", "an access token"])
def test_a_secret_is_found(way: str, secret: str) -> None:
    heap = f"before {WAYS[way](secret)} after".encode()
    assert held(heap, [("it", secret), ("another", make_key())]) == ["it"]


def test_the_last_four_are_nothing_to_find() -> None:
    key = make_key()
    assert held(f"sk-…{key[-4:]}".encode(), [("it", key)]) == []
