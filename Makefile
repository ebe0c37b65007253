# Keyward: `make run` starts it, `make demo` shows it with simulated gateways, `make test` tests it.
# Needs Python 3.11 or newer, git and make; everything else is put into .venv (and node_modules for `make css`).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run demo test check format css bench clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.installed-base
DEV := $(VENV)/.installed-dev
PATHS := dashboard tokens tests bench manage.py

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: $(BASE) ## Start Keyward on http://127.0.0.1:8000
	@exec $(BIN)/python manage.py run

demo: export KEYWARD_DATA_DIR ?= var/demo
demo: export KEYWARD_DEMO = on
demo: export KEYWARD_ALLOW_PRIVATE_ADDRESSES = on
demo: $(BASE) ## Start Keyward with simulated gateways, filled with tokens
	@exec $(BIN)/python manage.py run

test: $(DEV) ## Run every test, with the services that they need
	@exec $(BIN)/python -m tests.run

check: $(DEV) ## Format, lint, types and import contracts
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Format and mend what can be mended
	$(BIN)/ruff format $(PATHS)
	$(BIN)/ruff check --fix $(PATHS)

css: ## Build the style sheet again (needs Node.js)
	cd frontend && npm install --no-package-lock --no-fund --no-audit
	cd frontend && npx @tailwindcss/cli -i input.css -o ../dashboard/static/keyward/keyward.css --minify

bench: $(DEV) ## Measure, and print the figures
	@exec $(BIN)/python -m bench

clean: ## Remove what was installed and built; the data folder stays
	rm -rf $(VENV) frontend/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# The virtual environment, and what it holds: installed again only when a requirements file changes.
$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Keyward needs Python 3.11 or newer; $(PYTHON) is older or not there. Say which with: make run PYTHON=python3.12"; exit 1; }
	@bash tools/venv.sh "$(PYTHON)" "$(VENV)"

$(BASE): requirements/base.txt | $(VENV)/pyvenv.cfg
	@bash tools/install.sh "$(VENV)" $< && touch $@

$(DEV): requirements/dev.txt requirements/base.txt | $(VENV)/pyvenv.cfg
	@bash tools/install.sh "$(VENV)" $< && touch $(BASE) $@
