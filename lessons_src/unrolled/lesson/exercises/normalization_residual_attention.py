"""The tests behind the exercises of normalization-residual-attention."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something


@exercise("normaliser-back")
def _normaliser_back(answer):
    """answer(a, d) -> dL/da, where d is the gradient at a normalised over its last axis."""
    rng = np.random.default_rng(0)
    for size in (3, 6):
        a, d = 2 * rng.normal(size=(4, size)) + 1, rng.normal(size=(4, size))
        s = a.std(-1, keepdims=True)
        y = (a - a.mean(-1, keepdims=True)) / s
        along, mean = y * (d * y).mean(-1, keepdims=True), d.mean(-1, keepdims=True)
        got = something(answer(a.copy(), d.copy()))
        if np.shape(got) != a.shape:
            raise NotYet(f"the gradient has the shape of a, {a.shape}; yours has {np.shape(got)}.")
        if np.allclose(got, d / s):
            raise NotYet("the mean and the standard deviation depend on a, too; a normaliser also projects.")
        if np.allclose(got, (d - mean) / s):
            raise NotYet("the standard deviation depends on a, too: a change along y is divided away.")
        if np.allclose(got, d - mean - along):
            raise NotYet("the projection is right; what is left is divided by the standard deviation.")
        if not np.allclose(got, (d - mean - along) / s):
            raise NotYet(f"for {size} units the gradient is off by {np.abs(got - (d - mean - along) / s).max():.2g}.")


@exercise("score-gradient")
def _score_gradient(answer):
    """answer(h, e, g) -> dL/de for m = sum of softmax(e) h, from g = dL/dm."""
    rng = np.random.default_rng(0)
    for scores in (np.zeros(5), rng.normal(size=5), 1000 + rng.normal(size=5)):
        h, g = np.tanh(rng.normal(size=(5, 4))), rng.normal(size=4)
        alpha = np.exp(scores - scores.max())
        alpha /= alpha.sum()
        got = something(answer(h.copy(), scores.copy(), g.copy()))
        if np.shape(got) != (5,):
            raise NotYet(f"there is one gradient for each of 5 scores, shape (5,); yours has {np.shape(got)}.")
        if not np.isfinite(got).all():
            raise NotYet("for scores near 1000 exp overflows; a softmax does not change when all scores fall alike.")
        if np.allclose(got, alpha * (h @ g)):
            raise NotYet("a score also takes weight from all other states: what counts is h_s less the mean m.")
        expected = alpha * ((h - alpha @ h) @ g)
        if not np.allclose(got, expected):
            raise NotYet(f"the gradient is off by {np.abs(got - expected).max():.2g}.")


@exercise("making-up-gain")
def _making_up_gain(answer):
    """answer(share) -> the gain at which share times C(gain) is one."""
    z = np.linspace(-10, 10, 2001)
    density = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()

    def C(gain):
        tanh = np.tanh(gain * z)
        return gain**2 * (density @ (1 - tanh**2) ** 2) / (density @ tanh**2)

    for share in (0.9, 0.5, 0.2):
        gain = something(answer(share))
        if np.shape(gain) != ():
            raise NotYet(f"the gain is one number; yours has shape {np.shape(gain)}.")
        left = share * C(float(gain))
        if abs(left - 1) < 1e-3:
            continue
        raise NotYet(f"for a share of {share} your gain leaves {left:.3g} of the gradient's square per step, not 1.")
