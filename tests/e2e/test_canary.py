"""Known secrets are planted, everything is done with them, and then they are searched for everywhere.

A key stands in two answers only: the receipt's and the reveal's, each asked for by POST. What somebody typed into a
form that came back with an error stands in that form again, and nowhere else of that answer.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.parrot import parrot
from tests.e2e.spelling import held
from tests.e2e.visitor import PASSWORD, Program, program
from tests.factories import make_key
from tests.listeners import Hook, Mailbox, mail_server, webhook
from tests.services import wait_until
from tokens.simulator import Simulator
from tokens.simulator.records import new_access_token

pytestmark = [pytest.mark.timeout(300)]

PASSED_ON = ("content-type", "location", "set-cookie", "hx-redirect")
# Fields that hold what was typed when their form has an error.
TYPED_AGAIN = re.compile(
    r"<textarea[^>]*\bname=\"keys\"[^>]*>.*?</textarea>|<input[^>]*\btype=\"password\"[^>]*>", re.DOTALL
)
SHOWING = re.compile(r"/tokens/create/[0-9a-f-]{36}/key/|/tokens/\d+/reveal/|/alerts/new/webhook/")
CRAWLED = 250  # pages


@dataclass
class Answer:
    method: str
    path: str
    status: int
    head: bytes
    body: str

    @property
    def shows(self) -> bool:
        """Whether it was asked to show a secret."""
        return self.method == "POST" and bool(SHOWING.fullmatch(self.path))

    @property
    def heap(self) -> bytes:
        """Its address is the asker's own; its headers and its body are Keyward's."""
        return self.head + b"\n" + TYPED_AGAIN.sub("", self.body).encode()


@dataclass
class Person:
    """Somebody who uses the pages without script, and keeps every answer."""

    client: httpx.Client
    answers: list[Answer] = field(default_factory=list)
    token: str = ""

    def get(self, path: str, **headers: str) -> str:
        return self._keep(self.client.get(path, headers=headers))

    def post(self, path: str, fields: Any = None, **headers: str) -> str:
        """Submits a form, follows to where it leads."""
        given = {"csrfmiddlewaretoken": self.token, **(fields or {})}
        return self._keep(self.client.post(path, data=given, headers=headers))

    def _keep(self, last: httpx.Response) -> str:
        for one in (*last.history, last):
            head = "\n".join(f"{name}: {value}" for name, value in one.headers.items())
            path = one.request.url.raw_path.decode().split("?")[0]
            self.answers.append(Answer(one.request.method, path, one.status_code, head.encode(), one.text))
        if found := re.search(r'X-CSRFToken": "(\w+)"|name="csrfmiddlewaretoken" value="(\w+)"', last.text):
            self.token = found[1] or found[2]
        return last.text

    def token_called(self, name: str) -> str:
        """The address of a token's page."""
        found = re.search(rf'href="(/tokens/\d+/)">{name}</a>', self.get("/tokens/"))
        assert found, f"no token {name} in the list"
        return found[1]

    def crawl(self) -> int:
        """Every page that a link leads to, from the first one on."""
        seen, todo = set[str](), ["/"]
        while todo and len(seen) < CRAWLED:
            page = todo.pop()
            seen.add(page)
            links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/[^"#]*|\?[^"#]*)', self.get(page))}
            whole = {f"{page.split('?')[0]}{link}" if link.startswith("?") else link for link in links}
            todo += sorted(link for link in whole - seen - set(todo) if not link.startswith(("/static/", "/accounts/")))
        return len(seen)


@dataclass
class Planted:
    """(name, secret) of everything that must stay hidden."""

    secrets: list[tuple[str, str]] = field(default_factory=list)

    def plant(self, name: str, secret: str) -> str:
        self.secrets.append((name, secret))
        return secret


class Watcher(threading.Thread):
    """Keeps what passes through the queue's folders, whose messages are gone when they are read."""

    def __init__(self, data: Path) -> None:
        super().__init__(daemon=True)
        self.folders, self.over, self.seen = (data / "queue", data / "queue-control"), threading.Event(), set[bytes]()

    def run(self) -> None:
        while not self.over.wait(0.005):
            for folder in self.folders:
                for file in folder.glob("*"):
                    with contextlib.suppress(OSError):
                        self.seen.add(file.read_bytes())


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as end:
        yield end


@pytest.fixture
def keyward(tmp_path: Path, mailbox: Mailbox) -> Iterator[Program]:
    given = {
        "KEYWARD_ADMIN_USER": "mira",
        "KEYWARD_ADMIN_PASSWORD": PASSWORD,
        "KEYWARD_LOG_LEVEL": "debug",
        "KEYWARD_CHECK_INTERVAL": "30",
        "KEYWARD_SMTP_HOST": "127.0.0.1",
        "KEYWARD_SMTP_PORT": str(mailbox.port),
        "KEYWARD_SMTP_TLS": "off",
    }
    with program(tmp_path, **given) as started:
        yield started


@pytest.fixture
def mira(keyward: Program) -> Iterator[Person]:
    with httpx.Client(base_url=keyward.url, follow_redirects=True, timeout=40) as client:
        yield Person(client)


def test_no_secret_is_found_where_nobody_asked_for_it(
    keyward: Program, mira: Person, hook: Hook, mailbox: Mailbox
) -> None:
    planted, simulator = Planted(), Simulator()
    planted.plant("password", PASSWORD)
    watcher = Watcher(keyward.data)
    watcher.start()
    with simulator.running(), parrot() as echo:
        sign_in(mira)
        connect(mira, simulator, echo, planted)
        add_keys(mira, simulator, planted)
        listen(mira, hook, planted)
        fail_and_recover(mira, simulator, hook, mailbox)
        create_and_change(mira, simulator, planted)
        reveal(mira, simulator)
        lose_the_access_token(mira, simulator, planted)
        look_for_keys(mira, planted)
        break_things(mira, planted)
        assert mira.crawl() > 60
    watcher.over.set()
    watcher.join()

    shown = [answer for answer in mira.answers if answer.shows and held(answer.body.encode(), planted.secrets)]
    assert {re.sub(r"[0-9a-f-]{36}|\d+", "…", answer.path) for answer in shown} == {
        "/tokens/create/…/key/",
        "/tokens/…/reveal/",
        "/alerts/new/webhook/",
    }
    assert all("no-store" in answer.head.decode() for answer in mira.answers if answer.status == 200)
    assert leaks(keyward, mira, hook, mailbox, watcher, planted) == []


def leaks(
    keyward: Program, mira: Person, hook: Hook, mailbox: Mailbox, watcher: Watcher, planted: Planted
) -> list[str]:
    """Where a secret stands that should not: one line for each place."""
    heaps = {f"{a.method} {a.path} ({number})": a.heap for number, a in enumerate(mira.answers) if not a.shows}
    heaps |= {f"file {file.relative_to(keyward.data)}": file.read_bytes() for file in files(keyward.data)}
    heaps["log"] = keyward.log.read_bytes()
    heaps["queue"] = b"\n".join(watcher.seen)
    heaps["webhook"] = b"\n".join([*hook.bodies, *(str(head).encode() for head in hook.headers)])
    heaps["mail"] = b"\n".join(bytes(mail) for mail in mailbox.messages)
    assert watcher.seen
    assert hook.bodies
    assert mailbox.messages
    return [f"{name} in {place}" for place, heap in heaps.items() for name in held(heap, planted.secrets)]


def files(data: Path) -> list[Path]:
    """The data folder: database with its write-ahead log, queue, schedule. The static files are everybody's."""
    return [file for file in data.rglob("*") if file.is_file() and "static" not in file.relative_to(data).parts]


def sign_in(mira: Person) -> None:
    mira.get("/accounts/login/")
    mira.post("/accounts/login/", {"login": "mira", "password": "not the right phrase"})
    assert "Connect" in mira.post("/accounts/login/", {"login": "mira", "password": PASSWORD})


def connect(mira: Person, simulator: Simulator, echo: str, planted: Planted) -> None:
    """A wrong access token, a key in its place, the right one; and a gateway that repeats what it is told."""
    signs = planted.plant("access token", f"{new_access_token()[:26]}+a/b==")
    simulator.add_account("alice", access_token=signs)
    given = {"kind": "family", "base_url": f"{simulator.url}/v1", "name": "Relay", "account_name": "alice"}
    mira.get("/gateways/connect/")
    for name, wrong in (("wrong access token", new_access_token()), ("key as access token", make_key())):
        page = mira.post("/gateways/connect/", given | {"access_token": planted.plant(name, wrong)})
        assert "is connected" not in page
    assert "Relay is connected." in mira.post("/gateways/connect/", given | {"access_token": signs})
    other = {"kind": "openai", "base_url": f"{echo}/v1", "name": "Parrot"}
    assert "Parrot is connected." in mira.post("/gateways/connect/", other)
    hurry = {"check_interval": 30, "slow_ms": 5000, "checks_per_minute": 600, "management_per_minute": 600}
    hurry |= {"name": "Relay", "base_url": f"{simulator.url}/v1", "key_fetches_per_20_minutes": 20, "concurrency": 8}
    assert "Relay" in mira.post("/gateways/1/edit/", hurry)


def add_keys(mira: Person, simulator: Simulator, planted: Planted) -> None:
    """Pasted on both gateways, good and bad ones; then the rest of the account's list is brought in."""
    alice = simulator.account("alice")
    for name in ("pasted", "listed", "doomed"):
        planted.plant(f"{name} key", f"sk-{simulator.add_token(alice, name).key}")
    fine = simulator.token(1).key
    refused = planted.plant("refused key", make_key())
    lines = [f"sk-{fine}", f"Bearer sk-{fine}", refused, planted.plant("access token as a key", new_access_token())]
    page = mira.post("/tokens/add/", {"gateway": "1", "account": "1", "keys": "\n".join(lines)})
    assert "1 of 4 keys added" in page
    repeated = planted.plant("repeated key", make_key())
    mira.post("/tokens/add/", {"gateway": "2", "keys": repeated})
    mira.post("/tokens/add/", {"gateway": "2", "keys": repeated, "keep_refused": "on"})
    mira.get("/tokens/bring-in/1/")
    assert "are watched from now on." in mira.post("/tokens/bring-in/1/", {"token": ["2", "3"]})


def listen(mira: Person, hook: Hook, planted: Planted) -> None:
    """A webhook whose address holds a secret and that refuses once, and a mail address."""
    mark = planted.plant("webhook's address", make_key().removeprefix("sk-"))
    hook.status = 500
    wishes = {"failing": "on", "recovered": "on", "degraded": "on"}
    page = mira.post("/alerts/new/webhook/", {"name": "Pager", "url": f"{hook.url}/{mark}", **wishes})
    found = re.search(r'data-copy="([\w-]{16,})"', page)
    assert found
    planted.plant("signing secret", found[1])
    mira.post("/alerts/new/email/", {"name": "Team", "addresses": "team@example.com", **wishes})
    mira.post("/alerts/1/test/")
    wait_until(lambda: hook.bodies != [], "the test at the webhook")


def fail_and_recover(mira: Person, simulator: Simulator, hook: Hook, mailbox: Mailbox) -> None:
    """The first try of the webhook failed; the next ones arrive."""
    hook.status = 200
    simulator.token(3).fault = "invalid"
    mira.post("/tokens/bulk/", {"deed": "check", "token": ["1", "2", "3", "4"], "next": "/tokens/"})
    wait_until(lambda: "failing" in hook.events, "the alert at the webhook", 60)
    wait_until(lambda: hook.events.count("test") == 2, "the second try of the test", 60)
    mira.get("/tokens/?status=failing", **{"HX-Request": "true", "HX-Target": "rows"})
    simulator.token(3).fault = ""
    mira.post(f"{mira.token_called('doomed')}check/")
    wait_until(lambda: "recovered" in hook.events, "the recovery at the webhook", 60)
    wait_until(lambda: len(mailbox.messages) > 1, "the mails", 30)


def create_and_change(mira: Person, simulator: Simulator, planted: Planted) -> None:
    """From the form to the receipt with its key; edited, disabled, enabled, unlimited, and another one deleted."""
    form = mira.get("/tokens/create/")
    uid = re.search(r'name="uid" value="([0-9a-f-]{36})"', form)
    assert uid
    given = {"account": "1", "uid": uid[1], "name": "made-here", "quota": "amount", "amount_usd": "1"}
    mira.post("/tokens/create/", given | {"group": "default", "expiry": "never", "tags": "prod"})
    wait_until(lambda: "made-here works" in mira.get(f"/tokens/create/{uid[1]}/"), "the receipt", 60)
    made = next(token for token in simulator.account("alice").living() if token.name == "made-here")
    planted.plant("created key", f"sk-{made.key}")
    assert made.key in mira.post(f"/tokens/create/{uid[1]}/key/")
    number = re.search(r"/tokens/(\d+)/reveal/", mira.get(f"/tokens/create/{uid[1]}/"))
    assert number
    seen = re.search(r'name="seen" value="([^"]+)"', mira.get(f"/tokens/{number[1]}/edit/"))
    assert seen
    change = given | {"seen": seen[1], "amount_usd": "2", "group": "default", "expiry": "never"}
    mira.post(f"/tokens/{number[1]}/edit/", change)
    assert "is changed" in mira.post(f"/tokens/{number[1]}/edit/", change | {"confirmed": "1"})
    for act in ("disable", "enable", "unlimited"):
        mira.post(f"/tokens/{number[1]}/{act}/")
    assert "deleted" in mira.post(f"{mira.token_called('doomed')}delete/")
    assert simulator.account("alice").token(3) is None


def reveal(mira: Person, simulator: Simulator) -> None:
    mira.get("/tokens/1/reveal/")
    assert simulator.token(1).key in mira.post("/tokens/1/reveal/", {"password": PASSWORD, "reason": "New laptop"})
    assert simulator.token(1).key not in mira.get("/tokens/1/reveal/")


def lose_the_access_token(mira: Person, simulator: Simulator, planted: Planted) -> None:
    """Made anew elsewhere: the list refuses, a wrong new one is refused, the right one works."""
    fresh = planted.plant("new access token", simulator.replace_access_token(simulator.account("alice")))
    mira.get("/tokens/bring-in/1/")
    mira.post("/accounts-on-gateways/1/read/")
    door = "/accounts-on-gateways/1/access-token/"
    assert "works." not in mira.post(door, {"access_token": planted.plant("another wrong one", new_access_token())})
    assert "works." in mira.post(door, {"access_token": fresh})


def look_for_keys(mira: Person, planted: Planted) -> None:
    """In the audit log and in the list of tokens; and all of the log is taken out."""
    pasted = dict(planted.secrets)["pasted key"]
    assert "pasted" in mira.post("/audit/find/", {"key": pasted})
    mira.get("/audit/?find")
    for door in ("/tokens/?q=", "/audit/?words="):
        assert "pasted" in mira.get(door + pasted)
    mira.post("/audit/verify/")
    assert "token.reveal" in mira.get("/audit/export/csv/")
    assert "token.reveal" in mira.get("/audit/export/json/")


def break_things(mira: Person, planted: Planted) -> None:
    """Addresses that are none, forms without their token, bodies that are none: with a key in each."""
    key = dict(planted.secrets)["pasted key"]
    mira.get(f"/tokens/{key}/")
    mira.get(f"/no/such/page?key={key}", Authorization=f"Bearer {key}")
    mira.get("/", Host=f"{key}.example.com")
    real, mira.token = mira.token, "x" * 64
    mira.post("/tokens/add/", {"gateway": "1", "keys": key})
    mira.token = real
    mira.post("/tokens/add/", {"gateway": key, "account": key, "owner": key, "keys": "x"})
    broken = {"Content-Type": "multipart/form-data; boundary=x", "X-CSRFToken": mira.token}
    mira._keep(mira.client.post("/tokens/add/", content=f"--y\r\nkeys={key}".encode(), headers=broken))
    assert {answer.status for answer in mira.answers} >= {200, 303, 400, 403, 404}
    assert not [answer for answer in mira.answers if answer.status >= 500]
