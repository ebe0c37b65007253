import secrets
import string
from collections.abc import Callable, Iterator

import pytest

from tokens.vault.keyring import KeyRing, forget_ring, use_ring


@pytest.fixture(autouse=True)
def ring() -> Iterator[KeyRing]:
    made = KeyRing.new()
    use_ring(made)
    yield made
    forget_ring()


def letters(count: int = 48) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))


@pytest.fixture
def a_stem() -> str:
    """What a gateway makes: 48 letters and digits, never the same twice."""
    return letters()


@pytest.fixture
def a_key(a_stem: str) -> str:
    return "sk-" + a_stem


@pytest.fixture
def make_stem() -> Callable[..., str]:
    return letters
