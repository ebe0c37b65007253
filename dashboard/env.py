"""The environment, read once, typed, and loud about nonsense.

Every setting is one field of `Env`. Each may be given as `NAME`, or as `NAME_FILE` naming a file that holds
the value (for container secrets). docs/settings.md is printed from this table by `manage.py settings_table`.
"""

import difflib
import ipaddress
import os
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "KEYWARD_"
FILE_SUFFIX = "_FILE"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class EnvError(ValueError):
    """A setting that cannot be used; the text is one sentence for the person who set it."""


# Parsers: text in, value out; ValueError carries what was expected.


def text(value: str) -> str:
    return value


def flag(value: str) -> bool:
    match value.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off" | "":
            return False
    raise ValueError("expected on or off")


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(value)

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError("expected one of " + ", ".join(choices))
        return value.lower()

    return parse


def folder(value: str) -> Path:
    if not value:
        raise ValueError("expected a folder")
    return Path(value).expanduser().absolute()


def names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def networks(value: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part) for part in names(value))


def public_url(value: str) -> str:
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise ValueError("expected an address such as https://keyward.example.com")
    if parts.path.strip("/"):
        raise ValueError("expected an address without a path")
    return f"{parts.scheme}://{parts.netloc}"


def database_url(value: str) -> str:
    if value and urlsplit(value).scheme not in ("postgres", "postgresql", "sqlite"):
        raise ValueError("expected postgresql://user:password@host/name or sqlite:///path")
    return value


def broker_url(value: str) -> str:
    if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("expected redis://host:6379/0")
    return value


def time_zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise ValueError("expected a time zone such as Europe/Berlin") from error
    return value


def setting(name: str, parse: Callable[[str], Any], default: str, says: str, *, secret: bool = False) -> Any:
    """One row of the table. `default` is text, parsed like a value from outside."""
    return field(metadata={"row": Row(name, parse, default, says, secret)})


@dataclass(frozen=True)
class Row:
    """What the table knows of one setting."""

    name: str
    parse: Callable[[str], Any]
    default: str
    says: str
    secret: bool


@dataclass(frozen=True, kw_only=True)
class Env:
    """Every setting of Keyward. Fields marked secret never appear in a repr."""

    host: str = setting("KEYWARD_HOST", text, "127.0.0.1", "Address that the web server listens on.")
    port: int = setting("KEYWARD_PORT", whole(1, 65535), "8000", "Port that the web server listens on.")
    data_dir: Path = setting(
        "KEYWARD_DATA_DIR",
        folder,
        "./var",
        "Folder for the database, the encryption keys, the queue and the collected static files. Back this up.",
    )
    public_url: str = setting(
        "KEYWARD_PUBLIC_URL",
        public_url,
        "",
        "Address under which people reach Keyward; links in alerts use it. With https, cookies are secure-only and "
        "HSTS is on. Empty: http, the host and the port above.",
    )
    allowed_hosts: tuple[str, ...] = setting(
        "KEYWARD_ALLOWED_HOSTS",
        names,
        "",
        "Further host names to answer to, separated by commas. The public address and localhost are always allowed.",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        "KEYWARD_TRUSTED_PROXIES",
        networks,
        "",
        "Addresses or networks of reverse proxies, separated by commas. Only from these are X-Forwarded-For and "
        "X-Forwarded-Proto believed.",
    )
    admin_user: str = setting(
        "KEYWARD_ADMIN_USER", text, "", "Name of the administrator to create at the first start, without the browser."
    )
    admin_password: str = setting(
        "KEYWARD_ADMIN_PASSWORD", text, "", "Password of that administrator. Not read again later.", secret=True
    )
    admin_email: str = setting("KEYWARD_ADMIN_EMAIL", text, "", "Email address of that administrator.")
    secret_key: str = setting(
        "KEYWARD_SECRET_KEY",
        text,
        "",
        "Signs sessions and forms. Empty: made at the first start and kept in `secret_key` in the data folder.",
        secret=True,
    )
    keyring: str = setting(
        "KEYWARD_KEYRING",
        text,
        "",
        "The encryption keys as JSON, the same text as the file. Empty: made at the first start and kept in "
        "`keyring.json` in the data folder.",
        secret=True,
    )
    allow_private_addresses: bool = setting(
        "KEYWARD_ALLOW_PRIVATE_ADDRESSES",
        flag,
        "off",
        "Lets gateways and webhooks be on this machine or a private network. Cloud metadata addresses stay refused.",
    )
    check_interval: int = setting(
        "KEYWARD_CHECK_INTERVAL",
        whole(30, 86400),
        "600",
        "Seconds between two checks of a token, unless it has its own.",
    )
    workers: int = setting("KEYWARD_WORKERS", whole(1, 64), "2", "Worker processes that check tokens and send alerts.")
    web_threads: int = setting(
        "KEYWARD_WEB_THREADS", whole(1, 256), "8", "Requests that the web server handles at once."
    )
    database_url: str = setting(
        "DATABASE_URL",
        database_url,
        "",
        "postgresql://user:password@host:5432/name. Empty: SQLite in the data folder.",
        secret=True,
    )
    celery_broker_url: str = setting(
        "CELERY_BROKER_URL", broker_url, "", "redis://host:6379/0. Empty: a queue in the data folder.", secret=True
    )
    smtp_host: str = setting("KEYWARD_SMTP_HOST", text, "", "Mail server for email alerts. Empty: no email.")
    smtp_port: int = setting("KEYWARD_SMTP_PORT", whole(1, 65535), "587", "Port of the mail server.")
    smtp_user: str = setting("KEYWARD_SMTP_USER", text, "", "Name to sign in to the mail server with.")
    smtp_password: str = setting("KEYWARD_SMTP_PASSWORD", text, "", "Password for the mail server.", secret=True)
    smtp_tls: str = setting(
        "KEYWARD_SMTP_TLS",
        one_of("starttls", "tls", "off"),
        "starttls",
        "starttls (usual on port 587), tls (usual on port 465) or off.",
    )
    email_from: str = setting("KEYWARD_EMAIL_FROM", text, "keyward@localhost", "Sender of email alerts.")
    time_zone: str = setting(
        "KEYWARD_TIME_ZONE", time_zone, "UTC", "Time zone of alerts, and of pages until the browser has told its own."
    )
    log_level: str = setting(
        "KEYWARD_LOG_LEVEL", one_of("debug", "info", "warning", "error"), "info", "debug, info, warning or error."
    )
    debug: bool = setting("KEYWARD_DEBUG", flag, "off", "Developer mode: error pages with details. Never on a network.")
    demo: bool = setting("KEYWARD_DEMO", flag, "off", "Set by `make demo`: says on the page that this is a demo.")

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if not row_of(f).secret)
        return f"Env({', '.join(shown)})"

    @property
    def address(self) -> str:
        """Where people reach Keyward, without a trailing slash."""
        if self.public_url:
            return self.public_url
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 (compared, not bound)
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"

    @property
    def https(self) -> bool:
        return self.address.startswith("https://")


def row_of(of: Any) -> Row:
    row: Row = of.metadata["row"]
    return row


def rows() -> Iterator[Row]:
    return (row_of(f) for f in fields(Env))


def secret_names() -> Iterator[str]:
    return (row.name for row in rows() if row.secret)


def read(environ: Mapping[str, str] | None = None) -> Env:
    """The settings in `environ`. Raises EnvError with one sentence naming the setting, never a secret value."""
    environ = os.environ if environ is None else environ
    refuse_unknown(environ)
    return Env(**{f.name: value_of(row_of(f), environ) for f in fields(Env)})


def refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {name for row in rows() for name in (row.name, row.name + FILE_SUFFIX)}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else " docs/settings.md lists them all."
            raise EnvError(f"There is no setting {name}.{hint}")


def value_of(row: Row, environ: Mapping[str, str]) -> Any:
    value = raw_value(row, environ)
    value = value.rstrip("\r\n") if row.secret else value.strip()
    try:
        return row.parse(value if value else row.default)
    except ValueError as error:
        shown = "the value given" if row.secret else f"“{value}”"
        raise EnvError(f"{row.name} cannot be {shown}: {error}.") from None


def raw_value(row: Row, environ: Mapping[str, str]) -> str:
    file = environ.get(row.name + FILE_SUFFIX, "")
    direct = environ.get(row.name, "")
    if not file:
        return direct
    if direct:
        raise EnvError(f"Both {row.name} and {row.name}{FILE_SUFFIX} are set; keep one of them.")
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise EnvError(f"{row.name}{FILE_SUFFIX} names {file}, which cannot be read: {reason}.") from None


def table() -> str:
    """The settings as a Markdown table, for docs/settings.md."""
    lines = ["| Setting | Default | What it does |", "|---|---|---|"]
    for row in rows():
        default = f"`{row.default}`" if row.default else "(empty)"
        lines.append(f"| `{row.name}` | {default} | {row.says} |")
    return "\n".join(lines) + "\n"
