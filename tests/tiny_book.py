"""A small book, built with the real configuration, to see what a build accepts and what it refuses."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3, language: python}
---
"""


@dataclass
class Build:
    """What a build left: its exit status, what it printed (colours removed), and where its pages are."""

    status: int
    output: str
    html: Path

    def page(self, name):
        """The HTML of one page, by its name without ``book/`` and ``.html``."""
        return (self.html / "book" / f"{name}.html").read_text(encoding="utf-8")


def build(folder, pages, sphinx_config=None):
    """Write `pages` ({name: MyST text}) into `folder` as a book of their own and build it as `make book` does.

    The first page is the root. `sphinx_config` is merged over the real `_config.yml`'s sphinx.config.
    """
    folder = Path(folder)
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["local_extensions"] = {"unrolled.publish": str(ROOT / "lessons_src")}
    config["bibtex_bibfiles"] = [str(ROOT / "book" / "references.bib")]
    config["html"].pop("baseurl", None)    # the book of a test has no address, whatever the course has
    config["sphinx"]["config"].update({"course_repository": ""} | (sphinx_config or {}))
    names = list(pages)
    toc = {"format": "jb-book", "root": f"book/{names[0]}", "chapters": [{"file": f"book/{n}"} for n in names[1:]]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    for name, text in pages.items():
        path = folder / "book" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "unrolled.publish", "build"]
    paths = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT / "lessons_src")]))
    ran = subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=300)
    output = re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout + ran.stderr)
    return Build(ran.returncode, output, folder / "_build" / "html")
