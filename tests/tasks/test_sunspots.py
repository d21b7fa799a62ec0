import numpy as np
import pytest

from unrolled.tasks.sunspots import sunspots, windows


def test_every_year_has_a_number():
    year, number = sunspots()
    assert year.dtype.kind == "i" and np.array_equal(year, np.arange(1700, 2009))
    assert number.shape == (309,) and np.isfinite(number).all() and number.min() == 0
    known = dict(zip(year, number))
    assert (known[1700], known[1957], known[2008]) == (5, 190.2, 2.9) and number.max() == known[1957]


def test_a_window_ends_just_before_what_follows():
    x, following = windows(np.arange(10), 3)
    assert x.T.tolist() == [[k, k + 1, k + 2] for k in range(7)]
    assert following.tolist() == list(range(3, 10))


@pytest.mark.parametrize("length", [0, 10])
def test_windows_that_do_not_fit_are_refused(length):
    with pytest.raises(ValueError, match=f"between 1 and 9 of the 10 values, not {length}"):
        windows(np.arange(10), length)
