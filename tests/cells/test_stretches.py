"""A gradient computed a stretch at a time is the gradient."""

import numpy as np
import pytest

from cell_references import random_case
from unrolled.cells import gru, lstm, rnn, stretches

CELLS = pytest.mark.parametrize("cell", [rnn, lstm, gru], ids=["rnn", "lstm", "gru"])


def backward_in(rows, monkeypatch, cell, case, **given):
    """The gradients with so many rows a stretch, and how many stretches that took."""
    calls = []
    one_stretch = cell._backward

    def counted(*arguments):
        calls.append(arguments)
        return one_stretch(*arguments)

    monkeypatch.setattr(stretches, "ROWS", rows)
    monkeypatch.setattr(cell, "_backward", counted)
    _, tape = cell.forward(case.parameters, case.x, case.initial, lengths=case.lengths)
    gradients = cell.backward(case.parameters, tape, **given)
    monkeypatch.setattr(cell, "_backward", one_stretch)
    blocks = [block for block in vars(gradients.parameters).values() if block is not None]
    return [*blocks, *gradients[1:]], len(calls)


@pytest.mark.parametrize("lengths", [False, True], ids=["", "lengths"])
@CELLS
def test_stretches_give_the_gradient_of_the_whole(monkeypatch, cell, lengths):
    case = random_case(cell, T=20, B=3, H=4, I=2, lengths=lengths)
    for given in ({"dh": case.dh, "d_final": case.d_final}, {"dh": case.dh}, {"d_final": case.d_final}):
        whole, calls = backward_in(10**9, monkeypatch, cell, case, **given)
        assert calls == 1
        for rows, expected_calls in ((18, 4), (3, 20), (1, 20)):  # 6 steps a stretch, the first with 2; 1 step each
            parts, calls = backward_in(rows, monkeypatch, cell, case, **given)
            assert calls == expected_calls
            for part, all_at_once in zip(parts, whole, strict=True):
                np.testing.assert_allclose(part, all_at_once, rtol=1e-10, atol=1e-13)


@CELLS
def test_a_stretch_that_is_not_told_what_came_after_it_is_seen(monkeypatch, cell):
    case = random_case(cell, T=20, B=3, H=4, I=2)
    whole, _ = backward_in(10**9, monkeypatch, cell, case, dh=case.dh)
    one_stretch = cell._backward
    monkeypatch.setattr(cell, "_backward", lambda p, tape, dh, d_final: one_stretch(p, tape, dh, 0 * d_final))
    truncated, _ = backward_in(18, monkeypatch, cell, case, dh=case.dh)
    assert np.linalg.norm(truncated[0] - whole[0]) > 1e-3 * np.linalg.norm(whole[0])


@CELLS
def test_a_gradient_that_explodes_between_two_stretches_is_not_refused(monkeypatch, cell):
    case = random_case(cell, T=20, B=3, H=4, I=2)
    huge = np.full_like(case.dh, 1e308)
    with np.errstate(all="ignore"):
        parts, _ = backward_in(3, monkeypatch, cell, case, dh=huge)
    assert not all(np.isfinite(part).all() for part in parts)
