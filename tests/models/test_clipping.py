"""Clipped does to the parameters what its methods say, in the right order, and nothing where the gradient is broken."""

import pytest
import torch
from torch import nn

from unrolled.models.clipping import Clipped


def parameters(*gradients):
    made = [nn.Parameter(torch.zeros(len(gradient))) for gradient in gradients]
    for parameter, gradient in zip(made, gradients):
        parameter.grad = torch.tensor(gradient)
    return made


@pytest.mark.parametrize(
    "by, limit, expected",
    [
        ("norm", 6.5, [[-1.5, -2.0], [-6.0]]),    # of 13, so half of everything
        ("norm", 20.0, [[-3.0, -4.0], [-12.0]]),
        ("tensor", 6.0, [[-3.0, -4.0], [-6.0]]),
        ("value", 3.5, [[-3.0, -3.5], [-3.5]]),
    ],
)  # fmt: skip
def test_each_method_changes_the_step_as_it_says(by, limit, expected):
    made = parameters([3.0, 4.0], [12.0])
    norm = Clipped(torch.optim.SGD(made, lr=1.0), limit, by).step()
    assert norm == 13
    for parameter, step in zip(made, expected):
        torch.testing.assert_close(parameter.data, torch.tensor(step), rtol=1e-6, atol=0)


def test_a_parameter_without_gradient_is_left_alone():
    made = parameters([3.0, 4.0]) + [nn.Parameter(torch.ones(1))]
    assert Clipped(torch.optim.SGD(made, lr=1.0), 1.0).step() == 5
    assert made[1] == 1


def test_zero_grad_is_the_optimisers():
    made = parameters([3.0, 4.0])
    Clipped(torch.optim.SGD(made, lr=1.0), 1.0).zero_grad()
    assert made[0].grad is None


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
@pytest.mark.parametrize("by", ["norm", "tensor", "value"])
def test_a_gradient_that_is_not_finite_touches_no_parameter(by, broken):
    made = parameters([3.0, broken], [1.0])
    with pytest.raises(FloatingPointError, match=f"is {broken}"):
        Clipped(torch.optim.SGD(made, lr=1.0), 1.0, by).step()
    assert not any(parameter.any() for parameter in made)


def test_a_scaled_gradient_is_unscaled_before_it_is_clipped():
    weight = nn.Parameter(torch.zeros(2))
    clipped, scaler = Clipped(torch.optim.SGD([weight], lr=1.0), 1.0), torch.amp.GradScaler("cpu")
    scaler.scale((weight * torch.tensor([3.0, 4.0])).sum()).backward()
    assert clipped.step(scaler) == 5
    torch.testing.assert_close(weight.data, torch.tensor([-0.6, -0.8]), rtol=1e-6, atol=0)


def test_the_scaler_leaves_an_overflowed_step_out_and_lowers_its_scale():
    weight = nn.Parameter(torch.ones(2))
    clipped, scaler = Clipped(torch.optim.SGD([weight], lr=1.0), 1.0), torch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale((weight * torch.tensor([3.0, torch.inf])).sum()).backward()
    clipped.step(scaler)
    assert torch.equal(weight.data, torch.ones(2)) and scaler.get_scale() == 2


@pytest.mark.parametrize(
    "limit, by, message",
    [(1.0, "size", "norm, tensor, value, not 'size'"), (0.0, "norm", "positive, not 0"), (float("nan"), "norm", "not nan")],
)
def test_what_cannot_be_meant_is_refused(limit, by, message):
    with pytest.raises(ValueError, match=message):
        Clipped(torch.optim.SGD(parameters([1.0]), lr=1.0), limit, by)
