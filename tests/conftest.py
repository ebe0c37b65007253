"""What every test may ask for."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests import services

DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_reset_sequences"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="only tests that use the database or the queue")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--only-database"):
        return
    kept = [item for item in items if uses_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(
        fixtures & DATABASE_FIXTURES or item.get_closest_marker("django_db") or item.get_closest_marker("postgres")
    )


@pytest.fixture(scope="session", autouse=True)
def key_ring() -> Iterator[Any]:
    """A key ring made for this run, in memory only."""
    from tokens.vault.keyring import KeyRing, forget_ring, use_ring

    ring = KeyRing.new()
    use_ring(ring)
    yield ring
    forget_ring()


@pytest.fixture(autouse=True)
def fresh_memory() -> None:
    """No rate limit and no memory of people carries over from one test to the next."""
    from django.core.cache import cache

    from dashboard import first_run

    cache.clear()
    first_run.forget()


@pytest.fixture
def person(db: None) -> Any:
    """Somebody who may sign in."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_superuser("mira", "mira@example.com", "a long enough phrase")


@pytest.fixture
def signed_in(client: Any, person: Any) -> Any:
    """A browser in which `person` is signed in."""
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with services.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with services.redis() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium that talks to nobody but the page under test."""
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread; the database calls of the tests are still ordinary ones.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=services.chromium(), args=[*quiet, "--disable-sync", "--no-first-run"]
        )
        yield browser
        browser.close()
