import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tokens.vault.cipher import WrongKey, is_stale, open_sealed, reseal, ring_check, ring_matches, seal
from tokens.vault.keyring import KeyRing, use_ring

BOUND = "token.key:1"
any_text = st.text(st.characters(exclude_categories=()), max_size=200)  # surrogates too: pasted text can hold them
places = st.text(min_size=1, max_size=60)


@given(any_text, places)
def test_what_is_sealed_opens_again(clear, place):
    sealed = seal(clear, bound_to=place)
    assert open_sealed(sealed, bound_to=place) == clear
    assert sealed.isascii()


@given(any_text, places, places)
def test_a_secret_moved_to_another_row_or_field_does_not_open(clear, place, elsewhere):
    assume(place != elsewhere)
    with pytest.raises(WrongKey):
        open_sealed(seal(clear, bound_to=place), bound_to=elsewhere)


@given(st.text(min_size=1, max_size=40), st.data())
def test_a_sealed_text_changed_anywhere_does_not_open(clear, data):
    sealed = seal(clear, bound_to=BOUND)
    where = data.draw(st.integers(0, len(sealed) - 2))  # the last character has bits that base64 ignores
    other = data.draw(
        st.sampled_from(string.ascii_letters + string.digits + "-_.").filter(lambda c: c != sealed[where])
    )
    with pytest.raises(WrongKey):
        open_sealed(sealed[:where] + other + sealed[where + 1 :], bound_to=BOUND)


@given(any_text)
def test_what_was_never_sealed_raises_and_never_opens_as_empty(text):
    with pytest.raises(WrongKey):
        open_sealed(text, bound_to=BOUND)


def test_the_same_secret_is_sealed_differently_each_time(a_key):
    assert seal(a_key, bound_to=BOUND) != seal(a_key, bound_to=BOUND)


def test_sealing_needs_a_place(a_key):
    with pytest.raises(ValueError, match="bound"):
        seal(a_key, bound_to="")


def test_a_ring_without_the_key_names_its_id_and_no_secret(ring, a_key):
    sealed = seal(a_key, bound_to=BOUND)
    use_ring(KeyRing.new())
    with pytest.raises(WrongKey, match=ring.active) as caught:
        open_sealed(sealed, bound_to=BOUND)
    assert a_key not in repr(caught.value)


def test_another_key_under_the_same_id_does_not_open(ring, a_key):
    sealed = seal(a_key, bound_to=BOUND)
    other = KeyRing.new()
    use_ring(KeyRing(ring.active, {ring.active: other.keys[other.active]}, ring.fingerprint_key))
    with pytest.raises(WrongKey, match="does not open"):
        open_sealed(sealed, bound_to=BOUND)


def test_after_rotation_the_old_opens_and_the_new_seals(ring, a_key):
    old = seal(a_key, bound_to=BOUND)
    use_ring(ring.rotated())
    assert open_sealed(old, bound_to=BOUND) == a_key
    assert is_stale(old)
    new = reseal(old, bound_to=BOUND)
    assert not is_stale(new)
    assert open_sealed(new, bound_to=BOUND) == a_key


def test_the_check_knows_its_ring_after_rotation_and_no_other(ring):
    check = ring_check(ring)
    assert ring_matches(check, ring)
    assert ring_matches(check, ring.rotated())
    assert not ring_matches(check, KeyRing.new())
    assert not ring_matches("", ring)


def test_the_check_notices_another_fingerprint_key(ring):
    assert not ring_matches(ring_check(ring), KeyRing(ring.active, ring.keys, KeyRing.new().fingerprint_key))
