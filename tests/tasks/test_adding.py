"""The adding problem asks what it says, and its baselines are what simple answers score."""

import numpy as np
import pytest

from unrolled.tasks.adding import CONSTANT_ERROR, GUESSING_ERROR, ONE_NUMBER_ERROR, adding


@pytest.mark.parametrize("steps", [2, 7, 50])
def test_the_sum_is_that_of_the_two_marked_numbers(steps):
    x, y = adding(np.random.default_rng(0), steps, batch=3000)
    assert x.shape == (steps, 3000, 2) and y.shape == (3000,) and x.dtype == y.dtype == np.float32
    assert x[:, :, 0].min() >= 0 and x[:, :, 0].max() < 1
    assert set(np.unique(x[:, :, 1])) <= {0, 1}
    half = steps // 2
    assert np.all(x[:half, :, 1].sum(0) == 1) and np.all(x[half:, :, 1].sum(0) == 1)
    np.testing.assert_allclose(y, (x[:, :, 0] * x[:, :, 1]).sum(0), atol=1e-6)
    assert np.all(x[:, :, 1].sum(1) > 0), "every step is marked sometimes"


def test_the_baselines_are_what_simple_answers_score():
    rng = np.random.default_rng(1)
    x, y = adding(rng, 20, 200_000)
    later = (x[10:, :, 0] * x[10:, :, 1]).sum(0)

    def error(answer):
        return np.mean((answer - y.astype(np.float64)) ** 2)

    assert error(1) == pytest.approx(CONSTANT_ERROR, rel=0.01)
    assert error(adding(rng, 20, 200_000)[1]) == pytest.approx(GUESSING_ERROR, rel=0.01)
    assert error(later + 0.5) == pytest.approx(ONE_NUMBER_ERROR, rel=0.01)


@pytest.mark.parametrize("steps, batch", [(1, 3), (4, 0)])
def test_too_little_to_add_is_refused(steps, batch):
    with pytest.raises(ValueError, match=f"got steps={steps}, batch={batch}"):
        adding(np.random.default_rng(0), steps, batch)
