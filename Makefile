# Two commands do it all on a fresh machine: `make rehearsal` and `make test`.

SHELL := /bin/bash
.DEFAULT_GOAL := help
CAMPAIGN ?= 2026-02-11-geen-kind-in-de-cel
PYTHON ?= python3
BIN := .venv/bin
# Compiled once at installation, everything starts twice as fast.
export UV_COMPILE_BYTECODE := 1
export UV_PROJECT_ENVIRONMENT := .venv
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help rehearsal test lint format bench soak clean
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | column -t -s "$$(printf '\t')"

.venv/.ready: pyproject.toml uv.lock
	@command -v uv >/dev/null || test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/pip install --quiet uv; }
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv sync --frozen --inexact --quiet --python $(PYTHON)
	@touch $@

rehearsal: .venv/.ready ## Set up and rehearse the example campaign
	@$(BIN)/oproep rehearse $(CAMPAIGN)

test: .venv/.ready ## Set up and run every test
	@tests/parts.sh
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/pytest -n 2 --dist loadfile

lint: .venv/.ready ## Check style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: .venv/.ready ## Format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: .venv/.ready ## Measure speed as ratios, print the tables of the README (ONLY="mail" for one)
	@tests/parts.sh
	@$(BIN)/python -m tests.bench $(ONLY)

soak: .venv/.ready ## Kill senders at random for a long time, and count what arrived
	@tests/parts.sh
	@$(BIN)/python -m tests.soak

clean: ## Remove everything that was made here, except var/
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
