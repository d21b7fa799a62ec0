"""Each remedy starts as it says; all else stays as PyTorch starts it."""

import pytest
import torch

from unrolled.models.remedies import CELLS, remedy

SEEDS = [3, 4]


def changed(ensemble, usual):
    """The names of the parameters that differ."""
    pairs = zip(ensemble.named_parameters(), usual.parameters(), strict=True)
    return {name for (name, p), q in pairs if not torch.equal(p, q)}


@pytest.mark.parametrize("cell", CELLS)
def test_the_default_is_the_ensemble_as_it_is(cell):
    usual = CELLS[cell](2, 2, 6, seed=SEEDS)
    assert not changed(remedy(cell, "default", SEEDS, 2, 6, 50), usual)


@pytest.mark.parametrize("cell", ["tanh", "relu", "lstm", "gru"])
def test_orthogonal_is_so_gate_by_gate(cell):
    for gate in remedy(cell, "orthogonal", SEEDS, 2, 6, 50).U.split(6, 2):
        torch.testing.assert_close(gate @ gate.mT, torch.eye(6).expand(2, 6, 6), rtol=0, atol=1e-5)


def test_identity_is_one_without_a_bias():
    ensemble = remedy("relu", "identity", SEEDS, 2, 6, 50)
    assert torch.equal(ensemble.U, torch.eye(6).expand(2, 6, 6)) and not ensemble.b.any() and ensemble.relu
    assert changed(ensemble, remedy("relu", "default", SEEDS, 2, 6, 50)) == {"U", "b"}


def test_xavier_has_the_bound_of_its_fans():
    ensemble = remedy("tanh", "xavier", SEEDS, 4, 300, 50)
    for matrix, both_fans in ((ensemble.U, 600), (ensemble.W, 304)):
        assert 0.99 < matrix.abs().max() / (6 / both_fans) ** 0.5 <= 1
    assert not ensemble.b.any()


def test_chrono_opens_the_gates_for_as_long_as_the_sequence():
    H, steps = 400, 101
    lstm, gru = remedy("lstm", "chrono", SEEDS, 2, H, steps), remedy("gru", "chrono", SEEDS, 2, H, steps)
    forget, update = lstm.b[..., H : 2 * H], gru.b[..., H : 2 * H]
    for lag in (forget.exp(), update.exp()):  # uniform on 1 to 100
        assert 1 <= lag.min() < 3 and 98 < lag.max() <= 100.001 and abs(lag.mean() - 50.5) < 5
    assert torch.equal(lstm.b[..., :H], -forget) and not gru.b_recurrent[..., H : 2 * H].any()
    assert changed(lstm, remedy("lstm", "default", SEEDS, 2, H, steps)) == {"b"}
    usual = remedy("gru", "default", SEEDS, 2, H, steps)
    assert changed(gru, usual) == {"b", "b_recurrent"}
    for kept in (slice(0, H), slice(2 * H, 3 * H)):
        assert torch.equal(gru.b[..., kept], usual.b[..., kept])


@pytest.mark.parametrize("cell, start", [
    ("relu", "identity"), ("lstm", "chrono"), ("gru", "chrono"), ("tanh", "xavier"),
])  # fmt: skip
def test_a_network_is_the_same_with_others_beside_it(cell, start):
    together, alone = remedy(cell, start, SEEDS, 2, 6, 50), remedy(cell, start, [4], 2, 6, 50)
    for p, q in zip(together.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(p[1], q[0])


@pytest.mark.parametrize("cell, start, message", [
    ("Elman", "default", "the cell must be one of .*, not 'Elman'"),
    ("tanh", "zeros", "the start must be one of .*, not 'zeros'"),
    ("tanh", "chrono", "the start chrono is not one for the cell tanh"),
    ("gru", "identity", "the start identity is not one for the cell gru"),
])  # fmt: skip
def test_what_does_not_go_together_is_refused(cell, start, message):
    with pytest.raises(ValueError, match=message):
        remedy(cell, start, SEEDS, 2, 6, 50)
