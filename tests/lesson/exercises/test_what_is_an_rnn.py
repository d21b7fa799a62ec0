"""The exercises of what-is-an-rnn accept their solutions, refuse the usual mistakes, and say something useful."""

import numpy as np
import pytest


def read(W, U, b, x, loop=True):
    h, states = np.zeros(len(b)), []
    for x_t in x:
        states.append(np.tanh(W @ x_t + U @ h + b))
        h = states[-1] if loop else h
    return np.array(states)


def how_many(inputs, units, outputs, steps):
    return units * (inputs + units + 1) + outputs * (units + 1)


def recurrent_layer(inputs, units, outputs, steps):
    return units * (inputs + units + 1)


def hidden_direction(V):
    return np.linalg.svd(V)[2][-1]


def stands(w):
    h = np.sqrt(1 - 1 / w)
    return w * h - np.arctanh(h)


SAYINGS = [
    ("read-a-sequence", read, "Correct."),
    ("read-a-sequence", lambda W, U, b, x: None, "returns nothing"),
    ("read-a-sequence", lambda W, U, b, x: read(W, U, b, x)[-1], "yours has (4,)"),
    ("read-a-sequence", lambda W, U, b, x: read(W, U, b, x, loop=False), "start from the state before it"),
    ("read-a-sequence", lambda W, U, b, x: read(W, U, 0 * b, x), "the bias is missing"),
    ("read-a-sequence", lambda W, U, b, x: read(W, U.T, b, x), "U transposed"),
    ("read-a-sequence", lambda W, U, b, x: 2 * read(W, U, b, x), "off by"),
    ("how-many-weights", how_many, "Correct."),
    ("how-many-weights", lambda *sizes: ..., "returns nothing"),
    ("how-many-weights", lambda i, h, o, steps: steps * how_many(i, h, o, steps), "once per step"),
    ("how-many-weights", recurrent_layer, "the read-out"),
    ("how-many-weights", lambda i, h, o, steps: how_many(i, h, o, steps) - h - o, "the biases are missing"),
    ("how-many-weights", lambda i, h, o, steps: 1, "it is not 1"),
    ("what-the-output-hides", hidden_direction, "Correct."),
    ("what-the-output-hides", lambda V: None, "returns nothing"),
    ("what-the-output-hides", lambda V: hidden_direction(V)[None], "yours has (1, 2)"),
    ("what-the-output-hides", lambda V: 2 * hidden_direction(V), "yours has 2"),
    ("what-the-output-hides", lambda V: np.linalg.svd(V)[2][0], "changes the output by"),
    ("latch-stands", stands, "Correct."),
    ("latch-stands", lambda w: None, "returns nothing"),
    ("latch-stands", lambda w: np.ones(2), "yours has shape (2,)"),
    ("latch-stands", lambda w: -stands(w), "c is positive"),
    ("latch-stands", lambda w: np.sqrt(1 - 1 / w), "c is the input"),
    ("latch-stands", lambda w: w, "turns the state"),
    ("latch-stands", lambda w: 0.0, "a somewhat larger one"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")
