"""What the sheet of components shows (templates/ui/sheet.html): made-up, always the same, not for production."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)
TROUBLE = {3: "degraded", 21: "failing", 22: "degraded", 40: "none", 41: "none", 42: "none", 66: "degraded"}
TOKENS = (
    ("checkout-assistant", "9f2c", "failing", "Quota used up, though the account has $12.40", 5.00, 5.00, 38),
    ("support-triage", "e2a8", "degraded", "$0.84 left, dry on Thu 26 Nov, 09:00", 9.16, 10.00, 120),
    ("客服机器人", "b6c4", "healthy", "", 0, 0, 240),
    ("data-labeling-batch-2026q4", "aa31", "healthy", "", 112.40, 250.00, 270),
)


class SheetForm(forms.Form):
    """One field of each kind; the data below makes some of them wrong."""

    purpose = forms.CharField(
        required=False,
        help_text="Shown to whoever looks at it when it fails.",
        widget=forms.TextInput(attrs={"placeholder": "What the key is for"}),
    )
    name = forms.CharField(max_length=20)
    addresses = forms.CharField(label="Allowed addresses")
    account = forms.ChoiceField(choices=[("1", "CometAPI Research, $318.75 left"), ("2", "CometAPI Production")])
    comment = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    channel = forms.ChoiceField(choices=[("mail", "Email"), ("hook", "Webhook")], widget=forms.RadioSelect)
    models = forms.MultipleChoiceField(
        choices=[("a", "gpt-4.1-mini"), ("b", "claude-haiku")], widget=forms.CheckboxSelectMultiple, required=False
    )
    reveal = forms.BooleanField(label="Reveal needs a reason", required=False)

    def clean_name(self) -> str:
        raise forms.ValidationError("10 bytes too long. A Chinese character counts as 3; drop 4 of them.")


def sheet_context() -> dict[str, Any]:
    return {
        "states": ("new", "healthy", "degraded", "failing", "paused", "retired"),
        "days": _days(90),
        "calm": _wave(24, 60, 6),
        "rising": [*_wave(15, 60, 6), *(60 + 37 * step for step in range(9))],
        "looks": _looks(),
        "high": [(at, value + 240 + 60 * math.sin(at.minute)) for at, value in _looks() if value is not None],
        "burnt": [(NOW - timedelta(hours=6 * back), 12.40 + 0.525 * back) for back in range(48, -1, -1)],
        "until": NOW + timedelta(days=6),
        "early": NOW + timedelta(days=5),
        "late": NOW + timedelta(days=7),
        "dry": [(NOW - timedelta(hours=4 * back), 0.034 * back) for back in range(84, -1, -1)],
        "parts": [("failing", 9), ("degraded", 17), ("healthy", 631), ("new", 4), ("paused", 11), ("retired", 12)],
        "form": _form(),
        "tokens_shown": [_token(*row) for row in TOKENS],
        "entries": _entries(),
        "steps": _steps(),
        "long_name": "a-name-without-any-place-to-break-it-" * 2,
        "minutes_ago": datetime.now(UTC) - timedelta(minutes=23),
    }


def _form() -> SheetForm:
    given = {"name": "客服机器人生产环境专用令牌", "addresses": "203.0.113.0/33", "account": "1", "channel": "mail"}
    return SheetForm(given | {"models": ["a"], "reveal": "on"}, auto_id="sheet_%s")


def _days(count: int) -> list[tuple[str, str, str]]:
    shown = []
    for back in range(count - 1, -1, -1):
        state = TROUBLE.get(back, "healthy")
        day = f"{NOW - timedelta(days=back):%-d %b}"
        shown.append((day, state, f"{day}: {state}"))
    return shown


def _wave(count: int, base: float, noise: float) -> list[float | None]:
    return [base + noise * math.sin(place * 1.7) + noise * 0.6 * math.sin(place * 4.3) for place in range(count)]


def _looks() -> list[tuple[datetime, float | None]]:
    """A day of looks ten minutes apart, the last five refused."""
    values = [*_wave(140, 610, 60), None, None, None, None, None]
    return [(NOW - timedelta(minutes=10 * (len(values) - 1 - place)), value) for place, value in enumerate(values)]


def _token(name: str, hint: str, state: str, why: str, used: float, limit: float, ago: int) -> dict[str, Any]:
    return {
        "name": name, "hint": hint, "state": state, "why": why, "used": used, "limit": limit,
        "checked_at": datetime.now(UTC) - timedelta(seconds=ago),
    }  # fmt: skip


def _entries() -> list[dict[str, Any]]:
    return [
        {"state": "failing", "at": "13:47", "title": "Healthy, then failing", "note": "Confirmed by a second look"},
        {"state": "paused", "glyph": "frozen", "at": "13:40", "title": "412 verdicts frozen", "url": "#"},
        {"icon": "eye", "at": NOW - timedelta(days=4), "title": "Key revealed", "note": "Jonas Weber, new laptop"},
        {"state": "healthy", "at": "16 Oct", "title": "Recovered", "note": "No answer for 22 min, whole gateway"},
    ]


def _steps() -> list[dict[str, Any]]:
    return [
        {"state": "healthy", "title": "Name resolves", "note": "2 public addresses", "ms": 18},
        {"state": "degraded", "title": "Path answers HTML", "note": "/console/models, 200 text/html", "ms": 1210},
        {"state": "failing", "title": "The key is refused", "note": "GET /v1/models: 401", "ms": 188},
        {"state": "none", "title": "Account", "note": "Waits for an access token"},
    ]
