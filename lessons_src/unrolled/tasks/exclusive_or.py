"""Exclusive or: two bits at once, and whether they differ. One input, one output: nothing to remember."""

import numpy as np


def exclusive_or(rng, batch):
    """A batch of pairs of bits and whether they differ: x (1, batch, 2) float32 of -1 and +1, differ (batch,) of 0 and 1.

    Raises ValueError for an empty batch.
    """
    if batch < 1:
        raise ValueError(f"exclusive_or needs at least one pair, got batch={batch}")
    x = rng.choice(np.float32([-1, 1]), (1, batch, 2))
    return x, (x[0, :, 0] != x[0, :, 1]).astype(int)
