"""The demo: the same program in a data folder of its own, with simulated gateways beside it and a sign-in ready."""

import secrets
from pathlib import Path

from django.conf import settings
from django.core.management import call_command, get_commands

from dashboard import files
from dashboard.env import Env

USER = "demo"


def password() -> str:
    """The demo's password, made once and kept in its data folder."""
    return files.private_text(Path(settings.DATA_DIR) / "demo-password", secrets.token_urlsafe(9))


def seed(env: Env) -> None:
    """Fill the demo with gateways, tokens and history, where they are not there yet."""
    if "demo" in get_commands():
        call_command("demo", gateways=settings.KEYWARD_DEMO_GATEWAYS)


def sign_in(env: Env) -> list[str]:
    """What to tell at the terminal."""
    return [f"Sign in as {USER} with the password {password()}"] if env.demo else []
