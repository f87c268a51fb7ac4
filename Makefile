# Every target prepares .venv itself; Python 3.11 or newer, git and make are all it needs.
.DEFAULT_GOAL := help
SHELL := bash
export PYTHON

BIN := .venv/bin

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: demo
demo: ## two hubs and a remote, in real commands (DIR=/some/folder: on a copy of it)
	@scripts/setup.sh use
	@$(BIN)/python scripts/demo.py $(if $(DIR),"$(DIR)")

.PHONY: lab
lab: ## JupyterLab with everything on, and a remote on this machine (PORT=8888)
	@scripts/setup.sh lab
	@$(BIN)/python scripts/frontend.py install
	@$(BIN)/python scripts/lab.py $(if $(PORT),--port $(PORT))

.PHONY: test
test: ## every check and test, in under 20 minutes
	@scripts/setup.sh dev
	@$(BIN)/python scripts/check.py

.PHONY: nightly
nightly: ## the long property tests and kill tests
	@scripts/setup.sh dev
	@HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -m nightly -n 4 --timeout 7200

.PHONY: format
format: ## rewrite the code in the project's format
	@scripts/setup.sh dev
	@$(BIN)/ruff check --quiet --fix --exit-zero && $(BIN)/ruff format --quiet
	@$(BIN)/python scripts/frontend.py format

.PHONY: lint
lint: ## formatting, lint and layers only
	@scripts/setup.sh dev
	@$(BIN)/python scripts/check.py format lint layers frontend

.PHONY: types
types: ## strict types only
	@scripts/setup.sh dev
	@$(BIN)/python scripts/check.py types

.PHONY: docs
docs: ## build the documentation into site/
	@scripts/setup.sh dev
	@$(BIN)/python scripts/check.py docs

.PHONY: bench
bench: ## side by side with the peers; writes bench/RESULTS.md (ONLY=job,job RUNS=n NOTEBOOKS=dir)
	@scripts/setup.sh bench
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(RUNS),--runs $(RUNS)) $(if $(NOTEBOOKS),--notebooks "$(NOTEBOOKS)")

.PHONY: clean
clean: ## remove everything that was made, the virtual environment too
	rm -rf .venv build dist site demo-out lab-out labextension/node_modules labextension/lib labextension/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .cache
