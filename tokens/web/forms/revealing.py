"""What is asked before a key is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class RevealForm(forms.Form):
    """`fresh`: the password was given a moment ago and is not asked again."""

    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=200, help_text=_("Goes to the audit log with your name.")
    )
    password = forms.CharField(
        label=_("Your password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, fresh: bool, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fresh = fresh
        if fresh:
            del self.fields["password"]
