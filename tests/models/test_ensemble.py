"""An ensemble's members are torch.nn.RNN networks that know nothing of each other."""

import pytest
import torch
from torch import nn

from unrolled.models.ensemble import DeepEnsemble, FusedEnsemble, GRUEnsemble, RNNEnsemble, clip_each


def test_each_member_is_a_torch_rnn_with_a_linear_read_out():
    ensemble = RNNEnsemble(3, 2, 5, seed=1).double()
    x = torch.randn(4, 3, 6, 2, dtype=torch.float64)
    together = ensemble(x)
    for s in range(3):
        alone, readout = nn.RNN(2, 5).double(), nn.Linear(5, 1).double()
        alone.weight_ih_l0.data, alone.weight_hh_l0.data = ensemble.W[s].data.T, ensemble.U[s].data.T
        alone.bias_ih_l0.data, alone.bias_hh_l0.data = ensemble.b[s, 0].data, torch.zeros(5, dtype=torch.float64)
        readout.weight.data, readout.bias.data = ensemble.V[s].data.T, ensemble.d[s, 0].data
        torch.testing.assert_close(together[s], readout(alone(x[:, s])[1][0])[:, 0], rtol=0, atol=1e-14)


def test_no_member_gets_anothers_gradient():
    ensemble = RNNEnsemble(3, 2, 5)
    ensemble(torch.randn(4, 3, 6, 2))[1].sum().backward()
    for p in ensemble.parameters():
        assert p.grad[1].any() and not p.grad[0].any() and not p.grad[2].any()


def test_initial_values_are_those_of_torch_and_orthogonal_is_orthogonal():
    plain, orthogonal = RNNEnsemble(2, 2, 400), RNNEnsemble(2, 2, 40, weights="orthogonal")
    assert plain.U.abs().max() <= 1 / 20 and abs(plain.U.std().item() - 1 / (20 * 3**0.5)) < 1e-3
    assert plain.b.abs().max() > 1 / 20, "two biases, each within 1/sqrt(H)"
    torch.testing.assert_close(orthogonal.U @ orthogonal.U.mT, torch.eye(40).expand(2, 40, 40), rtol=0, atol=1e-5)


def test_clipping_is_per_member_and_over_all_parameters():
    parameters = [nn.Parameter(torch.zeros(2, 1, 2)), nn.Parameter(torch.zeros(2, 1, 1))]
    parameters[0].grad = torch.tensor([[[3.0, 0.0]], [[0.3, 0.0]]])
    parameters[1].grad = torch.tensor([[[4.0]], [[0.4]]])
    clip_each(parameters, 1.0)
    torch.testing.assert_close(parameters[0].grad, torch.tensor([[[0.6, 0.0]], [[0.3, 0.0]]]))
    torch.testing.assert_close(parameters[1].grad, torch.tensor([[[0.8]], [[0.4]]]))


def test_each_deep_member_is_a_chain_of_torch_layers():
    ensemble = DeepEnsemble(2, 3, 5, 4, seed=2).double()
    x = torch.randn(2, 6, 3, dtype=torch.float64)
    together = ensemble(x)
    for s in range(2):
        h = x[s]
        for matrix, bias in zip(ensemble.matrices, ensemble.biases):
            h = torch.tanh(nn.functional.linear(h, matrix[s].T, bias[s, 0]))
        alone = nn.functional.linear(h, ensemble.V[s].T, ensemble.d[s, 0])[:, 0]
        torch.testing.assert_close(together[s], alone, rtol=0, atol=1e-14)
    assert len(ensemble.matrices) == 4 and ensemble.matrices[0].shape == (2, 3, 5)
    assert ensemble.matrices[0].abs().max() <= 3**-0.5 and ensemble.matrices[1].abs().max() <= 5**-0.5


def test_an_unknown_start_is_refused():
    with pytest.raises(ValueError, match="'pytorch' or 'orthogonal', not 'xavier'"):
        RNNEnsemble(1, 1, 1, weights="xavier")


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_each_fused_member_is_a_torch_layer_with_a_linear_read_out(cell):
    ensemble = FusedEnsemble(cell, 3, 2, 5, seed=[4, 5, 6]).double()
    x = torch.randn(4, 3, 6, 2, dtype=torch.float64)
    together = ensemble(x)
    for s in range(3):
        alone = getattr(nn, cell)(2, 5).double()
        alone.weight_ih_l0.data, alone.weight_hh_l0.data = ensemble.W[s].data, ensemble.U[s].data
        alone.bias_ih_l0.data, alone.bias_hh_l0.data = ensemble.b[s, 0].data, ensemble.b_recurrent[s, 0].data
        last = alone(x[:, s])[0][-1]
        torch.testing.assert_close(together[s], (last @ ensemble.V[s] + ensemble.d[s])[:, 0], rtol=0, atol=1e-14)


def test_a_gru_side_by_side_is_the_fused_one():
    side_by_side, fused = GRUEnsemble(2, 2, 5, seed=1).double(), FusedEnsemble("GRU", 2, 2, 5).double()
    for name in ("W", "U"):
        getattr(fused, name).data = getattr(side_by_side, name).data.mT.contiguous()
    for name in ("b", "b_recurrent", "V", "d"):
        getattr(fused, name).data = getattr(side_by_side, name).data
    x = torch.randn(4, 2, 6, 2, dtype=torch.float64)
    torch.testing.assert_close(side_by_side(x), fused(x), rtol=0, atol=1e-14)


def test_a_forget_bias_is_the_sum_of_the_forget_gates_two():
    ensemble = FusedEnsemble("LSTM", 2, 2, 5, forget_bias=3.0)
    total = (ensemble.b + ensemble.b_recurrent).detach()
    assert torch.all(total[..., 5:10] == 3) and total[..., :5].abs().max() < 1 and total[..., 10:].abs().max() < 1


@pytest.mark.parametrize("make", [RNNEnsemble, GRUEnsemble, lambda *a, **k: FusedEnsemble("LSTM", *a, **k)])
def test_a_member_with_a_seed_of_its_own_is_the_network_that_it_is_alone(make):
    together, alone = make(3, 2, 5, weights="orthogonal", seed=[7, 8, 9]), make(1, 2, 5, weights="orthogonal", seed=[8])
    for p, q in zip(together.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(p[1], q[0])
        assert not torch.equal(p[0], p[1])


def test_what_no_ensemble_can_be_is_refused():
    with pytest.raises(ValueError, match="one of RNN, GRU, LSTM, not 'Elman'"):
        FusedEnsemble("Elman", 1, 1, 1)
    with pytest.raises(ValueError, match="only an LSTM has a forget_bias, no GRU"):
        FusedEnsemble("GRU", 1, 1, 1, forget_bias=1.0)
    with pytest.raises(ValueError, match="one for each of 3 members, got 2"):
        GRUEnsemble(3, 1, 1, seed=[1, 2])
