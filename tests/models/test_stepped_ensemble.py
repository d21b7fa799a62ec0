"""Each member is the network that its docstring writes down."""

import torch
from torch import nn
from torch.nn import functional

from unrolled.models.stepped_ensemble import LayerNormEnsemble, ResidualEnsemble


def test_each_normalised_member_is_a_loop_over_torchs_layer_norm():
    ensemble = LayerNormEnsemble(3, 2, 5, seed=[1, 2, 3]).double()
    ensemble.gain.data.uniform_(0.5, 2)
    x = torch.randn(6, 3, 4, 2, dtype=torch.float64)
    together = ensemble(x)
    for s in range(3):
        norm = nn.LayerNorm(5).double()
        norm.weight.data, norm.bias.data = ensemble.gain.data[s, 0], ensemble.b.data[s, 0]
        h = torch.zeros(4, 5, dtype=torch.float64)
        for x_t in x[:, s]:
            h = torch.tanh(norm(functional.linear(x_t, ensemble.W[s].T) + functional.linear(h, ensemble.U[s].T)))
        torch.testing.assert_close(together[s], (h @ ensemble.V[s] + ensemble.d[s])[:, 0], rtol=0, atol=1e-14)


def test_each_residual_member_adds_a_share_of_a_torch_cell():
    ensemble = ResidualEnsemble(3, 2, 5, seed=[1, 2, 3], share=0.25).double()
    x = torch.randn(6, 3, 4, 2, dtype=torch.float64)
    together = ensemble(x)
    for s in range(3):
        cell = nn.RNNCell(2, 5).double()
        cell.weight_ih.data, cell.weight_hh.data = ensemble.W.data[s].T, ensemble.U.data[s].T
        cell.bias_ih.data, cell.bias_hh.data = ensemble.b.data[s, 0], torch.zeros(5, dtype=torch.float64)
        h = torch.zeros(4, 5, dtype=torch.float64)
        for x_t in x[:, s]:
            h = h + 0.25 * cell(x_t, h)
        torch.testing.assert_close(together[s], (h @ ensemble.V[s] + ensemble.d[s])[:, 0], rtol=0, atol=1e-14)


def test_no_member_gets_anothers_gradient():
    for ensemble in (LayerNormEnsemble(3, 2, 5), ResidualEnsemble(3, 2, 5)):
        ensemble(torch.randn(4, 3, 6, 2))[1].sum().backward()
        for p in ensemble.parameters():
            assert p.grad[1].any() and not p.grad[0].any() and not p.grad[2].any()
