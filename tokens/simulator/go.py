"""Reads JSON the way the gateway's Go does, down to the words of its complaints. Clients meet these texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

INT64 = 2**63
LITERALS = {"n": "null", "t": "true", "f": "false"}


class GoError(ValueError):
    """The text that the gateway would answer."""


class Number(float):
    """A number that is no int64, with the text it was written in."""

    text: str


def _float(text: str) -> Number:
    number = Number(text)
    number.text = text
    return number


def _int(text: str) -> int | Number:
    value = int(text)
    return value if -INT64 <= value < INT64 else _float(text)


def decode(body: bytes) -> Any:
    """The value in the body. Raises GoError with Go's words for what is no JSON."""
    text = body.decode("utf-8", "replace").strip()
    if not text:
        raise GoError("EOF")
    try:
        return json.loads(text, parse_float=_float, parse_int=_int)
    except json.JSONDecodeError as fault:
        raise GoError(_syntax(text, fault.pos)) from None


def _syntax(text: str, at: int) -> str:
    literal = LITERALS.get(text[0])
    if literal is not None and not text.startswith(literal):
        wrong = next(i for i, letter in enumerate(literal) if text[i : i + 1] != letter)
        if wrong < len(text):
            return f"invalid character '{text[wrong]}' in literal {literal} (expecting '{literal[wrong]}')"
    if at >= len(text) or text[at] == '"':
        return "unexpected EOF"
    return f"invalid character '{text[at]}' looking for beginning of value"


def record(body: bytes, kinds: Mapping[str, str], go_type: str, go_value: str) -> dict[str, Any]:
    """The known fields of a JSON object, each of the Go type that `kinds` names. Null counts as absent."""
    value = decode(body)
    if not isinstance(value, dict):
        raise GoError(f"json: cannot unmarshal {_noun(value)} into Go value of type {go_value}")
    for name, kind in kinds.items():
        if value.get(name) is not None and not _fits(value[name], kind):
            raise GoError(
                f"json: cannot unmarshal {_noun(value[name])} into Go struct field {go_type}.{name} of type {kind}"
            )
    return {name: value[name] for name in kinds if name in value}


def _fits(value: Any, kind: str) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind in ("int", "int64"):
        return type(value) is int
    if kind == "[]string":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, str)


def _noun(value: Any) -> str:
    if isinstance(value, Number):
        return f"number {value.text}"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return f"number {value}"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def atoi(text: str) -> int:
    """Go's strconv.Atoi. Raises GoError in its words."""
    digits = text.removeprefix("-").removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return int(text)
    raise GoError(f'strconv.Atoi: parsing "{text}": invalid syntax')


def plain_number(value: float) -> int | float:
    """As Go prints a float: without a fraction where there is none."""
    return int(value) if value == int(value) else value
