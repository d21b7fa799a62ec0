import numpy as np

from unrolled.experiments.characters import character_model
from unrolled.tasks.text import bits_by_counting, encode

# After "b" comes "c" or "d", in turn: it takes more than the last symbol to know which.
TEXT = encode("abcabd" * 60)


def test_it_learns_what_a_count_of_pairs_cannot_know():
    model = character_model(TEXT, seeds=[0, 1], hidden_size=16, updates=300, rate=0.03)
    bits = model.bits(TEXT[:60])
    assert bits.shape == (2,) and bits.max() < 0.25 < bits_by_counting(TEXT, TEXT, 2)


def test_a_seed_gives_the_same_model_alone_and_beside_another():
    together, alone = (character_model(TEXT, seeds, hidden_size=8, updates=3) for seeds in ([5, 6], [6]))
    np.testing.assert_allclose(together.bits(TEXT)[1], alone.bits(TEXT)[0], rtol=1e-5)
