#!/usr/bin/env python
"""The door to every command."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line

    from dashboard.env import EnvError
    from dashboard.files import DataFolderError

    try:
        execute_from_command_line(sys.argv)
    except (EnvError, DataFolderError) as error:
        print(f"Keyward cannot start. {error}", file=sys.stderr)
        sys.exit(os.EX_CONFIG)


if __name__ == "__main__":
    main()
