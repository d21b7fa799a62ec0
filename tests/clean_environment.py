"""An environment with what the package asks for and nothing else, as Binder and Colab give it to a notebook.

Nothing is downloaded: its distributions are links to those of the environment that runs the tests.
"""

import json
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGED = ("lessons_src", "results", "pyproject.toml", "setup.py", "README.md", "LICENSE")
OURS = shutil.ignore_patterns("__pycache__", "*.egg-info")


def sources(folder):
    """A copy of what the package is built from: a build leaves its traces there."""
    folder.mkdir(parents=True)
    for name in PACKAGED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=OURS)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def build_wheel(folder, built_from):
    """The wheel that pip builds from the sources in `built_from`, put into `folder`."""
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, built_from]
    subprocess.run([sys.executable, *command], check=True)
    (wheel,) = Path(folder).glob("unrolled-*.whl")
    return wheel


def make(folder, *more, wheel=None):
    """The Python of a new environment in `folder`: what pyproject.toml and `more` ask for, and the `wheel`."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    for found in _closure([*asked, *more]):
        for top in {file.parts[0] for file in found.files} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(found.locate_file(top))
    python = folder / "bin" / "python"
    if wheel:
        command = ["-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel]
        subprocess.run([sys.executable, *command], check=True)
    return python


def _closure(requirements):
    """The distributions that satisfy `requirements`, with all that they require in turn."""
    found, open_ones = {}, [Requirement(text) for text in requirements]
    while open_ones:
        wanted = open_ones.pop()
        name = wanted.name.lower().replace("_", "-")
        if name not in found and (not wanted.marker or wanted.marker.evaluate({"extra": ""})):
            found[name] = distribution(name)
            open_ones += [Requirement(text) for text in found[name].requires or []]
    return found.values()


def kernel(folder, python, **environment):
    """Describe a kernel called "clean" that `python` runs; `folder` is then to be named in JUPYTER_PATH."""
    described = folder / "kernels" / "clean"
    described.mkdir(parents=True)
    # pip must fetch nothing, and has therefore nothing to put in the place of what only is linked here.
    environment = {"PYTHONPATH": "", "PIP_NO_INDEX": "1", **environment}
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (described / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "Clean", "language": "python", "env": environment})
    )
    return folder
