"""The same network in the weights of another library: PyTorch, Keras 3 and ONNX, both ways.

    to_pytorch(network)  -> {name: array}, as in module.state_dict()        from_pytorch(weights)  -> network
    to_keras(network)    -> [array, ...], as in layer.get_weights()         from_keras(weights)    -> network
    to_onnx(network)     -> inputs W, R, B, P of a node, its attributes     from_onnx(**inputs, **attributes)  -> network

A network is a `wrappers.Layer` of rnn, lstm, gru or lstm_variants, a `Bidirectional` of two, or, for PyTorch alone, a
`Stack` of either; a layer holds its parameters and, as the options of its forward, their convention. What is given back
computes what was given: where that takes more than moving arrays (z as the share that is written), it is done, and where
no weights can do it (a reset before the product, for PyTorch), it is refused. Arrays are float32 or float64, of one
dtype, finite, and never shared with what came in.

What does not survive is how a bias was split. We have one where PyTorch and ONNX add two (only the GRU's b_hn stands
apart), so two are summed, and come back as that sum and zeros; a missing bias comes back as zeros. The function is the
same, its training is not: of two biases that are added each gets the whole gradient, so their sum moves twice as far.

Sources: the docstrings of torch.nn (2.13), keras.src.layers.rnn (3.15), the operators RNN, LSTM and GRU of ONNX (opset
22). The parity tests run our cells against all three.
"""

import re
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from . import gru, lstm, lstm_variants, rnn
from .activations import activation_named
from .arrays import require_array
from .wrappers import Bidirectional, Layer, Stack

# In which order each library stacks its gates, in our letters (Keras and ONNX call g and n c and h). Ours is PyTorch's.
GATE_ORDER = {
    "PyTorch": {"RNN": "h", "LSTM": "ifgo", "GRU": "rzn"},
    "Keras": {"RNN": "h", "LSTM": "ifgo", "GRU": "zrn"},
    "ONNX": {"RNN": "h", "LSTM": "iofg", "GRU": "zrn"},
}
PEEPHOLE_ORDER = {"ours": "ifo", "ONNX": "iof"}
ONNX_ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid"}
_KINDS = {1: "RNN", 3: "GRU", 4: "LSTM"}  # by the number of gates


@dataclass(frozen=True, eq=False)
class _Plain:
    """One direction of one layer without its convention: our gate order, z the share that is kept."""

    kind: str  #                      RNN, LSTM or GRU
    W: np.ndarray  #                  (G H, I)
    U: np.ndarray  #                  (G H, N)
    b: np.ndarray  #                  (G H,)
    b_hn: np.ndarray | None = None  # (H,)
    p: np.ndarray | None = None  #    (3, H)
    P: np.ndarray | None = None  #    (N, H)
    activation: str = "tanh"  #       of an RNN
    reset: str = "after"  #           of a GRU

    def two_biases(self):
        """What is added to W x and what to U h, as (G H,) each: the second is zero but for b_hn."""
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


def to_pytorch(network):
    """The weights of torch.nn.RNN, LSTM or GRU that compute what `network` computes.

    Returns {name: array} with the names of the module's state_dict(), such as weight_ih_l0 (G H, I), weight_hh_l0
    (G H, N), bias_ih_l0 and bias_hh_l0 (G H,), weight_hr_l0 (N, H) for a projected LSTM; further layers end in l1, l2,
    ..., and the second of two directions adds _reverse. Give the module's constructor the sizes, num_layers,
    bidirectional, proj_size, and nonlinearity="relu" for a ReLU RNN.
    Raises TypeError or ValueError, in one sentence, for what torch.nn cannot compute, or arrays that are not finite.
    """
    layers = network.layers if isinstance(network, Stack) else (network,)
    weights, first = {}, None
    for k, layer in enumerate(layers):
        directions = [_plain(part, "PyTorch", ("NP",)) for part in _directions(layer)]
        for suffix, part in zip(("", "_reverse"), directions):
            form = (len(directions), part.kind, part.activation, part.U.shape, part.P is not None, part.U.dtype)
            first = first or form
            if form != first:
                raise ValueError(f"layer {k} must be like layer 0 in all but its input, as in one module of PyTorch")
            if k > 0 and part.W.shape[1] != len(directions) * part.U.shape[1]:
                expected = (len(part.W), len(directions) * part.U.shape[1])
                raise ValueError(f"W of layer {k} must have shape {expected} to read the layer below, got {part.W.shape}")
            if part.reset == "before":
                raise ValueError('reset must be "after" for PyTorch, whose GRU has no other, got "before"')
            if part.activation not in ("tanh", "relu"):
                raise ValueError(f"activation must be tanh or relu for PyTorch, got {part.activation!r}")
            if part.P is not None and part.P.shape[0] >= part.P.shape[1]:
                raise ValueError(f"P must have fewer rows than columns for PyTorch, got shape {part.P.shape}")
            b_input, b_recurrent = part.two_biases()
            at = f"l{k}{suffix}"
            weights |= {f"weight_ih_{at}": part.W.copy(), f"weight_hh_{at}": part.U.copy()}
            weights |= {f"bias_ih_{at}": b_input, f"bias_hh_{at}": b_recurrent}
            if part.P is not None:
                weights[f"weight_hr_{at}"] = part.P.copy()
    return weights


def from_pytorch(weights, activation="tanh"):
    """The network with the weights of a torch.nn.RNN, LSTM or GRU.

    `weights` is the module's state_dict(), or {name: array} with its names; tensors on the CPU are read as they are.
    Which cell it is, how many layers, in how many directions, with biases and projection or without, is read off names
    and shapes. `activation` is the nonlinearity of an RNN, "tanh" or "relu", which no weight shows.
    Returns a Layer, a Bidirectional, or a Stack of them where there are several layers.
    Raises TypeError or ValueError, in one sentence, for a name missing or unknown, a wrong shape or dtype, NaN.
    """
    found = {}
    for name in weights:
        parsed = re.fullmatch(r"(weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(\d+)(|_reverse)", str(name))
        if parsed is None:
            raise ValueError(f"weights must have names such as weight_ih_l0 or bias_hh_l1_reverse, got {name!r}")
        found[name] = parsed.groups()
    stems = {stem for stem, _, _ in found.values()} | {"weight_ih", "weight_hh"}
    if stems & {"bias_ih", "bias_hh"}:
        stems |= {"bias_ih", "bias_hh"}
    suffixes = sorted({suffix for _, _, suffix in found.values()} | {""})
    depth = 1 + max((int(k) for _, k, _ in found.values()), default=0)
    for name in (f"{stem}_l{k}{suffix}" for k in range(depth) for suffix in suffixes for stem in sorted(stems)):
        if name not in found:
            raise ValueError(f"weights must have {name}, found {', '.join(map(str, found)) or 'none'}")
    arrays = {name: _array(name, value) for name, value in weights.items()}

    U = arrays["weight_hh_l0"]
    P = arrays.get("weight_hr_l0")
    require_array("weight_hh_l0", U, ("G H", "N"))
    if P is not None:
        require_array("weight_hr_l0", P, (U.shape[1], "H"), U.dtype)
    N, H = U.shape[1], (U if P is None else P).shape[1]
    kind = _kind("weight_hh_l0", U.shape, len(U), H)
    if P is not None and kind != "LSTM":
        raise ValueError(f"weight_hh_l0 must have shape ({4 * H}, {N}) beside weight_hr_l0, got {U.shape}")
    rows, inputs = len(U), "I"
    if activation not in ("tanh", "relu") or (kind != "RNN" and activation != "tanh"):
        raise ValueError(f"activation must be tanh{' or relu' if kind == 'RNN' else ''} for {kind}, got {activation!r}")

    layers = []
    for k in range(depth):
        directions = []
        for suffix in suffixes:
            at = f"l{k}{suffix}"
            shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, N), "weight_hr": (N, H)}
            for stem in sorted(stems):
                require_array(f"{stem}_{at}", arrays[f"{stem}_{at}"], shapes.get(stem, (rows,)), U.dtype)
            biases = [arrays.get(f"{stem}_{at}") for stem in ("bias_ih", "bias_hh")]
            part = _with_biases(kind, arrays[f"weight_ih_{at}"], arrays[f"weight_hh_{at}"], *biases)
            directions.append(_Plain(**part, P=arrays.get(f"weight_hr_{at}"), activation=activation).layer())
        layers.append(_joined(directions))
        inputs = len(suffixes) * N
    return layers[0] if depth == 1 else Stack(tuple(layers))


def to_keras(network):
    """The weights of keras.layers.SimpleRNN, LSTM or GRU that compute what `network` computes.

    Returns the list that the layer's set_weights() takes: kernel (I, G H), recurrent_kernel (H, G H) and bias (G H,), for
    a GRU that resets after the product (2, 3H), for input and recurrence; for both directions (keras.layers.Bidirectional)
    twice that. Give the layer its activation, and a GRU reset_after=False where ours resets before: its bias is then
    one, b_hn added. Keras has no deeper layout: convert the layers of a stack one by one.
    Raises TypeError or ValueError, in one sentence, for what Keras cannot compute, or arrays that are not finite.
    """
    weights = []
    for layer in _directions(network):
        part = _plain(layer, "Keras", ("NP",))
        if part.P is not None:
            raise ValueError(f"P must be None for Keras, whose LSTM has no projection, got shape {part.P.shape}")
        kernels = [_reordered(block, part.kind, "PyTorch", "Keras").T.copy() for block in (part.W, part.U)]
        b_input, b_recurrent = (_reordered(b, part.kind, "PyTorch", "Keras") for b in part.two_biases())
        two = part.kind == "GRU" and part.reset == "after"
        weights += [*kernels, np.stack([b_input, b_recurrent]) if two else b_input + b_recurrent]
    return weights


def from_keras(weights, activation="tanh", reset=None):
    """The network with the weights of a keras.layers.SimpleRNN, LSTM, GRU, or of a Bidirectional of one of them.

    `weights` is the layer's get_weights(): kernel, recurrent_kernel and, unless use_bias=False, bias; for both
    directions twice that. Which cell it is, shapes show. `activation` is that of a SimpleRNN, a name of
    `activations.ACTIVATIONS`. Where a GRU resets, its bias shows: (2, 3H) is reset_after=True, "after", and (3H,) is
    "before"; a GRU without bias must be told by `reset`.
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
    each = len(weights) // 2 if len(weights) > 3 else len(weights)
    layers = [_layer_of_keras(weights[k : k + each], activation, reset) for k in range(0, len(weights), each)]
    return _joined(layers)


def _layer_of_keras(weights, activation, reset):
    kernel, recurrent = (_array(*named) for named in zip(("kernel", "recurrent_kernel"), weights))
    require_array("recurrent_kernel", recurrent, ("H", "G H"))
    H, columns = recurrent.shape
    kind = _kind("recurrent_kernel", recurrent.shape, columns, H)
    require_array("kernel", kernel, ("I", columns), recurrent.dtype)
    activation_named(activation)
    if kind != "RNN" and activation != "tanh":
        raise ValueError(f"activation must be tanh for {kind}, got {activation!r}")
    bias = _array("bias", weights[2]) if len(weights) == 3 else None
    b_input = b_recurrent = None
    if bias is not None:
        two = kind == "GRU" and bias.ndim == 2
        require_array("bias", bias, (2, columns) if two else (columns,), recurrent.dtype)
        if kind == "GRU":
            shown = "after" if two else "before"
            if reset not in (None, shown):
                raise ValueError(f"reset must be {shown!r}, as a bias of shape {bias.shape} shows, got {reset!r}")
            reset = shown
        b_input, b_recurrent = bias if two else (bias, None)
    if kind == "GRU" and reset not in gru.RESETS:
        raise ValueError(f"reset must be one of after, before for a GRU without bias, got {reset!r}")
    if kind != "GRU" and reset is not None:
        raise ValueError(f"reset must be None for {kind}, got {reset!r}")
    blocks = (kernel.T, recurrent.T, b_input, b_recurrent)
    blocks = [None if block is None else _reordered(block, kind, "Keras", "PyTorch") for block in blocks]
    part = _with_biases(kind, *blocks)
    return _Plain(**part, activation=activation, reset=reset or "after").layer()


def to_onnx(network):
    """The inputs and attributes of an ONNX node RNN, LSTM or GRU that compute what `network` computes.

    Returns two dictionaries. The inputs are W (D, G H, I), R (D, G H, H), B (D, 2 G H; that of the input, then that of
    the recurrence) and, for the variant V, P (D, 3H): D is 1, or 2 for both directions. The attributes are those that
    onnx.helper.make_node takes: hidden_size, direction, and what a cell needs: activations, linear_before_reset (1 for
    a reset after the product, ONNX's default being the other). A node is one layer: its Y (T, D, B, H) must be reshaped
    for a next one, so convert the layers of a stack one by one.
    Raises TypeError or ValueError, in one sentence, for what ONNX cannot compute, or arrays that are not finite.
    """
    parts = [_plain(layer, "ONNX", ("NP", "V")) for layer in _directions(network)]
    first = parts[0]
    form = (first.kind, first.reset, first.p is None, first.U.shape, first.W.shape, first.U.dtype)
    for part in parts:
        if part.P is not None:
            raise ValueError(f"P must be None for ONNX, whose LSTM has no projection, got shape {part.P.shape}")
        if (part.kind, part.reset, part.p is None, part.U.shape, part.W.shape, part.U.dtype) != form:
            raise ValueError("both directions must be alike in all but their values, as in one node of ONNX")
        if part.activation not in ONNX_ACTIVATIONS:
            known = ", ".join(ONNX_ACTIVATIONS)
            raise ValueError(f"activation must be one of {known} for ONNX, got {part.activation!r}")
    stacked = {"W": [], "R": [], "B": [], "P": []}
    for part in parts:
        stacked["W"].append(_reordered(part.W, part.kind, "PyTorch", "ONNX"))
        stacked["R"].append(_reordered(part.U, part.kind, "PyTorch", "ONNX"))
        stacked["B"].append(np.concatenate([_reordered(b, part.kind, "PyTorch", "ONNX") for b in part.two_biases()]))
        if part.p is not None:
            stacked["P"].append(np.concatenate([part.p["ifo".index(gate)] for gate in PEEPHOLE_ORDER["ONNX"]]))
    attributes = {"hidden_size": first.U.shape[1], "direction": ("forward", "bidirectional")[len(parts) - 1]}
    if first.kind == "RNN":
        attributes["activations"] = [ONNX_ACTIVATIONS[part.activation] for part in parts]
    if first.kind == "GRU":
        attributes["linear_before_reset"] = int(first.reset == "after")
    return {name: np.stack(blocks) for name, blocks in stacked.items() if blocks}, attributes


def from_onnx(W, R, B=None, P=None, hidden_size=None, direction="forward", activations=None, linear_before_reset=0):
    """The network with the inputs and attributes of an ONNX node RNN, LSTM or GRU.

    W (D, G H, I), R (D, G H, H), B (D, 2 G H; zeros if None) and P (D, 3H; peepholes of an LSTM, none if None) are the
    node's inputs of these names, the rest its attributes, with ONNX's defaults. Which cell it is, shapes show. A
    direction "reverse" is refused, as we have no layer that only reads backwards: convert it as "forward" and give that
    `wrappers.reverse` of the input.
    Returns a Layer, or a Bidirectional. Raises TypeError or ValueError, in one sentence, for a wrong shape or dtype, NaN,
    an attribute that the shapes contradict, or activations that our cells do not have.
    """
    if direction not in ("forward", "bidirectional"):
        raise ValueError(f"direction must be forward or bidirectional, got {direction!r}")
    W, R, B, P = (None if value is None else _array(name, value) for name, value in zip("WRBP", (W, R, B, P)))
    D = 1 + (direction == "bidirectional")
    require_array("R", R, (D, "G H", "H"))
    rows, H = R.shape[1:]
    kind = _kind("R", R.shape, rows, H)
    require_array("W", W, (D, rows, "I"), R.dtype)
    if B is not None:
        require_array("B", B, (D, 2 * rows), R.dtype)
    if P is not None:
        if kind != "LSTM":
            raise ValueError(f"P must be None for {kind}, got shape {P.shape}")
        require_array("P", P, (D, 3 * H), R.dtype)
    if hidden_size not in (None, H):
        raise ValueError(f"hidden_size must be {H}, the last size of R, got {hidden_size!r}")
    ours = {theirs: name for name, theirs in ONNX_ACTIVATIONS.items()}
    names = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}[kind] * D
    if activations is not None:
        fits = len(activations) == D and set(activations) <= ours.keys() if kind == "RNN" else list(activations) == names
        if not fits:
            expected = f"{D} of {', '.join(ours)}" if kind == "RNN" else ", ".join(names)
            raise ValueError(f"activations must be {expected} for {kind}, got {activations!r}")
        names = activations

    layers = []
    for d in range(D):
        b_input, b_recurrent = (None, None) if B is None else np.split(B[d], 2)
        blocks = (W[d], R[d], b_input, b_recurrent)
        blocks = [None if block is None else _reordered(block, kind, "ONNX", "PyTorch") for block in blocks]
        p = None
        if P is not None:
            p = P[d].reshape(3, H)[[PEEPHOLE_ORDER["ONNX"].index(gate) for gate in PEEPHOLE_ORDER["ours"]]]
        part = _with_biases(kind, *blocks)
        activation = ours[names[d]] if kind == "RNN" else "tanh"
        reset = "after" if linear_before_reset else "before"
        layers.append(_Plain(**part, p=p, activation=activation, reset=reset).layer())
    return _joined(layers)


def _directions(network):
    """The layers of a network that is one layer, in one direction or both."""
    parts = (network.onward, network.reverse) if isinstance(network, Bidirectional) else (network,)
    for part in parts:
        if not isinstance(part, Layer):
            raise TypeError(f"expected a Layer or a Bidirectional of two Layers, got {type(part).__name__}")
    return parts


def _joined(layers):
    """The inverse of _directions."""
    return layers[0] if len(layers) == 1 else Bidirectional(*layers)


def _plain(layer, library, variants):
    """A layer's weights without their convention; `variants` of the LSTM are those that the library has."""
    cell, p, options = layer.cell, layer.parameters, layer.options
    if cell not in (rnn, lstm, gru, lstm_variants):
        name = cell.__name__.rpartition(".")[2] if isinstance(cell, ModuleType) else repr(cell)
        raise ValueError(f"cell must be rnn, lstm, gru or lstm_variants for {library}, got {name}")
    if not isinstance(p, cell.Parameters):
        raise TypeError(f"parameters must be {cell.__name__}.Parameters, got {type(p).__module__}.{type(p).__name__}")
    for name, block in vars(p).items():
        if block is not None:
            require_array(name, block, block.shape)
    if cell is rnn:
        return _Plain("RNN", p.W, p.U, p.b, activation=options.get("activation", "tanh"))
    if cell is lstm:
        return _Plain("LSTM", p.W, p.U, p.b)
    if cell is lstm_variants:
        variant = options.get("variant", "V")
        if variant not in variants:
            raise ValueError(f"variant must be {' or '.join(variants)} for {library}, got {variant!r}")
        peepholes = 0 if p.p is None else len(p.p)
        if len(p.b) != 4 * p.hidden_size or peepholes != (3 if variant == "V" else 0) or p.R is not None:
            raise ValueError(f"parameters must be those of the variant {variant}, got those of another")
        return _Plain("LSTM", p.W, p.U, p.b, p=p.p, P=p.P)
    reset, update = options.get("reset", "after"), options.get("update", "keep")
    for name, value, known in (("reset", reset, gru.RESETS), ("update", update, gru.UPDATES)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    blocks = [p.W, p.U, p.b]
    if update == "write":  # 1 - sigmoid(a) is sigmoid(-a), so z changes its meaning with its sign
        blocks = [block.copy() for block in blocks]
        for block in blocks:
            z = np.split(block, 3)[GATE_ORDER["PyTorch"]["GRU"].index("z")]
            np.negative(z, out=z)
    return _Plain("GRU", *blocks, b_hn=p.b_hn, reset=reset)


def _kind(name, shape, rows, H):
    """RNN, GRU or LSTM, by how many blocks of H rows there are."""
    if rows % H or rows // H not in _KINDS:
        raise ValueError(f"{name} must have 1 (RNN), 3 (GRU) or 4 (LSTM) blocks of {H} units, got shape {shape}")
    return _KINDS[rows // H]


def _with_biases(kind, W, U, b_input, b_recurrent):
    """Fields of _Plain from weights with two biases, one, or none: in our gate order, where n is the last."""
    b = np.zeros(len(W), W.dtype) if b_input is None else b_input.copy()
    if b_recurrent is None:
        return {"kind": kind, "W": W, "U": U, "b": b}
    if kind != "GRU":
        return {"kind": kind, "W": W, "U": U, "b": b + b_recurrent}
    apart = len(b) // 3 * 2
    b[:apart] += b_recurrent[:apart]
    return {"kind": kind, "W": W, "U": U, "b": b, "b_hn": b_recurrent[apart:].copy()}


def _array(name, value):
    """A copy of an array, or of what gives itself as one, as a tensor of PyTorch does."""
    if not hasattr(value, "__array__"):
        raise TypeError(f"{name} must be an array, got {type(value).__name__}")
    return np.asarray(value).copy()


def _reordered(block, kind, old, new):
    """A new array: the gates stacked along the first axis of `block` in the order of another library."""
    gates = dict(zip(GATE_ORDER[old][kind], np.split(block, len(GATE_ORDER[old][kind]))))
    return np.concatenate([gates[gate] for gate in GATE_ORDER[new][kind]])
