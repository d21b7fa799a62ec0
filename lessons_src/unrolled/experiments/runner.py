"""Doing the units of an experiment, on whatever executes them, so that no finished unit is ever lost.

Each result is written when it comes, to DIR/.partial/<record>/<key>.json. The key is a hash of everything that the
result depends on (parameters, unit, code, versions, machine), so a result is never taken for that of another run. A run
that ended early, in whatever way, goes on where it stopped; the last one puts the record together from the parts.
"""

import hashlib
import json
import shutil
import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from datetime import datetime, timezone

import torch

from unrolled.experiments import records
from unrolled.experiments.surroundings import describe

PART = {"unit": dict, "result": dict, "seconds": (int, float), "slice": str, "elapsed": (int, float)}


class UnitFailed(Exception):
    """A unit of work raised an exception."""


def perform(function, parameters, unit, here):
    """Do one unit where this is called; returns its result, as JSON gives it back, and the seconds it took.

    One thread, because units run side by side and at their sizes a second one costs more than it gives; subnormals are
    flushed, because a vanishing gradient is full of them and a processor is slow with them.
    Raises ValueError where the surroundings are not those of `here`: a record tells of one kind of machine.
    """
    found = describe(here["device"], function.__module__)
    if found != here:
        unlike = ", ".join(name for name in here if found[name] != here[name])
        raise ValueError(f"expected every worker to be like the first, found another {unlike}")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    started = time.perf_counter()
    result = function(parameters, unit, here["device"])
    return json.loads(json.dumps(result, allow_nan=False)), time.perf_counter() - started


def run(experiment, scale, device, results, executor, at_once=1, limit=None, report=lambda *progress: None):
    """Do what is left of an experiment and write its record; returns the record, or None if time was up before.

    device: "auto", "cpu" or "cuda", as the workers have it. executor: a concurrent.futures.Executor, which is given
    `at_once` units at a time. limit: no unit is begun that would probably end after so many seconds, except a first
    one. report(finished, known, seconds) is called once a second.
    Raises ValueError for an unknown scale or device, a missing GPU or a broken part, OSError where `results` cannot be
    written, UnitFailed where a unit fails, BrokenExecutor where a worker dies.
    """
    started = time.monotonic()
    this_slice = datetime.now(timezone.utc).isoformat()
    here = executor.submit(describe, device, experiment.run.__module__).result()
    parameters = experiment.parameters(scale, here["device"])
    path = records.path_of(experiment.name, here["device"], scale, results)
    folder = path.parent / ".partial" / path.stem
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OSError(f"expected a folder that can be written at {path.parent}: {problem}") from None

    def key(unit):
        whole = json.dumps([experiment.name, parameters, unit, here], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:32]

    parts, running = {}, {}  # key -> part, future -> key
    begun = 0
    while True:
        pairs = [(part["unit"], part["result"]) for part in parts.values()]
        known = {key(unit): unit for unit in json.loads(json.dumps(experiment.units(parameters, pairs)))}
        waiting = [name for name in known if name not in parts and name not in running.values()]
        on_disk = {name: folder / f"{name}.json" for name in waiting if (folder / f"{name}.json").exists()}
        if on_disk:
            parts |= {name: _read_part(file, known[name]) for name, file in on_disk.items()}
            continue  # for there may be units that depend on these

        longest = max((part["seconds"] for part in parts.values()), default=0)
        for name in waiting[: at_once - len(running)]:
            if limit is None or not begun or time.monotonic() - started + longest < limit:
                running[executor.submit(perform, experiment.run, parameters, known[name], here)] = name
                begun += 1
        report(len(parts), len(known), time.monotonic() - started)
        if not running:
            break

        for future in wait(running, timeout=1, return_when=FIRST_COMPLETED).done:
            name = running.pop(future)
            try:
                result, seconds = future.result()
            except BrokenExecutor:
                raise
            except Exception as problem:
                raise UnitFailed(f"{experiment.name}: {known[name]} failed: {problem}") from problem
            elapsed = time.monotonic() - started
            part = {"unit": known[name], "result": result, "seconds": seconds, "slice": this_slice, "elapsed": elapsed}
            records.write(folder / f"{name}.json", part)
            parts[name] = part

    if len(parts) < len(known):
        return None
    finished = [(parts[name]["unit"], parts[name]["result"]) for name in known]
    slices = {part["slice"]: 0 for part in parts.values()}
    for part in parts.values():
        slices[part["slice"]] = max(slices[part["slice"]], part["elapsed"])
    units = [{"unit": unit, "result": result} for unit, result in finished]
    record = {
        "experiment": experiment.name, "device": here["device"], "scale": scale, "machine": here["machine"],
        "parameters": {name: value for name, value in parameters.items() if name != "seeds"},
        "seeds": parameters.get("seeds", []),
        "results": {**experiment.summary(parameters, finished), "units": units},
        "versions": here["versions"], "code": here["code"],
        "date": datetime.now(timezone.utc).date().isoformat(), "wall_seconds": round(sum(slices.values()), 1),
    }  # fmt: skip
    records.write(path, record)
    shutil.rmtree(folder, ignore_errors=True)
    return record


def _read_part(file, unit):
    """The part in `file`. Raises ValueError where it is not the whole result of `unit`."""
    try:
        part = json.loads(file.read_text(encoding="utf-8"))
        whole = all(isinstance(part[name], kind) for name, kind in PART.items()) and part["unit"] == unit
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        raise ValueError(f"{file}: expected the result of a unit in JSON, found none: delete the file to do it again")
    return part
