"""Tell whether the key ring in use is the one that sealed this database, before it writes anything."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tokens.models import Installation
from tokens.vault.cipher import ring_check, ring_matches
from tokens.vault.errors import KeyRingError
from tokens.vault.keyring import ring


def problem() -> str:
    """An empty text when all is well, else one sentence for the banner, the log and /readyz."""
    try:
        in_use = ring()
    except KeyRingError as error:
        return str(error)
    row, _made = Installation.objects.get_or_create(pk=1, defaults={"ring_check": ring_check(in_use)})
    if not row.ring_check:
        row.ring_check = ring_check(in_use)
        row.save(update_fields=["ring_check"])
    if ring_matches(row.ring_check, in_use):
        return ""
    return _(
        "The encryption key is not the one that this database was written with. "
        "Nothing is checked or changed until the right key ring is back."
    )
