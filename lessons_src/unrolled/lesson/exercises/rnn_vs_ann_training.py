"""The tests behind the exercises of rnn-vs-ann-training."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something


@exercise("shared-weight")
def _shared_weight(answer):
    """answer(h, delta) -> dL/dU of a tied network, from its states (T+1, H) and dL/da_t (T, H)."""
    rng = np.random.default_rng(0)
    for steps in (1, 2, 6):
        h, delta = rng.normal(size=(steps + 1, 4)), rng.normal(size=(steps, 4))
        expected = delta.T @ h[:-1]
        got = something(answer(h.copy(), delta.copy()))
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


def kept_by_truncation(U, h, d_last, k):
    """dL/dU from the last k steps of a tanh RNN whose loss sits on its last state, dL/dh_T being d_last."""
    dU, arrives = np.zeros_like(U), d_last
    for t in range(len(h) - 1, len(h) - 1 - k, -1):
        delta = (1 - h[t] ** 2) * arrives
        dU, arrives = dU + np.outer(delta, h[t - 1]), U.T @ delta
    return dU


@exercise("cut-it")
def _cut_it(answer):
    """answer(U, h, d_last, k) -> truncated BPTT's gradient of U."""
    rng = np.random.default_rng(0)
    U, h, d_last = rng.normal(size=(4, 4)), np.tanh(rng.normal(size=(7, 4))), rng.normal(size=4)
    for k in (3, 1, 6):
        got = something(answer(U.copy(), h.copy(), d_last.copy(), k))
        if np.shape(got) != (4, 4):
            raise NotYet(f"U is (H, H), so its gradient is (4, 4) here; yours has shape {np.shape(got)}.")
        if np.allclose(got, kept_by_truncation(U, h, d_last, k)):
            continue
        if np.allclose(got, kept_by_truncation(U, h, d_last, 6)):
            raise NotYet(f"that is the full gradient; for k = {k} stop after {k} step(s).")
        for other in (k - 1, k + 1):
            if other <= 6 and np.allclose(got, kept_by_truncation(U, h, d_last, other)):
                raise NotYet(f"for k = {k} that is what {other} step(s) contribute; the state at the cut still enters the last term.")
        raise NotYet(f"for k = {k} the gradient is off by {np.abs(got - kept_by_truncation(U, h, d_last, k)).max():.2g}.")


@exercise("stream-in-rows")
def _stream_in_rows(answer):
    """answer(stream, rows, piece) -> (pieces, piece, rows), contiguous along every row."""
    for size, rows, piece in ((24, 3, 4), (24, 2, 3), (29, 3, 4)):
        length = size // rows // piece * piece
        shape = (length // piece, piece, rows)
        got = something(answer(np.arange(size), rows, piece))
        if np.shape(got) != shape:
            raise NotYet(f"{size} symbols in {rows} rows and pieces of {piece} give shape {shape}; yours has {np.shape(got)}.")
        read = np.reshape(got, (length, rows)).T
        if np.array_equal(read, np.arange(rows * length).reshape(length, rows).T):
            raise NotYet(f"your first row reads {read[0, :4]}: reshape alone gives each row one symbol in {rows}.")
        for b, row in enumerate(read):
            if not np.array_equal(row, row[0] + np.arange(length)):
                raise NotYet(f"of a stream 0, 1, 2, ... row {b} reads {row[:6]}; it should read on without a jump.")
        # What is dropped may stand between the rows or at the end.
        if len(np.intersect1d(read, np.arange(size))) != rows * length:
            raise NotYet("two rows read the same symbols; cut the stream into parts.")


@exercise("last-valid")
def _last_valid(answer):
    """answer(outputs, lengths) -> (B, H), the output of each sequence at its last valid step."""
    outputs = np.random.default_rng(0).normal(size=(6, 4, 3))
    for lengths in (np.array([6, 6, 6, 6]), np.array([2, 6, 1, 4])):
        expected = outputs[lengths - 1, np.arange(4)]
        got = something(answer(outputs.copy(), lengths.copy()))
        if np.shape(got) != (4, 3):
            raise NotYet(f"one state per sequence has shape (4, 3) here; yours has {np.shape(got)}.")
        if np.allclose(got, expected):
            continue
        if np.allclose(got, outputs[-1]):
            raise NotYet("that is the last column, which for the shorter sequences is padding.")
        raise NotYet(f"for the lengths {lengths} the states are wrong; a sequence of length 1 ends at index 0.")
