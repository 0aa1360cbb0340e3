# `make report` and `make test` do their own set-up: a virtual environment in $(VENV), made once.
PYTHON ?= python3
VENV   ?= .venv
OUT    ?= out
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEV    := $(VENV)/.ready-dev
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: report test lint docs bench clean

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
