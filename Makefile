# Each target is a task of make.py, which sets up .venv. On Windows: py make.py TASK
PYTHON ?= python3

.PHONY: demo test lint bench
demo test lint bench:
	@$(PYTHON) make.py $@
