"""What gateways say, recognised: by code first, then by text in English and both Chinese scripts, never by status.

The recordings in tests/wire are where the words come from. Order matters: the first that fits wins.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Phrase(StrEnum):
    """One thing that an error can mean, whoever says it."""

    NOTHING = ""
    # about a key
    KEY_MISSING = "key_missing"
    KEY_UNKNOWN = "key_unknown"
    KEY_DISABLED = "key_disabled"
    KEY_EXPIRED = "key_expired"
    KEY_EXHAUSTED = "key_exhausted"
    KEY_TOO_SMALL = "key_too_small"  # some quota is left, less than a call needs
    KEY_SUFFIX = "key_suffix"  # something after the key that only administrators may send
    IP_REFUSED = "ip_refused"
    GROUP_REFUSED = "group_refused"
    MODEL_REFUSED = "model_refused"
    # about an account
    BALANCE_SHORT = "balance_short"
    BANNED = "banned"
    ACCESS_REFUSED = "access_refused"
    USER_ID_WANTED = "user_id_wanted"
    RIGHT_MISSING = "right_missing"
    # about a gateway
    NO_CHANNEL = "no_channel"
    NO_PRICE = "no_price"
    OVERLOADED = "overloaded"
    UPSTREAM = "upstream"
    UPSTREAM_KEY = "upstream_key"
    UPSTREAM_OUT_OF_MONEY = "upstream_out_of_money"
    COLLAPSED = "collapsed"  # done-hub: one answer for every trouble behind it, the token's model limit included
    RATE_LIMITED = "rate_limited"
    DATABASE = "database"
    WRONG_PATH = "wrong_path"
    # about the request
    MESSAGES_MISSING = "messages_missing"  # the dry probe's sign of success
    BODY_REFUSED = "body_refused"


CODES: dict[str, Phrase] = {
    "insufficient_user_quota": Phrase.BALANCE_SHORT,
    "pre_consume_token_quota_failed": Phrase.KEY_TOO_SMALL,
    "access_denied": Phrase.IP_REFUSED,
    "auth_user_disabled": Phrase.BANNED,
    "auth_unauthorized": Phrase.ACCESS_REFUSED,
    "auth_token_expired": Phrase.ACCESS_REFUSED,
    "auth_session_revoked": Phrase.ACCESS_REFUSED,
    "auth_session_required": Phrase.RIGHT_MISSING,
    "auth_insufficient_privilege": Phrase.RIGHT_MISSING,
    "auth_internal_error": Phrase.DATABASE,
    "model_not_found": Phrase.NO_CHANNEL,
    "get_channel_failed": Phrase.NO_CHANNEL,
    "channel:no_available_key": Phrase.NO_CHANNEL,
    "model_price_error": Phrase.NO_PRICE,
    "system_cpu_overloaded": Phrase.OVERLOADED,
    "system_memory_overloaded": Phrase.OVERLOADED,
    "system_disk_overloaded": Phrase.OVERLOADED,
    "do_request_failed": Phrase.UPSTREAM,
    "http_request_failed": Phrase.UPSTREAM,
    "bad_response": Phrase.UPSTREAM,
    "bad_response_body": Phrase.UPSTREAM,
    "bad_response_status_code": Phrase.UPSTREAM,
    "unmarshal_response_body_failed": Phrase.UPSTREAM,
    "decode_response_failed": Phrase.UPSTREAM,
    "invalid_api_key": Phrase.UPSTREAM_KEY,
    "insufficient_quota": Phrase.UPSTREAM_OUT_OF_MONEY,
    "rate_limit_exceeded": Phrase.RATE_LIMITED,
    "service_unavailable": Phrase.COLLAPSED,
}

# Texts are lower-cased and brought to Simplified characters before they are matched.
TEXTS: tuple[tuple[Phrase, re.Pattern[str]], ...] = tuple(
    (phrase, re.compile(pattern))
    for phrase, pattern in (
        (Phrase.MESSAGES_MISSING, r"field messages is required"),
        (
            Phrase.USER_ID_WANTED,
            r"-user\b.*(not provided|format error|does not match|格式错误|不匹配)|未提供 \S+-user|刷新页面或清空缓存",
        ),
        (Phrase.RIGHT_MISSING, r"权限不足|insufficient privilege|permission denied"),
        (Phrase.ACCESS_REFUSED, r"access token|未登录|not logged in"),
        (Phrase.BANNED, r"(用户|使用者)已被封禁|user has been banned"),
        (
            Phrase.KEY_MISSING,
            r"未提供令牌|token not provided|invalid bearer token|no api key provided|didn't provide an api key",
        ),
        (Phrase.KEY_SUFFIX, r"不支持指定渠道"),
        (Phrase.KEY_EXPIRED, r"令牌已过期|(token|key) (has |is )?expired"),
        (
            Phrase.KEY_EXHAUSTED,
            r"令牌.*额度已用尽|tokenstatusexhausted|token quota (is |has been )?(exhausted|used up)",
        ),
        (Phrase.KEY_DISABLED, r"令牌状态不可用|token status is unavailable"),
        (Phrase.KEY_TOO_SMALL, r"令牌额度不足|token quota is not enough"),
        (
            Phrase.BALANCE_SHORT,
            r"user quota is not enough|用户额度不足|预扣费额度失败|订阅额度不足|user quota: .*need quota",
        ),
        (Phrase.UPSTREAM_OUT_OF_MONEY, r"insufficient balance|exceeded your current quota"),
        (Phrase.IP_REFUSED, r"ip 不在令牌允许|只能在指定网段使用|is not allowed to access|无法解析客户端 ip"),
        (Phrase.GROUP_REFUSED, r"无权(访问|使用) ?.+ ?分组|无权使用分组|分组 .*已被(弃用|禁用)|分组 .*不存在"),
        (
            Phrase.MODEL_REFUSED,
            r"无权(访问|使用|存取)模型|no access to (model|any models)|for current token$",
        ),
        (Phrase.BODY_REFUSED, r"对于模型 +无可用渠道"),  # no model was named
        (Phrase.NO_CHANNEL, r"无可用(渠道|管道)|no available channel"),
        (Phrase.NO_PRICE, r"(倍率或价格未配置|has not been priced)"),
        (Phrase.KEY_UNKNOWN, r"无效的令牌|令牌不存在|invalid token\b"),
        (
            Phrase.UPSTREAM_KEY,
            r"incorrect api key|invalid api[ _-]?key|api key not valid|authentication fail|unauthorized|invalid auth",
        ),
        (Phrase.RATE_LIMITED, r"(已达到|总)请求数限制|速率达到上限|rate limit|too many requests"),
        (Phrase.OVERLOADED, r"system (cpu|memory|disk) overloaded"),
        (
            Phrase.UPSTREAM,
            r"请求上游地址失败|do request failed|bad response status code|upstream error|currently overloaded",
        ),
        (Phrase.COLLAPSED, r"上游负载已饱和"),
        (
            Phrase.DATABASE,
            r"record not found|database error|令牌验证失败|failed to get token info|get user group failed",
        ),
        (Phrase.WRONG_PATH, r"^invalid url \("),
        (Phrase.BODY_REFUSED, r"invalid request|model name|模型名称|is required|channel id|渠道 id|unmarshal"),
    )
)
SIMPLER = str.maketrans("無權該過額盡狀態組棄戶請達數稱", "无权该过额尽状态组弃户请达数称")
BRANDS = frozenset({"new_api_error", "one_api_error", "one_hub_error", "veloera_error", "comet_api_error"})
UPSTREAM_TYPES = frozenset(
    {"invalid_request_error", "authentication_error", "server_error", "request_forbidden", "requests", "upstream_error"}
    | {"insufficient_quota", "unknown_error", "bad_response_body", "bad_response_status_code", "openai_error"}
)


def recognise(code: str, message: str) -> Phrase:
    """What an error means, NOTHING when it fits no known case."""
    by_code = CODES.get(code.lower(), Phrase.NOTHING)
    return by_code or by_text(message)


def by_text(message: str) -> Phrase:
    text = message.lower().translate(SIMPLER)
    return next((phrase for phrase, pattern in TEXTS if pattern.search(text)), Phrase.NOTHING)


def is_brand(kind: str) -> bool:
    """Whether an error's type is a gateway's own: one of the known brands, or a fork's by its shape."""
    return kind in BRANDS or (kind.endswith("_error") and "api" in kind) or kind.endswith("hub_error")


def is_upstream(kind: str) -> bool:
    """Whether an error's type is one that providers use, so that it speaks of the gateway's key and not of ours."""
    return kind in UPSTREAM_TYPES
