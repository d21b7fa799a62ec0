"""Records of full-scale runs: one JSON file per experiment and device in `results/`, with its provenance."""

import hashlib
import json
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2]
INSTALLED = SOURCES / "unrolled" / "results"    # an installed package carries them with it
RESULTS = INSTALLED if INSTALLED.is_dir() else SOURCES.parent / "results"
FIELDS = {
    "experiment": str,
    "device": str,
    "parameters": dict,
    "seeds": list,
    "results": dict,          # raw numbers, seed by seed, and what was made of them
    "versions": dict,         # of Python and the libraries
    "code": dict,             # module name -> SHA-256 of the file that ran
    "date": str,
    "wall_seconds": (int, float),
}

asked = set()
"""Every path that `read` was asked for in this process, present or not: the build executes a lesson again when one of
them changes."""


def read(experiment, device, results=RESULTS):
    """The record of `experiment` on `device` as a dictionary with `FIELDS`; None where it has not been run yet.

    Raises ValueError where the file is no JSON, lacks a field or has one of the wrong type, or tells of another run.
    """
    path = Path(results).resolve() / f"{experiment}.{device}.json"
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
    if (record["experiment"], record["device"]) != (experiment, device):
        raise ValueError(
            f"{path.name}: expected {experiment} on {device}, found {record['experiment']} on {record['device']}"
        )
    return record


def is_stale(record, sources=SOURCES):
    """Whether a module that made `record` has changed since, or is gone; `sources` is the folder of the package."""
    return any(_digest(module, sources) != digest for module, digest in record["code"].items())


def _digest(module, sources):
    stem = Path(sources).joinpath(*module.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return hashlib.sha256(path.read_bytes()).hexdigest()
    return None


def provenance(record):
    """One line that says where the numbers of `record` come from, for the reader to judge them by."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    seeds = len(record["seeds"])
    return (
        f"Recorded {record['date']} on {record['device']}: {record['experiment']}, "
        f"{seeds} seed{'' if seeds == 1 else 's'}, {record['wall_seconds']:.0f} s, {versions}"
        f"{'; stale: its code has changed since' if is_stale(record) else ''}"
    )
