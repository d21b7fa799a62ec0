"""Caption: look at a picture of a digit once, then spell its name.

The smallest relative of image captioning: one input, an output at every step.
"""

import numpy as np

# Each digit as three by five pixels, row by row.
GLYPHS = (
    "111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001",
    "111100111001111", "111100111101111", "111001010010010", "111101111101111", "111101111001111",
)  # fmt: skip
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS = "".join(sorted({" ", *"".join(NAMES)}))
STEPS = max(map(len, NAMES))


def caption(rng, batch, noise=0.2):
    """A batch of pictures and the letters to write, names filled up with spaces.

    Returns x (STEPS, batch, 15) float32, the picture at the first step and zeros after it, with normal noise of that
    standard deviation on its pixels, which are 0 or 1; and letters (STEPS, batch), places in LETTERS.
    Raises ValueError for an empty batch or negative noise.
    """
    if batch < 1 or noise < 0:
        raise ValueError(f"caption needs at least one picture and no negative noise, got batch={batch}, noise={noise}")
    digit = rng.integers(10, size=batch)
    x = np.zeros((STEPS, batch, 15), np.float32)
    x[0] = np.array([list(map(int, glyph)) for glyph in GLYPHS])[digit] + noise * rng.standard_normal((batch, 15))
    names = np.array([[LETTERS.index(letter) for letter in name.ljust(STEPS)] for name in NAMES])
    return x, names[digit].T
