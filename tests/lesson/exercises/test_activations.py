"""The exercises of activations accept their solutions, refuse the usual mistakes, and say something useful."""

import numpy as np
import pytest


def into_sigmoids(W, U, b, V, d, h0):
    return 2 * W, 4 * U, 2 * b - 2 * U.sum(1), 2 * V, d - V.sum(1), (1 + h0) / 2


def changed(place, change):
    """into_sigmoids with one of its arrays changed."""

    def answer(*arrays):
        right = list(into_sigmoids(*arrays))
        right[place] = change(right[place])
        return right

    return answer


def masked_product(U, h, factor=lambda on, U, product: on @ U @ product):
    product = np.eye(len(U))
    for state in h:
        product = factor(np.diag((state > 0).astype(float)), U, product)
    return product


def constant_output(W, U, b, V, d, h0):
    """The right states, and a read-out that is right for the initial state and the same at every step."""
    *right, Vs, ds, s0 = into_sigmoids(W, U, b, V, d, h0)
    return *right, 0 * Vs, V @ h0 + d, s0


def neutral_scale(U, h, phi=lambda a: np.maximum(0, a)):
    logs = []
    for _ in range(400):
        h = phi(U @ h)
        logs.append(np.log(np.linalg.norm(h)))
        h = h / np.linalg.norm(h)
    return np.exp(-np.mean(logs[200:]))


SAYINGS = [
    ("into-sigmoids", into_sigmoids, "Correct."),
    ("into-sigmoids", lambda *arrays: None, "returns nothing"),
    ("into-sigmoids", lambda *arrays: arrays[:5], "six arrays of the shapes"),
    ("into-sigmoids", changed(5, lambda s: 0 * s), "at the start"),
    ("into-sigmoids", changed(4, lambda d: d + 1), "read-out"),
    ("into-sigmoids", changed(1, lambda U: U / 2), "after step 1 the states differ"),
    ("into-sigmoids", constant_output, "after step 1 the outputs differ"),
    ("masked-product", masked_product, "Correct."),
    ("masked-product", lambda U, h: None, "returns nothing"),
    ("masked-product", lambda U, h: h, "shape (4, 4); yours has (1, 4)"),
    ("masked-product", lambda U, h: np.linalg.matrix_power(U, len(h)), "a power of U"),
    ("masked-product", lambda U, h: masked_product(U, h, lambda on, U, product: U @ on @ product), "columns"),
    ("masked-product", lambda U, h: masked_product(U, h, lambda on, U, product: product @ on @ U), "wrong order"),
    ("masked-product", lambda U, h: U.T, "off by"),
    ("neutral-scale", neutral_scale, "Correct."),
    ("neutral-scale", lambda U, h: None, "returns nothing"),
    ("neutral-scale", lambda U, h: h, "one number; yours has shape (12,)"),
    ("neutral-scale", lambda U, h: -np.log(neutral_scale(U, h)), "the growth rate"),
    ("neutral-scale", lambda U, h: 1 / neutral_scale(U, h), "the growth factor itself"),
    ("neutral-scale", lambda U, h: 1 / np.abs(np.linalg.eigvals(U)).max(), "of a linear network"),
    ("neutral-scale", lambda U, h: neutral_scale(U, h, lambda a: a), "per step, not 1"),
    ("neutral-scale", lambda U, h: neutral_scale(U, h, np.abs), "per step, not 1"),
    ("neutral-scale", lambda U, h: 2.0, "per step, not 1"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")
