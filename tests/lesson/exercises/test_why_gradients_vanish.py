"""The exercises of why-gradients-vanish accept their solutions, refuse the usual mistakes, and say something useful."""

import math

import numpy as np
import pytest


def carry_back(U, h, delta):
    for state in h[::-1]:
        delta = U.T @ ((1 - state**2) * delta)
    return delta


def how_long(sigma, gamma, floor):
    if sigma * gamma >= 1:
        return None
    return math.floor(math.log(floor) / math.log(sigma * gamma)) + 1


def forget_bias(steps):
    gate = 0.5 ** (1 / steps)
    return np.log(gate / (1 - gate))


def not_transposed(U, h, delta):
    for state in h[::-1]:
        delta = U @ ((1 - state**2) * delta)
    return delta


def forwards(U, h, delta):
    for state in h:
        delta = U.T @ ((1 - state**2) * delta)
    return delta


SAYINGS = [
    ("carry-back", carry_back, "Correct."),
    ("carry-back", lambda U, h, delta: ..., "returns nothing"),
    ("carry-back", not_transposed, "U transposed"),
    ("carry-back", forwards, "the last step first"),
    ("carry-back", lambda U, h, delta: U.T @ ((1 - h[-1] ** 2) * delta), "off by"),
    ("carry-back", lambda U, h, delta: U, "shape (4,)"),
    ("how-long", how_long, "Correct."),
    ("how-long", lambda s, g, f: None, "does fall below"),
    ("how-long", lambda s, g, f: how_long(s, g, f) and how_long(s, g, f) - 1, "one step short"),
    ("how-long", lambda s, g, f: 7, "it is not 7"),
    ("how-long", lambda s, g, f: how_long(min(s * g, 0.999), 1, f), "return None"),
    ("forget-bias", forget_bias, "Correct."),
    ("forget-bias", lambda n: None, "returns nothing"),
    ("forget-bias", lambda n: 0.5 ** (1 / n), "the gate's value"),
    ("forget-bias", lambda n: 1.0, "not one half"),
    ("forget-bias", lambda n: np.zeros(3), "shape (3,)"),
    ("forget-bias", lambda n: n / 0, "ZeroDivisionError"),
    ("forget-bias", ..., "no answer"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")
