"""Sends recorded requests to the simulator and says how its answer differs from the recorded one."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import secrets
import string
from collections.abc import Callable, Iterator
from typing import Any

from tests.simulator.scope import HEADERS, PRESENT, SHORTENED, UNEVEN
from tokens.simulator import Simulator

Case = dict[str, Any]
Step = Callable[[Simulator], None]
ELSEWHERE = "127.0.0.2"
CUT = "<cut>"
LETTERS = string.ascii_letters + string.digits


def stranger_key() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(48))


class Placeholders:
    """The values that stand behind <KEY:name> and <PAT:name> in this run."""

    def __init__(self, sim: Simulator, aliases: dict[str, int] | None = None) -> None:
        self.sim = sim
        self.aliases = aliases or {}  # names of tokens that were renamed, with their ids
        self.wrong = stranger_key()
        self.access_tokens = {account.username: account.access_token for account in sim.accounts}

    def fill(self, text: str) -> str:
        text = re.sub(r"<KEY:([^>]+)>", lambda found: self._key(found[1]), text)
        return re.sub(r"<PAT:([^>]+)>", lambda found: self.access_tokens.get(found[1], found[0]), text)

    def _key(self, name: str) -> str:
        name, _, end = name.partition(":")
        if end:
            return self._key(name)[:3] if end == "first3" else self._key(name)[-3:]
        if name in self.aliases:
            return self.sim.token(self.aliases[name]).key
        if name.startswith("id") and name[2:].isdigit():
            return self.sim.token(int(name[2:])).key
        if name == "healthy cut":
            return self._key("healthy")[:-1]
        if name == "other":
            return self._key("healthy").lower()
        name = name.replace("carol-", "ci-")
        tokens = [token for account in self.sim.accounts for token in account.tokens.values()]
        return next((token.key for token in reversed(tokens) if token.name == name), self.wrong)


def numbers(sim: Simulator, text: str) -> list[int]:
    """The ids behind "<100 numbers>"."""
    ids = list(sim.account("bulk").tokens)
    wanted = int(re.findall(r"\d+", text)[0])
    return (ids + ids)[:wanted]


def send(
    sim: Simulator, request: Case, values: Placeholders, *, address: str = ""
) -> tuple[int, dict[str, str], bytes]:
    """The request as it was recorded, byte for byte where that matters."""
    body, headers = _body(sim, request, values)
    source = (address, 0) if address else None
    link = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=10, source_address=source)
    try:
        link.putrequest(request["method"], values.fill(request["path"]), skip_accept_encoding=True)
        for name, value in headers.items():
            link.putheader(name, values.fill(value).encode())
        link.endheaders(body or None)
        answer = link.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        link.close()


def _body(sim: Simulator, request: Case, values: Placeholders) -> tuple[bytes, dict[str, str]]:
    headers, body = dict(request.get("headers") or {}), request.get("body")
    if body is None:
        return b"", headers
    if isinstance(body, dict) and isinstance(body.get("ids"), str):
        body = {**body, "ids": numbers(sim, body["ids"])}
    text = body if isinstance(body, str) else json.dumps(body)
    if "Content-Type" not in headers and not request["case"].endswith("no-content-type"):
        headers["Content-Type"] = "application/json"
    sent = values.fill(text).encode()
    return sent, {**headers, "Content-Length": str(len(sent))}


# -- comparing -------------------------------------------------------------------------------------------------------


def differences(case: Case, answer: tuple[int, dict[str, str], bytes], values: Placeholders) -> list[str]:
    """What differs in status, in the headers that matter, and in the body's shape and errors."""
    status, headers, raw = answer
    recorded = case["response"]
    found = [] if status == recorded["status"] else [f"status {status}, recorded {recorded['status']}"]
    found += _header_differences(recorded["headers"], headers)
    body = gzip.decompress(raw) if headers.get("content-encoding") == "gzip" else raw
    return found + list(_bodies(recorded["body"], _parsed(body, headers), values))


def _header_differences(recorded: dict[str, str], headers: dict[str, str]) -> list[str]:
    if not recorded:  # one case notes none
        return []
    found = [
        f"{n}: {headers.get(n)!r}, recorded {recorded.get(n)!r}" for n in HEADERS if headers.get(n) != recorded.get(n)
    ]
    return found + [f"{n} only on one side" for n in PRESENT if (n in headers) != (n in recorded)]


def _parsed(body: bytes, headers: dict[str, str]) -> Any:
    text = body.decode()
    return json.loads(text) if "json" in headers.get("content-type", "") and text else text


def _bodies(recorded: Any, body: Any, values: Placeholders) -> Iterator[str]:
    if isinstance(recorded, str):
        if recorded.startswith("data: "):  # a stream of events
            yield from [] if str(body).startswith("data: ") else ["no stream of events"]
        elif recorded.startswith("<!doctype html>"):  # each recorded server had a page of its own
            yield from [] if str(body).startswith("<!doctype html>") else ["no web page"]
        elif plain(values.fill(recorded)) != plain(str(body) if isinstance(body, str) else json.dumps(body)):
            yield f"body {body!r}, recorded {recorded!r}"
        return
    if isinstance(recorded, dict) and "ban-me listed" in recorded:
        listed = "ban-me" in [row["id"] for row in body["data"]]
        yield from [] if listed == recorded["ban-me listed"] else [f"ban-me listed: {listed}"]
        return
    yield from _shapes(recorded, body, "body", values)
    yield from _errors(json.loads(values.fill(json.dumps(recorded))), body)
    if isinstance(recorded, dict) and "_ids" in recorded:
        ids = [row["id"] for row in body["data"]]
        yield from [] if ids == recorded["_ids"] else [f"models {ids}, recorded {recorded['_ids']}"]


def _shapes(recorded: Any, body: Any, at: str, values: Placeholders) -> Iterator[str]:
    """Keys and JSON types all the way down; ids and keys by value where the recording notes them."""
    if recorded == CUT:
        return
    if isinstance(recorded, str) and re.fullmatch(r"<\d+ (items|entries id -> key)>", recorded):
        wanted = int(re.findall(r"\d+", recorded)[0])
        yield from [] if len(body) == wanted else [f"{at}: {len(body)} items, recorded {wanted}"]
    elif isinstance(recorded, dict) and isinstance(body, dict):
        yield from _objects(recorded, body, at, values)
    elif isinstance(recorded, list) and isinstance(body, list):
        yield from _lists(recorded, body, at, values)
    elif isinstance(recorded, str) and recorded.startswith("<KEY:"):
        yield from [] if body == values.fill(recorded) else [f"{at}: another key"]
    elif _kind(recorded) != _kind(body):
        yield f"{at}: {_kind(body)}, recorded {_kind(recorded)}"


def _objects(recorded: Case, body: Case, at: str, values: Placeholders) -> Iterator[str]:
    wanted = {key: value for key, value in recorded.items() if not key.startswith("_")}
    shortened = "_other_keys" in recorded or CUT in recorded.values() or recorded.keys() in SHORTENED
    if not shortened and wanted.keys() != body.keys():
        yield f"{at}: keys {sorted(body)}, recorded {sorted(wanted)}"
    for key in wanted.keys() & body.keys():
        yield from _shapes(wanted[key], body[key], f"{at}.{key}", values)


def _lists(recorded: list[Any], body: list[Any], at: str, values: Placeholders) -> Iterator[str]:
    if recorded and isinstance(recorded[0], str) and recorded[0].startswith("id "):
        ids = [f"id {row['id']}" for row in body]
        yield from [] if ids == recorded else [f"{at}: {ids}, recorded {recorded}"]
        return
    if bool(recorded) != bool(body) and not at.endswith(UNEVEN):
        yield f"{at}: {len(body)} items, recorded {len(recorded)}"
    for one in body[: bool(recorded)]:
        yield from _shapes(recorded[0], one, f"{at}[0]", values)


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value) if value is None else "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else "object"


def _errors(recorded: Any, body: Any) -> Iterator[str]:
    """Errors are compared word for word, but for request ids and measured percentages."""
    if not isinstance(recorded, dict) or not isinstance(body, dict):
        return
    for name in ("success", "message", "code"):
        if name in recorded and plain(recorded[name]) != plain(body.get(name)):
            yield f"{name} {body.get(name)!r}, recorded {recorded[name]!r}"
    wanted, error = recorded.get("error"), body.get("error")
    if isinstance(wanted, dict) and isinstance(error, dict):
        for name, value in wanted.items():
            if plain(value) != plain(error.get(name)):
                yield f"error.{name} {error.get(name)!r}, recorded {value!r}"


def plain(text: Any) -> Any:
    """A text without what differs from call to call."""
    if not isinstance(text, str):
        return text
    text = re.sub(r"\(request id: [^)]+\)", "(request id: <REQID>)", text)
    return re.sub(r"\(current: [^)]+\)", "(current: <PERCENT>)", text)


# -- replaying -------------------------------------------------------------------------------------------------------


def stored_difference(sim: Simulator, case: Case) -> list[str]:
    """How a token differs from what the list was noted to show."""
    recorded = case["response"]["body"]
    tokens = {token.id: token for account in sim.accounts for token in account.tokens.values()}
    by_name = {token.name: token for token in sim.account("alice").tokens.values()}
    token = tokens[recorded["id"]] if "id" in recorded else by_name[recorded["name"]]
    compared = recorded.keys() - {"key", "DeletedAt", "created_time", "accessed_time", "expired_time"}
    compared |= {"expired_time"} if case["case"].startswith("mgmt-") else set()
    values = {name: (getattr(token, name), recorded[name]) for name in compared}
    return [f"{name} {now!r}, recorded {then!r}" for name, (now, then) in values.items() if now != then]


def status_differences(sim: Simulator, case: Case) -> list[str]:
    """Whether reading has written what the recorded list shows after every key was used."""
    now = {token.name: token.status for token in sim.account("alice").living()}
    then = {token["name"]: token["status"] for token in case["response"]["body"]["data"]["items"]}
    return [f"{name} is {now[name]}, recorded {status}" for name, status in then.items() if now[name] != status]


def replay(
    sim: Simulator, cases: list[Case], before: dict[str, Step], aliases: dict[str, int] | None = None
) -> dict[str, list[str]]:
    """Every case in the order of the recording, with what differs."""
    values, found = Placeholders(sim, aliases), {}
    with sim.running():
        for case in cases:
            name = case["case"]
            if name in before:
                before[name](sim)
            if "request" not in case:
                found[name] = stored_difference(sim, case)
                continue
            request = {"case": name, **case["request"]}
            address = ELSEWHERE if "other-address" in name else ""
            found[name] = differences(case, send(sim, request, values, address=address), values)
            if name == "auth-old-pat-after-new":
                sim.account("bob").access_token = values.access_tokens["bob"]
            if name == "lazy-list-after-all":
                found[name] += status_differences(sim, case)
    return found
