import numpy as np
import pytest

from unrolled.tasks.caption import GLYPHS, LETTERS, NAMES, STEPS, caption


def test_a_picture_comes_first_and_its_name_is_to_be_written():
    x, letters = caption(np.random.default_rng(0), 300, noise=0)
    assert x.shape == (STEPS, 300, 15) and x.dtype == np.float32 and letters.shape == (STEPS, 300)
    assert not x[1:].any()
    for picture, name in zip(x[0], letters.T):
        glyph = "".join(str(int(pixel)) for pixel in picture)
        assert "".join(LETTERS[k] for k in name).rstrip() == NAMES[GLYPHS.index(glyph)]


def test_the_ten_digits_differ_and_all_occur():
    assert len(set(GLYPHS)) == len(set(NAMES)) == 10 and all(len(glyph) == 15 for glyph in GLYPHS)
    _, letters = caption(np.random.default_rng(0), 300)
    assert len({tuple(name) for name in letters.T}) == 10


def test_the_noise_is_as_large_as_said():
    quiet, loud = (caption(np.random.default_rng(0), 2000, noise)[0][0] for noise in (0, 0.2))
    assert abs((loud - quiet).std() - 0.2) < 0.005


@pytest.mark.parametrize("batch, noise", [(0, 0.1), (3, -0.1)])
def test_nothing_to_see_is_refused(batch, noise):
    with pytest.raises(ValueError, match="at least one picture and no negative noise"):
        caption(np.random.default_rng(0), batch, noise)
