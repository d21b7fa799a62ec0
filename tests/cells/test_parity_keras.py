"""Our cells against Keras 3, which nobody here wrote, on its torch backend: forward, both ways.

In float64 where Keras computes in it: its LSTM, and its GRU with reset_after, without a mask. All else goes through
keras.ops, which on this backend rounds each product of float64 arrays to float32 (keras issue 23704): there the
agreement can be that of float32 only.
"""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from layout_cases import distance, layer, layers_of, lines_on_the_page, network, sequence
from unrolled.cells import gru, layouts
from unrolled.cells.wrappers import Bidirectional, Layer, reverse

# Keras 3.15 reads its variables by NumPy without the keyword `copy`, which NumPy 2 says is to come.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
BOUND = {"float64": 1e-12, "float32": 2e-6}  # of a difference, where h is about 1
FAR = 1e-2  # what a wrong conversion differs by at least
# name in layout_cases -> the layer of Keras and how it is built
LAYERS = {
    "rnn": ("SimpleRNN", {}),
    "rnn relu": ("SimpleRNN", {"activation": "relu"}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
    "gru before": ("GRU", {"reset_after": False}),
    "gru before, one bias": ("GRU", {"reset_after": False}),
    "gru write": ("GRU", {}),
    "gru before, write": ("GRU", {"reset_after": False}),
}
IN_FLOAT64 = ("lstm", "gru", "gru write")
every_layer = pytest.mark.parametrize("name", LAYERS)


@pytest.fixture(scope="module")
def keras(tmp_path_factory):
    """Keras on torch, imported once; its settings are written into a folder of the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "KERAS_BACKEND", "torch")
        patch.setitem(os.environ, "KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        import keras
    assert keras.backend.backend() == "torch"
    return keras


@pytest.fixture
def build(keras):
    """A function of (name, units, input size, settings) that gives Keras's layer, of float64, with its own weights."""

    def build(name, H=4, I=3, both=False, **settings):
        kind, conventions = LAYERS[name]
        settings = {"return_sequences": True, "return_state": True, "dtype": "float64", **conventions, **settings}
        made = getattr(keras.layers, kind)(H, **settings)
        if both:
            made = keras.layers.Bidirectional(made, dtype="float64")
        made.build((None, None, I))
        return made

    return build


def bound(name):
    """The largest difference that rounding explains."""
    return BOUND["float64" if name in IN_FLOAT64 else "float32"]


def outputs_of(keras_layer, x, **given):
    """h (T, B, N) and the final states, side by side, of a layer of Keras, which is batch-major, on x (T, B, I)."""
    h, *states = (array.detach().numpy() for array in keras_layer(x.swapaxes(0, 1), **given))
    return h.swapaxes(0, 1), np.concatenate(states, axis=1)


def finals(tape):
    final = tape.final if isinstance(tape.final, tuple) else (tape.final,)
    return np.concatenate(final, axis=1)


@pytest.mark.parametrize("both", [False, True], ids=["", "both directions"])
@every_layer
def test_to_keras_its_layer_computes_the_same(build, name, both):
    net, x = network(name, directions=1 + both), sequence()
    theirs = build(name, both=both)
    theirs.set_weights(layouts.to_keras(net))
    h, tape = net.forward(x)
    h_, final_ = outputs_of(theirs, x)
    assert distance(h, h_) <= bound(name) and distance(finals(tape), final_) <= bound(name)


@pytest.mark.parametrize("bias", [True, False], ids=["", "no bias"])
@pytest.mark.parametrize("both", [False, True], ids=["", "both directions"])
@every_layer
def test_from_keras_our_cell_computes_the_same(keras, build, name, both, bias):
    keras.utils.set_random_seed(0)
    theirs = build(name, both=both, use_bias=bias)
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.standard_normal(block.shape) for block in theirs.get_weights()])
    _, conventions = LAYERS[name]
    reset = None if "GRU" not in LAYERS[name] else "after" if conventions.get("reset_after", True) else "before"
    activation = conventions.get("activation", "tanh")
    net, x = layouts.from_keras(theirs.get_weights(), activation, reset), sequence()
    h, tape = net.forward(x)
    h_, final_ = outputs_of(theirs, x)
    scale = max(1, np.abs(h_).max())  # a ReLU grows
    assert distance(h, h_) <= bound(name) * scale and distance(finals(tape), final_) <= bound(name) * scale


@every_layer
def test_an_initial_state_and_padding_mean_the_same(build, name):
    net, x, lengths = network(name), sequence(), np.array([7, 4])
    theirs = build(name, zero_output_for_mask=True)
    theirs.set_weights(layouts.to_keras(net))
    initial = np.random.default_rng(1).standard_normal(net.forward(x)[1].final.shape)
    h, tape = net.forward(x, initial, lengths)
    states = np.split(initial, 2, axis=1) if name == "lstm" else [initial]
    mask = np.arange(len(x)) < lengths[:, None]
    h_, final_ = outputs_of(theirs, x, initial_state=states, mask=mask)
    assert distance(h, h_) <= BOUND["float32"] and distance(finals(tape), final_) <= BOUND["float32"]


@every_layer
def test_backwards_is_our_layer_on_the_reversed_sequence(build, name):
    net, x = network(name), sequence()
    theirs = build(name, go_backwards=True)
    theirs.set_weights(layouts.to_keras(net))
    h, tape = net.forward(reverse(x))
    h_, final_ = outputs_of(theirs, x)  # Keras gives h in the order in which it read
    assert distance(h, h_) <= bound(name) and distance(finals(tape), final_) <= bound(name)


@pytest.mark.parametrize("activation", ["sigmoid", "elu"])
def test_other_activations_of_a_simple_rnn(build, activation):
    p, x = network("rnn").parameters, sequence()
    net = Layer(network("rnn").cell, p, {"activation": activation})
    theirs = build("rnn", activation=activation)
    theirs.set_weights(layouts.to_keras(net))
    assert distance(net.forward(x)[0], outputs_of(theirs, x)[0]) <= bound("rnn")


def test_the_leaky_relu_of_keras_leaks_more_than_ours_and_pytorch_s(keras):
    given = np.array([-1.0, 2.0])
    assert keras.activations.leaky_relu(given).tolist() == [-0.2, 2.0]


def test_the_lines_on_the_conventions_page_move_weights_from_pytorch(keras):
    names = {"torch": torch, "layouts": layouts, "I": 3, "H": 4}
    exec(lines_on_the_page("keras"), names)
    x = sequence(dtype=np.float32).swapaxes(0, 1)
    with torch.no_grad():
        theirs = names["module"](torch.from_numpy(x.copy()))[0].numpy()
    assert distance(names["layer"](x).detach().numpy(), theirs) <= BOUND["float32"]


def test_the_gru_of_keras_resets_after_whatever_its_documentation_calls_the_default(keras):
    assert keras.layers.GRU(4).reset_after is True
    documented = " ".join(keras.layers.GRU.__doc__.split())
    assert "The default one" in documented and "reset gate applied to hidden state before matrix" in documented


def test_keras_rounds_products_of_float64_on_this_backend(keras):
    """Where this fails, Keras computes in float64 throughout, and every bound here can be that of float64."""
    one = keras.ops.ones((1, 1), dtype="float64")
    assert keras.backend.standardize_dtype(keras.ops.matmul(one, one).dtype) == "float32"


def test_a_stack_is_converted_layer_by_layer(keras):
    lower, upper, x = layer("lstm"), layer("gru", I=4, H=5, seed=1), sequence()
    model = keras.Sequential(
        [
            keras.Input((None, 3), dtype="float64"),
            keras.layers.LSTM(4, return_sequences=True, dtype="float64"),
            keras.layers.GRU(5, return_sequences=True, dtype="float64"),
        ]
    )
    for theirs, ours in zip(model.layers, (lower, upper), strict=True):
        theirs.set_weights(layouts.to_keras(ours))
    h = upper.forward(lower.forward(x)[0])[0]
    assert distance(h, model(x.swapaxes(0, 1)).detach().numpy().swapaxes(0, 1)) <= BOUND["float64"]


def test_how_keras_starts(keras, build):
    """What the conventions page says: Glorot, orthogonal in whole, zero, and 1 for the forget gate."""
    keras.utils.set_random_seed(0)
    kernel, recurrent, bias = build("lstm", H=32, I=16).get_weights()
    limit = np.sqrt(6 / (16 + 4 * 32))
    assert 0.95 * limit < np.abs(kernel).max() <= limit
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(32), atol=1e-12)  # all gates side by side, not each
    assert np.abs(recurrent[:, :32] @ recurrent[:, :32].T - np.eye(32)).max() > 0.1
    np.testing.assert_array_equal(layouts.from_keras([kernel, recurrent, bias]).parameters.b.reshape(4, 32)[1], 1)
    np.testing.assert_array_equal(np.delete(bias.reshape(4, 32), 1, axis=0), 0)
    np.testing.assert_array_equal(build("lstm", unit_forget_bias=False).get_weights()[2], 0)
    kernel, recurrent, bias = build("gru", H=32).get_weights()
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(32), atol=1e-12)
    np.testing.assert_array_equal(bias, 0)


@every_layer
def test_the_sizes_on_the_conventions_page_are_those_of_keras(build, name):
    theirs = build(name, H=128, I=64)
    assert theirs.count_params() == sum(block.size for block in layouts.to_keras(layer(name, I=64, H=128)))


def off_by(build, name, weights, net):
    """By how much h differs where a layer of Keras is given other weights than those of `net`."""
    theirs = build(name)
    theirs.set_weights(weights)
    off = distance(net.forward(sequence())[0], outputs_of(theirs, sequence())[0])
    print(f"{name}: h differs by {off:.2g}")
    return off


@pytest.mark.parametrize(
    ("name", "order"),
    [("lstm", (0, 2, 1, 3)), ("lstm", (0, 3, 1, 2)), ("gru", (1, 0, 2))],
    ids=["TensorFlow 1's igfo", "ONNX's iofg", "PyTorch's rzn"],
)
def test_swapped_gates_are_seen(build, name, order):
    net = network(name)
    weights = [
        np.concatenate([np.split(block, len(order), axis=-1)[gate] for gate in order], axis=-1)
        for block in layouts.to_keras(net)
    ]
    assert off_by(build, name, weights, net) > FAR


def test_reset_placement_is_seen(build):
    after = network("gru")
    after = Layer(gru, replace(after.parameters, b_hn=0 * after.parameters.b_hn))  # so that "before" can hold it all
    before = Layer(gru, after.parameters, {"reset": "before"})
    assert off_by(build, "gru before", layouts.to_keras(before), after) > FAR
    assert off_by(build, "gru before", layouts.to_keras(before), before) <= BOUND["float32"]


def test_b_hn_outside_the_reset_is_seen(build):
    net = network("gru")
    kernel, recurrent, bias = layouts.to_keras(net)
    summed = np.stack([bias.sum(axis=0), np.zeros(12)])
    assert off_by(build, "gru", [kernel, recurrent, summed], net) > FAR


def test_z_taken_for_the_other_share_is_seen(build):
    net = network("gru write")
    as_if_it_kept = Layer(gru, net.parameters)
    assert off_by(build, "gru", layouts.to_keras(as_if_it_kept), net) > FAR


def test_directions_swapped_are_seen(build):
    net = network("lstm", directions=2)
    theirs = build("lstm", both=True)
    theirs.set_weights(layouts.to_keras(Bidirectional(*reversed(layers_of(net)))))
    assert distance(net.forward(sequence())[0], outputs_of(theirs, sequence())[0]) > FAR
