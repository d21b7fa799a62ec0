"""A text as a sequence of 27 symbols: the beginning of Alice's Adventures in Wonderland.

The file in `data` is described, licence included, in data/sources.json.
"""

import re
from importlib.resources import files

import numpy as np

SYMBOLS = " abcdefghijklmnopqrstuvwxyz"


def simplified(text):
    """Small letters and single spaces alone: every run of anything else becomes one space, at the ends nothing."""
    return re.sub("[^a-z]+", " ", text.lower()).strip()


def encode(text):
    """Places in SYMBOLS (len(text),). Raises ValueError for a character that is none of them."""
    strange = sorted(set(text) - set(SYMBOLS))
    if strange:
        raise ValueError(f"expected small letters and spaces, got {', '.join(map(repr, strange))}")
    return np.array([SYMBOLS.index(character) for character in text], dtype=np.int64)


def decode(places):
    """The text of places in SYMBOLS."""
    return "".join(SYMBOLS[place] for place in places)


def alice():
    """Chapters I to IV to learn from and chapter V to be tested on: two simplified texts."""
    text = (files("unrolled.tasks") / "data" / "alice.txt").read_text(encoding="ascii")
    before, heading, after = text.partition("CHAPTER V. ")
    return simplified(before), simplified(heading + after)


def bits_by_counting(seen, new, order):
    """Bits per symbol of `new` by the frequencies of groups of `order` symbols in `seen`, both arrays of places.

    order 1 counts symbols, 2 pairs, 3 triples. A tenth is added to every count, so that what was never seen is not
    impossible. The first order - 1 symbols of `new`, which lack a context, are not counted.
    """
    counts = np.full((len(SYMBOLS),) * order, 0.1)
    groups = lambda places: tuple(places[k : len(places) - order + 1 + k] for k in range(order))
    np.add.at(counts, groups(seen), 1)
    return -np.log2(counts / counts.sum(-1, keepdims=True))[groups(new)].mean()
