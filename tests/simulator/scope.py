"""Which recorded cases the simulator is held to: all of new-api 2026-08 but these, each with its reason."""

from __future__ import annotations

# A case is out of scope if it begins with one of these.
OUT_OF_SCOPE = {
    "auth-login-": "sign-in with a password: Keyward never does it",
    "auth-jwt-": "login sessions: Keyward never has one",
    "mgmt-frontend-base-url-": "a node with a web page elsewhere; the gateway fault `redirect` stands for it",
    "read-api-models": "static table of channel types",
    "read-pricing-": "prices are not simulated",
    "read-ratio-config": "prices are not simulated",
    "read-log-self-all-types": "the log of calls is not simulated",
    "read-log-self-by-": "the log of calls is not simulated",
    "read-log-self-error-row": "the log of calls is not simulated",
    "read-log-self-login-type": "the log of calls is not simulated",
    "read-log-self-stat": "the log of calls is not simulated",
    "read-log-self-time-range": "the log of calls is not simulated",
    "read-log-self=": "the log of calls is not simulated",
    "read-log-token-": "the log of calls is not simulated",
    "read-data-": "the hourly statistics are not simulated",
    "read-task-self": "tasks are not simulated",
    "read-topup-info": "payments are not simulated",
    "read-subscription-self": "payments are not simulated",
    "read-billing-subscription-limited-display-": "other display currencies are not simulated",
    "relay-anthropic-messages-": "the Claude path is not simulated",
    "relay-anthropic-upstream-": "the Claude path is not simulated",
    "relay-overload-messages": "the Claude path is not simulated",
    "relay-gemini-": "the Gemini path is not simulated",
    "relay-embeddings": "only chat completions are simulated",
    "relay-responses-": "only chat completions are simulated",
    "relay-model-by-id-static-name": "the gateway's static list of model names is not simulated",
    "relay-upstream-nousage": "the gateway's own counting of a provider's tokens is not simulated",
    "relay-upstream-saw": "an observation, not a request",
    "relay-trace-": "an observation, not a request",
    "relay-body-too-large-": "a limit on bodies that was set for the recording",
    "relay-body-login-too-large": "sign-in with a password: Keyward never does it",
    "lazy-redis-": "a server with Redis; the simulator is one without",
    "lazy-memory-delays": "an observation, not a request",
    "lazy-disable-takes-effect": "an observation, not a request",
    "lazy-enable-takes-effect": "an observation, not a request",
    "lazy-ban-takes-effect": "an observation, not a request",
    "limit-ct-shared-login": "sign-in with a password: Keyward never does it",
    "limit-ct-shared-log-token": "the log of calls is not simulated",
    "limit-models-none": "an observation, not a request",
    "limit-mrrl-": "the administrator's model request limit is not simulated",
    "limit-redis-": "a server with Redis; the simulator is one without",
    "shapes": "explains the placeholders",
}
# The headers that matter: these by value, those by being there.
HEADERS = ("content-type", "location", "retry-after", "content-encoding", "cache-control", "x-new-api-version")
PRESENT = ("x-oneapi-request-id", "auth-version")
# Records that the recorder shortened to these keys (lazy-list-after-all, lazy-self-after-all).
SHORTENED = (
    {"name", "status", "remain_quota", "used_quota", "unlimited_quota", "expired_time"},
    {"id", "quota", "used_quota", "request_count", "status", "group"},
)
# Lists that one recorded server fills and another leaves empty.
UNEVEN = (".supported_endpoint_types", ".permission")


def reason(case: str) -> str:
    """Why a case is out of scope; "" if it is replayed. A key that ends in "=" names one case."""
    return next((why for key, why in OUT_OF_SCOPE.items() if f"{case}=".startswith(key)), "")
