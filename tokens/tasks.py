"""Doors for Celery: ids in, a service called, a log line out. Nothing decides here; no key passes."""

from __future__ import annotations

import logging
import os

from celery import shared_task
from django.utils import timezone

from tokens.models import Account
from tokens.services import (
    adding,
    alerting,
    checking,
    creating,
    delivering,
    knocking,
    pausing,
    pulsing,
    syncing,
    tidying,
    unlocking,
    waking,
)

log = logging.getLogger(__name__)


@shared_task
def dispatch_checks() -> None:
    """Claim what is due and send it out in batches."""
    now = timezone.now()
    tidying.beat("beat", now)
    if unlocking.problem():
        return
    pausing.resume_due(now)
    waking.checkers(checking.claim_due(now))
    for creation_id in creating.claim_due(now):
        waking.creator(creation_id)


@shared_task
def claim_more() -> None:
    """A large claim is half done: take as much again, so that a long sweep does not wait for ticks."""
    waking.checkers(checking.claim_due(timezone.now()))


@shared_task
def check_batch(gateway_id: int, ids: list[int], lease_token: str) -> None:
    stored = checking.check_batch(checking.Order(gateway_id, ids, lease_token))
    log.info("gateway %s: %s of %s verdicts stored", gateway_id, stored, len(ids))
    pulsing.count_looks(stored, timezone.now())
    waking.alerter()


@shared_task
def run_creation(creation_id: int) -> None:
    """Go on with a creation that a crash, a time-out or a limit stopped."""
    creation = creating.run(creation_id)
    log.info("creation %s: %s", creation.pk, creation.step)


@shared_task
def dispatch_accounts() -> None:
    if unlocking.problem():
        return
    for account_id, lease_token in syncing.claim_due(timezone.now()):
        waking.reader(account_id, lease_token)


@shared_task
def sync_account(account_id: int, lease_token: str) -> None:
    judged = syncing.sync_account(account_id, lease_token)
    log.info("account %s: %s tokens judged from the list", account_id, judged)
    pulsing.count_looks(judged, timezone.now())
    account = Account.objects.select_related("gateway").filter(pk=account_id).first()
    if account:
        adding.fetch_keys(account, timezone.now())
    waking.alerter()


@shared_task
def knock_gateways() -> None:
    if knocking.knock_due():
        waking.alerter()


@shared_task
def alert_due() -> None:
    if alerting.process_changes():
        waking.deliverer()


@shared_task
def deliver_due() -> None:
    delivering.deliver_due()


@shared_task
def beat_pulse() -> None:
    """The scheduler ticks and a worker takes the tick: both are alive."""
    tidying.beat("worker", timezone.now(), pid=os.getpid())


@shared_task
def tidy() -> None:
    tidying.tidy(timezone.now())
