"""Evidence says what was measured, and refuses what would make a verdict meaningless."""

import sys

import numpy as np
import pytest

from unrolled.lesson.evidence import MIME, evidence

GOOD = dict(condition="tanh", predicate="it shrinks", value=0.25, holds=True)


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr(sys.modules["unrolled.lesson.evidence"], "display", lambda data, **_: bundles.append(data))
    return bundles


def test_a_record_a_line_and_a_row_say_the_same(shown):
    evidence("C030", "run", "literal", **GOOD, seeds=10, interval="95 % interval 0.1 to 0.4")
    bundle, = shown
    assert bundle[MIME] == {
        "claim": "C030", "kind": "run", "reading": "literal", "condition": "tanh", "predicate": "it shrinks",
        "value": "0.250", "holds": True, "seeds": 10, "interval": "95 % interval 0.1 to 0.4", "source": None,
    }  # fmt: skip
    assert "95\u00a0% interval" in bundle["text/html"]    # no line ends within it
    for text in (bundle["text/plain"], bundle["text/html"].replace("\u00a0", " ")):
        for part in ("C030", "tanh", "it shrinks", "0.250", "95 % interval 0.1 to 0.4", "10 seeds", "holds here"):
            assert part in text


def test_counts_bring_their_seeds_and_their_interval(shown):
    evidence("C030", "run", "literal", **{**GOOD, "value": "largest 0.1"}, counts=(np.int64(10), 10))
    record = shown[0][MIME]
    assert (record["value"], record["seeds"]) == ("largest 0.1; 10 of 10", 10)
    assert record["interval"] == "95 % interval of the rate 0.72 to 1.00"


def test_what_comes_from_numpy_becomes_plain(shown):
    evidence("C030", "run", "literal", **{**GOOD, "holds": np.bool_(False), "value": np.float64(1e-26)})
    record = shown[0][MIME]
    assert record["holds"] is False and type(record["holds"]) is bool
    assert record["value"] == "1.00×10⁻²⁶"


def test_markup_in_a_condition_is_shown_and_not_obeyed(shown):
    evidence("C030", "run", "literal", **{**GOOD, "condition": "n < 3 & <b>"})
    assert "n &lt; 3 &amp; &lt;b&gt;" in shown[0]["text/html"]


@pytest.mark.parametrize(
    "change, sentence",
    [
        (dict(kind="hearsay"), "kind must be one of run, derivation, citation, not 'hearsay'"),
        (dict(reading="loosely"), "reading must be one of literal"),
        (dict(holds="yes"), "holds must be True, False or None, not 'yes'"),
        (dict(holds=np.array([True, True])), "holds must be True, False or None"),
        (dict(holds=0.7), "holds must be True, False or None, not 0.7"),
        (dict(value=None), "needs a value, counts or both"),
        (dict(counts=(1, 2), seeds=2), "counts bring their own seeds"),
        (dict(kind="citation"), "a citation needs its source"),
    ],
)
def test_bad_evidence_is_refused_in_one_sentence(shown, change, sentence):
    arguments = {"kind": "run", "reading": "literal", **GOOD, **change}
    with pytest.raises(ValueError, match="evidence for C030: ") as refused:
        evidence("C030", **arguments)
    assert sentence in str(refused.value) and not shown
