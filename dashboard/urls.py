"""The addresses. The domain's own are in tokens/web/urls.py."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from dashboard import first_run, health, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("first-run/", first_run.first_run, name="first_run"),
    path("theme", views.theme, name="theme"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("accounts/", include("allauth.account.urls")),
    path("", include("tokens.web.urls")),
]

handler500 = "dashboard.views.server_error"

if settings.DEBUG:
    urlpatterns.append(path("_sheet", views.sheet, name="sheet"))
