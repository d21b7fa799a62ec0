"""The pins: every one exact, all that pyproject.toml asks for, and installable on every Python that is promised."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from clean_environment import sources

ROOT = Path(__file__).resolve().parents[2]
FILES = ("requirements.txt", "requirements-dev.txt")
LINUX, MAC = "x86_64-manylinux_2_28", "aarch64-apple-darwin"
PROMISED = [("3.11", LINUX), ("3.12", LINUX), ("3.13", LINUX), ("3.13", MAC)]
SMALL_TORCH = "--extra-index-url https://download.pytorch.org/whl/cpu\n"
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>.+))?")


def pins(text):
    """The pin of each line, as {name: versions}; raises ValueError for a line that is none."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#") or line == "-r requirements.txt":
            continue
        pin = PIN.fullmatch(line)
        if not pin:
            raise ValueError(f"expected name==version, found {line!r}")
        if re.match(r"nvidia-|cuda-|triton", pin["name"]):
            raise ValueError(f"a CPU build of PyTorch does not want {line!r}")
        found.setdefault(pin["name"], []).append(pin["version"])
    return found


def name_of(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-").replace(".", "-")


def missing(requirements, text):
    """Those of `requirements`, as pyproject.toml lists them, that `text` does not pin, or pins at another version."""
    found = pins(text)
    wanted = {name_of(requirement): requirement.partition("==")[2] for requirement in requirements}
    return [name for name, version in wanted.items() if not found.get(name) or version and [version] != found[name]]


def unresolved(requirements, python, platform, folder=ROOT, **environment):
    """Why `requirements` cannot be installed from wheels on that Python and platform, in one line; "" if they can.

    `folder` is where they would be installed from: "." in them.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--python", sys.executable]    # else uv looks for, and tries to fetch, a Python of that version
    command += ["--only-binary", ":all:", "--python-version", python, "--python-platform", platform, str(requirements)]
    environment = os.environ | {"MACOSX_DEPLOYMENT_TARGET": "14.0"} | environment    # PyTorch's oldest macOS
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
    if ran.returncode == 0:
        return ""
    said = " ".join(ran.stderr.split())
    if "No module named uv" in said:
        return "uv is not installed: make test installs it"
    if re.search(r"Failed to fetch|error sending request|dns error", said):
        return f"the package index was not reached, so nothing is known of Python {python}: {said}"
    return said


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_one_exact_pin(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(pins(text)) > 3
    assert text.startswith("# ") and "make lock" in text.splitlines()[0]
    assert ("-r requirements.txt" in text.splitlines()) == (name == "requirements-dev.txt")


@pytest.mark.parametrize("line", ["numpy>=2", "numpy", "nvidia-cudnn-cu13==9.1", "triton==3.5", "--pre"])
def test_loose_or_unwanted_line_is_refused(line):
    with pytest.raises(ValueError):
        pins(line)


def test_all_that_the_project_asks_for_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    book, dev = ((ROOT / name).read_text(encoding="utf-8") for name in FILES)
    assert missing(project["dependencies"] + extras["book"], book) == [], "run make lock"
    assert missing(extras["dev"], book + dev) == [], "run make lock"


def test_a_forgotten_or_outdated_pin_is_found():
    text = "numpy==2.4.5\nsphinx-design==0.8.0"
    assert missing(["numpy==2.4.6", "sphinx_design", "torch"], text) == ["numpy", "torch"]


def test_nothing_is_pinned_twice():
    book, dev = (pins((ROOT / name).read_text(encoding="utf-8")) for name in FILES)
    assert not book.keys() & dev.keys()


def test_pins_resolve_on_every_python_promised():
    with ThreadPoolExecutor() as pool:
        reasons = list(pool.map(lambda promise: unresolved(ROOT / FILES[1], *promise), PROMISED))
    failed = [f"Python {python} on {platform}: {why}" for (python, platform), why in zip(PROMISED, reasons) if why]
    assert not failed, "\n".join(failed)


@pytest.fixture
def binder(tmp_path):
    """What Binder installs from, without the address of PyTorch's CPU builds: it serves other builds of the same pin."""
    folder = sources(tmp_path / "repository")
    shutil.copy(ROOT / "requirements.txt", folder)
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    assert SMALL_TORCH in lines
    (folder / "binder").mkdir()
    (folder / "binder" / "requirements.txt").write_text("".join(line for line in lines if line != SMALL_TORCH))
    return folder


def test_what_binder_installs_resolves(binder):
    assert unresolved(binder / "binder" / "requirements.txt", "3.11", LINUX, binder) == ""


def test_what_binder_cannot_install_is_found(binder):
    pins_file = binder / "requirements.txt"
    pins_file.write_text(re.sub(r"numpy==[\d.]+", "numpy==2.4.600", pins_file.read_text()))
    assert "unsatisfiable" in unresolved(binder / "binder" / "requirements.txt", "3.11", LINUX, binder)


def test_a_library_at_any_release_keeps_what_colab_has():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [wanted for wanted in project["dependencies"] if re.search("==|<|~=", wanted)] == []


def test_a_pin_that_no_index_has_is_found(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("numpy==2.4.600\n")
    assert "unsatisfiable" in unresolved(path, "3.13", LINUX)


def test_an_index_out_of_reach_is_said(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("numpy==2.4.6\n")
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0"}
    assert unresolved(path, "3.13", LINUX, **nowhere).startswith("the package index was not reached")
