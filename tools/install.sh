#!/usr/bin/env bash
# Installs a requirements file, whose every line carries hashes, into a virtual environment: install.sh FOLDER FILE.
set -euo pipefail
folder=$1 file=$2

echo "Installing $file into $folder ..."
if command -v uv >/dev/null; then
    VIRTUAL_ENV=$folder uv pip install --quiet --require-hashes --requirement "$file"
else
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$file"
fi
