# Every command prepares what it needs first (tools/bootstrap); nothing has to be installed by hand.
HOUSE ?= var/house
# Tests wait for disks, browsers and lines: one worker more than cores keeps the cores busy.
WORKERS ?= $(shell expr $$(nproc) + 1)
# A machine may be set up to keep no bytecode: reading all tests anew takes half of what `make check` does.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo central check test mutants fresh weekly bench lint format
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## watch the whole system do its work (ONCE=1: play the story once, exit 0 only if every check held)
	@tools/bootstrap demo
	@exec .venv/bin/parterre demo $(if $(filter-out 0 no false,$(ONCE)),--once)

central: ## a house of your own, kept in var/house: prints the address at which a browser sets it up
	@tools/bootstrap central
	@mkdir -p $(HOUSE)
	@PARTERRE_CENTRAL__DATA=$(HOUSE) exec .venv/bin/parterre central

check: ## the quick round: all checks, and the tests that need no server, process, window or house in a database
	@tools/bootstrap test
	@tools/lint
	@exec .venv/bin/python -m pytest -q -n $$(nproc) -m "not server and not slow" $(ARGS)

test: ## all checks and all tests (ARGS="tests/edge -k lane" for some of them); their report is var/tests.xml
	@tools/bootstrap test
	@tools/lint
	@exec .venv/bin/python -m pytest -n $(WORKERS) --durations=10 --junitxml=var/tests.xml $(ARGS)

fresh: ## both commands above on a bare Debian 12, built with debootstrap and thrown away (ARGS="demo" or "test" for one)
	@exec tools/fresh $(ARGS)

weekly: ## what is too long for every change: the slowest tests, fresh, many evenings, mutants, benchmarks (ARGS="fresh" for one)
	@tools/bootstrap test
	@exec tools/weekly $(ARGS)

mutants: ## deliberate faults of the product, each of which a test must notice (ARGS="gate-" for some of them)
	@tools/bootstrap test
	@exec .venv/bin/python tools/mutants.py $(ARGS)

bench: ## the benchmarks, one after another (ARGS="benchmarks/gate.py" for some of them)
	@tools/bootstrap test
	@exec tools/bench $(ARGS)

lint: ## every check that runs no test: style, types, imports, lock, units
	@tools/bootstrap lint
	@exec tools/lint

format: ## let ruff put the code in order
	@tools/bootstrap lint
	@.venv/bin/ruff check --quiet --fix . ; .venv/bin/ruff format .
