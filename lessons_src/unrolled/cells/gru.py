"""The gated recurrent unit (Cho et al., 2014), in every convention in use.

    r_t = sigmoid(W_r x_t + b_r + U_r h_{t-1})                      the reset gate
    z_t = sigmoid(W_z x_t + b_z + U_z h_{t-1})                      the update gate
    n_t = tanh(W_n x_t + b_n + r_t * (U_n h_{t-1} + b_hn))          the candidate, reset "after" the matrix product
    n_t = tanh(W_n x_t + b_n + U_n (r_t * h_{t-1}) + b_hn)          ... or "before" it
    h_t = (1 - z_t) * n_t + z_t * h_{t-1}                           update "keep": z is the share that is kept
    h_t = z_t * n_t + (1 - z_t) * h_{t-1}                           update "write": z is the share that is written

"after" and "keep" are PyTorch's and cuDNN's, and the default here; Cho et al. reset before the product and keep by z;
Chung et al. (2014) and the minimal GRU write by z. The blocks are stacked in PyTorch's order r, z, n. The state is h,
so S = H.
"""

from dataclasses import dataclass

import numpy as np

from .activations import sigmoid
from .arrays import Gradients, ended_steps, outputs, part, require_array, require_gradients, with_rest
from .initialisation import recurrent, require_sizes, uniform
from .stretches import in_stretches

RESETS = ("after", "before")
UPDATES = ("keep", "write")


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights of the network, three blocks in the order r, z, n; a gradient with respect to them looks alike."""

    W: np.ndarray  # (3H, I) input weights
    U: np.ndarray  # (3H, H) recurrent weights
    b: np.ndarray  # (3H,)   bias; for r and z, PyTorch's two biases are this one's summands
    b_hn: np.ndarray | None = None  # (H,) the candidate's recurrent bias, inside the reset; None: one bias only

    def __post_init__(self):
        # Not checked for infinity: a gradient may have exploded, and that is worth looking at.
        require_array("U", self.U, ("3H", "H"), finite=False)
        H = self.U.shape[1]
        require_array("U", self.U, (3 * H, H), finite=False)
        require_array("W", self.W, (3 * H, "I"), self.U.dtype, finite=False)
        require_array("b", self.b, (3 * H,), self.U.dtype, finite=False)
        if self.b_hn is not None:
            require_array("b_hn", self.b_hn, (H,), self.U.dtype, finite=False)


@dataclass(frozen=True, eq=False)
class Tape:
    """What backward needs of a forward pass."""

    inputs: np.ndarray  #     (T, B, I + 1); x_t and 1 side by side
    h: np.ndarray  #          (T + 1, B, H); h[0] is the initial state, h[t + 1] the state after x_t
    gates: np.ndarray  #      (T, 3, B, H): r, the share of h that is kept, and n
    recalled: np.ndarray | None  # (T, B, H): U_n h_{t-1} + b_hn, which r_t multiplies where it resets after
    reset: str
    update: str
    ended: np.ndarray | None  # (T, B), True past the end of a sample; None where all have T steps

    @property
    def final(self):
        """The state after the last step, (B, H)."""
        return self.h[-1]

    def between(self, start, stop):
        """The tape of steps start, ..., stop - 1 alone."""
        steps = (part(v, start, stop) for v in (self.inputs, self.gates, self.recalled, self.ended))
        inputs, gates, recalled, ended = steps
        return Tape(inputs, self.h[start : stop + 1], gates, recalled, self.reset, self.update, ended)


def initialise(input_size, hidden_size, rng, scheme="pytorch", gain=1.0, update_bias=None, biases=2, dtype=np.float64):
    """Draw parameters: W and the biases as torch.nn.GRU draws them, each gate's U by `scheme`, then times `gain`.

    Schemes are those of `initialisation.recurrent`. nn.GRU has two biases, each uniform on +-1/sqrt(H): b is drawn as
    their sum, but b_n and b_hn one each; with biases=1 there is no b_hn. An `update_bias` replaces all of b_z: where z keeps,
    a large one lets the cell remember from the start, as the forget bias of an LSTM does.
    Raises ValueError for an unknown scheme, a size below 1, another number of biases than 1 or 2, or a dtype other
    than float32 and float64.
    """
    require_sizes(dtype, input_size=input_size, hidden_size=hidden_size)
    if biases not in (1, 2):
        raise ValueError(f"biases must be 1 or 2, got {biases!r}")
    H = hidden_size
    W, U = uniform(rng, H, 3 * H, input_size), gain * recurrent(rng, H, scheme, blocks=3)
    b, second = uniform(rng, H, 3 * H), uniform(rng, H, 3 * H)
    b[: 2 * H] += second[: 2 * H]
    if update_bias is not None:
        b[H : 2 * H] = update_bias
    b_hn = second[2 * H :].astype(dtype) if biases == 2 else None
    return Parameters(W.astype(dtype), U.astype(dtype), b.astype(dtype), b_hn)


def forward(parameters, x, initial=None, lengths=None, reset="after", update="keep"):
    """Run the network over a sequence.

    x (T, B, I) and initial (B, H; zeros if None) have the dtype of the parameters; reset is "after" or "before", update
    is "keep" or "write". lengths (B,) are the steps that each sample has: past its end its state stays as it is and its
    h is 0. Returns h (T, B, H) and the tape.
    Raises TypeError or ValueError, in one sentence, for a wrong shape or dtype, NaN or infinity, or an unknown name.
    """
    for name, value, known in (("reset", reset, RESETS), ("update", update, UPDATES)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    for name, block in vars(parameters).items():
        if block is not None:
            require_array(name, block, block.shape)
    I = parameters.W.shape[1]
    require_array("x", x, ("T", "B", I), parameters.U.dtype)
    (T, B, _), (W, U, b, b_hn) = x.shape, _keeping(parameters, update)
    H, dtype = U.shape[1], U.dtype
    ended = ended_steps(lengths, T, B)
    h = np.zeros((T + 1, B, H), dtype)
    if initial is not None:
        require_array("initial", initial, (B, H), dtype)
        h[0] = initial
    inputs = np.concatenate([x, np.ones((T, B, 1), dtype)], axis=2)

    # Each gate is computed as one piece of memory, which halves the time of what is done to it element by element.
    W_and_b = _by_gate(np.concatenate([W, b[:, None]], axis=1))
    U = _by_gate(U)
    gates = np.empty((T, 3, B, H), dtype)
    recalled = np.empty((T, B, H), dtype) if reset == "after" else None
    for t in range(T):
        r, z, n = np.matmul(inputs[t], W_and_b, out=gates[t])
        gates[t, :2] += h[t] @ U[:2]
        sigmoid(gates[t, :2], out=gates[t, :2])  # r and z
        if reset == "after":
            recalled[t] = h[t] @ U[2] + b_hn
            n += r * recalled[t]
        else:
            n += (r * h[t]) @ U[2] + b_hn
        np.tanh(n, out=n)
        h[t + 1] = (1 - z) * n + z * h[t]
        if ended is not None:
            h[t + 1, ended[t]] = h[t, ended[t]]
    return outputs(h[1:], ended), Tape(inputs, h, gates, recalled, reset, update, ended)


def _keeping(parameters, update):
    """W, U, b, b_hn for the convention in which z keeps: 1 - sigmoid(a) is sigmoid(-a), so "write" turns a sign."""
    H = parameters.U.shape[1]
    sign = np.ones(3 * H, parameters.U.dtype)
    sign[H : 2 * H] = 1 if update == "keep" else -1
    b_hn = np.zeros(H, sign.dtype) if parameters.b_hn is None else parameters.b_hn
    return parameters.W * sign[:, None], parameters.U * sign[:, None], parameters.b * sign, b_hn


def _by_gate(weights):
    """(3H, N) to (3, N, H): one matrix for each gate, turned so that it multiplies from the right."""
    return np.ascontiguousarray(weights.reshape(3, -1, weights.shape[1]).transpose(0, 2, 1))


def backward(parameters, tape, dh=None, d_final=None):
    """Back-propagate through time.

    dh (T, B, H) is the gradient of the loss with respect to each h_t where the loss uses it; d_final (B, H) is a
    gradient on the state after the last step and is added to dh[-1]. At least one is needed.
    Returns Gradients. Raises TypeError or ValueError as forward does.
    """
    (T, _, B, H), U = tape.gates.shape, parameters.U
    require_array("tape.h", tape.h, (T + 1, B, U.shape[1]), U.dtype, finite=False)
    dh, d_final = require_gradients(dh, d_final, (T, B, H), H, U.dtype, tape.ended)
    return in_stretches(_backward, parameters, tape, dh, d_final)


def _backward(parameters, tape, dh, d_final):
    W, U, _, _ = _keeping(parameters, tape.update)
    (T, _, B, H), I = tape.gates.shape, W.shape[1]
    U_rz, U_n = U[: 2 * H], U[2 * H :]
    states = np.empty((T, B, H), U.dtype)
    da = np.empty((T, B, 3, H), U.dtype)  # dL/da_t of the three pre-activations
    d_product = np.empty((T, B, H), U.dtype)  # dL/d(the product with U_n)
    from_later = d_final
    for t in reversed(range(T)):
        (r, z, n), h_before = tape.gates[t], tape.h[t]
        states[t] = dh_t = dh[t] + from_later  # what the loss takes from h_t directly, and through h_{t+1}
        da_n = dh_t * (1 - z) * (1 - n * n)
        if tape.reset == "after":
            d_product[t] = da_n * r
            dr = da_n * tape.recalled[t]
            from_later = dh_t * z + d_product[t] @ U_n
        else:
            d_product[t] = da_n
            d_kept_by_r = da_n @ U_n  # dL/d(r_t * h_{t-1})
            dr = d_kept_by_r * h_before
            from_later = dh_t * z + d_kept_by_r * r
        da[t, :, 0] = dr * r * (1 - r)
        da[t, :, 1] = dh_t * (h_before - n) * z * (1 - z)
        da[t, :, 2] = da_n
        from_later += da[t, :, :2].reshape(B, 2 * H) @ U_rz
        if tape.ended is not None:
            at_rest = tape.ended[t]
            da[t, at_rest], d_product[t, at_rest] = 0, 0
            from_later[at_rest] = states[t, at_rest]

    # The weights are the same at every step, so their gradient is a sum over steps: one matrix product each.
    da, d_product = da.reshape(T * B, 3 * H), d_product.reshape(T * B, H)
    h_before = tape.h[:-1].reshape(T * B, H)
    multiplied = h_before if tape.reset == "after" else (tape.gates[:, 0] * tape.h[:-1]).reshape(T * B, H)
    dW_and_b = da.T @ tape.inputs.reshape(T * B, I + 1)
    dU = np.concatenate([da[:, : 2 * H].T @ h_before, d_product.T @ multiplied])
    turned = _keeping(Parameters(dW_and_b[:, :I], dU, dW_and_b[:, I], d_product.sum(0)), tape.update)
    if parameters.b_hn is None:
        turned = turned[:3]
    return Gradients(Parameters(*turned), (da @ W).reshape(T, B, I), initial=from_later, states=states)


def step_jacobians(parameters, tape):
    """dh_t / dh_{t-1} for every step and sample: (T, B, H, H), row = component of h_t."""
    _, U, _, _ = _keeping(parameters, tape.update)
    H = U.shape[1]
    U_r, U_z, U_n = U.reshape(3, H, H)
    r, z, n, h_before = (v[..., None] for v in (*tape.gates.swapaxes(0, 1), tape.h[:-1]))
    unit = np.eye(H, dtype=U.dtype)
    r_by_h, z_by_h = r * (1 - r) * U_r, z * (1 - z) * U_z
    if tape.reset == "after":
        a_by_h = r * U_n + tape.recalled[..., None] * r_by_h
    else:
        a_by_h = U_n @ (r * unit + h_before * r_by_h)
    n_by_h = (1 - n * n) * a_by_h
    return with_rest(z * unit + (h_before - n) * z_by_h + (1 - z) * n_by_h, tape.ended)
