"""The tests behind the exercises of bptt-by-hand."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something


@exercise("sweep-back")
def _sweep_back(answer):
    """answer(U, h, direct) -> the gradients at a_1, ..., a_T of a tanh RNN with a loss at every step."""
    rng = np.random.default_rng(0)
    for steps in (1, 2, 12):
        U, h, direct = rng.normal(size=(4, 4)), np.tanh(rng.normal(size=(steps + 1, 4))), rng.normal(size=(steps, 4))
        got = something(answer(U.copy(), h.copy(), direct.copy()))
        if np.shape(got) != (steps, 4):
            raise NotYet(f"for {steps} step(s) of 4 units the shape is ({steps}, 4); yours is {np.shape(got)}.")
        right = _swept(U, h[1:], direct, lambda slope, arrives, own: U.T @ (slope * arrives))
        if np.allclose(got, right):
            continue
        if np.allclose(got, _swept(U, h[:-1], direct, lambda slope, arrives, own: U.T @ (slope * arrives))):
            raise NotYet("you take the slope of step k from the state before it; h[0] is the initial state.")
        if steps == 1:
            raise NotYet("for a single step the result is the slope times `direct`; nothing comes from later steps.")
        for carry, hint in (
            (lambda slope, arrives, own: U @ (slope * arrives), "you carry with U; backwards it is U transposed."),
            (lambda slope, arrives, own: U.T @ arrives, "what you carry to the step before has not passed the slopes."),
            (lambda slope, arrives, own: 0, "later losses are missing; every step but the last hears of them."),
            (
                lambda slope, arrives, own: U.T @ (slope * own),
                "only the loss of the next step arrives; add what has come from further on.",
            ),
        ):
            if np.allclose(got, _swept(U, h[1:], direct, carry)):
                raise NotYet(hint)
        wrong = 1 + int(np.flatnonzero(~np.isclose(got, right).all(1))[-1])
        raise NotYet(f"of {steps} steps, counted from 1, the sweep first goes wrong at step {wrong}.")


def _swept(U, states, direct, carry):
    """The sweep with what each step hands to the one before it given by `carry`."""
    deltas, carried = np.zeros_like(direct), 0.0
    for k in reversed(range(len(direct))):
        slope, arrives = 1 - states[k] ** 2, direct[k] + carried
        deltas[k] = slope * arrives
        carried = carry(slope, arrives, direct[k])
    return deltas


@exercise("check-by-differences")
def _check_by_differences(answer):
    """answer(loss, M, gradient) -> the relative error of a gradient against central differences."""
    rng = np.random.default_rng(0)
    C, M = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))

    def loss(M):
        return float(np.sum(C * np.exp(M)))

    gradient, kept = C * np.exp(M), M.copy()
    got = something(answer(loss, M, gradient.copy()))
    if not np.array_equal(M, kept):
        raise NotYet("your function changes M; the reader of its result still needs it.")
    if np.shape(got) != ():
        raise NotYet(f"the relative error is one number; yours has shape {np.shape(got)}.")
    if not got < 1e-4:
        raise NotYet(f"for a right gradient you report an error of {float(got):.2g}.")
    if not got < 1e-8:
        raise NotYet(
            f"you report {float(got):.2g} for a right gradient: a one-sided difference, or a poor step?"
        )
    for scale, factor, times in ((1.0, 0.5, "half"), (1e-3, 0.5, "half"), (1.0, 2.0, "twice")):
        got = answer(lambda M: scale * loss(M), M, factor * scale * gradient)
        if not abs(got - 0.5) < 1e-6:
            norm = scale * np.linalg.norm(gradient)
            raise NotYet(f"for {times} a gradient of norm {norm:.2g} the error is 0.5; you report {float(got):.2g}.")
    wrong = gradient.copy()
    wrong[2, 3] *= -1
    expected = 2 * abs(gradient[2, 3]) / np.linalg.norm(gradient)
    got = answer(loss, M, wrong)
    if not abs(got - expected) < 1e-6:
        raise NotYet(f"with the sign of one entry wrong the error is {expected:.2g}; you report {float(got):.2g}.")


@exercise("rtrl-one-unit")
def _rtrl_one_unit(answer):
    """answer(w, u, x) -> dh_T/du of h_t = tanh(w x_t + u h_{t-1}), from h_0 = 0."""
    rng = np.random.default_rng(0)
    w, u = 0.8, 1.3
    for steps in (1, 2, 6):
        x = rng.normal(size=steps)
        h, derivative, late, immediate = 0.0, 0.0, 0.0, 0.0
        for x_t in x:
            before, h = h, np.tanh(w * x_t + u * h)
            slope = 1 - h**2
            derivative, immediate = slope * (before + u * derivative), slope * before
            late = slope * (h + u * late)
        got = something(answer(w, u, x.copy()))
        if np.shape(got) != ():
            raise NotYet(f"the derivative is one number; yours has shape {np.shape(got)}.")
        if abs(got - derivative) < 1e-13:
            continue
        if abs(got - derivative) < 1e-4:
            raise NotYet("near, but not exact: carry the derivative along instead of a difference of two runs.")
        if abs(got - late) < 1e-9:
            raise NotYet("you use the new state where the old one belongs: u multiplies the state before the step.")
        if steps > 2 and abs(got - immediate) < 1e-9:
            raise NotYet("that is what the last step does; the derivative of the state before it is missing.")
        if steps > 1 and abs(got) < 1e-12:
            raise NotYet("your derivative stays zero: u h depends on u directly, too.")
        raise NotYet(f"for {steps} step(s) it is {derivative:.6f}, you have {float(got):.6f}.")
