"""Yearly sunspot numbers, 1700 to 2008: a short real series that nobody can predict perfectly.

The file in `data` is described, licence included, in data/sources.json.
"""

from importlib.resources import files

import numpy as np


def sunspots():
    """The years, integers 1700, ..., 2008, and the sunspot number of each, both (309,)."""
    with (files("unrolled.tasks") / "data" / "sunspots.csv").open() as lines:
        year, number = np.loadtxt(lines, delimiter=",", skiprows=1, unpack=True)
    return year.astype(int), number


def windows(series, length):
    """Each value of a series and the `length` values before it: x (length, N), oldest first, and following (N,).

    Raises ValueError where no value has so many before it.
    """
    if not 1 <= length < len(series):
        raise ValueError(f"a window has between 1 and {len(series) - 1} of the {len(series)} values, not {length}")
    return np.lib.stride_tricks.sliding_window_view(series, length)[:-1].T, series[length:]
