"""Records are read whole or refused; the role {record} shows their numbers and what the reader must know of them."""

import hashlib
import json
from pathlib import Path

import pytest
from tiny_book import build

from unrolled.experiments import records
from unrolled.publish.records import record_number, written

RECORD = {
    "experiment": "vanish", "device": "cpu", "scale": "full", "machine": "A CPU", "parameters": {"hidden": 32},
    "seeds": [0, 1],
    "results": {"by_seed": [2.9e-26, 3.1e-26], "summary": {"ratio": 2.93e-26, "count": 12, "best": "tanh"}},
    "versions": {"torch": "2.13.0", "numpy": "2.4.6"},
    "code": {"unrolled.experiments.records": hashlib.sha256(Path(records.__file__).read_bytes()).hexdigest()},
    "date": "2026-11-21", "wall_seconds": 312.4,
}  # fmt: skip


@pytest.fixture
def results(tmp_path):
    """A function that writes a record, changed as asked, and returns the folder of records."""

    def write(**changes):
        folder = tmp_path / "results"
        folder.mkdir(exist_ok=True)
        record = {name: value for name, value in (RECORD | changes).items() if value is not None}
        (folder / "vanish.cpu.json").write_text(json.dumps(record))
        return folder

    return write


def test_a_record_is_read_and_remembered(results, tmp_path):
    folder = results()
    assert records.read("vanish", "cpu", folder) == RECORD
    assert records.read("vanish", "gpu", folder) is None
    assert {folder / "vanish.cpu.json", folder / "vanish.gpu.json"} <= records.asked


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"seeds": None}, "expected the field 'seeds', found only 'experiment'"),
    ({"wall_seconds": "long"}, "expected a number in 'wall_seconds', found 'long'"),
    ({"code": []}, "expected a dict in 'code', found []"),
    ({"device": "gpu"}, "expected vanish on cpu at full scale, found vanish on gpu at full scale"),
    ({"scale": "lesson"}, "expected vanish on cpu at full scale, found vanish on cpu at lesson scale"),
])  # fmt: skip
def test_a_broken_record_is_refused(results, changes, sentence):
    with pytest.raises(ValueError, match="^vanish.cpu.json: ") as error:
        records.read("vanish", "cpu", results(**changes))
    assert sentence in str(error.value)


@pytest.mark.parametrize(("text", "sentence"), [
    ('{"experiment": ', "expected a record in JSON"), ("[1]", "expected a JSON object, found a list"),
])  # fmt: skip
def test_what_is_no_record_is_refused(results, text, sentence):
    folder = results()
    (folder / "vanish.cpu.json").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        records.read("vanish", "cpu", folder)


def test_a_record_is_stale_when_its_code_has_changed():
    records.asked.clear()
    assert not records.is_stale(RECORD)
    assert records.asked == {Path(records.__file__)}, "a lesson that says so is executed again when the module changes"
    assert records.is_stale(RECORD | {"code": {"unrolled.experiments.records": "0" * 64}})
    assert records.is_stale(RECORD | {"code": {"unrolled.experiments.gone": "0" * 64}})


def test_the_provenance_says_where_the_numbers_come_from():
    line = "Recorded 2026-11-21 on A CPU (cpu): vanish at full scale, 2 seeds, 312 s, torch 2.13.0, numpy 2.4.6"
    assert records.provenance(RECORD) == line
    stale = RECORD | {"code": {"unrolled": "0" * 64}, "seeds": [0]}
    assert records.provenance(stale) == line.replace("2 seeds, ", "") + "; stale: its code has changed since"


@pytest.mark.parametrize(("value", "spec", "text"), [
    (2.93e-26, ".1e", "2.9×10⁻²⁶"), (31200.0, ".2e", "3.12×10⁴"), (-0.5, ".1f", "−0.5"), (0.25, "", "0.25"),
    (12, "", "12"), (0.125, ".0%", "12%"), ("tanh", "", "tanh"), ("a-b", "", "a-b"),
])  # fmt: skip
def test_numbers_are_written_as_people_write_them(value, spec, text):
    assert written(value, spec) == text


def test_the_role_reads_a_value_by_its_path(results, tmp_path):
    results()
    assert record_number("vanish/cpu:results.summary.ratio|.1e", tmp_path)[0] == "2.9×10⁻²⁶"
    assert record_number("vanish/cpu:results.by_seed.1", tmp_path)[0] == "3.1e−26"
    assert record_number("vanish/gpu:results.by_seed.1", tmp_path)[0] == "not yet run"
    results(code={"unrolled.experiments.records": "0" * 64})
    assert record_number("vanish/cpu:results.summary.count", tmp_path)[0] == "12 (stale)"


@pytest.mark.parametrize(("text", "sentence"), [
    ("vanish", "expected experiment/device:path.to.value"),
    ("vanish/cpu:results.summary.mean", "vanish.cpu.json has no 'results.summary.mean': 'mean' is not there"),
    ("vanish/cpu:results.by_seed.7", "'7' is not there"),
    ("vanish/cpu:results.summary", "expected one value at 'results.summary', found several"),
    ("vanish/cpu:results.summary.best|.1e", "'tanh' cannot be written by the format '.1e'"),
])  # fmt: skip
def test_the_role_refuses_what_is_not_there(results, tmp_path, text, sentence):
    results()
    with pytest.raises(ValueError, match="expected|has no|cannot") as error:
        record_number(text, tmp_path)
    assert sentence in str(error.value)


def test_a_page_follows_its_record_and_a_wrong_path_fails_the_build(results, tmp_path):
    start = "# The start\n\nThe ratio is {record}`vanish/cpu:results.summary.ratio|.1e`.\n"
    pages = {"index": start, "other": "# Another page\n"}
    built = build(tmp_path, pages)
    assert built.status == 0, built.output
    assert "not yet run" in built.page("index")
    results()
    assert "2.9×10⁻²⁶" in build(tmp_path, pages).page("index")
    results(results={"summary": {}})
    built = build(tmp_path, pages)
    assert built.status != 0
    assert "book/index.md: record `vanish/cpu:results.summary.ratio|.1e`: vanish.cpu.json has no" in built.output
