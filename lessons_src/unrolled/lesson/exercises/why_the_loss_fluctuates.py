"""The tests behind the exercises of why-the-loss-fluctuates."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something


@exercise("clip-together")
def _clip_together(answer):
    """answer(gradients, limit) -> the list of arrays, scaled together to a norm of at most limit."""
    rng = np.random.default_rng(0)
    for scale, limit in ((10.0, 1.0), (10.0, 7.0), (1e-3, 1.0)):
        gradients = [size * scale * rng.normal(size=shape) for size, shape in ((1, (3, 4)), (0.5, 6), (0.1, 5))]
        kept = [g.copy() for g in gradients]
        got = something(answer(gradients, limit))
        if not all(np.array_equal(g, k) for g, k in zip(gradients, kept)):
            raise NotYet("your function changes the arrays that it is given; return new ones.")
        if len(got) != len(kept) or any(np.shape(a) != g.shape for a, g in zip(got, kept)):
            raise NotYet("the result is a list of arrays of the shapes that came in.")
        norm = np.sqrt(sum((g**2).sum() for g in kept))
        if all(np.allclose(a, g * min(1, limit / norm), rtol=1e-5) for a, g in zip(got, kept)):
            if any(np.shares_memory(a, g) for a in got for g in gradients):
                raise NotYet("return new arrays, also where nothing is clipped.")
            continue
        if norm <= limit:
            raise NotYet(f"a gradient of norm {norm:.2g} and a limit of {limit:g}: there is nothing to clip.")
        if all(np.allclose(a, g * min(1, limit / np.linalg.norm(g)), rtol=1e-5) for a, g in zip(got, kept)):
            raise NotYet("you scale each array by its own norm; one factor for all keeps the direction.")
        if all(np.allclose(a, np.clip(g, -limit, limit)) for a, g in zip(got, kept)):
            raise NotYet("you cut the entries; scale all of them by one factor.")
        after = np.sqrt(sum((np.asarray(a) ** 2).sum() for a in got))
        raise NotYet(f"for a limit of {limit:g} the clipped gradient has norm {after:.4g}.")
    with np.errstate(all="ignore"):
        still = answer([np.zeros(3)], 1.0)
    if not np.array_equal(still[0], np.zeros(3)):
        raise NotYet("a gradient of zeros must stay zeros; do you divide by its norm?")


@exercise("rotation")
def _rotation(answer):
    """answer(g, limit) -> the angle in degrees by which clipping by value turns g."""
    cases = ((np.array([100.0, 0.5]), 1.0), (np.array([3.0, -4.0, 12.0]), 2.0), (np.array([0.3, -0.5]), 1.0))
    for g, limit in cases:
        clipped = np.clip(g, -limit, limit)
        cosine = g @ clipped / np.linalg.norm(g) / np.linalg.norm(clipped)
        expected = np.degrees(np.arccos(min(cosine, 1.0)))
        got = something(answer(g.copy(), limit))
        if np.shape(got) != ():
            raise NotYet(f"the angle is one number; yours has shape {np.shape(got)}.")
        if abs(got - expected) < 1e-4:
            continue
        if abs(got - np.radians(expected)) < 1e-6:
            raise NotYet("that is the angle in radians; the answer is wanted in degrees.")
        if not np.isfinite(got):
            raise NotYet(f"for g = {g} you get {got}: rounding can lift a cosine above 1.")
        if abs(got) < 1e-4:
            raise NotYet(f"clipping by value does turn {g} at a limit of {limit:g}; clipping by norm would not.")
        raise NotYet(f"for g = {g} and a limit of {limit:g} it is not {float(got):.4f} degrees.")


@exercise("wall-slope")
def _wall_slope(answer):
    """answer(u, T) -> dh_T/db on the wall of the one-unit network."""
    for u, T in ((5.0, 1), (5.0, 3), (6.0, 20), (4.0, 7), (2.0, 30)):
        expected = 0.25 * sum((u / 4) ** k for k in range(T))
        got = something(answer(u, T))
        if np.shape(got) != ():
            raise NotYet(f"the slope is one number; yours has shape {np.shape(got)}.")
        if abs(got - expected) <= 1e-9 * expected:
            continue
        if u == 4 and not np.isfinite(got):
            raise NotYet("at u = 4 every step adds the same; the closed form divides by zero there.")
        if abs(got - 0.25 * sum((u / 4) ** k for k in range(T + 1))) <= 1e-9 * expected:
            raise NotYet(f"for T = {T} you add one term too many; b acts {T} time(s).")
        if T > 1 and abs(got - 0.25 * (u / 4) ** (T - 1)) <= 1e-9 * expected:
            raise NotYet("that is what the first use of b does; b acts at every step.")
        raise NotYet(f"for u = {u:g}, T = {T} the slope is not {float(got):.6g}.")
