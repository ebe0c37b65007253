"""Drafts in each dialect's own fields, for create and for read-modify-write.

Traps (wire contract 0.2, A.4): an update resets what it does not name; expiry is -1 or a real time, 0 is dead at
once; a full update carries no status, or mending a stored 3 or 4 is refused; numbers are JSON integers.
"""

from __future__ import annotations

import copy
from typing import Any

from ..records import TokenDraft
from .parsing import NEVER, whole

# What the gateway keeps itself. `status` has a call of its own.
NOT_OURS = ("key", "status", "user_id", "used_quota", "created_time", "accessed_time", "DeletedAt", "deleted_at")
Fields = dict[str, Any]
NO_HEARTBEAT: Fields = {"enabled": False, "timeout_seconds": 30}  # as the hubs' own console sends it


def new_api_fields(draft: TokenDraft, raw: Fields) -> Fields:
    return _common(draft, raw) | {
        "group": draft.group,
        "model_limits_enabled": bool(draft.model_limits),
        "model_limits": ",".join(draft.model_limits),
        "allow_ips": "\n".join(draft.ip_limits),
    }


def one_api_fields(draft: TokenDraft, raw: Fields) -> Fields:
    """one-api knows no groups."""
    return _common(draft, raw) | {"models": ",".join(draft.model_limits), "subnet": ",".join(draft.ip_limits)}


def hub_fields(draft: TokenDraft, raw: Fields) -> Fields:
    """Hubs keep limits inside `setting`, whose other parts stay as they are."""
    kept = raw.get("setting")
    setting: Fields = copy.deepcopy(kept) if isinstance(kept, dict) else {"heartbeat": NO_HEARTBEAT}
    limits = setting.get("limits")
    setting["limits"] = {
        **(limits if isinstance(limits, dict) else {}),
        "limit_model_setting": {"enabled": bool(draft.model_limits), "models": list(draft.model_limits)},
        "limits_ip_setting": {"enabled": bool(draft.ip_limits), "whitelist": list(draft.ip_limits)},
    }
    return _common(draft, raw) | {"group": draft.group, "backup_group": raw.get("backup_group", ""), "setting": setting}


def _common(draft: TokenDraft, raw: Fields) -> Fields:
    kept = {name: value for name, value in raw.items() if name not in NOT_OURS}
    remain = max(0, whole(raw.get("remain_quota")) or 0) if draft.unlimited else draft.quota_units
    expires = int(draft.expires_at.timestamp()) if draft.expires_at is not None else NEVER
    return kept | {
        "name": draft.name,
        "unlimited_quota": draft.unlimited,
        "remain_quota": int(remain),
        "expired_time": expires if expires > 0 else NEVER,
    }
