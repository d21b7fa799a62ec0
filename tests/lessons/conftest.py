"""How a lesson is held to its reference outputs: nbval, in a process of its own.

The kernel is that of an environment with what Binder installs and nothing else, `unrolled` as a wheel, and it runs in a
folder that has the notebook and nothing else: what passes here runs outside the clone.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import clean_environment
import nbformat
import pytest

from unrolled.publish import accept

HERE = Path(__file__).resolve().parent


@dataclass
class Outcome:
    """Whether a lesson passed, what nbval said, and the peak memory of its kernel in MB of a million bytes."""

    passed: bool
    said: str
    peak: int


def pytest_terminal_summary(terminalreporter):
    """Say what memory each lesson needed."""
    passed = terminalreporter.stats.get("passed", [])
    found = [(report.nodeid, peak) for report in passed for name, peak in report.user_properties if name == "peak MB"]
    if found:
        terminalreporter.section("peak memory of the kernel of each lesson")
        for test, peak in found:
            terminalreporter.write_line(f"{peak:>5} MB  {test}")


@pytest.fixture(scope="session")
def clean_kernel(tmp_path_factory, wheel):
    """The folder to be named in JUPYTER_PATH for the kernel "clean" of that environment."""
    folder = tmp_path_factory.mktemp("clean")
    python = clean_environment.make(folder / "environment", "ipykernel", wheel=wheel)
    return clean_environment.kernel(folder / "jupyter", python)


@pytest.fixture
def nbval(tmp_path, clean_kernel):
    """A function of (book, page name, number of threads) that runs nbval and returns an Outcome."""

    def run(book, name, threads):
        path = accept.reference_path(book, name)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        notebook = accept.reference_notebook(book.lesson(name), text, book.source(name))
        file = tmp_path / f"{Path(name).name}.ipynb"
        nbformat.write(notebook, file)
        lessons_src = Path(accept.__file__).parents[2]
        variables = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        variables["OMP_WAIT_POLICY"] = "PASSIVE"    # a thread that waits leaves the core to others
        variables["PYTHONPATH"] = os.pathsep.join([str(lessons_src), str(HERE), os.environ.get("PYTHONPATH", "")])
        variables["JUPYTER_PATH"] = str(clean_kernel)
        command = [
            sys.executable, "-m", "pytest", "--nbval", "--nbval-kernel-name", "clean", "-p", "nbval_text",
            "-p", "no:cacheprovider", "-q", "--no-header", "--color=no", str(file),
        ]  # fmt: skip
        ran = subprocess.run(command, env=os.environ | variables, cwd=tmp_path, capture_output=True, text=True)
        said = ran.stdout + ran.stderr
        peak = int(re.search(r"^peak memory of the kernel: (\d+) MB$", said, re.MULTILINE)[1])
        return Outcome(ran.returncode == 0, said, peak)

    return run
