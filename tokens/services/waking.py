"""Wake somebody who works: messages by the name of a task, ids and leases only. The truth is in the database.

By name, so that services and pages need not know the tasks, which stand above them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError

from . import alerting
from .checking import OUTSTANDING, QUEUED_FOR, Order

# A message that waits longer than its lease is worth nothing: its rows have fallen due again.
ORDER_EXPIRES = int(QUEUED_FOR.total_seconds())


# A kept connection may be a dead one; a person may be waiting, so no more than that.
ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
log = logging.getLogger(__name__)


def checkers(orders: Sequence[Order]) -> None:
    """Many orders have the next claim among them, since a tick hands out no more than OUTSTANDING."""
    half = len(orders) // 2 if sum(len(order.ids) for order in orders) >= OUTSTANDING // 4 else -1
    for number, order in enumerate(orders):
        if number == half:
            _send("claim_more", expires=ORDER_EXPIRES)
        _send("check_batch", order.gateway_id, order.ids, order.lease_token, expires=ORDER_EXPIRES)


def reader(account_id: int, lease_token: str) -> None:
    _send("sync_account", account_id, lease_token, expires=ORDER_EXPIRES)


def creator(creation_id: int) -> None:
    _send("run_creation", creation_id, expires=60)


def alerter() -> None:
    """After looks: only when one of them changed something."""
    if alerting.waiting():
        _send("alert_due", expires=30)


def deliverer() -> None:
    _send("deliver_due", expires=30)


def _send(task: str, *args: Any, expires: int) -> None:
    """A broker that is away costs a wait, never the work: leases run out and the next tick finds what is due."""
    message = current_app.signature(f"tokens.tasks.{task}", args)
    try:
        message.apply_async(expires=expires, retry=True, retry_policy=ONCE_MORE)
    except OperationalError as fault:
        log.warning("%s was not sent, the broker does not answer: %s", task, fault)
