# The project's commands. `make help` lists them; each sets up all that it needs.

.DEFAULT_GOAL := help
.PHONY: help setup serve site offline check journey test test-all record lint lab rewrite bench mutate flakes lock clean

export NO_MKDOCS_2_WARNING := 1

# Where static archives of engines are: what no Debian suite has. A directory beside the project's is found by itself.
export ENGINE_ARCHIVES ?= $(abspath $(wildcard ../shared/engines))

BIN := .venv/bin
READY := .venv/ready
ADDRESS ?= 127.0.0.1:8000

# What the pages need of a lab: system packages, then a root and the images, with progress on the slow steps.
LAB := $(BIN)/lab setup && $(BIN)/lab build $(ENGINE:%=--engine %)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | sort | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY) ## the Python packages into .venv/; the other targets do it by themselves

serve: $(READY) ## the site at http://127.0.0.1:8000, reloaded as you write; needs no Docker and no root
	$(BIN)/mkdocs serve --dev-addr $(ADDRESS)

site: $(READY) ## the site into site/; any warning fails
	$(BIN)/mkdocs build --strict --clean

offline: $(READY) ## the site into site-offline/, to be opened from disk
	$(BIN)/mkdocs build --strict --clean --config-file mkdocs-offline.yml --site-dir site-offline

check: $(READY) ## the pages that changed since they last passed, alone: make check ENGINE=26.1
	@$(LAB)
	$(BIN)/pytest --changed-only $(ENGINE:%=--engine %) docs

journey: $(READY) ## the pages as readers meet them: all in one lab, once more, and on a lived-in host
	@$(BIN)/lab setup && $(BIN)/lab build $(if $(filter all,$(ENGINE)),--all,$(ENGINE:%=--engine %))
	$(BIN)/pytest --journey $(ENGINE:%=--engine %) --numprocesses 2 docs

test: $(READY) ## everything: the code's checks, the site, every page against a real Docker daemon
	@.ci/test $(ENGINE)

test-all: $(READY) ## the same, every page on every engine that can be had; what CI runs
	@.ci/test all

record: $(READY) ## run every page on every engine that can be had and record what ran, for the site to show
	@$(BIN)/lab setup && $(BIN)/lab build --all
	$(BIN)/pytest --record --engine all --numprocesses 2 --dist loadfile docs

lint: $(READY) ## the checks that run nothing: format, lint, types, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell docs README.md CONTRIBUTING.md snippets tests

lab: $(READY) ## a shell in a throwaway Docker host, to type the lesson's commands: make lab ENGINE=20.10
	@$(LAB)
	@$(BIN)/lab shell $(ENGINE:%=--engine %)

rewrite: $(READY) ## write real output into a page: make rewrite PAGE=docs/learn/parts.md ENGINE=26.1
	@test -n "$(PAGE)" || { echo "error: which page? For example: make rewrite PAGE=docs/learn/parts.md" >&2; exit 1; }
	@$(LAB)
	$(BIN)/pytest --rewrite $(ENGINE:%=--engine %) $(PAGE)

bench: $(READY) ## what the verifier costs, as ratios measured in one run
	@$(LAB)
	@$(BIN)/python -m tests.bench

mutate: $(READY) ## make small wrong changes to the pages and count how many are caught
	@$(LAB)
	@$(BIN)/python -m tests.mutate

flakes: $(READY) ## run the suite 20 times in a row: make flakes RUNS=20 LOAD=1 ENGINE=26.1 ONLY=docs
	@$(LAB)
	@RUNS="$(RUNS)" LOAD="$(LOAD)" ENGINE="$(ENGINE)" ONLY="$(ONLY)" .ci/flakes

lock: $(READY) ## resolve the dependencies anew into .ci/requirements.txt
	@.ci/lock

clean: ## remove what builds and tests left in the project
	rm -rf site site-offline .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): .ci/requirements.txt pyproject.toml .ci/venv
	@.ci/venv
