"""The encryption keys at start: made once, and never used on a database that was sealed with others."""

from django.conf import settings

from tokens.models import Installation
from tokens.services import unlocking
from tokens.vault.errors import KeyRingError
from tokens.vault.keyring import KeyRing


class KeysRefused(Exception):
    """The keys are missing, damaged or not those of this database; the text is one sentence."""


def prepare_keys() -> None:
    """Make the key ring at the very first start, then hold it to the database. Raises KeysRefused."""
    sealed = Installation.objects.exclude(ring_check="").exists()
    try:
        if not sealed and not settings.KEYWARD_KEYRING and not settings.KEYWARD_KEYRING_FILE.exists():
            KeyRing.generate(settings.KEYWARD_KEYRING_FILE)
    except KeyRingError as error:
        raise KeysRefused(str(error)) from None
    if why := unlocking.problem():
        raise KeysRefused(why)
