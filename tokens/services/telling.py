"""Tell a person why a gateway did not do what was asked: one plain sentence for each class of error."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tokens.gateways.errors import (
    AccountBanned,
    CredentialRefused,
    GatewayError,
    NotAGateway,
    NotFound,
    NotSupported,
    Overloaded,
    RateLimited,
    Unreachable,
    UserIdNeeded,
)

TOO_MANY = "最大令牌数量限制"  # said in Chinese whatever the language, contract A.4


def why(error: GatewayError) -> str:
    """A sentence without a secret, at most 300 characters."""
    match error:
        case UserIdNeeded():
            return _("The gateway wants the account's user id beside the access token. Edit the account.")
        case CredentialRefused():
            return _("The gateway no longer accepts the account's access token. Replace it on the gateway's page.")
        case AccountBanned():
            return _("The gateway says that this account is banned.")
        case RateLimited():
            return _("The gateway asks for a pause (HTTP 429).")
        case Unreachable():
            return _("The gateway did not answer.")
        case NotAGateway():
            return _("Something other than the gateway answered.")
        case Overloaded():
            return _("The gateway has trouble of its own (HTTP %(status)s).") % {"status": error.evidence.status}
        case NotSupported():
            return _("The gateway has no such call.")
        case NotFound():
            return _("The gateway does not know this token. It was deleted there.")
    said = str(error)[:200]
    if TOO_MANY in said:
        return _(
            "The account has as many tokens as the gateway allows. Delete one, or choose another account. "
            "The gateway said: %(said)s"
        ) % {"said": said}
    return _("The gateway refused: %(said)s") % {"said": said}
