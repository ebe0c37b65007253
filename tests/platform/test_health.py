"""Alive and ready: each part that does not work is named."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard import health
from tokens.models import Pulse


@pytest.fixture
def _beating(db: None) -> None:
    for name in ("beat", "worker"):
        Pulse.objects.create(name=name, at=timezone.now())


def test_alive_needs_no_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.usefixtures("_beating")
def test_ready_when_every_part_answers(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == dict.fromkeys(("database", "broker", "keys", "scheduler", "worker"), "ok")


def test_a_part_never_heard_of_is_not_ready(client: Client, db: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["worker"] == "has not been heard of yet"


@pytest.mark.usefixtures("_beating")
def test_a_silent_worker_is_named_with_its_silence(client: Client) -> None:
    Pulse.objects.filter(name="worker").update(at=timezone.now() - timedelta(seconds=90))
    parts = client.get("/readyz").json()["parts"]
    assert parts["worker"].startswith("silent for 9")
    assert parts["scheduler"] == "ok"


@pytest.mark.usefixtures("_beating")
def test_a_dead_broker_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard.celery import app

    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)  # Celery prefers it to its configuration
    before = app.conf.broker_url, app.conf.broker_transport
    app.conf.broker_url, app.conf.broker_transport = "redis://127.0.0.1:1/0", None
    try:
        answer = client.get("/readyz")
    finally:
        app.conf.broker_url, app.conf.broker_transport = before
    assert answer.status_code == 503
    assert answer.json()["parts"]["broker"] == "the broker does not answer"


def test_a_dead_database_is_a_sentence(transactional_db: None, settings: Any) -> None:
    connection.close()
    real = connection.settings_dict.copy()
    connection.settings_dict.update({"NAME": "/nowhere/at/all.sqlite3", "HOST": "127.0.0.1", "PORT": "1"})
    try:
        assert health.database() == "the database does not answer"
        assert health.pulse("beat") == "unknown, since the database does not answer"
    finally:
        connection.close()
        connection.settings_dict.update(real)
