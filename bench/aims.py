"""One line a figure: what was measured, the aim, the ratio between them, and whether it was met."""

from __future__ import annotations

missed: list[str] = []


def at_least(what: str, value: float, aim: float, unit: str = "") -> None:
    _say(what, value, aim, unit, "at least", value / aim, value >= aim)


def at_most(what: str, value: float, aim: float, unit: str = "") -> None:
    _say(what, value, aim, unit, "at most", value / aim, value <= aim)


def told(what: str, value: float, unit: str = "") -> None:
    """A figure without an aim: a ceiling or a baseline."""
    print(f"  {what}: {_number(value)}{unit}", flush=True)


def _say(what: str, value: float, aim: float, unit: str, side: str, ratio: float, met: bool) -> None:
    verdict = "ok" if met else "MISSED"
    print(
        f"  {what}: {_number(value)}{unit}; aim {side} {_number(aim)}{unit}; {ratio:.2f} of it; {verdict}", flush=True
    )
    if not met:
        missed.append(what)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
