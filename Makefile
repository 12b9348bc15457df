# Rollcall's daily verbs. `make demo` and `make test` need python3 (3.11 or newer) and nothing else.
# Make ends with 2 whenever a command fails, so a scheduler calls .venv/bin/rollcall itself.
PYTHON ?= python3
BIN := .venv/bin
ROLLCALL := $(BIN)/rollcall
export WAREHOUSE ?= data/access.duckdb

.DEFAULT_GOAL := help
.PHONY: help install demo test planted soak lint review init sync check export report status sandbox bench docs plan apply push watch pictures clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

install: ## the pinned dependencies, in .venv
	@$(PYTHON) .ci/install.py

# Made only where it is missing, so that no verb needs the network after a change of the lock file
$(ROLLCALL):
	@$(PYTHON) .ci/install.py

demo: $(ROLLCALL) ## a real access review of an invented company, from four local APIs
	@WAREHOUSE=data/demo/access.duckdb $(BIN)/python -m tests.sandbox demo

test: $(ROLLCALL) ## every test but those that take long
	$(BIN)/python -m pytest $(PYTEST_ARGS)

planted: $(ROLLCALL) ## plant one bug at a time and see a test notice it
	@$(BIN)/python -m tests.planted

soak: $(ROLLCALL) ## the long suite: a thousand histories, two hundred kills, every fault everywhere
	@$(BIN)/python -m tests.soak $(PYTEST_ARGS)

lint: $(ROLLCALL) ## the linter and the format
	$(BIN)/ruff check pipelines tests
	$(BIN)/ruff format --check pipelines tests

# A campaign changes the company, so each has a warehouse of its own.
review: campaign := $(or $(CAMPAIGN),demo-$(shell date -u +%Y%m%d-%H%M%S))
review: $(ROLLCALL) ## a whole campaign of the invented company, from opening to proven changes
	@WAREHOUSE=data/demo/$(campaign)/access.duckdb $(BIN)/python -m tests.sandbox review $(campaign)

init: $(ROLLCALL) ## the settings to fill in, and the line for cron; SOURCES=… names the sources
	@$(ROLLCALL) init $(SOURCES)

sync: $(ROLLCALL) ## extract, load, transform, publish
	@$(ROLLCALL) sync

check: $(ROLLCALL) ## what the credentials can read, and which right is missing
	@$(ROLLCALL) check

export: $(ROLLCALL) ## the review files, from what is published
	@$(ROLLCALL) export

report: $(ROLLCALL) ## one HTML page, a dashboard of what is published: data/report.html
	@$(ROLLCALL) report

status: $(ROLLCALL) ## the last run of each source
	@$(ROLLCALL) status

plan: $(ROLLCALL) ## what is to be changed in other systems, as a file to approve
	@$(ROLLCALL) plan

apply: $(ROLLCALL) ## carry out PLAN=file; only say what would be done without DIGEST=…
	@$(ROLLCALL) apply $(PLAN) $(if $(DIGEST),--digest $(DIGEST))

push: $(ROLLCALL) ## bring TARGET=… to what its push rules say, as they are approved
	@$(ROLLCALL) push run $(TARGET)

watch: $(ROLLCALL) ## sync, push and end access as soon as there is a reason, until Ctrl-C
	@$(ROLLCALL) watch

sandbox: $(ROLLCALL) ## the APIs of the invented company's vendors, until Ctrl-C
	@$(BIN)/python -m tests.sandbox serve

bench: $(ROLLCALL) ## the benchmarks
	@$(BIN)/python -m tests.bench

pictures: $(ROLLCALL) ## the pictures of the report in docs/pictures, taken anew
	@$(BIN)/python -m tests.report.pictures

docs: $(ROLLCALL) ## every table and column, as one static page
	@test -f "$(WAREHOUSE)" || { echo "nothing is published at $(WAREHOUSE) yet: run make sync" >&2; exit 2; }
	@mkdir -p data/docs/build && install -m 600 "$(WAREHOUSE)" data/docs/build/$(notdir $(WAREHOUSE))
	@cd dbt_project && ROLLCALL_CANDIDATE=../data/docs/build/$(notdir $(WAREHOUSE)) ../$(BIN)/dbt --quiet docs \
		generate --profiles-dir . --target-path ../data/docs/build --log-path ../data/docs/build
	@$(BIN)/python dbt_project/docs_page.py data/docs/build data/docs/index.html && rm -r data/docs/build
	@echo data/docs/index.html

clean: ## remove what can be made again (never the warehouse)
	rm -rf .venv .venvs data/demo data/docs
