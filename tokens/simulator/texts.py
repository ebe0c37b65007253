"""What the gateway says, in the languages in which it was recorded saying it."""

from __future__ import annotations

ENGLISH, SIMPLIFIED, TRADITIONAL = "en", "zh", "zh-TW"

# English, Simplified, Traditional. One column where the gateway has only one text.
TEXTS: dict[str, tuple[str, ...]] = {
    "access_token": (
        "Unauthorized, invalid access token",
        "无权进行此操作，access token 无效",
        "無權進行此操作，access token 無效",
    ),
    "privilege": ("Unauthorized, insufficient privileges", "无权进行此操作，权限不足", "無權進行此操作，權限不足"),
    "no_access_token": ("无权进行此操作，未登录且未提供 access token",),
    "user_header_missing": ("无权进行此操作，未提供 New-Api-User",),
    "user_header_format": ("无权进行此操作，New-Api-User 格式错误",),
    "user_header_other": ("无权进行此操作，New-Api-User 与登录用户不匹配",),
    "banned": ("User has been banned", "用户已被封禁", "使用者已被封禁"),
    "invalid_token": ("Invalid token", "无效的令牌", "無效的令牌"),
    "token_missing": ("Token not provided", "未提供令牌", "未提供令牌"),
    "bearer": ("Invalid Bearer token", "无效的 Bearer token", "無效的 Bearer token"),
    "token_status": ("This token status is unavailable", "该令牌状态不可用", "該令牌狀態不可用"),
    "token_expired": ("该令牌已过期",),
    "token_exhausted": ("[sk-{hint}] 该令牌额度已用尽 !token.UnlimitedQuota && token.RemainQuota = {remain}",),
    "token_exhausted_stored": ("该令牌额度已用尽 TokenStatusExhausted[sk-{hint}]",),
    "token_info": ("Failed to get token info, please try again later", "获取令牌信息失败，请稍后重试"),
    "database": ("Database error, please contact the administrator", "数据库错误，请联系管理员"),
    "ip": ("您的 IP 不在令牌允许访问的列表中",),
    "group_forbidden": ("无权访问 {group} 分组",),
    "group_forbidden_old": ("令牌分组 {group} 已被禁用",),
    "group_gone": ("分组 {group} 已被弃用",),
    "pin": ("普通用户不支持指定渠道",),
    "pin_missing": ("Invalid channel ID", "无效的渠道 Id", "無效的渠道 Id"),
    "model_refused": (
        "This token has no access to model {model}",
        "该令牌无权访问模型 {model}",
        "該令牌無權存取模型 {model}",
    ),
    "model_missing": (
        "Model name not specified, model name cannot be empty",
        "未指定模型名称，模型名称不能为空",
        "未指定模型名稱，模型名稱不能為空",
    ),
    "no_channel": (
        "No available channel for model {model} under group {group} (distributor)",
        "分组 {group} 下模型 {model} 无可用渠道（distributor）",
        "分組 {group} 下模型 {model} 無可用管道（distributor）",
    ),
    "no_channel_old": ("当前分组 {group} 下对于模型 {model} 无可用渠道",),
    "bad_json": ("Invalid request: Invalid request: invalid JSON request body",),
    "model_type": ("Invalid request: Invalid request: field model must be a string",),
    "no_price": (
        "模型 {model} 的价格尚未由管理员配置，暂时无法使用，请联系站点管理员开启该模型；"
        "Model {model} has not been priced by the administrator yet. "
        "Please contact the site administrator to enable this model.",
    ),
    "balance_zero": ("用户额度不足, 剩余额度: {left}",),
    "balance_zero_old": ("user quota is not enough",),
    "balance_short": ("预扣费额度失败, 用户剩余额度: {left}, 需要预扣费额度: {need}",),
    "token_short": ("token quota is not enough, token remain quota: {left}, need quota: {need}",),
    "overloaded": ("system memory overloaded (current: 96.4%, threshold: 90%)",),
    "record": ("record not found",),
    "no_id": ("id 或 userId 为空！",),
    "parameters": ("Invalid parameters", "无效的参数", "無效的參數"),
    "name_long": ("Token name is too long", "令牌名称过长", "令牌名稱過長"),
    "quota_negative": ("Quota value cannot be negative", "额度值不能为负数", "額度值不能為負數"),
    "quota_large": (
        "Quota value exceeds valid range, maximum is {most}",
        "额度值超出有效范围，最大值为 {most}",
        "額度值超出有效範圍，最大值為 {most}",
    ),
    "too_many_tokens": ("已达到最大令牌数量限制 ({most})",),
    "still_expired": (
        "Token has expired and cannot be enabled. Please modify the expiration time or set it to never expire",
        "令牌已过期，无法启用，请先修改令牌过期时间，或者设置为永不过期",
        "令牌已過期，無法啟用，請先修改令牌過期時間，或者設定為永不過期",
    ),
    "still_exhausted": (
        "Token quota is exhausted and cannot be enabled. Please modify the remaining quota or set it to unlimited",
        "令牌可用额度已用尽，无法启用，请先修改令牌剩余额度，或者设置为无限额度",
        "令牌可用額度已用盡，無法啟用，請先修改令牌剩餘額度，或者設定為無限額度",
    ),
    "batch_size": (
        "Too many items in batch request, maximum is {most}",
        "批量请求数量过多，最多 {most} 条",
        "批次請求數量過多，最多 {most} 條",
    ),
    "auto_many": ("A token can select at most {most} Auto groups",),
    "auto_twice": ("Auto group {group} is duplicated",),
    "auto_closed": ("Auto group {group} is unavailable or unauthorized",),
    "search_short": ("使用模糊搜索时，关键词长度至少为 2 个字符",),
    "search_percent": ("搜索模式中最多允许包含 2 个 % 通配符",),
    "search_adjacent": ("搜索模式中不允许包含连续的 % 通配符",),
    "search_over_max": ("令牌数量超过上限，仅允许精确搜索，请勿使用 % 通配符",),
    "retired_api": ("该接口已废弃",),
    "updated": ("Update succeeded", "更新成功", "更新成功"),
    "session": ("a dashboard login session is required",),
}


def language_of(accept: str) -> str:
    """The language that an Accept-Language header asks for; English for all it does not speak."""
    first = accept.split(",")[0].split(";")[0].strip().lower()
    if first.startswith(("zh-tw", "zh-hk", "zh-hant")):
        return TRADITIONAL
    return SIMPLIFIED if first.startswith("zh") else ENGLISH


def say(text: str, language: str, **parts: object) -> str:
    columns = TEXTS[text]
    wanted = (ENGLISH, SIMPLIFIED, TRADITIONAL).index(language)
    return columns[min(wanted, len(columns) - 1)].format(**parts)
