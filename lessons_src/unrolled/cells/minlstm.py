"""The minimal LSTM (Feng et al., 2024): gates that do not look at the state, normalised so that they add up to 1.

    f_t = sigmoid(W_f x_t + b_f),  i_t = sigmoid(W_i x_t + b_i)
    n_t = W_n x_t + b_n                                            the candidate, without an activation
    h_t = f_t / (f_t + i_t) * h_{t-1} + i_t / (f_t + i_t) * n_t

The blocks are stacked in the order f, i, n. The state is h, so S = H: there is no c, and no output gate. The recurrence
is run as a loop or as a parallel scan (`scan`); both give the same to rounding.
"""

from dataclasses import dataclass

import numpy as np

from . import minimal
from .activations import sigmoid
from .arrays import require_blocks
from .minimal import Tape, step_jacobians  # noqa: F401  two of a cell's five names


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights of the network, three blocks in the order f, i, n; a gradient with respect to them looks alike."""

    W: np.ndarray  # (3H, I) input weights; there are no recurrent ones
    b: np.ndarray  # (3H,)   bias

    def __post_init__(self):
        require_blocks(self.W, self.b, 3)


def initialise(input_size, hidden_size, rng, dtype=np.float64):
    """Draw W and b uniform on +-1/sqrt(I), as torch.nn.Linear does.

    Raises ValueError for a size below 1 or a dtype other than float32 and float64.
    """
    return Parameters(*minimal.initialise(input_size, hidden_size, rng, 3, dtype))


def forward(parameters, x, initial=None, lengths=None, method="loop"):
    """Run the network over a sequence.

    x (T, B, I) and initial (B, H; zeros if None) have the dtype of the parameters; method is "loop" or "scan".
    lengths (B,) are the steps that each sample has: past its end its state stays as it is and its h is 0.
    Returns h (T, B, H) and the tape.
    Raises TypeError or ValueError, in one sentence, for a wrong shape or dtype, NaN or infinity, or an unknown name.
    """
    W, b = parameters.W, parameters.b
    initial, ended = minimal.require_inputs(parameters, x, initial, lengths, len(W) // 3)
    a_f, a_i, n = np.split(x @ W.T + b, 3, axis=2)
    gates = np.concatenate([sigmoid(a_f), sigmoid(a_i)], axis=2)
    # i / (f + i) = sigmoid(log i - log f), which holds even where both gates are too small for a floating-point number.
    log_f, log_i = -np.logaddexp(0, -a_f), -np.logaddexp(0, -a_i)
    return minimal.through_time(x, gates, sigmoid(log_i - log_f), n, initial, method, ended)


def backward(parameters, tape, dh=None, d_final=None):
    """Back-propagate through time; the recurrence of the gradient is linear as well, and runs by the same method.

    dh (T, B, H) is the gradient of the loss with respect to each h_t where the loss uses it; d_final (B, H) is a
    gradient on the state after the last step and is added to dh[-1]. At least one is needed.
    Returns Gradients. Raises TypeError or ValueError as forward does.
    """
    states, d_initial = minimal.back_through_time(tape, dh, d_final)
    h_before, written, n = tape.h[:-1], tape.written, tape.n
    f, i = np.split(tape.gates, 2, axis=2)
    d_ratio = states * (n - h_before) * written * (1 - written)  # dL/d(log i - log f)
    da_f, da_i, da_n = -d_ratio * (1 - f), d_ratio * (1 - i), states * written
    return minimal.gradients(parameters, tape, np.concatenate([da_f, da_i, da_n], axis=2), states, d_initial)
