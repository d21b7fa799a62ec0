"""The network of Jordan (1986), for contrast: not the hidden units but the output is fed back.

    h_t = phi(W x_t + U y_{t-1} + b)
    y_t = psi(V h_t + d)

What a step hands to the next is y, so S = O, and all memory must pass through what the task wants as an output.
Jordan's own state units moreover decay by a factor mu; here mu is 0.
"""

from dataclasses import dataclass

import numpy as np

from .activations import activation_named
from .arrays import Gradients, ended_steps, outputs, part, require_array, require_gradients, with_rest
from .initialisation import require_sizes, uniform


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights of the network; a gradient with respect to them has the same form."""

    W: np.ndarray  # (H, I) input weights
    U: np.ndarray  # (H, O) weights of the output fed back
    b: np.ndarray  # (H,)   bias of the hidden units
    V: np.ndarray  # (O, H) output weights
    d: np.ndarray  # (O,)   bias of the output

    def __post_init__(self):
        # Not checked for infinity: a gradient may have exploded, and that is worth looking at.
        require_array("U", self.U, ("H", "O"), finite=False)
        H, O = self.U.shape
        for name, shape in (("W", (H, "I")), ("b", (H,)), ("V", (O, H)), ("d", (O,))):
            require_array(name, getattr(self, name), shape, self.U.dtype, finite=False)


@dataclass(frozen=True, eq=False)
class Tape:
    """What backward needs of a forward pass."""

    x: np.ndarray  #  (T, B, I)
    h: np.ndarray  #  (T, B, H); h[t] after x[t]
    y: np.ndarray  #  (T + 1, B, O); y[0] is the initial state, y[t + 1] the state after x[t]
    activation: str
    output_activation: str
    ended: np.ndarray | None  # (T, B), True past the end of a sample; None where all have T steps

    @property
    def final(self):
        """The state after the last step, (B, O)."""
        return self.y[-1]

    def between(self, start, stop):
        """The tape of steps start, ..., stop - 1 alone."""
        x, h, ended = (part(v, start, stop) for v in (self.x, self.h, self.ended))
        return Tape(x, h, self.y[start : stop + 1], self.activation, self.output_activation, ended)


def initialise(input_size, hidden_size, rng, output_size=2, dtype=np.float64):
    """Draw all weights and biases uniform on +-1/sqrt(H).

    Raises ValueError for a size below 1 or a dtype other than float32 and float64.
    """
    require_sizes(dtype, input_size=input_size, hidden_size=hidden_size)
    require_sizes(dtype, output_size=output_size)
    I, H, O = input_size, hidden_size, output_size
    return Parameters(*(uniform(rng, H, *shape).astype(dtype) for shape in ((H, I), (H, O), (H,), (O, H), (O,))))


def forward(parameters, x, initial=None, activation="tanh", output_activation="identity", lengths=None):
    """Run the network over a sequence.

    x (T, B, I) and initial (B, O; zeros if None) have the dtype of the parameters; activation (of h) and
    output_activation (of y) are names of `activations.ACTIVATIONS`. lengths (B,) are the steps that each sample has:
    past its end its state stays as it is and its y is 0. Returns y (T, B, O) and the tape.
    Raises TypeError or ValueError, in one sentence, for a wrong shape or dtype, NaN or infinity, or an unknown name.
    """
    phi, psi = activation_named(activation).value, activation_named(output_activation).value
    for name, block in vars(parameters).items():
        require_array(name, block, block.shape)
    W, U, b, V, d = vars(parameters).values()
    require_array("x", x, ("T", "B", W.shape[1]), U.dtype)
    (T, B, _), (H, O) = x.shape, U.shape
    ended = ended_steps(lengths, T, B)
    h, y = np.empty((T, B, H), U.dtype), np.zeros((T + 1, B, O), U.dtype)
    if initial is not None:
        require_array("initial", initial, (B, O), U.dtype)
        y[0] = initial
    for t in range(T):
        h[t] = phi(x[t] @ W.T + y[t] @ U.T + b)
        y[t + 1] = psi(h[t] @ V.T + d)
        if ended is not None:
            y[t + 1, ended[t]] = y[t, ended[t]]
    return outputs(y[1:], ended), Tape(x, h, y, activation, output_activation, ended)


def backward(parameters, tape, dh=None, d_final=None):
    """Back-propagate through time.

    dh (T, B, O) is the gradient of the loss with respect to each output y_t (named as for every cell); d_final (B, O)
    is a gradient on the state after the last step and is added to dh[-1]. At least one is needed.
    Returns Gradients. Raises TypeError or ValueError as forward does.
    """
    W, U, V = parameters.W, parameters.U, parameters.V
    (T, B, I), (H, O) = tape.x.shape, U.shape
    require_array("tape.y", tape.y, (T + 1, B, O), U.dtype, finite=False)
    dy, d_final = require_gradients(dh, d_final, (T, B, O), O, U.dtype, tape.ended)
    states = np.empty((T, B, O), U.dtype)
    da = activation_named(tape.activation).slope(tape.h)  # phi', to become the gradient of its argument step by step
    de = activation_named(tape.output_activation).slope(tape.y[1:])  # psi', likewise
    from_later = d_final
    for t in reversed(range(T)):
        states[t] = dy[t] + from_later  # dL/dy_t: what the loss takes from y_t directly, and through h_{t+1}
        de[t] *= states[t]
        da[t] *= de[t] @ V
        from_later = da[t] @ U
        if tape.ended is not None:
            at_rest = tape.ended[t]
            de[t, at_rest], da[t, at_rest] = 0, 0
            from_later[at_rest] = states[t, at_rest]

    # The weights are the same at every step, so their gradient is a sum over steps: one matrix product each.
    da, de = da.reshape(T * B, H), de.reshape(T * B, O)
    dW, dU = da.T @ tape.x.reshape(T * B, I), da.T @ tape.y[:-1].reshape(T * B, O)
    dV = de.T @ tape.h.reshape(T * B, H)
    blocks = Parameters(dW, dU, da.sum(0), dV, de.sum(0))
    return Gradients(blocks, (da @ W).reshape(T, B, I), initial=from_later, states=states)


def step_jacobians(parameters, tape):
    """dy_t / dy_{t-1} = diag(psi') V diag(phi') U for every step and sample: (T, B, O, O)."""
    phi_slope = activation_named(tape.activation).slope(tape.h)
    psi_slope = activation_named(tape.output_activation).slope(tape.y[1:])
    jacobians = psi_slope[..., None] * (parameters.V @ (phi_slope[..., None] * parameters.U))
    return with_rest(jacobians, tape.ended)
