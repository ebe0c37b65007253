"""Fills a demo: two simulated gateways with their accounts and tokens, and ninety days of history. Keeps one that is
there."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tokens.management.demo import seeding
from tokens.management.demo.seeding import Place


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="tell the story anew; stop the demo first")

    def handle(self, *args: Any, reset: bool = False, **options: Any) -> None:
        if not settings.KEYWARD_DEMO or not settings.KEYWARD_DEMO_GATEWAYS:
            raise CommandError("This is no demo: it would write over your data. Start one with: make demo")
        places = [Place(one.brand, one.url, one.state) for one in settings.KEYWARD_DEMO_GATEWAYS]
        whole = seeding.told() and all(place.state.exists() for place in places)
        if whole and not reset:
            seeding.move(places)
            return
        before = time.monotonic()
        counts = seeding.tell(places, timezone.now())
        said = ", ".join(f"{count} {what}" for what, count in counts.items())
        self.stdout.write(f"The demo is ready: {said} ({time.monotonic() - before:.1f} s).")
