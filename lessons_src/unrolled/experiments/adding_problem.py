"""Which cells learn the adding problem, at which lengths, and after how many updates."""

import math

import numpy as np
import torch

from unrolled.experiments.experiment import Experiment
from unrolled.experiments.statistics import difference, median_interval, wilson
from unrolled.experiments.training import best_rate, squared_error, train
from unrolled.models.ensemble import FusedEnsemble, GRUEnsemble, RNNEnsemble
from unrolled.tasks.adding import CONSTANT_ERROR, GUESSING_ERROR, ONE_NUMBER_ERROR, adding

ARMS = {
    "rnn": {"name": "RNN (tanh)", "cell": "RNN"},
    "rnn-orthogonal": {"name": "RNN, orthogonal U", "cell": "RNN", "options": {"weights": "orthogonal"}},
    "gru": {"name": "GRU", "cell": "GRU"},
    "lstm": {"name": "LSTM", "cell": "LSTM"},
    "lstm-forget-1": {"name": "LSTM, forget bias 1", "cell": "LSTM", "options": {"forget_bias": 1.0}},
}
RATES = {"RNN": [3e-4, 1e-3, 3e-3], "GRU": [3e-3, 1e-2, 3e-2], "LSTM": [3e-3, 1e-2, 3e-2]}
SIDE_BY_SIDE = {"RNN": RNNEnsemble, "GRU": GRUEnsemble}


def units(parameters, finished):
    """Trials at each learning rate; and, once an arm's trials at a length are done, its networks at the best rate."""
    listed = []
    for steps in parameters["steps"]:
        for arm in parameters["arms"]:
            trials = _trials(parameters, steps, arm)
            listed += trials
            done = [result for unit, result in finished if unit in trials]
            if len(done) == len(trials):
                rate, _ = _best(parameters, finished, steps, arm)
                listed += _blocks(parameters, steps, arm, "test", rate, parameters["seeds"])
    return listed


def _trials(parameters, steps, arm):
    rates, seeds = parameters["rates"][parameters["arms"][arm]["cell"]], parameters["trial_seeds"]
    return [unit for rate in rates for unit in _blocks(parameters, steps, arm, "trial", rate, seeds)]


def _blocks(parameters, steps, arm, purpose, rate, seeds):
    """Units for these seeds: one each where a fused kernel is fastest, else as many as run well side by side."""
    size = 1 if parameters["arms"][arm]["cell"] in parameters["fused"] else parameters["side_by_side"]
    blocks = [seeds[start : start + size] for start in range(0, len(seeds), size)]
    return [{"steps": steps, "arm": arm, "purpose": purpose, "rate": rate, "seeds": block} for block in blocks]


def _solved_after(finished, **wanted):
    """After how many updates each network of the units with these entries had solved the problem, or None."""
    chosen = [result for unit, result in finished if all(unit[name] == value for name, value in wanted.items())]
    return [count for result in chosen for count in result["solved_after"]]


def _best(parameters, finished, steps, arm):
    trials = {
        rate: _solved_after(finished, steps=steps, arm=arm, purpose="trial", rate=rate)
        for rate in parameters["rates"][parameters["arms"][arm]["cell"]]
    }
    return best_rate(trials, parameters["updates"])


def run(parameters, unit, device):
    """Train one network per seed: after how many updates each had solved the problem, and its last error on the test.

    Solved: at one of the tests, after every 50 updates, the mean squared error is below parameters["solved_below"], on
    sequences of the seed's own that it is never trained on. An error that is not finite is null.
    """
    steps, seeds = unit["steps"], unit["seeds"]

    def batches(streams, size):
        drawn = [adding(stream, steps, size) for stream in streams]
        x, y = np.stack([x for x, _ in drawn], 1), np.stack([y for _, y in drawn])
        return torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)

    # The last number tells apart what a seed is used for: its training data, and its test.
    training = [np.random.default_rng([seed, steps, 0]) for seed in seeds]
    test_x, test_y = batches([np.random.default_rng([seed, steps, 1]) for seed in seeds], parameters["tested"])
    errors = [math.inf] * len(seeds)

    def solved(model):
        errors[:] = squared_error(model(test_x), test_y).mean(1).tolist()
        return [error < parameters["solved_below"] for error in errors]

    solved_after = train(
        _network(parameters, unit).to(device), lambda size: batches(training, size), [unit["rate"]] * len(seeds),
        parameters["updates"], squared_error, clip=parameters["clip"], batch=parameters["batch"], solved=solved,
    )  # fmt: skip
    return {"solved_after": solved_after, "error": [e if math.isfinite(e) else None for e in errors]}


def _network(parameters, unit):
    arm, seeds = parameters["arms"][unit["arm"]], unit["seeds"]
    sizes, options = (len(seeds), 2, parameters["hidden"]), arm.get("options", {}) | {"seed": seeds}
    if arm["cell"] in parameters["fused"]:
        return FusedEnsemble(arm["cell"], *sizes, **options)
    return SIDE_BY_SIDE[arm["cell"]](*sizes, **options)


def summary(parameters, finished):
    """For each length and arm: the rate of success, the updates it took, and how it compares with the first arm."""
    trials = len(parameters["seeds"])
    reference, by_steps, sentences = next(iter(parameters["arms"])), {}, []
    for steps in parameters["steps"]:
        arms = by_steps[str(steps)] = {}
        for arm, made in parameters["arms"].items():
            after = _solved_after(finished, steps=steps, arm=arm, purpose="test")
            rate, at_edge = _best(parameters, finished, steps, arm)
            solved = sum(count is not None for count in after)
            median, low, high = median_interval([math.inf if count is None else count for count in after])
            low_rate, high_rate = wilson(solved, trials)
            arms[arm] = {
                "name": made["name"], "learning_rate": rate, "at_edge_of_the_rates": at_edge,
                "solved": solved, "of": trials, "interval": {"low": low_rate, "high": high_rate},
                "updates": {"median": _finite(median), "low": _finite(low), "high": _finite(high)},
            }  # fmt: skip
        for arm in arms.values():
            gap, low, high = difference((arm["solved"], trials), (arms[reference]["solved"], trials))
            arm["against_the_first"] = {"difference": gap, "low": low, "high": high, "ranked": low > 0 or high < 0}
        counts = ", ".join(f"{arm['name']} {arm['solved']}" for arm in arms.values())
        sentences.append(f"{steps} steps: {counts}")
    return {
        "summary": f"Of {trials} networks each, with {parameters['hidden']} units, so many solved the adding problem "
        f"(mean squared error below {parameters['solved_below']} within {parameters['updates']} updates): "
        f"{'; '.join(sentences)}.",
        "baselines": {"constant": CONSTANT_ERROR, "guessing": GUESSING_ERROR, "one_number": ONE_NUMBER_ERROR},
        "by_steps": by_steps,
    }


def _finite(value):
    return value if math.isfinite(value) else None


EXPERIMENT = Experiment(
    name="adding-problem",
    question="Which cells learn to add two numbers that stand far apart, and after how many updates?",
    scales={
        "lesson": {
            "arms": {name: ARMS[name] for name in ("rnn", "gru")}, "rates": RATES, "steps": [20], "hidden": 32,
            "batch": 32, "updates": 300, "clip": 1.0, "tested": 500, "solved_below": 0.01,
            "seeds": list(range(3)), "trial_seeds": [1000, 1001], "side_by_side": 5, "fused": [],
        },
        "full": {
            "arms": ARMS, "rates": RATES, "steps": [50, 100, 200, 400], "hidden": 128, "batch": 64,
            "updates": 5000, "clip": 1.0, "tested": 1000, "solved_below": 0.01,
            "seeds": list(range(10)), "trial_seeds": [1000, 1001], "side_by_side": 1,
            "fused": ["RNN", "GRU", "LSTM"],
        },
    },
    on_cpu={
        "rates": {"RNN": [1e-3, 3e-3, 1e-2], "GRU": [1e-2, 3e-2, 1e-1], "LSTM": [1e-2, 3e-2, 1e-1]},    # for small ones
        "steps": [20, 50], "hidden": 32, "batch": 32, "updates": 2000, "tested": 500,
        "side_by_side": 5, "fused": ["LSTM"],
    },
    units=units, run=run, summary=summary,
)  # fmt: skip
