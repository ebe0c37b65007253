"""`manage.py verify_audit`: walk the chain of the audit log and say where it breaks."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tokens.models import AuditEvent
from tokens.services import reviewing


class Command(BaseCommand):
    help = "Verifies that no entry of the audit log was changed or taken out; exit code 1 when one was."

    def handle(self, *args: Any, **options: Any) -> None:
        found = reviewing.verify()
        if found.whole:
            # Entries cut off at the end leave a whole chain; the number and digest noted elsewhere show that.
            self.stdout.write(f"The chain is whole: {found.entries} entries, the last digest is {found.last_digest}")
            return
        for before, broken in found.broken:
            event = AuditEvent.objects.get(pk=broken)
            said = f"{event.at:%Y-%m-%d %H:%M:%S} UTC, {event.actor_name} {event.action} {event.object_name}".strip()
            self.stderr.write(f"The chain breaks at entry {broken} ({said}).")
            self.stderr.write(f"  It was changed, or what stood between {before or 'the start'} and {broken} was.")
        raise CommandError(f"The audit log was tampered with: {len(found.broken)} breaks in {found.entries} entries.")
