"""Long short-term memory (Hochreiter & Schmidhuber, 1997) with a forget gate (Gers, Schmidhuber & Cummins, 2000).

    i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)      the input gate
    f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)      the forget gate
    g_t =    tanh(W_g x_t + U_g h_{t-1} + b_g)      the candidate
    o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)      the output gate
    c_t = f_t * c_{t-1} + i_t * g_t
    h_t = o_t * tanh(c_t)

It is the LSTM of PyTorch, Keras and ONNX; the blocks are stacked in PyTorch's order i, f, g, o. Its state is h and c
side by side, so S = 2H. Other cells of the family are in `lstm_variants`.
"""

from dataclasses import dataclass

import numpy as np

from .activations import sigmoid
from .arrays import Gradients, ended_steps, outputs, part, require_array, require_gradients, with_rest
from .initialisation import recurrent, require_sizes, uniform
from .stretches import in_stretches


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights of the network, four blocks in the order i, f, g, o; a gradient with respect to them looks alike."""

    W: np.ndarray  # (4H, I) input weights
    U: np.ndarray  # (4H, H) recurrent weights
    b: np.ndarray  # (4H,)   bias; PyTorch's two biases are this one's summands

    def __post_init__(self):
        # Not checked for infinity: a gradient may have exploded, and that is worth looking at.
        require_array("U", self.U, ("4H", "H"), finite=False)
        H = self.U.shape[1]
        require_array("U", self.U, (4 * H, H), finite=False)
        require_array("W", self.W, (4 * H, "I"), self.U.dtype, finite=False)
        require_array("b", self.b, (4 * H,), self.U.dtype, finite=False)


@dataclass(frozen=True, eq=False)
class Tape:
    """What backward needs of a forward pass."""

    inputs: np.ndarray  #     (T + 1, B, I + 1 + H); inputs[t] is x_t, 1 and h_{t-1} side by side, the last without x
    c: np.ndarray  #          (T + 1, B, H); c[0] is the initial one, c[t + 1] the one after x_t
    gates: np.ndarray  #      (T, 4, B, H): i, f, g, o
    tanh_c: np.ndarray  #     (T, B, H)
    ended: np.ndarray | None  # (T, B), True past the end of a sample; None where all have T steps

    @property
    def h(self):
        """(T + 1, B, H); h[0] is the initial one, h[t + 1] the one after x_t."""
        return self.inputs[:, :, -self.c.shape[-1] :]

    @property
    def final(self):
        """The state after the last step, h and c side by side: (B, 2H)."""
        return np.concatenate([self.h[-1], self.c[-1]], axis=1)

    def between(self, start, stop):
        """The tape of steps start, ..., stop - 1 alone."""
        states = (self.inputs[start : stop + 1], self.c[start : stop + 1])
        return Tape(*states, *(part(v, start, stop) for v in (self.gates, self.tanh_c, self.ended)))


def initialise(input_size, hidden_size, rng, scheme="pytorch", gain=1.0, forget_bias=None, dtype=np.float64):
    """Draw parameters: W and b as torch.nn.LSTM draws them, each gate's U by `scheme`, then times `gain`.

    Schemes are those of `initialisation.recurrent`. nn.LSTM adds two biases, each uniform on +-1/sqrt(H): b is drawn as
    their sum. A `forget_bias` replaces all of b_f: 1 or more lets the cell remember from the start (Gers et al., 2000;
    Jozefowicz, Zaremba & Sutskever, 2015); None leaves it as drawn, so that f begins near 1/2.
    Raises ValueError for an unknown scheme, a size below 1 or a dtype other than float32 and float64.
    """
    require_sizes(dtype, input_size=input_size, hidden_size=hidden_size)
    W = uniform(rng, hidden_size, 4 * hidden_size, input_size)
    U = gain * recurrent(rng, hidden_size, scheme, blocks=4)
    b = uniform(rng, hidden_size, 4 * hidden_size) + uniform(rng, hidden_size, 4 * hidden_size)
    if forget_bias is not None:
        b[hidden_size : 2 * hidden_size] = forget_bias
    return Parameters(W.astype(dtype), U.astype(dtype), b.astype(dtype))


def forward(parameters, x, initial=None, lengths=None):
    """Run the network over a sequence.

    x (T, B, I) and initial (B, 2H; h and c side by side, zeros if None) have the dtype of the parameters. lengths (B,)
    are the steps that each sample has: past its end its state stays as it is and its h is 0.
    Returns h (T, B, H) and the tape.
    Raises TypeError or ValueError, in one sentence, for a wrong shape or dtype, NaN or infinity.
    """
    W, U, b = parameters.W, parameters.U, parameters.b
    for name in ("W", "U", "b"):
        require_array(name, getattr(parameters, name), getattr(parameters, name).shape)
    require_array("x", x, ("T", "B", W.shape[1]), U.dtype)
    (T, B, I), H = x.shape, U.shape[1]
    ended = ended_steps(lengths, T, B)
    inputs, c = np.zeros((T + 1, B, I + 1 + H), U.dtype), np.zeros((T + 1, B, H), U.dtype)
    inputs[:T, :, :I], inputs[:, :, I] = x, 1
    h = inputs[:, :, I + 1 :]
    if initial is not None:
        require_array("initial", initial, (B, 2 * H), U.dtype)
        h[0], c[0] = initial[:, :H], initial[:, H:]

    # W x_t + b + U h_{t-1} is one product, of [W b U] with x_t, 1 and h_{t-1}. Each gate is computed as one piece of
    # memory, which halves the time of all that is done to it element by element.
    weights = np.concatenate([W, b[:, None], U], axis=1)
    weights = np.ascontiguousarray(weights.reshape(4, H, I + 1 + H).transpose(0, 2, 1))
    gates, tanh_c = np.empty((T, 4, B, H), U.dtype), np.empty((T, B, H), U.dtype)
    for t in range(T):
        i, f, g, o = np.matmul(inputs[t], weights, out=gates[t])
        sigmoid(gates[t, :2], out=gates[t, :2])  # i and f
        np.tanh(g, out=g)
        sigmoid(o, out=o)
        c[t + 1] = f * c[t] + i * g
        np.tanh(c[t + 1], out=tanh_c[t])
        h[t + 1] = o * tanh_c[t]
        if ended is not None:
            h[t + 1, ended[t]], c[t + 1, ended[t]] = h[t, ended[t]], c[t, ended[t]]
    return outputs(h[1:], ended), Tape(inputs, c, gates, tanh_c, ended)


def backward(parameters, tape, dh=None, d_final=None):
    """Back-propagate through time.

    dh (T, B, H) is the gradient of the loss with respect to each h_t where the loss uses it; d_final (B, 2H) is a
    gradient on the state after the last step. At least one is needed.
    Returns Gradients; in its `states`, dL/dc_t holds h_t fixed, as a state's two halves are two variables.
    Raises TypeError or ValueError as forward does.
    """
    W, U = parameters.W, parameters.U
    (T, _, B, H), I = tape.gates.shape, W.shape[1]
    require_array("tape.inputs", tape.inputs, (T + 1, B, I + 1 + U.shape[1]), U.dtype, finite=False)
    dh, d_final = require_gradients(dh, d_final, (T, B, H), 2 * H, U.dtype, tape.ended)
    return in_stretches(_backward, parameters, tape, dh, d_final)


def _backward(parameters, tape, dh, d_final):
    W, U = parameters.W, parameters.U
    (T, _, B, H), I = tape.gates.shape, W.shape[1]
    states = np.empty((T, B, 2 * H), U.dtype)
    da = np.empty((T, B, 4, H), U.dtype)  # dL/da_t of the four pre-activations
    dh_from_later, dc_from_later = d_final[:, :H], d_final[:, H:]
    for t in reversed(range(T)):
        (i, f, g, o), tanh_c, c_before = tape.gates[t], tape.tanh_c[t], tape.c[t]
        dh_t = dh[t] + dh_from_later
        dc_t = dc_from_later + dh_t * o * (1 - tanh_c * tanh_c)  # through c_{t+1}, and through h_t
        da[t, :, 0] = dc_t * g * i * (1 - i)
        da[t, :, 1] = dc_t * c_before * f * (1 - f)
        da[t, :, 2] = dc_t * i * (1 - g * g)
        da[t, :, 3] = dh_t * tanh_c * o * (1 - o)
        states[t, :, :H], states[t, :, H:] = dh_t, dc_from_later
        dh_from_later, dc_from_later = da[t].reshape(B, 4 * H) @ U, dc_t * f
        if tape.ended is not None:
            at_rest = tape.ended[t]
            da[t, at_rest] = 0
            dh_from_later[at_rest], dc_from_later[at_rest] = states[t, at_rest, :H], states[t, at_rest, H:]

    # The weights are the same at every step, so their gradient is a sum over steps: one matrix product.
    da = da.reshape(T * B, 4 * H)
    d_weights = da.T @ tape.inputs[:T].reshape(T * B, I + 1 + H)
    dW, db, dU = (np.ascontiguousarray(d) for d in (d_weights[:, :I], d_weights[:, I], d_weights[:, I + 1 :]))
    initial = np.concatenate([dh_from_later, dc_from_later], axis=1)
    return Gradients(Parameters(dW, dU, db), (da @ W).reshape(T, B, I), initial, states)


def step_jacobians(parameters, tape):
    """d(h_t, c_t) / d(h_{t-1}, c_{t-1}) for every step and sample: (T, B, 2H, 2H), row = component after the step."""
    H = parameters.U.shape[1]
    U_i, U_f, U_g, U_o = parameters.U.reshape(4, H, H)
    by_step = (*tape.gates.swapaxes(0, 1), tape.tanh_c, tape.c[:-1])
    i, f, g, o, tanh_c, c_before = (v[..., None] for v in by_step)  # each (T, B, H, 1): it multiplies a row
    c_by_h = c_before * f * (1 - f) * U_f + g * i * (1 - i) * U_i + i * (1 - g * g) * U_g
    c_by_c = f * np.eye(H, dtype=f.dtype)
    h_by_c_now = o * (1 - tanh_c * tanh_c)
    h_by_h = tanh_c * o * (1 - o) * U_o + h_by_c_now * c_by_h
    return with_rest(np.block([[h_by_h, h_by_c_now * c_by_c], [c_by_h, c_by_c]]), tape.ended)
