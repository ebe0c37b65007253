"""From an address as typed to what stands there: a base URL, a dialect, capabilities, and sentences for the form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tokens.network.client import Wire
from tokens.network.policy import AddressRefused

from .addresses import COMETAPI, COMETAPI_PAGES, OPENAI_HOST, Typed, base_paths, origins, take_apart
from .dialects import NAMES, Signs, capabilities_of, dialect_of, units_to_the_dollar, version_of
from .reading import Reading, ask
from .records import Correction, Evidence, ProbeResult, Step
from .relay import management_root

MOST_CANDIDATES = 6


@dataclass(slots=True)
class Walk:
    """What a probe has seen on its way."""

    steps: list[Step] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    last: Evidence | None = None  # the most telling answer so far
    redirected: str = ""  # host and path that a redirect pointed to


async def probe(wire: Wire, typed: str, *, preset: str = "") -> ProbeResult:
    """Find what stands at `typed`. Raises AddressRefused when the policy forbids to ask, and nothing else."""
    walk = Walk()
    try:
        taken = take_apart(typed)
    except ValueError:
        raise AddressRefused("url") from None
    wire.policy.check_url(f"{taken.scheme}://{taken.host}{taken.path}")
    if replaced := _preset_address(taken, preset, walk):
        taken = replaced
    found = await _find_base(wire, taken, walk)
    if found is None:
        return _nothing(typed, taken, walk, wire)
    base_url, reading = found
    _note_corrections(taken, base_url, walk)
    signs = await _look_around(wire, base_url, reading)
    return _result(typed, base_url, signs, walk)


def _preset_address(taken: Typed, preset: str, walk: Walk) -> Typed | None:
    """The two addresses that people enter for CometAPI by mistake: OpenAI's, and its own pages."""
    name = urlsplit(f"//{taken.host}").hostname or ""
    if preset != "cometapi":
        return None
    if name == OPENAI_HOST:
        text = _("Your SDK's default is OpenAI's own address, where a CometAPI key is an invalid token.")
        walk.corrections.append(Correction("openai_default", _("This is OpenAI, not CometAPI."), text))
    elif name in COMETAPI_PAGES:
        text = _("Pages live on %(host)s, the API on api.cometapi.com.") % {"host": name}
        walk.corrections.append(Correction("other_host", _("This host shows web pages."), text))
    else:
        return None
    return take_apart(COMETAPI)


async def _find_base(wire: Wire, taken: Typed, walk: Walk) -> tuple[str, Reading] | None:
    """The first candidate whose /models answers in JSON as the OpenAI dialect does. A dead host is asked once."""
    for origin in origins(taken):
        for path in base_paths(taken.path)[:MOST_CANDIDATES]:
            base_url = origin + path
            reading = await ask(wire, "status", "GET", f"{base_url}/models")
            walk.steps.append(_step(reading, path))
            if reading.evidence.fault:
                walk.last = walk.last or reading.evidence
                break
            if _speaks(reading):
                walk.last = reading.evidence
                return base_url, reading
            _note_answer(reading.evidence, path, walk)
    return None


def _speaks(reading: Reading) -> bool:
    """A list of models, or an error in JSON that refuses a call without a key. A 404 in JSON is another path's."""
    evidence, payload = reading.evidence, reading.payload
    if evidence.body != "json" or evidence.status == 404:
        return False
    if evidence.status == 200:
        return isinstance(payload, list) or (isinstance(payload, dict) and ("data" in payload or "error" in payload))
    return evidence.status in (400, 401, 403, 429, 500, 503) and isinstance(payload, dict)


def _note_answer(evidence: Evidence, path: str, walk: Walk) -> None:
    walk.last = evidence if walk.last is None or walk.last.fault else walk.last
    if evidence.body == "redirect" and not walk.redirected:
        walk.redirected = evidence.location
        text = _("It points to %(target)s. Keyward follows no redirect, since it would take a key along.")
        target = {"target": evidence.location or _("nowhere")}
        walk.corrections.append(Correction("redirect", _("The address answers with a redirect."), text % target))
    elif evidence.body == "html" and evidence.status == 200:
        text = _("It answers 200 with HTML, so an SDK would see no response at all.")
        title = _("%(path)s is a web page.") % {"path": path or "/"}
        walk.corrections.append(Correction("html", title, text))


def _note_corrections(taken: Typed, base_url: str, walk: Walk) -> None:
    walk.corrections[:0] = _scheme_corrections(taken, base_url)
    path = urlsplit(base_url).path
    if taken.path == path:
        if taken.slash:
            text = _("SDKs put a slash of their own between the base URL and a call.")
            walk.corrections.append(Correction("trailing_slash", _("The slash at the end goes."), text))
        return
    if not taken.path or path == f"{taken.path}/v1":
        text = _("SDKs put /chat/completions right behind the base URL, so it has to end in /v1.")
        walk.corrections.append(Correction("missing_v1", _("/v1 is missing."), text))
    elif not any(known.code in ("html", "openai_default", "other_host") for known in walk.corrections):
        text = _("It is a page or a single call. The base URL is what all calls begin with.")
        title = _("%(path)s is too much.") % {"path": taken.path.removeprefix(path) or taken.path}
        walk.corrections.append(Correction("path", title, text))


def _scheme_corrections(taken: Typed, base_url: str) -> Iterator[Correction]:
    secure = base_url.startswith("https://")
    if taken.scheme == "http" and not taken.is_local:
        text = _("A key sent this way could be read on the way.")
        if not secure:
            text += " " + _("The host does not answer over https, so ask its operator.")
        yield Correction("http", _("http, not https."), text)
    elif taken.bare:
        scheme = "https://" if secure else "http://"
        text = _("The host answers over %(scheme)s.") % {"scheme": scheme}
        yield Correction("no_scheme", _("%(scheme)s is missing.") % {"scheme": scheme}, text)


async def _look_around(wire: Wire, base_url: str, reading: Reading) -> Signs:
    """Ask the family's calls without a credential. Plain servers answer 404 to the first, and are left alone."""
    root = management_root(base_url)
    status = await ask(wire, "status", "GET", f"{root}/api/status")
    data = status.payload.get("data") if isinstance(status.payload, dict) else None
    signs = Signs(reading.evidence, data if isinstance(data, dict) else {}, reading.headers)
    if dialect_of(signs) == "openai":
        return signs
    account = await ask(wire, "account", "GET", f"{root}/api/user/self")
    reveal = await ask(wire, "facts", "POST", f"{root}/api/token/0/key")
    signs = replace(signs, account=account.evidence, reveal=reveal.evidence)
    if reveal.evidence.status == 404:
        return signs
    many = await ask(wire, "facts", "POST", f"{root}/api/token/batch/keys", body={"ids": [0]})
    return replace(signs, reveal_many=many.evidence)


def _result(typed: str, base_url: str, signs: Signs, walk: Walk) -> ProbeResult:
    dialect, units = dialect_of(signs), units_to_the_dollar(signs)
    walk.steps.append(_dialect_step(signs, dialect, units))
    if dialect != "openai":
        walk.steps.append(Step(_("Account"), _("Waits for an access token"), "none"))
    return ProbeResult(
        typed=typed,
        base_url=base_url,
        answers=True,
        dialect=dialect,
        version=version_of(signs),
        quota_per_unit=units,
        capabilities=capabilities_of(signs, dialect),
        steps=tuple(_with_name(walk.steps)),
        corrections=tuple(walk.corrections),
        evidence=walk.last,
    )


def _nothing(typed: str, taken: Typed, walk: Walk, wire: Wire) -> ProbeResult:
    """Nobody answered as a gateway does. A redirect's target is offered, to be probed when somebody takes it."""
    base_url = origins(taken)[0] + base_paths(taken.path)[0]
    if walk.redirected and (target := _safe_target(walk.redirected, taken, wire)):
        base_url = target
    return ProbeResult(
        typed,
        base_url,
        answers=False,
        steps=tuple(_with_name(walk.steps)),
        corrections=tuple(walk.corrections),
        evidence=walk.last,
    )


def _safe_target(location: str, taken: Typed, wire: Wire) -> str:
    host, _slash, _path = location.partition("/")
    if not host or host == taken.host:
        return ""
    try:
        wire.policy.check_url(f"https://{host}/v1")
    except AddressRefused:
        return ""
    return f"https://{host}/v1"


STRANGE = {
    "html": gettext_lazy("Path answers HTML"),
    "redirect": gettext_lazy("Path answers with a redirect"),
    "challenge": gettext_lazy("Blocked by a firewall"),
    "empty": gettext_lazy("Path answers nothing"),
    "bad_json": gettext_lazy("Path answers broken JSON"),
}


def _step(reading: Reading, path: str) -> Step:
    evidence = reading.evidence
    if evidence.fault:
        titles: dict[str, Any] = {
            "dns": _("Name does not resolve"),
            "tls": _("No trusted connection"),
            "timeout": _("No answer in time"),
            "refused_address": _("Address not allowed"),
        }
        return Step(titles.get(evidence.fault, _("No answer")), evidence.message, "failing", evidence.latency_ms)
    words = {"path": f"{path}/models", "status": evidence.status, "type": evidence.brand}
    if _speaks(reading):
        note = _("%(status)s with type %(type)s") if evidence.brand else _("%(status)s in JSON")
        title = _("%(path)s speaks JSON") % {"path": path or "/"}
        return Step(title, note % words, "healthy", evidence.latency_ms)
    strange = _("The gateway asks for a pause") if evidence.status == 429 else STRANGE.get(evidence.body)
    return Step(
        str(strange or _("Path is not the API")), _("%(path)s, %(status)s") % words, "degraded", evidence.latency_ms
    )


def _dialect_step(signs: Signs, dialect: str, units: float) -> Step:
    if dialect == "openai":
        return Step(_("Dialect found"), _("OpenAI-compatible, keys are pasted"), "healthy")
    words = {"name": NAMES[dialect], "units": f"{units:,.0f}"}
    ms = signs.account.latency_ms if signs.account else None
    return Step(_("Dialect found"), _("%(name)s, %(units)s units to the dollar") % words, "healthy", ms)


def _with_name(steps: list[Step]) -> Iterator[Step]:
    """Every answer proves what came before it, so the walk begins with the name."""
    if any(step.state in ("healthy", "degraded") for step in steps):
        yield Step(_("Name resolves"), _("The host answers"), "healthy")
    yield from steps
