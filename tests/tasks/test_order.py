"""The order task shows the same two signs in either order."""

import numpy as np
import pytest

from unrolled.tasks.order import order


def test_two_opposite_signs_are_marked_one_in_each_outer_third():
    x, first = order(np.random.default_rng(0), 10, 500)
    assert x.shape == (10, 500, 2) and x.dtype == first.dtype == np.float32
    steps, samples = np.nonzero(x[:, :, 1])
    for sample in range(500):
        early, late = steps[samples == sample]
        assert early < 3 and late >= 7
        assert x[early, sample, 0] == first[sample] == -x[late, sample, 0]
    assert set(steps) == {0, 1, 2, 7, 8, 9} and set(first) == {-1, 1}
    assert abs(x[3:7, :, 0].std() - 1) < 0.05


def test_the_clock_tells_the_step():
    plain, _ = order(np.random.default_rng(0), 5, 2)
    x, _ = order(np.random.default_rng(0), 5, 2, clock=True)
    assert np.array_equal(x[..., :2], plain)
    assert np.array_equal(x[:, 1, 2], [-1, -0.5, 0, 0.5, 1])


@pytest.mark.parametrize("steps, batch", [(2, 1), (3, 0)])
def test_what_is_too_small_is_refused(steps, batch):
    with pytest.raises(ValueError, match=f"got steps={steps}, batch={batch}"):
        order(np.random.default_rng(0), steps, batch)
