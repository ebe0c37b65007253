"""The Apprise URL of a common service, made of what that service's own page shows. Pure; each raises TargetRefused."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import apprise
from django.utils.translation import gettext as _

from .targets import MICROSOFT, TargetRefused

SLACK = re.compile(r"https://hooks\.slack\.com/services/(T\w+)/(B\w+)/(\w+)/?")
DISCORD = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d+)/([\w-]+)/?")
BOT = re.compile(r"\d{5,}:[\w-]{30,}")
CHAT = re.compile(r"-?\d+|@\w{4,}")
TOPIC = re.compile(r"[\w-]{1,64}")


def slack(webhook: str) -> str:
    found = SLACK.fullmatch(webhook.strip())
    if not found:
        raise TargetRefused(_("A Slack webhook looks like https://hooks.slack.com/services/T…/B…/…. Copy all of it."))
    return "slack://{}/{}/{}".format(*found.groups())


def discord(webhook: str) -> str:
    found = DISCORD.fullmatch(webhook.strip())
    if not found:
        raise TargetRefused(_("A Discord webhook looks like https://discord.com/api/webhooks/…/…. Copy all of it."))
    return "discord://{}/{}".format(*found.groups())


def telegram(bot: str, chat: str) -> str:
    if not BOT.fullmatch(bot.strip()):
        raise TargetRefused(_("A bot token has a number, a colon and 35 characters. BotFather shows it."))
    if not CHAT.fullmatch(chat.strip()):
        raise TargetRefused(_("A chat is a number, a group's begins with a minus, or a channel's @name."))
    return f"tgram://{bot.strip()}/{chat.strip()}/"


def teams(webhook: str) -> str:
    """A Teams workflow's address, in either of Microsoft's two forms."""
    address = webhook.strip()
    sender = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if sender is None or not (urlsplit(address).hostname or "").endswith(MICROSOFT):
        raise TargetRefused(_("Teams shows the address when the workflow “Post to a channel” is made. Copy all of it."))
    return str(sender.url(privacy=False))  # type: ignore[no-untyped-call]


def ntfy(server: str, topic: str, access_token: str = "") -> str:
    if not TOPIC.fullmatch(topic.strip()):
        raise TargetRefused(_("A topic has letters, digits, - and _ only, at most 64."))
    scheme, place = _server(server, "ntfy")
    who = f"{quote(access_token.strip(), safe='')}@" if access_token.strip() else ""
    return f"{scheme}://{who}{place}/{topic.strip()}" + ("?auth=token" if who else "")


def gotify(server: str, app_token: str) -> str:
    scheme, place = _server(server, "gotify")
    return f"{scheme}://{place}/{quote(app_token.strip(), safe='')}"


def pagerduty(integration_key: str, api_key: str, region: str = "us") -> str:
    return f"pagerduty://{_piece(integration_key)}@{_piece(api_key)}/Keyward/Keyward?region={_piece(region)}"


def service_of(hint: str) -> str:
    """Which form made a target, told by the scheme of its hint; "url" for the rest."""
    return SCHEMES.get(urlsplit(hint).scheme.lower(), "url")


SCHEMES = {
    "slack": "slack", "discord": "discord", "tgram": "telegram", "workflow": "teams", "workflows": "teams",
    "ntfy": "ntfy", "ntfys": "ntfy", "gotify": "gotify", "gotifys": "gotify", "pagerduty": "pagerduty",
}  # fmt: skip


def _piece(text: str) -> str:
    return quote(text.strip(), safe="")


def _server(address: str, scheme: str) -> tuple[str, str]:
    """The scheme, with s for https, and host, port and path of a server that people host themselves."""
    parts = urlsplit(address.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise TargetRefused(_("The server's address starts with https:// and has a host, like https://ntfy.sh."))
    return scheme + ("s" if parts.scheme == "https" else ""), parts.netloc + parts.path.rstrip("/")
