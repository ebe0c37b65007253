#!/usr/bin/env bash
# Makes the virtual environment: venv.sh PYTHON FOLDER. Says what to install when Python lacks the module for it.
set -euo pipefail
python=$1 folder=$2

if command -v uv >/dev/null; then
    uv venv --quiet --allow-existing --python "$python" "$folder"
elif "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    "$python" -m venv "$folder"
else
    echo "This Python has no venv module. On Debian and Ubuntu: apt install python3-venv. Then run make again." >&2
    exit 1
fi
