"""Who did what: the audit log of ninety days, each act where the rest of the story has its trace."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db.models import Model

from tokens.health.verdicts import Verdict
from tokens.models import Channel, Incident, Token, User
from tokens.services import auditing
from tokens.services.auditing import KEYWARD, Actor
from tokens.vault.fingerprint import fingerprint

from .cast import PEOPLE
from .meeting import CHECK_EVERY, Met
from .rows import BEGAN, Seen
from .telling import Channels

MENDED: dict[Verdict, tuple[str, dict[str, tuple[Any, Any]]]] = {
    Verdict.TOKEN_EXHAUSTED: (
        "token.set_unlimited",
        {"quota": ("$0.00, 0 units", "Unlimited"), "status": ("used up", "enabled")},
    ),
    Verdict.DISABLED: ("token.enable", {"status": ("disabled", "enabled")}),
    Verdict.IP_BLOCKED: ("token.edit", {"ip_limits": ("192.0.2.0/24", "None")}),
}
HABITS = (  # day of ninety before now, hour: when people come; who, by turns
    (89, 9), (82, 10), (75, 8), (69, 14), (61, 9), (54, 11), (47, 16), (40, 9), (33, 10), (29, 8),
    (26, 13), (22, 9), (19, 15), (16, 9), (13, 10), (11, 9), (9, 8), (7, 11), (5, 9), (3, 14), (2, 10), (1, 9),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    at: datetime
    who: str  # a user name, or "" for Keyward itself
    action: str
    subject: Model | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    name: str = ""


@dataclass(slots=True)
class Diary:
    """Gathers acts in any order and writes them down in the order of time."""

    now: datetime
    people: Mapping[str, User]
    acts: list[Act] = field(default_factory=list)

    def beginning(self, mets: Sequence[Met]) -> None:
        start = self.now - BEGAN - timedelta(hours=3)
        for nth, user in enumerate(self.people.values()):
            self.acts.append(Act(start + timedelta(minutes=nth), "demo" if nth else "", "person.add", user))
        for met in mets:
            start += timedelta(minutes=20)
            gateway = met.gateway
            self.acts.append(Act(start, "demo", "gateway.connect", gateway, {"base_url": ("", gateway.base_url)}))
            for account in met.accounts.values():
                start += timedelta(minutes=4)
                mark = fingerprint(account.open_access_token())[:12]
                changes = {"access_token": ("", f"fingerprint {mark}")}
                self.acts.append(Act(start, "demo", "account.add", account, changes))
            interval = {"check_interval": (600, CHECK_EVERY)}
            self.acts.append(Act(self.now - timedelta(hours=20), "demo", "gateway.edit", gateway, interval))

    def of_token(self, seen: Seen, dice: Random) -> None:
        part, token = seen.part, seen.token
        self.acts.append(Act(token.created_at, part.owner, "token.add", token))
        for trouble in part.past:
            mended = self.now - timedelta(days=trouble.days) + timedelta(hours=trouble.hours)
            if trouble.verdict in MENDED:
                action, changes = MENDED[trouble.verdict]
                self.acts.append(Act(mended - timedelta(seconds=40), part.owner, action, token, changes))
        if part.paused_for:
            at = self.now - timedelta(hours=part.paused_for)
            changes = {"state": ("healthy", "paused"), "until": ("", "resumed by hand")}
            self.acts.append(Act(at, part.owner, "token.pause", token, changes))
        if part.retired_for:
            at, changes = self.now - timedelta(hours=part.retired_for), {"state": ("healthy", "retired")}
            self.acts.append(Act(at, part.owner, "token.delete", token, changes))

    def of_channels(self, made: Channels) -> None:
        for channel in (made.sink, made.slack, made.email):
            self.acts.append(Act(channel.created_at, "jonas", "channel.create", channel, _target(channel)))
            self.acts.append(Act(channel.created_at + timedelta(minutes=1), "jonas", "channel.test", channel))
        off = {"on": (True, False)}
        self.acts.append(Act(self.now - timedelta(days=2, minutes=3), "jonas", "channel.disable", made.slack, off))
        self.acts.append(Act(made.email.created_at + timedelta(minutes=6), "jonas", "channel.disable", made.email, off))

    def of_incidents(self) -> None:
        for incident in Incident.objects.exclude(acknowledged_at=None).select_related("acknowledged_by"):
            if (at := incident.acknowledged_at) and (by := incident.acknowledged_by):
                act = Act(at, by.get_username(), "incident.acknowledge", incident, name=incident.subject_name)
                self.acts.append(act)

    def habits(self, tokens: Sequence[Token], dice: Random) -> None:
        """People come, look, describe, reveal, and go; now and then somebody mistypes a password."""
        names = [one.username for one in PEOPLE]
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        for nth, (days, hour) in enumerate(HABITS):
            who, at = names[nth % len(names)], midnight - timedelta(days=days) + timedelta(hours=hour)
            at += timedelta(seconds=dice.randrange(2900))
            if nth % 4 == 1:
                self.acts.append(Act(at - timedelta(minutes=1), "", "sign_in.failed", name=who))
            self.acts.append(Act(at, who, "sign_in", self.people[who]))
            self.acts += _errand(nth, at + timedelta(minutes=6), who, dice.choice(tokens))
            if nth % 3:
                self.acts.append(Act(at + timedelta(minutes=50), who, "sign_out", self.people[who]))

    def write(self) -> int:
        addresses = {one.username: one.address for one in PEOPLE}
        for act in sorted(self.acts, key=lambda one: one.at):
            user = self.people.get(act.who)
            address = addresses.get(act.who or act.name, "127.0.0.1" if user else "")
            actor = Actor(user, user.shown_name, address, secrets.token_hex(8)) if user else _nobody(act, address)
            mark = act.subject.fingerprint if isinstance(act.subject, Token) else ""
            auditing.record(
                actor, act.action, act.subject, name=act.name, changes=act.changes, fingerprint=mark, at=act.at
            )
        return len(self.acts)


def _nobody(act: Act, address: str) -> Actor:
    return Actor(None, "unknown", address, secrets.token_hex(8)) if act.action == "sign_in.failed" else KEYWARD


def _target(channel: Channel) -> dict[str, tuple[Any, Any]]:
    return {"target": ("", channel.target_hint), "hears": ([], ["failing", "recovered"])}


def _errand(nth: int, at: datetime, who: str, token: Token) -> Iterator[Act]:
    """What somebody came for. A token that was not there yet is left alone."""
    if token.created_at >= at:
        return
    match nth % 4:
        case 0:
            yield Act(at, who, "token.reveal", token, {"reason": ("", "Set up on a new machine")})
        case 1:
            yield Act(at, who, "token.describe", token, {"purpose": ("", token.purpose)})
        case 2:
            yield Act(at, who, "audit.export", name="CSV")
        case _:
            yield Act(at, who, "token.describe", token, {"tags": ([], [tag.name for tag in token.tags.all()])})
