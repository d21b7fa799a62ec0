import numpy as np
import pytest
import torch

from unrolled.experiments.patterns import PATTERNS, cross_entropy, learn, side_by_side


def test_cross_entropy_is_minus_the_logarithm_of_the_share_of_the_class():
    scores, target = torch.randn(2, 3, 4), torch.tensor([[0, 3, 1], [2, 2, 0]])
    expected = -scores.log_softmax(-1).gather(2, target[..., None])[..., 0]
    torch.testing.assert_close(cross_entropy(scores, target), expected)


def test_members_stand_after_the_steps_and_answers_follow_step_by_step():
    drawn = [(np.full((5, 2), member), np.full((3, 2), member)) for member in range(4)]
    x, target = side_by_side(drawn)
    assert x.shape == (5, 4, 2) and target.shape == (4, 6)
    assert all((x[:, k] == k).all() and (target[k] == k).all() for k in range(4))


@pytest.mark.parametrize("name", PATTERNS)
def test_each_pattern_is_learnt_and_far_above_a_constant_answer(name):
    _, right, constant = learn(name, [3, 4])
    assert right.shape == (2,) and right.min() > 0.85
    assert 0.2 < constant < 0.6


def test_an_untrained_network_is_no_better_than_a_constant_answer(monkeypatch):
    monkeypatch.setattr("unrolled.experiments.patterns.train", lambda *_, **__: None)
    for name in PATTERNS:
        _, right, constant = learn(name, [3, 4])
        assert right.mean() < constant + 0.15, name


def test_an_unknown_pattern_is_refused():
    with pytest.raises(ValueError, match="not 'none to one'"):
        learn("none to one", [0])
