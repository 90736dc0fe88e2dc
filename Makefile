# Everything a newcomer, a maintainer or CI types. `make` alone lists it.
# Needs Python 3.11 to 3.14 and make, nothing else; PYTHON=... picks an interpreter.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
SHELL := /bin/sh
# Where it is set, every process that a test starts compiles our code anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
OWN := shared services/web services/scheduler services/sender services/dev
CODE := shared services tests deploy
COMPOSE := docker compose

ASSETS := services/web/assets
BUILT := services/web/dakiya_web/static/dist
TEXTS := services/web/dakiya_web/translations
CATALOGUES := $(wildcard $(TEXTS)/*/LC_MESSAGES/messages.po)

# A .venv holds absolute paths: one that was made elsewhere, or whose Python is gone, is made anew.
ifneq ($(shell test -x $(BIN)/python && cat $(VENV)/.made-in 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.made-in
endif

##@ Use it
.PHONY: run
run: $(VENV)/.ready-run assets ## Start the whole system here: web, scheduler, senders, databases, demo inbox
	@exec $(BIN)/dakiya dev

.PHONY: token
token: $(VENV)/.ready-run ## Print an API token for a user (EMAIL=..., default the demo user) while make run runs
	@$(BIN)/python deploy/dev/within.py dakiya token create "$(or $(EMAIL),demo@example.com)"

.PHONY: migrate
migrate: $(VENV)/.ready-run ## Bring the database of DATABASE_URL, or of a running make run, to the newest schema
	@$(BIN)/python deploy/dev/within.py dakiya migrate

.PHONY: up
up: ## Build and start the containers; then http://localhost:5000 (DAKIYA_PORT=...)
	$(COMPOSE) up --build --detach --wait

.PHONY: down
down: ## Stop the containers; the data stays
	$(COMPOSE) down

##@ Work on it
.PHONY: packages
packages: $(VENV)/.ready-system assets ## Install what the commands below need, and run nothing

.PHONY: test
test: $(VENV)/.ready-system assets ## Every test that needs only wheels: real PostgreSQL, Valkey and SMTP
	@$(BIN)/python -m pytest -n auto $(ARGS)

.PHONY: test-system
test-system: $(VENV)/.ready-system assets ## Tests with Postfix, a browser and containers (Debian, root)
	@$(BIN)/python -m pytest -n auto -m system $(ARGS)

.PHONY: faults
faults: $(VENV)/.ready-system assets ## Kill, freeze and cut everything, compare with the ledger (KILLS=200 SEED=...)
	@$(BIN)/python -m pytest tests/engine/faults $(ARGS)

.PHONY: screenshots
screenshots: $(VENV)/.ready-system assets ## Take the pictures in docs/images again (Chromium)
	@$(BIN)/python -m pytest -m system tests/e2e/pictures.py -q $(ARGS)

.PHONY: guards
guards: $(VENV)/.ready-system assets ## Take each guard of the promise out, and show that a test notices
	@$(BIN)/python -m tests.engine.faults.guards $(ARGS)

.PHONY: bench
bench: $(VENV)/.ready-system assets ## Measure speed beside baselines of the same run (needs Postfix; ARGS="--short pace")
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: assets
assets: $(BUILT)/manifest.json $(CATALOGUES:.po=.mo) ## Build the pages' styles, scripts, icons and languages, unless they are built

.PHONY: texts
texts: $(VENV)/.ready-run ## Gather the pages' texts for translators (LANGUAGE=de begins a language)
	@mkdir -p $(TEXTS)
	@cd services/web && "$(CURDIR)/$(BIN)/pybabel" -q extract -F babel.cfg -k lazy_gettext -k lazy_pgettext:1c,2 \
		--add-location=file --sort-by-file --project=Dakiya --copyright-holder=Dakiya \
		--output-file=dakiya_web/translations/messages.pot dakiya_web
	@$(if $(LANGUAGE),$(BIN)/pybabel -q init -i $(TEXTS)/messages.pot -d $(TEXTS) -l $(LANGUAGE))
	@$(if $(CATALOGUES),$(BIN)/pybabel -q update -i $(TEXTS)/messages.pot -d $(TEXTS) --ignore-obsolete)

.PHONY: check
check: $(VENV)/.ready-system ## Format, lint, types, import rules, migrations, committed files
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/repository

.PHONY: format
format: $(VENV)/.ready-test ## Format the code and mend what ruff can mend
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

.PHONY: clean
clean: ## Remove .venv and caches; ./var (your data) stays
	rm -rf $(VENV) $(ASSETS)/node_modules $(BUILT) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find $(CODE) -type d \( -name __pycache__ -o -name '*.egg-info' -o -name build \) -prune -exec rm -rf {} +

##@ Look after it
# Versions stay as they are in deploy/constraints.txt unless UPGRADE=1 is given.
LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal \
	--python-version 3.11 --no-emit-index-url --only-binary :all: --excludes deploy/own-packages.txt
PIN = $(LOCK) --generate-hashes --constraint deploy/constraints.txt
SHARED := shared/pyproject.toml

.PHONY: lock
lock: $(VENV)/.ready-tools ## Write the hash-pinned requirements anew (UPGRADE=1: newest versions)
	$(LOCK) $(if $(UPGRADE),--upgrade) --no-annotate -o deploy/constraints.txt $(OWN:=/pyproject.toml) \
		$(ASSETS)/requirements.in shared/requirements-build.in tests/requirements.in tests/requirements-system.in tests/requirements-tools.in
	$(PIN) -o shared/requirements-build.txt shared/requirements-build.in
	$(PIN) -o $(ASSETS)/requirements.txt $(ASSETS)/requirements.in
	$(PIN) -o services/web/requirements.txt $(SHARED) services/web/pyproject.toml
	$(PIN) -o services/scheduler/requirements.txt $(SHARED) services/scheduler/pyproject.toml
	$(PIN) -o services/sender/requirements.txt $(SHARED) services/sender/pyproject.toml
	$(PIN) -o services/dev/requirements.txt $(OWN:=/pyproject.toml)
	$(PIN) -o tests/requirements.txt tests/requirements.in
	$(PIN) -o tests/requirements-system.txt tests/requirements-system.in
	$(PIN) -o tests/requirements-tools.txt tests/requirements-tools.in

# pip-audit calls a package that it could not look up "skipped" and still succeeds.
.PHONY: audit
audit: $(VENV)/.ready-tools ## Look the pinned packages up among known vulnerabilities (needs the internet)
	$(BIN)/python deploy/dev/audit.py $(wildcard services/*/requirements.txt) $(ASSETS)/requirements.txt tests/requirements.txt

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- what the above stand on; a second `make run` finds all of it done ---

$(VENV)/.made-in:
	@PYTHON="$(PYTHON)" deploy/dev/make-venv $(VENV)
	@echo "$(CURDIR)" >$@

$(VENV)/.ready-run: $(VENV)/.made-in services/dev/requirements.txt shared/requirements-build.txt $(ASSETS)/requirements.txt $(OWN:=/pyproject.toml)
	@echo "Installing Dakiya into $(VENV) (about a minute, once) ..."
	@$(PIP) install --quiet --require-hashes --only-binary :all: \
		-r shared/requirements-build.txt -r services/dev/requirements.txt -r $(ASSETS)/requirements.txt
	@PYTHONWARNINGS=ignore $(PIP) install --quiet --no-deps --no-build-isolation --no-index $(addprefix --editable ./,$(OWN))
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready-run tests/requirements.txt
	@echo "Installing what the tests need ..."
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r tests/requirements.txt
	@touch $@

$(VENV)/.ready-system: $(VENV)/.ready-test tests/requirements-system.txt
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r tests/requirements-system.txt
	@touch $@

$(VENV)/.ready-tools: $(VENV)/.made-in tests/requirements-tools.txt
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r tests/requirements-tools.txt
	@touch $@

# Node comes from a wheel and trusts the certificates that this system trusts; npm reads the
# versions from the lock alone.
$(ASSETS)/node_modules/.ready: $(ASSETS)/package.json $(ASSETS)/package-lock.json $(ASSETS)/.npmrc | $(VENV)/.ready-run
	@echo "Fetching what the pages' styles and scripts are made of (once) ..."
	@cd $(ASSETS) && PATH="$(CURDIR)/$(BIN):$$PATH" NODE_OPTIONS="--use-system-ca $$NODE_OPTIONS" \
		npm ci --no-progress --loglevel=error || { \
		echo "The npm registry could not be reached; it is needed once, for the pages' styles." >&2; exit 1; }
	@touch $@

%.mo: %.po | $(VENV)/.ready-run
	@$(BIN)/pybabel -q compile -i $< -o $@

$(BUILT)/manifest.json: $(ASSETS)/build.mjs $(shell find $(ASSETS)/src -type f) $(ASSETS)/node_modules/.ready
	@cd $(ASSETS) && "$(CURDIR)/$(BIN)/node" build.mjs
