"""Asks a running Keyward whether a part of it works, for health checks: exit code 0 when it does."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from dashboard import health, starting


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", choices=["healthz", *health.CHECKS])

    def handle(self, *args: Any, part: str, **options: Any) -> None:
        if part == "healthz":
            why = "" if starting.answers(settings.ENV.host, settings.ENV.port) else "the web server does not answer"
        else:
            why = health.CHECKS[part]()
        if why:
            self.stderr.write(f"{part}: {why}")
            sys.exit(1)
