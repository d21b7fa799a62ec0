"""Networks of every kind that another library has, and how two networks' arrays are laid side by side."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np

from unrolled.cells import gru, lstm, lstm_variants, rnn
from unrolled.cells.wrappers import Bidirectional, Layer, Stack

# name -> (cell, options of its forward, how its parameters are drawn)
LAYERS = {
    "rnn": (rnn, {"activation": "tanh"}, {}),
    "rnn relu": (rnn, {"activation": "relu"}, {}),
    "lstm": (lstm, {}, {}),
    "lstm with peepholes": (lstm_variants, {"variant": "V"}, {"variant": "V"}),
    "lstm projected": (lstm_variants, {"variant": "NP"}, {"variant": "NP", "projection_size": 2}),
    "gru": (gru, {"reset": "after"}, {}),
    "gru before": (gru, {"reset": "before"}, {}),
    "gru before, one bias": (gru, {"reset": "before"}, {"biases": 1}),
    "gru write": (gru, {"reset": "after", "update": "write"}, {}),
    "gru before, write": (gru, {"reset": "before", "update": "write"}, {}),
}


def layer(name, I=3, H=4, seed=0, dtype=np.float64):
    """One layer with random weights, larger than at initialisation so that gates and biases matter."""
    cell, options, drawn = LAYERS[name]
    rng = np.random.default_rng(seed)
    drawn_small = cell.initialise(I, H, rng, dtype=dtype, **drawn)
    blocks = {key: None if block is None else dtype(2) * block for key, block in vars(drawn_small).items()}
    return Layer(cell, cell.Parameters(**blocks), dict(options))


def network(name, I=3, H=4, depth=1, directions=1, seed=0, dtype=np.float64):
    """Layers of that name, stacked and in both directions as asked."""
    layers = []
    for k in range(depth):
        size = I if k == 0 else directions * width(layers[-1])
        parts = [layer(name, size, H, 1000 * seed + 10 * k + d, dtype) for d in range(directions)]
        layers.append(parts[0] if directions == 1 else Bidirectional(*parts))
    return layers[0] if depth == 1 else Stack(tuple(layers))


def width(network):
    """The size of h of one direction of a layer."""
    return getattr(network, "onward", network).parameters.U.shape[1]


def flat(nested):
    """The arrays in nested layers, parameters, tuples and lists, in order."""
    if isinstance(nested, np.ndarray):
        return [nested]
    if isinstance(nested, Layer):
        nested = [nested.parameters]
    elif is_dataclass(nested):
        nested = [getattr(nested, field.name) for field in fields(nested)]
    elif isinstance(nested, dict):
        nested = list(nested.values())
    return [array for each in nested if each is not None for array in flat(each)]


def layers_of(network):
    """The single layers in a network, in order."""
    if isinstance(network, Layer):
        return [network]
    parts = network.layers if isinstance(network, Stack) else (network.onward, network.reverse)
    return [each for part in parts for each in layers_of(part)]


def sequence(T=7, B=2, I=3, seed=0, dtype=np.float64):
    """Random inputs (T, B, I)."""
    return np.random.default_rng(seed).standard_normal((T, B, I)).astype(dtype)


def distance(ours, theirs):
    """The largest difference, where h is at most about 1."""
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float(np.abs(ours - theirs).max())


def lines_on_the_page(library):
    """The code of the conventions page that moves weights to `library`, which is shown there and run by a test."""
    page = Path(__file__).resolve().parents[1] / "book" / "reference" / "conventions.md"
    blocks = re.findall(r"```{code-block} python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if re.search(rf"^(import|from) {library}\b", block, re.MULTILINE)]
    return found
