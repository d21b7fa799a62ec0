"""The benchmark of the cells: its fit, its choice of threads, its table, and a short run from end to end."""

import importlib.util
import os
import platform
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "cells.py"


def loaded():
    specification = importlib.util.spec_from_file_location("benchmarks_cells", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


cells = loaded()
CASE = cells.Case("lstm", "float32", 32, 100, 128, 64)


class FakeWorker:
    """Answers without working."""

    def __init__(self, side, threads, seconds, norms=(1.0, 2.0)):
        self.side, self.threads = side, threads
        self.answers, self.norms = iter(seconds), list(norms)

    def time(self, case):
        return next(self.answers), self.norms


def run(*arguments, **how):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "lessons_src")}
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True, **how)


@pytest.mark.parametrize("exponent", [0.3, 1.0, 2.0])
def test_the_fit_recovers_an_exponent_and_says_how_well_it_fits(exponent):
    sizes = np.array([25, 50, 100, 200, 400])
    found, r2 = cells.fit(sizes, 3e-4 * sizes**exponent)
    assert (found, r2) == (pytest.approx(exponent), pytest.approx(1))
    noise = np.exp(np.random.default_rng(0).normal(0, 0.5, len(sizes)))
    assert 0 < cells.fit(sizes, 3e-4 * sizes**exponent * noise)[1] < 0.999


def test_medians_of_turns_and_each_side_at_its_better_number_of_threads():
    ours = [FakeWorker("NumPy", 1, [4, 2, 90]), FakeWorker("NumPy", 2, [3, 3, 3])]
    theirs = [FakeWorker("PyTorch", 1, [8, 8, 8]), FakeWorker("PyTorch", 2, [9, 6, 6])]
    taken = cells.medians([*ours, *theirs], CASE, repeats=3)
    assert taken == {("NumPy", 1): 4, ("NumPy", 2): 3, ("PyTorch", 1): 8, ("PyTorch", 2): 6}
    assert (cells.best(taken, "NumPy"), cells.best(taken, "PyTorch")) == ((3, 2), (6, 2))
    line, ratio = cells.row(CASE, taken)
    assert ratio == 0.5
    assert line.split() == ["lstm", "float32", *"32 100 128 64 3000.00 2 6000.00 2 0.50".split()]
    assert len(line) == len(cells.HEADINGS)


def test_other_results_of_the_other_side_are_seen():
    workers = [FakeWorker("NumPy", 1, [1]), FakeWorker("PyTorch", 1, [1], norms=(1.0, 2.1))]
    with pytest.raises(cells.WorkerError, match="^NumPy and PyTorch do not give the same results for Case"):
        cells.medians(workers, CASE, repeats=1)


def test_the_summary_counts_ratios_of_one_as_kept():
    assert cells.summary([0.5, 1.0, 1.01]) == "NumPy takes at most as long as PyTorch in 2 of 3."


def test_the_machine_is_described_without_names_or_paths():
    said = cells.machine()
    assert re.search(r"\d+ cores, .+; Python 3\.\d+\.\d+, NumPy \d\S+ with \S+ \d\S+, PyTorch \d", said)
    assert "/" not in said.replace("GNU/Linux", "") and platform.node() not in said


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--cells", "rnn", "transformer"], "argument --cells: invalid choice: 'transformer'"),
        (["--fast"], "unrecognized arguments: --fast"),
        (["--cells"], "argument --cells: expected at least one argument"),
    ],
)
def test_a_bad_option_is_one_line(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        cells.options(arguments)
    error = capsys.readouterr().err
    assert ended.value.code == 2 and said in error and error.count("\n") == 1, error


def test_a_short_run_prints_the_ratios_and_the_exponents():
    process = run("--quick", "--shared", "--cells", "rnn")
    printed, progress = process.communicate(timeout=300)
    assert process.returncode == 0, progress
    lines = printed.splitlines()
    assert len([line for line in lines if re.match(r"rnn +float(32|64) .* \d+\.\d\d$", line)]) == 6
    assert len([line for line in lines if re.match(r"rnn +[TH] \d+-\d+ ", line)]) == 3
    assert re.search(r"^NumPy takes at most as long as PyTorch in \d of 6\.$", printed, flags=re.MULTILINE)
    assert "Case(" in progress and "Case(" not in printed


def test_an_interrupted_run_keeps_what_it_has_and_says_so():
    process = run("--quick", "--shared", "--cells", "rnn", start_new_session=True)
    while "Case(" not in process.stderr.readline():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)    # as Ctrl-C does: to the program and to its workers
    printed, progress = process.communicate(timeout=60)
    assert process.returncode == 130
    assert progress.splitlines()[-1] == "Interrupted: what is printed above is complete."
    assert "Traceback" not in progress and printed.startswith(cells.machine())
