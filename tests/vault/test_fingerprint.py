import re
import time

import pytest

from tokens.vault.fingerprint import bearer_of, fingerprint, from_gateway, hint, normalise_key
from tokens.vault.keyring import KeyRing, use_ring


def test_a_key_is_the_same_with_and_without_its_prefix(a_key, a_stem):
    assert fingerprint(a_key) == fingerprint(a_stem) == fingerprint(f" {a_key}\n")
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(a_key))


def test_two_keys_differ_and_another_ring_gives_another_fingerprint(a_key, make_stem):
    before = fingerprint(a_key)
    assert before != fingerprint(make_stem())
    use_ring(KeyRing.new())
    assert before != fingerprint(a_key)


def test_the_hint_is_the_last_four(a_key):
    assert hint(a_key) == a_key[-4:]


def test_a_bare_key_of_the_family_is_sent_with_its_prefix(make_stem):
    for bare in (make_stem(48), make_stem(58) + "-"):
        assert bearer_of(bare) == "sk-" + bare
        assert bearer_of(bearer_of(bare)) == "sk-" + bare


@pytest.mark.parametrize("prefix", ["sk-proj-", "gsk_", "AIza", "xai-", "pplx-"])
def test_a_vendors_key_is_sent_as_it_is(prefix, make_stem):
    for length in (30, 48 - len(prefix), 59 - len(prefix)):
        key = prefix + make_stem(length)
        assert bearer_of(key) == key == normalise_key(key).key


def test_a_key_without_prefix_of_another_length_is_sent_as_it_is(make_stem):
    key = make_stem(64)
    assert bearer_of(key) == key == normalise_key(key).bearer


def test_what_a_gateway_reveals_is_kept_with_the_prefix_whatever_its_length(make_stem):
    short = make_stem(36)
    assert from_gateway(short) == from_gateway("sk-" + short) == "sk-" + short


WRAPPINGS = {
    "{}": None,
    "  {}\r\n": "Spaces",
    "\t{}\u00a0": "Spaces",
    '"{}"': "Quotes",
    "'{}',": "Quotes",
    "`{}`": "Quotes",
    "“{}”": "Quotes",
    "<{}>": "brackets",
    "{},": "comma",
    "{};": "comma",
    "Bearer {}": "header",
    "bearer  {}": "header",
    "Authorization: Bearer {}": "header",
    '-H "Authorization: Bearer {}"': "header",
    "x-api-key: {}": "header",
    "'Authorization': 'Bearer {}',": "header",
    "export OPENAI_API_KEY={}": "name",
    'export COMETAPI_KEY="{}"': "name",
    "OPENAI_API_KEY = '{}'": "name",
    "$env:OPENAI_API_KEY='{}'": "name",
    'api_key="{}",': "name",
    '{{"key": "{}"}}': "name",
    "api_key: {}": "name",
    "\ufeff{}\u200b": "Invisible",
    "\u202a{}\u202c\x00": "Invisible",
}


@pytest.mark.parametrize(("wrapping", "said"), WRAPPINGS.items())
def test_a_wrapped_key_is_found_and_the_correction_is_said(wrapping, said, a_key):
    clean = normalise_key(wrapping.format(a_key))
    assert clean.key == a_key
    assert clean.problem == ""
    assert said is None or said in " ".join(clean.corrections)
    assert bool(clean.corrections) == bool(said)


def test_a_key_without_its_prefix_is_the_same_key(a_key, a_stem):
    clean = normalise_key(a_stem)
    assert clean.key == clean.bearer == a_key
    assert clean.corrections == ("The missing sk- was put in front.",)
    assert fingerprint(clean.key) == fingerprint(a_stem)


def test_a_prefix_typed_wrong_is_mended(a_key, a_stem):
    for typed in (f"SK-{a_stem}", f"sk-sk-{a_stem}", f"sk–{a_stem}", f"sk\u2011{a_stem}", f"ｓk－{a_stem}"):
        assert normalise_key(typed).key == a_key, typed
        assert normalise_key(typed).corrections


def test_a_key_broken_over_lines_is_made_whole(a_key):
    for broken in (f"{a_key[:20]}\n  {a_key[20:]}", f"{a_key[:9]} {a_key[9:]}"):
        assert normalise_key(broken).key == a_key
        assert normalise_key(broken).corrections == ("Spaces and line breaks were removed.",)


def problems() -> dict[str, str]:
    return {
        "": "no key here",
        " \n\u200b": "no key here",
        "sk-AbCd**********wXyZ": "masked",
        "AbCd…wXyZ": "masked",
        "sk-AbCd...wXyZ": "masked",
        "sk-••••••••wXyZ": "masked",
        "sk-abc": "too short",
        "Bearer": "too short",
        "sk-" + "a" * 600: "too long",
        "https://gateway.example.com/v1": "address",
        "my key is sk-abcdefghijklmnop": "words beside",
        "sk-abcdefgh sk-ijklmnop": "more than one",
        "sk-abcdefgh密码ijklmnop": "密",
        "sk-abcdefgh\\ijklmnop": "\\",
        "abcdefgh+ijklmnop/qrstuvwx0=": "access token",
        "abcdefgh+ijklmnop/qrstuvwxy01234": "access token",
    }


@pytest.mark.parametrize(("typed", "said"), problems().items())
def test_what_cannot_be_a_key_comes_back_as_a_problem(typed, said):
    clean = normalise_key(typed)
    assert said in clean.problem
    assert clean.key == clean.bearer == ""


def test_a_clean_key_does_not_show_itself(a_key):
    assert a_key not in repr(normalise_key(a_key))


def test_a_flood_of_text_is_refused_at_once():
    for flood in ("Bearer " * 100_000, "a=" * 100_000, "sk-" * 1300, "\u200b" * 4096):
        started = time.perf_counter()
        assert normalise_key(flood).problem
        assert time.perf_counter() - started < 1
