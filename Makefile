# `make help` lists what there is. Everything that is installed goes into .venv and .tools; nothing else is touched.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell tools/find-python 3.11)
UV ?= uv
VENV := .venv
RUN := $(VENV)/bin/python
SAM := SAM_CLI_TELEMETRY=0 SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS=1 __SAM_CLI_APP_DIR=$(CURDIR)/.tools/sam/home .tools/sam/bin/sam
COMMAND := $(VENV)/bin/invoicing
INSTALLED := $(COMMAND) .tools/ministack/.installed .tools/dynoxide/.installed .tools/web/.installed
DEPLOYING := .tools/sam/.installed .tools/awslambdaric/.installed .tools/web/.installed
CHECKING := .tools/checkov/.installed
HERE := $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
SCENARIOS := $(wildcard events/scenarios/*/events.jsonl)

##@ Use

.PHONY: demo
demo: setup ## A month from approvals in Dataverse to the posted invoice and back, on this machine
	@$(COMMAND) demo
	@echo
	@echo "Next: the same with a third of the webhooks lost, and the whole result as JSON:"
	@echo "  $(COMMAND) demo --lost 30 --out result.json"
	@echo "Next: a scenario of your own, with a set-up to begin with; try --shuffle 1 and --duplicate 2:"
	@echo "  make run SETUP=events/scenarios/NAME/setup.yaml EVENTS=events/scenarios/NAME/events.jsonl ARGS='--shuffle 1'"
	@echo "  NAME: $(subst /,,$(subst events/scenarios,,$(dir $(SCENARIOS))))"

.PHONY: serve
serve: setup ## Keep a stack with the demo month up, until Ctrl-C: [ARGS='--keep DIR --port N --empty']
	@$(COMMAND) serve $(ARGS)

.PHONY: run
run: setup ## Run a scenario: EVENTS=… SETUP=… [OUT=result.json] [ARGS='--engine moto …']
	@$(if $(and $(EVENTS),$(SETUP)),,echo "Say which: make run EVENTS=events.jsonl SETUP=setup.yaml" >&2; exit 2)
	@$(COMMAND) run --setup "$(SETUP)" --events "$(EVENTS)" $(if $(OUT),--out "$(OUT)") $(ARGS)

.PHONY: benchmark
benchmark: setup ## Measure throughput, requests, write units, CPU and memory
	@$(RUN) -m benchmarks $(ARGS)

##@ Check

.PHONY: test
test: setup ## The tests, but for the slowest and the stand-in's; ARGS='-k proposal' for some of them
	@$(RUN) -m pytest -n auto --dist worksteal -m "$(or $(MARKED),not slow and not large)" $(ARGS)

# They depend on little and are many: what they passed with is noted, and they run again when any of it has changed.
.PHONY: test-standin
test-standin: setup ## The tests of the stand-in for Dataverse, unless nothing they depend on has changed
	@$(if $(ARGS),false,$(RUN) -m tools.unchanged dataverse_standin) || { \
	    $(RUN) -m pytest -n auto --dist worksteal $(ARGS) dataverse_standin && \
	    $(if $(ARGS),true,$(RUN) -m tools.unchanged --note dataverse_standin); \
	}

.PHONY: test-slow
test-slow: deployed ## Crashes at every request, properties, budgets, the stack deployed whole (needs Python 3.13)
	@$(RUN) -m pytest -n auto --dist worksteal -m "slow and not large" $(ARGS)

.PHONY: test-large
test-large: setup ## The tests of the largest documents, which take minutes
	@$(RUN) -m pytest -m large $(ARGS)

.PHONY: nightly
nightly: deployed ## The slow and the largest tests with many more examples and seeds than `make pr` takes time for
	@NIGHTLY=1 $(RUN) -m pytest -n auto --dist worksteal -m "slow or large" $(ARGS)

.PHONY: mutants
mutants: setup ## Weaken each guard in turn and say which no test misses: [ARGS='--only REGEX --changed main --rules --jobs 2']
	@$(RUN) -m tests.mutants $(ARGS)

.PHONY: simulate
simulate: setup ## Import and posting under every disturbance, by seeds: SEED=… STEPS=… RUNS=… [ARGS='--minutes 60 --record FILE']
	@$(RUN) -m tests.simulation --seed $(or $(SEED),0) --runs $(or $(RUNS),$(if $(SEED),1,100)) $(if $(STEPS),--steps $(STEPS)) $(ARGS)

# What needs one processor each runs side by side; then the tests, the slow and the stand-in's among them, in one run (D-130).
.PHONY: pr
pr: everything ## Everything that CI runs
	@$(MAKE) -j2 --output-sync=target types template build-check format-check lint
	@folders=tests; $(RUN) -m tools.unchanged dataverse_standin || folders="tests dataverse_standin"; \
	$(MAKE) test MARKED="not large" ARGS="$$folders"
	@$(RUN) -m tools.unchanged --note dataverse_standin

.PHONY: everything
everything:
	@$(MAKE) --silent -j2 $(INSTALLED) $(DEPLOYING) $(CHECKING)

.PHONY: fmt
fmt: setup ## Format the code and fix what lint can fix
	@$(RUN) -m ruff check --fix-only --quiet .
	@$(RUN) -m ruff format .

.PHONY: format-check
format-check: setup
	@$(RUN) -m ruff format --check .

.PHONY: lint
lint: setup
	@$(RUN) -m ruff check .

.PHONY: types
types: setup
	@$(RUN) -m mypy .

# checkov reads the template as CloudFormation gets it: of SAM's short forms it understands little.
.PHONY: template
template: $(DEPLOYING) $(CHECKING) ## Check the template: cfn-lint, sam validate, checkov
	@echo "cfn-lint"; .tools/sam/bin/cfn-lint
	@$(SAM) validate --lint
	@mkdir -p .aws-sam
	@.tools/sam/bin/python tools/expand_template.py template.yaml > .aws-sam/expanded.json
	@.tools/checkov/bin/checkov --config-file tools/checkov/config.yaml --file .aws-sam/expanded.json

.PHONY: build-check
build-check: deployed ## Build for this machine and start each function under Lambda's runtime client
	@tools/build .aws-sam/local $(HERE)
	@$(RUN) -m tools.build_check .aws-sam/local

##@ Deploy

.PHONY: build
build: $(DEPLOYING) ## Build what is deployed, into .aws-sam/build
	@tools/build .aws-sam/build arm64

.PHONY: deploy
deploy: build ## Deploy to the AWS account of the environment; CONFIG=trial for a stack to throw away
	@$(SAM) deploy --config-env $(or $(CONFIG),default)

##@ Maintain

.PHONY: goldens
goldens: setup ## Write samples, generated documents and the scenarios' expected results again
	@$(RUN) -m tests.event_samples
	@$(RUN) -m tests.scenario_samples
	@$(RUN) -m tools.contracts
	@$(RUN) -m tools.verbs
	@$(RUN) -m tools.table_maps > docs/table-maps.md
	@$(RUN) -m tools.setup_reference > docs/setup.md
	@$(RUN) -m tools.ledger_formats
	@$(RUN) -m tools.decisions > docs/decisions/README.md
	@$(RUN) -m tools.state_diagrams
	@$(RUN) -m tools.table_maps --golden
	@$(RUN) -m tools.rules_coverage > .rules-coverage && mv .rules-coverage docs/rules-coverage.md
	@for events in $(SCENARIOS); do \
	    scenario=$$(dirname "$$events"); echo "$$scenario"; map="$$scenario/map.json"; \
	    $(COMMAND) run --setup "$$scenario/setup.yaml" --events "$$events" $$([ -f "$$map" ] && echo --map "$$map") \
	        --out "$$scenario/expected.json" > /dev/null; \
	done

# The locks have hashes and no addresses, so that they serve whoever has a mirror. uv.lock has addresses: not kept.
.PHONY: lock
lock: ## Write the locks again, after a change of pyproject.toml or of tools/*/requirements.in (needs uv and npm)
	@rm -f uv.lock
	@$(UV) lock --quiet --no-config
	@$(UV) export --quiet --no-config --all-groups --no-emit-project --no-header --no-annotate -o requirements-dev.txt
	@$(UV) export --quiet --no-config --no-default-groups --no-emit-project --no-header --no-annotate -o layers/common/requirements.txt
	@$(UV) export --quiet --no-config --only-group documents --no-emit-project --no-header --no-annotate -o layers/documents/requirements.txt
	@rm -f uv.lock
	@for wanted in tools/*/requirements.in; do \
	    $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	        -o "$${wanted%.in}.txt" "$$wanted"; \
	done
	@for tool in dynoxide web; do \
	    (cd tools/$$tool && npm install --package-lock-only --omit-lockfile-registry-resolved --silent); \
	done

##@ Set up

.PHONY: setup
setup: ## Install what demo, run and test need
	@$(MAKE) --silent -j2 $(INSTALLED)

# What builds the stack and what runs its functions, for --deployed and for the check of the build.
.PHONY: deployed
deployed:
	@$(MAKE) --silent -j2 $(INSTALLED) $(DEPLOYING)

# Each tool has its own environment (D-024). An environment keeps a copy of its lock, and is made again when the lock
# changes. Most of what is in it is never imported, so nothing is compiled in advance.
define install
	@cmp -s $< $@ || { \
	    test -n "$(2)" || exit 1; \
	    echo "Installing $(1)"; \
	    "$(2)" -m venv --clear $(@D) || { echo "No virtual environment: Debian has it in python3-venv." >&2; exit 1; }; \
	    $(@D)/bin/python -m pip install -qq --disable-pip-version-check --no-compile --no-deps --require-hashes -r $<; \
	    cp $< $@; \
	}
	@touch $@
endef

$(VENV)/.installed: requirements-dev.txt
	$(call install,the project's environment,$(PYTHON))

# The command runs this checkout with this environment, from whatever folder; written always, as a checkout may move.
.PHONY: $(COMMAND)
$(COMMAND): $(VENV)/.installed
	@printf '#!/bin/sh\nexec %q %q "$$@"\n' "$(abspath $(RUN))" "$(CURDIR)/tools/invoicing.py" > $@
	@chmod +x $@

.tools/%/.installed: tools/%/requirements.txt
	$(call install,$*,$(PYTHON))

.tools/awslambdaric/.installed: PYTHON = $(shell tools/find-python --exact 3.13)

# The database for load and crash tests; those say so when it is not there.
.tools/dynoxide/.installed: tools/dynoxide/package-lock.json
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then \
	    echo "Installing dynoxide"; \
	    cp tools/dynoxide/package.json $< $(@D)/; \
	    npm ci --prefix $(@D) --silent --no-audit --no-fund || echo "dynoxide could not be installed: its tests will be skipped."; \
	else \
	    echo "There is no npm here, so no dynoxide: its tests will be skipped."; \
	fi
	@touch $@

# The scripts and style sheets of others that the workspace serves. What a build takes from the checkout is copied there.
SERVED := layers/common/project_invoicing/workspace/static
.tools/web/.installed: tools/web/package-lock.json
	@command -v npm >/dev/null || { echo "The workspace needs npm, for htmx and Pico: install Node.js 20 or newer." >&2; exit 1; }
	@echo "Installing web"
	@mkdir -p $(@D)
	@cp tools/web/package.json $< $(@D)/
	@npm ci --prefix $(@D) --silent --no-audit --no-fund
	@cp $(@D)/node_modules/htmx.org/dist/htmx.min.js $(@D)/node_modules/@picocss/pico/css/pico.min.css $(SERVED)/
	@touch $@

.PHONY: clean
clean: ## Remove what was installed and built
	@rm -rf $(VENV) .tools .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
