"""Pages of rows ordered by a falling id: by key, never by offset, so that a deep page costs what the first does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)
COUNTED = 10_000  # beyond this many rows a count says only that there are more


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Newest first. `newer` and `older` are the ids to page from, None at the ends."""

    rows: list[M]
    newer: int | None
    older: int | None
    total: int  # at most COUNTED + 1

    @property
    def counted(self) -> bool:
        return self.total <= COUNTED


def page(rows: models.QuerySet[M], *, size: int, after: str = "", before: str = "") -> Page[M]:
    """The rows older than the id `after`, or those newer than `before`; ids come from the URL and may be anything."""
    total = rows.order_by()[: COUNTED + 1].count()
    if before.isdecimal() and len(before) < 19:
        found = list(reversed(rows.filter(pk__gt=int(before)).order_by("pk")[: size + 1]))
        more, shown = len(found) > size, found[-size:]
        return Page(shown, shown[0].pk if more and shown else None, shown[-1].pk if shown else None, total)
    deep = after.isdecimal() and len(after) < 19
    found = list((rows.filter(pk__lt=int(after)) if deep else rows).order_by("-pk")[: size + 1])
    shown = found[:size]
    return Page(
        shown, shown[0].pk if deep and shown else None, shown[-1].pk if len(found) > size and shown else None, total
    )
