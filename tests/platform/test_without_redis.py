"""Redis goes away: pages, acts and sign-ins go on, and what is due waits in the database."""

from typing import Any

import pytest
from celery import Celery, current_app
from django.core.cache import caches
from django.test import Client

from dashboard.cache import RedisOrMemory
from tests.factories import make_token
from tests.services import free_port


@pytest.fixture
def no_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Cache and broker at an address where nothing listens."""
    away = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {"default": {"BACKEND": "dashboard.cache.RedisOrMemory", "LOCATION": away}}
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)  # Celery prefers it to what it is told
    usual = current_app._get_current_object()
    Celery("away", broker=away).set_current()
    yield
    usual.set_current()


def test_the_memory_of_the_process_stands_in() -> None:
    cache = RedisOrMemory(f"redis://127.0.0.1:{free_port()}/0", {})
    assert cache.get("count", "none") == "none"
    assert cache.add("count", 1)
    assert not cache.add("count", 2)
    assert cache.incr("count") == 2
    assert cache.get_or_set("other", lambda: 5) == 5
    cache.set_many({"a": 1, "b": 2})
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    cache.delete("a")
    assert not cache.has_key("a")
    cache.clear()
    assert cache.get("b") is None


@pytest.mark.django_db
def test_people_go_on(no_redis: Any, person: Any, client: Client, caplog: Any) -> None:
    assert isinstance(caches["default"], RedisOrMemory)
    token = make_token(state="healthy")
    answer = client.post("/accounts/login/", {"login": "mira", "password": "a long enough phrase"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    assert client.post(f"/tokens/{token.pk}/check/").status_code == 303
    assert "check_batch was not sent, the broker does not answer" in caplog.text
    token.refresh_from_db()
    assert token.lease_until is not None  # and falls due again when it is over
