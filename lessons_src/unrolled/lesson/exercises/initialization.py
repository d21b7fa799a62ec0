"""The tests behind the exercises of initialization."""

from itertools import combinations

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something


@exercise("uniform-bound")
def _uniform_bound(answer):
    """answer(size, radius) -> a, so that the spectral radius of entries uniform on +-a tends to radius."""
    for size, radius in ((100, 1.0), (128, 3**-0.5), (64, 0.9)):
        got = something(answer(size, radius))
        if np.shape(got) != ():
            raise NotYet(f"the bound is one number; yours has shape {np.shape(got)}.")
        deviation = radius / np.sqrt(size)
        for wrong, hint in (
            (deviation, "that is the standard deviation; a uniform distribution on +-a has a smaller one than a."),
            (deviation * 12**0.5, "that is the width of the interval; a is half of it."),
            (deviation * 3**0.5 / 2, "that gives half the radius; only the largest singular value tends to twice sqrt(H) s."),
        ):
            if np.isclose(got, wrong):
                raise NotYet(hint)
        if not np.isclose(got, deviation * 3**0.5):
            yours = abs(got) * np.sqrt(size / 3)
            raise NotYet(f"for {size} units and radius {radius:.3g} your entries have sqrt(H) s = {yours:.3g}.")


@exercise("start-gates")
def _start_gates(answer):
    """answer(gates, size, rng) -> (gates * size, size), each gate's block orthogonal and drawn by itself."""
    for gates, size in ((4, 6), (3, 4), (1, 5)):
        got = something(answer(gates, size, np.random.default_rng(0)))
        if np.shape(got) != (gates * size, size):
            raise NotYet(f"{gates} gates of {size} units need shape {(gates * size, size)}; yours has {np.shape(got)}.")
        blocks = np.asarray(got).reshape(gates, size, size)
        if any(np.allclose(abs(one), abs(other)) for one, other in combinations(blocks, 2)):
            raise NotYet("some gates have the same matrix; draw one for each.")
        if not np.allclose(blocks @ blocks.transpose(0, 2, 1), np.eye(size)):
            if np.allclose(np.asarray(got).T @ got, np.eye(size)):
                raise NotYet("the columns of the whole stack are orthonormal; the blocks are not orthogonal.")
            raise NotYet("a block is not orthogonal.")
        if not np.array_equal(got, answer(gates, size, np.random.default_rng(0))):
            raise NotYet("rng in the same state gives another matrix; draw every block from rng.")
        other = np.reshape(answer(gates, size, np.random.default_rng(1)), blocks.shape)
        if any(np.allclose(abs(one), abs(two)) for one, two in zip(blocks, other)):
            raise NotYet("another rng gives the same matrix; draw every block from rng.")


@exercise("irnn-reach")
def _irnn_reach(answer):
    """answer(share) -> the longest sequence whose first state keeps at least that share of the gradient in an IRNN."""
    for share in (0.45, 0.35, 0.2):
        right = _longest(share**2)
        got = something(answer(share))
        if np.shape(got) != ():
            raise NotYet(f"the length is one number; yours has shape {np.shape(got)}.")
        if got == right:
            continue
        if got == int(1 / (np.pi * share**4)):
            raise NotYet("that is from u_T near 1/sqrt(pi T), which is a little too large; use the exact product.")
        if got == _longest(share):
            raise NotYet("that is where the share of the units falls below; the norm of the gradient goes with its root.")
        if got == right + 1:
            raise NotYet(f"for a share of {share} you are one step too far: with {right + 1} steps less is left.")
        raise NotYet(f"for a share of {share} it is not {got} steps.")


def _longest(floor):
    """The largest T at which the share of units without a new minimum in T steps is at least the floor."""
    steps, u = 0, 1.0
    while u * (2 * steps + 1) / (2 * steps + 2) >= floor:
        steps, u = steps + 1, u * (2 * steps + 1) / (2 * steps + 2)
    return steps
