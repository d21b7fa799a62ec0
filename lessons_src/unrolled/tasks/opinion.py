"""Opinion: a sentence of toy words is praise or blame, and "not" turns the word after it round.

Many inputs, one output. Every sentence has one "not", one word that praises or blames, and for the rest words that say
nothing; so which words there are does not tell, only whether "not" stands right before the word that counts.
"""

import numpy as np

WORDS = ("good", "bad", "not", "the", "a", "film", "it", "is")
GOOD, BAD, NOT = range(3)


def opinion(rng, steps, batch):
    """A batch of sentences and what they mean.

    Returns x (steps, batch, 8) float32, one-hot in WORDS, and praise (batch,) of 0 and 1. Half of the words that count
    are negated. Raises ValueError for fewer than three words a sentence or none of them.
    """
    if steps < 3 or batch < 1:
        raise ValueError(f"opinion needs at least three words and one sentence, got steps={steps}, batch={batch}")
    words = rng.integers(NOT + 1, len(WORDS), (steps, batch))
    sentences = np.arange(batch)
    negated = rng.integers(2, size=batch)
    counts = rng.integers(1, steps, batch)  # where the word that counts stands: never first, so that "not" may precede
    kind = rng.integers(2, size=batch)
    elsewhere = rng.integers(steps - 2, size=batch)  # any place but the word's and the one before it
    elsewhere += 2 * (elsewhere >= counts - 1)
    words[counts, sentences] = kind
    words[np.where(negated, counts - 1, elsewhere), sentences] = NOT
    return np.eye(len(WORDS), dtype=np.float32)[words], ((kind == GOOD) ^ (negated == 1)).astype(int)
