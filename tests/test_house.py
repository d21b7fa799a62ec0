"""What the house promises about itself: its papers, who may import whom, and that no source asks another host."""

import ast
import hashlib
import os
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAPERS = (
    "README.md", "CONTRIBUTING.md", "LICENSE", "LICENSE-text", "CITATION.cff", "Makefile", "pyproject.toml",
    "requirements.txt", "requirements-dev.txt", "_config.yml", "_toc.yml", ".ci/run", ".github/workflows/test.yml",
    ".github/workflows/publish.yml", "setup.py", "binder/requirements.txt", "binder/runtime.txt", "book/index.md",
)  # fmt: skip
PROGRAMS = (".ci/run",)

ROOMS = ("cells", "gradients", "tasks", "models", "experiments", "lesson", "publish")    # lowest first
NUMERICS = ROOMS[:5]
FORBIDDEN = {
    "cells": {"torch"},
    "publish": {"numpy", "torch", *(f"unrolled.{room}" for room in NUMERICS)},
}

SOURCES = {".css", ".html", ".ipynb", ".js", ".json", ".md", ".py", ".svg", ".txt", ".yml"}
HOST = r"(?:https?:)?//[\w.-]+\.\w"
ASKS = re.compile(
    rf"""<(?!a\b)[^>]*?\b(?:src|srcset|href|data|poster)\s*=\s*["']?{HOST}    # any element but a link for the reader
       | \burl\(\s*["']?{HOST} | @import\s+["']{HOST}
       | !\[[^\]]*\]\({HOST} | \{{(?:image|figure|iframe)\}}\s*{HOST}
       | \b(?:fetch|import|importScripts|Worker)\s*\(?\s*["']{HOST} | \bfrom\s+["']{HOST}""",
    re.VERBOSE,
)
STORE = re.compile(r"""["'`]https?://(?:cdn|fonts|unpkg)\b""")    # in a script: where it would get what it lacks


def missing_papers(root):
    """Promised files that are not there or empty, and programs that cannot be run."""
    there = {name for name in PAPERS if (root / name).is_file() and (root / name).stat().st_size}
    faults = [f"{name} is missing or empty" for name in PAPERS if name not in there]
    faults += [f"{name} is not executable" for name in PROGRAMS if not os.access(root / name, os.X_OK)]
    return faults


def imports(source, module):
    """Every module that `source`, the text of `module` (as in `unrolled.cells.rnn`), imports, wherever it does so."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            origin = ".".join(base + ([node.module] if node.module else []))
            found |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return found


def trespasses(source, module):
    """The imports of `module` that its room does not allow: upwards, or by name. `module` is a file, not a package."""
    room = module.split(".")[1]
    above = {f"unrolled.{name}" for name in ROOMS[ROOMS.index(room) + 1 :]} if room in ROOMS else set()
    barred = above | FORBIDDEN.get(room, set())
    return sorted(name for name in imports(source, module) if any(f"{name}.".startswith(f"{b}.") for b in barred))


def modules(root):
    """(module name, path) of every Python file of the library; a package's own file counts as `<package>.__init__`."""
    for path in sorted((root / "lessons_src" / "unrolled").rglob("*.py")):
        yield ".".join(path.relative_to(root / "lessons_src").with_suffix("").parts), path


def foreign_requests(root):
    """Places in the sources where a page would ask another host, as `file:line: text`."""
    found = []
    for folder in ("book", "lessons_src"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in SOURCES or not path.is_file():
                continue
            text = path.read_text(encoding="utf-8")
            for match in [*ASKS.finditer(text), *(STORE.finditer(text) if path.suffix == ".js" else ())]:
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path.relative_to(root)}:{line}: {match[0]}")
    return found


def test_the_papers_are_there():
    assert missing_papers(ROOT) == []


def test_a_missing_paper_is_found(tmp_path):
    for name in PAPERS:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    (tmp_path / "LICENSE").unlink()
    assert missing_papers(tmp_path) == ["LICENSE is missing or empty", ".ci/run is not executable"]


def test_rooms_are_those_of_the_plan():
    found = {path.name for path in (ROOT / "lessons_src" / "unrolled").iterdir() if (path / "__init__.py").exists()}
    assert found <= set(ROOMS), "a room without a place in the order"


def test_imports_go_down_only():
    files = list(modules(ROOT))
    assert len(files) > 10
    faults = {name: trespasses(path.read_text(encoding="utf-8"), name) for name, path in files}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    "module, source, barred",
    [
        ("unrolled.cells.rnn", "import torch", "torch"),
        ("unrolled.cells.rnn", "from torch.nn import RNN", "torch.nn"),
        ("unrolled.cells.rnn", "from unrolled.gradients import check", "unrolled.gradients"),
        ("unrolled.cells.__init__", "from ..models import rnn", "unrolled.models"),
        ("unrolled.models.rnn", "def late():\n    from unrolled import experiments", "unrolled.experiments"),
        ("unrolled.experiments.run", "import unrolled.lesson.evidence", "unrolled.lesson.evidence"),
        ("unrolled.lesson.evidence", "from unrolled.publish.verdicts import rule", "unrolled.publish.verdicts"),
        ("unrolled.publish.site", "import numpy as np", "numpy"),
        ("unrolled.publish.site", "import torch", "torch"),
        ("unrolled.publish.records", "from ..experiments.records import read", "unrolled.experiments.records"),
    ],
)
def test_an_import_upwards_is_found(module, source, barred):
    assert barred in trespasses(source, module)


@pytest.mark.parametrize(
    "module, source",
    [
        ("unrolled.models.rnn", "import torch\nfrom unrolled.cells import rnn\nfrom . import ensemble"),
        ("unrolled.lesson.evidence", "import numpy\nfrom ..experiments.records import read"),
        ("unrolled.publish.study", "import torchlike\nfrom . import directives\nfrom unrolled.lesson import numbers"),
    ],
)
def test_an_import_downwards_is_allowed(module, source):
    assert trespasses(source, module) == []


def test_no_source_asks_another_host():
    assert foreign_requests(ROOT) == []


@pytest.mark.parametrize(
    "name, text",
    [
        ("book/page.md", '<script async src="https://cdn.example.org/mathjax.js"></script>'),
        ("book/page.md", "<link rel=stylesheet href=//fonts.example.org/css?family=Vibur>"),
        ("book/page.md", "![a cell](https://example.org/cell.png)"),
        ("book/page.md", "```{figure} https://example.org/cell.png\n```"),
        ("lessons_src/unrolled/publish/assets/site.css", '@import "https://example.org/a.css";'),
        ("lessons_src/unrolled/publish/assets/site.css", "@font-face {src: url('https://example.org/a.woff2')}"),
        ("lessons_src/unrolled/publish/assets/site.js", 'const m = await import("https://example.org/m.js")'),
        ("lessons_src/unrolled/publish/assets/vendored/manager.js", 'let cdn="https://cdn.example.org/npm/"'),
        ("lessons_src/unrolled/publish/site.py", "PAGE = '<img src=\"http://example.org/a.png\">'"),
    ],
)
def test_a_source_that_asks_another_host_is_found(tmp_path, name, text):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text("one line\n" + text)
    assert [fault.partition(": ")[0] for fault in foreign_requests(tmp_path)] == [f"{name}:2"]


def test_a_link_for_the_reader_is_no_request(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "page.md").write_text(
        '[paper](https://arxiv.org/abs/1211.5063) <a href="https://example.org">there</a> <img src="images/a.png">'
    )
    assert foreign_requests(tmp_path) == []


def unlisted_pages(root):
    """Pages of the book that its first page does not name."""
    first = (root / "book" / "index.md").read_text(encoding="utf-8")
    parts = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    pages = [chapter["file"].removeprefix("book/") for part in parts for chapter in part["chapters"]]
    return [page for page in pages if f"{{doc}}`{page}`" not in first]


def test_the_first_page_names_every_page():
    assert unlisted_pages(ROOT) == []


def test_a_page_that_the_first_page_does_not_name_is_found(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "index.md").write_text("- {doc}`one`\n")
    (tmp_path / "_toc.yml").write_text("parts: [{chapters: [{file: book/one}, {file: book/two}]}]\n")
    assert unlisted_pages(tmp_path) == ["two"]


def test_citation_has_what_the_format_requires():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["version"] in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_licence_of_the_text_is_verbatim():
    digest = hashlib.sha256((ROOT / "LICENSE-text").read_bytes()).hexdigest()
    assert digest == "fd3a263fe19ed8faa9068b43abaebafc02c77897b0c6fc09abc04bb592e5f16e"    # CC BY 4.0, plain text
