# Needs Python 3.11+ with venv, and make. Everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint soak lock build clean

demo: .venv/product
	$(BIN)/spadework demo

# Empty = bytecode is kept, whatever the environment says: the tests start hundreds of processes.
test soak: export PYTHONDONTWRITEBYTECODE :=

test: .venv/dev .venv/product
	$(BIN)/python -m pytest -q -n 2

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: .venv/dev .venv/product
	$(BIN)/python -m pytest -q -m soak --timeout 5400

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Spadework needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

# Core and product extras; nothing here needs a system library.
.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@

# Compiles for this machine, about a minute, so that no later process waits for it; again when what is compiled was edited.
.venv/product: .venv/installed $(wildcard src/spadework/change/*.py src/spadework/machine/*.py src/spadework/objects/*.py)
	$(BIN)/spadework warm
	touch $@

.venv/dev: requirements-dev.lock .venv/installed | .venv/product
	$(INSTALL) --require-hashes -r requirements-dev.lock
	touch $@

# Needs uv. Hashes and no addresses: the lock installs from whatever index the machine has.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra demo --extra pc --extra pdf --extra gis --extra timestamp --extra vhr --extra detect --extra text --group build --generate-hashes --no-header --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra demo --extra pc --extra pdf --extra gis --extra timestamp --extra vhr --extra detect --extra text --extra dev --group build --generate-hashes --no-header --no-annotate -c requirements.lock -q -o requirements-dev.lock

build: .venv/dev
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf .venv dist spadework-demo
