# make demo   a working company in demo/, synced twice; prints the headline, the table and the page's path
# make test   everything the tests need, then the tests
# make faults the outcome of every fault that connectors meet, counted
# make lint   style, types and the arrows between packages
# make lock   pin every dependency again, by hash and without addresses

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OKR    := $(BIN)/okr -C demo

.PHONY: demo test faults lint lock clean

demo: $(VENV)/runtime
	@rm -rf demo
	@$(BIN)/okr init --demo --on 2026-09-28 demo 2>/dev/null
	@echo "Syncing Fernhill as of Monday 28 September 2026 ..."
	@$(OKR) sync --as-of 2026-09-28T09:00 2>demo/sync-1.log
	@$(BIN)/okr init --demo --on 2026-10-05 demo 2>/dev/null
	@echo "... and a week later, with one silent source and one failing check (exit code 4 says so):"
	@$(OKR) sync --as-of 2026-10-05T09:00 2>demo/sync-2.log || test $$? -eq 4
	@echo
	@$(OKR) show
	@echo
	@echo "The page:  demo/public/index.html"
	@echo "Next:      $(OKR) explain mid_market.pipeline     $(OKR) verify"

test: $(VENV)/dev
	$(BIN)/python -m pytest -n 2

faults: $(VENV)/dev
	$(BIN)/python tests/fault_register.py -n 2

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --group build --group test --group lint $(LOCK) -o requirements/dev.txt
	$(BIN)/uv pip compile pyproject.toml --group build -c requirements/dev.txt $(LOCK) -o requirements/runtime.txt

LOCK := --quiet --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache

# The project itself is installed from here, editable, with the locked build tools: nothing is downloaded unpinned.
$(VENV)/runtime: requirements/runtime.txt pyproject.toml
	$(call install,runtime)

$(VENV)/dev: requirements/dev.txt pyproject.toml
	$(call install,dev)

define install
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 14) else "Python 3.11 to 3.14 is needed; set PYTHON=...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked $(1) dependencies ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
endef
