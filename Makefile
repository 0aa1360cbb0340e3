# `make report` and `make test` do their own set-up: a virtual environment in $(VENV), made once.
PYTHON ?= python3
VENV   ?= .venv
OUT    ?= out
DIST   ?= dist
FOR    ?= 300
KIND   ?=
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEV    := $(VENV)/.ready-dev
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: report test lint docs bench calibrate torture chaos wheel mutants fuzz clean

report: $(READY)
	@$(BIN)/paceline report --out $(OUT)/report.html

test: $(DEV)
	@$(BIN)/python -m pytest -n 2

lint: $(DEV)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

docs: $(DEV)
	@$(BIN)/python docs/generate.py

bench: $(DEV)
	@$(BIN)/python bench/run.py
	@$(BIN)/python bench/evidence.py

# Simulations behind docs/calibration.md; SERIES=200 MARKETS=20 for a short run.
SERIES ?= 2000
MARKETS ?= 80
calibrate: $(DEV)
	@$(BIN)/python bench/calibrate.py $(SERIES)
	@$(BIN)/python bench/calibrate_words.py $(MARKETS)
	@$(BIN)/python bench/calibrate_lead.py $(MARKETS)

# TRIALS=100 for a short run.
TRIALS ?= 1000
torture: $(DEV)
	@$(BIN)/python bench/torture.py $(TRIALS)

# Random faults in a market whose truth is known.
chaos: TRIALS = 500
chaos: $(DEV)
	@$(BIN)/python bench/chaos.py --trials $(TRIALS)

# build/ goes first: setuptools would pack what an earlier build left there.
wheel: $(READY)
	@rm -rf build
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir $(DIST) .
	@rm -rf build

mutants: $(DEV)
	@$(BIN)/python bench/mutants.py

# atheris needs a compiler on some machines; its folder is its own. Without it Hypothesis draws alone.
fuzz: $(DEV)
	@test -d $(VENV)/fuzz || $(PIP) --target $(VENV)/fuzz atheris 2>/dev/null || \
	  echo "atheris cannot be installed here: Hypothesis draws the inputs by chance" >&2
	@PYTHONPATH=$(VENV)/fuzz $(BIN)/python bench/fuzz.py --for $(FOR) $(if $(KIND),--kind $(KIND))

clean:
	rm -rf $(OUT) .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis src/*.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "Paceline needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12")'
	@echo "Setting up $(VENV) (once)..." >&2
	@$(PYTHON) -m venv $(VENV)

$(READY): pyproject.toml requirements.txt | $(BIN)/python
	@$(PIP) --requirement requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.txt $(READY)
	@$(PIP) --requirement requirements-dev.txt
	@touch $@
