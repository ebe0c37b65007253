"""The Celery app. `tokens` never imports it: its tasks are shared tasks."""

import contextlib
import gc
import logging
import os
import signal
import warnings
from typing import Any

from billiard.pool import RUN
from celery import Celery, Task
from celery.exceptions import Ignore, SecurityWarning
from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from tokens.vault.errors import VaultError

log = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

# It warns of pickled messages when root runs a worker; ours are JSON only.
warnings.filterwarnings("ignore", category=SecurityWarning)


class KeywardTask(Task):  # type: ignore[misc]
    """Nothing runs with a wrong key ring; a database that is busy or away ends a task with one line in the log.

    Nothing is lost by either: what is due stands in the database.
    """

    signs_of_life = frozenset({"tokens.tasks.beat_pulse", "tokens.tasks.dispatch_checks"})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from tokens.services import unlocking  # the app is made before the models

        try:
            if self.name not in self.signs_of_life and unlocking.problem():
                raise Ignore
            return super().__call__(*args, **kwargs)
        except (OperationalError, InterfaceError) as fault:
            close_old_connections()
            log.warning("%s: the database does not answer (%s); the next tick tries again", self.name, fault)
            raise Ignore from None
        except VaultError as fault:
            log.error("%s: %s", self.name, fault)
            raise Ignore from None


app = Celery("keyward", task_cls=KeywardTask)
# A function, since settings import this package before they are complete.
app.add_defaults(lambda: settings.CELERY)
app.autodiscover_tasks()


def keep_our_logging(**kwargs: Any) -> None:
    """Django's LOGGING stays in force in workers, with its redaction; Celery would put its own handlers."""


def show_life(**kwargs: Any) -> None:
    """The scheduler's first pulse at once, not a period after its start, so that /readyz is ready early."""
    app.send_task("tokens.tasks.beat_pulse", expires=9)  # seconds


def settle_in(**kwargs: Any) -> None:
    """What is loaded stays: the collector need not walk through all of it again and again while batches run."""
    gc.collect()
    gc.freeze()


def end_with_a_killed_child(sender: Any, **kwargs: Any) -> None:
    """A pool process that was killed may hold the pool's lock for ever, and then no other one takes work again.

    So the whole worker ends with it. Whoever started it starts another, and the leases give the work back.
    """
    pool = sender.pool._pool
    before = pool.on_process_down

    def down(process: Any) -> None:
        if before:
            before(process)
        if process.exitcode == -signal.SIGKILL and pool._state == RUN:
            log.error("A process of the pool was killed: the worker ends and is to be started again")
            for other in list(pool._pool):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(other.pid, signal.SIGKILL)
            logging.shutdown()
            os._exit(os.EX_UNAVAILABLE)

    pool.on_process_down = down


setup_logging.connect(keep_our_logging)
worker_ready.connect(end_with_a_killed_child)
beat_init.connect(show_life)
worker_process_init.connect(settle_in)
