"""The NumPy cells against PyTorch's own on the same work, and how the time of each grows with T and with H.

Run it with `make bench`, or alone: `PYTHONPATH=lessons_src .venv/bin/python benchmarks/cells.py --help`. It reports and
judges nothing. The work is a forward and a backward pass over a whole sequence: the gradients of all parameters, of x
and of the initial state, from a given gradient of every h_t. Both sides have the same weights and data, and the norms of
their results are compared. Each side runs in a process of its own for each number of threads, the processes take turns,
and of each side the number of threads counts that has the smaller median.
"""

import argparse
import importlib
import importlib.metadata
import multiprocessing
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

CELLS = ("rnn", "lstm", "gru")
SIDES = ("NumPy", "PyTorch")
DTYPES = ("float32", "float64")
SIZES = ((32, 100, 128, 64), (64, 784, 128, 1), (1, 1000, 64, 1))  # (B, T, H, I)
STEPS = (25, 50, 100, 200, 400, 800, 1600)  # the T of a growth in T, with B = 32, H = 64, I = 16
WIDTHS = {"16-64": (16, 24, 32, 48, 64), "128-512": (128, 192, 256, 384, 512)}  # the H of a growth in H, with T = 64
REPEATS = 7
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")  # read when NumPy is imported
# Read by glibc when a process starts: memory that is freed stays with the process. Otherwise the kernel takes it back
# and hands it out anew at every call, and how long that takes tells of the kernel, not of either side.
MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}


class Case(NamedTuple):
    """One piece of work: a cell, a dtype, and the sizes of batch, sequence, state and input."""

    cell: str
    dtype: str
    B: int
    T: int
    H: int
    I: int


class WorkerError(Exception):
    """A worker ended, or the two sides did not do the same work."""


# What a worker does


def drawn(case):
    """The parameters of a case, its x, its initial state and dh: NumPy arrays, the same in every process."""
    rng = np.random.default_rng(0)
    cell = importlib.import_module(f"unrolled.cells.{case.cell}")
    parameters = cell.initialise(case.I, case.H, rng, dtype=case.dtype)
    state = 2 * case.H if case.cell == "lstm" else case.H
    shapes = (case.T, case.B, case.I), (case.B, state), (case.T, case.B, case.H)
    return parameters, *(rng.standard_normal(shape).astype(case.dtype) for shape in shapes)


def with_numpy(case):
    """A function that does the work of a case once and returns h and the gradients of x, initial state, W and U."""
    cell = importlib.import_module(f"unrolled.cells.{case.cell}")
    parameters, x, initial, dh = drawn(case)

    def run():
        h, tape = cell.forward(parameters, x, initial)
        gradients = cell.backward(parameters, tape, dh)
        return h, gradients.x, gradients.initial, gradients.parameters.W, gradients.parameters.U

    return run


def with_pytorch(case):
    """The same by PyTorch's own module."""
    import torch

    from unrolled.cells import layouts
    from unrolled.cells.wrappers import Layer

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    parameters, x, initial, dh = drawn(case)
    weights = layouts.to_pytorch(Layer(importlib.import_module(f"unrolled.cells.{case.cell}"), parameters))
    module = getattr(torch.nn, case.cell.upper())(case.I, case.H, dtype=getattr(torch, case.dtype))
    module.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    x, dh = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dh)
    states = [torch.from_numpy(np.ascontiguousarray(s))[None] for s in np.split(initial, initial.shape[1] // case.H, 1)]
    leaves = [x, *(state.requires_grad_() for state in states), *module.parameters()]

    def run():
        for leaf in leaves:
            leaf.grad = None
        h, _ = module(x, tuple(states) if case.cell == "lstm" else states[0])
        h.backward(dh)
        d_initial = torch.cat([state.grad[0] for state in states], dim=1)
        return h.detach(), x.grad, d_initial, module.weight_ih_l0.grad, module.weight_hh_l0.grad

    return run


@lru_cache(maxsize=1)
def prepared(side, case):
    """The function that does the work of a case; made once, and run once, which is not timed."""
    run = with_numpy(case) if side == "NumPy" else with_pytorch(case)
    return run, [float(np.linalg.norm(result)) for result in run()]


def serve(pipe, side, clock):
    """A worker's life: for each case that comes, do the work and answer with its seconds and the norms of its results."""
    now = getattr(time, clock)
    try:
        while True:
            run, norms = prepared(side, pipe.recv())
            began = now()
            run()
            pipe.send((now() - began, norms))
    except EOFError:  # the program has ended
        return


class Worker:
    """A process in which one side works with a given number of threads. It ends with the program."""

    def __init__(self, side, threads, clock):
        self.side, self.threads = side, threads
        os.environ.update({**MEMORY, **dict.fromkeys(THREADS, str(threads))})
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        heard = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which the worker inherits: Ctrl-C is for the program
        context.Process(target=serve, args=(theirs, side, clock), daemon=True).start()
        signal.signal(signal.SIGINT, heard)
        theirs.close()

    def time(self, case):
        """Seconds that the work of a case took, and the norms of its results. Raises WorkerError if the worker ends."""
        self.pipe.send(case)
        try:
            return self.pipe.recv()
        except EOFError:
            raise WorkerError(f"the process that worked on {case} with {self.side} ended before it was done") from None


# What the program does with them


def medians(workers, case, repeats):
    """{(side, threads): the median of the seconds that a case took}, the workers taking turns.

    Raises WorkerError where the results of two workers differ by more than rounding.
    """
    seconds, norms = {}, []
    for _ in range(repeats):
        for worker in workers:
            taken, found = worker.time(case)
            seconds.setdefault((worker.side, worker.threads), []).append(taken)
            norms.append(found)
    if not np.allclose(norms, norms[0], rtol=1e-3 if case.dtype == "float32" else 1e-9):
        raise WorkerError(f"NumPy and PyTorch do not give the same results for {case}")
    return {key: statistics.median(values) for key, values in seconds.items()}


def best(taken, side):
    """(seconds, threads) of the better number of threads of a side."""
    return min((seconds, threads) for (whose, threads), seconds in taken.items() if whose == side)


def fit(sizes, seconds):
    """The exponent p of seconds = a size^p by least squares on the logarithms, and the R^2 of that line."""
    x, y = np.log(sizes), np.log(seconds)
    slope, intercept = np.polyfit(x, y, 1)
    residual, total = np.sum((y - slope * x - intercept) ** 2), np.sum((y - y.mean()) ** 2)
    return float(slope), float(1 - residual / total)


def row(case, taken):
    """The line of the table that belongs to a case, and its ratio of NumPy to PyTorch."""
    (ours, our_threads), (theirs, their_threads) = (best(taken, side) for side in SIDES)
    ratio = ours / theirs
    sizes = f"{case.B:>4} {case.T:>5} {case.H:>4} {case.I:>3}"
    times = f"{1e3 * ours:>9.2f} {our_threads:>7} {1e3 * theirs:>11.2f} {their_threads:>7}"
    return f"{case.cell:<5} {case.dtype:<8} {sizes} {times} {ratio:>7.2f}", ratio


HEADINGS = "cell  dtype       B     T    H   I  NumPy ms threads  PyTorch ms threads   ratio"


def summary(ratios):
    """The sentence under the table."""
    return f"NumPy takes at most as long as PyTorch in {sum(ratio <= 1 for ratio in ratios)} of {len(ratios)}."


def growth_cases(cell, quick=False):
    """{what grows: (its sizes, the case of each)}, float32, for one cell."""
    steps = STEPS[:4] if quick else STEPS
    cases = {f"T {steps[0]}-{steps[-1]}": (steps, [Case(cell, "float32", 32, T, 64, 16) for T in steps])}
    for name, widths in WIDTHS.items():
        cases[f"H {name}"] = widths, [Case(cell, "float32", 32, 8 if quick else 64, H, 16) for H in widths]
    return cases


def processor():
    """The model of the processor, as its maker calls it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if names:
            return names[0]
    if sys.platform == "darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True).stdout.strip()
    return platform.processor() or platform.machine()


def machine():
    """Processor, cores, system and libraries, in one line."""
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        system = f"{platform.system()} {platform.mac_ver()[0]}".strip()
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return (
        f"{processor()}, {os.cpu_count()} cores, {system}; Python {platform.python_version()}, "
        f"NumPy {np.__version__} with {blas['name']} {blas['version']}, PyTorch {importlib.metadata.version('torch')}"
    )


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def options(arguments):
    """What the command line asks for. Ends the program, in one sentence, where it asks for what there is not."""
    parser = Parser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=CELLS, help="only these (default: all)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps, twice: to see that all runs")
    parser.add_argument(
        "--shared", action="store_true", help="others use this machine: time of the processor, with one thread"
    )
    return parser.parse_args(arguments)


def say(text):
    """Progress, beside the tables."""
    print(text, file=sys.stderr, flush=True)


def compare(workers, cells, repeats, quick):
    """Print the table of ratios, each line as soon as it is known."""
    print(HEADINGS, flush=True)
    ratios = []
    for cell in cells:
        for B, T, H, I in SIZES:
            for dtype in DTYPES:
                case = Case(cell, dtype, B, T // 10 if quick else T, H, I)
                say(f"  {case}")
                line, ratio = row(case, medians(workers, case, repeats))
                print(line, flush=True)
                ratios.append(ratio)
    print(summary(ratios), flush=True)


def grow(workers, cells, repeats, quick):
    """Print the exponents of growth, of both sides with one thread."""
    workers = [worker for worker in workers if worker.threads == 1]
    print("\ncell  growing     NumPy exponent    R²  PyTorch exponent    R²", flush=True)
    for cell in cells:
        for name, (sizes, cases) in growth_cases(cell, quick).items():
            say(f"  {cell}, {name}")
            taken = [medians(workers, case, repeats) for case in cases]
            fits = [fit(sizes, [seconds[side, 1] for seconds in taken]) for side in SIDES]
            (ours, our_r2), (theirs, their_r2) = fits
            print(f"{cell:<5} {name:<10} {ours:>15.2f} {our_r2:>5.3f} {theirs:>17.2f} {their_r2:>5.3f}", flush=True)


def main(arguments=None):
    """Measure and print. Returns the exit status."""
    asked = options(arguments)
    cores = os.cpu_count() or 1
    threads = [1] if asked.shared else sorted({1, min(2, cores), cores})
    clock = "process_time" if asked.shared else "perf_counter"
    repeats = 2 if asked.quick else REPEATS
    try:
        print(machine())
        kind = "processor time, one thread" if asked.shared else "wall time"
        print(f"Forward and backward, {kind}, median of {repeats}; ratio = NumPy / PyTorch.\n", flush=True)
        workers = [Worker(side, count, clock) for count in threads for side in SIDES]
        compare(workers, asked.cells, repeats, asked.quick)
        grow(workers, asked.cells, repeats, asked.quick)
    except KeyboardInterrupt:
        say("Interrupted: what is printed above is complete.")
        return 130
    except WorkerError as problem:
        say(f"Stopped: {problem}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
