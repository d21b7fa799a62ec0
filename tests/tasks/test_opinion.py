import numpy as np
import pytest

from unrolled.tasks.opinion import BAD, GOOD, NOT, opinion


@pytest.mark.parametrize("steps", [3, 4, 7])
def test_not_turns_the_word_after_it(steps):
    x, praise = opinion(np.random.default_rng(0), steps, 1000)
    assert x.shape == (steps, 1000, 8) and x.dtype == np.float32 and (x.sum(-1) == 1).all()
    for words, meant in zip(x.argmax(-1).T.tolist(), praise):
        (place,) = (k for k, word in enumerate(words) if word in (GOOD, BAD))
        assert words.count(NOT) == 1
        negated = place > 0 and words[place - 1] == NOT
        assert meant == ((words[place] == GOOD) != negated)


def test_the_words_alone_tell_nothing():
    x, praise = opinion(np.random.default_rng(0), 5, 4000)
    present = x.sum(0)[:, [GOOD, BAD]] > 0
    for word in present.T:
        assert abs(praise[word].mean() - 0.5) < 0.05
    assert abs(praise.mean() - 0.5) < 0.03


@pytest.mark.parametrize("steps, batch", [(2, 1), (5, 0)])
def test_too_short_a_sentence_is_refused(steps, batch):
    with pytest.raises(ValueError, match="at least three words and one sentence"):
        opinion(np.random.default_rng(0), steps, batch)
