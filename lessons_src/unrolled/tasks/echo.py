"""Echo: say at every step which bit stood a given number of steps before.

A stream without end, on which a loss is taken at every step. Guessing is right half of the time, whatever the delay.
"""

import numpy as np


def echo(rng, steps, batch, delay):
    """A piece of `batch` independent streams and the bits to echo.

    Returns x and y, (steps, batch) float32 of -1 and +1, with y[t] = x[t - delay]; the first `delay` bits to echo stood
    before the piece. Raises ValueError for a size below 1 or a delay below 0.
    """
    if steps < 1 or batch < 1 or delay < 0:
        raise ValueError(
            f"echo needs at least one step, one stream and no negative delay, got steps={steps}, batch={batch}, delay={delay}"
        )
    bits = rng.choice(np.float32([-1, 1]), (steps + delay, batch))
    return bits[delay:], bits[:steps]
