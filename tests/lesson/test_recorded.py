"""A record in a lesson comes with its provenance and the command that repeats it, or says that there is none yet."""

import sys

import pytest
from bs4 import BeautifulSoup

from unrolled.experiments import records
from unrolled.lesson import recorded

RECORD = {
    "experiment": "adding", "device": "cuda", "scale": "full", "machine": "A <GPU>", "parameters": {}, "seeds": [0, 1],
    "results": {"summary": "It adds."}, "versions": {}, "code": {}, "date": "2026-11-21", "wall_seconds": 3,
}  # fmt: skip


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr(sys.modules["unrolled.lesson.recorded"], "display", lambda data, **_: bundles.append(data))
    return bundles


def test_a_record_is_shown_with_its_provenance(shown, tmp_path):
    records.write(records.path_of("adding", "cuda", results=tmp_path), RECORD)
    assert recorded("adding", "cuda", tmp_path) == {"summary": "It adds."}
    plain, html = shown[0]["text/plain"], shown[0]["text/html"]
    assert plain.startswith("Recorded 2026-11-21 on A <GPU> (cuda): adding at full scale, 2 seeds, 3 s")
    assert "A &lt;GPU&gt;" in html and "<GPU>" not in html
    for text in (plain, BeautifulSoup(html, "html.parser").text):
        assert "python -m unrolled.experiments run adding --scale full --device cuda" in text


def test_what_has_not_been_run_says_so(shown, tmp_path):
    assert recorded("adding", "cpu", tmp_path) is None
    assert shown[0]["text/plain"].startswith("adding on cpu: not yet run.")
    assert "--device cpu" in BeautifulSoup(shown[0]["text/html"], "html.parser").text
