"""The RNN with layer normalisation: against the equations in NumPy, and in what it forgets about its weights."""

import numpy as np
import torch

from unrolled.models.layer_norm_rnn import LayerNormRNN

F64 = torch.float64


def drawn():
    torch.manual_seed(0)
    network = LayerNormRNN(3, 5).double()
    with torch.no_grad():
        for parameter in (network.gain, network.b):
            parameter.copy_(torch.randn(5, dtype=F64))
    return network, torch.randn(6, 2, 3, dtype=F64), torch.randn(2, 5, dtype=F64)


def test_it_computes_the_equations():
    network, x, h0 = drawn()
    W, U, gain, b = (p.detach().numpy() for p in (network.W, network.U, network.gain, network.b))
    h, states = h0.numpy(), []
    for x_t in x.numpy():
        a = x_t @ W.T + h @ U.T
        a = a - a.mean(1, keepdims=True)
        h = np.tanh(gain * a / np.sqrt((a**2).mean(1, keepdims=True) + 1e-5) + b)
        states.append(h)
    np.testing.assert_allclose(network(x, h0).detach().numpy(), states, rtol=0, atol=1e-14)
    assert torch.equal(network(x), network(x, torch.zeros(2, 5, dtype=F64)))


def test_it_starts_as_torch_starts_and_its_gain_where_it_is_told():
    network = LayerNormRNN(2, 400, gain=0.5)
    assert network.U.abs().max() <= 1 / 20 and abs(network.U.std().item() - 1 / (20 * 3**0.5)) < 1e-3
    assert (network.gain == 0.5).all() and not network.b.any()


def test_the_scale_of_its_weights_does_not_matter():
    network, x, h0 = drawn()
    before = network(x, h0)
    with torch.no_grad():
        network.W *= 1000
        network.U *= 1000
    huge = network(x, h0)
    with torch.no_grad():
        network.W *= 1000
        network.U *= 1000
    torch.testing.assert_close(network(x, h0), huge, rtol=0, atol=1e-8)
    torch.testing.assert_close(before, huge, rtol=0, atol=1e-2)    # here the 1e-5 under the root still shows
