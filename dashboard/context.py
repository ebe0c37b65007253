"""What every page may show of the project itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from dashboard.demo import switches


def project(request: HttpRequest) -> dict[str, Any]:
    """`demo`, its simulators' pages, and `theme` from the cookie ("light", "dark" or "" to follow the system)."""
    theme = request.COOKIES.get("theme", "")
    return {
        "demo": settings.KEYWARD_DEMO,
        "mail_ready": settings.KEYWARD_EMAIL_READY,
        "demo_switches": switches(settings.KEYWARD_DEMO_GATEWAYS),
        "theme": theme if theme in ("light", "dark") else "",
    }
