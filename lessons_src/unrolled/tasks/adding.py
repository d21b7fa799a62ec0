"""The adding problem: at the end, say the sum of the two numbers that were marked.

The task of Hochreiter & Schmidhuber (1997, experiment 4), in the form that later work uses (Arjovsky, Shah & Bengio,
2016): numbers from [0, 1) instead of [-1, 1], one mark in each half of the sequence instead of one among the first ten
steps and one in the first half, every sequence equally long, no signs for its first and last step, and the sum itself
as the target instead of 1/2 + sum/4. The earlier of the two marks is half a sequence or more away from the end.

What an answer is worth, as mean squared error: the sum of two uniform numbers has the mean 1 and the variance 1/6.
"""

import numpy as np

CONSTANT_ERROR = 1 / 6
"""Of always answering 1, the mean: the least that is possible without the input."""
GUESSING_ERROR = 1 / 3
"""Of answering at random, with the sum of two other such numbers: two independent variances."""
ONE_NUMBER_ERROR = 1 / 12
"""Of remembering one of the two numbers exactly and the other not at all."""


def adding(rng, steps, batch):
    """A batch of sequences and the sums to tell.

    Returns x (steps, batch, 2) and y (batch,), float32. Channel 0 holds uniform numbers from [0, 1). Channel 1 is 1 at
    the two marked steps, one drawn uniformly from the first half (of an odd length, the shorter one), the other from
    the second, and 0 at all others. Raises ValueError for fewer than two steps or no sequence.
    """
    if steps < 2 or batch < 1:
        raise ValueError(f"adding needs at least two steps and one sequence, got steps={steps}, batch={batch}")
    x = np.zeros((steps, batch, 2), np.float32)
    x[:, :, 0] = rng.random((steps, batch), np.float32)
    each = np.arange(batch)
    first, second = rng.integers(0, steps // 2, batch), rng.integers(steps // 2, steps, batch)
    x[first, each, 1] = x[second, each, 1] = 1
    return x, x[first, each, 0] + x[second, each, 0]
