"""The named experiments measure what they say."""

import math
import shutil

import numpy as np
import pytest
import torch

from unrolled.cells import gru, lstm, rnn
from unrolled.experiments import adding_problem, cudnn_parity, throughput
from unrolled.experiments import gradient_by_lag as by_lag
from unrolled.experiments.catalogue import EXPERIMENTS
from unrolled.gradients import gradient_by_lag
from unrolled.tasks.adding import adding


def finished(experiment, parameters):
    """Every unit with its result, in the order of units."""
    pairs = []
    while todo := [u for u in experiment.units(parameters, pairs) if u not in [unit for unit, _ in pairs]]:
        pairs += [(unit, experiment.run(parameters, unit, "cpu")) for unit in todo]
    order = experiment.units(parameters, pairs)
    return sorted(pairs, key=lambda pair: order.index(pair[0]))


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("scale, device", [("lesson", "cpu"), ("full", "cpu"), ("full", "cuda")])
def test_every_scale_has_what_it_needs(name, scale, device):
    experiment = EXPERIMENTS[name]
    parameters = experiment.parameters(scale, device)
    assert set(parameters) == set(experiment.scales["full"]), "a scale must not lack a parameter of another"
    units = experiment.units(parameters, [])
    assert units and len({str(unit) for unit in units}) == len(units)
    with pytest.raises(ValueError, match=f"{name}: the scale must be lesson or full, not 'huge'"):
        experiment.parameters("huge", device)


@pytest.mark.parametrize("cell, options", [
    (rnn, {}), (gru, {}), (gru, {"biases": 1, "update_bias": 2.0}), (lstm, {"forget_bias": 1.0}),
])  # fmt: skip
def test_the_gradient_by_lag_is_that_of_the_numpy_cells(cell, options):
    rng = np.random.default_rng(0)
    weights, x = cell.initialise(3, 5, rng, **options), rng.standard_normal((8, 4, 3))
    read_out = rng.standard_normal(5)
    measured = by_lag.state_gradients(cell.__name__.rpartition(".")[2], weights, x, read_out)
    _, tape = cell.forward(weights, x)
    d_final = np.zeros_like(tape.final)
    d_final[:, :5] = read_out
    expected = gradient_by_lag(cell, weights, tape, d_final=d_final)[:8].mean(1)  # without the initial state's
    np.testing.assert_allclose(measured, expected, rtol=1e-12)


def test_a_gradient_whose_square_underflows_is_still_measured():
    rng = np.random.default_rng(0)
    weights = rnn.Parameters(np.zeros((4, 1)), 1e-20 * np.eye(4), np.zeros(4))
    curve = by_lag.state_gradients("rnn", weights, np.zeros((15, 1, 1)), rng.standard_normal(4))
    np.testing.assert_allclose(curve[1:] / curve[:-1], 1e-20, rtol=1e-9)
    assert curve[-1] < 1e-270


def test_gradient_by_lag_tells_medians_and_what_overflowed():
    parameters = {"arms": {"rnn": by_lag.ARMS["rnn"]}, "lags": [0, 100], "seeds": [0, 1, 2]}
    units = by_lag.units(parameters, [])
    results = [{"ratio": [1.0, 0.25]}, {"ratio": [1.0, None]}, {"ratio": [1.0, 0.5]}]
    concluded = by_lag.summary(parameters, list(zip(units, results)))
    arm = concluded["arms"]["rnn"]
    assert arm["median"] == {"0": 1.0, "100": 0.5} and arm["least"]["100"] == 0.25 and arm["largest"]["100"] is None
    assert "100 steps before it, in the median of 3 draws: RNN (tanh) 5.0e-01." in concluded["summary"]


SMALL = {
    "arms": {"gru": adding_problem.ARMS["gru"]}, "rates": adding_problem.RATES, "steps": [4],
    "hidden": 16, "batch": 32, "updates": 200, "clip": 1.0, "tested": 200,
    "solved_below": 0.04, "seeds": [0, 1, 2], "trial_seeds": [1000, 1001],
    "side_by_side": 2, "fused": [],
}  # fmt: skip


def test_adding_takes_the_best_of_three_rates_to_fresh_seeds():
    pairs = finished(adding_problem.EXPERIMENT, SMALL)
    trials = [unit for unit, _ in pairs if unit["purpose"] == "trial"]
    rates = adding_problem.RATES["GRU"]
    assert [(unit["rate"], unit["seeds"]) for unit in trials] == [(rate, [1000, 1001]) for rate in rates]
    tests = [(unit, result) for unit, result in pairs if unit["purpose"] == "test"]
    assert [unit["seeds"] for unit, _ in tests] == [[0, 1], [2]]
    arm = adding_problem.summary(SMALL, pairs)["by_steps"]["4"]["gru"]
    assert {unit["rate"] for unit, _ in tests} == {arm["learning_rate"]}
    assert arm["at_edge_of_the_rates"] == (arm["learning_rate"] != rates[1])
    assert (arm["solved"], arm["of"]) == (3, 3) and 0.4 < arm["interval"]["low"] < arm["interval"]["high"] == 1
    counts = [count for _, result in tests for count in result["solved_after"]]
    assert arm["updates"]["median"] == sorted(counts)[1]
    assert all(error < 0.04 for _, result in tests for error in result["error"])


def test_an_adding_network_is_the_same_with_others_beside_it():
    unit = {"steps": 4, "arm": "gru", "purpose": "test", "rate": 1e-2}
    few = SMALL | {"updates": 50}
    together = adding_problem.run(few, unit | {"seeds": [3, 4]}, "cpu")["error"]
    alone = adding_problem.run(few, unit | {"seeds": [4]}, "cpu")["error"]
    assert together[1] == pytest.approx(alone[0], rel=1e-4) and together[0] != pytest.approx(alone[0], rel=1e-2)


def test_a_network_that_diverges_is_recorded_as_one_that_did():
    unit = {"steps": 4, "arm": "gru", "purpose": "test", "rate": 1e38, "seeds": [0]}
    assert adding_problem.run(SMALL | {"updates": 50, "clip": None}, unit, "cpu") == {
        "solved_after": [None], "error": [None]
    }  # fmt: skip


def test_arms_are_ranked_only_where_the_interval_leaves_out_zero():
    arms = {name: adding_problem.ARMS[name] for name in ("rnn", "gru", "lstm")}
    parameters = SMALL | {"arms": arms, "seeds": list(range(10)), "fused": ["RNN", "GRU", "LSTM"]}
    counts = {"rnn": 0, "gru": 10, "lstm": 2}

    def result(unit):
        solved = unit["seeds"][0] < counts[unit["arm"]]
        return {"solved_after": [100 if solved else None], "error": [0.01 if solved else 0.2]}

    trials = [(unit, result(unit)) for unit in adding_problem.units(parameters, [])]
    pairs = [(unit, result(unit)) for unit in adding_problem.units(parameters, trials)]
    arms = adding_problem.summary(parameters, pairs)["by_steps"]["4"]
    assert {name: arm["solved"] for name, arm in arms.items()} == counts
    assert {name: arm["against_the_first"]["ranked"] for name, arm in arms.items()} == {
        "rnn": False, "gru": True, "lstm": False
    }  # fmt: skip
    assert arms["rnn"]["updates"] == {"median": None, "low": None, "high": None}
    assert arms["gru"]["updates"] == {"median": 100, "low": 100, "high": 100}


def test_adding_networks_are_tested_on_sequences_they_never_train_on():
    training, test = (adding(np.random.default_rng([0, 6, use]), 6, 50)[1] for use in (0, 1))
    assert not np.intersect1d(training, test).size


@pytest.mark.filterwarnings("ignore")    # PyTorch's compiler warns of what it does itself
@pytest.mark.parametrize("cell", throughput.LAYERS)
def test_every_way_computes_the_same_gradients_and_an_absent_one_says_why(cell):
    parameters = {"inputs": 3, "batch": 2, "warm_up": 0, "repeats": 2}
    for way in throughput.WAYS:
        if way == "compiled" and cell != "RNN":
            continue  # one is enough: it takes seconds
        unit = {"cell": cell, "way": way, "steps": 4, "hidden": 5}
        result = throughput.run(parameters, unit, "cpu")
        if way == "graph":
            assert result == {"absent": "CUDA graphs exist on CUDA devices only"}
        elif way == "compiled" and not any(map(shutil.which, ("c++", "g++", "clang++"))):
            assert result["absent"].startswith("torch.compile failed: ")
        else:
            assert len(result["milliseconds"]) == 2 and min(result["milliseconds"]) > 0 and result["error"] < 1e-5


def test_another_function_is_not_timed(monkeypatch):
    wrong = (torch.nn.RNN, lambda *sizes: torch.nn.RNNCell(*sizes, nonlinearity="relu"))
    monkeypatch.setitem(throughput.LAYERS, "RNN", wrong)
    unit = {"cell": "RNN", "way": "loop", "steps": 4, "hidden": 5}
    with pytest.raises(ArithmeticError, match="not the same function"):
        throughput.run({"inputs": 3, "batch": 2, "warm_up": 0, "repeats": 1}, unit, "cpu")


def test_throughput_compares_each_way_with_the_library():
    sizes = {"cells": ["RNN"], "hidden": [8], "steps": [4], "batch": 2}
    parameters = sizes | {"ways": list(throughput.WAYS), "repeats": 3}
    times = {"library": [2.0, 4.0, 3.0], "loop": [6.0, 6.0, 9.0], "compiled": [3.0, 3.0, 3.0]}
    pairs = [
        (unit, {"milliseconds": times[unit["way"]]} if unit["way"] in times else {"absent": "none here"})
        for unit in throughput.units(parameters, [])
    ]
    concluded = throughput.summary(parameters, pairs)
    ways = concluded["by_cell"]["RNN"]["8"]["4"]
    assert ways["loop"] == {"median": 6.0, "least": 6.0, "largest": 9.0, "of_library": 2.0}
    assert "graph" not in ways and concluded["absent"] == {"graph": "none here"}
    assert "RNN 3 ms by the library, loop 2 times, compiled 1 times that" in concluded["summary"]
    assert math.isclose(ways["compiled"]["of_library"], 1)


def test_parity_is_measured_and_a_wrong_layout_is_seen(monkeypatch):
    parameters = cudnn_parity.EXPERIMENT.parameters("lesson", "cpu")
    done = finished(cudnn_parity.EXPERIMENT, parameters)
    found = cudnn_parity.summary(parameters, done)
    assert {"rnn", "lstm", "gru", "summary"} == set(found)
    assert all(found[cell]["difference"] < 1e-12 for cell in parameters["cells"])
    right = cudnn_parity.layouts.to_pytorch

    def upside_down(layer):
        return {name: value[::-1].copy() for name, value in right(layer).items()}

    monkeypatch.setattr(cudnn_parity.layouts, "to_pytorch", upside_down)
    wrong = cudnn_parity.run(parameters, {"cell": "gru", "seed": 0}, "cpu")
    assert min(wrong["states"], wrong["gradient"]) > 1e-2
