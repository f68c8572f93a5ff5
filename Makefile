# One command for each task, the same on a desk and in CI. Works with GNU make 3.81 and later (macOS ships 3.81).
#
# What is installed goes into .venv, from the hash-pinned locks. A stamp file says that an install went through to its
# end; it is written last, so a broken install is tried again.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ISSUE ?= 2023-3
DEMO_WAY := outbox
INSTALLED := $(VENV)/.installed
JUDGES := tests/judges
PEERS := benchmarks/sending
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
EDITABLE := --no-deps --no-build-isolation --editable .
UV := uv>=0.9,<1
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help demo demo-smtp test judge bench soak lock catalogue format clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: export NEWSLETTER_PATHS__DATABASE = build/demo/subscribers.db
demo: export NEWSLETTER_PATHS__KEY = build/demo/subscribers.key
demo: export NEWSLETTER_SENDING__TRANSPORT = $(DEMO_WAY)
demo: $(INSTALLED)  ## Install, build one issue (ISSUE=2023-3), send it to three made-up people, into outbox/
	@rm -rf build/demo
	$(BIN)/newsletter build $(ISSUE)
	$(BIN)/newsletter subscribers import docs/beispiel/leser.csv --status active --consent "Made up for make demo"
	$(BIN)/newsletter send $(ISSUE) --test redaktion@interkommunales.example
	$(BIN)/newsletter send $(ISSUE) --yes
	$(BIN)/newsletter status $(ISSUE)
	@echo "Open build/$(ISSUE)/mail.html (the mail) and build/$(ISSUE)/archive/index.html (the page) in a browser."

demo-smtp: $(VENV)/.installed-dev  ## The same through a real SMTP server on this machine (aiosmtpd)
	@rm -rf build/arrived
	@$(BIN)/python -m tests.docs.post_office build/arrived \
	  $(MAKE) --no-print-directory demo DEMO_WAY=smtp INSTALLED=$(VENV)/.installed-dev

test: $(VENV)/.installed-dev  ## Format, lint, types, import contract, tests with coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --cov --numprocesses auto --dist worksteal

judge: $(VENV)/.installed-dev $(JUDGES)/node_modules/.installed  ## Independent judges: W3C Nu, html-validate, axe-core
	$(BIN)/newsletter check $(ISSUE)
	$(BIN)/python -m tests.judges build/$(ISSUE)

bench: $(VENV)/.installed-dev $(JUDGES)/node_modules/.installed $(PEERS)/node_modules/.installed  ## Measure, beside other tools where they are there (BENCH="--only sending --quick")
	$(BIN)/python -m benchmarks $(BENCH)

soak: $(VENV)/.installed-dev  ## The long tests (marker "soak")
	$(BIN)/pytest -m soak

lock: $(VENV)/.made  ## Make both lock files again (UPGRADE=1 for the newest releases)
	$(PIP) install '$(UV)'
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group build -o requirements.lock.txt pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group dev -c requirements.lock.txt -o requirements-dev.lock.txt pyproject.toml

catalogue: $(VENV)/.installed-dev  ## Collect the words people see, list those without translation, compile the catalogue
	$(BIN)/python -m tests.catalogue

format: $(VENV)/.installed-dev  ## Format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Remove what make made (never subscribers.db or outbox/)
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf .import_linter_cache $(JUDGES)/node_modules $(PEERS)/node_modules
	find newsletter tests benchmarks -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "newsletter needs Python 3.11 or newer, and '$(PYTHON)' is not there. Install it, or name one: make demo PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "newsletter needs Python 3.11 or newer, and '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1). Name a newer one: make demo PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments (venv or ensurepip is missing). On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made requirements.lock.txt pyproject.toml
	@rm -f $@
	$(PIP) install --require-hashes -r requirements.lock.txt
	$(PIP) install $(EDITABLE)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made requirements-dev.lock.txt pyproject.toml
	@rm -f $@
	$(PIP) install --require-hashes -r requirements-dev.lock.txt
	$(PIP) install $(EDITABLE)
	@touch $@

%/node_modules/.installed: %/package-lock.json
	@command -v npm >/dev/null || { \
	  echo "The judges and the benchmarks need Node.js with npm. On Debian or Ubuntu: apt install nodejs npm" >&2; exit 1; }
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
