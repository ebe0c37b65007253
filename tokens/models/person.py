"""Who signs in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who uses Keyward. Ours from the first day, so that fields can follow without a rewrite."""

    @property
    def shown_name(self) -> str:
        return self.get_full_name() or self.get_username()
