import numpy as np
import pytest

from unrolled.tasks.reversal import reversal


def test_what_is_to_be_written_is_what_is_read_backwards():
    x, y = reversal(np.random.default_rng(0), 4, 500, symbols=3)
    assert x.shape == y.shape == (4, 500) and set(np.unique(x)) == {0, 1, 2}
    assert all(list(written) == list(read)[::-1] for read, written in zip(x.T, y.T))


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_nothing_to_reverse_is_refused(sizes):
    with pytest.raises(ValueError, match="sizes of at least 1"):
        reversal(np.random.default_rng(0), *sizes)
