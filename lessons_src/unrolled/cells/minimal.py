"""What minGRU and minLSTM share: h_t = (1 - w_t) * h_{t-1} + w_t * n_t, where w_t and n_t see x_t and not the state.

w_t is the share of the cell that is written, n_t the candidate. The recurrence is linear in h, so that a loop or a
parallel scan can run it (`scan`), forward and backward.
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Gradients, ended_steps, outputs, part, require_array, require_gradients
from .initialisation import require_sizes, uniform
from .scan import linear_recurrence


@dataclass(frozen=True, eq=False)
class Tape:
    """What backward needs of a forward pass."""

    x: np.ndarray  #        (T, B, I)
    h: np.ndarray  #        (T + 1, B, H); h[0] is the initial state, h[t + 1] the state after x[t]
    gates: np.ndarray  #    (T, B, K), the cell's gates side by side
    written: np.ndarray  #  (T, B, H); 0 past the end of a sample
    n: np.ndarray  #        (T, B, H)
    method: str
    ended: np.ndarray | None  # (T, B), True past the end of a sample; None where all have T steps

    @property
    def final(self):
        """The state after the last step, (B, H)."""
        return self.h[-1]

    def between(self, start, stop):
        """The tape of steps start, ..., stop - 1 alone."""
        x, *steps, ended = (part(v, start, stop) for v in (self.x, self.gates, self.written, self.n, self.ended))
        return Tape(x, self.h[start : stop + 1], *steps, self.method, ended)


def initialise(input_size, hidden_size, rng, blocks, dtype):
    """W (blocks * H, I) and b (blocks * H,), uniform on +-1/sqrt(I), as torch.nn.Linear draws them.

    Raises ValueError for a size below 1 or a dtype other than float32 and float64.
    """
    require_sizes(dtype, input_size=input_size, hidden_size=hidden_size)
    rows = blocks * hidden_size
    return uniform(rng, input_size, rows, input_size).astype(dtype), uniform(rng, input_size, rows).astype(dtype)


def require_inputs(parameters, x, initial, lengths, H):
    """What forward is given, checked; returns the initial state (B, H), zeros if None, and which steps have ended."""
    W = parameters.W
    for name, block in vars(parameters).items():
        require_array(name, block, block.shape)
    require_array("x", x, ("T", "B", W.shape[1]), W.dtype)
    T, B, _ = x.shape
    if initial is None:
        initial = np.zeros((B, H), W.dtype)
    require_array("initial", initial, (B, H), W.dtype)
    return initial, ended_steps(lengths, T, B)


def through_time(x, gates, written, n, initial, method, ended):
    """Run the recurrence; returns h (T, B, H) and the tape."""
    written = outputs(written, ended)
    h = linear_recurrence(1 - written, written * n, initial, method)
    return outputs(h[1:], ended), Tape(x, h, gates, written, n, method, ended)


def back_through_time(tape, dh, d_final):
    """dL/dh_t for every step, with all paths to the loss, and dL/d(initial state): (T, B, H) and (B, H).

    The gradient's own recurrence is linear as well: dL/dh_{t-1} takes (1 - w_t) * dL/dh_t from the step after it.
    """
    shape, dtype = tape.n.shape, tape.n.dtype
    require_array("tape.h", tape.h, (shape[0] + 1, *shape[1:]), dtype, finite=False)
    dh, d_final = require_gradients(dh, d_final, shape, shape[2], dtype, tape.ended)
    kept = 1 - tape.written
    from_later = linear_recurrence(kept[::-1], (kept * dh)[::-1], d_final, tape.method)[::-1]
    return dh + from_later[1:], from_later[0]


def gradients(parameters, tape, da, states, initial):
    """Gradients, from dL/da of all blocks side by side: a_t = W x_t + b."""
    T, B, I = tape.x.shape
    da = da.reshape(T * B, -1)
    blocks = type(parameters)(da.T @ tape.x.reshape(T * B, I), da.sum(0))
    return Gradients(blocks, (da @ parameters.W).reshape(T, B, I), initial, states)


def step_jacobians(parameters, tape):
    """dh_t / dh_{t-1} = diag(1 - w_t) for every step and sample: (T, B, H, H)."""
    return (1 - tape.written)[..., None] * np.eye(tape.n.shape[2], dtype=tape.n.dtype)
