"""Say in plain words what changed: which token, what, since when, why, what to do, and where to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tokens.health.verdicts import meaning
from tokens.models import Account, Change, Gateway, Token

NAMED = 10  # tokens listed by name under an account or a gateway


@dataclass(frozen=True, slots=True)
class Message:
    """Ready to be sent anywhere. Holds names and hints, never a key."""

    event: str
    subject: str
    body: str
    payload: dict[str, Any]


def of_change(change: Change) -> Message:
    subject = change.subject()
    means = meaning(change.old_verdict if change.event == "recovered" and change.old_verdict else change.verdict)
    title = _headline(change, subject)
    lines = [title + ".", ""]
    lines += _story(change, means)
    lines += _covered(subject, change)
    lines += ["", link(subject)]
    return Message(change.event, title, "\n".join(lines), _payload(change, subject, title))


def of_test(channel_name: str) -> Message:
    title = _("Keyward test for %(channel)s") % {"channel": channel_name}
    body = _("This is a test. Alerts for this channel arrive here, with the token, the reason and the fix.")
    now = timezone.now()
    return Message(
        "test",
        title,
        f"{body}\n\n{settings.KEYWARD_PUBLIC_URL}",
        {"event": "test", "at": now.isoformat(), "title": title, "url": settings.KEYWARD_PUBLIC_URL},
    )


def link(subject: Token | Account | Gateway) -> str:
    return settings.KEYWARD_PUBLIC_URL.rstrip("/") + subject.get_absolute_url()


def shown_name(subject: Token | Account | Gateway) -> str:
    """A name that says which: a token with its key's end, an account with its gateway."""
    if isinstance(subject, Token):
        return f"{subject.name} (sk-…{subject.hint})" if subject.hint else subject.name
    return f"{subject.gateway.name}, {subject.name}" if isinstance(subject, Account) else subject.name


def _headline(change: Change, subject: Token | Account | Gateway) -> str:
    words = {"name": shown_name(subject), "what": meaning(change.verdict).title}
    if change.event == "recovered":
        return _("%(name)s works again") % words
    if change.event == "degraded":
        return _("%(name)s is degraded: %(what)s") % words
    return _("%(name)s is failing: %(what)s") % words


def _story(change: Change, means: Any) -> list[str]:
    since = timezone.localtime(change.since)
    when = _("Since %(when)s") % {"when": f"{since:%a %d %b %Y, %H:%M %Z}"}
    if change.event == "recovered":
        over = _("It was: %(what)s") % {"what": means.title}
        return [over + ".", _("Works since %(when)s") % {"when": f"{since:%a %d %b %Y, %H:%M %Z}"} + "."]
    lines = [when + ".", str(means.cause)]
    if change.note:
        lines.append(_("The gateway said: %(note)s") % {"note": change.note})
    return [*lines, str(means.advice)]


def _covered(subject: Token | Account | Gateway, change: Change) -> list[str]:
    if isinstance(subject, Token):
        account = subject.account.name if subject.account else _("no account")
        return [_("Gateway %(gateway)s, %(account)s.") % {"gateway": subject.gateway.name, "account": account}]
    names = list(subject.tokens.watched().order_by("name").values_list("name", flat=True)[: NAMED + 1])
    if not names or change.event == "recovered":
        return []
    count = subject.tokens.watched().count()
    words = ngettext("%(count)s token depends on it", "%(count)s tokens depend on it", count) % {"count": count}
    more = ", …" if len(names) > NAMED else ""
    return [f"{words}: {', '.join(names[:NAMED])}{more}."]


def _payload(change: Change, subject: Token | Account | Gateway, title: str) -> dict[str, Any]:
    means = meaning(change.verdict)
    token = subject if isinstance(subject, Token) else None
    return {
        "event": change.event,
        "change": change.pk,
        "incident": change.incident_id,
        "at": change.at.isoformat(),
        "since": change.since.isoformat(),
        "light": change.light,
        "subject": {"id": subject.pk, "name": subject.name, "hint": token.hint if token else ""},
        "gateway": {"id": change.gateway_id, "name": change.gateway.name},
        "account": {"id": change.account_id, "name": change.account.name} if change.account else None,
        "state": {"old": change.old_state, "new": change.new_state},
        "verdict": {"old": change.old_verdict, "new": change.verdict},
        "severity": means.severity,
        "title": title,
        "cause": str(means.cause),
        "note": change.note,
        "advice": str(means.advice),
        "url": link(subject),
    }
