"""Why no answer came. The transport's own errors are read here and nowhere else; they may hold URLs and headers,
so nothing of their text passes on, but a certificate's verdict."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Literal

import aiohttp
from django.utils.translation import gettext as _

from .body import TooLarge
from .policy import AddressRefused

Fault = Literal["dns", "tls", "connect", "timeout", "closed", "too_large", "refused_address"]


class NetworkFault(Exception):
    """No usable answer came. `sentence` is for people: no path, no query, no header."""

    def __init__(self, kind: Fault, sentence: str = "") -> None:
        self.kind: Fault = kind
        self.sentence = sentence or sentence_of(kind)
        super().__init__(kind, self.sentence)

    def __str__(self) -> str:
        return self.sentence


class Barred(OSError):
    """A refusal where the socket is made; an OSError, since the connector passes on nothing else from there."""

    def __init__(self, refusal: AddressRefused) -> None:
        super().__init__("address refused")
        self.refusal = refusal


def sentence_of(kind: Fault) -> str:
    match kind:
        case "dns":
            return _("The host's name could not be found. Check its spelling, and this machine's DNS.")
        case "tls":
            return _("No secure connection could be made: the server does not speak TLS there, or breaks it off.")
        case "connect":
            return _("Nothing accepts connections there. The gateway is down, or the port is wrong.")
        case "timeout":
            return _("The gateway did not answer in time.")
        case "closed":
            return _("The connection closed before a whole answer came.")
        case "too_large":
            return _("The answer is far larger than a gateway's answer can be. The address is likely another page.")
        case "refused_address":
            return _("The address may not be reached from here.")


def fault_of(error: BaseException) -> NetworkFault:
    """The fault behind an error of httpx, aiohttp, ssl or the socket."""
    causes = tuple(_causes(error))
    for cause in reversed(causes):  # the innermost knows most: aiohttp's certificate error has lost the reason
        if isinstance(cause, Barred):
            return NetworkFault("refused_address", cause.refusal.sentence)
        if isinstance(cause, AddressRefused):
            return NetworkFault("refused_address", cause.sentence)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NetworkFault("tls", _certificate_sentence(cause))
    # httpx-aiohttp calls nearly everything a ConnectTimeout, so aiohttp's own word below it decides.
    return next((NetworkFault(kind) for cause in causes if (kind := _kind(cause))), NetworkFault("closed"))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what lies under it, innermost last."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _kind(error: BaseException) -> Fault | None:
    match error:
        case TooLarge():
            return "too_large"
        case aiohttp.ClientConnectorDNSError():
            return "dns"
        case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch() | ssl.SSLError():
            return "tls"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            return "closed"
        case aiohttp.ServerTimeoutError() | TimeoutError():
            return "timeout"
        case aiohttp.ClientConnectorError():
            return "connect"
        case aiohttp.ClientError() | OSError():
            return "closed"
    return None


def _certificate_sentence(error: ssl.SSLCertVerificationError) -> str:
    reason = getattr(error, "verify_message", "") or _("it could not be verified")
    return _("The server's certificate is not trusted: %(reason)s.") % {"reason": reason}
