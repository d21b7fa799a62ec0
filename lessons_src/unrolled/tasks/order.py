"""Order: say at the end which of two signs came first.

The least that needs order and not content alone (after the temporal-order task of Hochreiter & Schmidhuber, 1997,
experiment 6): whatever the order, the same two signs are in the sequence. Guessing is right half of the time.
"""

import numpy as np


def order(rng, steps, batch, clock=False):
    """A batch of sequences and the sign that came first.

    Returns x (steps, batch, 2) float32 and first (batch,) float32 of -1 and +1. Channel 0 holds that sign at a step of
    the first third, its opposite at one of the last third, and standard normal noise at all others; channel 1 marks the
    two steps by a 1. With `clock` a third channel rises from -1 at the first step to 1 at the last.
    Raises ValueError for fewer than three steps or no sequence.
    """
    if steps < 3 or batch < 1:
        raise ValueError(f"order needs at least three steps and one sequence, got steps={steps}, batch={batch}")
    first, each = rng.choice(np.float32([-1, 1]), batch), np.arange(batch)
    x = np.zeros((steps, batch, 2 + clock), np.float32)
    x[:, :, 0] = rng.standard_normal((steps, batch))
    early, late = rng.integers(0, steps // 3, batch), rng.integers(steps - steps // 3, steps, batch)
    x[early, each, 0], x[late, each, 0] = first, -first
    x[early, each, 1] = x[late, each, 1] = 1
    if clock:
        x[:, :, 2] = np.linspace(-1, 1, steps, dtype=np.float32)[:, None]
    return x, first
