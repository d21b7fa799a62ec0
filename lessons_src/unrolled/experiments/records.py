"""Records of runs: one JSON file per experiment, device and scale in `results/`, with its provenance."""

import hashlib
import json
import os
import re
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2]
INSTALLED = SOURCES / "unrolled" / "results"    # an installed package carries them with it
RESULTS = INSTALLED if INSTALLED.is_dir() else SOURCES.parent / "results"
FIELDS = {
    "experiment": str,
    "device": str,            # "cpu" or "cuda"
    "scale": str,             # "full" or "lesson"
    "machine": str,           # the model of the device
    "parameters": dict,
    "seeds": list,            # empty where nothing is drawn
    "results": dict,          # "summary", a sentence; what it rests on; and "units", the raw numbers, seed by seed
    "versions": dict,         # of Python and the libraries
    "code": dict,             # module name -> SHA-256 of the file that ran
    "date": str,              # when the run ended, in UTC
    "wall_seconds": (int, float),    # of all slices together
}

asked = set()
"""Every path that `read` and `is_stale` looked at in this process, present or not: the build executes a lesson again
when one of them changes."""


def path_of(experiment, device, scale="full", results=RESULTS):
    """Where the record of that run is, or will be: a run at the scale of a lesson leaves that at full scale alone."""
    return Path(results).resolve() / f"{experiment}.{device}{'' if scale == 'full' else '.' + scale}.json"


def read(experiment, device, results=RESULTS, scale="full"):
    """The record of `experiment` on `device` as a dictionary with `FIELDS`; None where it has not been run yet.

    Raises ValueError where the file is no JSON, lacks a field or has one of the wrong type, or tells of another run.
    """
    path = path_of(experiment, device, scale, results)
    asked.add(path)
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise ValueError(f"{path.name}: expected a record in JSON, found none: {problem}") from None
    if not isinstance(record, dict):
        raise ValueError(f"{path.name}: expected a JSON object, found a {type(record).__name__}")
    for field, kind in FIELDS.items():
        if field not in record:
            raise ValueError(f"{path.name}: expected the field {field!r}, found only {', '.join(map(repr, record))}")
        if not isinstance(record[field], kind):
            expected = "number" if isinstance(kind, tuple) else kind.__name__
            raise ValueError(f"{path.name}: expected a {expected} in {field!r}, found {record[field]!r}")
    found = (record["experiment"], record["device"], record["scale"])
    if found != (experiment, device, scale):
        raise ValueError(
            f"{path.name}: expected {experiment} on {device} at {scale} scale, "
            f"found {found[0]} on {found[1]} at {found[2]} scale"
        )
    return record


def write(path, value):
    """Write `value` as JSON to `path`, all of it or nothing: whoever reads meanwhile finds what was there before."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(laid_out(value), encoding="utf-8")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def laid_out(value):
    """JSON with a line for each thing that has a name, and one line for a list of numbers or words."""
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False)
    return re.sub(r"\[[^][{}]*\]", lambda found: re.sub(r"\n\s*", " ", found[0]), text) + "\n"


def source_file(module, sources=SOURCES):
    """The file of a module of this package, by the module's name; None where there is none."""
    stem = Path(sources).joinpath(*module.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


def is_stale(record, sources=SOURCES):
    """Whether a module that made `record` has changed since, or is gone; `sources` is the folder of the package."""
    files = {module: source_file(module, sources) for module in record["code"]}
    asked.update(file for file in files.values() if file)
    return any(
        files[module] is None or hashlib.sha256(files[module].read_bytes()).hexdigest() != digest
        for module, digest in record["code"].items()
    )


def provenance(record):
    """One line that says where the numbers of `record` come from, for the reader to judge them by."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    seeds = len(record["seeds"])
    return (
        f"Recorded {record['date']} on {record['machine']} ({record['device']}): {record['experiment']} at "
        f"{record['scale']} scale, {f'{seeds} seeds, ' if seeds > 1 else ''}{record['wall_seconds']:.0f} s, {versions}"
        f"{'; stale: its code has changed since' if is_stale(record) else ''}"
    )
