"""The normalised LSTMs: torch.nn.LSTM without normalisation, torch.nn.LayerNorm and BatchNorm1d with it."""

import pytest
import torch
from torch import nn

from unrolled.models.normalised_lstm import GAINS, NormalisedLSTMEnsemble

F64 = torch.float64
T, MEMBERS, B, I, H = 5, 2, 6, 3, 4


def drawn(norm, steps=T):
    torch.manual_seed(0)
    ensemble = NormalisedLSTMEnsemble(MEMBERS, I, H, norm, steps, seed=3).double()
    with torch.no_grad():
        for name, parameter in ensemble.named_parameters():
            if name.startswith("gain") or name == "b_c":
                parameter.copy_(torch.randn_like(parameter))
    return ensemble, torch.randn(T, MEMBERS, B, I, dtype=F64)


def test_without_normalisation_it_is_the_network_of_torch():
    ensemble, x = drawn("none")
    together = ensemble(x)
    for s in range(MEMBERS):
        alone = nn.LSTM(I, H, dtype=F64)
        alone.weight_ih_l0.data, alone.weight_hh_l0.data = ensemble.W[s].data.T, ensemble.U[s].data.T
        alone.bias_ih_l0.data, alone.bias_hh_l0.data = ensemble.b[s, 0].data, torch.zeros(4 * H, dtype=F64)
        last = alone(x[:, s])[0][-1]
        torch.testing.assert_close(together[s], (last @ ensemble.V[s] + ensemble.d[s, 0])[:, 0], rtol=0, atol=1e-14)


def equations(ensemble, s, x, norm):
    """Member s as its article writes it, with norm(which, a, t) from torch's modules."""
    get = lambda name: getattr(ensemble, name)[s]
    h = c = torch.zeros(B, H, dtype=F64)
    for t, x_t in enumerate(x):
        gates = get("gain_h") * norm("h", h @ get("U"), t) + get("gain_x") * norm("x", x_t @ get("W"), t) + get("b")
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * (get("gain_c") * norm("c", c, t) + get("b_c")).tanh()
    return (h @ get("V") + get("d"))[:, 0]


def test_layer_normalisation_is_that_of_torch():
    ensemble, x = drawn("layer")
    layers = {size: nn.LayerNorm(size, elementwise_affine=False) for size in (H, 4 * H)}
    together = ensemble(x)
    for s in range(MEMBERS):
        alone = equations(ensemble, s, x[:, s], lambda which, a, t: layers[a.shape[1]](a))
        torch.testing.assert_close(together[s], alone, rtol=0, atol=1e-14)


@pytest.mark.parametrize("steps", [T, 1])
def test_batch_normalisation_is_that_of_torch_with_statistics_for_each_step(steps):
    ensemble, x = drawn("batch", steps)
    layers = [
        {f"{which}{t}": nn.BatchNorm1d(H if which == "c" else 4 * H, affine=False).double() for which in "xhc" for t in range(steps)}
        for _ in range(MEMBERS)
    ]  # fmt: skip
    for training in (True, True, False):
        ensemble.train(training)
        together = ensemble(x)
        for s in range(MEMBERS):
            for layer in layers[s].values():
                layer.train(training)
            alone = equations(ensemble, s, x[:, s], lambda which, a, t: layers[s][f"{which}{min(t, steps - 1)}"](a))
            torch.testing.assert_close(together[s], alone, rtol=0, atol=1e-13)


def test_it_starts_as_torch_starts_its_gains_as_the_articles_and_its_weights_scaled():
    for norm, gain in GAINS.items():
        small, large = (NormalisedLSTMEnsemble(1, 2, 100, norm, scale=scale) for scale in (1.0, 3.0))
        assert small.U.abs().max() <= 0.1 and torch.allclose(large.U, 3 * small.U) and torch.equal(large.b, small.b)
        if gain is not None:
            assert all((getattr(small, f"gain_{which}") == gain).all() for which in "xhc")


def test_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="one of none, batch, layer, not 'group'"):
        NormalisedLSTMEnsemble(1, 1, 1, "group")
