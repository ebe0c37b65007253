"""What each recorded answer has to be judged as, written down from the situation it was recorded in and the contract.

A row: verdict and light, the versions, the cases. A one-api, H one-hub, D done-hub, V veloera, and new-api
O 2025-04, P 2025-07, Q 2026-03, R 2026-07, N 2026-08. A case is named once for each version that has it.
"""

from __future__ import annotations

VERSIONS = {
    "A": "one-api",
    "H": "one-hub",
    "D": "done-hub",
    "V": "veloera",
    "O": "new-api-2025-04",
    "P": "new-api-2025-07",
    "Q": "new-api-2026-03",
    "R": "new-api-2026-07",
    "N": "new-api-2026-08",
}

# GET /v1/models
MODELS = """
ok token
  AHDVO relay-healthy-models relay-limited-models relay-almost-models relay-almost-modest-models
  # the balance of the account and the state of channels do not show here
  AHDVO relay-account-empty-models relay-account-empty-limited-models relay-account-tiny-models relay-no-channel-models
  AHDVO relay-unpriced-models upstream-401-models upstream-429-models upstream-500-models relay-ip-allowed-models
  AHDVO relay-no-sk-models relay-no-bearer-models relay-exhausted-mended-enabled relay-expired-mended-enabled
  AHDVO relay-model-limit-models
  HDVO model-rate-limit-models
  HDVO redis-model-rate-limit-models
  # an empty limit is none on one-api; hubs do not filter by it
  AHD relay-model-limit-empty-models
  H relay-model-limit-unserved-models
  # the limit list is echoed even if nothing serves it, and a junk or CIDR-only IP list is no limit
  AVO relay-model-limit-unserved-models
  VO relay-ip-denied-models relay-ip-denied-cidr-models relay-ip-junk-models
  # hubs never store "expired", so one full PUT mends it
  HD relay-expired-mended-not-enabled
  # with Redis one-api is late, one-hub for ban and draining
  A redis-after-disable-models redis-after-delete-models redis-after-drain-models
  H redis-after-ban-models redis-after-drain-models
  HDVO redis-after-enable-models redis-expired-after-mending-put-models redis-exhausted-after-mending-put-models
  PQRN relay-header-raw-key relay-models-healthy relay-models-almost relay-models-zero-unlimited
  # before 2025-08 neither address nor group is looked at here
  P relay-models-ip-denied relay-models-group-forbidden relay-models-model-other
  QRN relay-anthropic-models relay-models-model-other
  N relay-header-lowercase-bearer relay-header-two-spaces relay-header-trailing-space relay-header-without-sk
  N relay-models-x-api-key-only relay-models-zero-limited relay-models-poor-unlimited relay-models-ip-allowed
  N relay-models-model-flag-off relay-models-group-vip relay-models-group-auto relay-models-bob-vip
  N relay-models-admin-key relay-overload-models limit-ct-not-shared-models limit-ga-models-not-limited
  N limit-mrrl-models-not-limited
unknown_or_revoked token
  AHDVO lang-en-wrong-key lang-zh-CN-wrong-key rate-limit-global-models relay-wrong-key-models relay-short-key-models
  AHDVO relay-empty-bearer-models relay-basic-scheme-models relay-pat-as-key-models relay-lowercase-bearer-models
  AHDVO relay-double-space-models relay-deleted-models
  HDVO redis-after-delete-models
  # hubs give no other answer to a missing key, a banned and a deleted owner
  HD rate-limit-models relay-no-key-models relay-query-key-models relay-x-api-key-models relay-banned-models
  HD relay-user-deleted-models
  D redis-after-ban-models
  # a suffix after the key pins a channel, which is for administrators: the key is not taken as it is written
  AHDVO relay-channel-pin-user
  PQRN relay-header-channel-suffix-user relay-header-one-char-short relay-header-basic relay-models-wrong
  PQRN relay-models-deleted
  N relay-header-suffix-not-number relay-header-trailing-dash
  # one 401 for everything since 2026-05
  RN relay-header-no-header relay-models-disabled relay-models-expired-stored relay-models-expired-zero-time
  RN relay-models-exhausted-stored relay-models-stale4
  R lazy-expired-2-models-call lazy-exhausted-2-models-call
  N auth-pat-on-models lazy-expired-3-models-call lazy-exhausted-3-models-call lazy-redis-expired-3-models-call
  N lazy-redis-exhausted-3-models-call mgmt-frontend-base-url-get-v1-models relay-anthropic-models-wrong-key
  N relay-header-bearer-only relay-header-double-sk relay-header-empty-header relay-header-lower-cased-key
  N relay-header-masked relay-header-non-ascii relay-header-one-char-long relay-header-query-key
  N relay-header-two-words relay-header-uppercase-bearer relay-models-exhausted-unseen relay-models-expired-unseen
  N relay-models-stale3 relay-models-status9 relay-overload-models-wrong-key
inconclusive token
  # "no key arrived" speaks of the way, not of the key
  AVO rate-limit-models relay-no-key-models relay-query-key-models relay-x-api-key-models
  PQ relay-header-no-header
  P relay-anthropic-models
  # 200 without a model: limit, group or channels, the answer does not say which
  AHDVO relay-channels-disabled-models
  HD relay-group-no-channel-models
  H relay-group-made-private-models
  D relay-model-limit-unserved-models
  VO relay-group-no-channel-models relay-group-not-permitted-models relay-group-deleted-models
  VO relay-group-deprecated-models relay-group-auto-models relay-model-limit-empty-models
  PQRN relay-models-model-empty
  P relay-models-group-gone
  # the owner of the token is deleted: "record not found" or "Database error", which could be either
  VO relay-user-deleted-models
  PQRN relay-models-deleted-user
disabled token
  AHDVO relay-disabled-models
  HDVO redis-after-disable-models
  A redis-after-enable-models
  PQ relay-models-disabled
expired token
  AHDVO relay-expired-models relay-expired-first-models redis-expired-models relay-after-partial-update-models
  AVO relay-expired-mended-not-enabled
  A redis-expired-after-mending-put-models
  PQ lazy-expired-2-models-call relay-models-expired-stored relay-models-expired-zero-time
token_exhausted token
  AHDVO relay-exhausted-models relay-exhausted-first-models redis-exhausted-models relay-exhausted-mended-not-enabled
  DVO redis-after-drain-models
  A redis-exhausted-after-mending-put-models
  PQ lazy-exhausted-2-models-call relay-models-exhausted-stored relay-models-stale4
account_banned account
  AVO relay-banned-models redis-after-ban-models
  A relay-user-deleted-models
  PQRN relay-models-banned-user
ip_blocked token
  AHD relay-ip-denied-models relay-ip-denied-cidr-models
  HD relay-ip-junk-models
  QRN relay-models-ip-denied
  N relay-models-ip-junk
group_forbidden token
  HD relay-group-disabled-models relay-group-deleted-models
  D relay-group-made-private-models
  QRN relay-models-group-forbidden relay-models-group-gone
  N relay-models-group-unknown
"""

# GET /api/usage/token/
USAGE = """
inconclusive token
  # the call answers for keys that do not work, so a good answer clears nobody
  QRN read-usage-healthy read-usage-ip-denied
  QR read-usage-limited
  Q read-usage-disabled
  N read-usage-admin-key read-usage-almost read-usage-bob-vip read-usage-expired-zero-time read-usage-group-auto
  N read-usage-group-forbidden read-usage-group-gone read-usage-group-unknown read-usage-group-vip
  N read-usage-ip-allowed read-usage-ip-junk read-usage-model-empty read-usage-model-flag-off read-usage-model-other
  N read-usage-poor-unlimited read-usage-stale3 read-usage-stale4 read-usage-status9 read-usage-without-sk
  N read-usage-zero-limited read-usage-zero-unlimited
  # the header was not as the call wants it
  N read-usage-no-header read-usage-x-api-key read-usage-raw-key read-usage-two-spaces
  N relay-lang-zhtw-usage-no-header read-usage-suffix
  N read-usage-deleted-user
  # no such call before 2025-08 and on the other dialects
  AHDVO usage-token usage-token-no-slash
  P limit-ct-usage read-usage-banned-user read-usage-disabled read-usage-exhausted-stored read-usage-expired-stored
  P read-usage-healthy read-usage-ip-denied read-usage-limited read-usage-wrong
unknown_or_revoked token
  QRN read-usage-wrong
  N auth-pat-on-usage read-usage-deleted read-usage-wrong-zh relay-lang-zhtw-usage-wrong
disabled token
  RN read-usage-disabled
  N read-usage-disabled-zh relay-lang-zhtw-usage-disabled
expired token
  QRN read-usage-expired-stored
  N read-usage-expired-unseen
token_exhausted token
  QRN read-usage-exhausted-stored
  N read-usage-exhausted-unseen lazy-overspend-usage lazy-redis-overspend-usage
account_banned account
  QRN read-usage-banned-user
  N read-usage-banned-user-zh relay-lang-zhtw-usage-banned
rate_limited token
  QRN limit-ct-usage
  N limit-ct-usage-gzip limit-ct-usage-wrong-key
wrong_base_url gateway
  N read-usage-redirect
"""

# GET /api/token/, /api/user/self, /api/user/self/groups, /api/user_group_map
ACCOUNT = """
ok account
  AHDVO auth-raw read-self read-self-poor session-self list-after-creates list-as-root list-bare list-beyond-end
  AHDVO list-empty-account list-keyword list-negative-page list-order-minus-id list-order-remain_quota list-p-0
  AHDVO list-p-0-page_size-100 list-p-0-size-100 list-p-1 list-page-1-size-5 list-page-2-size-5 list-robust-walk
  AVO list-not-a-number list-order-bad list-size-101
  VO read-self-groups
  AHD user-header-absent
  HD read-user-group-map read-user-group-map-public
  PQR auth-bearer auth-many-fork-user-headers mgmt-create-expiry-missing-stored mgmt-list
  PQR mgmt-list-p-0-page-1-page-size-100-size-100 mgmt-list-p-0-size-5 mgmt-list-p-1-page-size-1000-size-1000
  PQR mgmt-list-p-1-page-size-5 mgmt-list-p-1-size-5 mgmt-list-p-2-size-5 read-user-self read-user-self-groups
  N auth-raw auth-bearer auth-bearer-lowercase auth-bearer-two-spaces auth-jwt-works auth-many-fork-user-headers
  N auth-user-header-right auth-user-header-other-user auth-user-header-garbage
  N lazy-list-after-all lazy-self-after-all limit-ct-not-shared-list limit-ga-other-address
  N mgmt-list mgmt-list-1000-p-1-page-size-100 mgmt-list-1000-p-1-page-size-minus1 mgmt-list-1000-p-10-page-size-100
  N mgmt-list-1000-p-11-page-size-100 mgmt-list-as-root-sees-only-own mgmt-list-empty-account mgmt-list-gzip
  N mgmt-list-no-params mgmt-list-p-0-page-1-page-size-100-size-100 mgmt-list-p-0-page-size-5
  N mgmt-list-p-1-page-size-0 mgmt-list-p-1-page-size-1000 mgmt-list-p-1-page-size-5
  N mgmt-list-p-1-page-size-5-order-remain-quota mgmt-list-p-1-page-size-abc mgmt-list-p-1-page-size-minus1
  N mgmt-list-p-1-ps-5 mgmt-list-p-1-size-5 mgmt-list-p-2-page-size-5 mgmt-list-p-3-page-size-5
  N mgmt-list-p-9-page-size-5 mgmt-list-p-abc-page-size-5 mgmt-list-p-minus1-page-size-5
  N mgmt-list-page-2-page-size-5
  N read-user-self read-user-self-groups read-user-self-groups-own-private-group read-user-self-groups-vip-user
  N read-user-self-groups-zh
management_credential_dead account
  AHDVO auth-no-credential auth-short-pat auth-wrong-pat auth-wrong-pat-english relay-key-on-management
  HD auth-deleted-user
  VO auth-deleted-user
  VO user-header-absent-and-wrong-pat
  # the access token is good, but without the right user id nothing can be done with it
  VO user-header-absent session-without-user-header
  AHDO pat-old-after-regenerate
  V pat-old-after-regenerate
  PQR auth-none auth-wrong-token auth-wrong-token-with-user auth-deleted-user auth-bearer-lowercase
  PQR auth-no-user-header auth-user-header-garbage auth-user-header-mismatch
  N auth-none auth-none-zh auth-wrong-token auth-wrong-token-zh auth-wrong-token-bearer auth-empty-header
  N auth-bearer-without-value auth-other-scheme auth-three-words auth-key-on-management auth-cookie-only
  N auth-deleted-user auth-jwt-broken-signature auth-old-pat-after-new relay-lang-zhtw-management-wrong-token
account_banned account
  AHDVO auth-banned-user
  A auth-deleted-user
  PQRN auth-banned-user
  N auth-banned-user-zh auth-banned-user-self relay-lang-zhtw-management-banned
rate_limited account
  AHDVO rate-limit-global-token-list
  N limit-ga-list limit-ga-list-gzip limit-redis-ga-list
inconclusive account
  # the gateway has no such call
  AHD read-self-groups
  AVO read-user-group-map read-user-group-map-public
  N mgmt-path-onehub-group-map
  # a refused parameter
  HD list-not-a-number list-order-bad list-size-101
"""

# GET /api/status
STATUS = """
ok gateway
  AHDVO read-status read-status-gzip rate-limit-global-other-address
  PQRN read-status
  N read-status-with-bad-token limit-gw-api-not-limited mgmt-frontend-base-url-get-api-status
rate_limited gateway
  AHDVO rate-limit-global rate-limit-global-gzip
  N limit-ga-status
"""

# POST /v1/chat/completions, without messages (the dry rung) and with them (the call rung)
CHAT = """
ok token
  AHDVO relay-healthy-dry relay-limited-dry relay-account-empty-dry relay-account-empty-limited-dry
  AHDVO relay-account-tiny-dry relay-ip-allowed-dry relay-unpriced-dry upstream-401-dry upstream-429-dry
  AHDVO upstream-500-dry body-empty-messages
  AHD relay-almost-modest-dry
  A relay-model-limit-empty-dry
  # hubs look at the body before the model limit and the channel
  HD relay-no-channel-dry relay-model-limit-unserved-dry relay-channels-disabled-dry relay-group-no-channel-dry
  H relay-group-made-private-dry
  D relay-model-limit-dry relay-model-limit-empty-dry
  VO relay-ip-denied-cidr-dry relay-ip-junk-dry
  AHDVO relay-healthy-chat relay-limited-chat relay-almost-chat relay-ip-allowed-chat relay-model-limit-allowed-chat
  AHDVO relay-channel-pin-admin chat-stream redis-after-top-up-chat body-max-tokens-huge
  # an account with much more than the call costs is trusted, or the pre-charge is tiny
  VO relay-almost-modest-chat relay-account-tiny-chat relay-ip-denied-cidr-chat relay-ip-junk-chat
  HD body-max-tokens-huge-limited relay-unpriced-chat redis-new-channel-chat
  A relay-unpriced-chat relay-model-limit-empty-chat
  HDVO model-rate-limit-call-1 model-rate-limit-call-2 redis-model-rate-limit-call-1 redis-model-rate-limit-call-2
  # an address in a header that the server believes
  AHDVO relay-ip-denied-forwarded
  # the provider refuses the form of the request: the key did its part
  AHDVO upstream-400-chat
  N relay-upstream-maxtok relay-rejected-by-upstream-healthy relay-rejected-by-upstream-limited
  PQRN relay-dry-healthy relay-dry-almost relay-dry-zero-unlimited relay-chat-healthy
  P relay-chat-almost
  N relay-dry-admin-key relay-dry-bob-vip relay-dry-group-auto relay-dry-group-vip relay-dry-ip-allowed
  N relay-dry-model-flag-off relay-dry-poor-unlimited relay-dry-zero-limited relay-lang-zhtw-dry
  N relay-body-dry-on-free-model relay-body-dry-on-no-price-model relay-body-dry-on-unreachable-model
  N relay-body-messages-missing relay-body-messages-missing-zh relay-body-messages-empty relay-body-messages-null
  N relay-chat-channel-suffix-admin relay-chat-bob-vip relay-chat-group-auto relay-chat-group-vip
  N relay-chat-ip-allowed relay-chat-model-flag-off relay-body-ok relay-body-free-model relay-body-per-call-model
  N relay-body-max-tokens-0 relay-body-max-tokens-missing relay-group-auto-vip-only-model relay-stream-ok
  N relay-upstream-nousage relay-upstream-maxtok-other-name lazy-overspend-call
  N lazy-redis-overspend-call relay-image-data-url relay-image-data-url-3mb relay-image-data-url-broken-base64
  N relay-image-data-url-detail-low relay-image-data-url-without-prefix relay-image-http-url
unknown_or_revoked token
  AHDVO relay-wrong-key-dry relay-wrong-key-chat relay-short-key-dry relay-short-key-chat relay-empty-bearer-dry
  AHDVO relay-empty-bearer-chat relay-deleted-dry relay-deleted-chat
  HD relay-no-key-dry relay-no-key-chat relay-banned-dry relay-banned-chat relay-user-deleted-dry
  HD relay-user-deleted-chat
  PQRN relay-dry-wrong relay-dry-deleted relay-chat-wrong relay-chat-deleted relay-chat-wrong-zh
  RN relay-dry-disabled relay-dry-expired-stored relay-dry-expired-zero-time relay-dry-exhausted-stored
  RN relay-dry-stale4 relay-chat-disabled relay-chat-disabled-zh relay-chat-expired-stored
  RN relay-chat-expired-stored-zh relay-chat-expired-zero-time relay-chat-exhausted-stored
  RN relay-chat-exhausted-stored-zh relay-chat-stale4
  N relay-dry-expired-unseen relay-dry-exhausted-unseen relay-dry-stale3 relay-dry-status9 relay-chat-expired-unseen
  N relay-chat-exhausted-unseen relay-chat-stale3 relay-chat-status9 relay-chat-no-header relay-chat-no-header-zh
  N lazy-overspend-next-call lazy-redis-overspend-next-call relay-body-too-large-wrong relay-gzip-accepted
  N relay-lang-ja relay-lang-owner-zh-disabled-key relay-lang-owner-zh-wrong-key relay-lang-zhtw-wrong
  N relay-chat-channel-suffix-user relay-chat-channel-suffix-user-zh relay-x-api-key-on-chat
disabled token
  AHDVO relay-disabled-dry relay-disabled-chat
  PQ relay-dry-disabled relay-chat-disabled relay-chat-disabled-zh
expired token
  AHDVO relay-expired-dry relay-expired-chat
  PQ relay-dry-expired-stored relay-dry-expired-zero-time relay-chat-expired-stored relay-chat-expired-stored-zh
  PQ relay-chat-expired-zero-time
token_exhausted token
  AHDVO relay-exhausted-dry relay-exhausted-chat
  # the call before took what was left
  AHDVO relay-almost-dry
  VO relay-almost-modest-dry
  PQ relay-dry-exhausted-stored relay-dry-stale4 relay-chat-exhausted-stored relay-chat-exhausted-stored-zh
  PQ relay-chat-stale4
quota_low token
  # something is left, less than this call needs: a small call may still pass
  AHD relay-almost-modest-chat
  AHDVO relay-almost-modest-chat-no-max-tokens
  AVO body-max-tokens-huge-limited
  QRN relay-chat-almost
  N relay-chat-almost-zh relay-lang-zhtw-almost relay-rejected-by-upstream-almost
account_exhausted account
  AHDVO relay-account-empty-chat relay-account-empty-limited-chat
  AHD relay-account-tiny-chat
  PQRN relay-chat-zero-unlimited
  PQR relay-upstream-rejected-zero-balance
  N relay-chat-zero-unlimited-zh relay-chat-zero-limited relay-chat-poor-unlimited relay-chat-poor-unlimited-zh
  N relay-chat-admin-key relay-body-free-model-zero-balance relay-body-free-model-zero-balance-limited-token
  N relay-body-per-call-zero-balance relay-lang-zhtw-zero-unlimited relay-rejected-by-upstream-poor-unlimited
  N relay-rejected-by-upstream-zero-unlimited relay-stream-zero-balance
account_banned account
  AVO relay-banned-dry relay-banned-chat
  A relay-user-deleted-dry relay-user-deleted-chat
  PQRN relay-dry-banned-user relay-chat-banned-user
  N relay-chat-banned-user-zh relay-lang-zhtw-banned-user
ip_blocked token
  AHDVO relay-ip-denied-dry relay-ip-denied-chat
  AHD relay-ip-denied-cidr-dry relay-ip-denied-cidr-chat
  HD relay-ip-junk-dry relay-ip-junk-chat
  PQRN relay-dry-ip-denied relay-chat-ip-denied
  N relay-dry-ip-junk relay-chat-ip-junk relay-chat-ip-denied-zh relay-lang-zhtw-ip-denied
group_forbidden token
  HD relay-group-disabled-dry relay-group-disabled-chat relay-group-deleted-dry relay-group-deleted-chat
  D relay-group-made-private-dry relay-group-made-private-chat
  VO relay-group-not-permitted-dry relay-group-not-permitted-chat relay-group-deleted-dry relay-group-deleted-chat
  VO relay-group-deprecated-dry relay-group-deprecated-chat relay-group-auto-dry relay-group-auto-chat
  PQRN relay-dry-group-forbidden relay-dry-group-gone relay-chat-group-forbidden relay-chat-group-gone
  N relay-dry-group-unknown relay-chat-group-unknown relay-chat-group-forbidden-zh relay-chat-group-gone-zh
  N relay-lang-zhtw-group-forbidden
model_forbidden token
  AVO relay-model-limit-dry
  AHVO relay-model-limit-chat
  VO relay-model-limit-empty-dry
  HVO relay-model-limit-empty-chat
  PQRN relay-dry-model-other relay-dry-model-empty relay-chat-model-other relay-chat-model-empty
  N relay-chat-model-other-zh relay-chat-model-empty-zh relay-lang-zhtw-model-other
  N relay-lang-owner-zh-model-refused
no_channel gateway
  AVO relay-no-channel-dry relay-channels-disabled-dry relay-model-limit-unserved-dry
  AHDVO relay-no-channel-chat relay-channels-disabled-chat relay-model-limit-unserved-chat
  VO relay-group-no-channel-dry
  HDVO relay-group-no-channel-chat
  H relay-group-made-private-chat
  AVO redis-new-channel-chat
  # the provider's 404 for a model, which reads like done-hub's own
  AHVO upstream-404-chat
  N relay-upstream-404
  PQRN relay-body-no-such-model
  N relay-body-no-such-model-zh relay-body-disabled-channel relay-body-other-group-only
  N relay-body-dry-on-disabled-channel relay-body-dry-on-no-such-model relay-autoban-call-2
  N relay-autoban-dry-after relay-group-auto-no-such-model relay-group-vip-no-such-model
  N relay-lang-zhtw-no-such-model
upstream_error gateway
  AHVO upstream-401-chat upstream-401-stream upstream-402-chat upstream-403-chat upstream-500-chat
  AHVO upstream-500-stream upstream-503-chat upstream-429quota-chat upstream-badjson-chat upstream-drop-chat
  AHVO upstream-empty-chat upstream-html-chat upstream-html502-chat upstream-unreachable-chat
  PQRN relay-upstream-401 relay-upstream-500 relay-upstream-html relay-upstream-unreachable
  N relay-upstream-401-zh relay-stream-upstream-401 relay-autoban-call-1 relay-upstream-403 relay-upstream-502
  N relay-upstream-503 relay-upstream-drop relay-upstream-slow relay-upstream-empty relay-upstream-junk
  N relay-upstream-quota
gateway_down gateway
  N relay-overload-chat-healthy relay-overload-chat-wrong-key relay-overload-chat-no-key
rate_limited token
  HDVO model-rate-limit-call-3 model-rate-limit-call-4 redis-model-rate-limit-call-3 redis-model-rate-limit-call-4
  VO model-rate-limit-dry redis-model-rate-limit-dry
  AHDVO upstream-429-chat upstream-429-stream
  D upstream-429quota-chat
  PQRN relay-upstream-429
  N relay-upstream-429-zh limit-mrrl-chat limit-mrrl-dry limit-redis-mrrl-chat limit-redis-mrrl-dry
inconclusive token
  AVO relay-no-key-dry relay-no-key-chat
  # the request was not one that the gateway can judge
  AHDVO body-empty-model body-empty-object body-malformed-json body-malformed-json-typed body-no-model body-none
  AHDVO relay-channel-pin-admin-missing
  PQRN relay-body-invalid-json relay-body-model-empty relay-body-no-price
  N relay-body-dry-empty-object relay-chat-channel-suffix-admin-missing-channel relay-body-empty
  N relay-body-invalid-json-after-model relay-body-max-tokens-huge relay-body-max-tokens-negative
  N relay-body-messages-string relay-body-model-empty-zh relay-body-model-missing relay-body-model-number
  N relay-body-no-content-type relay-body-text-plain relay-body-no-price-zh relay-body-too-large-healthy
  N relay-body-too-large-model-other relay-lang-zhtw-model-empty
  VO relay-unpriced-chat
  # the owner of the token is deleted
  VO relay-user-deleted-dry relay-user-deleted-chat
  PQRN relay-dry-deleted-user relay-chat-deleted-user
  # done-hub: one 503 for everything behind it, and for a model that the token may not use
  D relay-model-limit-chat relay-model-limit-empty-chat upstream-401-chat upstream-401-stream upstream-402-chat
  D upstream-403-chat upstream-404-chat upstream-500-chat upstream-500-stream upstream-503-chat
  D upstream-badjson-chat upstream-drop-chat upstream-empty-chat upstream-html-chat upstream-html502-chat
  D upstream-unreachable-chat
  # one-hub: the 404 of the model limit, with the text of a dry success
  H relay-model-limit-dry relay-model-limit-empty-dry
"""

Expected = dict[tuple[str, str], tuple[str, str]]


def expected() -> Expected:
    """(version, case) → (verdict, light); a case named twice for a version is an error."""
    table: Expected = {}
    for line in "\n".join((MODELS, USAGE, ACCOUNT, STATUS, CHAT)).splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        if not line.startswith(" "):
            verdict, light = line.split()
            continue
        letters, *names = line.split()
        for key in ((VERSIONS[letter], name) for letter in letters for name in names):
            if key in table:
                raise ValueError(f"named twice: {key}")
            table[key] = (verdict, light)
    return table
