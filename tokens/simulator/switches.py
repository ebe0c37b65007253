"""The simulator's own page, /_sim/: who is there, and a switch to make any of it fail. Works without JavaScript."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from aiohttp import web

from . import inbox
from .records import ACCOUNT_FAULTS, TOKEN_FAULTS, Account, Token
from .style import CSS
from .world import CREATE_FAULTS, GATEWAY_FAULTS, World

SHOWN = 300  # tokens of an account on the page
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
STATUSES = {0: "broken", 1: "enabled", 2: "disabled", 3: "expired", 4: "exhausted"}
SAYING = {
    "": "no fault",
    "429": "429 without Retry-After",
    "429_retry_after": "429 with Retry-After",
    "500": "error 500",
    "bad_json": "broken JSON",
    "success_false": "200 with success false",
    "html": "HTML page",
    "huge": "50 MB body",
    "ip_blocked": "address blocked",
    "access_token_dead": "access token dead",
    "empty": "empty",
}


class Switches:
    def __init__(self, world: World) -> None:
        self.world = world

    async def answer(self, request: web.BaseRequest) -> web.Response:
        path = request.path.removeprefix("/_sim").strip("/")
        if request.method == "POST" and path == "inbox":
            return self._arrive(await request.read())
        if request.method == "POST":
            form = await request.post()
            return self._switch(path, str(form.get("fault", "")))
        if request.path == "/_sim":
            return web.Response(status=308, headers={"Location": "/_sim/"})
        if path == "":
            return web.Response(text=page(self.world), content_type="text/html", headers=_safe())
        if path == "sim.css":
            return web.Response(text=CSS, content_type="text/css", headers=_safe())
        if path == "state":
            return web.json_response(state(self.world), dumps=_dump)
        if path == "inbox":
            return web.json_response(self.world.inbox, dumps=_dump)
        return web.Response(status=404, text="No such page\n")

    def _arrive(self, body: bytes) -> web.Response:
        try:
            inbox.take(self.world, body)
        except inbox.NotTaken as refused:
            return web.Response(status=400, text=f"{refused}\n")
        return web.Response(status=204)

    def _switch(self, path: str, fault: str) -> web.Response:
        kind, _, number = path.partition("/")
        try:
            known = self._set(kind, int(number) if number.isdigit() else 0, fault)
        except ValueError as refused:
            return web.Response(status=400, text=f"{refused}\n")
        if not known:
            return web.Response(status=404, text="No such switch\n")
        self.world.touch()
        return web.Response(status=303, headers={"Location": "/_sim/"})

    def _set(self, kind: str, number: int, fault: str) -> bool:
        """Whether there is such a switch. Raises ValueError for a fault that it does not know."""
        if kind in ("gateway", "create"):
            _check(fault, GATEWAY_FAULTS if kind == "gateway" else CREATE_FAULTS)
            setattr(self.world, f"{kind}_fault", fault)
            return True
        if kind == "account" and number in self.world.accounts:
            _check(fault, ACCOUNT_FAULTS)
            self.world.accounts[number].fault = fault
            return True
        token = self._token(number) if kind == "token" else None
        if token is not None:
            token.fault = fault
        return token is not None

    def _token(self, number: int) -> Token | None:
        return next((a.tokens[number] for a in self.world.accounts.values() if number in a.tokens), None)


def _check(fault: str, known: tuple[str, ...]) -> None:
    if fault and fault not in known:
        raise ValueError(f"Unknown fault {fault!r}; known: {', '.join(known)}")


def _safe() -> dict[str, str]:
    return {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def visible(account: Account) -> list[Token]:
    """Living tokens and those that a fault has deleted, newest first."""
    tokens = reversed(list(account.tokens.values()))
    return [token for token in tokens if not token.deleted or token.fault == "deleted"]


def state(world: World) -> dict[str, Any]:
    """What is there, without keys and access tokens."""
    accounts = list(world.accounts.values())
    return {
        "brand": world.brand,
        "dialect": world.dialect,
        "gateway_fault": world.gateway_fault,
        "create_fault": world.create_fault,
        "accounts": [_account_state(account) for account in accounts],
    }


def _account_state(account: Account) -> dict[str, Any]:
    tokens = [
        {"id": t.id, "name": t.name, "hint": t.key[-4:], "status": t.status, "fault": t.fault} for t in visible(account)
    ]
    facts = {"id": account.user_id, "username": account.username, "balance_units": account.balance_units}
    return {**facts, "fault": account.fault, "tokens": tokens}


# -- the page --------------------------------------------------------------------------------------------------------


def page(world: World) -> str:
    sections = "".join(_account(world, account) for account in list(world.accounts.values()))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gateway simulator</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/_sim/sim.css"></head><body><main>'
        f"<h1>{escape(world.system_name)}</h1>"
        f"<p>A simulated gateway, brand <code>{escape(world.brand)}</code>,"
        f" dialect <code>{escape(world.dialect)}</code>."
        " Make a part of it fail, watch what the dashboard says, and take the fault back."
        ' <a href="/_sim/#inbox">The alerts arrive below.</a></p>'
        f"<section><h2>Gateway</h2>{_row('Everything it answers', 'gateway', world.gateway_fault, GATEWAY_FAULTS)}"
        f"{_row('Creating a token', 'create', world.create_fault, CREATE_FAULTS)}</section>"
        f"{inbox.section(world)}{sections}"
        '<p><a href="/_sim/state">State as JSON</a>, <a href="/_sim/inbox">inbox as JSON</a></p></main></body></html>'
    )


def _account(world: World, account: Account) -> str:
    dollars = account.balance_units / world.quota_per_unit
    head = _row(f"Account, balance {dollars:.2f} USD", f"account/{account.user_id}", account.fault, ACCOUNT_FAULTS)
    tokens = visible(account)
    rows = "".join(_token(token) for token in tokens[:SHOWN])
    rest = f'<p class="rest">and {len(tokens) - SHOWN} more, by POST only</p>' if len(tokens) > SHOWN else ""
    return f"<section><h2>{escape(account.username)}</h2>{head}{rows}{rest}</section>"


def _token(token: Token) -> str:
    status = STATUSES.get(token.status, str(token.status))
    said = f"{token.name or 'no name'}, sk-…{token.key[-4:]}, {status}"
    return _row(said, f"token/{token.id}", token.fault, TOKEN_FAULTS)


def _row(said: str, target: str, fault: str, faults: tuple[str, ...]) -> str:
    options = "".join(_option(name, name == fault) for name in ("", *faults))
    label = escape(said)
    mark = ' class="failing"' if fault else ""
    return (
        f'<form method="post" action="/_sim/{target}"{mark}><span>{label}</span>'
        f'<select name="fault" aria-label="Fault of {label}">{options}</select>'
        f'<button aria-label="Set the fault of {label}">Set</button></form>'
    )


def _option(name: str, chosen: bool) -> str:
    said = SAYING.get(name, name.replace("_", " "))
    return f'<option value="{escape(name)}"{" selected" if chosen else ""}>{escape(said)}</option>'
