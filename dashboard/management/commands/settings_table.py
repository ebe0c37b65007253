"""Prints the table of settings, for docs/settings.md."""

from typing import Any

from django.core.management.base import BaseCommand

from dashboard.env import table


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(table(), ending="")
