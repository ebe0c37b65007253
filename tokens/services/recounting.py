"""Recount what happened to a token: its changes, incidents and acts as one timeline, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tokens.health.verdicts import Verdict, meaning
from tokens.models import AuditEvent, Change, Incident, Notification, Rule, Token
from tokens.models.watched import STATES

MOST = 12
WORDS = dict(STATES)
KNOWN = frozenset(verdict.value for verdict in Verdict)
# What an act is called, and its icon. An act without a line here is shown by its own name.
ACTS = {
    "token.add": (gettext_lazy("Added to Keyward"), "plus"),
    "token.create": (gettext_lazy("Made on the gateway"), "plus"),
    "token.describe": (gettext_lazy("Description changed"), "pencil"),
    "token.edit": (gettext_lazy("Changed on the gateway"), "pencil"),
    "token.pause": (gettext_lazy("Paused"), "circle-pause"),
    "token.resume": (gettext_lazy("Resumed"), "circle-play"),
    "token.enable": (gettext_lazy("Enabled on the gateway"), "power"),
    "token.disable": (gettext_lazy("Disabled on the gateway"), "power-off"),
    "token.set_unlimited": (gettext_lazy("Quota set to unlimited"), "infinity"),
    "token.reveal": (gettext_lazy("Key revealed"), "eye"),
    "token.show_new_key": (gettext_lazy("New key shown"), "eye"),
}
FIELDS = {
    "owner": gettext_lazy("owner"),
    "purpose": gettext_lazy("purpose"),
    "tags": gettext_lazy("tags"),
    "until": gettext_lazy("until"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a state's glyph or an icon, what, when, one note."""

    at: datetime
    title: str
    state: str = ""
    icon: str = ""
    note: str = ""
    url: str = ""


def timeline(token: Token, most: int = MOST) -> list[Entry]:
    changes = Change.objects.filter(token=token).order_by("-at")[:most]
    told = Count("changes__notifications", filter=Q(changes__notifications__progress=Notification.Progress.SENT))
    opened = Incident.objects.filter(token=token).annotate(told=told).order_by("-opened_at")[:most]
    acts = AuditEvent.objects.filter(object_kind="token", object_id=token.pk).order_by("-id")[:most]
    entries = [*map(_change, changes), *map(_incident, opened), *map(_act, acts)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:most]


def told_of(incident: Incident) -> list[str]:
    """Names of the channels that have heard of it."""
    sent = Notification.objects.filter(change__incident=incident, progress=Notification.Progress.SENT)
    return list(sent.order_by("channel__name").values_list("channel__name", flat=True).distinct())


def listeners(token: Token) -> list[str]:
    """Names of the channels that would hear of this token failing."""
    rules = Rule.objects.filter(channel__enabled=True, failing=True)
    here = rules.filter(Q(gateways=None) | Q(gateways=token.gateway_id))
    tagged = here.filter(Q(tags=None) | Q(tags__in=token.tags.all()))
    return list(tagged.order_by("channel__name").values_list("channel__name", flat=True).distinct())


def _change(change: Change) -> Entry:
    old, new = (str(WORDS.get(state, state)) for state in (change.old_state, change.new_state))
    said = str(meaning(change.verdict).title) if change.verdict in KNOWN else change.verdict
    title = _("%(old)s, then %(new)s") % {"old": old, "new": new.lower()}
    return Entry(change.at, title, state=change.new_state, note=said)


def _incident(incident: Incident) -> Entry:
    told: int = getattr(incident, "told", 0)
    note = ngettext("%(n)s alert was sent", "%(n)s alerts were sent", told) % {"n": told} if told else ""
    title = _("Incident %(number)s opened") % {"number": incident.pk}
    return Entry(incident.opened_at, title, state="failing", note=note, url=incident.get_absolute_url())


def _act(event: AuditEvent) -> Entry:
    title, icon = ACTS.get(event.action, (event.action, "scroll-text"))
    changed = (
        ", ".join(str(FIELDS.get(name, name)) for name in sorted(event.changes))
        if event.action.endswith("describe")
        else ""
    )
    note = ": ".join(filter(None, (event.actor_name, changed)))
    return Entry(event.at, str(title), icon=icon, note=note)
