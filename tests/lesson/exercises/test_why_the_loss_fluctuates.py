"""The exercises of why-the-loss-fluctuates accept their solutions, refuse the usual mistakes, and say something useful."""

import math

import numpy as np
import pytest


def clip_together(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * (limit / norm if norm > limit else 1) for g in gradients]


def clip_in_place(gradients, limit):
    for g in gradients:
        g *= 0.5
    return gradients


def normalise(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * limit / norm for g in gradients]


def clip_unless_short(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return gradients if norm <= limit else [g * limit / norm for g in gradients]


def clip_by_the_ends(gradients, limit):
    norm = np.sqrt((gradients[0] ** 2).sum() + (gradients[-1] ** 2).sum())
    return [g * (limit / norm if norm > limit else 1) for g in gradients]


def clip_unguarded(gradients, limit):
    factor = np.minimum(1, limit / np.sqrt(sum((g**2).sum() for g in gradients)))
    return [np.where(g == 0, np.nan, g) * factor for g in gradients]


def rotation(g, limit):
    clipped = np.clip(g, -limit, limit)
    return np.degrees(np.arccos(min(g @ clipped / np.linalg.norm(g) / np.linalg.norm(clipped), 1)))


def wall_slope(u, T):
    return 0.25 * sum((u / 4) ** k for k in range(T))


SAYINGS = [
    ("clip-together", clip_together, "Correct."),
    ("clip-together", lambda gradients, limit: None, "returns nothing"),
    ("clip-together", clip_in_place, "changes the arrays"),
    ("clip-together", lambda gradients, limit: gradients[:1], "of the shapes that came in"),
    ("clip-together", normalise, "there is nothing to clip"),
    ("clip-together", lambda gs, limit: [clip_together([g], limit)[0] for g in gs], "by its own norm"),
    ("clip-together", lambda gs, limit: [np.clip(g, -limit, limit) for g in gs], "cut the entries"),
    ("clip-together", lambda gs, limit: clip_together(gs, 2 * limit), "has norm 2"),
    ("clip-together", clip_unless_short, "new arrays, also where nothing is clipped"),
    ("clip-together", clip_by_the_ends, "the clipped gradient has norm 1.154"),
    ("clip-together", lambda gs, limit: [clip_together(gs, limit)[0], gs[1].copy()], "of the shapes that came in"),
    ("clip-together", clip_unguarded, "must stay zeros"),
    ("rotation", rotation, "Correct."),
    ("rotation", lambda g, limit: ..., "returns nothing"),
    ("rotation", lambda g, limit: g, "one number; yours has shape (2,)"),
    ("rotation", lambda g, limit: np.radians(rotation(g, limit)), "in radians"),
    ("rotation", lambda g, limit: math.nan if np.abs(g).max() < limit else rotation(g, limit), "lift a cosine above 1"),
    ("rotation", lambda g, limit: 0.0, "by norm would not"),
    ("rotation", lambda g, limit: 90.0, "it is not 90.0000 degrees"),
    ("wall-slope", wall_slope, "Correct."),
    ("wall-slope", lambda u, T: None, "returns nothing"),
    ("wall-slope", lambda u, T: np.ones(T), "one number; yours has shape (1,)"),
    ("wall-slope", lambda u, T: math.inf if u == 4 else wall_slope(u, T), "divides by zero there"),
    ("wall-slope", lambda u, T: wall_slope(u, T + 1), "one term too many"),
    ("wall-slope", lambda u, T: 0.25 * (u / 4) ** (T - 1), "b acts at every step"),
    ("wall-slope", lambda u, T: 7.0, "is not 7"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")
