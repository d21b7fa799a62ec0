"""The trainings behind the lesson's tables."""

from functools import partial

import numpy as np
import pytest
import torch

from unrolled.experiments.depth import depth_accuracy
from unrolled.experiments.recall import recall_accuracy
from unrolled.experiments.training import count_learnt, logistic_loss, train
from unrolled.models.ensemble import DeepEnsemble


def test_five_steps_are_learnt_and_guessing_is_half():
    assert recall_accuracy(5, "pytorch", [1e-2] * 3, [0, 1, 2]).min() > 0.95
    untrained = recall_accuracy(40, "pytorch", [1e-2] * 3, [0, 1, 2], updates=0)
    assert np.all(np.abs(untrained - 0.5) < 0.1)


@pytest.mark.parametrize("optimiser, rate", [("adam", 1e-2), ("sgd", 0.3)])
def test_a_shallow_network_learns_its_problem(optimiser, rate):
    assert depth_accuracy(2, "pytorch", optimiser, [rate] * 3, [0, 1, 2]).min() > 0.95


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_members_own_learning_rate_is_that_of_a_run_alone(optimiser):
    """Two members with different rates end where each would end if both had that rate."""

    def weights_after(rates):
        generator = torch.Generator().manual_seed(1)

        def draw(size):
            x = torch.randn(2, size, 3, generator=generator)
            return x, torch.sign(x.sum(2))

        model = DeepEnsemble(2, 3, 4, 2)
        train(model, draw, rates, 5, logistic_loss, optimiser)
        return [p.detach() for p in model.parameters()]

    high, low, mixed = weights_after([0.1, 0.1]), weights_after([0.01, 0.01]), weights_after([0.1, 0.01])
    for a, b, c in zip(high, low, mixed):
        torch.testing.assert_close(c[0], a[0], rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(c[1], b[1], rtol=1e-5, atol=1e-7)
        assert (a[1] - b[1]).abs().max() > 1e-4


def test_the_same_seeds_give_the_same_numbers():
    first, second = (recall_accuracy(6, "orthogonal", [1e-2] * 2, [3, 4], updates=20) for _ in range(2))
    assert np.array_equal(first, second)


def test_networks_are_counted_per_learning_rate():
    assert count_learnt(partial(recall_accuracy, 4, "pytorch"), (1e-6, 1e-2), range(4)) == {1e-6: 0, 1e-2: 4}


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(ValueError, match="got 1 for 2 seeds"):
        recall_accuracy(5, "pytorch", [1e-2], [0, 1])
    with pytest.raises(ValueError, match="got 1 for 2 seeds"):
        depth_accuracy(2, "pytorch", "sgd", [1e-2], [0, 1])
    with pytest.raises(ValueError, match="one of adam, sgd, not 'lion'"):
        depth_accuracy(2, "pytorch", "lion", [1e-2], [0])
