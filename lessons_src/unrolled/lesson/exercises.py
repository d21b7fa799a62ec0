"""The tests behind check(...): one function per exercise, by the exercise's id. They say what is wrong, not the answer."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise


def _something(got):
    if got is None or got is Ellipsis:
        raise NotYet("your function returns nothing so far.")
    return got


@exercise("carry-back")
def _carry_back(answer):
    """answer(U, h, delta) -> the gradient at the initial state of a tanh RNN."""
    rng = np.random.default_rng(0)
    for steps in (1, 3, 6):
        U, h, delta = rng.normal(size=(4, 4)), np.tanh(rng.normal(size=(steps, 4))), rng.normal(size=4)
        expected = delta
        for state in h[::-1]:
            expected = U.T @ ((1 - state**2) * expected)
        got = _something(answer(U.copy(), h.copy(), delta.copy()))
        if np.shape(got) != (4,):
            raise NotYet(f"the gradient at the initial state has one entry per unit, shape (4,); yours has {np.shape(got)}.")
        if steps == 1 and np.allclose(got, U @ ((1 - h[0] ** 2) * delta)):
            raise NotYet("you multiply by U; going backwards it is U transposed.")
        if steps > 1 and np.allclose(got, expected_in_order(U, h, delta)):
            raise NotYet("you start from the first step; the gradient arrives at the last step first.")
        if not np.allclose(got, expected):
            raise NotYet(f"for {steps} step(s) the gradient is off by {np.abs(got - expected).max():.2g}.")


def expected_in_order(U, h, delta):
    """The answer of someone who walks the steps forwards."""
    for state in h:
        delta = U.T @ ((1 - state**2) * delta)
    return delta


@exercise("how-long")
def _how_long(answer):
    """answer(sigma, gamma, floor) -> the first lag at which the bound guarantees a factor below floor, or None."""
    for sigma, gamma, floor, expected in ((0.5, 1.0, 1e-3, 10), (2.0, 0.25, 1e-6, 20), (0.95, 1.0, 1e-2, 90)):
        got = answer(sigma, gamma, floor)
        if got is None:
            raise NotYet(f"for sigma = {sigma}, gamma = {gamma} the bound does fall below {floor}; at which lag?")
        if got == expected - 1:
            raise NotYet(f"for sigma = {sigma}, gamma = {gamma}, floor = {floor} you are one step short: the bound must be below.")
        if got != expected:
            raise NotYet(f"for sigma = {sigma}, gamma = {gamma}, floor = {floor} it is not {got}.")
    for sigma, gamma in ((1.0, 1.0), (1.3, 1.0), (4.0, 0.25)):
        if answer(sigma, gamma, 1e-3) is not None:
            raise NotYet(f"for sigma = {sigma}, gamma = {gamma} the bound guarantees nothing; return None.")


@exercise("forget-bias")
def _forget_bias(answer):
    """answer(steps) -> the forget-gate bias at which a constant gate halves the gradient in that many steps."""
    for steps in (1, 10, 100):
        bias = _something(answer(steps))
        gate = 1 / (1 + np.exp(-np.asarray(bias, float)))
        if np.shape(bias) != ():
            raise NotYet(f"the bias is one number; yours has shape {np.shape(bias)}.")
        if abs(gate - 0.5 ** (1 / steps)) < 1e-9:
            continue
        if abs(bias - 0.5 ** (1 / steps)) < 1e-9:
            raise NotYet("that is the gate's value; the bias is what the sigmoid turns into it.")
        raise NotYet(f"with your bias the gate is {gate:.4f}, and {gate:.4f}^{steps} = {gate**steps:.4f}, not one half.")


# --- Lesson: bptt-by-hand ---


@exercise("sweep-back")
def _sweep_back(answer):
    """answer(U, h, direct) -> the gradients at a_1, ..., a_T of a tanh RNN with a loss at every step."""
    rng = np.random.default_rng(0)
    for steps in (1, 2, 5):
        U, h, direct = rng.normal(size=(4, 4)), np.tanh(rng.normal(size=(steps + 1, 4))), rng.normal(size=(steps, 4))
        got = _something(answer(U.copy(), h.copy(), direct.copy()))
        if np.shape(got) != (steps, 4):
            raise NotYet(f"for {steps} step(s) of 4 units the shape is ({steps}, 4); yours is {np.shape(got)}.")
        right = _swept(U, h[1:], direct, lambda slope, arrives, own: U.T @ (slope * arrives))
        if np.allclose(got, right):
            continue
        if np.allclose(got, _swept(U, h[:-1], direct, lambda slope, arrives, own: U.T @ (slope * arrives))):
            raise NotYet("you take the slope of step k from the state before it; h[0] is the initial state.")
        if steps == 1:
            raise NotYet("for a single step the result is the slope times `direct`; nothing comes from later steps.")
        for carry, hint in (
            (lambda slope, arrives, own: U @ (slope * arrives), "you carry with U; backwards it is U transposed."),
            (lambda slope, arrives, own: U.T @ arrives, "what you carry to the step before has not passed the slopes."),
            (lambda slope, arrives, own: 0, "later losses are missing; every step but the last hears of them."),
            (
                lambda slope, arrives, own: U.T @ (slope * own),
                "only the loss of the next step arrives; add what has come from further on.",
            ),
        ):
            if np.allclose(got, _swept(U, h[1:], direct, carry)):
                raise NotYet(hint)
        wrong = 1 + int(np.flatnonzero(~np.isclose(got, right).all(1))[-1])
        raise NotYet(f"of {steps} steps, counted from 1, the sweep first goes wrong at step {wrong}.")


def _swept(U, states, direct, carry):
    """The sweep with what each step hands to the one before it given by `carry`."""
    deltas, carried = np.zeros_like(direct), 0.0
    for k in reversed(range(len(direct))):
        slope, arrives = 1 - states[k] ** 2, direct[k] + carried
        deltas[k] = slope * arrives
        carried = carry(slope, arrives, direct[k])
    return deltas


@exercise("check-by-differences")
def _check_by_differences(answer):
    """answer(loss, M, gradient) -> the relative error of a gradient against central differences."""
    rng = np.random.default_rng(0)
    C, M = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))

    def loss(M):
        return float(np.sum(C * np.exp(M)))

    gradient, kept = C * np.exp(M), M.copy()
    got = _something(answer(loss, M, gradient.copy()))
    if not np.array_equal(M, kept):
        raise NotYet("your function changes M; the reader of its result still needs it.")
    if np.shape(got) != ():
        raise NotYet(f"the relative error is one number; yours has shape {np.shape(got)}.")
    if not got < 1e-4:
        raise NotYet(f"for a right gradient you report an error of {float(got):.2g}.")
    if not got < 1e-8:
        raise NotYet(
            f"you report {float(got):.2g} for a right gradient: a one-sided difference, or a poor step?"
        )
    for scale in (1.0, 1e-3):
        got = answer(lambda M: scale * loss(M), M, 0.5 * scale * gradient)
        if not abs(got - 0.5) < 1e-6:
            norm = scale * np.linalg.norm(gradient)
            raise NotYet(f"for half of a gradient of norm {norm:.2g} the error is 0.5; you report {float(got):.2g}.")
    wrong = gradient.copy()
    wrong[2, 3] *= -1
    expected = 2 * abs(gradient[2, 3]) / np.linalg.norm(gradient)
    got = answer(loss, M, wrong)
    if not abs(got - expected) < 1e-6:
        raise NotYet(f"with the sign of one entry wrong the error is {expected:.2g}; you report {float(got):.2g}.")


@exercise("rtrl-one-unit")
def _rtrl_one_unit(answer):
    """answer(w, u, x) -> dh_T/du of h_t = tanh(w x_t + u h_{t-1}), from h_0 = 0."""
    rng = np.random.default_rng(0)
    w, u = 0.8, 1.3
    for steps in (1, 2, 6):
        x = rng.normal(size=steps)
        h, derivative, late, immediate = 0.0, 0.0, 0.0, 0.0
        for x_t in x:
            before, h = h, np.tanh(w * x_t + u * h)
            slope = 1 - h**2
            derivative, immediate = slope * (before + u * derivative), slope * before
            late = slope * (h + u * late)
        got = _something(answer(w, u, x.copy()))
        if np.shape(got) != ():
            raise NotYet(f"the derivative is one number; yours has shape {np.shape(got)}.")
        if abs(got - derivative) < 1e-9:
            continue
        if abs(got - late) < 1e-9:
            raise NotYet("you use the new state where the old one belongs: u multiplies the state before the step.")
        if steps > 2 and abs(got - immediate) < 1e-9:
            raise NotYet("that is what the last step does; the derivative of the state before it is missing.")
        if steps > 1 and abs(got) < 1e-12:
            raise NotYet("your derivative stays zero: u h depends on u directly, too.")
        raise NotYet(f"for {steps} step(s) it is {derivative:.6f}, you have {float(got):.6f}.")


# foundations/rnn-vs-ann-training


@exercise("shared-weight")
def _shared_weight(answer):
    """answer(h, delta) -> dL/dU of a tied network, from its states (T+1, H) and dL/da_t (T, H)."""
    rng = np.random.default_rng(0)
    for steps in (1, 2, 6):
        h, delta = rng.normal(size=(steps + 1, 4)), rng.normal(size=(steps, 4))
        expected = delta.T @ h[:-1]
        got = _something(answer(h.copy(), delta.copy()))
        if np.shape(got) != (4, 4):
            raise NotYet(f"U is (H, H), so its gradient is (4, 4) here; yours has shape {np.shape(got)}.")
        if np.allclose(got, expected):
            continue
        if np.allclose(got, expected.T):
            raise NotYet("you have the transpose: the row belongs to the unit that delta belongs to.")
        if np.allclose(got, delta.T @ h[1:]):
            raise NotYet("at step t, U multiplies the state before it, not the state after.")
        if np.allclose(got, expected / steps):
            raise NotYet("that is the mean over the steps; the chain rule adds.")
        if np.allclose(got, np.outer(delta[-1], h[-2])):
            raise NotYet("that is the last step's term alone; U is used at every step.")
        raise NotYet(f"for {steps} step(s) the gradient is off by {np.abs(got - expected).max():.2g}.")


def kept_by_truncation(U, h, delta, k):
    """dL/dU from the last k steps of a tanh RNN whose loss sits on its last state."""
    dU = np.zeros_like(U)
    for t in range(len(h) - 1, len(h) - 1 - k, -1):
        da = (1 - h[t] ** 2) * delta
        dU, delta = dU + np.outer(da, h[t - 1]), U.T @ da
    return dU


@exercise("cut-it")
def _cut_it(answer):
    """answer(U, h, delta, k) -> truncated BPTT's gradient of U."""
    rng = np.random.default_rng(0)
    U, h, delta = rng.normal(size=(4, 4)), np.tanh(rng.normal(size=(7, 4))), rng.normal(size=4)
    for k in (3, 1, 6):
        got = _something(answer(U.copy(), h.copy(), delta.copy(), k))
        if np.shape(got) != (4, 4):
            raise NotYet(f"U is (H, H), so its gradient is (4, 4) here; yours has shape {np.shape(got)}.")
        if np.allclose(got, kept_by_truncation(U, h, delta, k)):
            continue
        if np.allclose(got, kept_by_truncation(U, h, delta, 6)):
            raise NotYet(f"that is the full gradient; for k = {k} stop after {k} step(s).")
        for other in (k - 1, k + 1):
            if other <= 6 and np.allclose(got, kept_by_truncation(U, h, delta, other)):
                raise NotYet(f"for k = {k} that is what {other} step(s) contribute; the state at the cut still enters the last term.")
        raise NotYet(f"for k = {k} the gradient is off by {np.abs(got - kept_by_truncation(U, h, delta, k)).max():.2g}.")


@exercise("stream-in-rows")
def _stream_in_rows(answer):
    """answer(stream, rows, piece) -> (pieces, piece, rows), contiguous along every row."""
    for size, rows, piece in ((24, 3, 4), (24, 2, 3), (29, 3, 4)):
        length = size // rows // piece * piece
        expected = np.arange(rows * length).reshape(rows, length).T.reshape(-1, piece, rows)
        got = _something(answer(np.arange(size), rows, piece))
        if np.shape(got) != expected.shape:
            raise NotYet(f"{size} symbols in {rows} rows and pieces of {piece} give shape {expected.shape}; yours has {np.shape(got)}.")
        got = np.asarray(got)
        if np.array_equal(got, np.arange(rows * length).reshape(expected.shape)):
            raise NotYet(f"your first row reads {got[:, :, 0].ravel()[:4]}: reshape alone gives each row every {rows}th symbol.")
        if not np.array_equal(got, expected):
            raise NotYet(f"your first row reads {got[:, :, 0].ravel()[:6]}; it should be the beginning of the stream, in order.")


@exercise("last-valid")
def _last_valid(answer):
    """answer(outputs, lengths) -> (B, H), the output of each sequence at its last valid step."""
    outputs = np.random.default_rng(0).normal(size=(6, 4, 3))
    for lengths in (np.array([6, 6, 6, 6]), np.array([2, 6, 1, 4])):
        expected = outputs[lengths - 1, np.arange(4)]
        got = _something(answer(outputs.copy(), lengths.copy()))
        if np.shape(got) != (4, 3):
            raise NotYet(f"one state per sequence has shape (4, 3) here; yours has {np.shape(got)}.")
        if np.allclose(got, expected):
            continue
        if np.allclose(got, outputs[-1]):
            raise NotYet("that is the last column, which for the shorter sequences is padding.")
        raise NotYet(f"for the lengths {lengths} the states are wrong; a sequence of length 1 ends at index 0.")


# --- Lesson: activations ---


@exercise("into-sigmoids")
def _into_sigmoids(answer):
    """answer(W, U, b, V, d, h0) -> the six arrays of the sigmoid network with the outputs of this tanh network."""
    rng = np.random.default_rng(0)
    H = 4
    W, U, b, V, d = (rng.normal(size=shape) for shape in ((H, 3), (H, H), (H,), (2, H), (2,)))
    h0, x = np.tanh(rng.normal(size=H)), rng.normal(size=(5, 3))
    got = _something(answer(*(array.copy() for array in (W, U, b, V, d, h0))))
    shapes = [np.shape(array) for array in got]
    expected = [(H, 3), (H, H), (H,), (2, H), (2,), (H,)]
    if shapes != expected:
        raise NotYet(f"six arrays of the shapes {expected} are needed; yours are {shapes}.")
    Ws, Us, bs, Vs, ds, s = got
    if not np.allclose(2 * s - 1, h0):
        raise NotYet("your initial state s does not give h = 2s - 1 at the start.")
    if not np.allclose(Vs @ s + ds, V @ h0 + d):
        raise NotYet("the read-out of the initial state differs; h = 2s - 1 goes into V h + d.")
    h = h0
    for t, x_t in enumerate(x, 1):
        h, s = np.tanh(W @ x_t + U @ h + b), 1 / (1 + np.exp(-(Ws @ x_t + Us @ s + bs)))
        if not np.allclose(2 * s - 1, h):
            raise NotYet(f"after step {t} the states differ by {np.abs(2 * s - 1 - h).max():.2g}; look at W, U and b.")


@exercise("masked-product")
def _masked_product(answer):
    """answer(U, h) -> dh_T/dh_0 of a ReLU network, from its states after each step."""
    rng = np.random.default_rng(0)
    for steps in (1, 2, 5):
        U, h = rng.normal(size=(4, 4)), np.maximum(0, rng.normal(0.5, 1, size=(steps, 4)))
        forwards, backwards, behind = np.eye(4), np.eye(4), np.eye(4)
        for state in h:
            on = np.diag((state > 0).astype(float))
            forwards, backwards, behind = on @ U @ forwards, backwards @ on @ U, U @ on @ behind
        got = _something(answer(U.copy(), h.copy()))
        if np.shape(got) != (4, 4):
            raise NotYet(f"the Jacobian of 4 units has the shape (4, 4); yours has {np.shape(got)}.")
        if np.allclose(got, forwards):
            continue
        if np.allclose(got, np.linalg.matrix_power(U, steps)):
            raise NotYet("that is a power of U; the units that are off pass nothing.")
        if np.allclose(got, behind):
            raise NotYet("you mask the columns of U; a unit that is off after the step loses its row.")
        if np.allclose(got, backwards):
            raise NotYet("your factors stand in the wrong order; later steps stand on the left.")
        raise NotYet(f"for {steps} step(s) your product is off by {np.abs(got - forwards).max():.2g}.")


@exercise("neutral-scale")
def _neutral_scale(answer):
    """answer(U, h) -> the scale of U at which a ReLU network without input neither grows nor shrinks."""
    rng = np.random.default_rng(0)
    for gain in (0.4, 1.0, 3.0):
        U, h = gain * np.abs(rng.normal(size=(6, 6))) / 6, rng.uniform(0.1, 1, size=6)
        growth = np.abs(np.linalg.eigvals(U)).max()  # all entries are positive, so no unit is ever off
        got = _something(answer(U.copy(), h.copy()))
        if np.shape(got) != ():
            raise NotYet(f"the scale is one number; yours has shape {np.shape(got)}.")
        if abs(got * growth - 1) < 1e-6:
            continue
        if abs(got - np.log(growth)) < 1e-6:
            raise NotYet("that is the growth rate; which c adds its opposite?")
        if abs(got / growth - 1) < 1e-6:
            raise NotYet("that is the growth factor itself; the scale must undo it.")
        raise NotYet(f"with your scale the state is multiplied by {abs(got) * growth:.4g} per step, not 1.")


# --- Lesson: why-the-loss-fluctuates ---


@exercise("clip-together")
def _clip_together(answer):
    """answer(gradients, limit) -> the list of arrays, scaled together to a norm of at most limit."""
    rng = np.random.default_rng(0)
    for scale, limit in ((10.0, 1.0), (10.0, 7.0), (1e-3, 1.0)):
        gradients = [scale * rng.normal(size=(3, 4)), 0.1 * scale * rng.normal(size=5)]
        kept = [g.copy() for g in gradients]
        got = _something(answer(gradients, limit))
        if not all(np.array_equal(g, k) for g, k in zip(gradients, kept)):
            raise NotYet("your function changes the arrays that it is given; return new ones.")
        if len(got) != 2 or any(np.shape(a) != g.shape for a, g in zip(got, kept)):
            raise NotYet("the result is a list of arrays of the shapes that came in.")
        norm = np.sqrt(sum((g**2).sum() for g in kept))
        if all(np.allclose(a, g * min(1, limit / norm), rtol=1e-5) for a, g in zip(got, kept)):
            continue
        if norm <= limit:
            raise NotYet(f"a gradient of norm {norm:.2g} and a limit of {limit:g}: there is nothing to clip.")
        if all(np.allclose(a, g * min(1, limit / np.linalg.norm(g)), rtol=1e-5) for a, g in zip(got, kept)):
            raise NotYet("you scale each array by its own norm; one factor for all keeps the direction.")
        if all(np.allclose(a, np.clip(g, -limit, limit)) for a, g in zip(got, kept)):
            raise NotYet("you cut the entries; scale all of them by one factor.")
        after = np.sqrt(sum((np.asarray(a) ** 2).sum() for a in got))
        raise NotYet(f"for a limit of {limit:g} the clipped gradient has norm {after:.4g}.")
    with np.errstate(all="ignore"):
        still = answer([np.zeros(3)], 1.0)
    if not np.array_equal(still[0], np.zeros(3)):
        raise NotYet("a gradient of zeros must stay zeros; do you divide by its norm?")


@exercise("rotation")
def _rotation(answer):
    """answer(g, limit) -> the angle in degrees by which clipping by value turns g."""
    cases = ((np.array([100.0, 0.5]), 1.0), (np.array([3.0, -4.0, 12.0]), 2.0), (np.array([0.3, -0.2]), 1.0))
    for g, limit in cases:
        clipped = np.clip(g, -limit, limit)
        cosine = g @ clipped / np.linalg.norm(g) / np.linalg.norm(clipped)
        expected = np.degrees(np.arccos(min(cosine, 1.0)))
        got = _something(answer(g.copy(), limit))
        if np.shape(got) != ():
            raise NotYet(f"the angle is one number; yours has shape {np.shape(got)}.")
        if abs(got - expected) < 1e-4:
            continue
        if abs(got - np.radians(expected)) < 1e-6:
            raise NotYet("that is the angle in radians; the answer is wanted in degrees.")
        if not np.isfinite(got):
            raise NotYet(f"for g = {g} you get {got}: rounding can lift a cosine above 1.")
        if abs(got) < 1e-4:
            raise NotYet(f"clipping by value does turn {g} at a limit of {limit:g}; clipping by norm would not.")
        raise NotYet(f"for g = {g} and a limit of {limit:g} it is not {float(got):.4f} degrees.")


@exercise("wall-slope")
def _wall_slope(answer):
    """answer(u, T) -> dh_T/db on the wall of the one-unit network."""
    for u, T in ((5.0, 1), (5.0, 3), (6.0, 20), (4.0, 7), (2.0, 30)):
        expected = 0.25 * sum((u / 4) ** k for k in range(T))
        got = _something(answer(u, T))
        if np.shape(got) != ():
            raise NotYet(f"the slope is one number; yours has shape {np.shape(got)}.")
        if abs(got - expected) <= 1e-9 * expected:
            continue
        if u == 4 and not np.isfinite(got):
            raise NotYet("at u = 4 every step adds the same; the closed form divides by zero there.")
        if abs(got - 0.25 * sum((u / 4) ** k for k in range(T + 1))) <= 1e-9 * expected:
            raise NotYet(f"for T = {T} you add one term too many; b acts {T} time(s).")
        if T > 1 and abs(got - 0.25 * (u / 4) ** (T - 1)) <= 1e-9 * expected:
            raise NotYet("that is what the first use of b does; b acts at every step.")
        raise NotYet(f"for u = {u:g}, T = {T} the slope is not {float(got):.6g}.")


# --- Lesson: initialization ---


@exercise("uniform-bound")
def _uniform_bound(answer):
    """answer(size, radius) -> a, such that the spectral radius of a matrix with entries uniform on +-a tends to radius."""
    for size, radius in ((100, 1.0), (128, 3**-0.5), (64, 0.9)):
        got = _something(answer(size, radius))
        if np.shape(got) != ():
            raise NotYet(f"the bound is one number; yours has shape {np.shape(got)}.")
        deviation = radius / np.sqrt(size)
        for wrong, hint in (
            (deviation, "that is the standard deviation; a uniform distribution on +-a has a smaller one than a."),
            (deviation * 12**0.5, "that is the width of the interval; a is half of it."),
            (deviation * 3**0.5 / 2, "that gives half the radius; it is the largest singular value that tends to twice sqrt(H Var)."),
        ):
            if np.isclose(got, wrong):
                raise NotYet(hint)
        if not np.isclose(got, deviation * 3**0.5):
            raise NotYet(f"for {size} units and radius {radius:.3g} your entries have sqrt(H Var) = {abs(got) * np.sqrt(size / 3):.3g}.")


@exercise("start-gates")
def _start_gates(answer):
    """answer(gates, size, rng) -> (gates * size, size), each gate's block orthogonal and drawn by itself."""
    for gates, size in ((1, 5), (4, 6), (3, 4)):
        got = _something(answer(gates, size, np.random.default_rng(0)))
        if np.shape(got) != (gates * size, size):
            raise NotYet(f"{gates} gates of {size} units need shape {(gates * size, size)}; yours has {np.shape(got)}.")
        blocks = np.asarray(got).reshape(gates, size, size)
        if gates > 1 and np.allclose(blocks[0], blocks[1]):
            raise NotYet("all gates have the same matrix; draw one for each.")
        if not np.allclose(blocks @ blocks.transpose(0, 2, 1), np.eye(size)):
            together = np.allclose(np.asarray(got).T @ got, np.eye(size))
            raise NotYet("the columns of the whole stack are orthonormal; the blocks are not." if together else "a block is not orthogonal.")


@exercise("stacked-stretch")
def _stacked_stretch(answer):
    """answer(gates) -> the typical stretch of one gate's block where Xavier has drawn the stack (gates H, H) as one."""
    for gates in (1, 3, 4):
        got = _something(answer(gates))
        if np.shape(got) != ():
            raise NotYet(f"the stretch is one number; yours has shape {np.shape(got)}.")
        right = (2 / (1 + gates)) ** 0.5
        if np.isclose(got, right):
            continue
        for wrong, hint in (
            (right**2, "that is H times the variance; the stretch is its root."),
            (gates**-0.5, "the outputs are not all that counts; the variance has the inputs in it, too."),
            ((gates * 2 / (1 + gates)) ** 0.5, "that is the stretch of the whole stack; a block has only H of its rows."),
        ):
            if np.isclose(got, wrong):
                raise NotYet(hint)
        raise NotYet(f"for {gates} gates it is {right:.4f}, you have {float(got):.4f}.")


@exercise("irnn-reach")
def _irnn_reach(answer):
    """answer(share) -> the longest sequence whose first step keeps at least that share of the gradient in an IRNN."""
    for share, right in ((0.45, 7), (0.3, 39), (0.2, 198)):
        got = _something(answer(share))
        if np.shape(got) != ():
            raise NotYet(f"the length is one number; yours has shape {np.shape(got)}.")
        if got == right:
            continue
        if got == _longest(share):
            raise NotYet("that is where the share of the units falls below; the norm of the gradient goes with its root.")
        if got == right + 1:
            raise NotYet(f"for a share of {share} you are one step too far: with {right + 1} steps less is left.")
        raise NotYet(f"for a share of {share} it is {right} steps, you have {got}.")


def _longest(share):
    """The answer of someone who takes the share of the units for that of the norm."""
    steps, u = 0, 1.0
    while u * (2 * steps + 1) / (2 * steps + 2) >= share:
        steps, u = steps + 1, u * (2 * steps + 1) / (2 * steps + 2)
    return steps
