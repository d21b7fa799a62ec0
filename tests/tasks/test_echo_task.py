import numpy as np
import pytest

from unrolled.tasks.echo import echo


def test_every_bit_to_echo_stood_delay_steps_before():
    x, y = echo(np.random.default_rng(0), steps=400, batch=50, delay=3)
    assert x.shape == y.shape == (400, 50) and x.dtype == y.dtype == np.float32
    assert set(np.unique(x)) == {-1, 1}
    assert np.array_equal(y[3:], x[:-3])
    for lag in (0, 1, 2, 4):
        assert abs(np.mean(y[10:] * x[10 - lag : 400 - lag])) < 0.03, "no other lag may give the bit away"


def test_without_delay_it_is_the_input():
    x, y = echo(np.random.default_rng(0), steps=5, batch=2, delay=0)
    assert np.array_equal(x, y)


@pytest.mark.parametrize("steps, batch, delay", [(0, 1, 1), (1, 0, 1), (1, 1, -1)])
def test_no_stream_is_refused(steps, batch, delay):
    with pytest.raises(ValueError, match="at least one step, one stream and no negative delay"):
        echo(np.random.default_rng(0), steps, batch, delay)
