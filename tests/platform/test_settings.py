"""What the settings become: safe cookies behind https, ticks that expire, a database fit for several processes."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from dashboard.celery_settings import TICKS, celery_settings, schedule
from dashboard.database import database
from dashboard.env import read
from tests.platform.keyward import ask_settings


def test_every_tick_expires_before_the_next_one() -> None:
    assert len(schedule()) == len(TICKS)
    for entry in schedule().values():
        assert 0 < entry["options"]["expires"] < entry["schedule"]


def test_every_tick_names_a_task_that_exists() -> None:
    from dashboard.celery import app

    app.loader.import_default_modules()
    assert {task for task, _ in TICKS} <= set(app.tasks)


def test_work_is_json_acknowledged_late_and_kept_nowhere(tmp_path: Path) -> None:
    celery = celery_settings(read({}), tmp_path)
    assert celery["accept_content"] == ["json"]
    assert celery["task_acks_late"]
    assert celery["task_reject_on_worker_lost"]
    assert celery["task_ignore_result"]
    assert celery["worker_prefetch_multiplier"] == 1
    assert celery["task_soft_time_limit"] < celery["task_time_limit"]
    assert (tmp_path / "queue").stat().st_mode & 0o077 == 0


def test_a_postgresql_url_is_read_with_its_escapes(tmp_path: Path) -> None:
    found = database("postgresql://me:p%40ss%2Fword@db.example:6543/key%20ward?sslmode=require", tmp_path)
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("me", "p@ss/word", "db.example", "6543")
    assert (found["NAME"], found["OPTIONS"]["sslmode"]) == ("key ward", "require")


def test_sqlite_waits_for_the_lock_and_lets_readers_go_on(db: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_https_makes_cookies_secure_and_turns_hsts_on(tmp_path: Path) -> None:
    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "ALLOWED_HOSTS"]
    secure = ask_settings(tmp_path, names, KEYWARD_PUBLIC_URL="https://keyward.example.com")
    plain = ask_settings(tmp_path, names)
    assert secure[:3] == [True, True, 31_536_000]
    assert "keyward.example.com" in secure[3]
    assert plain[:3] == [False, False, 0]


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first, second = (ask_settings(tmp_path, ["SECRET_KEY"]) for _ in range(2))
    assert first == second
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
