"""What the page of one token shows: diagnosis, evidence, lights, facts, charts, looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tokens.health.verdicts import State, meaning
from tokens.models import Account, Gateway, Incident, Streak, Token
from tokens.services import charting, governor, recounting
from tokens.templatetags import wording

from . import sentences

LOOKS_SHOWN = 12
STREAKS_SHOWN = 14
FAULTS = {
    "dns": gettext_lazy("name not found"),
    "tls": gettext_lazy("no trusted connection"),
    "connect": gettext_lazy("connection refused"),
    "timeout": gettext_lazy("no answer in time"),
    "closed": gettext_lazy("connection closed"),
    "too_large": gettext_lazy("answer too large"),
    "refused_address": gettext_lazy("address not allowed"),
}


@dataclass(frozen=True, slots=True)
class Light:
    """One of the three, large."""

    name: str
    icon: str
    state: str
    word: str
    glyph: str
    note: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """One line of the evidence: what was asked, what came back."""

    at: str
    rung: str
    asked: str
    answer: str
    note: str


@dataclass(frozen=True, slots=True)
class LookRow:
    at: datetime
    state: str
    title: str
    http: int | None
    ms: int | None


@dataclass(frozen=True, slots=True)
class StreakRow:
    day: str
    state: str
    title: str
    looks: int
    rung: str
    span: str
    ms: float | None


def page(token: Token, now: datetime) -> dict[str, Any]:
    """The whole context of the token's page."""
    days = charting.history("token", [token], 90, now)[token.pk]
    incident = Incident.objects.filter(token=token, closed_at=None).first()
    return {
        "token": token,
        "standing": sentences.standing(token, now),
        "badge": badge(token, now),
        "checking": sentences.is_checking(token, now),
        "diagnosis": diagnosis(token, now),
        "unsettled": unsettled(token, now),
        "proofs": proofs(token.evidence),
        "lights": lights(token, now),
        "quota": sentences.quota(token),
        "ratio": ratio(token),
        "latency": charting.latency("token", token, now),
        "days": charting.days_of(days, 90, now),
        "share": charting.share_of(days),
        "looked": sum(run.looks for run in days),
        "looks": looks(token),
        "streaks": streaks(token),
        "timeline": recounting.timeline(token),
        "incident": incident,
        "told": recounting.told_of(incident) if incident else [],
        "listeners": recounting.listeners(token),
        "interval": timedelta(seconds=token.gateway.check_interval),
        "tags": [tag.name for tag in token.tags.all()],
    }


def badge(token: Token, now: datetime) -> str:
    """ "Failing for 45 min"; other states by their word alone."""
    stands = sentences.standing(token, now)
    if token.state not in (State.FAILING, State.DEGRADED) or stands.glyph == "frozen" or not token.verdict_since:
        return stands.word
    span = wording.span((now - token.verdict_since).total_seconds())
    return _("%(state)s for %(span)s") % {"state": stands.word, "span": span}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The sentence, why, what the gateway said, what to do, and which fix Keyward could make."""

    state: str
    sentence: str
    cause: str
    advice: str
    note: str
    fix: str


def diagnosis(token: Token, now: datetime) -> Diagnosis | None:
    """Only for what fails or is degraded."""
    if token.state not in (State.FAILING, State.DEGRADED) or token.verdict not in sentences.KNOWN:
        return None
    means = meaning(token.verdict)
    said = sentences.reason(token, now)
    sentence = said if said.endswith(".") else said + "."
    return Diagnosis(token.state, sentence, str(means.cause), str(means.advice), token.note, means.fix)


def unsettled(token: Token, now: datetime) -> str:
    """What the newest look could not tell, so that nobody takes the older verdict for its answer."""
    verdict = token.looks[-1][2] if token.looks else ""
    means = meaning(verdict) if verdict in sentences.KNOWN and verdict != token.verdict else None
    if means is None or (means.state and means.light != "gateway") or sentences.standing(token, now).glyph == "frozen":
        return ""
    at = wording.clock(datetime.fromtimestamp(token.looks[-1][0], UTC), now)
    words = {"at": at, "title": means.title, "cause": means.cause}
    said = _("The check at %(at)s settled nothing: %(title)s. %(cause)s The verdict before it stands.") % words
    pause = governor.pause_until(token.gateway, "checks", now)
    return said if not pause else f"{said} " + _("Checks go on at %(at)s.") % {"at": wording.clock(pause, now)}


def lights(token: Token, now: datetime) -> list[Light]:
    stands = sentences.standing(token, now)
    own = stands.why or _token_note(token)
    first = Light(_("Token"), "key-round", stands.state, stands.word, stands.glyph, own)
    return [first, _account_light(token.account), _gateway_light(token.gateway, now)]


def ratio(token: Token) -> str:
    """The price of the token's group, when the account's list tells it."""
    groups = token.account.groups if token.account else []
    found = next((group.get("ratio") for group in groups if group.get("name") == token.group), None)
    return "" if found is None else f"{found:g}"


def looks(token: Token) -> list[LookRow]:
    return [_look(row) for row in reversed(token.looks[-LOOKS_SHOWN:])]


def streaks(token: Token) -> list[StreakRow]:
    closed = Streak.objects.filter(light="token", subject_id=token.pk).order_by("-day", "-first_at")[:STREAKS_SHOWN]
    return [_streak(one) for one in closed]


def _look(row: list[Any]) -> LookRow:
    stamp, ms, verdict, http = row
    return LookRow(datetime.fromtimestamp(stamp, UTC), look_state(verdict), sentences.title_of(verdict), http, ms)


def look_state(verdict: str) -> str:
    """The state that a verdict leads to; "unsure" for one that says nothing."""
    state = meaning(verdict).state if verdict in sentences.KNOWN else None
    return state.value if state else "unsure"


def _streak(one: Streak) -> StreakRow:
    first, last = timezone.localtime(one.first_at), timezone.localtime(one.last_at)
    return StreakRow(
        date_format(one.day, "j M"), look_state(one.verdict), sentences.title_of(one.verdict), one.looks, one.rung,
        f"{date_format(first, 'H:i')}–{date_format(last, 'H:i')}", one.ms_sum / one.looks if one.ms_sum else None,
    )  # fmt: skip


def proofs(evidence: list[dict[str, Any]]) -> list[Proof]:
    return [_proof(look) for look in evidence]


def _proof(look: dict[str, Any]) -> Proof:
    at = timezone.localtime(datetime.fromtimestamp(look.get("at", 0), UTC))
    return Proof(
        date_format(at, "H:i:s")
        if timezone.localtime().date() == at.date()
        else wording.short_date(at, timezone.now()),
        str(look.get("rung", "")),
        str(look.get("asked", "")),
        _answer(look),
        ", ".join(_aside(look)),
    )


def _answer(look: dict[str, Any]) -> str:
    if fault := look.get("fault"):
        return str(FAULTS.get(fault, fault))
    said = look.get("message") or look.get("code") or (look.get("note") if look.get("rung") == "facts" else "")
    if not said and look.get("models") is not None:
        said = _("%(n)s models") % {"n": look["models"]}
    return " ".join(str(part) for part in (look.get("status"), said) if part)


def _aside(look: dict[str, Any]) -> Iterator[str]:
    if brand := look.get("brand"):
        yield brand
    if request := look.get("request_id"):
        yield _("request %(id)s") % {"id": request}
    if (note := look.get("note")) and look.get("rung") != "facts":
        yield str(note)
    if ms := look.get("latency_ms"):
        yield wording.milliseconds(ms)


def _token_note(token: Token) -> str:
    return sentences.title_of(token.verdict) if token.verdict else ""


def _account_light(account: Account | None) -> Light:
    if account is None:
        note = _("Not connected, so balance and reasons are not known")
        return Light(_("Account"), "wallet", "none", _("Not known"), "none", note)
    state = sentences.light_of(account)
    return Light(
        _("Account"), "wallet", state, sentences.state_word(state), state, _account_note(account),
        account.get_absolute_url(),
    )  # fmt: skip


def _account_note(account: Account) -> str:
    if account.state == State.FAILING and account.verdict:
        return sentences.title_of(account.verdict)
    if account.balance_usd is None:
        return _("Its balance was not read yet")
    balance, floor = wording.dollars(account.balance_usd), wording.dollars(account.low_balance_usd)
    return _("%(balance)s, warning below %(floor)s") % {"balance": balance, "floor": floor}


def _gateway_light(gateway: Gateway, now: datetime) -> Light:
    state = sentences.light_of(gateway)
    note = _gateway_note(gateway, now)
    return Light(_("Gateway"), "server", state, sentences.state_word(state), state, note, gateway.get_absolute_url())


def _gateway_note(gateway: Gateway, now: datetime) -> str:
    if gateway.state in (State.FAILING, State.DEGRADED) and gateway.verdict:
        return sentences.title_of(gateway.verdict)
    share = charting.uptime_share("gateway", gateway, 90, now)
    said = [wording.milliseconds(gateway.latency_ms)] if gateway.latency_ms is not None else []
    if share is not None:
        said.append(_("%(share)s in 90 days") % {"share": wording.percent(share)})
    return ", ".join(said)
