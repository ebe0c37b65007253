"""The encryption keys at start: made once, and never used on a database that was sealed with others."""

from django.conf import settings

from tokens.models import Installation
from tokens.vault.cipher import ring_check, ring_matches
from tokens.vault.errors import KeyRingError
from tokens.vault.keyring import KeyRing, ring


class KeysRefused(Exception):
    """The keys are missing, damaged or not those of this database; the text is one sentence."""


def prepare_keys() -> None:
    """Make the key ring at the very first start, then hold it to the database. Raises KeysRefused."""
    sealed = Installation.objects.filter(pk=1).values_list("ring_check", flat=True).first() or ""
    try:
        if not sealed and not settings.KEYWARD_KEYRING and not settings.KEYWARD_KEYRING_FILE.exists():
            KeyRing.generate(settings.KEYWARD_KEYRING_FILE)
        check_keys(sealed)
    except KeyRingError as error:
        raise KeysRefused(str(error)) from None
    if not sealed:
        Installation.objects.update_or_create(pk=1, defaults={"ring_check": ring_check(ring())})


def check_keys(sealed: str) -> None:
    """Whether the ring opens what this database was sealed with. Raises KeysRefused or KeyRingError."""
    if sealed and not ring_matches(sealed, ring()):
        where = "KEYWARD_KEYRING holds" if settings.KEYWARD_KEYRING else f"{settings.KEYWARD_KEYRING_FILE} holds"
        raise KeysRefused(
            f"The encryption key that {where} is not the one this database was sealed with. "
            "Put the right one back from a backup; nothing was changed."
        )
