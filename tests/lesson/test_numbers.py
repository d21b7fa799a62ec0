"""Numbers as the prose shows them."""

import numpy as np
import pytest

from unrolled.lesson import number, significant, within


@pytest.mark.parametrize(
    "value, digits, text",
    [
        (0.25, 4, "0.2500"), (1234.4, 4, "1234"), (2.9312e-26, 4, "2.931×10⁻²⁶"), (0.0, 3, "0"), (7, 3, "7"),
        (-0.5, 2, "−0.50"), (float("inf"), 3, "∞"), (-np.inf, 3, "−∞"), (float("nan"), 3, "not a number"),
        (9.9999, 2, "10"), (9.9999e-4, 2, "0.0010"), (0.000999, 3, "9.99×10⁻⁴"), (1.5e6, 2, "1.5×10⁶"), (True, 3, "True"),
        (np.float32(0.1), 3, "0.100"), (-3e-8, 1, "−3×10⁻⁸"), ("about 2", 3, "about 2"),
    ],
)  # fmt: skip
def test_significant(value, digits, text):
    assert significant(value, digits) == text


def test_a_number_reaches_the_prose_as_myst_nb_expects_it(monkeypatch):
    from myst_nb import glue

    ours, theirs = [], []
    monkeypatch.setattr("IPython.display.display", lambda data, **k: ours.append((data, k["metadata"])))
    number("ratio", 2.9312e-26, 2)
    monkeypatch.setattr("myst_nb.ext.glue.ipy_display", lambda data, **k: theirs.append((data, k["metadata"])))
    glue("ratio", "2.9×10⁻²⁶", display=False)
    (data, metadata), (their_data, their_metadata) = ours[0], theirs[0]
    assert metadata == their_metadata
    assert data["application/papermill.record/text/plain"] == their_data["application/papermill.record/text/plain"]


def test_within_says_whether_an_error_is_small_and_not_what_it_is():
    assert within(3e-10, 1e-9) == "at most 10⁻⁹"
    assert within(3e-8, 1e-9) == "above 10⁻⁹"
    assert within(float("nan"), 1e-9) == "above 10⁻⁹"
    with pytest.raises(ValueError, match="power of ten, not 2e-09"):
        within(1, 2e-9)
