#!/usr/bin/env bash
# Runs the tests of schedules, providers and training with one Python and one torch, or with the
# lowest release of everything that pyproject.toml allows, in an environment of its own.
# Use: bash tests/versions.sh python3.11 lowest, or bash tests/versions.sh python3.13 2.13.0
set -euo pipefail
cd "$(dirname "$0")/.."
venv=".venv-versions/$("$1" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')-$2"
if [ ! -e "$venv/.installed" ]; then
    "$1" -m venv "$venv"
    # One requirement a line, such as torch==2.6 or torch==2.14.1 and plain names.
    "$venv/bin/python" - "$2" > "$venv/requirements.txt" <<'PYTHON'
import re, sys, tomllib

with open("pyproject.toml", "rb") as file:
    asked = tomllib.load(file)["project"]["dependencies"]
for name, lowest in (re.match(r"([\w-]+)>=([\d.]+)", each).groups() for each in asked):
    chosen = lowest if sys.argv[1] == "lowest" else sys.argv[1] if name == "torch" else None
    print(name + (f"=={chosen}.*" if chosen and chosen.count(".") < 2 else f"=={chosen}" if chosen else ""))
PYTHON
    "$venv/bin/python" -m pip install --quiet --requirement "$venv/requirements.txt" \
        scikit-learn pytest pytest-xdist hypothesis
    "$venv/bin/python" -m pip install --quiet --no-deps --editable .
    touch "$venv/.installed"
fi
"$venv/bin/python" -m pip list 2>/dev/null | grep -iE '^(torch|hydra-core|omegaconf|pydantic|numpy|rich) '
"$venv/bin/python" -m pytest -n 2 tests/schedule tests/provider tests/training
