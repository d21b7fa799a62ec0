"""Each start is what it is named after, in every gate and every member, and nothing else is touched."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.experiments.recall import recall_accuracy
from unrolled.models.recurrent_start import StartedEnsemble, start_block, start_recurrent


@pytest.mark.parametrize("make", [nn.RNN, nn.LSTM, nn.GRU, nn.LSTMCell])
def test_every_gates_matrix_is_drawn_by_itself_and_nothing_else_moves(make):
    layer = make(3, 8)
    before = {name: p.detach().clone() for name, p in layer.named_parameters()}
    assert start_recurrent(layer, "orthogonal", gain=2.0, generator=torch.Generator().manual_seed(0)) is layer
    for name, p in layer.named_parameters():
        if not name.startswith("weight_hh"):
            assert torch.equal(p, before[name])
            continue
        blocks = p.detach().split(8)
        assert len(blocks) == {nn.RNN: 1, nn.GRU: 3}.get(make, 4)
        for block in blocks:
            torch.testing.assert_close(block @ block.T, 4 * torch.eye(8), rtol=0, atol=1e-5)
        assert all(not torch.equal(blocks[0], other) for other in blocks[1:])


def test_stacked_matrices_drawn_as_one_are_neither_orthogonal_nor_of_xaviers_size():
    """What start_recurrent is for: torch.nn.init on the stacked matrix of an LSTM does something else."""
    n = 64
    stacked = nn.LSTM(3, n).weight_hh_l0.data
    nn.init.orthogonal_(stacked)
    assert (stacked[:n] @ stacked[:n].T - torch.eye(n)).abs().max() > 0.3
    nn.init.xavier_uniform_(stacked)
    alone = start_recurrent(nn.LSTM(3, n), "xavier").weight_hh_l0.data
    assert stacked.std().item() == pytest.approx((2 / (5 * n)) ** 0.5, rel=0.03)
    assert alone.std().item() == pytest.approx((1 / n) ** 0.5, rel=0.03)


def test_two_layers_in_both_directions_are_started_too():
    layer = start_recurrent(nn.GRU(3, 4, num_layers=2, bidirectional=True), "identity", gain=0.5)
    names = [name for name, _ in layer.named_parameters() if name.startswith("weight_hh")]
    assert len(names) == 4
    for name in names:
        torch.testing.assert_close(getattr(layer, name).data, 0.5 * torch.eye(4).repeat(3, 1))


def test_each_member_of_an_ensemble_has_its_own_start_and_is_a_torch_rnn():
    starts = ["identity", ("orthogonal", 0.3), "xavier", ("pytorch", 2.0), "pytorch"]
    ensemble = StartedEnsemble(5, 2, 32, starts, seed=1, activation="relu").double()
    U = ensemble.U.detach()
    torch.testing.assert_close(U[0], torch.eye(32, dtype=torch.float64))
    torch.testing.assert_close(U[1] @ U[1].T, 0.09 * torch.eye(32, dtype=torch.float64), rtol=0, atol=1e-6)
    bounds = [(3 / 32) ** 0.5, 2 / 32**0.5, 1 / 32**0.5]
    for block, bound in zip(U[2:], bounds):
        assert 0.98 * bound < block.abs().max() <= bound * (1 + 1e-6)
    x = torch.randn(4, 5, 6, 2, dtype=torch.float64)
    together = ensemble(x)
    for s in range(5):
        alone = nn.RNN(2, 32, nonlinearity="relu").double()
        alone.weight_ih_l0.data, alone.weight_hh_l0.data = ensemble.W[s].data.T, U[s].T
        alone.bias_ih_l0.data, alone.bias_hh_l0.data = ensemble.b[s, 0].data, torch.zeros(32, dtype=torch.float64)
        last = alone(x[:, s])[1][0]
        torch.testing.assert_close(together[s], (last @ ensemble.V[s] + ensemble.d[s])[:, 0], rtol=0, atol=1e-13)


def test_a_member_with_a_seed_of_its_own_is_the_network_that_it_is_alone():
    together, alone = StartedEnsemble(2, 2, 5, "orthogonal", seed=[7, 8]), StartedEnsemble(1, 2, 5, "orthogonal", seed=[8])
    for p, q in zip(together.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(p[1], q[0])


def test_the_start_decides_what_a_relu_network_learns_in_a_few_updates():
    starts, rates, seeds = ["identity"] * 3 + ["pytorch"] * 3, [3e-3] * 6, [0, 1, 2] * 2
    reached = recall_accuracy(20, starts, rates, seeds, updates=80, network=partial(StartedEnsemble, activation="relu"))
    assert reached[:3].min() > 0.95 and np.all(reached[3:] < 0.7)


def test_what_is_no_start_is_refused():
    with pytest.raises(ValueError, match="one of xavier, orthogonal, identity, not 'he'"):
        start_block(torch.empty(2, 2), "he")
    with pytest.raises(ValueError, match=r"one square block of recurrent weights, got shape \(8, 2\)"):
        start_block(torch.empty(8, 2), "xavier")
    with pytest.raises(TypeError, match="recurrent layer or cell of torch.nn, got Linear"):
        start_recurrent(nn.Linear(2, 2), "identity")
    with pytest.raises(ValueError, match="one of xavier, orthogonal, identity, not 'he'"):
        StartedEnsemble(1, 1, 1, "he")
    with pytest.raises(ValueError, match="one for each of 3 members, got 2"):
        StartedEnsemble(3, 1, 2, ["identity", "xavier"])
