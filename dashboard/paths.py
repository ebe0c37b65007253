"""Where the program itself lies."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
