"""The Celery app. `tokens` never imports it: its tasks are shared tasks."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("keyward")
# A function, since settings import this package before they are complete.
app.add_defaults(lambda: settings.CELERY)
app.autodiscover_tasks()


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_our_logging(**kwargs: Any) -> None:
    """Django's LOGGING stays in force in workers, with its redaction; Celery would put its own handlers."""
