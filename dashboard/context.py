"""What every page may show of the project itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def project(request: HttpRequest) -> dict[str, Any]:
    """`demo`, and `theme` from the cookie ("light", "dark" or "" to follow the system)."""
    theme = request.COOKIES.get("theme", "")
    return {"demo": settings.KEYWARD_DEMO, "theme": theme if theme in ("light", "dark") else ""}
