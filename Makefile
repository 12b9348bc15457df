# Rollcall's daily verbs. `make demo` and `make test` need python3 (3.11 or newer) and nothing else.
PYTHON ?= python3
BIN := .venv/bin
export WAREHOUSE ?= data/access.duckdb

.DEFAULT_GOAL := help
.PHONY: help install demo test planted soak lint review init sync check export report status sandbox bench docs plan apply push watch clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

install: .venv/installed ## the pinned dependencies, in .venv

.venv/installed: .ci/requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rollcall needs Python 3.11 or newer")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .ci/requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## a real access review of an invented company, from four local APIs
	@WAREHOUSE=data/demo/access.duckdb $(BIN)/python -m tests.sandbox demo

test: install ## every test but those that take long
	$(BIN)/python -m pytest $(PYTEST_ARGS)

planted: install ## plant one bug at a time and see a test notice it
	@$(BIN)/python -m tests.planted

soak: install ## the long suite: a thousand histories, two hundred kills, every fault everywhere
	@$(BIN)/python -m tests.soak $(PYTEST_ARGS)

lint: install ## the linter and the format
	$(BIN)/ruff check pipelines tests
	$(BIN)/ruff format --check pipelines tests

# A campaign changes the company, so each has a warehouse of its own.
review: campaign := $(or $(CAMPAIGN),demo-$(shell date -u +%Y%m%d-%H%M%S))
review: install ## a whole campaign of the invented company, from opening to proven changes
	@WAREHOUSE=data/demo/$(campaign)/access.duckdb $(BIN)/python -m tests.sandbox review $(campaign)

init: install ## the settings to fill in, and the line for cron; SOURCES=… names the sources
	@$(BIN)/rollcall init $(SOURCES)

sync: install ## extract, load, transform, publish
	@$(BIN)/rollcall sync

check: install ## what the credentials can read, and which right is missing
	@$(BIN)/rollcall check

export: install ## the review files, from what is published
	@$(BIN)/rollcall export

report: install ## one HTML page of what is published: data/report.html
	@$(BIN)/rollcall report

status: install ## the last run of each source
	@$(BIN)/rollcall status

plan: install ## what is to be changed in other systems, as a file to approve
	@$(BIN)/rollcall plan

apply: install ## carry out PLAN=file; only say what would be done without DIGEST=…
	@$(BIN)/rollcall apply $(PLAN) $(if $(DIGEST),--digest $(DIGEST))

push: install ## bring TARGET=… to what its push rules say, as they are approved
	@$(BIN)/rollcall push run $(TARGET)

watch: install ## sync, push and end access as soon as there is a reason, until Ctrl-C
	@$(BIN)/rollcall watch

sandbox: install ## the APIs of the invented company's vendors, until Ctrl-C
	@$(BIN)/python -m tests.sandbox serve

bench: install ## the benchmarks
	@$(BIN)/python -m tests.bench

docs: install ## every table and column, as one static page
	@test -f "$(WAREHOUSE)" || { echo "nothing is published at $(WAREHOUSE) yet: run make sync" >&2; exit 2; }
	@mkdir -p data/docs/build && install -m 600 "$(WAREHOUSE)" data/docs/build/$(notdir $(WAREHOUSE))
	@cd dbt_project && ROLLCALL_CANDIDATE=../data/docs/build/$(notdir $(WAREHOUSE)) ../$(BIN)/dbt --quiet docs \
		generate --profiles-dir . --target-path ../data/docs/build --log-path ../data/docs/build
	@$(BIN)/python dbt_project/docs_page.py data/docs/build data/docs/index.html && rm -r data/docs/build
	@echo data/docs/index.html

clean: ## remove what can be made again (never the warehouse)
	rm -rf .venv data/demo data/docs
