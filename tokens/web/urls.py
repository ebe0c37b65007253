"""The domain's addresses."""

from django.urls import path

from . import accounts, adding, audit, channels, connecting, gateways, incidents, overview, token, tokens

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("tokens/", tokens.token_list, name="tokens"),
    path("tokens/add/", adding.add, name="token_add"),
    path("tokens/bring-in/<int:account_id>/", adding.bring_in, name="token_bring_in"),
    path("tokens/<int:token_id>/", token.token_page, name="token"),
    path("tokens/<int:token_id>/check/", token.check, name="token_check"),
    path("tokens/<int:token_id>/pause/", token.pause, name="token_pause"),
    path("tokens/<int:token_id>/resume/", token.resume, name="token_resume"),
    path("tokens/<int:token_id>/describe/", token.describe, name="token_describe"),
    path("tokens/<int:token_id>/forget/", token.forget, name="token_forget"),
    path("gateways/", gateways.gateway_list, name="gateways"),
    path("gateways/connect/", connecting.connect, name="connect"),
    path("gateways/connect/probe/", connecting.probe_typed, name="connect_probe"),
    path("gateways/<int:gateway_id>/", gateways.gateway_page, name="gateway"),
    path("gateways/<int:gateway_id>/knock/", gateways.knock, name="gateway_knock"),
    path("gateways/<int:gateway_id>/probe/", gateways.probe_again, name="gateway_probe"),
    path("gateways/<int:gateway_id>/edit/", gateways.edit, name="gateway_edit"),
    path("gateways/<int:gateway_id>/pause/", gateways.pause, name="gateway_pause"),
    path("gateways/<int:gateway_id>/remove/", gateways.remove, name="gateway_remove"),
    path("gateways/<int:gateway_id>/accounts/add/", accounts.add, name="account_add"),
    path("accounts-on-gateways/<int:account_id>/edit/", accounts.edit, name="account_edit"),
    path("accounts-on-gateways/<int:account_id>/access-token/", accounts.access_token, name="account_access_token"),
    path("accounts-on-gateways/<int:account_id>/read/", accounts.read, name="account_read"),
    path("accounts-on-gateways/<int:account_id>/remove/", accounts.remove, name="account_remove"),
    path("incidents/", incidents.incident_list, name="incidents"),
    path("incidents/<int:incident_id>/", incidents.incident_page, name="incident"),
    path("incidents/<int:incident_id>/acknowledge/", incidents.acknowledge, name="incident_acknowledge"),
    path("alerts/", channels.channel_list, name="channels"),
    path("alerts/deliveries/", channels.deliveries, name="deliveries"),
    path("alerts/new/<str:kind>/", channels.channel_new, name="channel_new"),
    path("alerts/<int:channel_id>/", channels.channel_page, name="channel"),
    path("alerts/<int:channel_id>/test/", channels.test, name="channel_test"),
    path("alerts/<int:channel_id>/toggle/", channels.toggle, name="channel_toggle"),
    path("alerts/<int:channel_id>/remove/", channels.remove, name="channel_remove"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/<str:form>/", audit.export, name="audit_export"),
]
