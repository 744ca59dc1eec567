# One word a target. `make` alone says what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup demo test unit check bench corpus conformance clean

help:
	@echo 'setup        .venv with .venv/bin/eachpod'
	@echo 'demo         set up and play the walkthrough of the README'
	@echo 'test         set up and run all tests'
	@echo 'unit         the fast tests only'
	@echo 'check        format, lint, types, architecture'
	@echo 'bench        measure and print the figures; beside the real Kubernetes: PEERS_DIR=DIR'
	@echo 'corpus       play recordings of the real Kubernetes: CORPUS=DIR'
	@echo 'conformance  run tests of Kubernetes itself: LIST=FILE SUITE=DIR [PROCS=4]'
	@echo 'clean        remove what these made'

setup: $(VENV)/.ready

$(VENV)/.ready: requirements/dev.txt pyproject.toml tools/setup.sh
	sh tools/setup.sh $(PYTHON) $(VENV)
	touch $@

demo: setup
	$(BIN)/python tools/demo.py

test: setup
	sh tools/packages.sh
	$(BIN)/pytest

unit: setup
	$(BIN)/pytest -n auto -m 'not e2e'

check: setup
	$(BIN)/ruff format --check src tests tools bench
	$(BIN)/ruff check src tests tools bench
	$(BIN)/mypy
	$(BIN)/lint-imports

# Beside the real Kubernetes where scripts are given that start and measure it: make bench PEERS_DIR=DIR
bench: setup
	$(BIN)/python bench/figures.py
	$(BIN)/python bench/syncs.py
	$(BIN)/python bench/latency.py
	$(BIN)/python bench/publish.py
	$(BIN)/python bench/recovery.py
	$(if $(PEERS_DIR),$(BIN)/python bench/peers.py $(PEERS_DIR))

# Recordings of the real Kubernetes, where they are at hand: make corpus CORPUS=DIR [RECORD=--record]
corpus: setup
	$(BIN)/python tools/corpus.py $(CORPUS) $(RECORD)

# Kubernetes' own tests: make conformance LIST=FILE [PROCS=4] [SUITE=DIR] [IMAGES=DIR] [RUNS=1], with PEERS=DIR for the
# upstream programs. LIST is a file of exact test names, or the name of one in SUITE.
SUITE ?= $(wildcard ../shared/conformance)
conformance: setup
	sh tools/packages.sh
	$(BIN)/python tools/conformance.py $(or $(LIST),heart) --suite "$(SUITE)" --procs $(or $(PROCS),4) \
		--runs $(or $(RUNS),1) $(if $(IMAGES),--images "$(IMAGES)")

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache build dist
