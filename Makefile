# TuneDrop: `make demo` shows it, `make test` proves it. Both set up all they need.

PYTHON ?= python3.11
BIN := .venv/bin
PY_SOURCES := function_app.py functions shared localcloud scorer trainer cli demo bench tests

.DEFAULT_GOAL := help
.PHONY: help setup demo up test soak unit lint format check clean

help: ## show the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.installed: requirements.txt requirements-local.txt requirements-dev.txt constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or run 'make PYTHON=/path/to/python3.11 ...'"; exit 1; }
	@echo "Setting up Python packages in .venv (a few minutes the first time) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 with npm is needed for the storage emulator and the renderer of cards: install Node 20 and try again"; exit 1; }
	@echo "Setting up Azurite and adaptivecards in node_modules ..."
	@npm ci --silent
	@touch $@

# Where Python 3.13 is found, the tests also play the Functions host to Microsoft's own runtime for it.
.venv-3.13/.installed: tests/runtime313/requirements.txt requirements.txt constraints.txt | .venv/.installed
	@python=$$($(BIN)/python tests/runtime313/find_python.py) || exit 0; \
	echo "Setting up Microsoft's Functions runtime for Python 3.13 in .venv-3.13 ..." && \
	$$python -m venv .venv-3.13 && \
	.venv-3.13/bin/python -m pip install --quiet --disable-pip-version-check -r tests/runtime313/requirements.txt -c constraints.txt && \
	touch $@

# The clients that people use come with packages of their own; the tests run them there.
.venv-clients/.installed: tests/clients/requirements.txt tests/clients/constraints.txt
	@echo "Setting up the clients that the tests ask with in .venv-clients ..."
	@$(PYTHON) -m venv .venv-clients
	@.venv-clients/bin/python -m pip install --quiet --disable-pip-version-check -r tests/clients/requirements.txt -c tests/clients/constraints.txt
	@touch $@

# Microsoft's inference server pins packages that the app has newer: it gets an environment of its own, in which torch and
# transformers are .venv's. That is named last, so that pip takes nothing for installed, and the marked package comes first.
.venv-serving/.installed: scorer/requirements.txt scorer/constraints.txt | .venv/.installed
	@echo "Setting up Microsoft's inference server in .venv-serving ..."
	@rm -rf .venv-serving && $(PYTHON) -m venv .venv-serving
	@.venv-serving/bin/python -m pip install --quiet --disable-pip-version-check -r scorer/requirements.txt -c scorer/constraints.txt
	@packages='import sysconfig; print(sysconfig.get_path("purelib"))' && here=$$(.venv-serving/bin/python -c "$$packages") && \
	touch "$$here/azure/monitor/opentelemetry/__init__.py" && $(BIN)/python -c "$$packages" > "$$here/shared_with_venv.pth"
	@touch $@

setup: .venv/.installed .venv-serving/.installed node_modules/.installed ## set up everything, nothing else

demo: setup ## drop a dataset, watch it train, ask the endpoint; about a minute
	@$(BIN)/python -m demo

up: setup ## start the local cloud and leave it running; prints URLs, a key and three commands
	@$(BIN)/python -m localcloud up

test: setup .venv-3.13/.installed .venv-clients/.installed ## all tests: unit, contract, local cloud, end to end
	@echo "Running all tests ..."
	@$(BIN)/python -m pytest
	@echo "All tests passed. Next: 'make demo' to see it work, 'make check' before a commit."

soak: setup ## the long forms of the reliability tests, and ten minutes of load on the endpoint; an hour at most
	@SOAK=1 $(BIN)/python -m pytest -s tests/properties/test_lifecycle_model.py tests/soak
	@$(BIN)/python -m bench.proxy --soak

unit: setup ## the unit tests alone, seconds
	@$(BIN)/python -m pytest tests/unit

format: setup ## format the code
	@$(BIN)/ruff format $(PY_SOURCES)
	@$(BIN)/ruff check --fix --quiet $(PY_SOURCES)

lint: setup ## format check, lint, types, import rules
	@$(BIN)/ruff format --check $(PY_SOURCES)
	@$(BIN)/ruff check $(PY_SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test ## everything that CI runs

clean: ## remove environments and what the local cloud left
	@rm -rf .venv .venv-3.13 .venv-clients .venv-serving .bench node_modules .localcloud .mypy_cache .pytest_cache .ruff_cache
