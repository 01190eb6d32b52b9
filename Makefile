# tikmatrixd: every command a developer or a new user needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
MUTATION := .venv-mutation
UV ?= uv
BIN := $(VENV)/bin
# pip's advice about how a package is built helps nobody here.
SHELL := /bin/bash
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
QUIETLY := 2> >(grep -v 'DEPRECATION: ' >&2)

.PHONY: help demo test check long mutation lock clean
help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

demo: $(VENV)/.runtime ## start the daemon with four simulated phones and publish three posts (ONCE=1: then stop; LISTEN=HOST:PORT)
	@$(BIN)/python -m simulator.demo $(if $(ONCE),--once) $(if $(LISTEN),--listen $(LISTEN))

# What fails beside others gets one more run by itself and is named on the last line; STRICT=1 allows no second run.
test: $(VENV)/.dev ## run the tests (7 to 13 minutes on two cores with nothing else to do, as fast as they are); what failed runs once more, alone (STRICT=1: not)
	@STRICT=$(STRICT) $(BIN)/python -m tests.support.twice $(ARGS)

check: $(VENV)/.dev node_modules/.ready ## lint, formatting, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@if [ -d node_modules ]; then npm run --silent check; fi

long: $(VENV)/.dev ## run the tests marked long (soak, kill series, real systemd), and those with generated inputs with many new ones
	@$(BIN)/python -m pytest -m long $(ARGS)
	@TIKMATRIXD_EXAMPLES=3000 $(BIN)/python -m pytest --timeout 900 $$(grep -rl 'from hypothesis' tests/unit)

# mutmut changes one module at a time; what the tests do not notice is listed. docs/mutation.md has the figures.
mutation: $(MUTATION)/.ready ## change the code and see whether the tests notice (MODULE=jobs/task/states.py; ARGS=--survivors)
	@$(MUTATION)/bin/python -m tests.support.mutation $(ARGS) $(MODULE)

lock: ## resolve requirements/*.in again, with hashes (needs uv)
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command 'make lock' -o requirements/runtime.txt requirements/runtime.in
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command 'make lock' -o requirements/build.txt requirements/build.in
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command 'make lock' -o requirements/dev.txt requirements/dev.in
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command 'make lock' -o requirements/mutation.txt requirements/mutation.in

clean: ## remove what the other commands made
	rm -rf $(VENV) $(MUTATION) node_modules .mutation .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || { echo "tikmatrixd needs Python 3.11 or newer with venv: apt-get install python3 python3-venv"; exit 1; }
	@echo "making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

# What builds packages is locked as well: without isolation pip fetches nothing but what is named with its hash.
$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt | $(VENV)/bin/python
	@echo "installing the locked requirements ..."
	@$(PIP) install --require-hashes -r requirements/build.txt $(QUIETLY)
	@$(PIP) install --no-build-isolation --require-hashes -r requirements/runtime.txt $(QUIETLY)
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing the locked development requirements ..."
	@$(PIP) install --no-build-isolation --require-hashes -r requirements/runtime.txt -r requirements/dev.txt $(QUIETLY)
	@touch $@

# What checks the console's scripts; nothing of it reaches the box. Where there is no node, the rest is checked all the same.
node_modules/.ready: package.json package-lock.json
	@if command -v npm > /dev/null; then \
	  echo "installing what checks the console's scripts ..." && npm ci --silent && touch $@; \
	else \
	  echo "npm is not installed: the console's scripts are not checked"; \
	fi

# mutmut stays out of the environment of the tests: it replaces the code that they import.
$(MUTATION)/.ready: requirements/runtime.txt requirements/build.txt requirements/dev.txt requirements/mutation.txt
	@echo "making $(MUTATION) ..."
	@$(PYTHON) -m venv $(MUTATION)
	@$(MUTATION)/bin/python -m pip --disable-pip-version-check --no-input -q install --require-hashes -r requirements/build.txt $(QUIETLY)
	@$(MUTATION)/bin/python -m pip --disable-pip-version-check --no-input -q install --no-build-isolation --require-hashes -r requirements/runtime.txt -r requirements/dev.txt -r requirements/mutation.txt $(QUIETLY)
	@touch $@
