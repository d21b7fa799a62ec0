"""Residual connections over time: the equations in NumPy, and the plain RNN as their special case."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.models.residual_in_time import ResidualInTimeRNN

F64 = torch.float64


@pytest.mark.parametrize("step, leak", [(0.3, 0.0), (0.3, 0.3), (0.7, 0.1)])
def test_it_computes_the_equations(step, leak):
    network = ResidualInTimeRNN(3, 5, step, leak).double()
    x, h0 = torch.randn(6, 2, 3, dtype=F64), torch.randn(2, 5, dtype=F64)
    W, U, b = (p.detach().numpy() for p in (network.W, network.U, network.b))
    h, states = h0.numpy(), []
    for x_t in x.numpy():
        h = (1 - leak) * h + step * np.tanh(x_t @ W.T + h @ U.T + b)
        states.append(h)
    np.testing.assert_allclose(network(x, h0).detach().numpy(), states, rtol=0, atol=1e-14)


def test_with_a_leak_of_one_it_is_the_network_of_torch_and_starts_as_it_does():
    torch.manual_seed(0)
    network = ResidualInTimeRNN(3, 400, step=1.0, leak=1.0).double()
    theirs = nn.RNN(3, 400, dtype=F64)
    theirs.weight_ih_l0.data, theirs.weight_hh_l0.data = network.W.data, network.U.data
    theirs.bias_ih_l0.data, theirs.bias_hh_l0.data = network.b.data, torch.zeros(400, dtype=F64)
    x = torch.randn(4, 2, 3, dtype=F64)
    torch.testing.assert_close(network(x), theirs(x)[0], rtol=0, atol=1e-13)
    assert network.U.abs().max() <= 1 / 20 and abs(network.U.std().item() - 1 / (20 * 3**0.5)) < 1e-3
