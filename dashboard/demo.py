"""The demo: the same program in a data folder of its own, with simulated gateways beside it and a sign-in ready."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dashboard import files
from dashboard.env import Env
from tokens.management.demo.cast import HOUSES

USER = "demo"
BRANDS = tuple(house.brand for house in HOUSES)
NAMES = {house.brand: house.name for house in HOUSES}


@dataclass(frozen=True)
class DemoGateway:
    """A simulated gateway: where it listens, how it speaks, and the file that it keeps its accounts and tokens in."""

    port: int
    brand: str
    state: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def demo_gateways(env: Env) -> tuple[DemoGateway, ...]:
    """Two, on the ports after the dashboard's; none when this is no demo."""
    if not env.demo:
        return ()
    ports = range(env.port + 1, env.port + 1 + len(BRANDS))
    return tuple(
        DemoGateway(port, brand, env.data_dir / f"gateway-{brand.removesuffix('_error')}.json")
        for port, brand in zip(ports, BRANDS, strict=True)
    )


def switches(gateways: Iterable[DemoGateway]) -> list[tuple[str, str]]:
    """Name and address of each simulator's own page, where a visitor makes things fail. The banner says simulated."""
    return [(NAMES[gateway.brand].removesuffix(" (simulated)"), f"{gateway.url}/_sim/") for gateway in gateways]


def password(data_dir: Path) -> str:
    """The demo's password, made once and kept in its data folder."""
    return files.private_text(data_dir / "demo-password", secrets.token_urlsafe(9))


def sign_in(env: Env) -> list[str]:
    """What to tell at the terminal."""
    return [f"Sign in as {USER} with the password {password(env.data_dir)}"] if env.demo else []
