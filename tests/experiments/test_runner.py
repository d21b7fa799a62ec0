"""No finished unit is lost, none is taken for another's, and a record says all that it must."""

import io
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from unrolled.experiments import records, runner
from unrolled.experiments.__main__ import Progress
from unrolled.experiments.experiment import Experiment
from unrolled.experiments.runner import UnitFailed, perform, run
from unrolled.experiments.surroundings import describe, modules_of


def units(parameters, finished):
    """The squares of all seeds, and once they are known, that of the largest of them."""
    first = [{"square": seed} for seed in parameters["seeds"]]
    if len(finished) < len(first):
        return first
    return first + [{"square": max(result["is"] for unit, result in finished if unit in first)}]


def square(parameters, unit, device):
    if unit["square"] in parameters["fails"]:
        raise RuntimeError("no such square")
    return {"is": unit["square"] ** 2, "power": parameters["power"]}


def total(parameters, finished):
    assert [unit for unit, _ in finished] == units(parameters, finished), "in the order of units"
    return {"summary": "They were squared.", "total": sum(result["is"] for _, result in finished)}


SQUARES = Experiment(
    "squares", "What is the sum of squares?", {"full": {"seeds": [3, 1, 2], "power": 2, "fails": []}},
    units, square, total,
)  # fmt: skip


def with_parameters(**changed):
    return replace(SQUARES, scales={"full": SQUARES.scales["full"] | changed})


@pytest.fixture
def go(tmp_path):
    """A function that runs an experiment in this process, one unit at a time."""

    def go(experiment=SQUARES, **options):
        with ThreadPoolExecutor(1) as executor:
            return run(experiment, "full", "cpu", tmp_path, executor, **options)

    return go


def parts(folder):
    return sorted((folder / ".partial" / "squares.cpu").glob("*.json"))


def test_a_record_says_all_that_it_must(go, tmp_path):
    record = go()
    assert records.read("squares", "cpu", tmp_path) == record and not list((tmp_path / ".partial").iterdir())
    assert record["parameters"] == {"power": 2, "fails": []} and record["seeds"] == [3, 1, 2]
    assert record["results"]["total"] == 9 + 1 + 4 + 81
    assert [entry["unit"]["square"] for entry in record["results"]["units"]] == [3, 1, 2, 9]
    assert record["results"]["units"][0]["result"] == {"is": 9, "power": 2}
    assert record["versions"]["torch"] == str(torch.__version__) and record["machine"]
    assert 0 <= record["wall_seconds"] < 10 and record["date"] == time.strftime("%Y-%m-%d", time.gmtime())


def test_a_slice_ends_in_time_and_the_next_goes_on(go, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(runner, "perform", lambda *given: asked.append(given[2]) or perform(*given))
    for slices in range(1, 4):
        assert go(limit=1e-9) is None, "a unit is always begun, or it would never end"
        assert len(parts(tmp_path)) == slices
    sliced = go(limit=1e-9)
    assert [unit["square"] for unit in asked] == [3, 1, 2, 9], "no unit is done twice"
    undisturbed = go()
    for record in (sliced, undisturbed):
        del record["date"], record["wall_seconds"]
    assert sliced == undisturbed


def test_the_time_is_that_of_all_slices(go, tmp_path):
    go(limit=1e-9), go(limit=1e-9)
    for number, part in enumerate(parts(tmp_path)):
        changed = json.loads(part.read_text()) | {"slice": str(number), "elapsed": 100 * (number + 1)}
        part.write_text(json.dumps(changed))
    assert 300 <= go()["wall_seconds"] < 310


def test_a_unit_is_not_begun_that_would_end_too_late(go, tmp_path):
    go(limit=1e-9)
    (part,) = parts(tmp_path)
    part.write_text(json.dumps(json.loads(part.read_text()) | {"seconds": 60.0}))
    assert go(limit=59) is None
    assert len(parts(tmp_path)) == 2


@pytest.mark.parametrize("changed", [{"power": 3}, {"seeds": [3, 1, 4]}])
def test_a_part_of_another_run_is_not_taken(go, tmp_path, changed):
    go(limit=1e-9)
    go(with_parameters(**changed))
    record = records.read("squares", "cpu", tmp_path)
    assert {entry["result"]["power"] for entry in record["results"]["units"]} == {changed.get("power", 2)}
    assert len(record["results"]["units"]) == 4


def test_other_code_or_another_machine_makes_parts_anew(go, tmp_path, monkeypatch):
    go(limit=1e-9)
    here = describe("cpu", __name__)
    elsewhere = here | {"code": {"unrolled.cells.rnn": "0" * 64}, "machine": "Another"}
    monkeypatch.setattr(runner, "describe", lambda *_: elsewhere)
    assert go(limit=1e-9) is None
    assert len(parts(tmp_path)) == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"unit": {"square": 3}}', '{"unit": {"square": 4}, "result": {}, '
                                  '"seconds": 1, "slice": "", "elapsed": 1}'])  # fmt: skip
def test_a_broken_part_is_refused(go, tmp_path, text):
    go(limit=1e-9)
    (part,) = parts(tmp_path)
    part.write_text(text)
    with pytest.raises(ValueError, match=f"{part.name}: expected the result of a unit in JSON, found none: delete"):
        go()
    assert not (tmp_path / "squares.cpu.json").exists()


def test_a_unit_that_fails_is_named_and_the_others_are_kept(go, tmp_path):
    with pytest.raises(UnitFailed, match="squares: {'square': 2} failed: no such square"):
        go(with_parameters(fails=[2]))
    assert len(parts(tmp_path)) == 2 and not (tmp_path / "squares.cpu.json").exists()


def not_a_number(parameters, unit, device):
    return {"is": float("nan")}


def test_what_json_cannot_hold_is_refused(go, tmp_path):
    with pytest.raises(UnitFailed, match="not JSON compliant"):
        go(replace(SQUARES, run=not_a_number))
    with pytest.raises(ValueError, match="the scale must be full, not 'lesson'"), ThreadPoolExecutor(1) as executor:
        run(SQUARES, "lesson", "cpu", tmp_path, executor)


def test_a_worker_that_is_unlike_the_first_is_refused():
    here = describe("cpu", __name__)
    with pytest.raises(ValueError, match="to be like the first, found another machine, versions"):
        perform(square, SQUARES.scales["full"], {"square": 1}, here | {"machine": "Another", "versions": {}})


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="the device cuda needs a GPU that PyTorch .* can use, and found none"):
        describe("cuda", __name__)
    with pytest.raises(ValueError, match="one of auto, cpu, cuda, not 'tpu'"):
        describe("tpu", __name__)
    assert describe.__wrapped__("auto", __name__)["device"] == "cpu"


def test_the_code_of_a_record_is_what_its_experiment_imports():
    """The imports as read from the sources are those that a fresh interpreter makes."""
    ask = "import sys, {0}; print(*(name for name in sys.modules if name.split('.')[0] == 'unrolled'))"
    module = "unrolled.experiments.catalogue"    # all experiments
    command, env = [sys.executable, "-c", ask.format(module)], os.environ | {"PYTHONPATH": str(records.SOURCES)}
    loaded = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert set(modules_of(module)) == set(loaded.stdout.split())
    alone = modules_of("unrolled.experiments.gradient_by_lag")
    assert "unrolled.cells.lstm" in alone and "unrolled.models.ensemble" not in alone
    assert "unrolled.experiments.runner" not in alone


def test_imports_of_every_form_are_followed(tmp_path):
    for name, text in {
        "unrolled/__init__.py": "", "unrolled/a/__init__.py": "from . import b", "unrolled/a/b.py": "import torch.nn",
        "unrolled/a/c.py": "def late():\n    from ..d import something\n    import unrolled.e.f", "unrolled/d.py": "",
        "unrolled/e/__init__.py": "", "unrolled/e/f.py": "", "unrolled/e/g.py": "",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert sorted(modules_of("unrolled.a.c", tmp_path)) == [
        "unrolled", "unrolled.a", "unrolled.a.b", "unrolled.a.c", "unrolled.d", "unrolled.e", "unrolled.e.f"
    ]  # fmt: skip


def test_writing_is_all_or_nothing(tmp_path):
    path = tmp_path / "new" / "record.json"
    records.write(path, {"values": [1, 2.5, None], "nested": [[1], [2]], "text": "[ a,\n b]"})
    before = path.read_text()
    assert json.loads(before) == {"values": [1, 2.5, None], "nested": [[1], [2]], "text": "[ a,\n b]"}
    assert '"values": [ 1, 2.5, null ]' in before
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.write(path, {"values": float("inf")})
    assert path.read_text() == before and list(path.parent.iterdir()) == [path]


def test_a_record_at_the_scale_of_a_lesson_is_a_file_of_its_own(tmp_path):
    assert records.path_of("x", "cpu", "full", tmp_path).name == "x.cpu.json"
    assert records.path_of("x", "cpu", "lesson", tmp_path).name == "x.cpu.lesson.json"


def test_progress_counts_and_estimates(monkeypatch):
    stream = io.StringIO()
    progress = Progress("squares", stream)
    progress(10, 40, 0.0), progress(20, 40, 90.0), progress(40, 40, 200.0)
    progress.end()
    assert stream.getvalue() == "squares: 10 of 40 units, 0 s\nsquares: 40 of 40 units, 3 min 20 s\n"
    monkeypatch.setattr(stream, "isatty", lambda: True)
    progress = Progress("squares", stream)
    progress(10, 40, 0.0), progress(20, 40, 90.0)
    progress.end()
    assert stream.getvalue().endswith("\rsquares: 20 of 40 units, 1 min 30 s, about 3 min 0 s left\n")
