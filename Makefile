# `make run` serves the demo, `make test` checks everything. Needs python3.11 and make; the rest is installed in .venv.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PROCESSES ?= 2
PAGES := config/templates curation annotation judging finetune

# A folder of wheels that pip is told of (a CPU build of torch, say) is told to uv too.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
# More threads than cores make small matrices a hundred times slower on a busy machine.
export OMP_NUM_THREADS ?= 1
# A program whose modules were compiled before starts in a third of the time; the tests start some hundreds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test test-all check types rest debian messages format clean help

help:
	@echo "make run       serve the demo on this machine (ARGS='--port 8080')"
	@echo "make test      all checks and tests but the slow ones"
	@echo "make test-all  the slow ones too, and every test of data on SQLite and on PostgreSQL"
	@echo "make messages  bring the message catalogues up to date"
	@echo "make format    format the code"
	@echo "make clean     remove what was made, but for var/ and .venv/"

run: $(VENV)/.core
	$(BIN)/python manage.py serve --demo $(ARGS)

# A process of the tests that has nothing left takes half of what another has: none waits for the other's stories.
test: check
	$(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal

test-all: check
	$(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal -m "" --databases both

# The types take as long as all else together, so they have a core of their own.
check: debian $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target types rest

types: $(VENV)/.dev
	$(BIN)/mypy

rest: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint $(PAGES) --lint --quiet
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run --settings config.test_settings
	$(BIN)/python -m config.messages compile
	$(BIN)/python -m config.messages check

messages: $(VENV)/.dev
	$(BIN)/python -m config.messages update
	$(BIN)/python -m config.messages compile

format: $(VENV)/.dev
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

clean:
	rm -rf staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache config/locale/*/LC_MESSAGES/*.mo
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# --- What the above need ---------------------------------------------------------------------------------------

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# uv installs in seconds what takes pip half a minute; where it cannot be had, pip does.
INSTALL = if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python -r $(1); \
	elif $(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv; then \
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python -r $(1); \
	else $(BIN)/python -m pip install --quiet -r $(1); fi

$(VENV)/.core: requirements/core.txt | $(BIN)/python
	$(call INSTALL,requirements/core.txt)
	@touch $@

$(VENV)/.dev: requirements.txt $(wildcard requirements/*.txt) | $(BIN)/python
	$(call INSTALL,requirements/dev.txt)
	@touch $@ $(VENV)/.core

# The browser, a font for it and PostgreSQL's programs (no service is used). Only root can, and only Debian does.
debian:
	@if command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi 'noto.*cjk' \
	   && { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; }; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	   apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	   chromium fonts-noto-cjk fontconfig postgresql >/dev/null; \
	else echo "Please install: chromium, fonts-noto-cjk and postgresql (its server programs)." >&2; fi
