# make book and make test are all a reader needs; make help lists the rest. Works with GNU Make 3.81 and a plain sh.

# Once .venv is there, its own Python is the one to ask; before that, or after `make book PYTHON=python3.12`, yours.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell .venv/bin/python -I -c '' 2>/dev/null && echo .venv/bin/python || echo python3)
endif
PORT ?= 8000
RUN := .venv/bin/python
BUILD := $(RUN) -m unrolled.publish build
BOOTSTRAP := lessons_src/unrolled/publish/bootstrap.py

export PYTHONPATH := $(CURDIR)/lessons_src
# A kernel called python3 in the reader's own Jupyter folder must not run the lessons: ours is looked up first.
export JUPYTER_PATH := $(CURDIR)/.venv/share/jupyter

.PHONY: book live test serve lab bench links accept lock clean help python book-environment dev-environment browser
.NOTPARALLEL:

book: book-environment
	@$(BUILD)
	@echo 'The book is at _build/html/index.html; "make serve" shows it in a browser.'

# FROM names a folder with files of Pyodide, for machines that may not fetch them.
live: book
	@$(RUN) -m unrolled.publish live _build/html $(if $(FROM),--from "$(FROM)")

test: dev-environment browser
	@$(BUILD)
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo \
	  '$(PYTHON) was not found: install Python 3.11, 3.12 or 3.13, or name yours: make book PYTHON=/path/to/python.' \
	  >&2; exit 1; }

# -I: the modules beside bootstrap.py must not stand in for Python's own of the same names.
book-environment: python
	@$(PYTHON) -I $(BOOTSTRAP) book

dev-environment: python
	@$(PYTHON) -I $(BOOTSTRAP) dev

browser: dev-environment
	@$(PYTHON) -I $(BOOTSTRAP) browser

serve: book-environment
	@$(RUN) -m unrolled.publish serve --port $(PORT)

# The setting that opens a text lesson as a notebook goes into .venv, not into the reader's own Jupyter settings.
lab: book-environment
	@.venv/bin/jupytext-config --settings-file .venv/etc/jupyter/labconfig/default_setting_overrides.json \
	  set-default-viewer markdown myst
	@.venv/bin/jupyter-lab book

bench: dev-environment browser
	@$(RUN) benchmarks/cells.py
	@$(RUN) benchmarks/site.py

# As a custom builder, because Jupyter Book's own writes its report into the site.
links: book-environment
	@.venv/bin/jupyter-book build . --builder custom --custom-builder linkcheck

accept: book-environment
	@$(RUN) -m unrolled.publish accept

# One resolution for all platforms and Pythons. The CUDA packages that PyTorch's wheel for Linux names are left out,
# because its wheel pins them itself and its CPU build does not want them. Pins that still fit stay as they are.
LOCK := .venv/bin/uv pip compile -q --python .venv/bin/python --universal --python-version 3.11 \
  --no-annotate --no-header pyproject.toml --extra book
lock: dev-environment
	@cp requirements.txt .venv/lock.txt && $(LOCK) -o .venv/lock.txt
	@{ echo '# What a reader needs, every release pinned. Written by "make lock" from pyproject.toml.'; \
	  grep -v -E '^(nvidia-|cuda-|triton)' .venv/lock.txt; } > .venv/requirements.txt
	@cat requirements-dev.txt .venv/requirements.txt | grep -v '^-r' > .venv/lock.txt
	@$(LOCK) --extra dev -o .venv/lock.txt
	@{ echo '# What the tests need besides, every release pinned. Written by "make lock" from pyproject.toml.'; \
	  echo '-r requirements.txt'; \
	  grep -v -E '^(nvidia-|cuda-|triton)' .venv/lock.txt | awk 'NR == FNR { seen[$$1]; next } !($$1 in seen)' \
	    .venv/requirements.txt -; \
	  } > .venv/requirements-dev.txt
	@mv .venv/requirements.txt .venv/requirements-dev.txt .

clean:
	rm -rf _build jupyter_execute .pytest_cache .hypothesis

help:
	@echo 'make book     install into .venv, execute the lessons, build the site (the default)'
	@echo 'make live     the same, then put Python (17 MB) beside the site, so that cells run in the page; FROM=DIR has it'
	@echo 'make test     build the book, then run every test'
	@echo 'make serve    show the site at http://127.0.0.1:$(PORT)/, built again after each edit (PORT=8001: another port)'
	@echo 'make lab      open the lessons in JupyterLab'
	@echo 'make bench    measure the cells beside PyTorch, execution, building and pages'
	@echo 'make links    ask every site that the lessons link to whether the page is still there'
	@echo 'make accept   take the outputs of the lessons as they are now for the reference that tests compare with'
	@echo 'make lock     write requirements.txt and requirements-dev.txt anew from pyproject.toml'
	@echo 'make clean    remove what was built; .venv stays'
	@echo 'Settings: PYTHON=python3.12 names the Python, TORCH_INDEX=URL an index with another build of PyTorch.'
