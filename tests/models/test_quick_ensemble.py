"""The networks that are differentiated by hand are those of PyTorch, to the last gradient."""

import pytest
import torch
from torch import nn

from unrolled.models.ensemble import GRUEnsemble, RNNEnsemble
from unrolled.models.quick_ensemble import QuickGRU, QuickLSTM, QuickRNN

CELLS = {
    "tanh": (QuickRNN, {}, lambda *sizes: nn.RNN(*sizes)),
    "relu": (QuickRNN, {"relu": True}, lambda *sizes: nn.RNN(*sizes, nonlinearity="relu")),
    "lstm": (QuickLSTM, {}, nn.LSTM),
    "gru": (QuickGRU, {}, nn.GRU),
}
LAYER = {"W": "weight_ih_l0", "U": "weight_hh_l0", "b": "bias_ih_l0", "b_recurrent": "bias_hh_l0"}


@pytest.mark.parametrize("cell", CELLS)
def test_each_member_is_a_torch_layer_with_a_linear_read_out_in_value_and_gradient(cell):
    quick, options, layer = CELLS[cell]
    ensemble = quick(3, 2, 5, seed=[4, 5, 6], **options).double()
    x = torch.randn(7, 3, 4, 2, dtype=torch.float64)
    together = ensemble(x)
    (together**3).sum().backward()
    for s in range(3):
        alone, readout = layer(2, 5).double(), nn.Linear(5, 1).double()
        alone.bias_hh_l0.data.zero_()
        blocks = {name: p for name, p in ensemble.named_parameters() if name in LAYER}
        for name, p in blocks.items():
            getattr(alone, LAYER[name]).data = p.data[s].T.reshape(getattr(alone, LAYER[name]).shape).clone()
        readout.weight.data, readout.bias.data = ensemble.V.data[s].T.clone(), ensemble.d.data[s, 0].clone()
        output = readout(alone(x[:, s])[0][-1])[:, 0]
        (output**3).sum().backward()
        torch.testing.assert_close(together[s], output, rtol=0, atol=1e-14)
        for name, p in blocks.items():
            expected = getattr(alone, LAYER[name]).grad.reshape(p.shape[2], -1).T  # of a bias: one row
            torch.testing.assert_close(p.grad[s], expected, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(ensemble.V.grad[s].T, readout.weight.grad, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("quick, slow", [(QuickRNN, RNNEnsemble), (QuickGRU, GRUEnsemble)])
def test_a_quick_ensemble_starts_as_the_other(quick, slow):
    for p, q in zip(quick(2, 3, 4, seed=[7, 8]).parameters(), slow(2, 3, 4, seed=[7, 8]).parameters(), strict=True):
        assert torch.equal(p, q)


def test_an_lstm_starts_as_pytorchs_or_with_an_orthogonal_matrix_per_gate():
    ensemble = QuickLSTM(2, 2, 400)
    assert ensemble.U.abs().max() <= 1 / 20 < ensemble.b.abs().max() <= 1 / 10
    assert abs(ensemble.U.std().item() - 1 / (20 * 3**0.5)) < 1e-3
    for gate in QuickLSTM(2, 2, 10, weights="orthogonal").U.split(10, 2):
        torch.testing.assert_close(gate @ gate.mT, torch.eye(10).expand(2, 10, 10), rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_member_with_a_seed_of_its_own_is_the_network_that_it_is_alone(cell):
    quick, options, _ = CELLS[cell]
    together, alone = quick(3, 2, 5, seed=[7, 8, 9], **options), quick(1, 2, 5, seed=[8], **options)
    for p, q in zip(together.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(p[1], q[0])
        assert not torch.equal(p[0], p[1])
