# `make help` lists what there is. Everything that is installed goes into .venv and .tools; nothing else is touched.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell tools/find-python 3.11)
VENV := .venv
RUN := $(VENV)/bin/python

##@ Set up

.PHONY: setup
setup: $(VENV)/.installed .tools/ministack/.installed .tools/dynoxide/.installed ## Install what the commands below need

# Each tool has an environment of its own: sam, ministack and checkov pin versions of boto3 and pydantic that exclude
# each other and ours. An environment is made anew when its lock changes, so that nothing of the old one stays.
define install
	@test -n "$(2)" || exit 1
	@echo "Installing $(1)"
	@"$(2)" -m venv --clear $(@D) || { echo "No virtual environment: on Debian and Ubuntu, install python3-venv." >&2; exit 1; }
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@
endef

$(VENV)/.installed: requirements-dev.txt
	$(call install,the project's environment,$(PYTHON))

.tools/%/.installed: tools/%/requirements.txt
	$(call install,$*,$(PYTHON))

# The database for load and crash tests; they say so when it is not there.
.tools/dynoxide/.installed: tools/dynoxide/package-lock.json
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then \
	    echo "Installing dynoxide"; \
	    cp tools/dynoxide/package.json $< $(@D)/; \
	    npm ci --prefix $(@D) --silent --no-audit --no-fund || echo "dynoxide could not be installed; its tests will be skipped."; \
	else \
	    echo "There is no npm here: without dynoxide, whose tests will be skipped."; \
	fi
	@touch $@

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
