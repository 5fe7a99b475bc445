# Everything runs in .venv; `make` alone prints this help. PYTHON names another interpreter: make up PYTHON=python3.11
PYTHON ?= python3
BIN := .venv/bin
SETUP := $(PYTHON) tools/setup_env.py
MAKEFLAGS += --no-print-directory
# Warm-running threads that wait by spinning make two cores twenty times slower.
export OMP_WAIT_POLICY ?= PASSIVE
HOST ?= 127.0.0.1
PORT ?= 8000
ROUNDS ?= 200

.DEFAULT_GOAL := help
# What tests load; fetched first, because no test goes to the network.
TEST_WEIGHTS := tiny e5 use
.PHONY: help setup dev weights up test check format bench docs lock torture clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: setup ## set up, fetch weights, train the starter models, serve on http://127.0.0.1:8000 (HOST=, PORT=)
	@exec $(BIN)/colonnade up --host $(HOST) --port $(PORT)

test: dev check weights ## set up and run every check and the whole test suite, as .ci/run does
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --durations 25

check: dev ## formatting, lint, types and floors, without the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: dev ## put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: dev ## measure, beside peers in the same run
	@$(BIN)/colonnade bench

docs: dev ## write what is generated: docs/errors.md and the weights part of NOTICE
	@$(BIN)/python -m tools.write_docs

torture: dev ## every loop of kills and faults with hundreds of rounds (ROUNDS=)
	@COLONNADE_TORTURE_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -m torture --timeout 7200

weights: dev ## fetch the pretrained weights that tests load
	@for name in $(TEST_WEIGHTS); do $(BIN)/colonnade models pull $$name || exit; done

setup: ## make or mend .venv for running
	@$(SETUP)

dev: ## make or mend .venv for development too
	@$(SETUP) --dev

# torch and its CUDA packages stay out: see [tool.uv] in pyproject.toml and docs/decisions/0004.
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-package torch \
	--no-header --no-annotate --extra cpu --extra postgres --extra nats --extra kafka -c requirements/torch.txt

lock: ## pin anew what pyproject.toml asks for (needs uv; UPGRADE=--upgrade takes newer versions)
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements/lock.txt
	$(COMPILE) $(UPGRADE) --extra dev -c requirements/lock.txt pyproject.toml -o requirements/dev.txt

clean: ## remove .venv and what the tools left; state in COLONNADE_DATA stays
	rm -rf .venv .venv.lock build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
