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


# --- Lesson: bptt-by-hand ---


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


def forward_gradient(w, u, x):
    h = derivative = 0.0
    for x_t in x:
        before, h = h, np.tanh(w * x_t + u * h)
        derivative = (1 - h**2) * (before + u * derivative)
    return derivative


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


SAYINGS += [
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
    ("check-by-differences", differences, "Correct."),
    ("check-by-differences", lambda loss, M, gradient: ..., "returns nothing"),
    ("check-by-differences", lambda *a: differences(*a, in_place=True), "changes M"),
    ("check-by-differences", lambda loss, M, gradient: gradient, "one number; yours has shape (3, 4)"),
    ("check-by-differences", lambda loss, M, gradient: 1.0, "for a right gradient you report an error of 1"),
    ("check-by-differences", lambda *a: differences(*a, one_sided=True), "one-sided"),
    ("check-by-differences", lambda *a: differences(*a, largest=True), "the error is 0.5"),
    ("check-by-differences", lambda loss, M, gradient: 0.0, "the error is 0.5"),
    ("rtrl-one-unit", forward_gradient, "Correct."),
    ("rtrl-one-unit", lambda w, u, x: None, "returns nothing"),
    ("rtrl-one-unit", lambda w, u, x: x[:2], "one number; yours has shape (1,)"),
    ("rtrl-one-unit", new_state_for_old, "the old one belongs"),
    ("rtrl-one-unit", immediate_only, "the derivative of the state before it is missing"),
    ("rtrl-one-unit", lambda w, u, x: 0.0, "stays zero"),
    ("rtrl-one-unit", lambda w, u, x: 7.0, "you have 7.0"),
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


# --- Lesson: activations ---


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


def neutral_scale(U, h):
    logs = []
    for _ in range(400):
        h = np.maximum(0, U @ h)
        logs.append(np.log(np.linalg.norm(h)))
        h = h / np.linalg.norm(h)
    return np.exp(-np.mean(logs[200:]))


SAYINGS += [
    ("into-sigmoids", into_sigmoids, "Correct."),
    ("into-sigmoids", lambda *arrays: None, "returns nothing"),
    ("into-sigmoids", lambda *arrays: arrays[:5], "six arrays of the shapes"),
    ("into-sigmoids", changed(5, lambda s: 0 * s), "at the start"),
    ("into-sigmoids", changed(4, lambda d: d + 1), "read-out"),
    ("into-sigmoids", changed(1, lambda U: U / 2), "after step 1 the states differ"),
    ("masked-product", masked_product, "Correct."),
    ("masked-product", lambda U, h: None, "returns nothing"),
    ("masked-product", lambda U, h: h, "shape (4, 4); yours has (1, 4)"),
    ("masked-product", lambda U, h: np.linalg.matrix_power(U, len(h)), "a power of U"),
    ("masked-product", lambda U, h: masked_product(U, h, lambda on, U, product: U @ on @ product), "columns"),
    ("masked-product", lambda U, h: masked_product(U, h, lambda on, U, product: product @ on @ U), "wrong order"),
    ("masked-product", lambda U, h: U.T, "off by"),
    ("neutral-scale", neutral_scale, "Correct."),
    ("neutral-scale", lambda U, h: None, "returns nothing"),
    ("neutral-scale", lambda U, h: h, "one number; yours has shape (6,)"),
    ("neutral-scale", lambda U, h: -np.log(neutral_scale(U, h)), "the growth rate"),
    ("neutral-scale", lambda U, h: 1 / neutral_scale(U, h), "the growth factor itself"),
    ("neutral-scale", lambda U, h: 2.0, "per step, not 1"),
]


# --- Lesson: why-the-loss-fluctuates ---


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


def clip_unguarded(gradients, limit):
    factor = np.minimum(1, limit / np.sqrt(sum((g**2).sum() for g in gradients)))
    return [np.where(g == 0, np.nan, g) * factor for g in gradients]


def rotation(g, limit):
    clipped = np.clip(g, -limit, limit)
    return np.degrees(np.arccos(min(g @ clipped / np.linalg.norm(g) / np.linalg.norm(clipped), 1)))


def wall_slope(u, T):
    return 0.25 * sum((u / 4) ** k for k in range(T))


SAYINGS += [
    ("clip-together", clip_together, "Correct."),
    ("clip-together", lambda gradients, limit: None, "returns nothing"),
    ("clip-together", clip_in_place, "changes the arrays"),
    ("clip-together", lambda gradients, limit: gradients[:1], "of the shapes that came in"),
    ("clip-together", normalise, "there is nothing to clip"),
    ("clip-together", lambda gs, limit: [clip_together([g], limit)[0] for g in gs], "by its own norm"),
    ("clip-together", lambda gs, limit: [np.clip(g, -limit, limit) for g in gs], "cut the entries"),
    ("clip-together", lambda gs, limit: clip_together(gs, 2 * limit), "has norm 2"),
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


# --- Lesson: initialization ---


def uniform_bound(size, radius):
    return radius * np.sqrt(3 / size)


def start_gates(gates, size, rng):
    return np.concatenate([np.linalg.qr(rng.standard_normal((size, size)))[0] for _ in range(gates)])


def irnn_reach(share):
    steps, u = 0, 1.0
    while u >= share**2:
        steps, u = steps + 1, u * (2 * steps + 1) / (2 * steps + 2)
    return steps - 1


SAYINGS += [
    ("uniform-bound", uniform_bound, "Correct."),
    ("uniform-bound", lambda n, r: ..., "returns nothing"),
    ("uniform-bound", lambda n, r: np.ones(2), "one number; yours has shape (2,)"),
    ("uniform-bound", lambda n, r: r / np.sqrt(n), "the standard deviation"),
    ("uniform-bound", lambda n, r: r * np.sqrt(12 / n), "half of it"),
    ("uniform-bound", lambda n, r: r * np.sqrt(3 / n) / 2, "half the radius"),
    ("uniform-bound", lambda n, r: 1.0, "sqrt(H Var) = 5.77"),
    ("start-gates", start_gates, "Correct."),
    ("start-gates", lambda G, n, rng: None, "returns nothing"),
    ("start-gates", lambda G, n, rng: np.eye(n), "need shape (24, 6); yours has (6, 6)"),
    ("start-gates", lambda G, n, rng: np.tile(np.eye(n), (G, 1)), "draw one for each"),
    ("start-gates", lambda G, n, rng: np.linalg.qr(rng.standard_normal((G * n, n)))[0], "the whole stack"),
    ("start-gates", lambda G, n, rng: rng.standard_normal((G * n, n)), "a block is not orthogonal"),
    ("stacked-stretch", lambda G: (2 / (1 + G)) ** 0.5, "Correct."),
    ("stacked-stretch", lambda G: ..., "returns nothing"),
    ("stacked-stretch", lambda G: np.ones(2), "one number; yours has shape (2,)"),
    ("stacked-stretch", lambda G: 2 / (1 + G), "its root"),
    ("stacked-stretch", lambda G: G**-0.5, "has the inputs in it"),
    ("stacked-stretch", lambda G: (2 * G / (1 + G)) ** 0.5, "a block has only H of its rows"),
    ("stacked-stretch", lambda G: 7.0, "for 1 gates it is 1.0000, you have 7.0000"),
    ("irnn-reach", irnn_reach, "Correct."),
    ("irnn-reach", lambda share: None, "returns nothing"),
    ("irnn-reach", lambda share: np.ones(2), "one number; yours has shape (2,)"),
    ("irnn-reach", lambda share: irnn_reach(share**0.5), "goes with its root"),
    ("irnn-reach", lambda share: irnn_reach(share) + 1, "one step too far"),
    ("irnn-reach", lambda share: 4, "it is 7 steps, you have 4"),
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
