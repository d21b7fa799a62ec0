"""The exercises of rnn-vs-ann-training accept their solutions, refuse the usual mistakes, and say something useful."""

import numpy as np
import pytest


def shared_weight(h, delta):
    return delta.T @ h[:-1]


def cut_it(U, h, d_last, k):
    dU, arrives = np.zeros_like(U), d_last
    for t in range(len(h) - 1, len(h) - 1 - k, -1):
        delta = (1 - h[t] ** 2) * arrives
        dU += np.outer(delta, h[t - 1])
        arrives = U.T @ delta
    return dU


def stream_in_rows(stream, rows, piece):
    length = len(stream) // rows // piece * piece
    return stream[: rows * length].reshape(rows, length).T.reshape(-1, piece, rows)


def dropped_between_the_rows(stream, rows, piece):
    length = len(stream) // rows // piece * piece
    return np.stack([part[:length] for part in np.array_split(stream, rows)], 1).reshape(-1, piece, rows)


def the_same_in_every_row(stream, rows, piece):
    length = len(stream) // rows // piece * piece
    return np.stack([stream[:length]] * rows, 1).reshape(-1, piece, rows)


def one_row_backwards(stream, rows, piece):
    pieces = stream_in_rows(stream, rows, piece)
    pieces[:, :, -1] = pieces[::-1, ::-1, -1]
    return pieces


def reshaped_only(stream, rows, piece):
    length = len(stream) // rows // piece * piece
    return stream[: rows * length].reshape(-1, piece, rows)


def last_valid(outputs, lengths):
    return outputs[lengths - 1, np.arange(len(lengths))]


SAYINGS = [
    ("shared-weight", shared_weight, "Correct."),
    ("shared-weight", lambda h, delta: None, "returns nothing"),
    ("shared-weight", lambda h, delta: delta, "shape (1, 4)"),
    ("shared-weight", lambda h, delta: shared_weight(h, delta).T, "the transpose"),
    ("shared-weight", lambda h, delta: delta.T @ h[1:], "the state before it"),
    ("shared-weight", lambda h, delta: shared_weight(h, delta) / len(delta), "the chain rule adds"),
    ("shared-weight", lambda h, delta: np.outer(delta[-1], h[-2]), "the last step's term alone"),
    ("shared-weight", lambda h, delta: 2 * shared_weight(h, delta), "off by"),
    ("cut-it", cut_it, "Correct."),
    ("cut-it", lambda U, h, d_last, k: ..., "returns nothing"),
    ("cut-it", lambda U, h, d_last, k: d_last, "shape (4,)"),
    ("cut-it", lambda U, h, d_last, k: cut_it(U, h, d_last, 6), "that is the full gradient"),
    ("cut-it", lambda U, h, d_last, k: cut_it(U, h, d_last, k - 1), "that is what 2 step(s) contribute"),
    ("cut-it", lambda U, h, d_last, k: cut_it(U, h, d_last, min(k + 1, 6)), "that is what 4 step(s) contribute"),
    ("cut-it", lambda U, h, d_last, k: cut_it(U.T, h, d_last, k), "off by"),
    ("stream-in-rows", stream_in_rows, "Correct."),
    ("stream-in-rows", dropped_between_the_rows, "Correct."),
    ("stream-in-rows", lambda stream, rows, piece: None, "returns nothing"),
    ("stream-in-rows", reshaped_only, "reshape alone"),
    ("stream-in-rows", lambda s, rows, piece: stream_in_rows(s, rows, piece).swapaxes(1, 2), "give shape"),
    ("stream-in-rows", lambda s, rows, piece: stream_in_rows(s, rows, piece)[::-1], "row 0 reads [4 5 6 7 0 1]"),
    ("stream-in-rows", one_row_backwards, "row 2 reads [23 22 21 20 19 18]"),
    ("stream-in-rows", the_same_in_every_row, "two rows read the same"),
    ("last-valid", last_valid, "Correct."),
    ("last-valid", lambda outputs, lengths: ..., "returns nothing"),
    ("last-valid", lambda outputs, lengths: outputs[-1], "the last column"),
    ("last-valid", lambda outputs, lengths: outputs[lengths - 2, np.arange(4)], "a sequence of length 1"),
    ("last-valid", lambda outputs, lengths: outputs[lengths - 1], "yours has (4, 4, 3)"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")
