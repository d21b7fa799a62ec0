"""Run named experiments, at the scale of a lesson or in full, and show their records."""

import argparse
import sys
import time
import traceback
from concurrent.futures import BrokenExecutor
from pathlib import Path

from unrolled.experiments import records
from unrolled.experiments.catalogue import EXPERIMENTS
from unrolled.experiments.executors import dask, processes
from unrolled.experiments.runner import UnitFailed, run
from unrolled.experiments.surroundings import DEVICES

FAILED, USAGE, UNFINISHED, INTERRUPTED = 1, 2, 75, 130  # exit codes; 75 is the "try again" of sysexits.h


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """Say what is wrong in one sentence, without the usage in front of it."""
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _arguments(arguments):
    parser = _Parser(prog="python -m unrolled.experiments", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="list | run | show")

    def command(name, action, text):
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(action=action)
        if name != "list":
            added.add_argument("name", choices=EXPERIMENTS, metavar="NAME", help="as `list` says it")
        added.add_argument(
            "--out", metavar="DIR", default="results", type=Path, help="where the records are (default: %(default)s)"
        )
        return added

    command("list", _list, "Name the experiments, their questions, and the records that there are.")
    command("show", _show, "Show what the records of an experiment say, and where they come from.")
    runs = command("run", _run, f"Run an experiment, or go on with it; exit code {UNFINISHED} asks for another run.")
    runs.add_argument("--scale", choices=("lesson", "full"), default="lesson", help="default: %(default)s")
    runs.add_argument("--device", choices=DEVICES, default="auto", help="default: a GPU where there is one")
    runs.add_argument("--workers", metavar="N", type=_positive, default=1, help="processes side by side (default: 1)")
    runs.add_argument("--dask", metavar="ADDRESS", help="give the work to the Dask cluster at tcp://HOST:PORT instead")
    runs.add_argument(
        "--for", dest="limit", metavar="SECONDS", type=_positive, help="end by then; the next run goes on from there"
    )
    return parser.parse_args(arguments)


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return int(text)


def _list(options):
    for name, experiment in EXPERIMENTS.items():
        found = [
            f"{record['scale']} scale on {record['device']}, {record['date']}"
            f"{' (stale)' if records.is_stale(record) else ''}"
            for record in _records(name, options.out)
        ]
        print(f"{name}: {experiment.question}\n    {'; '.join(found) or 'not yet run'}")
    return 0


def _show(options):
    found = _records(options.name, options.out)
    print(EXPERIMENTS[options.name].question)
    for record in found:
        print(f"\n{record['results']['summary']}\n{records.provenance(record)}")
    if not found:
        print(f"not yet run: python -m unrolled.experiments run {options.name} --scale full --out {options.out}")
    return 0


def _records(name, folder):
    runs = [(device, scale) for device in DEVICES[1:] for scale in EXPERIMENTS[name].scales]
    found = [records.read(name, device, folder, scale) for device, scale in runs]
    return [record for record in found if record]


def _run(options):
    experiment = EXPERIMENTS[options.name]
    if experiment.alone and options.workers > 1:
        raise ValueError(f"{experiment.name} is timed, so its units must not run side by side: expected --workers 1")
    progress = Progress(experiment.name)
    with dask(options.dask) if options.dask else processes(options.workers) as (executor, at_once):
        try:
            record = run(
                experiment, options.scale, options.device, options.out, executor,
                1 if experiment.alone else at_once, options.limit, progress,
            )  # fmt: skip
        finally:
            progress.end()
    if record is None:
        print(f"{experiment.name}: not finished; the same command goes on from here", file=sys.stderr)
        return UNFINISHED
    print(f"{record['results']['summary']}\n{records.provenance(record)}")
    print(records.path_of(experiment.name, record["device"], options.scale, options.out))
    return 0


class Progress:
    """A line on stderr: units done and known, time gone, and how long those that are known will take."""

    def __init__(self, name, stream=sys.stderr):
        self.name, self.stream = name, stream
        self.at_start, self.said, self.said_at = None, "", 0.0

    def __call__(self, finished, known, seconds):
        if self.at_start is None:
            self.at_start = finished  # these were on disk, and say nothing about how long the others take
        text = f"{self.name}: {finished} of {known} units, {_minutes(seconds)}"
        if finished > self.at_start and finished < known:
            left = seconds / (finished - self.at_start) * (known - finished)
            text += f", about {_minutes(left)} left"
        in_place = self.stream.isatty()
        if in_place or finished == known or time.monotonic() > self.said_at + 10:
            self.stream.write(f"\r{text:<{len(self.said)}}" if in_place else f"{text}\n")
            self.stream.flush()
            self.said, self.said_at = text, time.monotonic()

    def end(self):
        """Leave the line, so that what follows begins on the next."""
        if self.said and self.stream.isatty():
            self.stream.write("\n")


def _minutes(seconds):
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def main(arguments=None):
    """The command line; returns the exit code. What is wrong is said in one sentence on stderr."""
    options = _arguments(arguments)
    try:
        return options.action(options)
    except KeyboardInterrupt:
        print("interrupted; finished units are kept, and the same command goes on from there", file=sys.stderr)
        return INTERRUPTED
    except UnitFailed as failure:
        if failure.__cause__:
            traceback.print_exception(failure.__cause__)
        print(f"{failure}; finished units are kept", file=sys.stderr)
        return FAILED
    except BrokenExecutor:
        print("a worker died, perhaps for want of memory; finished units are kept", file=sys.stderr)
        return FAILED
    except ImportError as problem:
        print(f"a worker cannot import what it needs: {problem}", file=sys.stderr)
        return USAGE
    except (ValueError, OSError) as problem:
        print(problem, file=sys.stderr)
        return USAGE


if __name__ == "__main__":
    sys.exit(main())
