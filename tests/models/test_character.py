"""The character model: its bits are those of its shares, and what it writes it reads."""

import numpy as np
import pytest
import torch

from unrolled.models.character import CharacterEnsemble

TEXT = np.array([0, 3, 1, 4, 2, 0, 0, 3])


@pytest.fixture
def model():
    return CharacterEnsemble(2, 5, 6, seed=[1, 2])


def shares(model, read):
    """What each member expects after `read`, (members, symbols)."""
    with torch.no_grad():
        scores = model(torch.as_tensor(read)[:, None, None].expand(-1, 2, 1))
    return scores[:, -1].softmax(-1).numpy()


def test_bits_are_the_mean_of_minus_log2_of_the_share_of_what_came(model):
    expected = -np.mean([np.log2(shares(model, TEXT[:k])[:, TEXT[k]]) for k in range(1, len(TEXT))], 0)
    np.testing.assert_allclose(model.bits(TEXT), expected, rtol=1e-5)


def test_a_model_without_preferences_needs_the_logarithm_of_the_number_of_symbols(model):
    model.V.data.zero_(), model.d.data.zero_()
    np.testing.assert_allclose(model.bits(TEXT), np.log2(5), rtol=1e-6)


def test_what_it_writes_is_drawn_by_its_shares_and_read(model):
    written = model.write(TEXT[:3], length=200, seed=4, member=1)
    rng = np.random.default_rng(4)
    for k in range(20):
        share = shares(model, [*TEXT[:3], *written[:k]])[1].astype(float)
        assert written[k] == rng.choice(5, p=share / share.sum())
    assert len(written) == 200


def test_a_sure_model_writes_what_it_is_sure_of(model):
    model.V.data.zero_()
    model.d.data[:] = torch.tensor([0.0, 0, 50, 0, 0])
    assert set(model.write(TEXT, 10)) == {2}
