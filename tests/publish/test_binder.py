"""Binder takes its instructions from binder/, with the Python that is named there, and installs the library in place."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from clean_environment import ROOT, sources


def faults(folder):
    """What is wrong with the image that Binder would build of `folder`, as repo2docker describes it."""
    command = [Path(sys.executable).with_name("repo2docker"), "--no-build", "--debug", "."]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ran.returncode:
        return [f"repo2docker refuses it: {ran.stderr.strip().splitlines()[-1]}"]
    steps = [line for line in ran.stdout.splitlines() if line.startswith(("COPY", "RUN"))]
    everything = next(number for number, line in enumerate(steps) if " src/ " in line)
    install = 'RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"'
    found = []
    if "Building conda environment for python=3.11" not in ran.stderr:
        found.append("the image has another Python than 3.11")
    if install not in steps:
        found.append("the image does not install binder/requirements.txt")
    elif steps.index(install) < everything:
        found.append("the image installs binder/requirements.txt before the library is there")
    return found


@pytest.fixture
def repository(tmp_path):
    """What Binder gets, to be spoilt."""
    folder = sources(tmp_path / "repository")
    shutil.copytree(ROOT / "binder", folder / "binder")
    shutil.copy(ROOT / "requirements.txt", folder)
    return folder


def test_binder_takes_binder(repository):
    assert faults(repository) == []


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("binder", None, ["the image has another Python than 3.11", "the image does not install binder/requirements.txt"]),
    ("binder/requirements.txt", None, ["the image does not install binder/requirements.txt"]),
    ("binder/requirements.txt", "numpy\n", ["the image installs binder/requirements.txt before the library is there"]),
    ("binder/runtime.txt", "python-3.12\n", ["the image has another Python than 3.11"]),
    ("binder/runtime.txt", "python-3.99\n", ["repo2docker refuses it: ValueError: Python version 3.99"]),
])  # fmt: skip
def test_a_broken_binder_is_seen(repository, name, text, expected):
    path = repository / name
    if text:
        path.write_text(text)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert [fault.partition(" on ")[0] for fault in faults(repository)] == expected
