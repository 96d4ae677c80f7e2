# `make repro` and `make test` set everything up by themselves; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(abspath $(VENV))/bin
INSTALLED := $(VENV)/.installed
export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup repro test lint format bench contract lock

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(INSTALLED) ## make .venv with the locked dependencies

$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON): found $$($(PYTHON) --version 2>&1), expected Python 3.11 or newer; run make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "error: $(PYTHON): found no venv module, expected one; install your system's python3-venv" >&2; exit 1; }
	@echo "Installing the locked dependencies into $(VENV), once; this takes about a minute."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --use-pep517 --require-hashes -r requirements.lock
	@printf '%s\n' '#!/bin/sh' 'bin=$$(cd "$$(dirname "$$0")" && pwd)' 'root=$$(git rev-parse --show-toplevel 2>/dev/null)' \
	  'test -f "$${root:=.}/release/__main__.py" || { echo "error: this folder: found no release/, expected a clone of the project; cd to one" >&2; exit 1; }' \
	  'cd "$$root" && exec "$$bin/python" -m release "$$@"' > $(BIN)/release && chmod +x $(BIN)/release
	@touch $@

repro: $(INSTALLED) ## run the pipeline: only the stages whose inputs changed
	@dvc repro
	@python -m credit.summary

test: $(INSTALLED) ## run the whole test suite
	@python -m pytest -n 2 --dist worksteal

lint: $(INSTALLED) ## what CI checks besides the tests
	@ruff check .
	@ruff format --check .
	@mypy

format: $(INSTALLED) ## format the code
	@ruff check --fix .
	@ruff format .

bench: $(INSTALLED) ## measure, and write reports/benchmarks.md
	@python -m bench

contract: $(INSTALLED) ## draft a contract from a CSV or Parquet file: make contract FILE=loans.csv
	@test -n "$(FILE)" || { echo "error: FILE: found nothing, expected a file; run make contract FILE=loans.csv" >&2; exit 1; }
	@python -m draft $(FILE) $(if $(NAME),--name $(NAME))

lock: ## resolve the dependencies of pyproject.toml anew into requirements.lock (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group dev \
	  --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group service --constraints requirements.lock \
	  --custom-compile-command "make lock" --output-file requirements.service.lock
