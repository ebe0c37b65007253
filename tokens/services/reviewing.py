"""Read the audit log: find entries, say them in words, stream them out, and prove that none was changed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tokens.models import AuditEvent, Pulse
from tokens.vault.fingerprint import PREFIX, fingerprint, normalise_key

from .auditing import link

AT_ONCE = 2000  # rows in memory at a time, whatever is exported or verified
CHAIN = "audit chain"  # the Pulse row of the last verification
COLUMNS = (
    "id", "at", "actor_name", "action", "object_kind", "object_id", "object_name", "fingerprint", "changes",
    "address", "request_id", "digest",
)  # fmt: skip


class Said(NamedTuple):
    """An action as a page says it: icon, and the words between actor and object."""

    icon: str
    words: Any


ACTIONS: dict[str, Said] = {
    "sign_in": Said("log-in", _("signed in as")),
    "sign_in.failed": Said("circle-x", _("failed to sign in as")),
    "sign_out": Said("log-out", _("signed out as")),
    "password.change": Said("key-round", _("changed the password of")),
    "person.add": Said("user-plus", _("made the account of")),
    "token.create": Said("plus", _("created")),
    "token.create_failed": Said("circle-x", _("could not create")),
    "token.add": Said("plus", _("added")),
    "token.fetch_key": Said("key-round", _("fetched the key of")),
    "token.edit": Said("pencil", _("changed")),
    "token.describe": Said("pencil", _("described")),
    "token.set_unlimited": Said("infinity", _("set to unlimited quota")),
    "token.enable": Said("circle-check", _("enabled")),
    "token.disable": Said("ban", _("disabled")),
    "token.delete": Said("trash-2", _("deleted on the gateway")),
    "token.forget": Said("trash-2", _("stopped watching")),
    "token.reveal": Said("eye", _("revealed the key of")),
    "token.reveal_refused": Said("circle-x", _("was refused to reveal")),
    "token.show_new_key": Said("eye", _("was shown the new key of")),
    "token.pause": Said("circle-pause", _("paused")),
    "token.resume": Said("circle-play", _("resumed")),
    "gateway.connect": Said("server", _("connected gateway")),
    "gateway.probe": Said("refresh-cw", _("probed gateway")),
    "gateway.edit": Said("pencil", _("changed gateway")),
    "gateway.move": Said("pencil", _("moved gateway to another address:")),
    "gateway.pause": Said("circle-pause", _("paused gateway")),
    "gateway.resume": Said("circle-play", _("resumed gateway")),
    "gateway.remove": Said("trash-2", _("removed gateway")),
    "account.add": Said("wallet", _("added account")),
    "account.edit": Said("pencil", _("changed account")),
    "account.replace_access_token": Said("key-round", _("replaced the access token of")),
    "account.remove": Said("trash-2", _("removed account")),
    "channel.create": Said("bell-ring", _("made channel")),
    "channel.edit": Said("bell-ring", _("changed channel")),
    "channel.enable": Said("circle-play", _("switched on channel")),
    "channel.disable": Said("circle-pause", _("switched off channel")),
    "channel.remove": Said("trash-2", _("removed channel")),
    "channel.renew_secret": Said("key-round", _("made a new secret for channel")),
    "channel.test": Said("send", _("sent a test to channel")),
    "incident.acknowledge": Said("check", _("acknowledged the incident of")),
    "audit.export": Said("download", _("exported the audit log")),
    "audit.verify": Said("shield-check", _("verified the chain of the audit log")),
}
KINDS = ("token", "gateway", "account", "channel", "incident", "user")


def said(action: str) -> Said:
    return ACTIONS.get(action) or Said("scroll-text", action.replace(".", " ").replace("_", " "))


class Entry(NamedTuple):
    """One event, ready to be shown."""

    event: AuditEvent
    said: Said
    changes: list[tuple[str, str, str]]  # field, before, after


def entry(event: AuditEvent) -> Entry:
    changes = [(_label(field), _words(pair[0]), _words(pair[1])) for field, pair in event.changes.items() if pair]
    return Entry(event, said(event.action), changes)


def _label(field: str) -> str:
    return {"ip_limits": "IP limits", "base_url": "base URL"}.get(field) or field.replace("_", " ")


def _words(value: object) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, as the URL has it; nonsense in it is as if it were not there."""

    actor: str = ""
    action: str = ""
    kind: str = ""
    object_id: str = ""
    words: str = ""  # in the object's name, or a request id
    since: str = ""  # YYYY-MM-DD in the viewer's zone, both ends included
    until: str = ""
    fingerprint: str = ""  # its first hex figures

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Search:
        given = {name: query.get(name, "").replace("\0", "").strip()[:160] for name in cls.__slots__}
        bad_days = {name: "" for name in ("since", "until") if not _day(given[name])}
        mark = given["fingerprint"].lower()
        sound = len(mark) <= 64 and not set(mark) - set("0123456789abcdef")
        return cls(**{**given, **bad_days, "fingerprint": mark if sound else ""})

    def on(self) -> dict[str, str]:
        """The filters that are on."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    def rows(self) -> QuerySet[AuditEvent]:
        """Newest first; each filter alone can walk an index."""
        rows = AuditEvent.objects.order_by("-id")
        exact = {"actor_name": self.actor, "action": self.action, "object_kind": self.kind}
        rows = rows.filter(**{field: value for field, value in exact.items() if value})
        if self.object_id.isdecimal() and len(self.object_id) < 19:
            rows = rows.filter(object_id=int(self.object_id))
        if self.words:
            rows = rows.filter(object_name__icontains=self.words) | rows.filter(request_id=self.words)
        if start := _day(self.since):
            rows = rows.filter(at__gte=_midnight(start))
        if end := _day(self.until):
            rows = rows.filter(at__lt=_midnight(end + timedelta(days=1)))
        if self.fingerprint:
            # A range, not LIKE, so that both databases use the index.
            rows = rows.filter(fingerprint__gte=self.fingerprint, fingerprint__lt=self.fingerprint + "g")
        return rows


def mark_of(pasted: str) -> tuple[str, str]:
    """(the start of the pasted key's fingerprint, "") or ("", what is wrong with it). The key is kept nowhere."""
    clean = normalise_key(pasted)
    return (fingerprint(clean.key)[:16], "") if clean.key else ("", clean.problem)


def mark_in(words: str) -> str:
    """The mark of a key that was typed where words go, or ""."""
    return mark_of(words)[0] if words.strip().startswith(PREFIX) else ""


def known_actions() -> list[tuple[str, str]]:
    return [(action, f"{action.split('.')[0].replace('_', ' ')}: {one.words}") for action, one in ACTIONS.items()]


# ---- out


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def as_csv(rows: QuerySet[AuditEvent]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(COLUMNS)
    for row in rows.values_list(*COLUMNS).iterator(chunk_size=AT_ONCE):
        yield writer.writerow([harmless(_cell(value)) for value in row])


def as_json(rows: QuerySet[AuditEvent]) -> Iterator[str]:
    """One array with an object a line: readable as a whole, and line by line."""
    before = "[\n"
    for row in rows.values(*COLUMNS).iterator(chunk_size=AT_ONCE):
        yield before + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def harmless(cell: str) -> str:
    """A spreadsheet takes these first characters for a formula."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    return "" if value is None else str(value)


# ---- the chain


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk along the whole chain found."""

    entries: int
    broken: tuple[tuple[int, int], ...]  # (last entry before, first entry that does not follow), at most ten
    last_digest: str

    @property
    def whole(self) -> bool:
        return not self.broken


def verify() -> Verified:
    """Walk the chain from the first entry. After a break it goes on from what is stored, to find the next one."""
    before, before_id, count = "", 0, 0
    broken: list[tuple[int, int]] = []
    for event in AuditEvent.objects.order_by("id").iterator(chunk_size=AT_ONCE):
        if link(before, event) != event.digest and len(broken) < 10:
            broken.append((before_id, event.pk))
        before, before_id, count = event.digest, event.pk, count + 1
    found = Verified(count, tuple(broken), before)
    detail = {"entries": count, "broken": [list(pair) for pair in broken], "digest": before}
    Pulse.objects.update_or_create(name=CHAIN, defaults={"at": timezone.now(), "detail": detail})
    return found


def last_verified() -> Pulse | None:
    return Pulse.objects.filter(name=CHAIN).first()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
