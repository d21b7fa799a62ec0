"""The windowed feed-forward network: its backward pass, its PyTorch twin, and what its window hides."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from unrolled.gradients import check_gradients
from unrolled.models import mlp

SIZE, INPUTS, HIDDEN, OUTPUTS = 3, 2, 5, 2


def drawn(seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"W": (HIDDEN, SIZE * INPUTS), "b": (HIDDEN,), "V": (OUTPUTS, HIDDEN), "d": (OUTPUTS,)}
    return mlp.Parameters(**{name: rng.normal(size=shape) for name, shape in shapes.items()})


def test_a_window_holds_the_last_inputs_oldest_first_and_zeros_before_the_start():
    x = np.arange(1.0, 9.0).reshape(4, 1, 2)
    expected = [[0, 0, 0, 0, 1, 2], [0, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 7, 8]]
    assert np.array_equal(mlp.windows(x, 3)[:, 0], expected)
    assert torch.equal(mlp.windows(torch.tensor(x), 3), torch.tensor(mlp.windows(x, 3)))
    assert np.array_equal(mlp.windows(x, 1), x)
    with pytest.raises(ValueError, match="at least one input, got size 0"):
        mlp.windows(x, 0)


def test_the_backward_pass_agrees_with_finite_differences_in_every_block():
    rng = np.random.default_rng(1)
    parameters, x, dy = drawn(), rng.normal(size=(6, 3, INPUTS)), rng.normal(size=(6, 3, OUTPUTS))
    _, tape = mlp.forward(parameters, x, SIZE)
    gradient = mlp.backward(parameters, tape, dy)
    loss = lambda point: np.sum(dy * mlp.forward(point, x, SIZE)[0])
    assert max(check_gradients(loss, parameters, gradient).values()) < 1e-7
    wrong = replace(gradient, W=np.roll(gradient.W, INPUTS, axis=1))    # the window read the wrong way round
    assert check_gradients(loss, parameters, wrong)["W"] > 0.1


def test_each_member_of_the_ensemble_is_the_network_in_numpy():
    ensemble = mlp.WindowEnsemble(4, INPUTS, HIDDEN, SIZE, seed=3).double()
    x = np.random.default_rng(2).normal(size=(6, 4, 7, INPUTS))
    together = ensemble(torch.tensor(x)).detach().numpy()
    assert together.shape == (4, 6 * 7)
    network = ensemble.network
    for s in range(4):
        blocks = (network.matrices[0], network.biases[0], network.V, network.d)
        W, b, V, d = (block[s].detach().numpy().T.copy() for block in blocks)
        y, _ = mlp.forward(mlp.Parameters(W, b[:, 0], V, d[:, 0]), x[:, s], SIZE)
        np.testing.assert_allclose(together[s], y.ravel(), rtol=0, atol=1e-14)


def test_no_input_reaches_beyond_the_window():
    parameters, x = drawn(), np.random.default_rng(4).normal(size=(10, 1, INPUTS))
    moved = x.copy()
    moved[2] += 1
    difference = np.abs(mlp.forward(parameters, moved, SIZE)[0] - mlp.forward(parameters, x, SIZE)[0]).max((1, 2))
    assert np.array_equal(np.flatnonzero(difference), [2, 3, 4])


@pytest.mark.parametrize(
    "change, said",
    [
        (dict(W=np.zeros((HIDDEN, 5))), r"W must have shape \(5, 6\), got \(5, 5\)"),
        (dict(V=np.full((OUTPUTS, HIDDEN), np.nan)), "V must be finite"),
        (dict(b=np.zeros(HIDDEN, np.float32)), "b must be float64, got float32"),
    ],
)
def test_what_does_not_fit_is_refused(change, said):
    with pytest.raises((TypeError, ValueError), match=said):
        mlp.forward(replace(drawn(), **change), np.zeros((4, 1, INPUTS)), SIZE)


def test_a_gradient_of_another_shape_is_refused():
    _, tape = mlp.forward(drawn(), np.zeros((4, 1, INPUTS)), SIZE)
    with pytest.raises(ValueError, match=r"dy must have shape \(4, 1, 2\), got \(4, 1, 3\)"):
        mlp.backward(drawn(), tape, np.zeros((4, 1, 3)))
