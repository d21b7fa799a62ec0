"""The set-up before anything is installed: what it does once, not twice, and what it says when it cannot.

Every test runs the real script, and most the real Makefile, on a copy of the house where the Pythons, pip and the
browsers are small shell scripts; none needs a network.
"""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOTSTRAP = Path("lessons_src/unrolled/publish/bootstrap.py")
TOOLS = ("sh", "env", "make", "cat", "mkdir", "cp", "sleep", "touch", "test")
REAL = sys.executable

# A Python of a chosen version: it says so when asked, and runs the script with that version in sys.version_info.
PYTHON = """#!/bin/sh
case "$*" in
  *"-m venv"*) {venv} ;;
  *sys.version_info*) echo {version} ;;
  *"pip --version"*) echo pip ;;
  *"pip install"*) echo "$*" >> {root}/pip-calls; {pip} ;;
  *"playwright install"*) {playwright} ;;
  *executable_path*) {executable_path} ;;
  *bootstrap.py*) exec {real} -I -c 'import runpy, sys
sys.version_info = ({numbers}, "final", 0); sys._base_executable = sys.executable = "{path}"
sys.argv = sys.argv[2:]; runpy.run_path(sys.argv[0], run_name="__main__")' "$@" ;;
esac
"""
MAKES_VENV = "mkdir -p {root}/.venv/bin; cp {root}/fake-venv-python {root}/.venv/bin/python; echo made >> {root}/made"


class House:
    """A copy of the Makefile, the script and three pins, with a PATH of its own."""

    def __init__(self, root):
        self.root, self.path = root, root / "path"
        (root / BOOTSTRAP).parent.mkdir(parents=True)
        for name in ("Makefile", BOOTSTRAP):
            shutil.copy(ROOT / name, root / name)
        source = (root / BOOTSTRAP).read_text(encoding="utf-8")
        (root / BOOTSTRAP).write_text(source.replace('"/Applications', f'"{root}/Applications'), encoding="utf-8")
        (root / "requirements.txt").write_text("torch==2.13.0\n")
        (root / "requirements-dev.txt").write_text("-r requirements.txt\npytest==9.2.0\n")
        self.path.mkdir()
        for tool in TOOLS:
            os.symlink(shutil.which(tool), self.path / tool)
        self.venv_python()

    def script(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def python(self, name="python3", version="3.12.1", **cases):
        """A Python on PATH; `cases` say what it does when asked to make an environment, to run pip and so on."""
        cases = {"venv": MAKES_VENV.format(root=self.root), "pip": "exit 9", "playwright": "exit 9"} | cases
        cases = {"executable_path": "exit 9"} | cases
        path, numbers = self.path / name, version.replace(".", ", ")
        known = {"version": version, "numbers": numbers, "real": REAL, "path": path, "root": self.root}
        self.script(path, PYTHON.format(**known, **cases))

    def venv_python(self, version="3.12.1", **cases):
        """The Python that an environment made from now on has; its pip succeeds unless `cases` say otherwise."""
        self.python("../fake-venv-python", version, **{"pip": "exit 0", **cases})

    def browser(self, name="chromium", works=True):
        self.script(self.path / name, f"#!/bin/sh\n{'echo Chromium 1' if works else 'exit 1'}\n")

    def environment(self, **more):
        return {"PATH": str(self.path), "HOME": str(self.root), **more}

    def make(self, *arguments, **more):
        command = ["make", *arguments]
        return subprocess.run(command, cwd=self.root, env=self.environment(**more), capture_output=True, text=True)

    def prepare(self, what, **more):
        return self.make(f"{what}-environment" if what != "browser" else what, **more)

    def calls(self):
        path = self.root / "pip-calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def refused(ran, *parts):
    """Assert that `ran` failed and said one sentence, which has all `parts` in it, and nothing like a traceback."""
    said = [line for line in ran.stderr.splitlines() if not line.startswith("make: ***")]
    assert ran.returncode != 0
    assert len(said) == 1 and said[0].endswith("."), ran.stderr
    for part in parts:
        assert part in said[0]
    assert "Traceback" not in ran.stdout + ran.stderr


def test_first_run_installs_and_the_second_does_nothing(house):
    house.python()
    first, second = house.prepare("book"), house.prepare("book")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "Making .venv with Python 3.12.1" in first.stdout and "Installing requirements.txt" in first.stdout
    assert second.stdout == second.stderr == ""
    assert len(house.calls()) == 1 and "--only-binary :all:" in house.calls()[0]


def test_tests_install_what_the_book_has_not_and_the_book_then_nothing(house):
    house.python()
    for what in ("book", "dev", "book", "dev"):
        assert house.prepare(what).returncode == 0
    assert [call.rpartition("/")[2] for call in house.calls()] == ["requirements.txt", "requirements-dev.txt"]
    assert (house.root / "made").read_text() == "made\n"


def test_changed_pin_is_installed_into_the_same_environment(house):
    house.python()
    house.prepare("book")
    (house.root / "requirements.txt").write_text("torch==2.13.1\n")
    assert house.prepare("book").returncode == 0
    assert len(house.calls()) == 2
    assert (house.root / "made").read_text() == "made\n"


def test_another_python_or_another_place_makes_the_environment_anew(house, tmp_path_factory):
    house.python()
    house.prepare("book")
    house.python("python3.13", "3.13.0")
    house.venv_python("3.13.0")
    assert "Making .venv with Python 3.13.0" in house.make("book-environment", "PYTHON=python3.13").stdout
    assert house.prepare("book").stdout == ""    # the Python of .venv is asked from now on
    stamp = house.root / ".venv" / "installed.json"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"place": "/somewhere/else/.venv"}))
    assert "Making .venv" in house.prepare("book").stdout


def test_interrupted_installation_leaves_no_valid_stamp(house):
    house.python()
    house.venv_python(pip=f"touch {house.root}/started; exec sleep 30")
    with subprocess.Popen(
        ["make", "book-environment"], cwd=house.root, env=house.environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:
        deadline = time.monotonic() + 20
        while not (house.root / "started").exists():
            assert time.monotonic() < deadline, "pip was never started"
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=20)
    assert running.returncode != 0 and "starts the installation again" in said and "Traceback" not in said
    house.venv_python()
    again = house.prepare("book")
    assert "Making .venv" in again.stdout and len(house.calls()) == 2
    assert house.prepare("book").stdout == ""


def test_environment_of_the_reader_is_kept_and_completed(house):
    house.python()
    subprocess.run(MAKES_VENV.format(root=house.root), shell=True, check=True)
    (house.root / ".venv" / "mine").touch()
    ran = house.prepare("book")
    assert ran.returncode == 0 and "Making" not in ran.stdout and len(house.calls()) == 1


def test_index_with_another_build_of_torch_reaches_pip(house):
    house.python()
    house.make("book-environment", "TORCH_INDEX=https://example.org/cpu")
    assert house.calls()[0].endswith("--extra-index-url https://example.org/cpu")


def test_old_python_is_named_with_what_is_needed(house):
    house.python(version="3.8.18")
    refused(house.prepare("book"), "needs Python 3.11, 3.12 or 3.13", "this is Python 3.8.18", "PYTHON=")


def test_too_new_python_is_named_too(house):
    house.python(version="3.15.0")
    refused(house.prepare("book"), "this is Python 3.15.0")


def test_old_python_finds_a_fitting_one_on_path(house):
    house.python(version="3.8.18")
    house.script(house.path / "python3.13", "#!/bin/sh\nexit 127\n")    # a shim without a Python behind it
    house.python("python3.12", "3.12.1")
    ran = house.prepare("book")
    assert ran.returncode == 0 and "Making .venv with Python 3.12.1" in ran.stdout


def test_no_python_at_all(house):
    refused(house.prepare("book"), "python3 was not found", "3.11, 3.12 or 3.13")


@pytest.mark.parametrize(
    "said",
    [
        "The virtual environment was not created successfully because ensurepip is not available.",
        "/usr/bin/python3: No module named venv",
    ],
)
def test_missing_venv_module(house, said):
    house.python(venv=f'echo "{said}"; exit 1')
    refused(house.prepare("book"), "its venv or ensurepip module is missing", "apt-get install python3.12-venv")


def test_environment_that_cannot_be_made(house):
    house.python(venv='echo "Error: [Errno 13] Permission denied"; exit 1')
    refused(house.prepare("book"), "could not make", "Permission denied")


RETRYING = "WARNING: Retrying after connection broken by 'NameResolutionError(...)': /simple/torch/"
NOTHING = "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)"
OTHERS = "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: 2.2.1, 2.2.2)"


@pytest.mark.parametrize(
    "complaint, parts",
    [
        (f"{RETRYING}\n{NOTHING}", ["package index was not reached", "network"]),
        ("ERROR: Exception: ReadTimeoutError: Read timed out.", ["package index was not reached"]),
        (f"{RETRYING}\n{OTHERS}", ["torch==2.13.0 has no build for this platform", "Python 3.12.1"]),
        (NOTHING, ["torch==2.13.0 has no build for this platform"]),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", ["not enough room on this disk"]),
        ("ERROR: something new", ["pip could not install the packages"]),
    ],
)
def test_failing_pip_is_explained_and_its_words_kept(house, complaint, parts):
    house.python()
    house.script("complaint", complaint)
    house.venv_python(pip=f"cat {house.root}/complaint >&2; exit 1")
    ran = house.prepare("book")
    log = house.root / ".venv" / "install.log"
    refused(ran, str(log), *parts)
    assert complaint in log.read_text()
    assert "Making .venv" in house.prepare("book").stdout    # and no stamp says that it is installed


@pytest.mark.parametrize("name", ["google-chrome", "../Applications/Google Chrome.app/Contents/MacOS/Google Chrome"])
def test_browser_of_the_system_is_used(house, name):
    house.python()
    house.browser(name)
    ran = house.prepare("browser")
    assert ran.returncode == 0, ran.stderr
    assert "installing" not in ran.stdout


def test_browser_that_does_not_run_is_passed_over(house):
    house.python()
    house.browser("chromium", works=False)
    house.script("playwright-chrome", "#!/bin/sh\necho Chromium 1\n")
    house.venv_python(executable_path=f"echo {house.root}/playwright-chrome")
    ran = house.prepare("browser")
    assert ran.returncode == 0 and "installing" not in ran.stdout, ran.stderr


def test_playwright_brings_its_browser_where_there_is_none(house):
    house.python()
    chrome = f"{house.root}/playwright-chrome"
    house.venv_python(
        executable_path=f"echo {chrome}", playwright=f"cp {house.path}/browser {chrome}"
    )
    house.browser("browser")
    ran = house.prepare("browser")
    assert ran.returncode == 0 and "installing Playwright's own Chromium" in ran.stdout, ran.stderr


def test_debian_brings_its_browser_where_playwright_cannot(house):
    house.python()
    house.browser("browser")
    house.script(
        house.path / "apt-get",
        f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> {house.root}/apt\ncase "$*" in *chromium)'
        f" cp {house.path}/browser {house.path}/chromium ;; esac\n",
    )
    house.script(house.path / "sudo", '#!/bin/sh\n[ "$1" = -n ] && shift && exec "$@"\n')
    os.symlink(shutil.which("true"), house.path / "true")
    ran = house.prepare("browser")
    assert ran.returncode == 0 and "installing Debian's chromium" in ran.stdout, ran.stderr
    assert (house.root / "apt").read_text().splitlines() == [
        "noninteractive -q -y update",
        "noninteractive -q -y install --no-install-recommends chromium",
    ]


def test_no_browser_to_be_had_is_said_and_not_skipped(house):
    house.python()
    house.venv_python(playwright="echo no network; exit 1")
    ran = house.make("test")
    log = house.root / ".venv" / "browser.log"
    refused(ran, "need Chromium or Google Chrome", "apt-get install chromium", str(log))
    assert "no network" in log.read_text()


def test_unknown_argument(house):
    command = [REAL, "-I", str(BOOTSTRAP), "everything"]
    refused(subprocess.run(command, cwd=house.root, capture_output=True, text=True), "book, dev or browser")


def test_an_old_python_can_read_the_script():
    source = (ROOT / BOOTSTRAP).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    with pytest.raises(SyntaxError):
        ast.parse(source + "\nif (n := 1): pass\n", feature_version=(3, 6))


def test_kernel_of_the_environment_comes_before_the_readers_own(tmp_path):
    decoy = tmp_path / "kernels" / "python3"
    decoy.mkdir(parents=True)
    (decoy / "kernel.json").write_text('{"argv": ["false"], "display_name": "decoy", "language": "python"}')
    (tmp_path / "probe.mk").write_text(
        "probe:\n\t@$(RUN) -c \"from jupyter_client.kernelspec import get_kernel_spec as spec;"
        " print(spec('python3').resource_dir)\"\n"
    )
    command = ["make", "--no-print-directory", "-f", "Makefile", "-f", str(tmp_path / "probe.mk"), "probe", f"RUN={REAL}"]
    prefer_own = os.environ | {"JUPYTER_DATA_DIR": str(tmp_path), "JUPYTER_PREFER_ENV_PATH": "0"}

    def found(*more):
        ran = subprocess.run([*command, *more], cwd=ROOT, env=prefer_own, capture_output=True, text=True)
        return ran.stdout.strip()

    assert found() == str(ROOT / ".venv" / "share" / "jupyter" / "kernels" / "python3")
    assert found("JUPYTER_PATH=") == str(decoy)
