"""The ordinary feed-forward network on a window of the last inputs, in NumPy with its backward pass and in PyTorch.

y_t = V tanh(W [x_{t-size+1}; ...; x_t] + b) + d: a multi-layer perceptron with one hidden layer that is moved along the
sequence. It has no state: an input older than its window cannot reach the output.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from unrolled.cells.arrays import require_array
from unrolled.models.ensemble import DeepEnsemble


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights of the network; a gradient with respect to them has the same form."""

    W: np.ndarray  # (H, size * I) input weights, those of the oldest input first
    b: np.ndarray  # (H,)
    V: np.ndarray  # (O, H) output weights
    d: np.ndarray  # (O,)


def windows(x, size):
    """The last `size` inputs of every step side by side, the oldest first; zeros stand before the first step.

    x (T, ..., I), a NumPy array or a tensor -> (T, ..., size * I) of the same kind. Raises ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"a window has at least one input, got size {size}")
    join = torch.cat if isinstance(x, torch.Tensor) else np.concatenate
    padded = join([0 * x[:1]] * (size - 1) + [x], 0)
    return join([padded[lag : lag + len(x)] for lag in range(size)], -1)


def forward(parameters, x, size):
    """The output at every step of x (T, B, I): y (T, B, O), and the tape that backward needs.

    Raises TypeError or ValueError, in one sentence, for a wrong shape or dtype, NaN or infinity.
    """
    require_array("x", x, ("T", "B", "I"))
    hidden, inputs = len(parameters.b), size * x.shape[2]
    shapes = {"W": (hidden, inputs), "b": (hidden,), "V": (len(parameters.d), hidden), "d": (len(parameters.d),)}
    for name, shape in shapes.items():
        require_array(name, getattr(parameters, name), shape, x.dtype)
    seen = windows(x, size)
    h = np.tanh(seen @ parameters.W.T + parameters.b)
    return h @ parameters.V.T + parameters.d, (seen, h)


def backward(parameters, tape, dy):
    """Back-propagation: the gradient of the loss with respect to the parameters, from dy (T, B, O), that to the outputs."""
    seen, h = tape
    require_array("dy", dy, (*h.shape[:2], len(parameters.d)), h.dtype)
    da = (1 - h**2) * (dy @ parameters.V)
    flat = lambda steps: steps.reshape(-1, steps.shape[-1])
    # The network is applied at every step with the same weights, so their gradient is a sum over steps and samples.
    return Parameters(
        W=flat(da).T @ flat(seen), b=flat(da).sum(0), V=flat(dy).T @ flat(h), d=flat(dy).sum(0)
    )  # fmt: skip


class WindowEnsemble(nn.Module):
    """`members` such networks in PyTorch with one output each; member s never sees another's data or gradient.

    Each is initialised as torch.nn.Linear initialises.
    forward: x (T, members, B, input_size) -> (members, T * B), the answers step by step.
    """

    def __init__(self, members, input_size, hidden_size, window, seed=0):
        super().__init__()
        self.window = window
        self.network = DeepEnsemble(members, window * input_size, hidden_size, depth=1, seed=seed)

    def forward(self, x):
        return self.network(windows(x, self.window).transpose(0, 1).flatten(1, 2))  # steps are as good as samples here
