# `make help` lists what there is. Everything runs in .venv, which `scripts/setup` makes on first use.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= auto
export VENV

.DEFAULT_GOAL := help
.PHONY: help run watch demo test test-claude check lint types contracts wheel-test bench bench-diagnosis bench-quick soak screenshots man format clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.installed-run   ## the console on this machine
	@$(BIN)/opsconsole

watch: $(VENV)/.installed-run   ## the same, read-only
	@$(BIN)/opsconsole watch

demo: $(VENV)/.installed-run   ## the incident in a sandbox of real processes, to be looked at and put right
	@$(BIN)/opsconsole demo

test: $(VENV)/.installed-dev   ## all tests, end-to-end ones included
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

test-claude: $(VENV)/.installed-dev   ## the real Claude Code, installed from npm into the cache, against a stub
	$(BIN)/python -m pytest tests/claude -rs -n 2 --dist loadfile

check: test lint types contracts wheel-test   ## what CI runs

lint: $(VENV)/.installed-dev   ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.installed-dev   ## rewrite the code in the house's format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: $(VENV)/.installed-dev   ## mypy, strict
	$(BIN)/mypy

contracts: $(VENV)/.installed-dev   ## import contracts
	$(BIN)/lint-imports

wheel-test: $(VENV)/.installed-dev   ## build the wheel, install it into a clean environment, run it there
	$(BIN)/python scripts/wheel_test.py

bench: $(VENV)/.installed-dev   ## what it costs, beside htop, top, btop and glances (a quarter of an hour)
	$(BIN)/python bench/diagnosis.py
	$(BIN)/python bench/console.py --growth 3000 10000 --write bench/RESULTS.md

bench-diagnosis: $(VENV)/.installed-dev   ## how soon the incident is found and put right, and what a healthy fleet gives
	$(BIN)/python bench/diagnosis.py

bench-quick: $(VENV)/.installed-dev   ## the same beside htop alone, in under two minutes; writes no file
	$(BIN)/python bench/console.py --rounds 2 --seconds 10 --keys 60 --only htop

soak: $(VENV)/.installed-dev   ## an hour of the console on the demo with churn: whether memory, descriptors or cost grow
	$(BIN)/python bench/soak_console.py --write bench/RESULTS.md

screenshots: $(VENV)/.installed-dev   ## write screenshots/*.svg from the demo; a second run changes no file
	$(BIN)/python scripts/screenshots.py

man: $(VENV)/.installed-dev   ## write man/opsconsole.1 from the command line's own help
	$(BIN)/python scripts/man.py

clean:           ## remove what the other targets made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.installed-run: pyproject.toml constraints.txt scripts/setup
	@scripts/setup run

$(VENV)/.installed-dev: pyproject.toml constraints.txt scripts/setup
	@scripts/setup dev
