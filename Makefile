# The two commands: `make run` trains the default model, `make test` runs the tests. Both set up everything they need.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
SETUP := $(VENV)/.installed

.PHONY: run test lint format clean

run: $(SETUP)  ## train the default model on real text
	$(PY) -m d9d_lr.train

test: $(SETUP)  ## the whole suite
	$(PY) -m pytest -n 2

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
