"""The database is locked or away: a clear page, one line in the log, nothing lost."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from celery.exceptions import Ignore
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from dashboard.celery import app
from tests.factories import make_token
from tokens.services import unlocking

SOON = 50  # milliseconds that a statement waits for the lock, instead of 20 s


@pytest.fixture
def lock(transactional_db: None) -> Iterator[Any]:
    """Somebody else's write that does not end, as a backup or another program may hold it; end it by rollback()."""
    if connection.vendor != "sqlite":
        pytest.skip("one writer at a time is SQLite's")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout={SOON}")
    holder = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    yield holder
    holder.close()


def test_a_locked_database_says_so_and_the_same_again_works(lock: Any, person: Any, caplog: Any) -> None:
    token = make_token(state="healthy")
    assert unlocking.problem() == ""  # remembers the key ring, as the first start does
    client = Client(raise_request_exception=False)
    client.force_login(person)
    lock.execute("BEGIN IMMEDIATE")
    assert client.get(token.get_absolute_url()).status_code == 200
    answer = client.post(f"/tokens/{token.pk}/pause/")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "The database does not answer" in page
    assert "reload this page to send the same again" in page
    assert answer.headers["X-Request-Id"] in page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert [one for one in caplog.records if one.exc_info] == []
    assert "the database does not answer (database is locked)" in caplog.text

    lock.rollback()
    assert client.post(f"/tokens/{token.pk}/pause/").status_code == 303
    token.refresh_from_db()
    assert token.state == "paused"


def test_a_locked_database_lets_nobody_in_by_mistake(lock: Any, person: Any) -> None:
    lock.execute("BEGIN IMMEDIATE")
    client = Client(raise_request_exception=False)
    answer = client.post("/accounts/login/", {"login": "mira", "password": "a long enough phrase"})
    assert (answer.status_code, "keyward_session" in answer.cookies) == (503, False)
    lock.rollback()


def test_a_task_leaves_what_is_due_to_the_next_tick(caplog: Any, db: None) -> None:
    @app.task(name="tests.busy")
    def busy() -> None:
        raise OperationalError("database is locked")

    with pytest.raises(Ignore):
        busy()
    assert "tests.busy: the database does not answer (database is locked)" in caplog.text
