"""Every exercise accepts its solution, refuses an empty cell and the usual mistakes, and says something useful."""

import math

import numpy as np
import pytest

from unrolled.lesson import check


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


# foundations/rnn-vs-ann-training


def shared_weight(h, delta):
    return delta.T @ h[:-1]


def cut_it(U, h, delta, k):
    dU = np.zeros_like(U)
    for t in range(len(h) - 1, len(h) - 1 - k, -1):
        da = (1 - h[t] ** 2) * delta
        dU += np.outer(da, h[t - 1])
        delta = U.T @ da
    return dU


def stream_in_rows(stream, rows, piece):
    length = len(stream) // rows // piece * piece
    return stream[: rows * length].reshape(rows, length).T.reshape(-1, piece, rows)


def reshaped_only(stream, rows, piece):
    length = len(stream) // rows // piece * piece
    return stream[: rows * length].reshape(-1, piece, rows)


def last_valid(outputs, lengths):
    return outputs[lengths - 1, np.arange(len(lengths))]


SAYINGS += [
    ("shared-weight", shared_weight, "Correct."),
    ("shared-weight", lambda h, delta: None, "returns nothing"),
    ("shared-weight", lambda h, delta: delta, "shape (1, 4)"),
    ("shared-weight", lambda h, delta: shared_weight(h, delta).T, "the transpose"),
    ("shared-weight", lambda h, delta: delta.T @ h[1:], "the state before it"),
    ("shared-weight", lambda h, delta: shared_weight(h, delta) / len(delta), "the chain rule adds"),
    ("shared-weight", lambda h, delta: np.outer(delta[-1], h[-2]), "the last step's term alone"),
    ("shared-weight", lambda h, delta: 2 * shared_weight(h, delta), "off by"),
    ("cut-it", cut_it, "Correct."),
    ("cut-it", lambda U, h, delta, k: ..., "returns nothing"),
    ("cut-it", lambda U, h, delta, k: delta, "shape (4,)"),
    ("cut-it", lambda U, h, delta, k: cut_it(U, h, delta, 6), "that is the full gradient"),
    ("cut-it", lambda U, h, delta, k: cut_it(U, h, delta, k - 1), "that is what 2 step(s) contribute"),
    ("cut-it", lambda U, h, delta, k: cut_it(U, h, delta, min(k + 1, 6)), "that is what 4 step(s) contribute"),
    ("cut-it", lambda U, h, delta, k: cut_it(U.T, h, delta, k), "off by"),
    ("stream-in-rows", stream_in_rows, "Correct."),
    ("stream-in-rows", lambda stream, rows, piece: None, "returns nothing"),
    ("stream-in-rows", reshaped_only, "reshape alone"),
    ("stream-in-rows", lambda s, rows, piece: stream_in_rows(s, rows, piece).swapaxes(1, 2), "give shape"),
    ("stream-in-rows", lambda s, rows, piece: stream_in_rows(s, rows, piece)[::-1], "it should be the beginning"),
    ("last-valid", last_valid, "Correct."),
    ("last-valid", lambda outputs, lengths: ..., "returns nothing"),
    ("last-valid", lambda outputs, lengths: outputs[-1], "the last column"),
    ("last-valid", lambda outputs, lengths: outputs[lengths - 2, np.arange(4)], "a sequence of length 1"),
    ("last-valid", lambda outputs, lengths: outputs[lengths - 1], "yours has (4, 4, 3)"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(name, answer, saying, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert saying in said
    assert said.startswith("Correct." if saying == "Correct." else "Not yet: ")


def test_an_unknown_exercise_is_an_error_of_the_lesson_not_of_the_reader():
    with pytest.raises(ValueError, match="no exercise is called 'carry-bck'; there are carry-back, "):
        check("carry-bck", carry_back)
