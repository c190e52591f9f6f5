# armful: everything a developer or a first-time user runs. `make help` is the menu.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
USERS ?= 100
SECONDS ?= 60
DIST ?= dist
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The stubs are sources: their docstrings are compiled in.
RUST_SOURCES := Cargo.toml Cargo.lock $(wildcard python/armful/_core/*.pyi) $(shell find rust -name '*.rs' -o -name Cargo.toml)

.PHONY: help setup docs serve test test-python test-rust lint lint-python lint-rust format bench figures loadtest soak calibrate wheel client lock clean

help: ## Show this menu
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.dev $(VENV)/.extension ## Make .venv with everything needed to develop and test

serve: $(VENV)/.runtime $(VENV)/.extension ## Serve on 127.0.0.1:8000 (PORT= changes it) with an embedded PostgreSQL
	@exec $(BIN)/armful serve --port $(PORT)

test: setup test-rust test-python ## Run every test

# What loads the service or drives a browser runs without counting lines, and what promises times (the marker `alone`) runs
# alone; the rest runs on every core.
HEAVY := tests/faults tests/security tests/browser
EVERY_CORE := --numprocesses auto --dist loadfile

test-python: setup ## Run the Python tests only, and report the lines that they cover
	@rm -f .coverage .coverage.*
	$(BIN)/pytest $(EVERY_CORE) --cov --cov-report= tests/unit tests/integration tests/statistical tests/deploy
	$(BIN)/coverage report
	$(BIN)/pytest $(EVERY_CORE) -m "not alone and not slow" $(HEAVY)
	$(BIN)/pytest -m "alone and not slow" $(HEAVY)

test-rust: ## Run the Rust tests only
	cargo test --workspace --locked

lint: lint-python lint-rust ## ruff, mypy --strict, hadolint, rustfmt, clippy; warnings are errors

lint-python: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/lint-imports

lint-rust:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

format: setup ## Rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cargo fmt --all

schema: setup ## Write python/armful/db/schema.sql from the migrations and functions
	$(BIN)/python -m tests.schema

bench: $(VENV)/.bench $(VENV)/.extension ## Run the benchmarks, side by side with their peers (OPTIONS="--quick", "requests --json FILE")
	$(BIN)/python -m benchmarks --json bench-results/figures.json $(OPTIONS)

figures: $(VENV)/.bench ## Write what the last whole `make bench` and `make loadtest` measured into README.md and docs/performance.md
	$(BIN)/python -m benchmarks.figures bench-results

loadtest: $(VENV)/.bench $(VENV)/.extension ## Locust against an armful of its own (USERS=, SECONDS=), or any: OPTIONS="--host URL --api-key KEY"
	$(BIN)/python -m loadtests --users $(USERS) --run-time $(SECONDS)s --json bench-results/users.json $(OPTIONS)

soak: setup ## Half an hour of mixed load and faults; the ledger and the memory must be right (MINUTES= changes it)
	$(BIN)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES))

calibrate: setup ## Measure the statistics' error rates and coverage at full size (docs/statistics.md)
	$(BIN)/python -m benchmarks.calibrate

wheel: $(VENV)/.extension ## Build the wheels of armful and its client, and the source distribution, into dist (DIST= changes it)
	$(BIN)/maturin build --release --locked --out $(DIST)
	$(BIN)/maturin sdist --out $(DIST)
	cd clients/python && $(CURDIR)/$(BIN)/python -m hatchling build --target wheel --directory $(abspath $(DIST))

client: setup ## Generate the synchronous Python client from the asynchronous one
	$(BIN)/python clients/python/generate_sync.py

docs: $(if $(wildcard $(VENV)/.dev),$(VENV)/.dev,$(VENV)/.docs) $(VENV)/.extension ## Build the documentation into build/site; a broken link is an error
	$(BIN)/python -m docs.site

# Litestar uses polyfactory, and polyfactory faker, for examples in the OpenAPI document, which armful does not ask for.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock: $(VENV)/.dev ## Renew the hash-pinned requirements from pyproject.toml
	$(COMPILE) pyproject.toml --no-emit-package faker --no-emit-package polyfactory --output-file requirements/runtime.txt
	$(COMPILE) requirements/build.in --output-file requirements/build.txt
	@for set in docs:docs dev:dev,docs bench:dev,docs,bench; do \
	  extras=$$(echo $${set#*:} | sed 's/^/--extra /; s/,/ --extra /g'); \
	  $(COMPILE) pyproject.toml requirements/build.in $$extras --output-file requirements/$${set%%:*}.txt || exit 1; \
	done

clean: ## Remove what make made (the data folder stays)
	rm -rf .coverage .coverage.* $(VENV) target dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "armful needs Python 3.11 or newer: install python3 (Debian: apt-get install python3 python3-venv)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "armful needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1): install one and name it with PYTHON=."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: install it (Debian: apt-get install python3-venv)."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt | $(BIN)/python
	@[ -e $(VENV)/.dev ] || { echo "Installing what armful needs into $(VENV) ..."; $(PIP) --require-hashes --no-deps -r requirements/runtime.txt; }
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(BIN)/python
	@echo "Installing what developing armful needs into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/.runtime $(VENV)/.build

$(VENV)/.docs: requirements/docs.txt | $(BIN)/python
	@echo "Installing what the documentation needs into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements/docs.txt
	@touch $@ $(VENV)/.runtime $(VENV)/.build

$(VENV)/.bench: requirements/bench.txt | $(BIN)/python
	@echo "Installing what the benchmarks need into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements/bench.txt
	@touch $@ $(VENV)/.dev $(VENV)/.runtime $(VENV)/.build

# The dashboard is built into the Python package where Node is there, and checked and tested with the rest;
# where it is not, everything else goes on. Only CI insists.
DASHBOARD := python/armful/static/dashboard/index.html
DASHBOARD_SOURCES := package.json $(shell find dashboard clients/typescript python/armful/http python/armful/contract python/armful/domain -type f \
  -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name schema.ts -not -name '*.pyc')
HAS_NODE := node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
WITH_NODE = @if $(HAS_NODE) 2>/dev/null; then $(MAKE) --no-print-directory $(1); else echo "No Node 20.19 or newer here: $(2)."; [ -z "$$CI" ]; fi

.PHONY: dashboard with-dashboard lint-dashboard test-dashboard clean-dashboard
serve wheel test-python: with-dashboard
lint: lint-dashboard
test: test-dashboard
clean: clean-dashboard

dashboard: $(DASHBOARD) ## Build the dashboard into the Python package (needs Node 20.19 or newer)

with-dashboard: | $(VENV)/.extension
	$(call WITH_NODE,$(DASHBOARD) || echo "The dashboard could not be built: going on without it.",going on without the dashboard)

clean-dashboard:
	rm -rf node_modules clients/typescript/dist python/armful/static

lint-dashboard: setup
	$(call WITH_NODE,node_modules/.package-lock.json && npm run --silent lint,the dashboard is not checked)

test-dashboard: setup
	$(call WITH_NODE,$(DASHBOARD) && npm run --silent test,the dashboard is not tested)

node_modules/.package-lock.json: package-lock.json
	@echo "Installing what the dashboard needs ..."
	@npm ci --silent && touch $@

$(DASHBOARD): node_modules/.package-lock.json $(DASHBOARD_SOURCES) | $(VENV)/.extension
	@echo "Building the dashboard ..."
	@npm run --silent build >/dev/null && touch $@

$(VENV)/.build: requirements/build.txt | $(BIN)/python
	@[ -e $(VENV)/.dev ] || [ -e $(VENV)/.docs ] || $(PIP) --require-hashes -r requirements/build.txt
	@touch $@

# Any larger set of requirements holds the run-time one; ask for that only where none is there yet.
$(VENV)/.extension: $(RUST_SOURCES) pyproject.toml | $(VENV)/.runtime $(VENV)/.build
	@command -v cargo >/dev/null || { echo "armful needs Rust to build its core: install it from https://rustup.rs (Debian 12 or newer: apt-get install cargo-web)."; exit 1; }
	@echo "Building the Rust core ..."
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) --no-build-isolation --no-deps --editable .
	@touch $@
