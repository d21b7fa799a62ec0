"""Reversal: read a sequence of symbols to its end, then write it backwards.

Many inputs, then many outputs: nothing can be written before all is read, as in translation.
"""


def reversal(rng, steps, batch, symbols):
    """A batch of sequences and what to write: x and y (steps, batch), integers below `symbols`, y[t] = x[steps - 1 - t].

    Raises ValueError for a size below 1.
    """
    if min(steps, batch, symbols) < 1:
        raise ValueError(f"reversal needs sizes of at least 1, got steps={steps}, batch={batch}, symbols={symbols}")
    x = rng.integers(symbols, size=(steps, batch))
    return x, x[::-1].copy()
