import pytest

from tokens.network.policy import AddressPolicy, AddressRefused

STRICT, LAN = AddressPolicy(), AddressPolicy(allow_private=True)


def refusal(policy: AddressPolicy, url: str) -> str:
    with pytest.raises(AddressRefused) as caught:
        policy.check_url(url)
    assert caught.value.sentence.endswith(".")
    return caught.value.code


def address_code(policy: AddressPolicy, ip: str) -> str:
    try:
        policy.check_address(ip)
    except AddressRefused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("HTTPS://API.Example.COM:443/v1", "https://api.example.com/v1"),
        ("http://api.example.com:8080/v1?a=b#part", "http://api.example.com:8080/v1?a=b"),
        ("https://api.example.com.", "https://api.example.com"),
        ("https://пример.example.com/v1", "https://xn--e1afmkfd.example.com/v1"),
        ("https://8.8.8.8/v1", "https://8.8.8.8/v1"),
        ("https://[2606:4700::1111]/v1", "https://[2606:4700::1111]/v1"),
        ("http://gateway_1:3000/v1", "http://gateway_1:3000/v1"),
    ],
)
def test_a_good_address_is_brought_into_its_normal_spelling(typed, normal):
    assert LAN.check_url(typed) == normal
    assert LAN.check_url(normal) == normal


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("//example.com/", "scheme"),
        ("example.com/v1", "scheme"),
        ("", "url"),
        ("https://", "url"),
        ("https:///v1", "url"),
        ("https://exa mple.com/", "url"),
        ("https://example.com/\nHost: x", "url"),
        ("https://example.com\\@10.0.0.1/", "url"),
        ("https://user:word@example.com/", "credentials"),
        ("https://user@example.com/", "credentials"),
        ("https://example.com:22/", "port"),
        ("https://example.com:6379/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:70000/", "port"),
        ("https://a..b/", "host"),
        ("https://-a.com/", "host"),
        ("https://%31.com/", "host"),
        ("https://" + "a" * 64 + ".com/", "host"),
    ],
)
def test_an_address_that_is_no_gateways_is_refused_with_its_reason(url, code):
    assert refusal(LAN, url) == code


ODD = "2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 127.1 127.0.0.1. 127.0.0.01 127.0.0.0x1 1.2.3.4.5 0"


@pytest.mark.parametrize("host", [*ODD.split(), "[::1%25lo]", "[fe80::1%25eth0]"])
def test_an_address_in_an_odd_spelling_is_refused_even_where_private_is_open(host):
    assert refusal(LAN, f"http://{host}/") in ("host", "url")


def test_full_width_and_ideographic_spellings_do_not_get_by():
    assert refusal(STRICT, "http://１２７.0.0.1/") in ("url", "host", "private")
    assert refusal(STRICT, "http://127。0。0。1/") == "private"


PRIVATE = ["10.0.0.1", "172.16.5.4", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.9.9.9", "100.64.0.1"]
PRIVATE += ["100.127.255.255", "::1", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"]
PRIVATE += ["64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:c0a8:101::1"]
NEVER = {
    "169.254.169.254": "metadata",
    "169.254.170.2": "metadata",
    "::ffff:169.254.169.254": "metadata",
    "64:ff9b::169.254.169.254": "metadata",
    "2002:a9fe:a9fe::": "metadata",
    "fd00:ec2::254": "metadata",
    "100.100.100.200": "metadata",
    "169.254.0.1": "link_local",
    "fe80::1": "link_local",
    "fe80::1%eth0": "link_local",
    "224.0.0.1": "multicast",
    "ff02::1": "multicast",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "0.1.2.3": "reserved",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "192.0.2.1": "reserved",
    "198.18.0.1": "reserved",
    "2001:db8::1": "reserved",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "reserved",
    "64:ff9b:1::1": "reserved",
    "::7f00:1": "reserved",
    "fec0::1": "reserved",
    "100::1": "reserved",
    "nonsense": "host",
}
PUBLIC = [
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("ip", PRIVATE)
def test_a_private_address_is_open_only_by_setting(ip):
    assert address_code(STRICT, ip) == "private"
    assert address_code(LAN, ip) == ""


@pytest.mark.parametrize(("ip", "code"), NEVER.items())
def test_some_addresses_stay_closed_whatever_is_set(ip, code):
    assert address_code(STRICT, ip) == address_code(LAN, ip) == code


@pytest.mark.parametrize("ip", PUBLIC)
def test_a_public_address_is_open(ip):
    assert address_code(STRICT, ip) == ""


def test_literals_are_judged_in_the_url_already():
    assert refusal(STRICT, "http://10.1.2.3/v1") == "private"
    assert refusal(STRICT, "http://[::1]:8080/") == "private"
    assert refusal(STRICT, "http://localhost:3000/v1") == "private"
    assert refusal(LAN, "http://169.254.169.254/latest/meta-data") == "metadata"
    assert LAN.check_url("http://localhost:3000/v1") == "http://localhost:3000/v1"


def test_plain_http_can_be_closed():
    closed = AddressPolicy(allow_http=False)
    assert refusal(closed, "http://example.com/") == "insecure"
    assert closed.check_url("https://example.com/") == "https://example.com/"


def test_a_refusal_repeats_nothing_of_what_was_typed():
    for url in ("https://user:hidden@example.com/", "https://example.com:22/hidden", "hidden"):
        with pytest.raises(AddressRefused) as caught:
            STRICT.check_url(url)
        assert "hidden" not in repr(caught.value)
        assert caught.value.__context__ is None
