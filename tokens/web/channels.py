"""Alerts: the channels, what each hears of, and the log of deliveries."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from kombu.exceptions import KombuError

from tokens.models import Channel, Notification
from tokens.services import paging, subscribing, waking

from .access import actor_of
from .forms.channel import FORMS, form_of, slug_of
from .fragments import done, page_or_part

log = logging.getLogger(__name__)

ON_A_PAGE = 50


class Kind(NamedTuple):
    """One of the places that a message can go to."""

    slug: str
    title: Any
    icon: str
    say: Any


KINDS = {
    kind.slug: kind
    for kind in (
        Kind("email", gettext_lazy("Email"), "mail", gettext_lazy("One or more addresses")),
        Kind("webhook", gettext_lazy("Signed webhook"), "webhook", gettext_lazy("JSON to your own server")),
        Kind("slack", "Slack", "hash", gettext_lazy("An incoming webhook")),
        Kind("discord", "Discord", "message-circle", gettext_lazy("A channel's webhook")),
        Kind("telegram", "Telegram", "send", gettext_lazy("A bot and a chat")),
        Kind("teams", "Microsoft Teams", "users", gettext_lazy("A workflow of a channel")),
        Kind("ntfy", "ntfy", "bell", gettext_lazy("A topic, public server or your own")),
        Kind("gotify", "Gotify", "server", gettext_lazy("An application on your server")),
        Kind("pagerduty", "PagerDuty", "siren", gettext_lazy("A service's integration")),
        Kind("url", gettext_lazy("Another service"), "link", gettext_lazy("By its Apprise URL")),
    )
}


@require_GET
def channel_list(request: HttpRequest) -> HttpResponse:
    channels = Channel.objects.prefetch_related("rules__gateways", "rules__tags")
    listed = [(channel, KINDS[slug_of(channel)]) for channel in channels]
    return render(request, "alerts/list.html", {"channels": listed, "kinds": KINDS.values()})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def channel_new(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in FORMS:
        raise Http404
    form = FORMS[kind](request.POST or None)
    if not form.is_valid():
        return render(request, "alerts/new.html", _form_context(form, kind))
    name = form.cleaned_data["name"]
    channel, secret = subscribing.subscribe(
        actor_of(request), name=name, kind=form.kind, target=form.target, wish=form.wish()
    )
    if secret:  # in this answer only: nothing keeps it in clear
        return render(request, "alerts/secret.html", {"channel": channel, "secret": secret, "new": True})
    messages.success(request, _("Channel “%(name)s” was made. Send a test to see that it arrives.") % {"name": name})
    return done(request, channel.get_absolute_url())


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def channel_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(Channel, pk=channel_id)
    form = form_of(channel)(request.POST or None, channel=channel)
    if form.is_valid():
        given = form.cleaned_data
        subscribing.edit(actor_of(request), channel, name=given["name"], wish=form.wish(), target=form.target)
        messages.success(request, _("Changes to “%(name)s” are saved.") % {"name": channel.name})
        return done(request, channel.get_absolute_url())
    context = {
        **_form_context(form, slug_of(channel)),
        "channel": Channel.objects.get(pk=channel_id),
        "notes": channel.notifications.all()[:8],
        "note": _tested(request, channel),
    }
    return render(request, "alerts/channel.html", context)


@require_POST
def test(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(Channel, pk=channel_id)
    if not channel.enabled:
        messages.error(request, _("The channel is off. Switch it on to send a test."))
        return done(request, channel.get_absolute_url())
    note = subscribing.send_test(actor_of(request), channel, timezone.now())
    try:
        waking.deliverer()
    except (KombuError, OSError) as error:  # the next tick delivers it all the same
        log.warning("the queue did not take a wake-up: %s", type(error).__name__)
    return done(request, f"{channel.get_absolute_url()}?delivery={note.pk}")


@require_POST
def toggle(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(Channel, pk=channel_id)
    subscribing.switch(actor_of(request), channel, on=not channel.enabled)
    said = _("“%(name)s” hears of changes again.") if channel.enabled else _("“%(name)s” hears nothing until it is on.")
    messages.success(request, said % {"name": channel.name})
    return done(request, channel.get_absolute_url())


@require_POST
def renew_secret(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(Channel, pk=channel_id, kind="webhook")
    secret = subscribing.renew_secret(actor_of(request), channel)
    return render(request, "alerts/secret.html", {"channel": channel, "secret": secret, "new": False})


@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(Channel, pk=channel_id)
    if request.method == "GET":
        count = channel.notifications.count()
        return render(request, "alerts/remove.html", {"channel": channel, "count": count})
    subscribing.remove(actor_of(request), channel)
    messages.success(request, _("Channel “%(name)s” was removed.") % {"name": channel.name})
    return done(request, reverse("channels"))


@require_GET
def deliveries(request: HttpRequest) -> HttpResponse:
    rows = Notification.objects.select_related("channel", "change").defer("body", "payload")
    channel = Channel.objects.filter(pk=_number(request.GET.get("channel", ""))).first()
    progress = request.GET.get("progress", "")
    if channel:
        rows = rows.filter(channel=channel)
    if progress in Notification.Progress.values:
        rows = rows.filter(progress=progress)
    page = paging.page(rows, size=ON_A_PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "page": page,
        "channel": channel,
        "progress": progress if progress in Notification.Progress.values else "",
        "channels": Channel.objects.only("name"),
        "steps": Notification.Progress.choices,
    }
    return page_or_part(request, "alerts/deliveries.html", {"deliveries": "alerts/_deliveries.html"}, context)


@require_GET
def delivery(request: HttpRequest, note_id: int) -> HttpResponse:
    """One delivery; a page that waits for it polls the part with its progress."""
    note = get_object_or_404(Notification.objects.select_related("channel", "change__incident"), pk=note_id)
    return page_or_part(request, "alerts/delivery.html", {"sending": "alerts/_sending.html"}, {"note": note})


def _form_context(form: Any, kind: str) -> dict[str, Any]:
    return {"form": form, "kind": KINDS[kind], "email_ready": settings.KEYWARD_EMAIL_READY}


def _tested(request: HttpRequest, channel: Channel) -> Notification | None:
    return channel.notifications.filter(pk=_number(request.GET.get("delivery", ""))).first()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0
