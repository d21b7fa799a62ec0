import numpy as np
import pytest

from unrolled.tasks.exclusive_or import exclusive_or


def test_the_answer_is_whether_the_bits_differ():
    x, differ = exclusive_or(np.random.default_rng(0), 200)
    assert x.shape == (1, 200, 2) and x.dtype == np.float32 and set(np.unique(x)) == {-1, 1}
    assert np.array_equal(differ, x.prod(-1)[0] < 0) and 60 < differ.sum() < 140


def test_no_pairs_are_refused():
    with pytest.raises(ValueError, match="at least one pair"):
        exclusive_or(np.random.default_rng(0), 0)
