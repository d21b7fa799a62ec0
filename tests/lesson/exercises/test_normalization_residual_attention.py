"""The exercises of normalization-residual-attention accept their solutions, refuse the usual mistakes, and say something useful."""

import numpy as np
import pytest


def normaliser_back(a, d, mean=1, along=1, divided=True):
    s = a.std(-1, keepdims=True)
    y = (a - a.mean(-1, keepdims=True)) / s
    projected = d - mean * d.mean(-1, keepdims=True) - along * y * (d * y).mean(-1, keepdims=True)
    return projected / s if divided else projected


def score_gradient(h, e, g, shift=True, less=True):
    alpha = np.exp(e - e.max() if shift else e)
    alpha = alpha / alpha.sum()
    return alpha * ((h - less * (alpha @ h)) @ g)


def making_up_gain(share):
    z = np.linspace(-10, 10, 2001)
    density = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    low, high = 1e-3, 20.0
    for _ in range(60):
        gain = (low + high) / 2
        tanh = np.tanh(gain * z)
        C = gain**2 * (density @ (1 - tanh**2) ** 2) / (density @ tanh**2)
        low, high = (low, gain) if share * C > 1 else (gain, high)
    return gain


def overflowing(h, e, g):
    with np.errstate(over="ignore", invalid="ignore"):
        return score_gradient(h, e, g, shift=False)


SAYINGS = [
    ("normaliser-back", normaliser_back, "Correct."),
    ("normaliser-back", lambda a, d: None, "returns nothing"),
    ("normaliser-back", lambda a, d: d[0], "shape of a, (4, 3); yours has (3,)"),
    ("normaliser-back", lambda a, d: normaliser_back(a, d, mean=0, along=0), "also projects"),
    ("normaliser-back", lambda a, d: normaliser_back(a, d, along=0), "a change along y"),
    ("normaliser-back", lambda a, d: normaliser_back(a, d, divided=False), "divided by the standard deviation"),
    ("normaliser-back", lambda a, d: -normaliser_back(a, d), "off by"),
    ("score-gradient", score_gradient, "Correct."),
    ("score-gradient", lambda h, e, g: None, "returns nothing"),
    ("score-gradient", lambda h, e, g: h, "shape (5,); yours has (5, 4)"),
    ("score-gradient", overflowing, "exp overflows"),
    ("score-gradient", lambda h, e, g: score_gradient(h, e, g, less=0), "less the mean m"),
    ("score-gradient", lambda h, e, g: h @ g, "off by"),
    ("making-up-gain", making_up_gain, "Correct."),
    ("making-up-gain", lambda share: None, "returns nothing"),
    ("making-up-gain", lambda share: [1.0, 2.0], "one number; yours has shape (2,)"),
    ("making-up-gain", lambda share: 1.0, "not 1"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")
