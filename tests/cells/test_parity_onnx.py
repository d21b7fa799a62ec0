"""Our cells against the reference evaluator of ONNX, which nobody here wrote: forward, in float64, both ways.

What the evaluator of onnx 1.23 does not do, and is therefore not compared: it takes no notice of sequence_lens and of
input_forget, knows no activation of an RNN but Tanh and Affine, and none of an LSTM or GRU but the default ones.
"""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from onnx.reference import ReferenceEvaluator

from layout_cases import LAYERS, distance, layer, layers_of, lines_on_the_page, network, sequence
from unrolled.cells import gru, layouts, lstm_variants
from unrolled.cells.wrappers import Bidirectional, Layer, reverse

BOUND = 1e-12  # of a difference, where h is about 1
FAR = 1e-2  # what a wrong conversion differs by at least
OPERATORS = {
    name: "GRU" if "gru" in name else "LSTM" if "lstm" in name else "RNN"
    for name in LAYERS
    if name not in ("lstm projected", "rnn relu")
}
every_layer = pytest.mark.parametrize("name", OPERATORS)
both_ways = pytest.mark.parametrize("directions", [1, 2], ids=["forward", "bidirectional"])


def run(operator, inputs, attributes, x, initial=None, **others):
    """What a node computes on x (T, B, I): h with the directions side by side, and its final states (parts, D, B, H).

    `initial` are such states to start from; `others` are further inputs of the node.
    """
    names = {"RNN": ["Y_h"], "GRU": ["Y_h"], "LSTM": ["Y_h", "Y_c"]}[operator]
    given = {"X": x, **inputs, **others}
    if initial is not None:
        given |= dict(zip(("initial_h", "initial_c"), initial))
    places = ["X", "W", "R", "B", "sequence_lens", "initial_h"] + ["initial_c", "P"] * (operator == "LSTM")
    node = helper.make_node(operator, [name if name in given else "" for name in places], ["Y", *names], **attributes)
    Y, *final = evaluate(node, given)
    return np.concatenate(np.split(Y, Y.shape[1], axis=1), axis=3)[:, 0], np.stack(final)


def evaluate(node, given):
    """The outputs of a node, in a model that ONNX's checker accepts, for its inputs by name."""
    element = helper.np_dtype_to_tensor_dtype(given["X"].dtype)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in given.items()
    ]
    outputs = [helper.make_tensor_value_info(name, element, [None] * (4 if name == "Y" else 3)) for name in node.output]
    model = helper.make_model(helper.make_graph([node], "one layer", inputs, outputs))
    onnx.checker.check_model(model, full_check=True)
    return ReferenceEvaluator(model).run(None, given)


def finals(net, tape):
    """The final states of our layer as ONNX gives them, (parts, D, B, H)."""
    final = tape.final if isinstance(tape.final, tuple) else (tape.final,)
    H = layers_of(net)[0].parameters.U.shape[1]
    return np.stack([np.stack(np.split(each, each.shape[1] // H, axis=1)) for each in final], axis=1)


@both_ways
@every_layer
def test_to_onnx_its_node_computes_the_same(name, directions):
    net, x = network(name, directions=directions), sequence()
    h, tape = net.forward(x)
    h_, final_ = run(OPERATORS[name], *layouts.to_onnx(net), x)
    assert distance(h, h_) <= BOUND and distance(finals(net, tape), final_) <= BOUND


@both_ways
@every_layer
def test_an_initial_state_means_the_same(name, directions):
    net, x = network(name, directions=directions), sequence()
    initial = np.random.default_rng(1).standard_normal(finals(net, net.forward(x)[1]).shape)
    ours = tuple(np.concatenate(list(parts), axis=1) for parts in initial.swapaxes(0, 1))
    h, tape = net.forward(x, ours if directions == 2 else ours[0])
    h_, final_ = run(OPERATORS[name], *layouts.to_onnx(net), x, initial)
    assert distance(h, h_) <= BOUND and distance(finals(net, tape), final_) <= BOUND


@pytest.mark.parametrize("bias", [True, False], ids=["", "no bias"])
@both_ways
@pytest.mark.parametrize(
    ("operator", "gates", "peepholes", "attributes"),
    [
        ("RNN", 1, False, {}),
        ("LSTM", 4, False, {}),
        ("LSTM", 4, True, {}),
        ("GRU", 3, False, {}),
        ("GRU", 3, False, {"linear_before_reset": 0}),
        ("GRU", 3, False, {"linear_before_reset": 1}),
    ],
)
def test_from_onnx_our_cell_computes_the_same(operator, gates, peepholes, attributes, directions, bias):
    D, H, I, rng = directions, 4, 3, np.random.default_rng(0)
    shapes = {"W": (D, gates * H, I), "R": (D, gates * H, H)}
    shapes |= {"B": (D, 2 * gates * H)} if bias else {}
    shapes |= {"P": (D, 3 * H)} if peepholes else {}
    inputs, x = {name: rng.standard_normal(shape) for name, shape in shapes.items()}, sequence()
    attributes = {"hidden_size": H, "direction": ("forward", "bidirectional")[D - 1], **attributes}
    net = layouts.from_onnx(**inputs, **attributes)
    h, tape = net.forward(x)
    h_, final_ = run(operator, inputs, attributes, x)
    assert distance(h, h_) <= BOUND and distance(finals(net, tape), final_) <= BOUND


@every_layer
def test_reverse_is_our_layer_between_two_reversals(name):
    net, x = network(name), sequence()
    inputs, attributes = layouts.to_onnx(net)
    h, tape = net.forward(reverse(x))
    h_, final_ = run(OPERATORS[name], inputs, attributes | {"direction": "reverse"}, x)
    assert distance(reverse(h), h_) <= BOUND and distance(finals(net, tape), final_) <= BOUND


def test_the_lines_on_the_conventions_page_move_weights_from_pytorch():
    names = {"torch": torch, "layouts": layouts, "I": 3, "H": 4}
    exec(lines_on_the_page("onnx"), names)
    x = sequence(dtype=np.float32)
    (Y,) = evaluate(names["node"], {"X": x, **names["inputs"]})
    with torch.no_grad():
        theirs = names["module"](torch.from_numpy(x))[0].numpy()
    assert distance(Y[:, 0], theirs) <= 2e-6


def test_the_names_of_activations_are_onnx_s():
    inputs, attributes = layouts.to_onnx(network("rnn relu", directions=2))
    assert attributes["activations"] == ["Relu", "Relu"]
    assert layouts.from_onnx(**inputs, **attributes).onward.options == {"activation": "relu"}
    described = onnx.defs.get_schema("RNN").doc
    assert all(f"* {name.capitalize()}(x)" in described for name in layouts.LIBRARIES["ONNX"].activations)


@every_layer
def test_the_sizes_on_the_conventions_page_are_those_of_the_operator(name):
    inputs, attributes = layouts.to_onnx(layer(name, I=64, H=128))
    gates = {"RNN": 1, "LSTM": 4, "GRU": 3}[OPERATORS[name]]
    expected = gates * 128 * (64 + 128 + 2) + ("P" in inputs) * 3 * 128
    assert sum(array.size for array in inputs.values()) == expected
    assert attributes["hidden_size"] == 128


def test_the_evaluator_still_lacks_what_is_not_compared():
    """Where one of these fails, it has learnt something that these tests should then compare."""
    inputs, attributes = layouts.to_onnx(network("rnn relu"))
    with pytest.raises(RuntimeError, match="Unknown activation function 'Relu'"):
        run("RNN", inputs, attributes, sequence())
    inputs, attributes = layouts.to_onnx(network("lstm"))
    h, _ = run("LSTM", inputs, attributes, sequence())
    padded, _ = run("LSTM", inputs, attributes, sequence(), sequence_lens=np.array([7, 4], np.int32))
    np.testing.assert_array_equal(padded, h)
    coupled, _ = run("LSTM", inputs, attributes | {"input_forget": 1}, sequence())
    np.testing.assert_array_equal(coupled, h)
    squashed, _ = run("LSTM", inputs, attributes | {"activations": ["Sigmoid", "Relu", "Relu"]}, sequence())
    np.testing.assert_array_equal(squashed, h)


def off_by(net, inputs, attributes, operator):
    """By how much h differs where a node is given other inputs than those of `net`."""
    off = distance(net.forward(sequence())[0], run(operator, inputs, attributes, sequence())[0])
    print(f"h differs by {off:.2g}")
    return off


@pytest.mark.parametrize(
    ("name", "order"),
    [("lstm", (0, 2, 3, 1)), ("lstm", (0, 1, 3, 2)), ("gru", (1, 0, 2))],
    ids=["ifgo", "iogf", "PyTorch's rzn"],
)
def test_swapped_gates_are_seen(name, order):
    net = network(name)
    inputs, attributes = layouts.to_onnx(net)
    for key, blocks in inputs.items():
        halves = np.split(blocks, 2, axis=1) if key == "B" else [blocks]
        halves = [np.concatenate([np.split(half, len(order), axis=1)[k] for k in order], axis=1) for half in halves]
        inputs[key] = np.concatenate(halves, axis=1)
    assert off_by(net, inputs, attributes, OPERATORS[name]) > FAR


def test_peepholes_in_our_order_are_seen():
    net = network("lstm with peepholes")
    inputs, attributes = layouts.to_onnx(net)
    inputs["P"] = net.parameters.p.reshape(1, -1)
    assert off_by(net, inputs, attributes, "LSTM") > FAR


def test_peepholes_left_out_are_seen():
    net = network("lstm with peepholes")
    inputs, attributes = layouts.to_onnx(net)
    del inputs["P"]
    assert off_by(net, inputs, attributes, "LSTM") > FAR
    without = replace(net.parameters, p=None)
    assert off_by(Layer(lstm_variants, without, {"variant": "NP"}), inputs, attributes, "LSTM") <= BOUND


@pytest.mark.parametrize("name", ["gru", "gru before"])
def test_reset_placement_is_seen(name):
    net = network(name)
    inputs, attributes = layouts.to_onnx(net)
    attributes["linear_before_reset"] = 1 - attributes["linear_before_reset"]
    assert off_by(net, inputs, attributes, "GRU") > FAR


def test_z_taken_for_the_other_share_is_seen():
    net = network("gru write")
    assert off_by(net, *layouts.to_onnx(Layer(gru, net.parameters)), "GRU") > FAR


def test_directions_swapped_are_seen():
    net = network("lstm", directions=2)
    inputs, attributes = layouts.to_onnx(Bidirectional(*reversed(layers_of(net))))
    assert off_by(net, inputs, attributes, "LSTM") > FAR
