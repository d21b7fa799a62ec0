"""The command line, in processes of its own: killed, interrupted, without libraries, and given what it cannot do."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from unrolled.experiments import records
from unrolled.experiments import __main__ as command_line
from unrolled.experiments.__main__ import main
from unrolled.experiments.runner import UnitFailed

ROOT = Path(__file__).resolve().parents[2]
NAME = "gradient-by-lag"
PARTS = f".partial/{NAME}.cpu.lesson/*.json"
# What PyTorch needs besides NumPy, by the metadata of its wheel; the rest of what is installed here must not be used.
ALLOWED = {
    "numpy", "torch", "unrolled", "functorch", "torchgen",
    "filelock", "fsspec", "jinja2", "markupsafe", "mpmath", "networkx", "sympy", "triton", "typing_extensions",
}  # fmt: skip


def start(*arguments, **environment):
    """The command line as a process of a group of its own, as a shell would start it."""
    return subprocess.Popen(
        [sys.executable, "-m", "unrolled.experiments", *map(str, arguments)], text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT / "lessons_src")} | environment,
    )  # fmt: skip


def finish(process):
    """Its exit code, and what it said on stdout and stderr."""
    out, errors = process.communicate(timeout=300)
    return process.returncode, out, errors


def run_alone(folder, **environment):
    return finish(start("run", NAME, "--device", "cpu", "--out", folder, **environment))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folder of a run that nobody disturbed, made where only NumPy and PyTorch can be imported."""
    folder, hook = tmp_path_factory.mktemp("undisturbed"), tmp_path_factory.mktemp("hook")
    (hook / "sitecustomize.py").write_text(f"""
import sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in {ALLOWED!r} and top not in sys.stdlib_module_names and not top.startswith("_"):
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)

sys.meta_path.insert(0, Blocker())
""")
    code, out, errors = run_alone(folder, PYTHONPATH=f"{hook}{os.pathsep}{ROOT / 'lessons_src'}")
    assert code == 0, errors
    blocked = subprocess.run(
        [sys.executable, "-c", "import matplotlib"],
        env=os.environ | {"PYTHONPATH": str(hook)}, capture_output=True, text=True,
    )  # fmt: skip
    assert importlib.util.find_spec("matplotlib") and "matplotlib is blocked" in blocked.stderr
    return folder


def group_is_gone(group):
    """Whether every process of the group ends within some seconds."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_run_that_is_killed_and_goes_on_gives_the_record_of_one_that_was_not(undisturbed, tmp_path):
    for finished, blow, workers in ((1, signal.SIGKILL, 1), (8, signal.SIGINT, 2), (15, signal.SIGKILL, 1)):
        process = start("run", NAME, "--device", "cpu", "--out", tmp_path, "--workers", workers)
        while len(list(tmp_path.glob(PARTS))) < finished:
            assert process.poll() is None, process.communicate()
            time.sleep(0.005)
        if blow == signal.SIGINT:
            os.killpg(process.pid, blow)    # as Ctrl-C does: to every process of the group
        else:
            process.send_signal(blow)       # to the one alone: its workers must notice
        code, _, errors = finish(process)
        assert code == (130 if blow == signal.SIGINT else -blow)
        assert "Traceback" not in errors
        assert ("the same command goes on from there" in errors) == (blow == signal.SIGINT)
        assert group_is_gone(process.pid), "a worker was left behind"
        assert finished <= len(list(tmp_path.glob(PARTS))) < 35
        assert not list(tmp_path.glob("*.json"))

    before = len(list(tmp_path.glob(PARTS)))
    code, out, errors = run_alone(tmp_path)
    assert code == 0 and f"{NAME}: {before} of 35 units" in errors, errors
    assert not list(tmp_path.glob(".partial/*"))
    disturbed, whole = (records.read(NAME, "cpu", folder, "lesson") for folder in (tmp_path, undisturbed))
    for record in (disturbed, whole):
        assert record.pop("wall_seconds") > 0
        del record["date"]
    assert disturbed == whole


def test_list_and_show_tell_what_was_run(undisturbed, tmp_path, capsys):
    assert main(["list", "--out", str(undisturbed)]) == 0
    assert re.search(rf"{NAME}: How much .*\n    lesson scale on cpu, \d{{4}}-\d\d-\d\d\n", capsys.readouterr().out)
    assert main(["show", NAME, "--out", str(undisturbed)]) == 0
    shown = capsys.readouterr().out
    assert "in the median of 5 draws: RNN (tanh) " in shown
    assert "(cpu): gradient-by-lag at lesson scale, 5 seeds" in shown
    assert main(["show", NAME, "--out", str(tmp_path)]) == 0
    assert f"not yet run: python -m unrolled.experiments run {NAME} --scale full" in capsys.readouterr().out


def said(capsys, *arguments):
    """The one sentence that the command line says to arguments that it must refuse."""
    try:
        code = main(list(map(str, arguments)))
    except SystemExit as end:
        code = end.code
    out, errors = capsys.readouterr()
    assert code == 2 and not out and errors.count("\n") == 1, (code, out, errors)
    return errors


@pytest.mark.parametrize("arguments, sentence", [
    (["run", "gradient-by-leg"], "argument NAME: invalid choice: 'gradient-by-leg' .choose from '?gradient-by-lag"),
    (["run", NAME, "--scale", "huge"], "argument --scale: invalid choice: 'huge'"),
    (["run", NAME, "--device", "tpu"], "argument --device: invalid choice: 'tpu'"),
    (["run", NAME, "--workers", "0"], "argument --workers: expected a whole number from 1 on, got '0'"),
    (["run", "throughput", "--workers", "2"], "throughput is timed, so its units must not run side by side"),
    ([], "the following arguments are required"),
])  # fmt: skip
def test_what_it_does_not_know_is_refused(capsys, arguments, sentence):
    assert re.search(sentence, said(capsys, *arguments))


def test_a_broken_record_is_refused(capsys, undisturbed, tmp_path):
    (tmp_path / f"{NAME}.cpu.json").write_text('{"experiment": ')
    assert "expected a record in JSON, found none" in said(capsys, "show", NAME, "--out", tmp_path)
    assert "expected a record in JSON, found none" in said(capsys, "list", "--out", tmp_path)


@pytest.fixture
def in_this_process(monkeypatch):
    """Have units done here, which is sooner than in processes that must first load PyTorch."""

    @contextmanager
    def threads(workers):
        with ThreadPoolExecutor(workers) as executor:
            yield executor, workers

    monkeypatch.setattr(command_line, "processes", threads)


def test_a_gpu_that_is_not_there_is_refused(capsys, monkeypatch, tmp_path, in_this_process):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    errors = said(capsys, "run", NAME, "--device", "cuda", "--out", tmp_path)
    assert errors.startswith("the device cuda needs a GPU that PyTorch") and not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_is_refused(capsys, tmp_path, in_this_process):
    (tmp_path / "file").write_text("")
    errors = said(capsys, "run", NAME, "--device", "cpu", "--out", tmp_path / "file" / "folder")
    assert errors.startswith(f"expected a folder that can be written at {tmp_path / 'file' / 'folder'}: ")


def test_a_slice_that_ends_early_asks_to_be_run_again(capsys, monkeypatch, tmp_path, in_this_process):
    monkeypatch.setattr(command_line, "_positive", lambda text: 1e-9)    # no run is so short that a second is too long
    assert main(["run", NAME, "--device", "cpu", "--out", str(tmp_path), "--for", "1"]) == 75
    out, errors = capsys.readouterr()
    assert not out and errors.endswith(f"{NAME}: not finished; the same command goes on from here\n")
    assert len(list(tmp_path.glob(PARTS))) == 1 and not list(tmp_path.glob("*.json"))


@pytest.mark.filterwarnings("ignore")    # what Dask does on its way in and out is its own
def test_a_dask_cluster_does_the_same_work(undisturbed, tmp_path, capsys):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        arguments = ["run", NAME, "--device", "cpu", "--out", str(tmp_path), "--dask", cluster.scheduler_address]
        assert main(arguments) == 0
    handed_over, whole = (records.read(NAME, "cpu", folder, "lesson") for folder in (tmp_path, undisturbed))
    assert handed_over["code"] == whole["code"] and handed_over["parameters"] == whole["parameters"]
    for theirs, ours in zip(handed_over["results"]["units"], whole["results"]["units"], strict=True):
        assert theirs["unit"] == ours["unit"]
        assert theirs["result"]["ratio"] == pytest.approx(ours["result"]["ratio"], rel=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_that_does_not_answer_is_refused(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("unrolled.experiments.executors.DASK_PATIENCE", 1)
    errors = said(capsys, "run", NAME, "--out", tmp_path, "--dask", "tcp://127.0.0.1:9")
    assert errors.startswith("--dask tcp://127.0.0.1:9: expected a Dask scheduler, found none")
    assert "--dask" in said(capsys, "run", NAME, "--out", tmp_path, "--dask", "nowhere://x")
    monkeypatch.setitem(sys.modules, "distributed", None)
    errors = said(capsys, "run", NAME, "--out", tmp_path, "--dask", "tcp://127.0.0.1:9")
    assert errors == "--dask needs the library distributed, and it is not installed here\n"
    assert not list(tmp_path.iterdir())


def test_a_worker_without_the_code_is_told_from_a_fault_in_it(capsys, monkeypatch, tmp_path):
    def fails(*_):
        raise ModuleNotFoundError("No module named 'unrolled'")

    monkeypatch.setattr(command_line, "run", fails)
    errors = said(capsys, "run", NAME, "--out", tmp_path)
    assert errors == "a worker cannot import what it needs: No module named 'unrolled'\n"


def test_a_unit_that_fails_leaves_its_traceback_and_a_sentence(capsys, monkeypatch, tmp_path):
    def fails(*_):
        raise UnitFailed("squares: {'square': 2} failed: no such square") from RuntimeError("no such square")

    monkeypatch.setattr(command_line, "run", fails)
    assert main(["run", NAME, "--out", str(tmp_path)]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("RuntimeError: no such square")
    assert errors.endswith("failed: no such square; finished units are kept\n")
