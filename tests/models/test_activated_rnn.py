"""One cell for every activation: torch.nn.RNN where that has it, the NumPy cell elsewhere, and slopes that learn."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.cells import rnn
from unrolled.models.activated_rnn import ActivatedEnsemble, ActivatedRNN


@pytest.mark.parametrize("phi, name", [(torch.tanh, "tanh"), (nn.ReLU(), "relu")])
def test_it_is_the_network_of_torch(phi, name):
    ours, theirs = ActivatedRNN(3, 5, phi).double(), nn.RNN(3, 5, nonlinearity=name).double()
    theirs.weight_ih_l0.data, theirs.weight_hh_l0.data = ours.W.data, ours.U.data
    theirs.bias_ih_l0.data, theirs.bias_hh_l0.data = ours.b.data, torch.zeros(5, dtype=torch.float64)
    x, start = torch.randn(6, 2, 3, dtype=torch.float64), torch.randn(2, 5, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x)[0], rtol=0, atol=1e-14)
    torch.testing.assert_close(ours(x, start), theirs(x, start[None])[0], rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "phi, name", [(torch.sigmoid, "sigmoid"), (nn.LeakyReLU(), "leaky_relu"), (nn.ELU(), "elu"), (nn.PReLU(init=0.01, dtype=torch.float64), "leaky_relu")]
)
def test_it_is_the_cell_and_its_backward_pass(phi, name):
    network = ActivatedRNN(3, 5, phi).double()
    x, dh = torch.randn(6, 2, 3, dtype=torch.float64), torch.randn(6, 2, 5, dtype=torch.float64)
    h = network(x)
    (h * dh).sum().backward()
    parameters = rnn.Parameters(*(p.detach().numpy() for p in (network.W, network.U, network.b)))
    states, tape = rnn.forward(parameters, x.numpy(), activation=name)
    np.testing.assert_allclose(h.detach().numpy(), states, rtol=0, atol=1e-14)
    gradients = rnn.backward(parameters, tape, dh.numpy()).parameters
    for block in ("W", "U", "b"):
        np.testing.assert_allclose(getattr(network, block).grad.numpy(), getattr(gradients, block), rtol=0, atol=1e-12)


def test_a_slope_below_zero_is_learnt_one_or_one_per_unit():
    x = torch.randn(30, 8, 3)
    for phi, count in ((nn.PReLU(), 1), (nn.PReLU(5), 5)):
        network = ActivatedRNN(3, 5, phi)
        network(x).sum().backward()
        assert phi.weight.shape == (count,) and phi.weight.grad.all()
        assert len(list(network.parameters())) == 4


def test_it_starts_as_torch_starts():
    network = ActivatedRNN(2, 400, torch.tanh)
    assert network.U.abs().max() <= 1 / 20 and abs(network.U.std().item() - 1 / (20 * 3**0.5)) < 1e-3
    assert network.b.abs().max() > 1 / 20, "two biases, each within 1/sqrt(H)"


@pytest.mark.parametrize("name, phi", [
    ("relu", nn.ReLU()), ("sigmoid", nn.Sigmoid()), ("leaky_relu", nn.LeakyReLU()), ("elu", nn.ELU()),
])  # fmt: skip
def test_members_with_another_activation_are_networks_with_it(name, phi):
    ensemble = ActivatedEnsemble(2, 2, 5, name, seed=1, initial=0.5).double()
    x, half = torch.randn(4, 2, 6, 2, dtype=torch.float64), torch.full((6, 5), 0.5, dtype=torch.float64)
    together = ensemble(x)
    for s in range(2):
        alone = ActivatedRNN(2, 5, phi).double()
        alone.W.data, alone.U.data, alone.b.data = ensemble.W[s].data.T, ensemble.U[s].data.T, ensemble.b[s, 0].data
        last = alone(x[:, s], half)[-1]
        torch.testing.assert_close(together[s], (last @ ensemble.V[s] + ensemble.d[s, 0])[:, 0], rtol=0, atol=1e-14)


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="one of tanh, sigmoid, relu, leaky_relu, elu, not 'gelu'"):
        ActivatedEnsemble(1, 1, 1, "gelu")
