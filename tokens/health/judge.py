"""Evidence and facts become verdicts. Pure; `now` is an argument. What fits no known case blames nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tokens.gateways.phrases import Phrase, is_brand, is_upstream, recognise
from tokens.gateways.records import AccountFacts, Evidence, TokenFacts

from . import notes
from .verdicts import CATALOGUE, Judgement, Light, State, Verdict


@dataclass(frozen=True, slots=True)
class Thresholds:
    low_quota_fraction: float = 0.1  # of remaining + used, limited tokens only
    low_quota_units: int = 0
    expires_soon: timedelta = timedelta(days=7)
    slow_ms: int = 4000


def judge_relay(evidence: Evidence, *, now: datetime | None = None, thresholds: Thresholds | None = None) -> Judgement:
    """One answer to a call with a key. `now` lets the usage call's expiry be judged too, `thresholds` slowness."""
    transport = _transport(evidence)
    if evidence.rung == "status":
        return transport or _there(evidence)
    judged = transport or _key_phrase(evidence) or _by_status(evidence) or _success(evidence, now)
    if judged.verdict == Verdict.OK and thresholds and (evidence.latency_ms or 0) >= thresholds.slow_ms:
        return Judgement(Verdict.DEGRADED_SLOW, "token", f"{evidence.latency_ms} ms")
    return judged


def judge_management(evidence: Evidence) -> Judgement:
    """One answer to a call with an access token: the account's light or the gateway's, never a token's."""
    light: Light = "gateway" if evidence.rung == "status" else "account"
    return (
        _transport(evidence)
        or _account_phrase(evidence)
        or _refused_by_status(evidence)
        or (Judgement(Verdict.OK, light) if evidence.success else Judgement(Verdict.INCONCLUSIVE, light))
    )


def judge_account(facts: AccountFacts, *, low_balance_units: int) -> Judgement:
    """Balance and ban, from what the account says of itself."""
    if facts.status == 2:
        return Judgement(Verdict.ACCOUNT_BANNED, "account")
    if facts.balance_units <= 0:
        return Judgement(Verdict.ACCOUNT_EXHAUSTED, "account")
    if facts.balance_units <= low_balance_units:
        return Judgement(Verdict.QUOTA_LOW, "account", notes.BALANCE_LOW)
    return Judgement(Verdict.OK, "account")


def judge_facts(
    facts: TokenFacts, *, now: datetime, thresholds: Thresholds, usable_groups: frozenset[str] | None
) -> Judgement:
    """A token as its account's list shows it, in the gateway's own order: status, expiry, quota, then group and models.

    The stored status is lazy, so expiry and quota are worked out here. `usable_groups` None: not known in full.
    """
    verdict, note = _facts_failure(facts, now, usable_groups) or _facts_worry(facts, now, thresholds)
    return Judgement(verdict, "token", note)


def combine(facts: Judgement | None, probe: Judgement | None) -> Judgement:
    """One verdict of a token from the account's list and from a try with its key."""
    if facts is None or probe is None:
        return facts or probe or Judgement(Verdict.INCONCLUSIVE, "token")
    if not _tells(facts):
        return probe if _tells(probe) or facts.verdict == Verdict.INCONCLUSIVE else facts
    if _state(facts) == State.FAILING:
        return facts  # the list gives the reason that a key's refusal may hide
    if not _tells(probe):
        return probe if probe.note == notes.NO_MODELS or probe.light == "gateway" else facts
    if probe.verdict == Verdict.UNKNOWN_OR_REVOKED:
        return Judgement(probe.verdict, probe.light, notes.LISTED_FINE)
    return probe if _state(probe) == State.FAILING or _state(facts) == State.HEALTHY else facts


# What both kinds of calls share


def _transport(evidence: Evidence) -> Judgement | None:
    """No answer, or an answer that is not the gateway's API."""
    match evidence.fault:
        case "dns":
            return Judgement(Verdict.DNS_ERROR, "gateway")
        case "tls":
            return Judgement(Verdict.TLS_ERROR, "gateway")
        case "timeout":
            return Judgement(Verdict.TIMEOUT, "gateway")
        case "connect" | "closed":
            return Judgement(Verdict.GATEWAY_DOWN, "gateway")
        case "too_large":
            return Judgement(Verdict.PROTOCOL_MISMATCH, "gateway")
        case "refused_address":
            return Judgement(Verdict.SKIPPED_BY_POLICY, "gateway")
    return _no_api(evidence)


RATE_LIGHT: dict[str, Light] = {"status": "gateway", "account": "account", "facts": "account"}


def _no_api(evidence: Evidence) -> Judgement | None:
    status = evidence.status or 0
    match evidence.body:
        case "redirect":
            return Judgement(Verdict.WRONG_BASE_URL, "gateway", notes.REDIRECT)
        case "json":
            return None
        case "stream" if evidence.rung == "call" and status == 200:
            return None
    if status == 429 and evidence.body != "challenge":
        return Judgement(Verdict.RATE_LIMITED, RATE_LIGHT.get(evidence.rung, "token"))
    if evidence.body == "challenge" or (evidence.body == "html" and status == 403):
        return Judgement(Verdict.WAF_BLOCKED, "gateway")
    if status >= 500:
        return Judgement(Verdict.GATEWAY_DOWN, "gateway")
    if evidence.body == "html" and status != 401:
        return Judgement(Verdict.WRONG_BASE_URL, "gateway")
    return Judgement(Verdict.PROTOCOL_MISMATCH, "gateway")


def _phrase(evidence: Evidence) -> Phrase:
    return recognise(evidence.code, evidence.message)


# Calls with a key

KEY_PHRASES: dict[Phrase, Judgement] = {
    Phrase.KEY_MISSING: Judgement(Verdict.INCONCLUSIVE, "token", notes.KEY_LOST),
    Phrase.KEY_UNKNOWN: Judgement(Verdict.UNKNOWN_OR_REVOKED, "token", notes.HIDDEN_REASON),
    Phrase.KEY_SUFFIX: Judgement(Verdict.UNKNOWN_OR_REVOKED, "token", notes.KEY_SUFFIX),
    Phrase.KEY_DISABLED: Judgement(Verdict.DISABLED, "token"),
    Phrase.KEY_EXPIRED: Judgement(Verdict.EXPIRED, "token"),
    Phrase.KEY_EXHAUSTED: Judgement(Verdict.TOKEN_EXHAUSTED, "token"),
    Phrase.KEY_TOO_SMALL: Judgement(Verdict.QUOTA_LOW, "token", notes.TOO_SMALL),
    Phrase.IP_REFUSED: Judgement(Verdict.IP_BLOCKED, "token"),
    Phrase.GROUP_REFUSED: Judgement(Verdict.GROUP_FORBIDDEN, "token"),
    Phrase.MODEL_REFUSED: Judgement(Verdict.MODEL_FORBIDDEN, "token"),
    Phrase.BALANCE_SHORT: Judgement(Verdict.ACCOUNT_EXHAUSTED, "account"),
    Phrase.BANNED: Judgement(Verdict.ACCOUNT_BANNED, "account"),
    Phrase.NO_CHANNEL: Judgement(Verdict.NO_CHANNEL, "gateway"),
    Phrase.NO_PRICE: Judgement(Verdict.INCONCLUSIVE, "token", notes.NO_PRICE),
    Phrase.OVERLOADED: Judgement(Verdict.GATEWAY_DOWN, "gateway", notes.OVERLOADED),
    Phrase.UPSTREAM: Judgement(Verdict.UPSTREAM_ERROR, "gateway"),
    Phrase.UPSTREAM_KEY: Judgement(Verdict.UPSTREAM_ERROR, "gateway", notes.PROVIDER_REFUSED),
    Phrase.UPSTREAM_OUT_OF_MONEY: Judgement(Verdict.UPSTREAM_ERROR, "gateway"),
    Phrase.COLLAPSED: Judgement(Verdict.INCONCLUSIVE, "token", notes.COLLAPSED),
    Phrase.RATE_LIMITED: Judgement(Verdict.RATE_LIMITED, "token"),
    Phrase.DATABASE: Judgement(Verdict.INCONCLUSIVE, "token", notes.OWNER_OR_DATABASE),
    Phrase.WRONG_PATH: Judgement(Verdict.WRONG_BASE_URL, "gateway"),
    Phrase.BODY_REFUSED: Judgement(Verdict.INCONCLUSIVE, "token", notes.REQUEST_REFUSED),
}
ABOUT_US = frozenset(
    {Phrase.KEY_UNKNOWN, Phrase.KEY_SUFFIX, Phrase.KEY_DISABLED, Phrase.KEY_EXPIRED, Phrase.KEY_EXHAUSTED}
    | {Phrase.KEY_TOO_SMALL, Phrase.IP_REFUSED, Phrase.GROUP_REFUSED, Phrase.MODEL_REFUSED}
    | {Phrase.BALANCE_SHORT, Phrase.BANNED}
)
PROVIDER_TO_OWNER: dict[Phrase, Judgement] = {
    Phrase.UPSTREAM_KEY: Judgement(Verdict.UNKNOWN_OR_REVOKED, "token"),
    Phrase.UPSTREAM_OUT_OF_MONEY: Judgement(Verdict.ACCOUNT_EXHAUSTED, "account"),
}


def _there(evidence: Evidence) -> Judgement:
    """A call without a credential: the gateway answered in JSON, which is all that was asked."""
    if (evidence.status or 0) == 429:
        return Judgement(Verdict.RATE_LIMITED, "gateway")
    if evidence.status == 404:
        return Judgement(Verdict.WRONG_BASE_URL, "gateway")
    if _phrase(evidence) == Phrase.OVERLOADED:
        return Judgement(Verdict.GATEWAY_DOWN, "gateway", notes.OVERLOADED)
    return Judgement(Verdict.GATEWAY_DOWN if (evidence.status or 0) >= 500 else Verdict.OK, "gateway")


def _key_phrase(evidence: Evidence) -> Judgement | None:
    if not evidence.code and not evidence.message:
        return None
    phrase = _phrase(evidence)
    if phrase == Phrase.MESSAGES_MISSING:
        return _dry_success(evidence)
    if phrase == Phrase.WRONG_PATH and evidence.rung == "usage":
        return Judgement(Verdict.INCONCLUSIVE, "token", notes.NO_SUCH_CALL)
    if phrase in PROVIDER_TO_OWNER and not _is_family(evidence):
        return PROVIDER_TO_OWNER[phrase]  # no gateway in between: the provider speaks of the key that we sent
    if phrase in ABOUT_US and is_upstream(evidence.brand) and _is_family(evidence):
        return Judgement(Verdict.UPSTREAM_ERROR, "gateway", notes.PROVIDER_REFUSED)
    if phrase == Phrase.BODY_REFUSED and evidence.status == 400 and _provider_spoke(evidence):
        return Judgement(Verdict.OK, "token", notes.REACHED)
    return KEY_PHRASES.get(phrase)


def _dry_success(evidence: Evidence) -> Judgement:
    """ "messages is required" comes last of all checks; one-hub says it with 404 when the model is not the token's."""
    if evidence.status == 404:
        return Judgement(Verdict.INCONCLUSIVE, "token", notes.COLLAPSED)
    return Judgement(Verdict.OK, "token")


def _is_family(evidence: Evidence) -> bool:
    return bool(evidence.family) or is_brand(evidence.brand)


def _provider_spoke(evidence: Evidence) -> bool:
    return evidence.rung == "call" and is_upstream(evidence.brand) and _is_family(evidence)


def _by_status(evidence: Evidence) -> Judgement | None:
    """An error without a known text."""
    status = evidence.status or 0
    if status == 429:
        return Judgement(Verdict.RATE_LIMITED, "token")
    if status == 400 and _provider_spoke(evidence):
        return Judgement(Verdict.OK, "token", notes.REACHED)
    if status >= 400 and is_upstream(evidence.brand) and _is_family(evidence):
        return Judgement(Verdict.UPSTREAM_ERROR, "gateway")
    if status == 404 and evidence.rung == "models":
        return Judgement(Verdict.WRONG_BASE_URL, "gateway")
    if status >= 500 and not evidence.message and not evidence.code:
        return Judgement(Verdict.GATEWAY_DOWN, "gateway")
    unclear = status >= 400 or evidence.message or evidence.code or evidence.success is False
    return Judgement(Verdict.INCONCLUSIVE, "token") if unclear else None


def _success(evidence: Evidence, now: datetime | None) -> Judgement:
    if evidence.rung == "usage":
        return _usage(evidence, now)
    if evidence.rung == "models" and evidence.models is None:
        return Judgement(Verdict.PROTOCOL_MISMATCH, "gateway")
    if evidence.models == 0:
        return Judgement(Verdict.INCONCLUSIVE, "token", notes.NO_MODELS)
    return Judgement(Verdict.OK, "token")


def _usage(evidence: Evidence, now: datetime | None) -> Judgement:
    """The usage call answers for expired and used up keys too, and sees no group or IP limit: it clears nobody."""
    if evidence.success is None:
        return Judgement(Verdict.PROTOCOL_MISMATCH, "gateway")
    if now and evidence.expires_unix is not None and evidence.expires_unix <= now.timestamp():
        return Judgement(Verdict.EXPIRED, "token")
    if evidence.left_units is not None and evidence.left_units <= 0:
        return Judgement(Verdict.TOKEN_EXHAUSTED, "token")
    return Judgement(Verdict.INCONCLUSIVE, "token", notes.USAGE_ONLY)


# Calls with an access token

ACCOUNT_PHRASES: dict[Phrase, Judgement] = {
    Phrase.BANNED: Judgement(Verdict.ACCOUNT_BANNED, "account"),
    Phrase.ACCESS_REFUSED: Judgement(Verdict.MANAGEMENT_CREDENTIAL_DEAD, "account"),
    Phrase.USER_ID_WANTED: Judgement(Verdict.MANAGEMENT_CREDENTIAL_DEAD, "account", notes.USER_ID),
    Phrase.RIGHT_MISSING: Judgement(Verdict.INCONCLUSIVE, "account", notes.RIGHT_MISSING),
    Phrase.DATABASE: Judgement(Verdict.INCONCLUSIVE, "account", notes.OWNER_OR_DATABASE),
    Phrase.WRONG_PATH: Judgement(Verdict.INCONCLUSIVE, "account", notes.NO_SUCH_CALL),
    Phrase.OVERLOADED: Judgement(Verdict.GATEWAY_DOWN, "gateway", notes.OVERLOADED),
    Phrase.RATE_LIMITED: Judgement(Verdict.RATE_LIMITED, "account"),
}


def _account_phrase(evidence: Evidence) -> Judgement | None:
    if evidence.success or not (evidence.code or evidence.message):
        return None
    return ACCOUNT_PHRASES.get(_phrase(evidence))


def _refused_by_status(evidence: Evidence) -> Judgement | None:
    status = evidence.status or 0
    if status == 429:
        return Judgement(Verdict.RATE_LIMITED, "account")
    if status == 401 and evidence.success is False:
        return Judgement(Verdict.MANAGEMENT_CREDENTIAL_DEAD, "account")
    if status == 404:
        return Judgement(Verdict.INCONCLUSIVE, "account", notes.NO_SUCH_CALL)
    if status >= 500:
        return Judgement(Verdict.GATEWAY_DOWN, "gateway")
    if status == 200 and evidence.success is None:
        return Judgement(Verdict.PROTOCOL_MISMATCH, "gateway")
    return None


# Facts


def _facts_failure(
    facts: TokenFacts, now: datetime, usable_groups: frozenset[str] | None
) -> tuple[Verdict, str] | None:
    if facts.status not in (1, 3, 4):
        return Verdict.DISABLED, "" if facts.status == 2 else notes.ODD_STATUS
    if facts.expired_zero:
        return Verdict.EXPIRED, notes.EXPIRY_ZERO
    if facts.expires_at is not None and facts.expires_at <= now:
        return Verdict.EXPIRED, ""
    if not facts.unlimited and facts.remain_units <= 0:
        return Verdict.TOKEN_EXHAUSTED, ""
    if facts.status != 1:
        stale = {3: (Verdict.EXPIRED, notes.STORED_EXPIRED), 4: (Verdict.TOKEN_EXHAUSTED, notes.STORED_EXHAUSTED)}
        return stale[facts.status]
    if usable_groups is not None and facts.group and facts.group not in usable_groups:
        return Verdict.GROUP_FORBIDDEN, ""
    return (Verdict.MODEL_FORBIDDEN, notes.NO_MODELS_ALLOWED) if facts.no_models else None


def _facts_worry(facts: TokenFacts, now: datetime, thresholds: Thresholds) -> tuple[Verdict, str]:
    if not facts.unlimited:
        granted = facts.remain_units + max(0, facts.used_units)
        low = facts.remain_units <= max(thresholds.low_quota_fraction * granted, thresholds.low_quota_units)
        if low:
            return Verdict.QUOTA_LOW, ""
    if facts.expires_at is not None and facts.expires_at - now <= thresholds.expires_soon:
        return Verdict.EXPIRES_SOON, ""
    return Verdict.OK, ""


def _tells(judgement: Judgement) -> bool:
    return _state(judgement) is not None and judgement.light != "gateway"


def _state(judgement: Judgement) -> State | None:
    return CATALOGUE[judgement.verdict].state
