"""Read incidents: the list by state, and all that belongs to one of them. Opening and closing is in incidents.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tokens.health.verdicts import meaning
from tokens.models import Change, Gateway, Incident, Notification, Token

from .overviewing import SHOWN_FIRST, STATE_OF, change_words

TABS = ("open", "free", "closed")
COVERED = 10  # tokens of an account or a gateway that the page names


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which incidents, as the URL has it; nonsense in it is as if it were not there."""

    state: str = "open"  # open, free (open and acknowledged by nobody), closed
    light: str = ""
    gateway: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Wanted:
        state, light, gateway = (query.get(name, "") for name in ("state", "light", "gateway"))
        return cls(
            state if state in TABS else "open",
            light if light in ("token", "account", "gateway") else "",
            gateway if gateway.isdecimal() and len(gateway) < 19 else "",
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.light or self.gateway)

    def rows(self) -> QuerySet[Incident]:
        return self._narrow(Incident.objects.all()).filter(_in_tab(self.state))

    def counts(self) -> dict[str, int]:
        """How many are in each tab, under the other filters; one query."""
        found = self._narrow(Incident.objects.order_by())
        return found.aggregate(**{tab: Count("pk", filter=_in_tab(tab)) for tab in TABS})

    def _narrow(self, rows: QuerySet[Incident]) -> QuerySet[Incident]:
        if self.light:
            rows = rows.filter(light=self.light)
        return rows.filter(gateway_id=int(self.gateway)) if self.gateway else rows


def _in_tab(tab: str) -> Q:
    if tab == "closed":
        return Q(closed_at__isnull=False)
    return Q(closed_at=None) & (Q(acknowledged_at=None) if tab == "free" else Q())


def dressed(rows: QuerySet[Incident]) -> QuerySet[Incident]:
    """With what a row of the list shows."""
    return rows.select_related("gateway", "acknowledged_by").defer("evidence")


def tell_channels(incidents: Iterable[Incident]) -> None:
    """Note on each incident as `told` how many channels heard of it; one query for all."""
    known = {incident.pk: incident for incident in incidents}
    notes = Notification.objects.order_by().filter(change__incident__in=known)
    counted = notes.values_list("change__incident").annotate(n=Count("channel", distinct=True))
    heard = dict(counted)
    for pk, incident in known.items():
        incident.told = heard.get(pk, 0)  # type: ignore[attr-defined]


def usual_length(now: datetime) -> timedelta | None:
    """The median time to recovery of the last 30 days, from the newest 500."""
    closed = Incident.objects.filter(closed_at__gte=now - timedelta(days=30)).order_by("-pk")
    spans = sorted(closed.annotate(span=F("closed_at") - F("started_at")).values_list("span", flat=True)[:500])
    return spans[len(spans) // 2] if spans else None


@dataclass(frozen=True, slots=True)
class Covered:
    """The tokens under an account or a gateway, as they stand now."""

    states: Counter[str]
    shown: list[Token] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.states.total()

    @property
    def parts(self) -> list[tuple[str, int]]:
        return [(state, self.states[state]) for state in SHOWN_FIRST if self.states[state]]


def covered(incident: Incident) -> Covered | None:
    """None for an incident of a single token."""
    if incident.light == "token":
        return None
    of = {"account_id": incident.account_id} if incident.light == "account" else {"gateway_id": incident.gateway_id}
    tokens = Token.objects.filter(**of)
    counted = tokens.order_by().values_list("rank").annotate(n=Count("pk"))
    shown = tokens.select_related("account", "owner", "gateway").defer("evidence", "looks", "key_sealed", "search_text")
    return Covered(Counter({STATE_OF[rank]: n for rank, n in counted}), list(shown.order_by("rank", "name")[:COVERED]))


def told(incident: Incident) -> list[Notification]:
    """The newest first."""
    notes = Notification.objects.filter(change__incident=incident).select_related("channel").defer("body", "payload")
    return list(notes.order_by("-created_at")[:50])


def story(incident: Incident, notes: list[Notification]) -> list[dict[str, Any]]:
    """What happened, newest first, as the timeline draws it."""
    related = ("token", "account", "gateway")
    entries = [_turned(change) for change in incident.changes.select_related(*related).order_by("at")[:100]]
    entries.append({"state": "failing", "at": incident.started_at, "title": _("First seen"), "note": _first(incident)})
    if notes:
        channels = len({note.channel_id for note in notes})
        words = ngettext("%(n)d channel told", "%(n)d channels told", channels) % {"n": channels}
        entries.append({"icon": "bell-ring", "at": min(note.created_at for note in notes), "title": words})
    if incident.acknowledged_at:
        who = incident.acknowledged_by.shown_name if incident.acknowledged_by else _("Somebody")
        entries.append({"icon": "check", "at": incident.acknowledged_at, "title": _("%(who)s is on it") % {"who": who}})
    if incident.closed_at and not any(entry["at"] == incident.closed_at for entry in entries):
        entries.append({"icon": "check", "at": incident.closed_at, "title": _("Closed")})
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)


def outages_before(incident: Incident) -> list[Incident]:
    """Earlier incidents of the same subject, newest first."""
    subject = {incident.light: incident.subject()}
    earlier = Incident.objects.filter(light=incident.light, pk__lt=incident.pk, **subject)
    return list(earlier.order_by("-pk")[:5])


def gateways() -> list[Gateway]:
    """What the list can be narrowed to."""
    return list(Gateway.objects.only("name").order_by("name"))


def _turned(change: Change) -> dict[str, Any]:
    words = {
        "failing": _("Confirmed as failing"),
        "degraded": _("Degraded"),
        "healthy": _("Works again"),
        "new": _("Not known any more"),
    }
    title = words.get(change.new_state, change.new_state)
    back = change.event == "recovered" and change.old_verdict
    note = _("It was: %(what)s") % {"what": meaning(change.old_verdict).title} if back else change_words(change)
    return {"state": change.new_state, "at": change.at, "title": title, "note": note}


def _first(incident: Incident) -> str:
    looks = incident.evidence
    title = str(meaning(incident.verdict).title)
    return str(looks[0].get("message") or title) if looks else title
