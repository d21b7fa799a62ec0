"""The explorers as Python sees them: their numbers, their sentence, and the picture beside the widget."""

import numpy as np
import pytest
from traitlets import TraitError

from unrolled.gradients import half_life
from unrolled.lesson.explorers import GradientFlow, explorer
from unrolled.lesson.explorers.gradient_flow import CELLS, NETWORKS, UNITS, gradient_left, network

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("scale", "bias"), [(1.0, 0.0), (2.2, 3.0), (0.2, -2.0)])
def test_what_is_left_is_the_product_of_jacobians(cell, scale, bias):
    left = gradient_left(cell, scale, bias, 30)
    assert left.shape == (NETWORKS, 31)
    for number in range(NETWORKS):
        parameters, x, readout = network(cell, number, scale, bias)
        _, tape = CELLS[cell].forward(parameters, x[:30])
        jacobians = CELLS[cell].step_jacobians(parameters, tape)[:, 0]
        gradient = np.zeros(jacobians.shape[-1])
        gradient[:UNITS] = readout
        norms = [np.linalg.norm(gradient)]
        # The LSTM's c gets its gradient through h first: dL/dc of the last step holds h fixed.
        for jacobian in jacobians[::-1]:
            gradient = jacobian.T @ gradient
            norms.append(np.linalg.norm(gradient))
        np.testing.assert_allclose(left[number], np.array(norms) / norms[0], rtol=1e-11)


@pytest.mark.parametrize("cell", CELLS)
def test_networks_are_drawn_as_pytorch_draws_them(cell):
    parameters = [network(cell, number)[0] for number in range(NETWORKS)]
    for name, deviation in {"W": 1 / 3, "U": 1 / 3}.items():
        values = np.concatenate([getattr(p, name).ravel() for p in parameters]) * np.sqrt(UNITS)
        assert np.abs(values).max() <= 1
        np.testing.assert_allclose(values.var(), deviation, rtol=0.05)
        np.testing.assert_allclose(values.mean(), 0, atol=0.03)
    biases = np.concatenate([p.b for p in parameters]) * np.sqrt(UNITS)
    assert 1 < np.abs(biases).max() <= 2, "the sum of two draws"
    assert len({p.U.tobytes() for p in parameters}) == NETWORKS
    inputs = np.concatenate([network(cell, number)[1] for number in range(NETWORKS)])
    np.testing.assert_allclose(inputs.var(), 1, rtol=0.05)


@pytest.mark.parametrize(("cell", "moved"), [("LSTM", slice(32, 64)), ("GRU", slice(32, 64))])
def test_scale_and_bias_move_what_they_name(cell, moved):
    (before, _, _), (after, _, _) = network(cell, 0), network(cell, 0, 2.0, 3.0)
    np.testing.assert_array_equal(after.U, 2 * before.U)
    np.testing.assert_array_equal(after.W, before.W)
    shift = np.zeros_like(before.b)
    shift[moved] = 3    # the second block of four (i, f, g, o) or three (r, z, n)
    np.testing.assert_allclose(after.b - before.b, shift, atol=1e-15)


def test_an_rnn_has_no_gate():
    np.testing.assert_array_equal(gradient_left("RNN", 1.0, 5.0, 20), gradient_left("RNN", 1.0, 0.0, 20))


def test_the_sentence_says_the_state_and_what_follows_from_the_median():
    left = np.median(gradient_left("LSTM", 1.2, 3.0, 100)[:, -1])
    said = GradientFlow(cell="LSTM", scale=1.2, bias=3.0).reading()
    assert said.startswith(f"LSTM, recurrent weights × 1.2, forget bias + 3: {left:.2g} of the gradient is left 100 ")
    rate = np.array([left ** (1 / 100)])
    pace = half_life(rate)[0]
    assert said.endswith(f"a factor of {rate[0]:.2f} per step on average: halved every {pace:.0f} steps.")
    assert "GRU, recurrent weights × 0.5, update bias − 0.5:" in repr(GradientFlow(cell="GRU", scale=0.5, bias=-0.5))
    assert "RNN, recurrent weights × 4: " in (growing := GradientFlow(scale=4.0, bias=3.0).reading())
    assert "doubled every" in growing


@pytest.mark.parametrize("state", [{"scale": 4.1}, {"bias": -3.0}, {"steps": 101}, {"steps": 9}, {"cell": "Elman"}])
def test_what_it_has_not_got_is_refused_in_a_sentence(state):
    with pytest.raises(TraitError, match=rf"'{next(iter(state))}' trait of a GradientFlow instance"):
        GradientFlow(**state)


def test_it_shows_itself_as_widget_picture_and_sentence():
    flow = GradientFlow(cell="GRU", bias=2.0, steps=50)
    data, _ = flow._repr_mimebundle_()
    assert data["text/plain"] == repr(flow) == flow.reading()
    assert data[VIEW]["model_id"] == flow.model_id
    assert data["text/html"].startswith("<figure") and flow.reading() in data["text/html"]
    assert data["image/png"]
    again, _ = GradientFlow(cell="GRU", bias=2.0, steps=50)._repr_mimebundle_()
    assert again["text/html"] == data["text/html"] and again["image/png"] == data["image/png"]


def test_a_picture_shows_the_start_of_the_cell_where_that_is_another_state():
    axes = [GradientFlow(**state).picture()["figure"].axes[0] for state in ({}, {"scale": 2.0}, {"steps": 50})]
    assert [len(one.lines) for one in axes] == [1, 2, 1]


def test_a_script_leaves_its_comments_at_home(tmp_path, monkeypatch):
    (tmp_path / "a.js").write_text("// why\nconst a = 1; // here\n  // more\n  f(`//x`);\n")
    monkeypatch.setattr(explorer, "__file__", str(tmp_path / "explorer.py"))
    assert explorer.script("a.js") == "const a = 1; // here\n  f(`//x`);"
