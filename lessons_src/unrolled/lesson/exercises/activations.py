"""The tests behind the exercises of activations."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something


@exercise("into-sigmoids")
def _into_sigmoids(answer):
    """answer(W, U, b, V, d, h0) -> the six arrays of the sigmoid network with the outputs of this tanh network."""
    rng = np.random.default_rng(0)
    H = 4
    W, U, b, V, d = (rng.normal(size=shape) for shape in ((H, 3), (H, H), (H,), (2, H), (2,)))
    h0, x = np.tanh(rng.normal(size=H)), rng.normal(size=(5, 3))
    got = something(answer(*(array.copy() for array in (W, U, b, V, d, h0))))
    shapes = [np.shape(array) for array in got]
    expected = [(H, 3), (H, H), (H,), (2, H), (2,), (H,)]
    if shapes != expected:
        raise NotYet(f"six arrays of the shapes {expected} are needed; yours are {shapes}.")
    Ws, Us, bs, Vs, ds, s = got
    if not np.allclose(2 * s - 1, h0):
        raise NotYet("your initial state s does not give h = 2s - 1 at the start.")
    if not np.allclose(Vs @ s + ds, V @ h0 + d):
        raise NotYet("the read-out of the initial state differs; h = 2s - 1 goes into V h + d.")
    h = h0
    for t, x_t in enumerate(x, 1):
        h, s = np.tanh(W @ x_t + U @ h + b), 1 / (1 + np.exp(-(Ws @ x_t + Us @ s + bs)))
        if not np.allclose(2 * s - 1, h):
            raise NotYet(f"after step {t} the states differ by {np.abs(2 * s - 1 - h).max():.2g}; look at W, U and b.")
        if not np.allclose(Vs @ s + ds, V @ h + d):
            raise NotYet(f"after step {t} the outputs differ, though the states agree; look at V and d.")


@exercise("masked-product")
def _masked_product(answer):
    """answer(U, h) -> dh_T/dh_0 of a ReLU network, from its states after each step."""
    rng = np.random.default_rng(0)
    for steps in (1, 2, 5):
        U, h = rng.normal(size=(4, 4)), np.maximum(0, rng.normal(0.5, 1, size=(steps, 4)))
        forwards, backwards, behind = np.eye(4), np.eye(4), np.eye(4)
        for state in h:
            on = np.diag((state > 0).astype(float))
            forwards, backwards, behind = on @ U @ forwards, backwards @ on @ U, U @ on @ behind
        got = something(answer(U.copy(), h.copy()))
        if np.shape(got) != (4, 4):
            raise NotYet(f"the Jacobian of 4 units has the shape (4, 4); yours has {np.shape(got)}.")
        if np.allclose(got, forwards):
            continue
        if np.allclose(got, np.linalg.matrix_power(U, steps)):
            raise NotYet("that is a power of U; the units that are off pass nothing.")
        if np.allclose(got, behind):
            raise NotYet("you mask the columns of U; a unit that is off after the step loses its row.")
        if np.allclose(got, backwards):
            raise NotYet("your factors stand in the wrong order; later steps stand on the left.")
        raise NotYet(f"for {steps} step(s) your product is off by {np.abs(got - forwards).max():.2g}.")


@exercise("neutral-scale")
def _neutral_scale(answer):
    """answer(U, h) -> the scale of U at which a ReLU network without input neither grows nor shrinks."""
    rng = np.random.default_rng(0)
    for gain in (0.4, 1.0, 3.0):
        A, B, C, D = (gain * np.abs(rng.normal(size=(6, 6))) / 6 for _ in range(4))
        U = np.block([[A, B], [-C - 3 * D, -2 * D]])    # the lower half is off after the first step, so A alone decides
        h = rng.uniform(0.1, 1, size=12)
        growth = np.abs(np.linalg.eigvals(A)).max()
        got = something(answer(U.copy(), h.copy()))
        if np.shape(got) != ():
            raise NotYet(f"the scale is one number; yours has shape {np.shape(got)}.")
        if abs(got * growth - 1) < 1e-6:
            continue
        if abs(got - np.log(growth)) < 1e-6:
            raise NotYet("that is the growth rate; which c adds its opposite?")
        if abs(got / growth - 1) < 1e-6:
            raise NotYet("that is the growth factor itself; the scale must undo it.")
        if abs(got * np.abs(np.linalg.eigvals(U)).max() - 1) < 1e-6:
            raise NotYet("that is the scale of a linear network; ReLU switches units off, and they drop out of U.")
        raise NotYet(f"with your scale the state is multiplied by {abs(got) * growth:.4g} per step, not 1.")
