"""Turns the lessons into the site, the notebooks and the study tools: a Sphinx extension and a command line."""

import hashlib
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pybtex.plugin
from jinja2 import FileSystemBytecodeCache

ROOMS = (
    "repository", "formulas", "execution", "records", "directives", "study", "ledger", "numbers", "notebooks", "launch",
    "live", "site", "explorers", "serve", "typography",
)  # fmt: skip


def setup(app):
    """Register every part of the extension with Sphinx."""
    app.add_config_value("comments_config", {}, "html")  # Jupyter Book sets it for an extension that _config.yml leaves out
    app.add_css_file("figure.css")
    # pybtex searches the metadata of all installed packages four times a citation: a third of the time of a build.
    pybtex.plugin.entry_points = entry_points().select
    pybtex.plugin._load_entry_point = cache(pybtex.plugin._load_entry_point)
    app.connect("builder-inited", _keep_templates)
    for room in ROOMS:
        import_module(f"{__name__}.{room}").setup(app)
    # Sphinx reads every page again when this number changes, as it must after a change in what reads them.
    sources = sorted(Path(__file__).parent.glob("*.py"))
    version = int.from_bytes(hashlib.sha256(b"".join(path.read_bytes() for path in sources)).digest()[:4], "big")
    # The engine that renders formulas does not survive a fork, so pages are written by one process.
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": False}


def _keep_templates(app):
    """Keep the templates of pages in their compiled form from one build to the next."""
    if app.builder.format == "html":
        folder = Path(app.doctreedir, "templates")
        folder.mkdir(parents=True, exist_ok=True)
        app.builder.templates.environment.bytecode_cache = FileSystemBytecodeCache(folder)
