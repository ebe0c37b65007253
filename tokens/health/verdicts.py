"""The closed list of verdicts and what each one means. Printed into docs/verdicts.md by `manage.py verdicts`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Severity = Literal["ok", "info", "warning", "critical"]
Fix = Literal[
    "",
    "set_unlimited",
    "enable",
    "extend_expiry",
    "change_group",
    "change_models",
    "change_ips",
    "change_base_url",
    "replace_key",
    "replace_access_token",
    "top_up",
    "check_again",
]
Light = Literal["token", "account", "gateway"]


class Verdict(StrEnum):
    OK = "ok"
    DEGRADED_SLOW = "degraded_slow"
    QUOTA_LOW = "quota_low"
    EXPIRES_SOON = "expires_soon"
    RATE_LIMITED = "rate_limited"
    TOKEN_EXHAUSTED = "token_exhausted"
    ACCOUNT_EXHAUSTED = "account_exhausted"
    EXPIRED = "expired"
    DISABLED = "disabled"
    UNKNOWN_OR_REVOKED = "unknown_or_revoked"
    GROUP_FORBIDDEN = "group_forbidden"
    MODEL_FORBIDDEN = "model_forbidden"
    IP_BLOCKED = "ip_blocked"
    ACCOUNT_BANNED = "account_banned"
    NO_CHANNEL = "no_channel"
    WRONG_BASE_URL = "wrong_base_url"
    WAF_BLOCKED = "waf_blocked"
    GATEWAY_DOWN = "gateway_down"
    DNS_ERROR = "dns_error"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    UPSTREAM_ERROR = "upstream_error"
    PROTOCOL_MISMATCH = "protocol_mismatch"
    MANAGEMENT_CREDENTIAL_DEAD = "management_credential_dead"
    INCONCLUSIVE = "inconclusive"
    SKIPPED_BY_POLICY = "skipped_by_policy"


class State(StrEnum):
    """A settled state of a token; an account and a gateway use new, healthy, degraded, failing, paused."""

    NEW = "new"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    FAILING = "failing"
    PAUSED = "paused"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one look says: `light` is whose light it turns, `note` one line of detail without a secret, may be ""."""

    verdict: Verdict
    light: Light
    note: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table. `state` is None when the verdict never changes a state."""

    light: Light
    severity: Severity
    state: State | None
    confirms: bool  # whether a second look with it settles a failure
    title: _StrPromise
    cause: _StrPromise
    advice: _StrPromise
    fix: Fix = ""


def _fails(
    light: Light, title: _StrPromise, cause: _StrPromise, advice: _StrPromise, fix: Fix = "check_again"
) -> Meaning:
    return Meaning(light, "critical", State.FAILING, True, title, cause, advice, fix)


def _wears(
    light: Light, title: _StrPromise, cause: _StrPromise, advice: _StrPromise, fix: Fix = "check_again"
) -> Meaning:
    return Meaning(light, "warning", State.DEGRADED, False, title, cause, advice, fix)


def _says_nothing(light: Light, title: _StrPromise, cause: _StrPromise, advice: _StrPromise) -> Meaning:
    return Meaning(light, "info", None, False, title, cause, advice, "check_again")


CATALOGUE: dict[Verdict, Meaning] = {
    Verdict.OK: Meaning(
        "token",
        "ok",
        State.HEALTHY,
        False,
        _("Works"),
        _("The last look found nothing wrong."),
        _("There is nothing to do."),
    ),
    Verdict.DEGRADED_SLOW: _wears(
        "token",
        _("Answers slowly"),
        _("The gateway answered later than the limit set for it."),
        _("Compare with the gateway's other tokens. If all are slow, the gateway or the network between is."),
    ),
    Verdict.QUOTA_LOW: _wears(
        "token",
        _("Quota almost used up"),
        _("Little of the token's own quota is left, whatever the account still holds."),
        _("Raise the quota or set it to unlimited before it runs out."),
        "set_unlimited",
    ),
    Verdict.EXPIRES_SOON: _wears(
        "token",
        _("Expires soon"),
        _("The token has an expiry date, and it is near."),
        _("Move the date, or make a new token and replace this one in time."),
        "extend_expiry",
    ),
    Verdict.RATE_LIMITED: _says_nothing(
        "token",
        _("Asked too often"),
        _("The gateway answered 429 and said nothing about the key."),
        _("Keyward waits as long as the gateway asks, then looks again. Lower the check rate if it happens often."),
    ),
    Verdict.TOKEN_EXHAUSTED: _fails(
        "token",
        _("Token quota used up"),
        _("The token reached its own quota. The balance of the account is a separate limit."),
        _("Set the quota to unlimited or raise it. Topping up the account changes nothing here."),
        "set_unlimited",
    ),
    Verdict.ACCOUNT_EXHAUSTED: _fails(
        "account",
        _("Account balance used up"),
        _("The account behind the token has no balance left, so none of its tokens can make a paid call."),
        _("Top up the account. The quota of the token is not the limit here."),
        "top_up",
    ),
    Verdict.EXPIRED: _fails(
        "token",
        _("Expired"),
        _("The expiry date of the token has passed, or the gateway still stores it as expired."),
        _("Move the expiry date or set it to never, then enable the token again."),
        "extend_expiry",
    ),
    Verdict.DISABLED: _fails(
        "token",
        _("Disabled"),
        _("Somebody switched the token off on the gateway."),
        _("Find out who disabled it and why, then enable it again."),
        "enable",
    ),
    Verdict.UNKNOWN_OR_REVOKED: _fails(
        "token",
        _("Key not accepted"),
        _("The gateway does not accept the key. It was deleted or mistyped, or is disabled, expired or used up."),
        _("The account's list shows the reason. Without an account, compare the key with the console."),
        "replace_key",
    ),
    Verdict.GROUP_FORBIDDEN: _fails(
        "token",
        _("Group not allowed"),
        _("The group of the token is closed to its account, or no longer exists."),
        _("Move the token to a group that the account may use."),
        "change_group",
    ),
    Verdict.MODEL_FORBIDDEN: _fails(
        "token",
        _("Model not allowed"),
        _("The model limits of the token refuse the model that was asked for."),
        _("Change the model limits of the token, or ask for a model on its list."),
        "change_models",
    ),
    Verdict.IP_BLOCKED: _fails(
        "token",
        _("Address not allowed"),
        _("The IP limits of the token refuse the address that Keyward calls from."),
        _("Add this address to the token's IP limits, or judge the token by its account alone."),
        "change_ips",
    ),
    Verdict.ACCOUNT_BANNED: _fails(
        "account",
        _("Account banned"),
        _("The gateway has banned the account, and with it all of its tokens."),
        _("Ask the gateway's operator. Nothing that Keyward can change will help."),
        "",
    ),
    Verdict.NO_CHANNEL: _wears(
        "gateway",
        _("No channel for the model"),
        _("The gateway has no working channel for the model in the token's group."),
        _("Try another model or group, or wait for the gateway's operator."),
    ),
    Verdict.WRONG_BASE_URL: _fails(
        "gateway",
        _("Wrong base URL"),
        _("The address answers with a web page or a redirect instead of the API."),
        _("Correct the base URL of the gateway. It usually ends in /v1."),
        "change_base_url",
    ),
    Verdict.WAF_BLOCKED: _fails(
        "gateway",
        _("Blocked by a firewall"),
        _("A firewall in front of the gateway refused the call before the gateway saw it."),
        _("Ask the gateway's operator to let the address of this machine through."),
    ),
    Verdict.GATEWAY_DOWN: _fails(
        "gateway",
        _("Gateway does not answer"),
        _("The gateway refused the connection or failed by itself. Its tokens are probably fine."),
        _("Wait, or ask the gateway's operator. Keyward keeps knocking and says when it is back."),
    ),
    Verdict.DNS_ERROR: _fails(
        "gateway",
        _("Name not found"),
        _("The name of the gateway does not resolve to an address."),
        _("Check the spelling of the base URL, then the name servers of this machine."),
        "change_base_url",
    ),
    Verdict.TLS_ERROR: _fails(
        "gateway",
        _("No trusted connection"),
        _("The certificate of the gateway is not valid, or the connection could not be encrypted."),
        _("Check the certificate and the port. Keyward sends no key over a connection that it cannot trust."),
    ),
    Verdict.TIMEOUT: _fails(
        "gateway",
        _("No answer in time"),
        _("The gateway accepted the call but did not answer within the time limit."),
        _("Wait, or raise the time limit if the gateway is always slow."),
    ),
    Verdict.UPSTREAM_ERROR: _wears(
        "gateway",
        _("Trouble behind the gateway"),
        _("The gateway accepted the key, but the provider behind it failed."),
        _("Wait, or try another model or group. Replacing the key would change nothing."),
    ),
    Verdict.PROTOCOL_MISMATCH: _fails(
        "gateway",
        _("Not the expected answer"),
        _("Something answered, but not in the way that an OpenAI-compatible gateway does."),
        _("Check the base URL and what stands between this machine and the gateway."),
        "change_base_url",
    ),
    Verdict.MANAGEMENT_CREDENTIAL_DEAD: _fails(
        "account",
        _("Access token refused"),
        _("The gateway does not take the account's access token with this user id. Its keys may work on."),
        _("Make a new access token in the gateway's console, check the user id, and enter both here."),
        "replace_access_token",
    ),
    Verdict.INCONCLUSIVE: _says_nothing(
        "token",
        _("Could not tell"),
        _("The answer fits no known case, so Keyward blames nobody."),
        _("Read the evidence. The last verdict stays until a clear answer comes."),
    ),
    Verdict.SKIPPED_BY_POLICY: _says_nothing(
        "gateway",
        _("Not looked at"),
        _("The settings of Keyward do not allow this address to be called."),
        _("Allow private addresses in the settings if the gateway is on this network on purpose."),
    ),
}


def meaning(verdict: Verdict | str) -> Meaning:
    """The row of a verdict; ValueError for a word that is not on the list."""
    return CATALOGUE[Verdict(verdict)]
