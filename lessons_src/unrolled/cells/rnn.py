"""The simple recurrent network (Elman, 1990): h_t = phi(W x_t + U h_{t-1} + b).

Its state is h, so S = H. Back-propagation through time: Werbos, 1990.
"""

from dataclasses import dataclass

import numpy as np

from .activations import activation_named
from .arrays import Gradients, ended_steps, outputs, part, require_array, require_gradients, with_rest
from .initialisation import recurrent, require_sizes, uniform
from .stretches import in_stretches


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights of the network; a gradient with respect to them has the same form."""

    W: np.ndarray  # (H, I) input weights
    U: np.ndarray  # (H, H) recurrent weights
    b: np.ndarray  # (H,)   bias; PyTorch's two biases are this one's summands

    def __post_init__(self):
        # Not checked for infinity: a gradient may have exploded, and that is worth looking at.
        require_array("U", self.U, ("H", "H"), finite=False)
        require_array("W", self.W, (len(self.U), "I"), self.U.dtype, finite=False)
        require_array("b", self.b, (len(self.U),), self.U.dtype, finite=False)


@dataclass(frozen=True, eq=False)
class Tape:
    """What backward needs of a forward pass."""

    x: np.ndarray  #     (T, B, I)
    h: np.ndarray  #     (T + 1, B, H); h[0] is the initial state, h[t + 1] the state after x[t]
    activation: str
    ended: np.ndarray | None = None  # (T, B), True past the end of a sample; None where all have T steps

    @property
    def final(self):
        """The state after the last step, (B, H)."""
        return self.h[-1]

    def between(self, start, stop):
        """The tape of steps start, ..., stop - 1 alone."""
        return Tape(self.x[start:stop], self.h[start : stop + 1], self.activation, part(self.ended, start, stop))


def initialise(input_size, hidden_size, rng, scheme="pytorch", gain=1.0, dtype=np.float64):
    """Draw parameters: W and b as torch.nn.RNN draws them, U by `scheme`, then times `gain`.

    Schemes for U: "pytorch", uniform on +-1/sqrt(H); "normal", variance 1/H, so that gain is the g of Sompolinsky,
    Crisanti & Sommers (1988); "orthogonal", uniform over the orthogonal matrices (Mezzadri, 2007); "identity"
    (Le, Jaitly & Hinton, 2015). nn.RNN adds two biases, each uniform on +-1/sqrt(H): b is drawn as their sum.
    Raises ValueError for an unknown scheme, a size below 1 or a dtype other than float32 and float64.
    """
    require_sizes(dtype, input_size=input_size, hidden_size=hidden_size)
    W = uniform(rng, hidden_size, hidden_size, input_size)
    U = gain * recurrent(rng, hidden_size, scheme)
    b = uniform(rng, hidden_size, hidden_size) + uniform(rng, hidden_size, hidden_size)
    return Parameters(W.astype(dtype), U.astype(dtype), b.astype(dtype))


def forward(parameters, x, initial=None, activation="tanh", lengths=None):
    """Run the network over a sequence.

    x (T, B, I) and initial (B, H; zeros if None) have the dtype of the parameters; activation is a name of
    `activations.ACTIVATIONS`. lengths (B,) are the steps that each sample has: past its end its state stays as it is
    and its h is 0. Returns h (T, B, H), without lengths a view of the tape, and the tape.
    Raises TypeError or ValueError, in one sentence, for a wrong shape or dtype, NaN or infinity, or an unknown name.
    """
    phi = activation_named(activation).value
    W, U, b = parameters.W, parameters.U, parameters.b
    for name in ("W", "U", "b"):
        require_array(name, getattr(parameters, name), getattr(parameters, name).shape)
    require_array("x", x, ("T", "B", W.shape[1]), U.dtype)
    T, B, I = x.shape
    H = len(U)
    ended = ended_steps(lengths, T, B)
    h = np.empty((T + 1, B, H), U.dtype)
    if initial is None:
        h[0] = 0
    else:
        require_array("initial", initial, (B, H), U.dtype)
        h[0] = initial

    # W x_t + b waits for no state, so one matrix product serves all steps.
    from_input = (x.reshape(T * B, I) @ W.T + b).reshape(T, B, H)
    for t in range(T):
        h[t + 1] = phi(from_input[t] + h[t] @ U.T)
        if ended is not None:
            h[t + 1, ended[t]] = h[t, ended[t]]
    return outputs(h[1:], ended), Tape(x, h, activation, ended)


def backward(parameters, tape, dh=None, d_final=None):
    """Back-propagate through time.

    dh (T, B, H) is the gradient of the loss with respect to each h_t where the loss uses it; d_final (B, H) is a
    gradient on the state after the last step and is added to dh[-1]. At least one is needed.
    Returns Gradients. Raises TypeError or ValueError as forward does.
    """
    (T, B, _), H, dtype = tape.x.shape, len(parameters.U), parameters.U.dtype
    require_array("tape.h", tape.h, (T + 1, B, H), dtype, finite=False)
    dh, d_final = require_gradients(dh, d_final, (T, B, H), H, dtype, tape.ended)
    return in_stretches(_backward, parameters, tape, dh, d_final)


def _backward(parameters, tape, dh, d_final):
    W, U = parameters.W, parameters.U
    (T, B, I), H = tape.x.shape, len(U)
    states = np.empty((T, B, H), U.dtype)
    da = activation_named(tape.activation).slope(tape.h[1:])  # phi'(a_t), to become dL/da_t step by step
    from_later = d_final
    for t in reversed(range(T)):
        states[t] = dh[t] + from_later  # dL/dh_t: what the loss takes from h_t directly, and through h_{t+1}
        da[t] *= states[t]
        from_later = da[t] @ U
        if tape.ended is not None:
            at_rest = tape.ended[t]
            da[t, at_rest], from_later[at_rest] = 0, states[t, at_rest]

    # The weights are the same at every step, so their gradient is a sum over steps: one matrix product each.
    da = da.reshape(T * B, H)
    dW = da.T @ tape.x.reshape(T * B, I)
    dU = da.T @ tape.h[:-1].reshape(T * B, H)
    dx = (da @ W).reshape(T, B, I)
    return Gradients(Parameters(dW, dU, da.sum(0)), dx, initial=from_later, states=states)


def step_jacobians(parameters, tape):
    """dh_t / dh_{t-1} = diag(phi'(a_t)) U for every step and sample: (T, B, H, H), row = component of h_t."""
    slope = activation_named(tape.activation).slope(tape.h[1:])
    return with_rest(slope[..., None] * parameters.U, tape.ended)
