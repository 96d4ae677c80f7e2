# `make repro` and `make test` set everything up by themselves; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
# A target of make ends at a blank, so that half of a path would be made, and half of one removed
ifneq ($(word 2,$(VENV)),)
$(error VENV: found a blank in '$(VENV)', expected a path without one; the folder of the clone may have blanks)
endif
# $(abspath) would take a blank in the path for the end of it
BIN := $(if $(filter /%,$(VENV)),$(VENV),$(CURDIR)/$(VENV))/bin
INSTALLED := $(VENV)/.installed
export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup adopt repro cluster serve watch test check lint format bench contract manifest secrets lock

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(INSTALLED) ## make .venv with the locked dependencies

$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON): found $$($(PYTHON) --version 2>&1), expected Python 3.11 or newer; run make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "error: $(PYTHON): found no venv module, expected one; install your system's python3-venv" >&2; exit 1; }
	@echo "Installing the locked dependencies into $(VENV), once; this takes about a minute, and 1.6 GB of disk."
	@$(PYTHON) -m venv $(VENV)
	@{ "$(BIN)/python" -m pip --disable-pip-version-check install --progress-bar off --no-deps --use-pep517 --require-hashes \
	  -r requirements.lock || touch $(VENV)/.failed; } | awk '/^Collecting/ {printf "."; fflush()} END {print ""}'
	@test ! -e $(VENV)/.failed || { rm $(VENV)/.failed; exit 1; }
	@printf '%s\n' '#!/bin/sh' 'bin=$$(cd "$$(dirname "$$0")" && pwd)' 'root=$$(git rev-parse --show-toplevel 2>/dev/null)' \
	  'test -f "$${root:=.}/release/__main__.py" || { echo "error: this folder: found no release/, expected a clone of the project; cd to one" >&2; exit 1; }' \
	  'cd "$$root" && exec "$$bin/python" -m release "$$@"' > "$(BIN)/release" && chmod +x "$(BIN)/release"
	@touch $@

adopt: $(INSTALLED) ## make this clone of the template your project; again: bring the template's newest version
	@python -m scaffold $(if $(TEMPLATE),--template "$(TEMPLATE)") $(if $(DATA),--data "$(DATA)") \
	  $(if $(DEFAULTS),--defaults) $(if $(DRY_RUN),--dry-run)

repro: $(INSTALLED) ## run the pipeline: only the stages whose inputs changed
	@python -m credit.check
	@python -m credit.plan
	@dvc repro
	@python -m credit.summary

cluster: $(INSTALLED) ## start a Dask scheduler and two workers here, to try the engine dask: docs/scaling.md
	@exec python -m credit.engine

serve: $(INSTALLED) ## serve the live version on 127.0.0.1:8000, or what make repro made where none is
	@python -m release.deployment.unreleased
	@exec python -m service serve

watch: $(INSTALLED) ## watch what make serve decides, and take a version back when it must be; ENV=staging for another one
	@exec python -m release watch --env "$(or $(ENV),prod)" --port "$(or $(WATCH_PORT),8001)"

test: $(INSTALLED) ## run the tests: of the project, and in the template itself those of the template
	@python -m testing.suites $(SUITES)

check: lint ## lint, and the quick tests of what changed since main
	@python -m testing.suites --changed

lint: $(INSTALLED) ## what CI checks besides the tests
	@ruff check .
	@ruff format --check .
	@python .ci/check_names.py
	@mypy

format: $(INSTALLED) ## format the code
	@ruff check --fix .
	@ruff format .

bench: $(INSTALLED) ## measure, and write reports/benchmarks.md
	@python -m bench

contract: $(INSTALLED) ## draft a contract from a CSV or Parquet file: make contract FILE=loans.csv
	@test -n "$(FILE)" || { echo "error: FILE: found nothing, expected a file; run make contract FILE=loans.csv" >&2; exit 1; }
	@python -m contract_draft "$(FILE)" $(if $(NAME),--name "$(NAME)") $(if $(LABEL),--label "$(LABEL)") \
	  $(if $(ANSWERS),--answers "$(ANSWERS)") $(if $(QUESTIONS),--questions "$(QUESTIONS)") $(if $(FORCE),--force)

manifest: $(INSTALLED) ## name Parquet files that stay where they are: make manifest FROM=s3://bucket/loans NAME=loans
	@test -n "$(FROM)" && test -n "$(NAME)" || { echo "error: FROM, NAME: expected a folder or s3://bucket/prefix, and a name; run make manifest FROM=s3://bucket/loans NAME=loans" >&2; exit 1; }
	@python -m credit.data.manifest "$(FROM)" "data/raw/$(NAME)"

# Only you may enter the folder; its files may be read, because in containers other users need them. Keys are in a folder of
# their own: of a file that is mounted by itself a container never sees the next one.
secrets: $(INSTALLED) ## make the keys and passwords of compose.yaml, once, in secrets/
	@test ! -e secrets || { echo "error: secrets: found it, expected nothing; what is in use would be replaced" >&2; exit 1; }
	@install -d -m 700 secrets
	@install -d -m 755 secrets/keys
	@python -m service key make office --role decide --role look-up --role watch --role report --role review --file secrets/keys/keys.json >secrets/office_key
	@python -m service key make prometheus --role watch --file secrets/keys/keys.json >secrets/prometheus_key
	@python -m service key make watch --role watch --file secrets/keys/keys.json >secrets/watch_service_key
	@for name in PGPASSWORD AWS_SECRET_ACCESS_KEY SERVICE_APPLICANT_KEY watch_database_password watch_store_key grafana_password publisher_key; do \
	  python -c 'import secrets; print(secrets.token_hex(24))' >secrets/$$name; done
	@printf '{"identities": [\n%s"%s"%s,\n%s"%s"%s,\n%s"%s"%s\n]}\n' \
	  '{"name": "publisher", "actions": ["Admin"], "credentials": [{"accessKey": "publisher", "secretKey": ' \
	  "$$(cat secrets/publisher_key)" '}]}' \
	  '{"name": "service", "actions": ["Read:models", "List:models", "Write:models/log/*"], "credentials": [{"accessKey": "service", "secretKey": ' \
	  "$$(cat secrets/AWS_SECRET_ACCESS_KEY)" '}]}' \
	  '{"name": "watch", "actions": ["Read:models", "List:models", "Write:models/environments/*", "Write:models/alarms/*", "Write:models/clock/*"], "credentials": [{"accessKey": "watch", "secretKey": ' \
	  "$$(cat secrets/watch_store_key)" '}]}' >secrets/s3.json
	@printf '%s\n' RELEASE_STORE=s3://models AWS_ENDPOINT_URL=http://127.0.0.1:8333 AWS_REGION=us-east-1 \
	  AWS_ACCESS_KEY_ID=publisher AWS_SECRET_ACCESS_KEY=$$(cat secrets/publisher_key) >secrets/publisher.env
	@rm secrets/publisher_key
	@find secrets -type f -exec chmod 444 {} +

lock: ## resolve the dependencies of pyproject.toml anew into requirements.lock (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group dev \
	  --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	for image in service watch; do \
	  uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group $$image --constraints requirements.lock \
	    --custom-compile-command "make lock" --output-file requirements.$$image.lock || exit; \
	done
