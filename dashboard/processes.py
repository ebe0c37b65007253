"""The processes that Keyward is made of: one command line each, for the supervisor and for containers alike."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.demo import DemoGateway
from dashboard.env import Env


@dataclass(frozen=True)
class Program:
    """One long-running process: what it is called, how it is started, and what it finds in its environment."""

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)


def web(env: Env) -> Program:
    options = {
        "--interface": "wsgi",
        "--host": env.host,
        "--port": str(env.port),
        "--workers": "1",
        "--blocking-threads": str(env.web_threads),
        "--workers-kill-timeout": "4",
        "--log-level": "error",
    }
    flat = (part for pair in options.items() for part in pair)
    return Program(
        "web",
        (sys.executable, "-m", "granian", *flat, "--no-ws", "--respawn-failed-workers", "dashboard.wsgi:application"),
    )


def celery(name: str, *options: str) -> Program:
    # SIGTERM ends a worker softly: a few seconds for running batches, then it goes.
    own = {"REMAP_SIGTERM": "SIGQUIT", "CELERY_SKIP_CHECKS": "1"}
    return Program(name, (sys.executable, "-m", "celery", "--quiet", "--app", "dashboard", name, *options), own)


def worker(env: Env) -> Program:
    return celery("worker", "--pool", "prefork", "--without-gossip", "--without-mingle", "--without-heartbeat")


def beat(env: Env) -> Program:
    return celery("beat")


PROGRAMS = {"web": web, "worker": worker, "beat": beat}


def simulator(gateway: DemoGateway) -> Program:
    options = (
        "--host",
        "127.0.0.1",
        "--port",
        str(gateway.port),
        "--brand",
        gateway.brand,
        "--state",
        str(gateway.state),
    )
    return Program(f"gateway on port {gateway.port}", (sys.executable, "-m", "tokens.simulator", *options))
