#!/usr/bin/env bash
# Runs the tests of schedules, providers and training with one Python and one torch, in an environment of its own.
# Use: bash tests/versions.sh python3.11 2.6.0
set -euo pipefail
cd "$(dirname "$0")/.."
venv=".venv-versions/$(basename "$1")-torch-$2"
if [ ! -e "$venv/.installed" ]; then
    "$1" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet "torch==$2" pydantic hydra-core omegaconf numpy rich scikit-learn \
        pytest pytest-xdist hypothesis
    "$venv/bin/python" -m pip install --quiet --no-deps --editable .  # whatever torch pyproject.toml asks for
    touch "$venv/.installed"
fi
"$venv/bin/python" -m pytest -n 2 tests/schedule tests/provider tests/training
