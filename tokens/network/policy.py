"""Which addresses Keyward may talk to: judged as typed, and again for every address a name resolves to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx
from django.utils.translation import gettext as _

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*ranges: str) -> tuple[Network, ...]:
    return tuple(ip_network(each) for each in ranges)


# Clouds hand out credentials here; some of these lie in private or even public ranges.
METADATA = frozenset(
    ip_address(each)
    for each in (
        "169.254.169.254",  # AWS, Google, Azure, most others
        "169.254.170.2",  # AWS containers
        "169.254.170.23",  # AWS EKS pod identity
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS EKS pod identity
        "fd20:ce::254",  # Google
        "fd00:42::42",  # Scaleway
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure's host agent
    )
)
# What a LAN, a VPN (100.64/10 is also Tailscale's) or this machine uses: opened by setting.
PRIVATE = _networks(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "fc00::/7", "::1/128"
)
NAT64 = IPv6Network("64:ff9b::/96")  # the IPv4 address is in the last 32 bits
SIX_TO_FOUR = IPv6Network("2002::/16")  # in bits 16 to 48
TEREDO = IPv6Network("2001::/32")
GLOBAL_UNICAST = IPv6Network("2000::/3")

# Services that could be made to act on the text of a request. HTTP never lives there.
CLOSED_PORTS = frozenset(
    {0, 7, 9, 19, 21, 22, 23, 25, 53, 69, 110, 111, 119, 135, 139, 143, 161, 389, 445, 465, 514, 587, 636, 873, 993}
    | {995, 1433, 1521, 2049, 2375, 2376, 2379, 3306, 3389, 5432, 5672, 5900, 6000, 6379, 9042, 11211, 27017}
)
PRINTABLE = re.compile(r"[\x21-\x7e\u0080-\U0010ffff]+")
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"  # "_" is no good DNS, but container names have it
HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})*")
ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?\Z")


class AddressRefused(ValueError):
    """The policy says no. `sentence` says why and what to do, and holds no part of the address.

    `code`: url, scheme, insecure, credentials, port, host, private, metadata, link_local, multicast, unspecified
    or reserved.
    """

    def __init__(self, code: str, sentence: str = "") -> None:
        self.code = code
        self.sentence = sentence or _sentence(code)
        super().__init__(code, self.sentence)

    def __str__(self) -> str:
        return self.sentence


def _sentence(code: str) -> str:
    match code:
        case "scheme":
            return _("The address has to start with https:// or http://.")
        case "insecure":
            return _("The address has to start with https://.")
        case "credentials":
            return _("The address holds a user name or password. Take it out: keys have a field of their own.")
        case "port":
            return _("This port belongs to another kind of service. Use the port of the gateway's web interface.")
        case "host":
            return _("The host in the address is not spelled as a name or a plain IP address.")
        case "private":
            return _(
                "The address is on a private network. Set KEYWARD_ALLOW_PRIVATE_ADDRESSES to watch gateways there."
            )
        case "metadata":
            return _("The address belongs to a cloud's metadata service, which is never a gateway.")
        case "url":
            return _("This is not a web address. It looks like https://gateway.example.com/v1.")
    return _("The address is in a range that no gateway can have.")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be reached. Metadata, link-local, multicast and reserved addresses stay closed whatever is set."""

    allow_private: bool = False
    allow_http: bool = True

    def check_url(self, url: str) -> str:
        """The URL in its normal spelling, its literal address judged. Raises AddressRefused."""
        parsed = _parse(url)
        if parsed.scheme not in ("http", "https"):
            raise AddressRefused("scheme")
        if parsed.scheme == "http" and not self.allow_http:
            raise AddressRefused("insecure")
        if parsed.userinfo or "@" in parsed.netloc.decode("ascii"):
            raise AddressRefused("credentials")
        if parsed.port is not None and (parsed.port in CLOSED_PORTS or parsed.port > 65535):
            raise AddressRefused("port")
        return str(parsed.copy_with(host=self._check_host(parsed), fragment=None))

    def check_address(self, ip: str) -> None:
        """Judge one resolved address. Raises AddressRefused."""
        try:
            address = ip_address(ip)
        except ValueError:
            code = "host"
        else:
            code = self._judge(address)
        if code:
            raise AddressRefused(code)

    def _check_host(self, parsed: httpx.URL) -> str:
        host = parsed.raw_host.decode("ascii").lower()
        if ":" in host or ENDS_IN_NUMBER.search(host):
            self._check_literal(host)
            return host
        host = host.removesuffix(".")
        if not HOST_NAME.fullmatch(host):
            raise AddressRefused("host")
        if not self.allow_private and (host == "localhost" or host.endswith(".localhost")):
            raise AddressRefused("private")
        return host

    def _check_literal(self, host: str) -> None:
        """Only the plain spelling passes: no octal, hex, single number, trailing dot or zone."""
        try:
            plain = "%" not in host and (":" in host or str(ip_address(host)) == host)
        except ValueError:
            plain = False
        if not plain:
            raise AddressRefused("host")
        self.check_address(host)

    def _judge(self, address: Address) -> str:
        """Why not, or "" when the address may be reached."""
        if carried := _carried(address):
            return self._judge(carried)
        if address in METADATA:
            return "metadata"
        if any(address in network for network in PRIVATE if network.version == address.version):
            return "" if self.allow_private else "private"
        return _special(address)


def _parse(url: str) -> httpx.URL:
    try:
        if PRINTABLE.fullmatch(url) and "\\" not in url:
            parsed = httpx.URL(url)
            if parsed.host or parsed.scheme not in ("http", "https"):
                return parsed
    except (httpx.InvalidURL, ValueError):
        pass
    raise AddressRefused("url")


def _carried(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for on the way (mapped, NAT64, 6to4)."""
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return address.ipv4_mapped


def _special(address: Address) -> str:
    if address.is_link_local:
        return "link_local"
    if address.is_multicast:
        return "multicast"
    if address.is_unspecified:
        return "unspecified"
    outside = isinstance(address, IPv6Address) and (address not in GLOBAL_UNICAST or address in TEREDO)
    return "reserved" if outside or address.is_reserved or not address.is_global else ""
