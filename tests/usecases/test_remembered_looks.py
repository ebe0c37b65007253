"""The short memory of looks: sixty rows, a day of them."""

from __future__ import annotations

import itertools

import pytest

from tokens.models.watched import LOOKS_KEPT
from tokens.services.recording import LOOKS_FRESH, OLD_LOOKS_APART, thinned


def remembered(every: int, days: int = 3) -> list[list[int]]:
    looks: list[list[int]] = []
    for at in range(0, days * 86_400, every):
        looks = thinned([*looks, [at, 500, 0, 0]])
    return looks


@pytest.mark.parametrize("every", [60, 300, 600])
def test_a_day_is_remembered_however_often_somebody_looks(every: int) -> None:
    looks = remembered(every)
    assert len(looks) <= LOOKS_KEPT
    assert looks[-1][0] - looks[0][0] >= 86_400 - OLD_LOOKS_APART
    fresh = [row[0] for row in looks[-LOOKS_FRESH:]]
    assert {later - earlier for earlier, later in itertools.pairwise(fresh)} == {every}


def test_rare_looks_are_all_kept_in_order() -> None:
    looks = remembered(3600)
    assert [row[0] for row in looks] == list(range(12 * 3600, 72 * 3600, 3600))
