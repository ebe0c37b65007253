"""placeholder, filled in the next commit"""

from __future__ import annotations


def remember(secret: str) -> None:
    return None
