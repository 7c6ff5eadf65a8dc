# Two commands are all a newcomer needs: `make lab` runs everything, `make test` tests it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := telecom hlr_sim smsc_sim tests benchmarks

.PHONY: setup lab test lint format bench lock clean
.DEFAULT_GOAL := help

help:
	@echo "make lab     run the whole lab on loopback (Ctrl-C stops it)"
	@echo "make test    run the whole test suite"
	@echo "make lint    formatting, lint, types, architecture"
	@echo "make bench   measure, beside other SMPP servers where present"
	@echo "make setup   install into $(VENV) only"

$(VENV)/installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 setup")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable .
	@touch $@

# pycrate's ASN.1 modules take most of a minute to byte-compile, and few of them are used
$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint requirements.lock pycrate
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[interop]' \
	|| echo "some SMPP peers have no wheel for this machine: the tests with them will be skipped"
	@if command -v npm >/dev/null; then npm install --silent --prefix tests/interop; \
	else echo "npm is not here: the tests with npm smpp will be skipped"; fi
	@touch $@

setup: $(VENV)/installed

lab: setup
	@exec $(BIN)/telecom lab $(ARGS)

test: $(VENV)/installed-dev
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n auto --dist loadgroup --cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage report --format=total | sed 's/^/branch coverage: /;s/$$/ %/'

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

# The one lock file: every version the development environment is made of, for every supported Python
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra interop \
		--no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .coverage*
