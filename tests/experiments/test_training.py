"""Training ends when every member has solved its task; the best learning rate is chosen by rule."""

import pytest
import torch

from unrolled.experiments.training import best_rate, squared_error, train
from unrolled.models.ensemble import RNNEnsemble


def zeros_and_ones(size):
    """Two members whose targets are 0 and 1, whatever the input."""
    return torch.zeros(1, 2, size, 1), torch.tensor([0.0, 1.0])[:, None].expand(2, size)


def test_training_ends_when_every_member_has_solved_its_task():
    asked = []

    def solved(model):
        x, target = zeros_and_ones(4)
        asked.append((model(x) - target).abs().amax(1).tolist())
        return [error < 0.05 for error in asked[-1]]

    after = train(RNNEnsemble(2, 1, 3), zeros_and_ones, [0.1, 0.02], 1000, squared_error, solved=solved, every=5)
    assert len(asked) == max(after) // 5 < 200, "it ended early, and was asked every five updates"
    for member, count in enumerate(after):
        first = next(n for n, errors in enumerate(asked, 1) if errors[member] < 0.05)
        assert count == 5 * first, "what counts is the first yes"
    assert after[0] != after[1]


def test_a_task_that_is_never_solved_is_none():
    def only_the_first(model):
        return [True, False]

    assert train(
        RNNEnsemble(2, 1, 3), zeros_and_ones, [0.1, 0.1], 12, squared_error, solved=only_the_first, every=5
    ) == [5, None]
    assert train(RNNEnsemble(2, 1, 3), zeros_and_ones, [0.1, 0.1], 3, squared_error) == [None, None]


@pytest.mark.parametrize("trials, best, at_edge", [
    ({0.1: [None, None], 0.2: [50, None], 0.3: [None, None]}, 0.2, False),    # the most that solved
    ({0.1: [50, 50], 0.2: [50, 100], 0.3: [100, None]}, 0.1, True),           # as many, in fewer updates
    ({0.1: [50, 100], 0.2: [100, 50], 0.3: [None, 50]}, 0.2, False),          # of equals the largest
    ({0.1: [None], 0.2: [None], 0.3: [None]}, 0.3, True),
    ({0.1: [None, 400], 0.2: [None, 50], 0.3: [None, None]}, 0.2, False),
])  # fmt: skip
def test_the_best_rate_is_chosen_by_rule(trials, best, at_edge):
    assert best_rate(trials, updates=1000) == (best, at_edge)
