"""Makes what a start needs (tables, keys, static files, the first person) and ends: for container set-ups."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from dashboard import starting


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for sentence in starting.prepare(settings.ENV):
                self.stdout.write(sentence)
        except starting.CannotStart as error:
            self.stderr.write(f"Keyward cannot start. {error}")
            sys.exit(error.code)
