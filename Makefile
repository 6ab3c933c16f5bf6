# The two commands: `make run` trains the default model, `make test` runs the tests. Both set up everything they need.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
SETUP := $(VENV)/.installed

.PHONY: run test test-engines sweep bench-sweep lint format clean

run: $(SETUP)  ## train the default model on real text
	$(PY) -m d9d_lr.train

test: $(SETUP)  ## the whole suite
	$(PY) -m pytest -n 2

test-engines: $(SETUP)  ## sweeps on Ray and searches by Optuna, which the suite leaves out
	$(PY) -m pip install --quiet --constraint constraints.txt --editable ".[dev,all,ray,optuna]"
	$(PY) -m pytest -m engines

sweep: $(SETUP)  ## a sweep of seconds, with its summary
	$(PY) -m d9d_lr.train -cd sweeps -cn smoke

bench-sweep: $(SETUP)  ## what 200 points cost beyond their training
	$(PY) tests/sweeping/bench.py

lint: $(SETUP)  ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(SETUP)  ## lay the code out
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --constraint constraints.txt --editable ".[dev,all]"
	touch $@

clean:
	rm -rf $(VENV) outputs multirun
