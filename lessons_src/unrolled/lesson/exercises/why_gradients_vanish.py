"""The tests behind the exercises of why-gradients-vanish."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something


@exercise("carry-back")
def _carry_back(answer):
    """answer(U, h, delta) -> the gradient at the initial state of a tanh RNN."""
    rng = np.random.default_rng(0)
    for steps in (1, 3, 6):
        U, h, delta = rng.normal(size=(4, 4)), np.tanh(rng.normal(size=(steps, 4))), rng.normal(size=4)
        expected = delta
        for state in h[::-1]:
            expected = U.T @ ((1 - state**2) * expected)
        got = something(answer(U.copy(), h.copy(), delta.copy()))
        if np.shape(got) != (4,):
            raise NotYet(f"the gradient at the initial state has one entry per unit, shape (4,); yours has {np.shape(got)}.")
        if steps == 1 and np.allclose(got, U @ ((1 - h[0] ** 2) * delta)):
            raise NotYet("you multiply by U; going backwards it is U transposed.")
        if steps > 1 and np.allclose(got, expected_in_order(U, h, delta)):
            raise NotYet("you start from the first step; the gradient arrives at the last step first.")
        if not np.allclose(got, expected):
            raise NotYet(f"for {steps} step(s) the gradient is off by {np.abs(got - expected).max():.2g}.")


def expected_in_order(U, h, delta):
    """The answer of someone who walks the steps forwards."""
    for state in h:
        delta = U.T @ ((1 - state**2) * delta)
    return delta


@exercise("how-long")
def _how_long(answer):
    """answer(sigma, gamma, floor) -> the first lag at which the bound guarantees a factor below floor, or None."""
    for sigma, gamma, floor, expected in ((0.5, 1.0, 1e-3, 10), (2.0, 0.25, 1e-6, 20), (0.95, 1.0, 1e-2, 90)):
        got = answer(sigma, gamma, floor)
        if got is None:
            raise NotYet(f"for sigma = {sigma}, gamma = {gamma} the bound does fall below {floor}; at which lag?")
        if got == expected - 1:
            raise NotYet(f"for sigma = {sigma}, gamma = {gamma}, floor = {floor} you are one step short: the bound must be below.")
        if got != expected:
            raise NotYet(f"for sigma = {sigma}, gamma = {gamma}, floor = {floor} it is not {got}.")
    for sigma, gamma in ((1.0, 1.0), (1.3, 1.0), (4.0, 0.25)):
        if answer(sigma, gamma, 1e-3) is not None:
            raise NotYet(f"for sigma = {sigma}, gamma = {gamma} the bound guarantees nothing; return None.")


@exercise("forget-bias")
def _forget_bias(answer):
    """answer(steps) -> the forget-gate bias at which a constant gate halves the gradient in that many steps."""
    for steps in (1, 10, 100):
        bias = something(answer(steps))
        gate = 1 / (1 + np.exp(-np.asarray(bias, float)))
        if np.shape(bias) != ():
            raise NotYet(f"the bias is one number; yours has shape {np.shape(bias)}.")
        if abs(gate - 0.5 ** (1 / steps)) < 1e-9:
            continue
        if abs(bias - 0.5 ** (1 / steps)) < 1e-9:
            raise NotYet("that is the gate's value; the bias is what the sigmoid turns into it.")
        raise NotYet(f"with your bias the gate is {gate:.4f}, and {gate:.4f}^{steps} = {gate**steps:.4f}, not one half.")
