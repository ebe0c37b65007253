"""Runs one of Keyward's processes in the foreground: web, worker or beat. For containers and service managers."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from dashboard.processes import PROGRAMS


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("process", choices=sorted(PROGRAMS))

    def handle(self, *args: Any, process: str, **options: Any) -> None:
        os.umask(0o077)
        program = PROGRAMS[process](settings.ENV)
        sys.stdout.flush()
        os.execve(program.argv[0], program.argv, {**os.environ, **program.environ})  # noqa: S606 (our own line)
