"""The exercises of initialization accept their solutions, refuse the usual mistakes, and say something useful."""

from math import comb

import numpy as np
import pytest


def uniform_bound(size, radius):
    return radius * np.sqrt(3 / size)


def start_gates(gates, size, rng):
    return np.concatenate([np.linalg.qr(rng.standard_normal((size, size)))[0] for _ in range(gates)])


def blocks(number, size, rng):
    return [start_gates(1, size, rng) for _ in range(number)]


def irnn_reach(share):
    return max(T for T in range(300) if (comb(2 * T, T) / 4**T) ** 0.5 >= share)


SAYINGS = [
    ("uniform-bound", uniform_bound, "Correct."),
    ("uniform-bound", lambda n, r: ..., "returns nothing"),
    ("uniform-bound", lambda n, r: np.ones(2), "one number; yours has shape (2,)"),
    ("uniform-bound", lambda n, r: r / np.sqrt(n), "the standard deviation"),
    ("uniform-bound", lambda n, r: r * np.sqrt(12 / n), "half of it"),
    ("uniform-bound", lambda n, r: r * np.sqrt(3 / n) / 2, "half the radius"),
    ("uniform-bound", lambda n, r: 1.0, "sqrt(H) s = 5.77"),
    ("start-gates", start_gates, "Correct."),
    ("start-gates", lambda G, n, rng: None, "returns nothing"),
    ("start-gates", lambda G, n, rng: np.eye(n), "need shape (24, 6); yours has (6, 6)"),
    ("start-gates", lambda G, n, rng: np.tile(np.eye(n), (G, 1)), "some gates have the same matrix; draw one for each"),
    ("start-gates", lambda G, n, rng: np.concatenate((blocks(2, n, rng) * 2)[:G]), "some gates have the same matrix"),
    ("start-gates", lambda G, n, rng: np.kron([[1], [-1], [1], [-1]][:G], *blocks(1, n, rng)), "some gates have the same"),
    ("start-gates", lambda G, n, rng: np.concatenate([*blocks(G - 1, n, rng), np.eye(n)]), "another rng gives the same"),
    ("start-gates", lambda G, n, rng: start_gates(G, n, np.random.default_rng(0)), "another rng gives the same matrix"),
    ("start-gates", lambda G, n, rng: start_gates(G, n, np.random.default_rng()), "the same state gives another matrix"),
    ("start-gates", lambda G, n, rng: np.linalg.qr(rng.standard_normal((G * n, n)))[0], "the whole stack"),
    ("start-gates", lambda G, n, rng: rng.standard_normal((G * n, n)), "a block is not orthogonal"),
    ("irnn-reach", irnn_reach, "Correct."),
    ("irnn-reach", lambda share: None, "returns nothing"),
    ("irnn-reach", lambda share: np.ones(2), "one number; yours has shape (2,)"),
    ("irnn-reach", lambda share: irnn_reach(share**0.5), "goes with its root"),
    ("irnn-reach", lambda share: int(1 / (np.pi * share**4)), "use the exact product"),
    ("irnn-reach", lambda share: irnn_reach(share) + 1, "one step too far"),
    ("irnn-reach", lambda share: 4, "it is not 4 steps"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")
