# One entry point for users and developers. On a fresh Debian 12: `make bench`, `make test`.
#   make test IMAGES=DIR SHARED=DIR   also the tests that need published images or reference data
#   make fuzz [COUNT=N] [SECONDS=S]   damaged files and options, as many or as long as one likes

VENV   := .venv
PYTEST := $(VENV)/bin/python -m pytest $(if $(IMAGES),--images=$(IMAGES)) $(if $(SHARED),--shared=$(SHARED))
# what an installation depends on; Python sources are used in place
INSTALLED := pyproject.toml setup.py .ci/setup $(shell find emulator -name "*.[ch]")

.PHONY: bench test test-all fuzz lint format clean

bench: $(VENV)/run.stamp
	$(VENV)/bin/boardless bench

test: lint
	$(PYTEST) -n 2

test-all: lint
	$(PYTEST) -n 2 -m ""

fuzz: $(VENV)/test.stamp
	$(VENV)/bin/python -m tests.fuzz $(if $(COUNT),--count $(COUNT)) $(if $(SECONDS),--seconds $(SECONDS))

lint: $(VENV)/test.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(VENV)/test.stamp
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info emulator/engine/_native*.so
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/run.stamp: $(INSTALLED)
	.ci/setup run

$(VENV)/test.stamp: $(INSTALLED)
	.ci/setup test
