"""Calls with a key: models, usage, billing and a chat completion that is refused or costs a few units."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import go
from .answers import Call
from .doors import Holder, Refused, key_at_the_door, key_for_reading
from .records import Model, Token
from .upstream import UpstreamFault, completion, refusal, stream

PROMPT_TOKENS = 8  # what any prompt counts here
TRUSTED_USD = 10  # above this, account and token skip the pre-charge
UNLIMITED_USD = 100_000_000
MADE = 1626777600


# -- models ----------------------------------------------------------------------------------------------------------


def models(call: Call) -> web.Response:
    holder = key_at_the_door(call, thorough=call.dialect.early_group_check)
    echoed = call.dialect.echoes_limits and holder.token.model_limits_enabled
    names = holder.token.limits if echoed else [model.name for model in _listed(call, holder)]
    if "anthropic-version" in call.request.headers and "x-api-key" in call.request.headers:
        return call.json(_anthropic_list(names))
    if not call.dialect.one_refusal:
        return call.json({"data": [_old_row(name) for name in names], "success": True})
    return call.json({"data": [_row(name) for name in names], "object": "list", "success": True})


def _listed(call: Call, holder: Holder) -> list[Model]:
    token = holder.token
    if not call.dialect.early_group_check and token.group not in ("", *call.world.usable_groups(holder.account)):
        return []
    found = call.world.served_in(call.world.groups_of(token, holder.account))
    wanted = set(token.limits)
    return [m for m in found if m.listed and m.priced and (not token.model_limits_enabled or m.name in wanted)]


def _row(name: str) -> dict[str, Any]:
    kinds = {"supported_endpoint_types": ["openai"]}
    return {"id": name, "object": "model", "created": MADE, "owned_by": "openai", **kinds}


def _old_row(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": MADE,
        "owned_by": "openai",
        "permission": [],
        "root": name,
        "parent": None,
    }


def _anthropic_list(names: list[str]) -> dict[str, Any]:
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(MADE))
    rows = [{"id": name, "created_at": made, "display_name": name, "type": "model"} for name in names]
    ends = {"first_id": names[0], "last_id": names[-1]} if names else {"first_id": "", "last_id": ""}
    return {"data": rows, "has_more": False, **ends}


def model_by_id(call: Call, id: str) -> web.Response:
    """Says model_not_found even for what it serves, with HTTP 200: no probe."""
    key_at_the_door(call, thorough=call.dialect.early_group_check)
    message = f"The model '{id}' does not exist"
    error = {"message": message, "type": "invalid_request_error", "param": "model", "code": "model_not_found"}
    return call.json({"error": error})


def files(call: Call) -> web.Response:
    key_at_the_door(call)
    return call.abort(400, "model_missing")


def not_implemented(call: Call) -> web.Response:
    key_at_the_door(call)
    error = {"message": "API not implemented", "type": call.world.brand, "param": "", "code": "api_not_implemented"}
    return call.json({"error": error}, status=501)


# -- usage and billing -----------------------------------------------------------------------------------------------


def usage(call: Call) -> web.Response:
    token = key_for_reading(call)
    said = {
        "object": "token_usage",
        "name": token.name,
        "total_granted": token.remain_quota + token.used_quota,
        "total_used": token.used_quota,
        "total_available": token.remain_quota,
        "unlimited_quota": token.unlimited_quota,
        "model_limits": dict.fromkeys(token.limits, True),
        "model_limits_enabled": token.model_limits_enabled,
        "expires_at": max(token.expired_time, 0),
    }
    return call.json({"code": True, "data": said, "message": "ok"})


def subscription(call: Call) -> web.Response:
    holder = key_at_the_door(call, thorough=call.dialect.early_group_check)
    dollars, token = _limit_usd(call, holder), holder.token
    limits = {"soft_limit_usd": dollars, "hard_limit_usd": dollars, "system_hard_limit_usd": dollars}
    until = max(token.expired_time, 0)
    return call.json({"object": "billing_subscription", "has_payment_method": True, **limits, "access_until": until})


def _limit_usd(call: Call, holder: Holder) -> int | float:
    token, account = holder.token, holder.account
    if not call.world.token_numbers_in_billing:
        return go.plain_number((account.balance_units + account.used_quota) / call.world.quota_per_unit)
    if token.unlimited_quota:
        return UNLIMITED_USD
    return go.plain_number((token.remain_quota + token.used_quota) / call.world.quota_per_unit)


def billing_usage(call: Call) -> web.Response:
    holder = key_at_the_door(call, thorough=call.dialect.early_group_check)
    of_token = call.world.token_numbers_in_billing
    used = holder.token.used_quota if of_token else holder.account.used_quota
    return call.json({"object": "list", "total_usage": go.plain_number(used / call.world.quota_per_unit * 100)})


# -- chat ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chat:
    """A request that the doors let through, up to its model."""

    holder: Holder
    model: Model
    body: dict[str, Any]
    group: str


def chat(call: Call) -> web.Response:
    """In the gateway's order: key, model limit, channel, body, price, balance, upstream."""
    holder = key_at_the_door(call)
    chat = _distribute(call, holder)
    fault = _body_fault(chat.body)
    if fault:
        return _invalid(call, fault)
    if not chat.model.priced:
        return call.relay_error(400, call.say("no_price", model=chat.model.name), "model_price_error")
    return _short_of_quota(call, chat) or _upstream(call, chat)


def _distribute(call: Call, holder: Holder) -> Chat:
    body = _chat_body(call)
    name = body.get("model")
    if name is not None and not isinstance(name, str):
        raise Refused(call.abort(400, "model_type"))
    if not name and call.dialect.one_refusal:
        raise Refused(call.abort(400, "model_missing"))
    token, name = holder.token, name or ""
    if token.model_limits_enabled and name not in token.limits:
        raise Refused(call.abort(403, "model_refused", model=name))
    if holder.pinned is not None and holder.pinned != "1":
        raise Refused(call.abort(400, "pin_missing"))
    return _channel(call, holder, name, body)


def _channel(call: Call, holder: Holder, name: str, body: dict[str, Any]) -> Chat:
    groups = call.world.groups_of(holder.token, holder.account)
    model = call.world.models.get(name)
    group = next((g for g in groups if model is not None and model.served and g in model.groups), "")
    if model is None or not group:
        asked = holder.token.group or holder.account.group
        text = "no_channel" if call.dialect.one_refusal else "no_channel_old"
        raise Refused(call.abort(503, text, "model_not_found", model=name, group=asked))
    return Chat(holder, model, body, group)


def _chat_body(call: Call) -> dict[str, Any]:
    """The JSON body; empty when it is not labelled JSON, since then the gateway does not look."""
    if call.request.headers.get("Content-Type", "").split(";")[0] != "application/json":
        return {}
    try:
        body = go.decode(call.body)
    except go.GoError:
        raise Refused(call.abort(400, "bad_json")) from None
    return body if isinstance(body, dict) else {}


def _body_fault(body: dict[str, Any]) -> str:
    messages, most = body.get("messages"), body.get("max_tokens")
    if messages is not None and not isinstance(messages, list):
        return "json: cannot unmarshal string into Go struct field ***.messages of type []***.Message"
    if isinstance(most, int) and most < 0:
        return f"json: cannot unmarshal number {most} into Go struct field GeneralOpenAIRequest.max_tokens of type uint"
    if isinstance(most, int) and most > 2**31:
        return "max_tokens is invalid"
    return "" if messages else "field messages is required"


def _invalid(call: Call, fault: str) -> web.Response:
    if call.dialect.one_refusal:
        return call.relay_error(500, fault, "invalid_request")
    return call.relay_error(400, fault, "invalid_text_request")


def _short_of_quota(call: Call, chat: Chat) -> web.Response | None:
    account, token = chat.holder.account, chat.holder.token
    need, left = _price(call, chat, _foreseen(call, chat.body), 0), account.balance_units
    if left <= 0:
        text = "balance_zero" if call.dialect.one_refusal else "balance_zero_old"
        message = call.say(text, left=_amount(call, left))
        return call.relay_error(403, message, "insufficient_user_quota")
    if _trusted(call, token, left, need):
        return None
    if left < need:
        message = call.say("balance_short", left=_amount(call, left), need=_amount(call, need))
        return call.relay_error(403, message, "insufficient_user_quota")
    if not token.unlimited_quota and token.remain_quota < need:
        message = call.say("token_short", left=_amount(call, token.remain_quota), need=_amount(call, need))
        return call.relay_error(403, message, "pre_consume_token_quota_failed")
    return None


def _foreseen(call: Call, body: dict[str, Any]) -> int:
    """Tokens that the pre-charge counts: new versions at least 500, old ones the answer's limit where one is sent."""
    if call.dialect.trusts_by_need and "max_tokens" in body:
        return PROMPT_TOKENS + int(body["max_tokens"] or 0)
    return 500


def _trusted(call: Call, token: Token, left: int, need: int) -> bool:
    """Whether the pre-charge is skipped."""
    if call.dialect.trusts_by_need:
        return left > 100 * need
    floor = TRUSTED_USD * call.world.quota_per_unit
    return left > floor and (token.unlimited_quota or token.remain_quota > floor)


def _amount(call: Call, units: int) -> str:
    return f"＄{units / call.world.quota_per_unit:.6f}"


def _price(call: Call, chat: Chat, prompt: int, completion_tokens: int) -> int:
    """Units for this many tokens; a completion token counts twice."""
    group = call.world.groups.get(chat.group)
    ratio = 1.0 if group is None or group.ratio is None else group.ratio
    if chat.model.price is not None:
        return int(chat.model.price * call.world.quota_per_unit * ratio)
    return int((prompt + 2 * completion_tokens) * (chat.model.ratio or 0) * ratio)


def _upstream(call: Call, chat: Chat) -> web.Response:
    fault = refusal(chat.model.upstream, chat.body)
    if fault is not None:
        return _passed_on(call, fault, streaming=bool(chat.body.get("stream")))
    prompt = 100_000 if chat.model.upstream == "bigusage" else PROMPT_TOKENS
    _charge(call, chat.holder, max(_price(call, chat, prompt, 1), 0 if chat.model.free else 1))
    if chat.body.get("stream"):
        return call.reply(stream(chat.model.name), "text/event-stream", headers={"Cache-Control": "no-cache"})
    return call.reply(completion(chat.model.name, prompt), "application/json")


def _passed_on(call: Call, fault: UpstreamFault, *, streaming: bool) -> web.Response:
    """The provider's error as the gateway passes it on; to a stream as JSON under the stream's label."""
    if fault.ours:
        return call.relay_error(fault.status, fault.message, fault.code or "")
    answer = call.json({"error": fault.error()}, status=fault.status)
    if streaming:
        answer.headers.update({"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    return answer


def _charge(call: Call, holder: Holder, units: int) -> None:
    token: Token = holder.token
    token.charge(units)
    holder.account.quota -= units
    holder.account.used_quota += units
    holder.account.request_count += 1
    call.world.touch()
