"""The management API of an account: itself, groups, models, its access token; and what the gateway says of itself."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from . import go
from .answers import NO_STORE, Call
from .records import Account, Group, new_access_token
from .tokens import MOST_AUTO_GROUPS

IDENTITIES = ("discord_id", "github_id", "linux_do_id", "oidc_id", "telegram_id", "wechat_id")
SETTING = json.dumps({"gotify_priority": 0})


def facts(call: Call, account: Account) -> dict[str, Any]:
    record = {
        "id": account.user_id,
        "username": account.username,
        "display_name": account.username,
        "role": account.role,
        "status": 1,
        "email": "",
        "group": account.group,
        "quota": account.balance_units,
        "used_quota": account.used_quota,
        "request_count": account.request_count,
        "aff_code": "",
        "aff_count": 0,
        "aff_quota": 0,
        "aff_history_quota": 0,
        "inviter_id": 0,
        **dict.fromkeys(IDENTITIES, ""),
        "setting": SETTING,
        "stripe_customer": "",
        "permissions": {},
        "sidebar_modules": "",
    }
    return record if call.dialect.real_401 else _old_facts(record, account)


def _old_facts(record: dict[str, Any], account: Account) -> dict[str, Any]:
    """Old versions hand out the access token here."""
    later = ("discord_id", "stripe_customer", "permissions", "sidebar_modules")
    kept = {name: value for name, value in record.items() if name not in later}
    secrets = {"password": "", "verification_code": "", "access_token": account.access_token}
    return {**kept, **secrets, "DeletedAt": None}


def itself(call: Call, account: Account) -> web.Response:
    return call.data(facts(call, account))


def update_self(call: Call, account: Account) -> web.Response:
    body = go.decode(call.body)
    if isinstance(body, dict) and isinstance(body.get("language"), str):
        account.language = body["language"]
        call.speak_for(account.language)
        call.world.touch()
    return call.json({"data": None, "message": call.say("updated"), "success": True}, headers=NO_STORE)


def new_pat(call: Call, account: Account) -> web.Response:
    """Makes the account's next access token; the old one dies at once."""
    account.access_token = new_access_token()
    call.world.touch()
    return call.data(account.access_token, **NO_STORE)


def _group_map(call: Call, groups: dict[str, Group]) -> dict[str, Any]:
    said: dict[str, Any] = {g.name: {"desc": g.description, "ratio": g.ratio} for g in groups.values()}
    if call.dialect.reveals:
        said["auto"] = {"desc": "Automatic", "ratio": "自动"}
    return dict(sorted(said.items()))


def groups(call: Call, account: Account) -> web.Response:
    return call.data(_group_map(call, call.world.usable_groups(account)))


def public_groups(call: Call) -> web.Response:
    nobody = Account(user_id=0, username="", group="default")
    return call.data(_group_map(call, call.world.usable_groups(nobody)))


def auto_groups(call: Call, account: Account) -> web.Response:
    usable = call.world.usable_groups(account)
    return call.data({"groups": [g for g in call.world.auto_groups if g in usable], "max_count": MOST_AUTO_GROUPS})


def models(call: Call, account: Account) -> web.Response:
    asked = call.query.get("group", "") or account.group
    if asked not in call.world.usable_groups(account):
        return call.data([])
    return call.data([model.name for model in call.world.served_in([asked])])


def all_groups(call: Call, account: Account) -> web.Response:
    return call.data([group.name for group in call.world.groups.values()])


def admins_only(call: Call, account: Account) -> web.Response:
    return call.data([])


def sessions(call: Call, account: Account) -> web.Response:
    body = {"code": "AUTH_SESSION_REQUIRED", "message": call.say("session"), "success": False}
    return call.json(body, status=403, headers=NO_STORE)


def retired(call: Call, account: Account) -> web.Response:
    return call.refuse("retired_api")


# -- without credential ----------------------------------------------------------------------------------------------


def status(call: Call) -> web.Response:
    world = call.world
    said = {
        "version": world.version,
        "start_time": world.started,
        "system_name": world.system_name,
        "server_address": f"http://{call.request.host}",
        "quota_per_unit": world.quota_per_unit,
        "display_in_currency": True,
        "quota_display_type": "USD",
        "usd_exchange_rate": 7.3,
        "price": 7.3,
        "custom_currency_symbol": "¤",
        "custom_currency_exchange_rate": 1,
        "default_use_auto_group": False,
        "turnstile_check": False,
        "setup": True,
        "self_use_mode_enabled": False,
        "demo_site_enabled": False,
        "email_verification": False,
        "enable_data_export": True,
        "data_export_default_time": "hour",
        "docs_link": "https://docs.newapi.pro",
        "footer_html": "",
        "logo": "",
        "mj_notify_enabled": False,
        "checkin_enabled": False,
    }
    return call.data(said)


def setup(call: Call) -> web.Response:
    return call.json({"data": {"status": True, "root_init": False, "database_type": ""}, "success": True})
