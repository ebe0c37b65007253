"""Why a key is refused, where the refusal alone does not tell.

Newer gateways answer the same 401 for unknown, disabled, expired and used up keys (contract 0.4). With an account its
list gives the reason; without one the usage call does, which is scarce (20 in 20 minutes): for fresh failures only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tokens.health.verdicts import Judgement, State, Verdict
from tokens.models import Gateway, Token

from . import governor, looking
from .looking import Batch, Job, Look

MOST_AT_ONCE = 3  # usage calls in one batch
REASONS = (Verdict.TOKEN_EXHAUSTED, Verdict.EXPIRED, Verdict.DISABLED)


def ask_reasons(gateway: Gateway, batch: Batch, tokens: Mapping[int, Token], jobs: list[Job], now: datetime) -> None:
    """Amend the looks of keys that were refused just now, as far as the gateway's critical limit allows."""
    if not gateway.capabilities.get("usage"):
        return
    unexplained = {look.token_id for look in batch.looks if _wants_reason(look, tokens[look.token_id])}
    asked = [job for job in jobs if job.token_id in unexplained][:MOST_AT_ONCE]
    granted = governor.grant(gateway, "critical", len(asked), now).calls if asked else 0
    reasons = looking.look_at_usage(gateway.base_url, asked[:granted]) if granted else {}
    batch.looks = [_amended(look, reasons.get(look.token_id)) for look in batch.looks]


def keep_reason(token: Token, judgement: Judgement) -> Judgement:
    """Refused again: the reason that was found stays, since the refusal itself still tells none."""
    known = token.pending_verdict or token.verdict
    if judgement.verdict == Verdict.UNKNOWN_OR_REVOKED and token.account_id is None and known in REASONS:
        return Judgement(Verdict(known), "token", token.note)
    return judgement


def _wants_reason(look: Look, token: Token) -> bool:
    fresh = token.state != State.FAILING and not token.pending_verdict
    return fresh and look.judgement.verdict == Verdict.UNKNOWN_OR_REVOKED and token.account_id is None


def _amended(look: Look, reason: Look | None) -> Look:
    if reason is None or reason.judgement.verdict not in REASONS:
        return look
    return replace(look, judgement=reason.judgement, more=(*look.more, reason.evidence))
