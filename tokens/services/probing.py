"""Ask an address what stands there before anything is saved, and say how it differs from what was typed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from tokens.gateways.answers import in_words
from tokens.gateways.records import Correction, ProbeResult, Step
from tokens.models import Gateway
from tokens.network.policy import AddressRefused

from . import connecting, looking

COMET = "https://api.cometapi.com/v1"
KINDS = {"cometapi": "cometapi", "family": "new-api", "openai": "openai"}  # the choice, and the dialect it stands for
TOO_SHORT = re.compile(r"(?:https?:?/{0,2})?[^./:]{0,60}\Z", re.I)  # still being typed: no host yet


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the address: kept, struck out, or added."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking. `refused` is the policy's sentence; `found` is None when nobody was asked."""

    typed: str
    found: ProbeResult | None = None
    refused: str = ""
    twin: Gateway | None = None  # connected already at the right address
    seconds: float = 0.0

    @property
    def answers(self) -> bool:
        return self.found is not None and self.found.answers

    @property
    def right(self) -> str:
        """The address to use, as far as it is known."""
        return self.found.base_url if self.found else ""

    @property
    def differs(self) -> bool:
        """Another address is offered: the one that answers, or where a redirect points, to be asked next."""
        redirected = any(one.code == "redirect" for one in self.corrections)
        return bool(self.right) and self.right != self.typed and (self.answers or redirected)

    @property
    def elsewhere(self) -> bool:
        """The offered address is on another host: a person has to agree first."""
        return self.differs and _host(self.right) != _host(self.typed)

    @property
    def pieces(self) -> list[Piece]:
        return list(differences(self.typed, self.right)) if self.differs else []

    @property
    def corrections(self) -> tuple[Correction, ...]:
        return self.found.corrections if self.found else ()

    @property
    def walk(self) -> list[dict[str, Any]]:
        """The steps as the walk component reads them."""
        steps: tuple[Step, ...] = self.found.steps if self.found else ()
        return [{"title": one.title, "note": one.note, "state": one.state, "ms": one.latency_ms} for one in steps]


def ask(typed: str, kind: str = "") -> Asked:
    """Probe what was typed. Never raises: a refusal of the policy is in the answer."""
    typed = typed.strip()
    if TOO_SHORT.match(typed):
        return Asked(typed)
    began = time.monotonic()
    try:
        found = connecting.probe_address(typed, KINDS.get(kind, ""))
    except AddressRefused as refusal:
        return Asked(typed, refused=refusal.sentence)
    if not found.answers and found.evidence and found.evidence.fault == "refused_address":
        return Asked(typed, refused=found.evidence.message)  # the name resolves to where Keyward may not call
    twin = Gateway.objects.filter(base_url=found.base_url).first()
    return Asked(typed, found, twin=twin, seconds=time.monotonic() - began)


def unanswered(asked: Asked, kind: str) -> ProbeResult:
    """What to save when a person insists on an address that is silent now. Raises AddressRefused."""
    typed = asked.typed if "://" in asked.typed else f"https://{asked.typed}"
    address = looking.policy().check_url(asked.right or typed).rstrip("/")
    found = asked.found or ProbeResult(asked.typed, address, answers=False)
    return replace(found, base_url=address, dialect=KINDS.get(kind, "openai"))


def default_name(found: ProbeResult) -> str:
    """A gateway's name when nobody gave one: the brand, or the host."""
    return "CometAPI" if found.dialect == "cometapi" else (urlsplit(found.base_url).hostname or found.base_url)[:120]


def differences(typed: str, right: str) -> Iterator[Piece]:
    """The typed address turned into the right one: scheme, host, and the path segment by segment."""
    mine, other = _cut(typed), _cut(right)
    for before, after in zip(mine[:2], other[:2], strict=True):
        yield from _pair(before, after)
    same = [text for text, _other in takewhile(lambda pair: pair[0] == pair[1], zip(mine[2], other[2], strict=False))]
    kept = "".join(same)
    if kept:
        yield Piece("kept", kept)
    yield from _changed("".join(mine[2])[len(kept) :], "".join(other[2])[len(kept) :])


def _pair(before: str, after: str) -> Iterator[Piece]:
    if before == after:
        yield Piece("kept", before)
    else:
        yield from _changed(before, after)


def _changed(before: str, after: str) -> Iterator[Piece]:
    if before:
        yield Piece("struck", before)
    if after:
        yield Piece("added", after)


def _cut(address: str) -> tuple[str, str, list[str]]:
    """Scheme with its slashes, host, and the path as segments that keep their slash."""
    scheme, mark, rest = address.partition("://")
    if not mark:
        scheme, rest = "", address
    host, slash, path = rest.partition("/")
    return scheme + mark, host, re.findall(r"/[^/]*", slash + path)


def _host(address: str) -> str:
    return _cut(address)[1].lower()


def no_answer(asked: Asked) -> str:
    """Why an address cannot be connected as it is, for the field."""
    if asked.found is None:
        return _("This is not a whole address yet. It looks like https://gateway.example.com/v1.")
    none = _("Nothing that speaks the OpenAI API answers at this address.")
    return f"{none} {in_words(asked.found.evidence)}" if asked.found.evidence else none


class NotYet(ValueError):
    """The address is not one to save as it stands; `insist` when a person may save it all the same."""

    def __init__(self, sentence: str, *, insist: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.insist = insist


def settled(asked: Asked, kind: str, *, anyway: bool = False) -> ProbeResult:
    """What to connect to. Raises NotYet with the sentence for the field."""
    if asked.refused:
        raise NotYet(asked.refused)
    if asked.twin:
        raise NotYet(_("This address is connected already, as %(name)s.") % {"name": asked.twin.name})
    if asked.found and asked.answers:
        if asked.elsewhere:
            words = _("The gateway answers at another address, %(address)s. Take that one if you know it.")
            raise NotYet(words % {"address": asked.right})
        return asked.found
    if not anyway or asked.found is None:
        raise NotYet(no_answer(asked), insist=asked.found is not None)
    try:
        return unanswered(asked, kind)
    except AddressRefused as refusal:
        raise NotYet(refusal.sentence) from None
