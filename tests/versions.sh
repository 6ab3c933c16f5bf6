#!/usr/bin/env bash
# Runs the tests of schedules, providers and training with one Python and one torch, in an environment of its own.
# Use: bash tests/versions.sh python3.11 2.6.0
set -euo pipefail
cd "$(dirname "$0")/.."
venv=".venv-versions/$(basename "$1")-torch-$2"
if [ ! -e "$venv/.installed" ]; then
    "$1" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --editable ".[digits]" "torch==$2" pytest pytest-xdist hypothesis
    touch "$venv/.installed"
fi
"$venv/bin/python" -m pytest -n 2 tests/schedule tests/provider tests/training
