"""The exercises of bptt-by-hand accept their solutions, refuse the usual mistakes, and say something useful."""

import numpy as np
import pytest


def sweep(carry, states=slice(1, None)):
    """A sweep back whose carry to the step before is carry(U, slope, arrives, own)."""

    def sweep_back(U, h, direct):
        deltas, carried = np.zeros_like(direct), 0.0
        for k in reversed(range(len(direct))):
            slope, arrives = 1 - h[states][k] ** 2, direct[k] + carried
            deltas[k] = slope * arrives
            carried = carry(U, slope, arrives, direct[k])
        return deltas

    return sweep_back


def right_carry(U, slope, arrives, own):
    return U.T @ (slope * arrives)


def differences(loss, M, gradient, step=6e-6, one_sided=False, in_place=False, largest=False):
    at = M if in_place else M.copy()
    numeric = np.zeros_like(M)
    for index in np.ndindex(M.shape):
        at[index] += step
        above = loss(at)
        at[index] -= step if one_sided else 2 * step
        numeric[index] = (above - loss(at)) / (step if one_sided else 2 * step)
        at[index] += 0 if one_sided else step
    off = gradient - numeric
    if largest:
        return np.abs(off).max()
    return np.linalg.norm(off) / max(np.linalg.norm(gradient), np.linalg.norm(numeric))


def relative_to(norm):
    """A check whose error is relative to norm(gradient, numeric) instead of the larger of their norms."""

    def check_gradient(loss, M, gradient):
        numeric = np.zeros_like(M)
        for index in np.ndindex(M.shape):
            shift = np.zeros_like(M)
            shift[index] = 6e-6
            numeric[index] = (loss(M + shift) - loss(M - shift)) / 1.2e-5
        return np.linalg.norm(gradient - numeric) / norm(gradient, numeric)

    return check_gradient


def cut_at_lag_four(U, h, direct):
    deltas = np.zeros_like(direct)
    for t in range(len(direct)):
        v = direct[t]
        for k in range(t, max(t - 5, -1), -1):
            delta = (1 - h[k + 1] ** 2) * v
            deltas[k] += delta
            v = U.T @ delta
    return deltas


def forward_gradient(w, u, x):
    h = derivative = 0.0
    for x_t in x:
        before, h = h, np.tanh(w * x_t + u * h)
        derivative = (1 - h**2) * (before + u * derivative)
    return derivative


def one_factor_at_a_time(w, u, x):
    h = derivative = 0.0
    for x_t in x:
        derivative = h + derivative * u
        h = np.tanh(u * h + x_t * w)
        derivative = derivative - h * h * derivative
    return derivative


def difference_of_two_runs(w, u, x, step=6e-6):
    def last_state(u):
        h = 0.0
        for x_t in x:
            h = np.tanh(w * x_t + u * h)
        return h

    return (last_state(u + step) - last_state(u - step)) / (2 * step)


def new_state_for_old(w, u, x):
    h = derivative = 0.0
    for x_t in x:
        h = np.tanh(w * x_t + u * h)
        derivative = (1 - h**2) * (h + u * derivative)
    return derivative


def immediate_only(w, u, x):
    h = derivative = 0.0
    for x_t in x:
        before, h = h, np.tanh(w * x_t + u * h)
        derivative = (1 - h**2) * before
    return derivative


SAYINGS = [
    ("sweep-back", sweep(right_carry), "Correct."),
    ("sweep-back", lambda U, h, direct: None, "returns nothing"),
    ("sweep-back", lambda U, h, direct: h, "shape is (1, 4); yours is (2, 4)"),
    ("sweep-back", sweep(right_carry, slice(None, -1)), "the state before it"),
    ("sweep-back", lambda U, h, direct: direct, "for a single step"),
    ("sweep-back", sweep(lambda U, slope, arrives, own: U @ (slope * arrives)), "U transposed"),
    ("sweep-back", sweep(lambda U, slope, arrives, own: U.T @ arrives), "passed the slopes"),
    ("sweep-back", sweep(lambda U, slope, arrives, own: 0), "later losses are missing"),
    ("sweep-back", sweep(lambda U, slope, arrives, own: -U.T @ (slope * arrives)), "goes wrong at step 1"),
    ("sweep-back", sweep(lambda U, slope, arrives, own: U.T @ (slope * own)), "from further on"),
    ("sweep-back", cut_at_lag_four, "of 12 steps, counted from 1, the sweep first goes wrong at step 7"),
    ("check-by-differences", differences, "Correct."),
    ("check-by-differences", relative_to(lambda a, n: np.linalg.norm(n)), "for twice a gradient of norm 6 "),
    ("check-by-differences", relative_to(lambda a, n: np.linalg.norm(a)), "for half a gradient of norm 6 "),
    ("check-by-differences", lambda loss, M, gradient: ..., "returns nothing"),
    ("check-by-differences", lambda *a: differences(*a, in_place=True), "changes M"),
    ("check-by-differences", lambda loss, M, gradient: gradient, "one number; yours has shape (3, 4)"),
    ("check-by-differences", lambda loss, M, gradient: 1.0, "for a right gradient you report an error of 1"),
    ("check-by-differences", lambda *a: differences(*a, one_sided=True), "one-sided"),
    ("check-by-differences", lambda *a: differences(*a, largest=True), "the error is 0.5"),
    ("check-by-differences", lambda loss, M, gradient: 0.0, "the error is 0.5"),
    ("rtrl-one-unit", forward_gradient, "Correct."),
    ("rtrl-one-unit", one_factor_at_a_time, "Correct."),
    ("rtrl-one-unit", difference_of_two_runs, "near, but not exact"),
    ("rtrl-one-unit", lambda w, u, x: None, "returns nothing"),
    ("rtrl-one-unit", lambda w, u, x: x[:2], "one number; yours has shape (1,)"),
    ("rtrl-one-unit", new_state_for_old, "the old one belongs"),
    ("rtrl-one-unit", immediate_only, "the derivative of the state before it is missing"),
    ("rtrl-one-unit", lambda w, u, x: 0.0, "stays zero"),
    ("rtrl-one-unit", lambda w, u, x: 7.0, "you have 7.0"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")
