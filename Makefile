# The two commands: `make run` trains the default model, `make test` runs the tests. Both set up everything they need.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
SETUP := $(VENV)/.installed

PARITY_VENV := .venv-parity
FIELD_VENV := .venv-field
FIELD_SETUP := $(FIELD_VENV)/.installed
PARITY_SETUP := $(PARITY_VENV)/.installed
HYDRA_NEXT_VENV := .venv-hydra-next
HYDRA_NEXT_SETUP := $(HYDRA_NEXT_VENV)/.installed
# The newest candidates of Hydra 1.4 that the suite was run with.
HYDRA_NEXT ?= hydra-core==1.4.0rc3 omegaconf==2.4.1rc1
FUZZ_EXAMPLES ?= 5000
SOAK_SECONDS ?= 480

# One environment for each framework, with its newest release; those that ask for another torch than constraints.txt has
# are left free.
HOMES := transformers lightning composer torchtitan hydra-zen optax d9d
HOME_EXTRAS_transformers := trl,optuna
HOME_TESTS_transformers := tests/homes/test_transformers.py tests/homes/test_accelerate.py
HOME_FREE := d9d composer
# Its trainer imports it, also where there is no GPU.
HOME_MORE_torchtitan := triton
# Pythons, each with a torch, or with the lowest release of everything that is asked for.
VERSIONS ?= python3.11:lowest

.PHONY: help docs docs-presets run test test-hydra-next test-browser test-launchers test-slurm test-homes test-versions sweep research bench-sweep bench-tree \
	lint format fuzz parity parity-field soak bench bench-gpu clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' $(MAKEFILE_LIST)

run: $(SETUP)  ## train the default model on real text
	$(PY) -m d9d_lr.train

test: $(SETUP)  ## the whole suite
	$(PY) -m pytest -n 2

test-browser: $(SETUP)  ## the report in Chromium, which must be installed; SCREENSHOTS=FOLDER keeps pictures
	$(PY) -m pip install --quiet --constraint constraints.txt --editable ".[browser]"
	$(PY) -m pytest -n 0 -m browser tests/browser

test-hydra-next: $(HYDRA_NEXT_SETUP)  ## the suite on a candidate of Hydra 1.4, HYDRA_NEXT="hydra-core==1.4.0rc3 omegaconf==2.4.1rc1"
	$(HYDRA_NEXT_VENV)/bin/python -m pytest -n 2 --ignore tests/packaging

test-launchers: $(SETUP)  ## sweeps on Ray and searches by Optuna, which the suite leaves out
	$(PY) -m pip install --quiet --constraint constraints.txt --editable ".[dev,all,ray,optuna]"
	$(PY) -m pytest -m launchers

test-slurm: $(SETUP)  ## sweeps on a SLURM of one node, from the distribution's packages slurm-wlm and munge; it ends with the test
	$(PY) -m pytest -n 0 -m slurm tests/sweeping/test_slurm.py

docs: $(SETUP)  ## the documentation site, into docs/_build; any warning fails
	$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build

test-homes: $(HOMES:%=.venv-homes/%/.tested)  ## each adapter with the newest release of its framework, environments of gigabytes

.venv-homes/%/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-homes/$*
	.venv-homes/$*/bin/python -m pip install --quiet $(if $(filter $*,$(HOME_FREE)),,--constraint constraints.txt) \
		--editable ".[$(or $(HOME_EXTRAS_$*),$*)]" pytest hypothesis $(HOME_MORE_$*)
	touch $@

.venv-homes/%/.tested: .venv-homes/%/.installed FORCE
	XLA_FLAGS=--xla_force_host_platform_device_count=2 .venv-homes/$*/bin/python -m pytest -m homes \
		$(or $(HOME_TESTS_$*),tests/homes/test_$(subst -,_,$*).py) tests/homes/test_page.py

FORCE:

test-versions:  ## schedules, providers and training with other versions, VERSIONS="python3.11:lowest python3.13:2.13.0"
	for each in $(VERSIONS); do bash tests/versions.sh "$${each%%:*}" "$${each##*:}" || exit 1; done

sweep: $(SETUP)  ## a sweep of seconds, with its summary
	$(PY) -m d9d_lr.train -cd sweeps -cn smoke

research: $(SETUP)  ## the sweeps of sweeps/, half an hour, and the table of what came out in sweeps/README.md
	cd tests && ../$(PY) -m sweeping.research

bench-sweep: $(SETUP)  ## what 200 points cost beyond their training
	$(PY) tests/sweeping/bench.py

bench-tree: $(SETUP)  ## what sweeps save that train shared steps once
	cd tests && ../$(PY) -m sweeping.bench_tree

lint: $(SETUP)  ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(SETUP)  ## lay the code out
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

fuzz: $(SETUP)  ## random input for longer, FUZZ_EXAMPLES=5000 for each property; prints what was tried
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(PY) -m pytest -n 2 tests/fuzz --hypothesis-profile=long

parity: $(PARITY_SETUP)  ## compare with PyPI's d9d, bit by bit
	$(PARITY_VENV)/bin/python tests/parity/compare_with_d9d.py

parity-field: $(FIELD_SETUP)  ## compare presets with transformers, timm, torchtitan, optax and ignite themselves
	$(FIELD_VENV)/bin/python tests/parity/compare_with_fields.py

soak: $(SETUP)  ## kill runs, and sweeps under each launcher, for SOAK_SECONDS=480, or sweeps SOAK_KILLS=40 times; count what is lost
	cd tests && ../$(PY) -m soak.kill_runs $(if $(SOAK_KILLS),--kills $(SOAK_KILLS),$(SOAK_SECONDS))

bench: $(SETUP)  ## how fast, as ratios to a peer in the same run; writes benchmarks/results.md
	$(PY) -m benchmarks

bench-gpu: $(SETUP)  ## what training does on a GPU: its tests, a step against one by hand, that no step waits, a sweep
	$(PY) -m benchmarks.gpu

docs-presets: $(SETUP)  ## write docs/presets.md and its pictures anew
	cd tests && ../$(PY) -m canon.page

$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --constraint constraints.txt --editable ".[dev,all]"
	touch $@

# d9d asks for a newer torch, triton and more than its schedules need, hence --no-deps.
$(PARITY_SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(PARITY_VENV)
	$(PARITY_VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable .
	$(PARITY_VENV)/bin/python -m pip install --quiet --no-deps d9d==0.24.0
	touch $@

$(HYDRA_NEXT_SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(HYDRA_NEXT_VENV)
	grep -v -e '^hydra-core' -e '^omegaconf' constraints.txt > $(HYDRA_NEXT_VENV)/constraints.txt
	$(HYDRA_NEXT_VENV)/bin/python -m pip install --quiet --constraint $(HYDRA_NEXT_VENV)/constraints.txt \
		--editable ".[dev,all]" $(HYDRA_NEXT)
	touch $@

# torchtitan asks for more than its schedules need, hence --no-deps; the suite's torch is kept.
$(FIELD_SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(FIELD_VENV)
	$(FIELD_VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable .
	$(FIELD_VENV)/bin/python -m pip install --quiet --constraint constraints.txt \
		transformers==5.24.0 timm==1.0.31 optax==0.2.8 pytorch-ignite==0.5.5 tyro
	$(FIELD_VENV)/bin/python -m pip install --quiet --no-deps torchtitan==0.3.0 spmd_types==0.2.3
	touch $@

clean:  ## remove what the commands above made
	rm -rf $(VENV) $(HYDRA_NEXT_VENV) $(PARITY_VENV) $(FIELD_VENV) .venv-homes .venv-versions outputs multirun
