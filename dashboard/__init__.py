"""The project around the domain: settings, server, queue, schedule. Importing it makes the Celery app current."""

from dashboard.celery import app as celery_app

__all__ = ["celery_app"]
