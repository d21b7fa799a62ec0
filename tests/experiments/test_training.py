"""Training ends when every member has solved its task; the best learning rate is chosen by rule."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import unrolled
from unrolled.experiments.training import Adam, GradientDescent, best_rate, squared_error, train
from unrolled.models.ensemble import RNNEnsemble


@pytest.mark.parametrize("ours, theirs", [(Adam, torch.optim.Adam), (GradientDescent, torch.optim.SGD)])
def test_each_member_goes_as_torch_would_take_it_alone(ours, theirs):
    rates, generator = [0.3, 0.01, 0.0], torch.Generator().manual_seed(0)
    start = [torch.randn(3, *shape, generator=generator, dtype=torch.float64) for shape in ((2, 4), (1, 4), (5,))]
    together = [p.clone() for p in start]
    alone = [[p[member].clone() for p in start] for member in range(3)]
    steps = ours(together, rates)
    optimisers = [theirs(parameters, lr=rate) for parameters, rate in zip(alone, rates)]
    for update in range(20):
        for place, p in enumerate(together):
            p.grad = torch.randn(p.shape, generator=generator, dtype=torch.float64) * 10.0 ** -(update % 7)
            for member in range(3):
                alone[member][place].grad = p.grad[member].clone()
        steps.step()
        for optimiser in optimisers:
            optimiser.step()
    for place, p in enumerate(together):
        for member in range(3):
            torch.testing.assert_close(p[member], alone[member][place], rtol=1e-12, atol=1e-14)
        assert torch.equal(p[2], start[place][2]), "a rate of zero leaves a member where it was"


def test_training_leaves_the_compiler_alone():
    code = (
        "import sys, torch; from unrolled.experiments.training import squared_error, train; "
        "from unrolled.models.ensemble import RNNEnsemble; "
        "draw = lambda size: (torch.zeros(2, 2, size, 1), torch.zeros(2, size)); "
        "train(RNNEnsemble(2, 1, 3), draw, [0.1, 0.2], 3, squared_error, clip=1.0); "
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(unrolled.__file__).parent.parent)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


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
