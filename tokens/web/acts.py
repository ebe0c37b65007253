"""What each act on a token says before it is done, and after."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from tokens.models import Token
from tokens.templatetags import wording


@dataclass(frozen=True, slots=True)
class Confirmation:
    title: str
    says: tuple[str, ...]
    button: str
    icon: str
    done: str
    danger: bool = False


def confirmation(name: str, token: Token) -> Confirmation:
    return {"enable": _enable, "disable": _disable, "unlimited": _unlimited, "delete": _delete}[name](token)


def _enable(token: Token) -> Confirmation:
    words = {"name": token.name}
    return Confirmation(
        _("Enable %(name)s?") % words,
        (_("Calls with its key go through again, and it is checked at once."),),
        _("Enable it"),
        "power",
        _("%(name)s is enabled.") % words,
    )


def _disable(token: Token) -> Confirmation:
    words = {"name": token.name}
    return Confirmation(
        _("Disable %(name)s?") % words,
        (
            _("From this moment the gateway refuses every call with its key. Whatever uses it stops working."),
            _last_use(token),
            _("It can be enabled again, with the same key."),
        ),
        _("Disable it"),
        "power-off",
        _("%(name)s is disabled.") % words,
        danger=True,
    )


def _unlimited(token: Token) -> Confirmation:
    words = {"name": token.name}
    balance = token.account.balance_usd if token.account else None
    spends = (
        _("It can then spend what the account holds, %(balance)s today.") % {"balance": wording.dollars(balance)}
        if balance is not None
        else _("It can then spend what the account holds.")
    )
    return Confirmation(
        _("Set %(name)s to unlimited quota?") % words,
        (spends, _("If it was used up, it is enabled again and tried at once.")),
        _("Set to unlimited quota"),
        "infinity",
        _("%(name)s is unlimited.") % words,
    )


def _delete(token: Token) -> Confirmation:
    words = {"name": token.name}
    return Confirmation(
        _("Delete %(name)s on the gateway?") % words,
        (
            _("The gateway forgets the key. Whatever uses it stops working, and no one can bring it back."),
            _last_use(token),
            _("Keyward retires the token and keeps its history."),
        ),
        _("Delete it on the gateway"),
        "trash-2",
        _("%(name)s is deleted on the gateway and retired here.") % words,
        danger=True,
    )


def _last_use(token: Token) -> str:
    if token.last_used_at is None:
        return _("The gateway has not seen it used.")
    return _("It was last used on %(day)s.") % {"day": wording.day_and_time(token.last_used_at)}
