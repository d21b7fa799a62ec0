import numpy as np
import pytest

from unrolled.tasks.text import SYMBOLS, alice, bits_by_counting, decode, encode, simplified


def test_alice_is_two_texts_of_letters_and_single_spaces():
    seen, new = alice()
    assert seen.startswith("chapter i down the rabbit hole alice was beginning to get very tired")
    assert new.startswith("chapter v advice from a caterpillar the caterpillar and alice")
    assert 40_000 < len(seen) < 46_000 and 10_000 < len(new) < 12_000
    for text in (seen, new):
        assert set(text) == set(SYMBOLS) and "  " not in text and text == text.strip()


def test_simplifying_keeps_letters():
    assert simplified(' "Oh dear!" I\'ll\nbe LATE -- ') == "oh dear i ll be late"


def test_places_and_text_go_both_ways():
    assert encode("a cab").tolist() == [1, 0, 3, 1, 2] and decode(encode("a cab")) == "a cab"
    with pytest.raises(ValueError, match="got 'B', 'é'"):
        encode("cafBé")


def test_bits_by_counting_are_those_of_the_frequencies():
    coin = np.random.default_rng(0).integers(2, size=20_000)
    share = lambda symbol: (np.sum(coin == symbol) + 0.1) / (len(coin) + 2.7)
    expected = -np.mean([np.log2(share(symbol)) for symbol in coin])
    assert bits_by_counting(coin, coin, 1) == pytest.approx(expected)
    assert bits_by_counting(coin, coin, 2) == pytest.approx(1, abs=0.01)
    cycle = np.arange(3000) % 3
    assert bits_by_counting(cycle, cycle, 1) > 1.5 and bits_by_counting(cycle, cycle, 2) < 0.01
    turn_taking = np.array([0, 1, 1, 0] * 500)  # the last symbol does not tell the next one, the last two do
    assert bits_by_counting(turn_taking, turn_taking, 2) > 0.9 and bits_by_counting(turn_taking, turn_taking, 3) < 0.01


def test_what_was_never_seen_is_not_impossible():
    assert np.isfinite(bits_by_counting(np.zeros(9, int), np.array([1, 2, 3]), 2))
