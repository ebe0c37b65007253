import json
import os
import stat
import threading
from pathlib import Path

import pytest

from tokens.vault.keyring import KeyRing, KeyRingError, forget_ring, ring


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_generated_ring_is_read_back_the_same_and_is_private(path):
    made = KeyRing.generate(path)
    assert KeyRing.from_file(path) == made
    assert mode(path) == 0o600
    assert len(made.keys[made.active]) == len(made.fingerprint_key) == 32
    assert [each.name for each in path.parent.iterdir()] == ["keyring.json"]


def test_a_ring_is_never_overwritten(path):
    before = KeyRing.generate(path)
    with pytest.raises(KeyRingError, match="already"):
        KeyRing.generate(path)
    assert KeyRing.from_file(path) == before


def test_of_many_that_generate_at_once_one_wins_and_all_read_its_ring(path):
    gate, outcomes = threading.Barrier(8), []

    def start() -> None:
        gate.wait()
        try:
            outcomes.append(KeyRing.generate(path))
        except KeyRingError:
            outcomes.append(None)
        outcomes.append(KeyRing.from_file(path).active)

    threads = [threading.Thread(target=start) for _ in range(8)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    made = [each for each in outcomes if isinstance(each, KeyRing)]
    assert len(made) == 1
    assert {each for each in outcomes if isinstance(each, str)} == {made[0].active}


def test_a_ring_that_others_may_read_is_closed_to_them(path):
    KeyRing.generate(path)
    path.chmod(0o644)
    KeyRing.from_file(path)
    assert mode(path) == 0o600


def test_a_ring_in_a_place_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(KeyRingError, match="cannot be written"):
        KeyRing.generate(tmp_path / "missing" / "keyring.json")


def test_a_missing_ring_says_where_it_was_looked_for(path):
    with pytest.raises(KeyRingError, match="no key ring at"):
        KeyRing.from_file(path)


def damaged(ring: KeyRing) -> list[str]:
    good = json.loads(ring.to_json())
    return [
        "",
        "nonsense",
        "[]",
        "null",
        '{"active": "a"}',
        "[" * 100_000,
        json.dumps(good | {"active": "another"}),
        json.dumps(good | {"fingerprint": "c2hvcnQ="}),
        json.dumps(good | {"keys": {ring.active: good["fingerprint"], "a.b": good["fingerprint"]}}),
        json.dumps(good | {"keys": {ring.active: 5}}),
        ring.to_json()[:-9],
    ]


def test_a_damaged_ring_is_refused_without_a_word_of_what_it_holds(path):
    made = KeyRing.new()
    secrets = [json.loads(made.to_json())["fingerprint"], *json.loads(made.to_json())["keys"].values()]
    for text in damaged(made):
        path.write_text(text)
        with pytest.raises(KeyRingError, match="damaged") as caught:
            KeyRing.from_file(path)
        assert caught.value.__context__ is None
        assert not any(secret in repr(caught.value) for secret in secrets)


def test_bytes_that_are_no_text_are_a_damaged_ring(path):
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KeyRingError, match="damaged"):
        KeyRing.from_file(path)


def test_a_ring_does_not_show_its_keys():
    made = KeyRing.new()
    assert repr(made) == f"KeyRing(active='{made.active}')"


def test_rotation_keeps_what_opened_and_saves_in_one_step(path):
    first = KeyRing.generate(path)
    second = first.rotated()
    second.save(path)
    read = KeyRing.from_file(path)
    assert read == second
    assert read.active != first.active
    assert read.keys[first.active] == first.keys[first.active]
    assert read.fingerprint_key == first.fingerprint_key
    assert mode(path) == 0o600


def test_the_ring_in_use_comes_from_the_file_in_the_settings_and_is_read_once(path, settings):
    settings.KEYWARD_KEYRING, settings.KEYWARD_KEYRING_FILE = "", str(path)
    made = KeyRing.generate(path)
    forget_ring()
    assert ring() == made
    os.unlink(path)
    assert ring() == made


def test_a_ring_given_as_json_wins_over_the_file(path, settings):
    given = KeyRing.new()
    settings.KEYWARD_KEYRING, settings.KEYWARD_KEYRING_FILE = given.to_json(), str(path)
    forget_ring()
    assert ring() == given


def test_no_ring_at_all_says_which_setting_is_missing(settings):
    settings.KEYWARD_KEYRING = settings.KEYWARD_KEYRING_FILE = ""
    forget_ring()
    with pytest.raises(KeyRingError, match="KEYWARD_KEYRING_FILE"):
        ring()
