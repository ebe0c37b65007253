"""The audit log: what is found, what is exported, and that a change of it shows."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_key, make_token
from tokens.models import AuditEvent
from tokens.services import auditing, reviewing
from tokens.services.auditing import KEYWARD, Actor
from tokens.vault.fingerprint import fingerprint


def page(client: Any, **query: Any) -> str:
    return str(client.get(reverse("audit"), query).content.decode())


def act(action: str, name: str = "", who: str = "Ann", **fields: Any) -> AuditEvent:
    return auditing.record(Actor(None, who, "192.0.2.7", "request-0001"), action, name=name, **fields)


def exported(client: Any, form: str, **query: Any) -> str:
    answer = client.get(reverse("audit_export", args=[form]), query)
    return b"".join(answer.streaming_content).decode()


def test_nobody_reads_it_without_signing_in(client: Any, db: None) -> None:
    event = act("token.edit")
    for name, args in (("audit", []), ("audit_entry", [event.pk]), ("audit_export", ["csv"])):
        assert client.get(reverse(name, args=args)).status_code == 302


def test_an_act_is_shown_with_before_and_after(signed_in: Any) -> None:
    act("token.edit", "pricing", changes={"group": ("default", "vip"), "tags": (["a"], ["a", "b"])})
    said = page(signed_in)
    for words in ("Ann", "pricing", "default", "vip", "a, b", "192.0.2.7"):
        assert words in said


def test_an_entry_has_a_page_with_its_request_and_digest(signed_in: Any) -> None:
    event = act("token.edit", "pricing", changes={"group": ("default", "vip")})
    said = signed_in.get(reverse("audit_entry", args=[event.pk])).content.decode()
    assert event.digest in said
    assert "request-0001" in said


def test_filters_stand_in_the_address(signed_in: Any) -> None:
    token = make_token(name="named-token")
    auditing.record(KEYWARD, "token.add", token)
    act("token.edit", "pricing")
    act("token.pause", "invoice", who="Ben")
    assert "invoice" not in page(signed_in, action="token.edit")
    assert "pricing" not in page(signed_in, actor="Ben")
    assert "pricing" not in page(signed_in, words="INVOI")
    assert "pricing" in page(signed_in, words="request-0001")
    found = page(signed_in, kind="token", object_id=token.pk)
    assert "named-token" in found
    assert "pricing" not in found


def test_a_range_of_days_includes_both_ends(signed_in: Any) -> None:
    act("token.edit", "pricing")
    today = timezone.localdate().isoformat()
    assert "pricing" in page(signed_in, since=today, until=today)
    assert "pricing" not in page(signed_in, until="2020-01-01")
    assert "pricing" in page(signed_in, since="not a day")


@pytest.mark.parametrize("query", ["after=x", "object_id=" + "9" * 30, "fingerprint=zz", "kind=%00", "before=9" * 9])
def test_nonsense_in_the_address_does_no_harm(signed_in: Any, query: str) -> None:
    assert signed_in.get(f"{reverse('audit')}?{query}").status_code == 200


def test_pages_go_both_ways(signed_in: Any) -> None:
    events = [act("token.edit", f"name-{number:03d}") for number in range(120)]
    first = page(signed_in, action="token.edit")
    assert "name-119" in first
    assert "name-069" not in first
    older = page(signed_in, action="token.edit", after=events[70].pk)
    assert "name-069" in older
    assert "name-020" in older
    assert "name-019" not in older
    assert "name-070" in page(signed_in, action="token.edit", before=events[69].pk)


def test_a_pasted_key_finds_what_was_done_with_it(signed_in: Any) -> None:
    key = make_key()
    token = make_token(key=key, name="has-the-key")
    auditing.record(KEYWARD, "token.add", token, fingerprint=token.fingerprint)
    act("token.edit", "unrelated-name")
    answer = signed_in.post(reverse("audit_find"), {"key": f"  Bearer {key}\n"})
    assert answer.status_code == 303
    assert answer.url == f"{reverse('audit')}?fingerprint={fingerprint(key)[:16]}"
    found = signed_in.get(answer.url).content.decode()
    assert "has-the-key" in found
    assert "unrelated-name" not in found
    assert key[3:] not in found
    assert not AuditEvent.objects.filter(object_name__contains=key[3:]).exists()


def test_a_key_among_the_words_is_taken_off_the_address(signed_in: Any) -> None:
    key = make_key()
    answer = signed_in.get(reverse("audit"), {"words": key})
    assert answer.headers["Location"] == f"/audit/?fingerprint={fingerprint(key)[:16]}"


def test_what_is_no_key_gets_a_sentence(signed_in: Any) -> None:
    answer = signed_in.post(reverse("audit_find"), {"key": "sk-abc***def"}, follow=True)
    assert "masked" in answer.content.decode()


def test_csv_holds_no_formula(signed_in: Any) -> None:
    act("token.edit", "=HYPERLINK(1)", changes={"purpose": ("", "@x")})
    act("token.edit", "-1+1")
    rows = list(csv.DictReader(io.StringIO(exported(signed_in, "csv", action="token.edit"))))
    assert [row["object_name"] for row in rows] == ["'-1+1", "'=HYPERLINK(1)"]
    assert json.loads(rows[1]["changes"]) == {"purpose": ["", "@x"]}


def test_json_reads_back_and_follows_the_filters(signed_in: Any) -> None:
    act("token.edit", "pricing", changes={"group": ("default", "vip")})
    act("token.pause", "invoice")
    rows = json.loads(exported(signed_in, "json", action="token.edit"))
    assert [row["object_name"] for row in rows] == ["pricing"]
    assert rows[0]["changes"] == {"group": ["default", "vip"]}
    assert json.loads(exported(signed_in, "json", action="nothing.like_it")) == []


def test_an_export_is_an_act_itself(signed_in: Any) -> None:
    exported(signed_in, "csv", action="token.edit")
    event = AuditEvent.objects.get(action="audit.export")
    assert event.changes == {"format": ["", "csv"], "action": ["", "token.edit"]}
    assert signed_in.get(reverse("audit_export", args=["xml"])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("write", [reviewing.as_csv, reviewing.as_json])
def test_an_export_holds_few_rows_in_memory(write: Any) -> None:
    now = timezone.now()
    AuditEvent.objects.bulk_create(
        [AuditEvent(at=now, actor_name="Ann", action="token.edit", digest="d" * 64) for _ in range(20_000)],
        batch_size=2000,
    )
    tracemalloc.start()
    length = sum(len(line) for line in write(AuditEvent.objects.order_by("-id")))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length > 2_000_000
    assert peak < 8_000_000


@pytest.mark.django_db
def test_a_whole_chain_is_said_to_be_whole() -> None:
    act("token.edit", "pricing", changes={"quota": (1.5, None), "tags": ([], ["ü", "a"])})
    act("token.pause", "invoice")
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "The chain is whole: 2 entries" in out.getvalue()


@pytest.mark.django_db
def test_a_changed_entry_breaks_the_chain_where_it_stands() -> None:
    events = [act("token.edit", f"name-{number}") for number in range(4)]
    AuditEvent.objects.filter(pk=events[1].pk).update(object_name="somebody else's")
    err = StringIO()
    with pytest.raises(CommandError, match="1 breaks in 4"):
        call_command("verify_audit", stderr=err)
    assert f"entry {events[1].pk} " in err.getvalue()


@pytest.mark.django_db
def test_a_removed_entry_breaks_the_chain_after_it() -> None:
    events = [act("token.edit", f"name-{number}") for number in range(4)]
    AuditEvent.objects.filter(pk=events[1].pk)._raw_delete("default")  # type: ignore[attr-defined]
    assert reviewing.verify().broken == ((events[0].pk, events[2].pk),)


def test_the_page_says_whether_the_chain_is_whole(signed_in: Any) -> None:
    event = act("token.edit", "pricing")
    signed_in.post(reverse("audit_verify"))
    assert "The chain is whole" in page(signed_in)
    AuditEvent.objects.filter(pk=event.pk).update(actor_name="Eve")
    signed_in.post(reverse("audit_verify"))
    said = page(signed_in)
    assert "The chain is broken" in said
    assert reverse("audit_entry", args=[event.pk]) in said


def sign_in(client: Any, name: str, password: str) -> Any:
    return client.post(reverse("account_login"), {"login": name, "password": password})


def test_sign_in_and_sign_out_are_written_down(client: Any, person: Any) -> None:
    sign_in(client, "mira", "a long enough phrase")
    client.post(reverse("account_logout"))
    events = AuditEvent.objects.order_by("pk")
    assert [(event.action, event.actor_name, event.object_name) for event in events] == [
        ("sign_in", "mira", "mira"),
        ("sign_out", "mira", "mira"),
    ]
    assert events[0].address == "127.0.0.1"
    assert events[0].request_id


@pytest.mark.parametrize("name", ["mira", "mira@example.com", "nobody-of-this-name"])
def test_a_failed_sign_in_is_written_once_without_the_password(client: Any, person: Any, name: str) -> None:
    sign_in(client, name, "a wrong phrase 4711")
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_name, event.object_name) == ("sign_in.failed", "unknown", name)
    assert "4711" not in str(AuditEvent.objects.values().get())


def test_a_key_typed_as_a_name_is_not_kept(client: Any, person: Any) -> None:
    key = make_key()
    sign_in(client, key, "whatever")
    assert key[3:] not in str(list(AuditEvent.objects.values()))


def test_a_very_long_name_is_cut(client: Any, person: Any) -> None:
    sign_in(client, "n" * 400, "whatever")
    assert all(len(event.object_name) <= 150 for event in AuditEvent.objects.all())


def test_a_new_password_is_written_down_and_only_that(signed_in: Any) -> None:
    typed = {
        "oldpassword": "a long enough phrase",
        "password1": "quite another phrase",
        "password2": "quite another phrase",
    }
    assert signed_in.post(reverse("account_change_password"), typed).status_code == 302
    event = AuditEvent.objects.get(action="password.change")
    assert (event.actor_name, event.object_name, event.changes) == ("mira", "mira", {})
    assert "phrase" not in str(list(AuditEvent.objects.values()))


def test_people_are_named_as_the_actor(signed_in: Any) -> None:
    user = get_user_model().objects.get()
    assert AuditEvent.objects.get(action="sign_in").actor_id == user.pk


def test_every_act_that_is_recorded_has_words() -> None:
    acts = re.compile(r'"((?:token|gateway|account|channel|incident|audit|person|password)\.[a-z_]+)"')
    recorded = {
        act for file in Path(reviewing.__file__).parent.glob("*.py") for act in acts.findall(file.read_text("utf-8"))
    }
    assert recorded - set(reviewing.ACTIONS) == set()
