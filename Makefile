# Every target makes .venv first where it is missing or out of date (workflow/setup.py); once made, that takes no time.
#   make book [PROFILE=smoke|default|paper]     make test [ARGS="tests/data -k rotation"]     PYTHON=/path/to/python3
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup book site pdf test lint types lock bench cluster slurm-test chaos clean

BIN := .venv/bin
PROFILE ?= default
WORKERS ?= 2
FOR ?= cluster
ARGS ?=

# Compiled modules are kept, whatever the shell says: importing torch without them takes twice as long, at each start.
unexport PYTHONDONTWRITEBYTECODE

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):[a-z ]*## /\1	/p' $(MAKEFILE_LIST) | expand -t 12

# $PYTHON where it is given; else the environment's own Python, else the first that runs and is 3.11 to 3.13. Each is
# tried, not only looked for: a version manager's shim may be on the path and still run nothing.
setup:  ## make .venv from requirements.lock, where it is missing or out of date
	@if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; \
	else set -- $(BIN)/python python3.13 python3.12 python3.11 python3; fi; \
	for python; do \
		if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; \
		then exec "$$python" workflow/setup.py; fi; \
	done; \
	echo "No Python 3.11, 3.12 or 3.13 runs here (tried: $$*)." >&2; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
	exit 1

book: setup  ## run every chapter, render the site, print the path of its first page
	@$(BIN)/deepfeatures book --profile $(PROFILE) $(ARGS)

site: setup  ## render the published book from book/chapters/, executing nothing
	@$(BIN)/deepfeatures site

pdf: site  ## the published book as one PDF, _build/book.pdf; needs a Chromium or Chrome
	@$(BIN)/deepfeatures pdf $(ARGS)

test: setup  ## the whole test suite
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

lint: setup  ## ruff
	@$(BIN)/ruff check .

types: setup  ## mypy over src
	@$(BIN)/mypy

bench: setup  ## every benchmark against its peer, or one: BENCH=lenet-training
	@$(BIN)/python benchmarks/run.py $(BENCH) $(ARGS)

cluster: setup  ## what runs the workflow's jobs on Slurm, or FOR=kubernetes
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-$(FOR).lock

slurm-test: cluster  ## the workflow on a real Slurm of two nodes on this machine (half an hour; needs slurm-wlm, munge)
	@$(BIN)/python tests/cluster/slurm_scenarios.py $(ARGS)

chaos: setup  ## kills, flipped bits, a full disk ...: up to 40 minutes; ARGS="--minutes 10" tries each kind once and little more
	@$(BIN)/python -m tests.chaos $(ARGS)

# The oldest supported Python decides; no index, host or date is written, so the same answer gives the same file.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

# Not after `setup`: that would first demand that what the lock does not hold yet can be imported.
lock:  ## resolve pyproject.toml again (ARGS=--upgrade for newer releases)
	@test -x $(BIN)/uv || $(MAKE) setup
	@$(COMPILE) --extra test $(ARGS) --output-file requirements.lock pyproject.toml
	@for extra in cluster kubernetes; do sed -n "s/^$$extra = \[\"\(.*\)\"\]$$/\1/p" pyproject.toml \
		| $(COMPILE) --no-annotate --constraints requirements.lock $(ARGS) --output-file requirements-$$extra.lock - || exit 1; done
	@echo uv | $(COMPILE) --no-annotate $(ARGS) --output-file requirements-setup.lock -

clean:  ## remove what was rendered, and caches; artifacts in runs/, .venv and data/ stay
	rm -rf _build runs/stage .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests notebooks workflow benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
