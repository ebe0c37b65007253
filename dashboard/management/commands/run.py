"""Runs all of Keyward in one foreground command: web server, worker and scheduler."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from dashboard import starting
from dashboard.demo import demo_gateways, sign_in
from dashboard.env import Env
from dashboard.processes import PROGRAMS, simulator
from dashboard.supervisor import Stop, Supervisor


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)  # what is made from here on is for this user only
        stop = Stop()
        stop.listen()
        try:
            with starting.only_one(settings.DATA_DIR):
                run(settings.ENV, stop)
        except starting.CannotStart as error:
            self.stderr.write(f"Keyward cannot start. {error}")
            sys.exit(error.code)


def run(env: Env, stop: Stop) -> None:
    """From nothing to a running Keyward, until `stop`. Raises CannotStart."""
    gateways = demo_gateways(env)
    starting.port_is_free(env.host, env.port)
    for gateway in gateways:
        starting.port_is_free("127.0.0.1", gateway.port)
    said = starting.prepare(env)
    if stop.asked:
        return
    programs = [simulator(gateway) for gateway in gateways] + [make(env) for make in PROGRAMS.values()]
    supervisor = Supervisor(programs, stop)
    supervisor.run(Welcome(env, said, supervisor).try_once)


class Welcome:
    """Says where Keyward is, once it answers there."""

    def __init__(self, env: Env, said: list[str], supervisor: Supervisor) -> None:
        self.env, self.said, self.supervisor = env, said, supervisor
        self.spoken = False

    def try_once(self) -> None:
        if self.spoken or not starting.answers(self.env.host, self.env.port):
            return
        self.spoken = True
        for sentence in (f"Keyward is ready at {self.env.address}", *self.said, *sign_in(self.env)):
            self.supervisor.say(sentence)
        self.supervisor.say("Ctrl-C stops it.")
