# make demo   sets everything up and answers the first question on synthetic records
# make test   sets everything up and runs every check and test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
export COURTSTATS_HOME ?= $(CURDIR)/.courtstats
unexport PYTHONPATH

.PHONY: setup demo test long check bench lock docs browser

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 15) else "courtstats needs Python 3.11 to 3.14; set PYTHON=...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@echo "Setting up $(VENV) (about a minute)"
	@$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

demo: setup
	@$(BIN)/courtstats demo

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/pytest -n 3 --dist loadgroup

long: setup
	LONG_TESTS=1 $(BIN)/pytest -m long -n 2 --dist loadgroup --durations=12

bench: setup
	$(BIN)/python -m benchmarks

docs: setup
	$(BIN)/python -m pipelines.reference

# The report's pages in Chromium (Debian: apt-get install chromium); what drives it comes from npm.
browser: setup
	mkdir -p .browser && cp tests/pages/package.json .browser/
	npm install --prefix .browser --no-audit --no-fund --silent
	$(BIN)/pytest -n 0 tests/pages/test_pages_in_browser.py

lock:
	@test -x $(BIN)/uv || $(MAKE) setup
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group dev pyproject.toml -o requirements.lock
