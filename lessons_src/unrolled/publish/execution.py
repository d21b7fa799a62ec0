"""Execution of the lessons: each one again when anything it depends on has changed, and only then.

myst-nb's own cache knows a notebook by its cells alone: after a change in an imported module it goes on showing the old
outputs. Here the cache is filled before myst-nb looks into it. With every execution the SHA-256 of each file that the
lesson depended on is stored: the modules of this package that its kernel had imported, the records that it asked for,
and the pins. A lesson is fresh while all of them are what they were.
"""

import asyncio
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from myst_nb.core.config import NbParserConfig
from myst_nb.core.read import create_nb_reader
from myst_nb.core.render import WIDGET_STATE_MIMETYPE
from myst_parser.config.main import MdParserConfig
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx_external_toc.parsing import parse_toc_yaml

LOGGER = logging.getLogger(__name__)
PACKAGE = Path(__file__).resolve().parents[1]
PINS = "requirements.txt"
KERNELS = 2    # side by side: DESIGN's budgets are for two cores
ABSENT = "absent"

# Run after the last cell of a lesson, in its kernel: the files that its outputs may have depended on. The scripts and
# styles of an explorer lie beside its module, and its state holds them; what a task reads lies in `data` beside it.
REPORT = """
import json, sys
from pathlib import Path
modules = [m for name, m in list(sys.modules.items()) if name.partition(".")[0] == "unrolled"]
files = [m.__file__ for m in modules if getattr(m, "__file__", None)]
files += [str(f) for d in {Path(f).parent for f in files} for s in ("*.js", "*.css", "data/*") for f in d.glob(s)]
files += [str(path) for path in getattr(sys.modules.get("unrolled.experiments.records"), "asked", ())]
print(json.dumps(files))
"""


class LessonError(SphinxError):
    """One or more lessons did not run to their end."""

    category = "Lessons that failed"


@dataclass
class Run:
    """One execution of a lesson."""

    notebook: nbformat.NotebookNode    # with outputs
    seconds: float                     # with the start of its kernel
    cell_seconds: tuple                # (seconds, first line) of each cell
    files: tuple                       # the modules and records that it used
    error: str                         # why and where it stopped; "" if it ran to its end


@dataclass(frozen=True)
class Book:
    """Where a book's lessons and their cached outputs are, and how myst-nb reads them."""

    root: Path
    cache_path: Path
    pages: dict                     # document name -> source file
    markdown: MdParserConfig
    settings: NbParserConfig
    known: dict = field(default_factory=dict)    # page name -> (its text, what `lesson` made of it)

    @classmethod
    def of_app(cls, app):
        """The book that this Sphinx application builds, the same object each time."""
        if not hasattr(app, "unrolled_book"):
            env = app.env
            pages = {name: Path(env.doc2path(name)) for name in sorted(env.found_docs)}
            settings = env.mystnb_config
            cache_path = Path(settings.execution_cache_path)
            # Kept with Sphinx's own state: a page that has not changed is not parsed again by the next build.
            known = env.unrolled_lessons = getattr(env, "unrolled_lessons", {})
            app.unrolled_book = cls(Path(app.confdir), cache_path, pages, env.myst_config, settings, known)
        return app.unrolled_book

    @classmethod
    def of_folder(cls, root):
        """The book whose `_config.yml` and `_toc.yml` lie in `root`, with the cache of its usual build.

        Raises ValueError where one of the two files is missing.
        """
        root = Path(root).resolve()
        for name in ("_config.yml", "_toc.yml"):
            if not (root / name).is_file():
                raise ValueError(f"{root} is no book: expected a {name} in it, found none")
        config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
        markdown = MdParserConfig(enable_extensions=set(config["parse"]["myst_enable_extensions"]))
        settings = NbParserConfig(execution_timeout=config["execute"]["timeout"])
        pages = {name: root / f"{name}.md" for name in parse_toc_yaml(root / "_toc.yml")}
        return cls(root, root / "_build" / ".jupyter_cache", pages, markdown, settings)

    def source(self, name):
        """The path of a page's source, relative to the book, as errors and the cache name it."""
        return os.path.relpath(self.pages[name], self.root).replace(os.sep, "/")

    def lesson(self, name):
        """The notebook of page `name` as myst-nb will read it, without outputs; None for a page that is no notebook."""
        path = self.pages[name]
        text = path.read_text(encoding="utf-8")
        if self.known.get(name, ("",))[0] != text:
            reader = create_nb_reader(str(path), self.markdown, self.settings, text)
            self.known[name] = text, reader.read(text) if reader else None
        return deepcopy(self.known[name][1])

    def lessons(self):
        """Every lesson of the book, {page name: notebook without outputs}."""
        found = {name: self.lesson(name) for name in self.pages}
        return {name: notebook for name, notebook in found.items() if notebook}

    def executed(self, name):
        """The notebook of page `name` with the outputs of its last execution; KeyError if there is none."""
        notebook = self.lesson(name)
        if notebook is None:
            raise KeyError(name)
        return get_cache(self.cache_path).merge_match_into_notebook(notebook)[1]

    def refresh(self, force=False):
        """Execute every lesson whose outputs are missing or stale (`force`: every lesson).

        Returns {page name: a word that changes whenever the page's outputs are made anew}. All stale lessons are
        tried; then LessonError names each that failed. A lesson that fails leaves the cache as it was.
        """
        cache = get_cache(self.cache_path)
        digests = Digests(self.root)
        lessons = self.lessons()
        stamps = {name: _stamp(cache, notebook, digests) for name, notebook in lessons.items()}
        stale = {name: lessons[name] for name in lessons if force or not stamps[name]}
        # Now, before a kernel reads them: an edit during the run must make its outputs stale.
        sources = (path for kind in ("*.py", "*.js", "*.css", "data/*") for path in PACKAGE.rglob(kind))
        digests.of([*sources, *(self.root / "results").glob("*.json")])
        failures = []
        for name, run in self._run_all(stale):
            if run.error:
                where, _, why = run.error.partition("\n")
                failures.append(self.source(name) + where)
                LOGGER.error("%s%s\n%s", self.source(name), where, why)
                continue
            _store(cache, run, self.source(name), digests.of([*run.files, self.root / PINS]))
            stamps[name] = _stamp(cache, lessons[name], digests)
        if failures:
            raise LessonError("\n".join([f"{len(failures)} of {len(stale)} executed lessons", *failures]))
        return stamps

    def _run_all(self, lessons):
        """Yield (name, Run) as the lessons finish, `KERNELS` at a time; kill the kernels when interrupted."""
        managers = {}
        if lessons:
            LOGGER.info("")    # Sphinx has left its line open
        with ThreadPoolExecutor(KERNELS) as pool:
            futures = {pool.submit(self._execute, name, notebook, managers): name for name, notebook in lessons.items()}
            try:
                for count, future in enumerate(as_completed(futures), 1):
                    name, run = futures[future], future.result()
                    done = "failed" if run.error else "executed"
                    LOGGER.info("%s %s in %.1f s (%d of %d)", done, self.source(name), run.seconds, count, len(futures))
                    for seconds, line in sorted(run.cell_seconds, reverse=True)[:3]:
                        LOGGER.verbose("  %.1f s  %s", seconds, line)
                    yield name, run
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                while wait(futures, timeout=0.1).not_done:    # only after an interruption
                    for manager in list(managers.values()):
                        if manager.provisioner and manager.provisioner.process:
                            manager.provisioner.process.kill()

    def _execute(self, name, notebook, managers):
        """Execute a copy of `notebook` in a fresh kernel of this interpreter, in the folder of its page; returns a Run.

        `managers` is a dictionary that holds the kernel's manager while it runs.
        """
        LOGGER.info("executing %s", self.source(name))
        began = time.perf_counter()
        notebook = deepcopy(notebook)
        notebook.cells.append(nbformat.v4.new_code_cell(REPORT))
        lines = (notebook.metadata.get("source_map") or []) + [0]
        current, started, cell_seconds, error = None, 0.0, [], ""

        def begin(cell, cell_index):
            nonlocal current, started
            current, started = cell_index, time.perf_counter()

        def finish(cell, cell_index, execute_reply):
            cell_seconds.append((time.perf_counter() - started, _first_line(cell)))

        with tempfile.TemporaryDirectory(prefix="kernel-") as folder, tempfile.TemporaryFile("w+") as stderr:
            manager = managers[name] = AsyncKernelManager(
                kernel_name=notebook.metadata.get("kernelspec", {}).get("name", "python3"),
                # Without folders to search it knows one kernel, python3, which is the interpreter that runs this.
                kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
                connection_file=os.path.join(folder, "kernel.json"),
                transport="tcp" if sys.platform == "win32" else "ipc",
            )
            client = NotebookClient(
                notebook, km=manager, timeout=self.settings.execution_timeout, record_timing=False,
                resources={"metadata": {"path": str(self.pages[name].parent)}},
                on_cell_execute=begin, on_cell_executed=finish,
                coalesce_streams=True,    # a busy machine sends a line in parts, and myst_nb would put each on a line of its own
            )
            try:
                asyncio.run(client.async_execute(env=_environment(), cleanup_kc=True, stderr=stderr))
            except Exception as problem:    # whatever stops a lesson is told with the page and the cell that it stopped
                error = _failure(problem, current, notebook, lines)
                if not isinstance(problem, CellExecutionError):    # the kernel's own last words, such as a crash
                    stderr.seek(0)
                    error += stderr.read()
            finally:
                del managers[name]
        report = notebook.cells.pop()
        notebook = name_widgets(notebook)
        files = () if error else tuple(json.loads("".join(output.get("text", "") for output in report.outputs)))
        return Run(notebook, time.perf_counter() - began, tuple(cell_seconds[:-1]), files, error)


def name_widgets(notebook):
    """`notebook` with a name in place of each widget's random identifier, so that two executions agree."""
    states = notebook.metadata.get("widgets", {}).get(WIDGET_STATE_MIMETYPE, {}).get("state", {})
    if not states:
        return notebook
    names = {identifier: f"widget-{number}" for number, identifier in enumerate(states, 1)}
    text = re.sub("|".join(names), lambda found: names[found[0]], json.dumps(notebook))
    return nbformat.from_dict(json.loads(text))


class Digests:
    """The SHA-256 of files, each read once, by their paths relative to the book."""

    def __init__(self, root):
        self.root = root
        self.known = {}

    def of(self, paths):
        """{path relative to the book: its SHA-256, or "absent"}."""
        found = {}
        for path in paths:
            key = os.path.relpath(self.root / path, self.root).replace(os.sep, "/")
            if key not in self.known:
                file = self.root / path
                self.known[key] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ABSENT
            found[key] = self.known[key]
        return found


def _environment():
    threads = os.environ.get("UNROLLED_THREADS", "1")
    paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def _failure(problem, index, notebook, lines):
    """Where and why a lesson stopped, in one line, then the traceback."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(problem)).strip()
    reason = text.splitlines()[-1] if text else type(problem).__name__
    if index is None:
        return f": the kernel did not start: {reason}\n"
    return f":{lines[index] + 1}: cell `{_first_line(notebook.cells[index])}`: {reason}\n{text}\n"


def _first_line(cell):
    return next((line for line in cell.source.splitlines() if line.strip()), "")


def _stamp(cache, notebook, digests):
    """When the cached outputs of `notebook` were made; "" if there are none, or a file that they used has changed."""
    try:
        record = cache.match_cache_notebook(notebook)
        files = record.data["files"]
        json.loads(_cached_file(cache, record.hashkey).read_bytes())
    except (KeyError, TypeError, ValueError, OSError):    # a build that was killed leaves a record without its notebook
        return ""
    return record.created.isoformat() if files and digests.of(files) == files else ""


def _store(cache, run, source, files):
    """Put the outputs of a finished run into the cache, over what it held for the same cells."""
    _, key = cache.create_hashed_notebook(run.notebook)
    shutil.rmtree(_cached_file(cache, key).parent, ignore_errors=True)
    data = {
        "execution_seconds": run.seconds,    # myst-nb's name: with the start of the kernel
        "cell_seconds": sum(seconds for seconds, _ in run.cell_seconds),
        "files": files,
    }
    cache.cache_notebook_bundle(CacheBundleIn(run.notebook, source, data=data), check_validity=False, overwrite=True)


def _cached_file(cache, key):
    return Path(cache.path, "executed", key, "base.ipynb")


def executed_notebook(app, name):
    """The notebook of page `name` with its outputs, once the lessons are executed; KeyError if it has none."""
    return Book.of_app(app).executed(name)


def seconds(cache_path):
    """What the cells of each lesson took when last executed, {source relative to the book: seconds}."""
    records = sorted(get_cache(cache_path).list_cache_records(), key=lambda record: record.created)
    return {record.uri: record.data["cell_seconds"] for record in records if "cell_seconds" in (record.data or {})}


def execute_stale(app, env, added, changed, removed):
    """Before pages are read: execute stale lessons, and have each page read again whose outputs are new."""
    if env.mystnb_config.execution_mode != "cache":
        return []
    before = getattr(env, "unrolled_outputs", {})
    env.unrolled_outputs = Book.of_app(app).refresh()
    return [name for name, stamp in env.unrolled_outputs.items() if before.get(name, stamp) != stamp]


def setup(app):
    """Execute the lessons before Sphinx reads them."""
    app.connect("env-get-outdated", execute_stale)
