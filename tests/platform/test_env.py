"""The environment: typed, also from files, loud on nonsense, and one table for the docs."""

from pathlib import Path

import pytest

from dashboard import env
from dashboard.paths import BASE_DIR


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = env.read({})
    assert (settings.host, settings.port, settings.check_interval, settings.debug) == ("127.0.0.1", 8000, 600, False)
    assert settings.data_dir == Path("var").absolute()
    assert settings.address == "http://127.0.0.1:8000"


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("long and quiet\n")
    assert env.read({"KEYWARD_ADMIN_PASSWORD_FILE": str(secret)}).admin_password == "long and quiet"


def test_a_value_and_its_file_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(env.EnvError, match="Both KEYWARD_PORT and KEYWARD_PORT_FILE are set"):
        env.read({"KEYWARD_PORT": "8001", "KEYWARD_PORT_FILE": str(tmp_path / "port")})


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(env.EnvError, match=r"KEYWARD_SECRET_KEY_FILE names .*nowhere, which cannot be read"):
        env.read({"KEYWARD_SECRET_KEY_FILE": str(tmp_path / "nowhere")})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEYWARD_PORT", "80a"),
        ("KEYWARD_PORT", "0"),
        ("KEYWARD_PORT", "70000"),
        ("KEYWARD_PORT", "²"),
        ("KEYWARD_DEBUG", "maybe"),
        ("KEYWARD_CHECK_INTERVAL", "5"),
        ("KEYWARD_PUBLIC_URL", "keyward.example.com"),
        ("KEYWARD_PUBLIC_URL", "https://example.com/keyward"),
        ("KEYWARD_TRUSTED_PROXIES", "my-proxy"),
        ("KEYWARD_TIME_ZONE", "Mars/Olympus"),
        ("KEYWARD_TIME_ZONE", "../../etc/passwd"),
        ("KEYWARD_SMTP_TLS", "ssl3"),
        ("KEYWARD_LOG_LEVEL", "loud"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("CELERY_BROKER_URL", "amqp://localhost"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(env.EnvError, match=f"^{name} cannot be .*: .*"):
        env.read({name: value})


def test_a_misspelt_setting_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(env.EnvError, match=r"There is no setting KEYWARD_PROT\. Did you mean KEYWARD_PORT\?"):
        env.read({"KEYWARD_PROT": "8000"})


def test_a_secret_is_never_shown() -> None:
    with pytest.raises(env.EnvError) as refused:
        env.read({"DATABASE_URL": "mysql://user:hunter2@localhost/x"})
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    given = {"KEYWARD_ADMIN_PASSWORD": "hunter2", "KEYWARD_SECRET_KEY": "hunter2", "KEYWARD_SMTP_PASSWORD": "hunter2"}
    assert "hunter2" not in repr(env.read(given))


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"KEYWARD_PUBLIC_URL": "https://keyward.example.com/"}, "https://keyward.example.com"),
        ({"KEYWARD_HOST": "0.0.0.0", "KEYWARD_PORT": "9"}, "http://127.0.0.1:9"),
        ({"KEYWARD_HOST": "::1"}, "http://[::1]:8000"),
    ],
)
def test_the_address_follows_the_settings(given: dict[str, str], address: str) -> None:
    assert env.read(given).address == address


def test_the_documented_table_is_the_one_in_the_code() -> None:
    assert env.table() in (BASE_DIR / "docs" / "settings.md").read_text(encoding="utf-8")
