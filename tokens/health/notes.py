"""The fixed lines of detail that a judgement may carry. English when stored, translated when shown."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

# of a key
HIDDEN_REASON = _(
    "Newer gateways give one answer for unknown, disabled, expired and used up. The account's list tells."
)
LISTED_FINE = _("The account's list shows the token as fine. The key in Keyward may belong to another token.")
KEY_SUFFIX = _("Something follows the key after a hyphen, and only administrators may send that.")
TOO_SMALL = _("Some quota is left, but less than one call needs.")
KEY_LOST = _("The gateway says that no key arrived. Something between may have taken it out.")
NO_MODELS = _("The key is accepted, but no model is open to it.")
USAGE_ONLY = _("The key exists. This answer cannot show whether calls work.")
# of a token in the account's list
STORED_EXPIRED = _(
    "The expiry date lies ahead, but the gateway still stores the token as expired. It has to be enabled."
)
STORED_EXHAUSTED = _("There is quota, but the gateway still stores the token as used up. It has to be enabled.")
EXPIRY_ZERO = _("The expiry is stored as 0, which this gateway takes for long ago.")
ODD_STATUS = _("The gateway stores a status that it does not know itself, so it refuses the token.")
NO_MODELS_ALLOWED = _("Model limits are on and the list is empty, so every model is refused.")
# of an account
BALANCE_LOW = _("The balance is below the limit set for it.")
USER_ID = _("The gateway wants the account's user id beside the access token, and none or another one came.")
RIGHT_MISSING = _("The access token may not make this call.")
# of a gateway
OVERLOADED = _("The gateway says that it is overloaded.")
OWNER_OR_DATABASE = _("The gateway could not read its database. The owner of the token may have been deleted.")
NO_SUCH_CALL = _("This gateway has no such call.")
COLLAPSED = _("This gateway gives one answer for every trouble behind it, and for a model that the token may not use.")
NO_PRICE = _("The model that was asked for has no price on this gateway.")
REQUEST_REFUSED = _("The gateway refused the form of the request, which says nothing about the key.")
REACHED = _("The call reached the provider, which refused only the form of the request.")
PROVIDER_REFUSED = _("The provider refused the gateway's own key. The key of the token is not concerned.")
REDIRECT = _("The address answers with a redirect. Keyward does not follow it with a key.")
