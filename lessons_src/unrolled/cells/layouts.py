"""The same network in the weights of another library: PyTorch, Keras 3 and ONNX, both ways.

    to_pytorch(network) -> {name: array}, as in module.state_dict()       from_pytorch(weights) -> network
    to_keras(network)   -> [array, ...], as in layer.get_weights()        from_keras(weights) -> network
    to_onnx(network)    -> inputs W, R, B, P of a node; its attributes    from_onnx(**inputs, **attributes) -> network

A network is a `wrappers.Layer` of rnn, lstm, gru or lstm_variants, a `Bidirectional` of two, or, for PyTorch alone, a
`Stack` of either. A layer holds its parameters and, as options of its forward, their convention. What comes back
computes what was given: where that takes more than moving blocks (a z that is the share written), it is done; where no
weights can do it (a reset before the product, for PyTorch), it is refused. Arrays are float32 or float64, of one dtype,
finite, and never shared with what was given.

What does not survive is how a bias was split. We have one where PyTorch and ONNX add two (only the GRU's b_hn stands
apart), so two are summed, and come back as that sum and zeros; a missing bias comes back as zeros. The function is the
same, its training is not: of two biases that are added each gets the whole gradient, so their sum moves twice as far.

In shapes, G is the number of gates, H that of units, N the size of h (H, but for a projected LSTM), I that of the input
and D the number of directions. Sources: torch.nn.modules.rnn (2.13), keras.src.layers.rnn (3.15), the operators RNN,
LSTM and GRU of ONNX (opset 22); the parity tests run our cells against all three.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from . import gru, lstm, lstm_variants, rnn
from .activations import ACTIVATIONS
from .arrays import require_array
from .wrappers import Bidirectional, Layer, Stack


@dataclass(frozen=True)
class Library:
    """What the recurrent layers of a library can compute, and in which order it stacks their gates."""

    gates: dict[str, str]  #        by kind of layer, in our letters: i f g o, r z n, and h for the one of an RNN
    activations: tuple[str, ...]  # that an RNN may have
    resets: tuple[str, ...]  #      of a GRU
    peepholes: str = ""  #          their order, "" if its LSTM has none
    projection: bool = False  #     whether its LSTM may have one


# Keras and ONNX call g and n c and h. Our order is PyTorch's, and in all three z is the share that is kept.
LIBRARIES = {
    "PyTorch": Library({"RNN": "h", "LSTM": "ifgo", "GRU": "rzn"}, ("tanh", "relu"), ("after",), projection=True),
    "Keras": Library({"RNN": "h", "LSTM": "ifgo", "GRU": "zrn"}, tuple(ACTIVATIONS), ("after", "before")),
    "ONNX": Library(
        {"RNN": "h", "LSTM": "iofg", "GRU": "zrn"}, ("tanh", "relu", "sigmoid"), ("after", "before"), peepholes="iof"
    ),
}
_KINDS = {1: "RNN", 3: "GRU", 4: "LSTM"}  # by the number of gates


@dataclass(frozen=True, eq=False)
class _Plain:
    """One direction of one layer without its convention: our order of gates, z the share that is kept."""

    kind: str  #                      RNN, LSTM or GRU
    W: np.ndarray  #                  (G H, I)
    U: np.ndarray  #                  (G H, N)
    b: np.ndarray  #                  (G H,)
    b_hn: np.ndarray | None = None  # (H,)
    p: np.ndarray | None = None  #    (3, H)
    P: np.ndarray | None = None  #    (N, H)
    activation: str = "tanh"  #       of an RNN
    reset: str = "after"  #           of a GRU

    def form(self):
        """What the layers of one module or node must have in common."""
        return self.kind, self.U.shape, self.U.dtype, self.P is None, self.p is None, self.reset

    def two_biases(self):
        """What is added to W x and what to U h, (G H,) each: the second is zero but for b_hn, whose gate is last."""
        second = np.zeros_like(self.b)
        if self.b_hn is not None:
            second[-len(self.b_hn) :] = self.b_hn
        return self.b.copy(), second

    def layer(self):
        """It as a layer to run."""
        if self.kind == "RNN":
            return Layer(rnn, rnn.Parameters(self.W, self.U, self.b), {"activation": self.activation})
        if self.kind == "GRU":
            return Layer(gru, gru.Parameters(self.W, self.U, self.b, self.b_hn), {"reset": self.reset})
        if self.p is None and self.P is None:
            return Layer(lstm, lstm.Parameters(self.W, self.U, self.b))
        parameters = lstm_variants.Parameters(self.W, self.U, self.b, p=self.p, P=self.P)
        return Layer(lstm_variants, parameters, {"variant": "NP" if self.p is None else "V"})


# PyTorch


def to_pytorch(network):
    """The weights of the torch.nn.RNN, LSTM or GRU that computes what `network` computes.

    Returns {name: array} with the names of the module's state_dict(): weight_ih_l0 (G H, I), weight_hh_l0 (G H, N),
    bias_ih_l0 and bias_hh_l0 (G H,), and weight_hr_l0 (N, H) of a projected LSTM. Further layers end in l1, l2, and
    so on, the second of two directions in _reverse. The module's constructor wants the sizes, and num_layers,
    bidirectional, proj_size or nonlinearity="relu" where they apply.
    Raises TypeError or ValueError, in one sentence, for what torch.nn cannot compute, or arrays that are not finite.
    """
    weights, first, size_below = {}, None, None
    for k, layer in enumerate(network.layers if isinstance(network, Stack) else (network,)):
        parts = _plain(layer, "PyTorch")
        for suffix, part in zip(("", "_reverse"), parts):
            form = (*part.form(), part.activation, len(parts))
            first = first or form
            if form != first:
                raise ValueError(f"layer {k} must be like layer 0 in all but its input, as in one module of PyTorch")
            if size_below not in (None, part.W.shape[1]):
                expected = (len(part.W), size_below)
                raise ValueError(f"W of layer {k} must have shape {expected} to read layer {k - 1}, got {part.W.shape}")
            if part.P is not None and part.P.shape[0] >= part.P.shape[1]:
                raise ValueError(f"P must have fewer rows than columns for PyTorch, got shape {part.P.shape}")
            at, (b_input, b_recurrent) = f"l{k}{suffix}", part.two_biases()
            weights |= {f"weight_ih_{at}": part.W.copy(), f"weight_hh_{at}": part.U.copy()}
            weights |= {f"bias_ih_{at}": b_input, f"bias_hh_{at}": b_recurrent}
            if part.P is not None:
                weights[f"weight_hr_{at}"] = part.P.copy()
        size_below = len(parts) * part.U.shape[1]
    return weights


def from_pytorch(weights, activation="tanh"):
    """The network with the weights of a torch.nn.RNN, LSTM or GRU.

    `weights` is the module's state_dict(), or arrays by the same names. Names and shapes show which cell it is, how
    many layers in how many directions, with biases or without, projected or not. `activation` is the nonlinearity of an
    RNN, "tanh" or "relu", which no weight shows.
    Returns a Layer, a Bidirectional, or a Stack of them where there are several layers.
    Raises TypeError or ValueError, in one sentence, for a name missing or unknown, a wrong shape or dtype, NaN.
    """
    stems, depth, suffixes = _parsed(weights)
    arrays = {name: _array(name, value) for name, value in weights.items()}
    U, P = arrays["weight_hh_l0"], arrays.get("weight_hr_l0")
    require_array("weight_hh_l0", U, ("G H", "N"))
    rows, N = U.shape
    if P is not None:
        require_array("weight_hr_l0", P, (N, "H"), U.dtype)
    H = N if P is None else P.shape[1]
    kind = _kind("weight_hh_l0", U, rows, H)
    if P is not None and kind != "LSTM":
        raise ValueError(f"weight_hh_l0 must have shape ({4 * H}, {N}) beside weight_hr_l0, got {U.shape}")
    _require_activation(kind, activation, "PyTorch")

    layers, size = [], "I"
    for k in range(depth):
        directions = []
        for suffix in suffixes:
            names = {stem: f"{stem}_l{k}{suffix}" for stem in stems}
            shapes = {"weight_ih": (rows, size), "weight_hh": (rows, N), "weight_hr": (N, H)}
            for stem, name in names.items():
                require_array(name, arrays[name], shapes.get(stem, (rows,)), U.dtype)
            W, U_k, b_input, b_recurrent, P_k = (
                arrays.get(names.get(stem)) for stem in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
            )
            b, b_hn = _one_bias(kind, W, b_input, b_recurrent)
            directions.append(_Plain(kind, W, U_k, b, b_hn, P=P_k, activation=activation).layer())
        layers.append(_joined(directions))
        size = len(suffixes) * N
    return layers[0] if depth == 1 else Stack(tuple(layers))


def _parsed(weights):
    """Which arrays each layer has, how many layers there are, and the suffixes of the directions, by the names."""
    if not isinstance(weights, Mapping):
        raise TypeError(f"weights must be a dictionary of arrays, got {type(weights).__name__}")
    found = []
    for name in weights:
        parts = re.fullmatch(r"(weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(\d+)(|_reverse)", str(name))
        if parts is None:
            raise ValueError(f"weights must have names such as weight_ih_l0 or bias_hh_l1_reverse, got {name!r}")
        found.append(parts.groups())
    stems = {"weight_ih", "weight_hh"} | {stem for stem, _, _ in found}
    if stems & {"bias_ih", "bias_hh"}:
        stems |= {"bias_ih", "bias_hh"}
    depth = 1 + max((int(k) for _, k, _ in found), default=0)
    suffixes = sorted({""} | {suffix for _, _, suffix in found})
    for name in (f"{stem}_l{k}{suffix}" for k in range(depth) for suffix in suffixes for stem in sorted(stems)):
        if name not in weights:
            raise ValueError(f"weights must have {name}, found {', '.join(map(str, weights)) or 'none'}")
    return sorted(stems), depth, suffixes


# Keras


def to_keras(network):
    """The weights of the keras.layers.SimpleRNN, LSTM or GRU that computes what `network` computes.

    Returns the list that the layer's set_weights() takes: kernel (I, G H), recurrent_kernel (H, G H) and bias (G H,),
    or (2, 3H), for input and recurrence, of a GRU that resets after the product; for both directions
    (keras.layers.Bidirectional) that twice. The layer's constructor wants the activation (Keras's leaky_relu leaks more
    than ours), and reset_after=False for a GRU that resets before, whose one bias has b_hn added. Keras has no layout
    of a stack: convert its layers one by one.
    Raises TypeError or ValueError, in one sentence, for what Keras cannot compute, or arrays that are not finite.
    """
    weights = []
    for part in _plain(network, "Keras"):
        W, U, b_input, b_recurrent = _in_order_of("Keras", part.kind, part.W, part.U, *part.two_biases())
        two = part.kind == "GRU" and part.reset == "after"
        weights += [W.T.copy(), U.T.copy(), np.stack([b_input, b_recurrent]) if two else b_input + b_recurrent]
    return weights


def from_keras(weights, activation="tanh", reset=None):
    """The network with the weights of a keras.layers.SimpleRNN, LSTM, GRU, or of a Bidirectional of one of them.

    `weights` is the layer's get_weights(): kernel, recurrent_kernel and, unless use_bias=False, bias; for both
    directions that twice. Shapes show which cell it is. `activation` is that of a SimpleRNN, a name of
    `activations.ACTIVATIONS`. The bias shows where a GRU resets: (2, 3H) is reset_after=True, "after", and (3H,) is
    "before"; for a GRU without bias `reset` must say it.
    Returns a Layer or a Bidirectional. Raises TypeError or ValueError, in one sentence, for a wrong number of arrays, a
    wrong shape or dtype, NaN, or a `reset` that the bias contradicts.
    """
    if not isinstance(weights, (list, tuple)):
        raise TypeError(f"weights must be a list of arrays, got {type(weights).__name__}")
    if len(weights) not in (2, 3, 4, 6):
        raise ValueError(
            "weights must be 3 arrays (kernel, recurrent_kernel, bias), 2 without bias, or twice as many for both "
            f"directions, got {len(weights)}"
        )
    halves = [weights] if len(weights) < 4 else [weights[: len(weights) // 2], weights[len(weights) // 2 :]]
    return _joined([_direction_of_keras(half, activation, reset) for half in halves])


def _direction_of_keras(weights, activation, reset):
    arrays = {name: _array(name, value) for name, value in zip(("kernel", "recurrent_kernel", "bias"), weights)}
    kernel, recurrent, bias = arrays["kernel"], arrays["recurrent_kernel"], arrays.get("bias")
    require_array("recurrent_kernel", recurrent, ("H", "G H"))
    H, columns = recurrent.shape
    kind = _kind("recurrent_kernel", recurrent, columns, H)
    require_array("kernel", kernel, ("I", columns), recurrent.dtype)
    _require_activation(kind, activation, "Keras")
    two = kind == "GRU" and bias is not None and bias.ndim == 2
    if bias is not None:
        require_array("bias", bias, (2, columns) if two else (columns,), recurrent.dtype)
    if kind != "GRU":
        allowed, why = (None,), f"for {kind}"
    elif bias is not None:
        allowed, why = (None, "after" if two else "before"), f"beside a bias of shape {bias.shape}"
    else:
        allowed, why = gru.RESETS, "for a GRU without bias"
    if reset not in allowed:
        raise ValueError(f"reset must be {' or '.join(map(str, allowed))} {why}, got {reset!r}")
    b_input, b_recurrent = bias if two else (bias, None)
    W, U, b_input, b_recurrent = _in_our_order("Keras", kind, kernel.T, recurrent.T, b_input, b_recurrent)
    b, b_hn = _one_bias(kind, W, b_input, b_recurrent)
    return _Plain(kind, W, U, b, b_hn, activation=activation, reset=reset or allowed[-1]).layer()


# ONNX


def to_onnx(network):
    """The inputs and attributes of the ONNX node RNN, LSTM or GRU that computes what `network` computes.

    Returns two dictionaries. The inputs: W (D, G H, I), R (D, G H, H), B (D, 2 G H), that of the input and then that of
    the recurrence, and P (D, 3H) of the variant V. The attributes, as onnx.helper.make_node takes them: hidden_size,
    direction, activations of an RNN, and linear_before_reset of a GRU (1 for a reset after the product; ONNX's default
    is the other). A node is one layer, and its Y (T, D, B, H) must be reshaped for a next one: convert the layers of a
    stack one by one.
    Raises TypeError or ValueError, in one sentence, for what ONNX cannot compute, or arrays that are not finite.
    """
    parts = _plain(network, "ONNX")
    first, inputs = parts[0], {}
    for part in parts:
        if (part.form(), part.W.shape) != (first.form(), first.W.shape):
            raise ValueError("both directions must be alike in all but their values, as in one node of ONNX")
        W, U, *biases = _in_order_of("ONNX", part.kind, part.W, part.U, *part.two_biases())
        blocks = {"W": W, "R": U, "B": np.concatenate(biases)}
        if part.p is not None:
            blocks["P"] = np.concatenate([part.p["ifo".index(gate)] for gate in LIBRARIES["ONNX"].peepholes])
        for name, block in blocks.items():
            inputs.setdefault(name, []).append(block)
    attributes = {"hidden_size": first.U.shape[1], "direction": "forward" if len(parts) == 1 else "bidirectional"}
    if first.kind == "RNN":
        attributes["activations"] = [part.activation.capitalize() for part in parts]
    if first.kind == "GRU":
        attributes["linear_before_reset"] = int(first.reset == "after")
    return {name: np.stack(blocks) for name, blocks in inputs.items()}, attributes


def from_onnx(W, R, B=None, P=None, hidden_size=None, direction="forward", activations=None, linear_before_reset=0):
    """The network with the inputs and attributes of an ONNX node RNN, LSTM or GRU.

    W (D, G H, I), R (D, G H, H), B (D, 2 G H; zeros if None) and P (D, 3H; no peepholes if None) are the node's inputs
    by their names, the rest are its attributes, with ONNX's defaults. Shapes show which cell it is. The direction
    "reverse" is refused, as no layer of ours only reads backwards: convert the node as "forward", and run it between
    two `wrappers.reverse`.
    Returns a Layer or a Bidirectional. Raises TypeError or ValueError, in one sentence, for a wrong shape or dtype,
    NaN, an attribute that the shapes contradict, or activations that our cells do not have.
    """
    if direction not in ("forward", "bidirectional"):
        raise ValueError(f"direction must be forward or bidirectional, got {direction!r}")
    D = 1 if direction == "forward" else 2
    given = {"W": W, "R": R, "B": B, "P": P}
    W, R, B, P = (None if value is None else _array(name, value) for name, value in given.items())
    require_array("R", R, (D, "G H", "H"))
    _, rows, H = R.shape
    kind = _kind("R", R, rows, H)
    require_array("W", W, (D, rows, "I"), R.dtype)
    if B is not None:
        require_array("B", B, (D, 2 * rows), R.dtype)
    if P is not None:
        if kind != "LSTM":
            raise ValueError(f"P must be None for {kind}, got shape {P.shape}")
        require_array("P", P, (D, 3 * H), R.dtype)
    if hidden_size not in (None, H):
        raise ValueError(f"hidden_size must be {H}, the last size of R, got {hidden_size!r}")
    names = _activations_of_onnx(kind, D, activations)

    layers = []
    for d in range(D):
        b_input, b_recurrent = (None, None) if B is None else np.split(B[d], 2)
        W_d, U, b_input, b_recurrent = _in_our_order("ONNX", kind, W[d], R[d], b_input, b_recurrent)
        b, b_hn = _one_bias(kind, W_d, b_input, b_recurrent)
        p = None if P is None else P[d].reshape(3, H)[[LIBRARIES["ONNX"].peepholes.index(gate) for gate in "ifo"]]
        reset = "after" if linear_before_reset else "before"
        layers.append(_Plain(kind, W_d, U, b, b_hn, p=p, activation=names[d], reset=reset).layer())
    return _joined(layers)


def _activations_of_onnx(kind, D, activations):
    """Our name of the activation of each direction; an LSTM and a GRU have none to choose."""
    if kind != "RNN":
        expected = {"GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}[kind] * D
        if activations is not None and list(activations) != expected:
            raise ValueError(f"activations must be {', '.join(expected)} for {kind}, got {activations!r}")
        return ["tanh"] * D
    if activations is None:
        return ["tanh"] * D
    ours = {name.capitalize(): name for name in LIBRARIES["ONNX"].activations}
    if len(activations) != D or not set(activations) <= ours.keys():
        raise ValueError(f"activations must be {D} of {', '.join(ours)} for {kind}, got {activations!r}")
    return [ours[name] for name in activations]


# What they share


def _plain(network, library):
    """Each direction of a network of one layer without its convention; what the library cannot compute is refused."""
    layers = (network.onward, network.reverse) if isinstance(network, Bidirectional) else (network,)
    return [_plain_layer(layer, library) for layer in layers]


def _plain_layer(layer, library):
    if not isinstance(layer, Layer):
        raise TypeError(f"expected a Layer or a Bidirectional of two Layers, got {type(layer).__name__}")
    cell, p, has = layer.cell, layer.parameters, LIBRARIES[library]
    if cell not in (rnn, lstm, gru, lstm_variants):
        name = cell.__name__.rpartition(".")[2] if isinstance(cell, ModuleType) else repr(cell)
        raise ValueError(f"cell must be rnn, lstm, gru or lstm_variants for {library}, got {name}")
    if not isinstance(p, cell.Parameters):
        raise TypeError(f"parameters must be {cell.__name__}.Parameters, got {type(p).__module__}.{type(p).__name__}")
    for name, block in vars(p).items():
        if block is not None:
            require_array(name, block, block.shape)

    def option(name, default, allowed):
        value = layer.options.get(name, default)
        if value not in allowed:
            raise ValueError(f"{name} must be {' or '.join(allowed)} for {library}, got {value!r}")
        return value

    if cell is rnn:
        return _Plain("RNN", p.W, p.U, p.b, activation=option("activation", "tanh", has.activations))
    if cell is lstm:
        return _Plain("LSTM", p.W, p.U, p.b)
    if cell is lstm_variants:
        variant = option("variant", "V", ("NP", "V") if has.peepholes else ("NP",))
        peepholes = 0 if p.p is None else len(p.p)
        if len(p.b) != 4 * p.hidden_size or peepholes != (3 if variant == "V" else 0) or p.R is not None:
            raise ValueError(f"parameters must be those of the variant {variant}, got those of another")
        if p.P is not None and not has.projection:
            raise ValueError(f"P must be None for {library}, whose LSTM has no projection, got shape {p.P.shape}")
        return _Plain("LSTM", p.W, p.U, p.b, p=p.p, P=p.P)
    blocks = [block.copy() for block in (p.W, p.U, p.b)]
    if option("update", "keep", gru.UPDATES) == "write":
        for block in blocks:  # 1 - sigmoid(a) is sigmoid(-a): with its sign z changes from one share to the other
            z = np.split(block, 3)[1]
            np.negative(z, out=z)
    return _Plain("GRU", *blocks, b_hn=p.b_hn, reset=option("reset", "after", has.resets))


def _joined(directions):
    """A layer, or two as one that reads in both directions."""
    return directions[0] if len(directions) == 1 else Bidirectional(*directions)


def _kind(name, recurrent, size, H):
    """RNN, GRU or LSTM, by how many blocks of H units there are."""
    if size % H or size // H not in _KINDS:
        raise ValueError(
            f"{name} must have 1 (RNN), 3 (GRU) or 4 (LSTM) blocks of {H} units, got shape {recurrent.shape}"
        )
    return _KINDS[size // H]


def _require_activation(kind, activation, library):
    allowed = LIBRARIES[library].activations if kind == "RNN" else ("tanh",)
    if activation not in allowed:
        raise ValueError(f"activation must be {' or '.join(allowed)} for {kind}, got {activation!r}")


def _one_bias(kind, W, b_input, b_recurrent):
    """Our b and b_hn, from two biases, from one, or from none, in our order of gates."""
    b = np.zeros(len(W), W.dtype) if b_input is None else b_input
    if b_recurrent is None:
        return b, None
    if kind != "GRU":
        return b + b_recurrent, None
    n = len(b) // 3 * 2  # where the candidate's begins
    return np.concatenate([b[:n] + b_recurrent[:n], b[n:]]), b_recurrent[n:].copy()


def _array(name, value):
    """A copy of an array, or of what gives itself as one, as a tensor of PyTorch does."""
    if not hasattr(value, "__array__"):
        raise TypeError(f"{name} must be an array, got {type(value).__name__}")
    return np.asarray(value).copy()


def _in_order_of(library, kind, *arrays):
    """New arrays, the gates along their first axis in the order of a library; None stays None."""
    return _reordered(arrays, LIBRARIES["PyTorch"].gates[kind], LIBRARIES[library].gates[kind])


def _in_our_order(library, kind, *arrays):
    """The inverse of _in_order_of."""
    return _reordered(arrays, LIBRARIES[library].gates[kind], LIBRARIES["PyTorch"].gates[kind])


def _reordered(arrays, old, new):
    def turned(array):
        blocks = np.split(array, len(old))
        return np.concatenate([blocks[old.index(gate)] for gate in new])

    return [None if array is None else turned(array) for array in arrays]
