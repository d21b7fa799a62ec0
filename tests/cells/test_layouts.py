"""Weights in the layouts of other libraries: exact round trips, PyTorch's modules, and bad input in one sentence."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from layout_cases import LAYERS, distance, flat, layer, layers_of, network, sequence
from unrolled.cells import gru, jordan, layouts, lstm, lstm_variants, rnn
from unrolled.cells.wrappers import Bidirectional, Layer, Stack

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
OF_PYTORCH = ["rnn", "rnn relu", "lstm", "lstm projected", "gru", "gru write"]
OF_KERAS = [name for name in LAYERS if name not in ("lstm projected", "lstm with peepholes")]
OF_ONNX = [name for name in LAYERS if name != "lstm projected"]
BOUND = 1e-12  # of a difference in float64, where h is about 1
FAR = 1e-2  # what a wrong conversion differs by at least
TORCH = {"RNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}


def there_and_back(library, net, activation):
    """A network through another library's layout, and again: exact from the second time on."""
    if library == "PyTorch":
        return layouts.from_pytorch(layouts.to_pytorch(net), activation)
    if library == "Keras":
        return layouts.from_keras(layouts.to_keras(net), activation)
    inputs, attributes = layouts.to_onnx(net)
    return layouts.from_onnx(**inputs, **attributes)


def module_of(net, **changed):
    """The module of PyTorch that has the weights of a network."""
    weights = layouts.to_pytorch(net)
    hidden = (weights.get("weight_hr_l0", weights["weight_hh_l0"])).shape[1]
    kind = {1: "RNN", 3: "GRU", 4: "LSTM"}[len(weights["weight_hh_l0"]) // hidden]
    settings = {
        "num_layers": 1 + max(int(name.split("_l")[1][0]) for name in weights),
        "bidirectional": "weight_ih_l0_reverse" in weights,
        "dtype": torch.from_numpy(weights["weight_ih_l0"]).dtype,
        **({"proj_size": len(weights["weight_hr_l0"])} if "weight_hr_l0" in weights else {}),
        **({"nonlinearity": layers_of(net)[0].options["activation"]} if kind == "RNN" else {}),
        **changed,
    }
    module = TORCH[kind](weights["weight_ih_l0"].shape[1], hidden, **settings)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return module


def outputs_of(module, x):
    """h, and the final states, h_n and c_n side by side, as arrays."""
    with torch.no_grad():
        h, final = module(torch.from_numpy(x))
    return h.numpy(), torch.cat(final, dim=2).numpy() if isinstance(final, tuple) else final.numpy()


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("name", OF_PYTORCH)
def test_to_pytorch_its_module_computes_the_same(name, depth, directions):
    net, x = network(name, depth=depth, directions=directions), sequence()
    h, tape = net.forward(x)
    theirs, final = outputs_of(module_of(net), x)
    assert distance(h, theirs) <= BOUND
    for ours, their in zip(flat_finals(tape.final), final, strict=True):
        assert distance(ours, their) <= BOUND


def flat_finals(final):
    return [final] if isinstance(final, np.ndarray) else [each for part in final for each in flat_finals(part)]


@pytest.mark.parametrize("bias", [True, False], ids=["", "no bias"])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize(
    ("kind", "settings"),
    [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("LSTM", {"proj_size": 2}), ("GRU", {})],
)
def test_from_pytorch_our_cell_computes_the_same(kind, settings, directions, bias):
    torch.manual_seed(0)
    both = {"bidirectional": directions == 2, "num_layers": 2, "bias": bias, "dtype": torch.float64}
    module = TORCH[kind](3, 4, **settings, **both)
    activation = {"activation": settings["nonlinearity"]} if "nonlinearity" in settings else {}
    net, x = layouts.from_pytorch(module.state_dict(), **activation), sequence()
    assert distance(net.forward(x)[0], outputs_of(module, x)[0]) <= BOUND
    with torch.no_grad():
        before = net.forward(x)[0].copy()
        module.weight_hh_l0.zero_()  # nothing is shared
    np.testing.assert_array_equal(net.forward(x)[0], before)


def test_float32_stays_float32_and_agrees_to_its_rounding():
    net, x = network("gru", dtype=np.float32), sequence(dtype=np.float32)
    assert {array.dtype for array in layouts.to_pytorch(net).values()} == {np.dtype(np.float32)}
    assert distance(net.forward(x)[0], outputs_of(module_of(net), x)[0]) <= 1e-6


def equal(net, other):
    pairs = zip(layers_of(net), layers_of(other), strict=True)
    assert all(a.cell is b.cell and a.options == b.options for a, b in pairs)
    for ours, theirs in zip(flat(net), flat(other), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_round_trip_through_any_layout_is_exact(data):
    library = data.draw(st.sampled_from(["PyTorch", "Keras", "ONNX"]))
    of_library = {"PyTorch": OF_PYTORCH, "Keras": OF_KERAS, "ONNX": OF_ONNX}[library]
    name = data.draw(st.sampled_from(of_library))
    size = st.integers(1, 5)
    net = network(
        name,
        I=data.draw(size),
        H=data.draw(st.integers(3, 5)) if "projected" in name else data.draw(size),  # more than it is projected to
        depth=data.draw(st.integers(1, 3)) if library == "PyTorch" else 1,
        directions=data.draw(st.integers(1, 2)),
        seed=data.draw(st.integers(0, 9)),
        dtype=data.draw(st.sampled_from([np.float32, np.float64])),
    )
    activation = layers_of(net)[0].options.get("activation", "tanh")
    once = there_and_back(library, net, activation)
    equal(once, there_and_back(library, once, activation))

    # The first time a form may change, never what it computes: z that writes, a b_hn where one bias does.
    x = sequence(I=layers_of(net)[0].parameters.W.shape[1], dtype=layers_of(net)[0].parameters.W.dtype.type)
    same = "write" not in name and not ("before" in name and (library == "Keras" or "one bias" in name))
    if same:
        equal(net, once)
        np.testing.assert_array_equal(net.forward(x)[0], once.forward(x)[0])
    assert distance(net.forward(x)[0], once.forward(x)[0]) <= (BOUND if x.dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("library", ["PyTorch", "Keras", "ONNX"])
def test_conversions_share_no_memory(library):
    net = network("lstm", directions=2)
    once = there_and_back(library, net, "tanh")
    given = {"PyTorch": layouts.to_pytorch(net), "Keras": layouts.to_keras(net), "ONNX": layouts.to_onnx(net)[0]}
    for ours in flat(net):
        assert not any(np.shares_memory(ours, other) for other in flat(once) + flat(given[library]))


def test_two_biases_train_as_one_that_moves_twice_as_far():
    module = torch.nn.LSTM(3, 4, dtype=torch.float64)
    before = layouts.from_pytorch(module.state_dict()).parameters.b
    (module(torch.from_numpy(sequence()))[0] ** 2).sum().backward()
    torch.testing.assert_close(module.bias_ih_l0.grad, module.bias_hh_l0.grad, rtol=1e-12, atol=1e-14)
    one = module.bias_ih_l0.grad.numpy()
    torch.optim.SGD(module.parameters(), lr=0.1).step()
    moved = layouts.from_pytorch(module.state_dict()).parameters.b - before
    np.testing.assert_allclose(moved, -0.1 * 2 * one, rtol=1e-12, atol=1e-14)


def swapped(weights, order):
    """The state-dict of one layer with its gates stacked in another order."""
    return {
        name: np.concatenate([np.split(array, len(order))[gate] for gate in order]) for name, array in weights.items()
    }


@pytest.mark.parametrize(
    ("name", "order"),
    [("lstm", (0, 3, 1, 2)), ("lstm", (0, 2, 1, 3)), ("gru", (1, 0, 2)), ("gru", (2, 1, 0))],
    ids=["ONNX's iofg", "TensorFlow 1's igfo", "Keras' zrn", "nzr"],
)
def test_swapped_gates_are_seen(name, order):
    net, x = network(name), sequence()
    wrong = layouts.from_pytorch(swapped(layouts.to_pytorch(net), order))
    off = distance(wrong.forward(x)[0], outputs_of(module_of(net), x)[0])
    print(f"{name} in the order {order}: h differs by {off:.2g}")
    assert off > FAR


@pytest.mark.parametrize("convention", [{"update": "write"}, {"reset": "before"}], ids=["z flipped", "reset misplaced"])
def test_another_convention_of_the_gru_is_seen(convention):
    net, x = network("gru"), sequence()
    wrong = Layer(gru, net.parameters, convention)
    off = distance(wrong.forward(x)[0], outputs_of(module_of(net), x)[0])
    print(f"{convention}: h differs by {off:.2g}")
    assert off > FAR


def test_b_hn_outside_the_reset_is_seen():
    net, x = network("gru"), sequence()
    p = net.parameters
    b = p.b.copy()
    b[-4:] += p.b_hn  # as if both of PyTorch's biases could be summed, as an LSTM's can
    wrong = Layer(gru, replace(p, b=b, b_hn=None))
    off = distance(wrong.forward(x)[0], outputs_of(module_of(net), x)[0])
    print(f"both biases summed: h differs by {off:.2g}")
    assert off > FAR


def test_a_square_matrix_not_transposed_is_seen():
    net = network("lstm", I=4, H=4)
    W, U, b = layouts.to_keras(net)
    wrong = layouts.from_keras([W, np.concatenate([block.T for block in np.split(U, 4, axis=1)], axis=1), b])
    off = distance(wrong.forward(sequence(I=4))[0], net.forward(sequence(I=4))[0])
    print(f"each gate's U transposed: h differs by {off:.2g}")
    assert off > FAR


def changed(weights, name, **new):
    """A state-dict with one array replaced, left out (None) or added."""
    weights = {**weights, name: new.get("to")}
    return {key: array for key, array in weights.items() if array is not None}


STATE = layouts.to_pytorch(network("lstm"))
TWO_LAYERS = layouts.to_pytorch(network("lstm", depth=2))
PROJECTED = layouts.to_pytorch(network("lstm projected"))
KERAS = layouts.to_keras(network("gru"))
ONNX = layouts.to_onnx(network("gru"))[0]
ONNX_LSTM = layouts.to_onnx(network("lstm with peepholes"))[0]
NAN = np.full((4, 4), np.nan)
LSTM, GRU = layer("lstm"), layer("gru")
VARIANT = lstm_variants.initialise(3, 4, np.random.default_rng(0), "CIFG")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        # from PyTorch
        (lambda: layouts.from_pytorch({}), "weights must have weight_hh_l0, found none"),
        (lambda: layouts.from_pytorch(torch.nn.LSTM(3, 4)), "weights must be a dictionary of arrays, got LSTM"),
        (
            lambda: layouts.from_pytorch(changed(STATE, "lstm.weight_ih_l0", to=np.eye(3))),
            "weights must have names such as weight_ih_l0 or bias_hh_l1_reverse, got 'lstm.weight_ih_l0'",
        ),
        (
            lambda: layouts.from_pytorch(changed(STATE, "bias_hh_l0")),
            "weights must have bias_hh_l0, found weight_ih_l0, weight_hh_l0, bias_ih_l0",
        ),
        (
            lambda: layouts.from_pytorch(changed(STATE, "weight_hh_l0", to=np.zeros((8, 4)))),
            "weight_hh_l0 must have 1 (RNN), 3 (GRU) or 4 (LSTM) blocks of 4 units, got shape (8, 4)",
        ),
        (
            lambda: layouts.from_pytorch(changed(STATE, "weight_ih_l0", to=np.zeros((12, 3)))),
            "weight_ih_l0 must have shape (16, I), got (12, 3)",
        ),
        (
            lambda: layouts.from_pytorch(changed(TWO_LAYERS, "weight_ih_l1", to=np.zeros((16, 3)))),
            "weight_ih_l1 must have shape (16, 4), got (16, 3)",
        ),
        (
            lambda: layouts.from_pytorch(changed(PROJECTED, "weight_hr_l0", to=np.zeros((2, 8)))),
            "weight_hh_l0 must have 1 (RNN), 3 (GRU) or 4 (LSTM) blocks of 8 units, got shape (16, 2)",
        ),
        (
            lambda: layouts.from_pytorch(changed(PROJECTED, "weight_hh_l0", to=np.zeros((12, 2)))),
            "weight_hh_l0 must have shape (16, 2) beside weight_hr_l0, got (12, 2)",
        ),
        (
            lambda: layouts.from_pytorch(changed(STATE, "bias_ih_l0", to=np.full(16, np.inf))),
            "bias_ih_l0 must be finite, got inf at index (0,)",
        ),
        (
            lambda: layouts.from_pytorch(changed(STATE, "bias_ih_l0", to=np.zeros(16, np.float32))),
            "bias_ih_l0 must be float64, got float32",
        ),
        (
            lambda: layouts.from_pytorch(changed(STATE, "bias_ih_l0", to=[0.0] * 16)),
            "bias_ih_l0 must be an array, got list",
        ),
        (lambda: layouts.from_pytorch(STATE, "relu"), "activation must be tanh for LSTM, got 'relu'"),
        (
            lambda: layouts.from_pytorch(layouts.to_pytorch(layer("rnn")), "elu"),
            "activation must be tanh or relu for RNN, got 'elu'",
        ),
        # to PyTorch
        (
            lambda: layouts.to_pytorch(layer("gru before")),
            "reset must be after for PyTorch, got 'before'",
        ),
        (
            lambda: layouts.to_pytorch(Layer(rnn, layer("rnn").parameters, {"activation": "elu"})),
            "activation must be tanh or relu for PyTorch, got 'elu'",
        ),
        (lambda: layouts.to_pytorch(layer("lstm with peepholes")), "variant must be NP for PyTorch, got 'V'"),
        (
            lambda: layouts.to_pytorch(layer("lstm projected", H=2)),
            "P must have fewer rows than columns for PyTorch, got shape (2, 2)",
        ),
        (
            lambda: layouts.to_pytorch(Stack((layer("gru"), layer("gru", I=4, H=5)))),
            "layer 1 must be like layer 0 in all but its input, as in one module of PyTorch",
        ),
        (
            lambda: layouts.to_pytorch(Stack((layer("gru"), layer("gru")))),
            "W of layer 1 must have shape (12, 4) to read layer 0, got (12, 3)",
        ),
        (
            lambda: layouts.to_pytorch(Layer(jordan, None)),
            "cell must be rnn, lstm, gru or lstm_variants for PyTorch, got jordan",
        ),
        (
            lambda: layouts.to_pytorch(Layer(lstm, GRU.parameters)),
            "parameters must be unrolled.cells.lstm.Parameters, got unrolled.cells.gru.Parameters",
        ),
        (
            lambda: layouts.to_pytorch(Layer(gru, GRU.parameters, {"update": "1-z"})),
            "update must be keep or write for PyTorch, got '1-z'",
        ),
        (
            lambda: layouts.to_pytorch(Layer(lstm_variants, VARIANT, {"variant": "NP"})),
            "parameters must be those of the variant NP, got those of another",
        ),
        (
            lambda: layouts.to_pytorch(Layer(rnn, rnn.Parameters(NAN, NAN, NAN[0]))),
            "W must be finite, got nan at index (0, 0)",
        ),
        (
            lambda: layouts.to_pytorch(LSTM.parameters),
            "expected a Layer or a Bidirectional of two Layers, got Parameters",
        ),
        # Keras
        (lambda: layouts.from_keras(dict(enumerate(KERAS))), "weights must be a list of arrays, got dict"),
        (
            lambda: layouts.from_keras(KERAS + KERAS[:2]),
            "weights must be 3 arrays (kernel, recurrent_kernel, bias), 2 without bias, or twice as many for both "
            "directions, got 5",
        ),
        (
            lambda: layouts.from_keras([KERAS[0].T, *KERAS[1:]]),
            "kernel must have shape (I, 12), got (12, 3)",
        ),
        (
            lambda: layouts.from_keras([KERAS[0], KERAS[1].T, KERAS[2]]),
            "recurrent_kernel must have 1 (RNN), 3 (GRU) or 4 (LSTM) blocks of 12 units, got shape (12, 4)",
        ),
        (
            lambda: layouts.from_keras([*KERAS[:2], np.zeros((3, 12))]),
            "bias must have shape (2, 12), got (3, 12)",
        ),
        (
            lambda: layouts.from_keras(KERAS, reset="before"),
            "reset must be None or after beside a bias of shape (2, 12), got 'before'",
        ),
        (
            lambda: layouts.from_keras(KERAS[:2]),
            "reset must be after or before for a GRU without bias, got None",
        ),
        (lambda: layouts.from_keras(layouts.to_keras(LSTM), reset="after"), "reset must be None for LSTM, got 'after'"),
        (lambda: layouts.from_keras(KERAS, "relu"), "activation must be tanh for GRU, got 'relu'"),
        (
            lambda: layouts.from_keras(layouts.to_keras(layer("rnn")), "gelu"),
            "activation must be tanh or sigmoid or relu or leaky_relu or elu or identity for RNN, got 'gelu'",
        ),
        (
            lambda: layouts.to_keras(layer("lstm projected")),
            "P must be None for Keras, whose LSTM has no projection, got shape (2, 4)",
        ),
        (lambda: layouts.to_keras(Stack((LSTM,))), "expected a Layer or a Bidirectional of two Layers, got Stack"),
        # ONNX
        (
            lambda: layouts.from_onnx(**ONNX, direction="reverse"),
            "direction must be forward or bidirectional, got 'reverse'",
        ),
        (lambda: layouts.from_onnx(**ONNX, direction="bidirectional"), "R must have shape (2, G H, H), got (1, 12, 4)"),
        (lambda: layouts.from_onnx(**ONNX, hidden_size=3), "hidden_size must be 4, the last size of R, got 3"),
        (lambda: layouts.from_onnx(**{**ONNX, "B": ONNX["B"][:, :12]}), "B must have shape (1, 24), got (1, 12)"),
        (lambda: layouts.from_onnx(**ONNX, P=np.zeros((1, 12))), "P must be None for GRU, got shape (1, 12)"),
        (
            lambda: layouts.from_onnx(**{**ONNX_LSTM, "P": ONNX_LSTM["P"][:, :8]}),
            "P must have shape (1, 12), got (1, 8)",
        ),
        (
            lambda: layouts.from_onnx(**ONNX, activations=["Sigmoid", "Relu"]),
            "activations must be Sigmoid, Tanh for GRU, got ['Sigmoid', 'Relu']",
        ),
        (
            lambda: layouts.from_onnx(**layouts.to_onnx(layer("rnn"))[0], activations=["Softplus"]),
            "activations must be 1 of Tanh, Relu, Sigmoid for RNN, got ['Softplus']",
        ),
        (
            lambda: layouts.to_onnx(Layer(rnn, layer("rnn").parameters, {"activation": "elu"})),
            "activation must be tanh or relu or sigmoid for ONNX, got 'elu'",
        ),
        (
            lambda: layouts.to_onnx(Bidirectional(layer("gru"), layer("gru before"))),
            "both directions must be alike in all but their values, as in one node of ONNX",
        ),
        (
            lambda: layouts.to_onnx(layer("lstm projected")),
            "P must be None for ONNX, whose LSTM has no projection, got shape (2, 4)",
        ),
    ],
)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value) == sentence
