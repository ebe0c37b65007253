"""`python -m tokens.simulator --port 9011 --brand comet_api_error --state FILE`: a gateway to try things on."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

from . import statefile
from .dialects import DIALECTS
from .server import Simulator
from .world import BRANDS


def furnish(sim: Simulator) -> None:
    """A few accounts and tokens, for a simulator that starts without a state."""
    alice = sim.add_account("alice", balance_units=21_000_000)
    bob = sim.add_account("bob", balance_units=600_000, group="vip")
    sim.add_token(alice, "ci-runner")
    sim.add_token(alice, "chat-backend", group="vip")
    sim.add_token(alice, "batch-jobs", remain_quota=250_000, used_quota=4_750_000)
    sim.add_token(alice, "trial", expired_time=int(time.time()) + 3 * 86_400)
    sim.add_token(bob, "notebooks")
    sim.add_token(bob, "old-importer", fault="disabled")


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tokens.simulator", description="A simulated AI gateway")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9011)
    parser.add_argument("--brand", choices=BRANDS, default=BRANDS[0])
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="new-api-2026-08")
    parser.add_argument("--state", type=Path, help="file (0600) that keeps accounts, keys and faults over a restart")
    parser.add_argument("--limits", action="store_true", help="enforce the gateway's stock rate limits")
    return parser.parse_args(argv)


def made(options: argparse.Namespace) -> Simulator:
    """A simulator from its state, or a furnished one."""
    seed = statefile.load(options.state) if options.state is not None else None
    sim = Simulator(options.brand, options.limits, seed, dialect=options.dialect, state=options.state)
    if seed is None:
        furnish(sim)
    return sim


async def run(sim: Simulator, options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, sim.stop)
    await sim.serve(options.host, options.port, lambda: announce(sim, options))


def announce(sim: Simulator, options: argparse.Namespace) -> None:
    print(f"Simulated gateway on {sim.url}, its switches on {sim.url}/_sim/", flush=True)
    if options.state is not None:
        print(f"Its access tokens and keys are in {options.state}", flush=True)
        return
    for account in sim.accounts:  # invented for this run and gone with it
        print(f"Access token of {account.username} (user {account.user_id}): {account.access_token}", flush=True)


def main(argv: list[str]) -> int:
    options = arguments(argv)
    try:
        asyncio.run(run(made(options), options))
    except (OSError, ValueError) as fault:
        print(f"The simulator cannot start: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
