"""What the pages of a creation say: the steps it went, what the gateway kept, the first look, the snippets."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tokens.health.verdicts import meaning
from tokens.models import Account, Creation, Gateway, Token
from tokens.services import offering, recounting
from tokens.templatetags import wording

Step = Creation.Step
ORDER = [Step.ASKED, Step.SENT, Step.FOUND, Step.NAMED, Step.KEYED, Step.READ]


@dataclass(frozen=True, slots=True)
class Row:
    """One field: asked, read back, and what it means that it was dropped."""

    label: str
    asked: str
    kept: str
    same: bool
    means: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code without the key: `hole` is the text that "Copy with key" fills with `fill`, * being the key."""

    name: str
    code: SafeString
    hole: str
    fill: str


def page(creation: Creation, now: datetime) -> dict[str, Any]:
    token, gateway = creation.token, creation.account.gateway
    seconds = sum(creation.spans.values()) / 1000
    return {
        "creation": creation,
        "token": token,
        "gateway": gateway,
        "name": str(creation),
        "steps": steps(creation),
        "rows": [row_of(creation, row) for row in creation.kept],
        "kept": sum(row["same"] for row in creation.kept),
        "dropped": len(creation.dropped),
        "took": wording.milliseconds(seconds * 1000),
        "look": first_look(creation),
        "waits": (creation.next_try_at - now).total_seconds() if creation.next_try_at else 0,
        "unsent": creation.step == Step.ASKED,
        "snippets": snippets(gateway, token),
        "listeners": recounting.listeners(token) if token else [],
    }


def titles() -> dict[str, str]:
    return {
        Step.ASKED: _("Made"),
        Step.SENT: _("Found"),
        Step.FOUND: _("Named"),
        Step.NAMED: _("Key fetched"),
        Step.KEYED: _("Read back"),
        Step.READ: _("Tried"),
    }


def steps(creation: Creation) -> list[dict[str, Any]]:
    """The walk: what is done with its milliseconds, what is under way, what is still to come."""
    names = titles()
    reached = ORDER.index(Step(creation.step)) if creation.step in ORDER else len(ORDER)
    if creation.step == Step.FAILED:
        reached = max((ORDER.index(Step(name)) for name in creation.spans if name in ORDER), default=0)
    return [_step(creation, step, names[step], number - reached) for number, step in enumerate(ORDER)]


def _step(creation: Creation, step: Step, title: str, ahead: int) -> dict[str, Any]:
    if ahead < 0:
        return {
            "state": _state(creation, step),
            "title": title,
            "note": note_of(creation, step),
            "ms": _ms(creation, step),
        }
    if creation.step == Step.FAILED:
        return {"state": "failing" if ahead == 0 else "none", "title": title, "note": ""}
    return {"state": "new" if ahead == 0 else "none", "title": title, "note": _("Under way") if ahead == 0 else ""}


def _ms(creation: Creation, step: Step) -> int | None:
    ms: int | None = creation.spans.get(step.value)
    return ms


def _state(creation: Creation, step: Step) -> str:
    if step == Step.KEYED and creation.dropped:
        return "degraded"
    if step == Step.READ:
        look = first_look(creation)
        return look["state"] if look else "unsure"
    if step == Step.NAMED and creation.token and not creation.token.has_key:
        return "degraded"
    return "healthy"


def note_of(creation: Creation, step: Step) -> str:
    match step:
        case Step.ASKED:
            return _("One POST, never a second")
        case Step.SENT:
            looks = creation.looked + 1
            return ngettext(
                "New id %(id)s, by one look", "New id %(id)s, by %(n)s looks", looks
            ) % {"id": creation.remote_id, "n": looks}  # fmt: skip
        case Step.FOUND:
            return creation.about.get("name_refusal", "") or _("Made under a name that nobody else has, then renamed")
        case Step.NAMED:
            has_key = creation.token and creation.token.has_key
            return _("Encrypted at once") if has_key else _("The gateway shows no key in clear")
        case Step.KEYED:
            kept = len(creation.kept) - len(creation.dropped)
            return _("%(kept)s of %(all)s fields as asked") % {"kept": kept, "all": len(creation.kept)}
    look = first_look(creation)
    return look["answer"] if look else _("No key to try")


def first_look(creation: Creation) -> dict[str, Any] | None:
    """The verdict of the first look, and what was answered."""
    look = creation.look
    if not look:
        return None
    means = meaning(look["verdict"])
    said = [str(look["status"])] if look.get("status") else []
    if look.get("models") is not None:
        said.append(ngettext("%(n)s model", "%(n)s models", look["models"]) % {"n": look["models"]})
    if look.get("latency_ms") is not None:
        said.append(wording.milliseconds(look["latency_ms"]))
    state = means.state.value if means.state else "unsure"
    answer = f"{look.get('asked', '')}: {', '.join(said)}" if said else str(means.title)
    return {"state": state, "title": means.title, "cause": means.cause, "advice": means.advice, "answer": answer}


def labels() -> dict[str, str]:
    return {
        "name": _("Name"),
        "quota": _("Quota"),
        "group": _("Group"),
        "expiry": _("Expires"),
        "model_limits": _("Models"),
        "ip_limits": _("IP limits"),
        "status": _("Status"),
    }


def row_of(creation: Creation, row: dict[str, Any]) -> Row:
    means = "" if row["same"] else meaning_of_drop(row["field"], creation.about.get("name_refusal", ""))
    return Row(labels().get(row["field"], row["field"]), row["asked"], row["kept"], row["same"], means)


def meaning_of_drop(field: str, said: str = "") -> str:
    """What it means that the gateway did not keep a field."""
    match field:
        case "ip_limits":
            return _(
                "The gateway accepted the IP limits and did not store them. The key works from any address. Keep it "
                "off shared machines, or limit addresses where the service runs."
            )
        case "model_limits":
            return _("The gateway accepted the model limits and did not store them. The key may call every model.")
        case "expiry":
            return _("The gateway keeps another expiry. Keyward watches the one that was read back.")
        case "quota":
            return _("The gateway keeps another quota. Set it on the token's page, or delete the token.")
        case "group":
            return _("The gateway routes the token through another group, at that group's price.")
        case "name":
            return said or _("The gateway kept another name. The token works all the same.")
    return ""


def warnings(account: Account) -> dict[str, Any]:
    """What this gateway is known to do with limits."""
    gateway = account.gateway
    return {
        "drops_ips": offering.dropped_at(gateway, "ip_limits"),
        "drops_models": offering.dropped_at(gateway, "model_limits"),
        "plain_ips_only": gateway.dialect == "veloera",
    }


# ---- snippets


def snippets(gateway: Gateway, token: Token | None) -> list[Snippet]:
    """curl, Python, Node and .env, with the base URL and a model that the token may call."""
    name, base, model = variable(gateway), gateway.base_url, model_for(token)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Say hello"}]}, ensure_ascii=False)
    hint = f"sk-…{token.hint}" if token else "sk-…"
    return [
        Snippet("curl", _curl(base, name, body), f"${name}", "*"),
        Snippet("Python", _python(base, name, model), f'os.environ["{name}"]', '"*"'),
        Snippet("Node", _node(base, name, model), f"process.env.{name}", '"*"'),
        Snippet(".env", _env(base, hint, token), hint, "*"),
    ]


def variable(gateway: Gateway) -> str:
    """The name of the environment variable that holds the key."""
    if gateway.dialect == "cometapi":
        return "COMETAPI_KEY"
    word = re.sub(r"[^A-Z0-9]+", "_", gateway.name.upper().encode("ascii", "ignore").decode()).strip("_")
    return f"{word}_API_KEY" if word and word[0].isalpha() else "GATEWAY_API_KEY"


def model_for(token: Token | None) -> str:
    """One that the token may call: of its own limit, else a small one that the account is offered."""
    own = list(token.model_limits) if token else []
    offered = list(token.account.models_offered) if token and token.account else []
    small = [name for name in own or offered if "mini" in name or "flash" in name or "haiku" in name]
    return str((small or own or offered or ["gpt-4o-mini"])[0])


def _curl(base: str, name: str, body: str) -> SafeString:
    return format_html(
        'curl <span class="s">{}/chat/completions</span> \\\n'
        '  -H <span class="s">"Authorization: Bearer ${}"</span> \\\n'
        '  -H <span class="s">"Content-Type: application/json"</span> \\\n'
        '  -d <span class="s">{}</span>',
        base, name, shlex.quote(body),
    )  # fmt: skip


def _python(base: str, name: str, model: str) -> SafeString:
    return format_html(
        '<span class="k">import</span> os\n'
        '<span class="k">from</span> openai <span class="k">import</span> OpenAI\n\n'
        'client = OpenAI(base_url=<span class="s">{}</span>, api_key=os.environ["{}"])\n'
        "answer = client.chat.completions.create(\n"
        '    model=<span class="s">{}</span>,\n'
        '    messages=[{{"role": "user", "content": <span class="s">"Say hello"</span>}}],\n'
        ")\n"
        "print(answer.choices[0].message.content)",
        json.dumps(base), name, json.dumps(model, ensure_ascii=False),
    )  # fmt: skip


def _node(base: str, name: str, model: str) -> SafeString:
    return format_html(
        '<span class="k">import</span> OpenAI <span class="k">from</span> <span class="s">"openai"</span>;\n\n'
        '<span class="k">const</span> client = <span class="k">new</span> OpenAI('
        '{{ baseURL: <span class="s">{}</span>, apiKey: process.env.{} }});\n'
        '<span class="k">const</span> answer = <span class="k">await</span> client.chat.completions.create({{\n'
        '  model: <span class="s">{}</span>,\n'
        '  messages: [{{ role: "user", content: <span class="s">"Say hello"</span> }}],\n'
        "}});\n"
        "console.log(answer.choices[0].message.content);",
        json.dumps(base), name, json.dumps(model, ensure_ascii=False),
    )  # fmt: skip


def _env(base: str, hint: str, token: Token | None) -> SafeString:
    said = [token.name, token.account.name if token.account else ""] if token else []
    if token and token.owner:
        said.append(_("owner %(name)s") % {"name": token.owner.shown_name})
    comment = " ".join(", ".join(part for part in said if part).split())
    return format_html(
        '<span class="c"># {}</span>\nOPENAI_BASE_URL=<span class="s">{}</span>\nOPENAI_API_KEY={}', comment, base, hint
    )
