"""What an Apprise URL may be: a list of schemes, and an address policy for those that name a host."""

from __future__ import annotations

import socket
from urllib.parse import parse_qs, urlsplit

import apprise
from django.utils.translation import gettext as _

from tokens.network.policy import AddressRefused

from .looking import policy

# Services with an address of their own: nothing that a person types decides where the call goes.
FIXED = {
    "discord", "slack", "tgram", "pover", "pbul", "pagerduty", "opsgenie", "dingtalk", "feishu", "lark",
    "wecombot", "wxteams", "gchat", "schan", "twilio", "signl4", "workflows", "workflow",
    "sendgrid", "mailgun", "spugpush", "pushme", "ifttt", "guilded", "revolt", "victorops", "splunk",
}  # fmt: skip
# Services that people host themselves: the host passes the address policy, when saved and when sent.
HOSTED = {
    "ntfy", "ntfys", "gotify", "gotifys", "mmost", "mmosts", "rocket", "rockets", "matrix", "matrixs",
    "nctalk", "nctalks", "hassio", "hassios", "synology", "synologys", "bark", "barks",
}  # fmt: skip
ALLOWED = FIXED | HOSTED
MICROSOFT = (".logic.azure.com", ".api.powerplatform.com")  # the only hosts that a Teams workflow has
KIND_OF_NOTICE = {"failing": "failure", "degraded": "warning", "recovered": "success"}


class TargetRefused(ValueError):
    """The URL is not one that Keyward sends to; the text says why and what to do."""


def check_apprise(url: str) -> str:
    """The URL's scheme, when Apprise knows it and the allow-list has it. Raises TargetRefused."""
    scheme = urlsplit(url.strip()).scheme.lower()
    if scheme not in ALLOWED:
        raise TargetRefused(
            _("“%(scheme)s://” is not a service that Keyward sends to. For your own server use the signed webhook.")
            % {"scheme": scheme or "?"}
        )
    if "template" in {name.lower() for name in parse_qs(urlsplit(url).query, keep_blank_values=True)}:
        raise TargetRefused(_("Take “template” out of the URL: it would read a file of this machine."))
    if scheme in ("workflow", "workflows") and not (urlsplit(url).hostname or "").endswith(MICROSOFT):
        raise TargetRefused(_("A Teams workflow has an address of Microsoft. Copy the whole of it from Teams."))
    if scheme in HOSTED:
        _check_host(url)
    if apprise.Apprise.instantiate(url, suppress_exceptions=True) is None:
        raise TargetRefused(_("Apprise cannot read this URL. Compare it with the form of %(s)s://") % {"s": scheme})
    return scheme


def check_webhook(url: str) -> str:
    """The URL in its normal spelling, when the address policy lets Keyward call it. Raises TargetRefused."""
    try:
        return policy().check_url(url.strip())
    except AddressRefused as refused:
        raise TargetRefused(refused.sentence) from refused


def hint_of(url: str) -> str:
    """What of a target may be shown: the scheme, and the host where it is no secret."""
    parts = urlsplit(url)
    hosted = parts.scheme.lower() in HOSTED | {"http", "https"}
    return f"{parts.scheme}://{parts.hostname or ''}" if hosted else f"{parts.scheme}://…"


def send_apprise(url: str, title: str, body: str, event: str) -> None:
    """Raises TargetRefused or OSError when the service did not take it."""
    check_apprise(url)
    sender = apprise.Apprise()
    sender.add(url)
    if not sender.notify(body=body, title=title, notify_type=KIND_OF_NOTICE.get(event, "info")):
        raise OSError(_("%(target)s did not take the message") % {"target": hint_of(url)})


def _check_host(url: str) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or (host == "ntfy.sh"):
        return
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
        for address in found:
            policy().check_address(str(address))
    except AddressRefused as refused:
        raise TargetRefused(refused.sentence) from refused
    except OSError as error:
        raise TargetRefused(_("The name %(host)s does not resolve.") % {"host": host}) from error
