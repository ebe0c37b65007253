"""The baseline that batches are measured against: one Celery task a token, with its own loop and its own save()."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from dashboard.celery import app

__all__ = ["app", "check_one"]


@shared_task  # type: ignore[untyped-decorator]
def check_one(token_id: int) -> None:
    from tokens.models import Token
    from tokens.services import checking, looking, recording

    token = Token.objects.select_related("gateway", "account").get(pk=token_id)
    look = looking.look_at_key(token.gateway.base_url, token.open_key())
    recording.record(token, look.judgement, [look.evidence], timezone.now(), checking.TOKEN_POLICY)
    token.next_check_at = timezone.now() + timedelta(days=1)
    token.save()
