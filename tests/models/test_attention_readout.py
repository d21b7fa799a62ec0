"""Read-outs of all states: torch's own attention, Bahdanau's equation in NumPy, and the two plain ones."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from unrolled.models.attention_readout import READ_OUTS, AttentionEnsemble
from unrolled.models.ensemble import RNNEnsemble

F64 = torch.float64


def alone(ensemble, s, x):
    """The states of member s by torch.nn.RNN: (T, B, H)."""
    network = nn.RNN(x.shape[-1], ensemble.U.shape[1], dtype=F64)
    network.weight_ih_l0.data, network.weight_hh_l0.data = ensemble.W[s].data.T, ensemble.U[s].data.T
    network.bias_ih_l0.data, network.bias_hh_l0.data = ensemble.b[s, 0].data, torch.zeros(ensemble.U.shape[1], dtype=F64)
    return network(x[:, s])[0]


@pytest.mark.parametrize("read_out", READ_OUTS)
def test_each_member_takes_its_mean_of_the_states_of_its_network(read_out):
    ensemble = AttentionEnsemble(2, 3, 5, read_out, seed=1).double()
    x = torch.randn(6, 2, 4, 3, dtype=F64)
    together = ensemble(x)
    for s in range(2):
        h = alone(ensemble, s, x)
        if read_out == "last":
            taken = h[-1]
        elif read_out == "mean":
            taken = h.mean(0)
        elif read_out == "dot":
            batched = h.transpose(0, 1)
            taken = scaled_dot_product_attention(batched[:, -1:], batched, batched, scale=1.0)[:, 0]
        else:
            A, C, v = (p[s].detach().numpy() for p in (ensemble.A, ensemble.C, ensemble.v))
            states = h.detach().numpy()
            scores = np.exp(np.tanh(states[-1] @ A + states @ C) @ v)
            taken = torch.tensor((scores / scores.sum(0) * states).sum(0))
        expected = taken @ ensemble.V[s] + ensemble.d[s, 0]
        torch.testing.assert_close(together[s], expected[:, 0], rtol=0, atol=1e-14)


def test_the_weights_add_up_to_one_and_the_plain_ones_are_plain():
    x = torch.randn(6, 2, 4, 3, dtype=F64)
    for read_out in READ_OUTS:
        ensemble = AttentionEnsemble(2, 3, 5, read_out).double()
        alpha = ensemble.weights_of(ensemble.states(x))
        assert alpha.shape == (6, 2, 4, 1) and torch.allclose(alpha.sum(0), torch.ones(2, 4, 1, dtype=F64))
        if read_out == "last":
            assert torch.equal(alpha[-1], torch.ones(2, 4, 1, dtype=F64))
        if read_out == "mean":
            assert torch.allclose(alpha, torch.full_like(alpha, 1 / 6))


def test_the_last_state_is_the_read_out_of_the_ensemble_it_comes_from():
    x = torch.randn(6, 2, 4, 3)
    torch.testing.assert_close(AttentionEnsemble(2, 3, 5, "last", seed=4)(x), RNNEnsemble(2, 3, 5, seed=4)(x))


def test_an_unknown_read_out_is_refused():
    with pytest.raises(ValueError, match="one of last, mean, dot, additive, not 'cosine'"):
        AttentionEnsemble(1, 1, 1, "cosine")
