"""Training with attention: what it is asked, and that attention is what answers."""

import numpy as np
import pytest

from unrolled.experiments.attending import attending_accuracy


def test_attention_recalls_what_the_last_state_has_lost():
    rates, seeds = [1e-2] * 3, [0, 1, 2]
    assert attending_accuracy("recall", 30, "additive", rates, seeds, updates=80).min() > 0.95
    assert attending_accuracy("recall", 30, "last", rates, seeds, updates=80).max() < 0.7


def test_a_clock_is_an_input_more_and_a_network_is_the_same_with_others_beside_it():
    together = attending_accuracy("order, with a clock", 6, "dot", [1e-2, 1e-2], [3, 4], updates=20)
    alone = attending_accuracy("order, with a clock", 6, "dot", [1e-2], [4], updates=20)
    assert together[1] == pytest.approx(alone[0], abs=0.005)
    without = attending_accuracy("order", 6, "dot", [1e-2], [4], updates=20)
    assert not np.isclose(without[0], alone[0])


@pytest.mark.parametrize("task, rates, said", [
    ("sort", [1e-2], "the task must be one of recall; order; order, with a clock, not 'sort'"),
    ("recall", [1e-2, 1e-2], "one learning rate per seed, got 2 for 1 seeds"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(task, rates, said):
    with pytest.raises(ValueError, match=said):
        attending_accuracy(task, 5, "last", rates, [0])
