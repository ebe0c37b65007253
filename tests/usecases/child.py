"""A process apart that works on creations and can be killed: `run PK` on its input forks one that does just that.

It has Django loaded before it forks, so that a test may kill many for the price of one start.
"""

from __future__ import annotations

import os
import signal
import sys

import django


def main() -> None:
    django.setup()
    from tokens.services import creating

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            creating.run(int(line))
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
