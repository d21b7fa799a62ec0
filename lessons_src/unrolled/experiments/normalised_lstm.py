"""What batch and layer normalisation change for an LSTM on the adding problem: speed, rates, starts, overfitting."""

import math

import numpy as np
import torch

from unrolled.experiments.experiment import Experiment
from unrolled.experiments.statistics import difference, median_interval
from unrolled.experiments.training import best_rate, squared_error, train
from unrolled.models.normalised_lstm import NormalisedLSTMEnsemble
from unrolled.tasks.adding import CONSTANT_ERROR, GUESSING_ERROR, ONE_NUMBER_ERROR, adding

ARMS = {"none": "LSTM", "batch": "BN-LSTM", "layer": "LN-LSTM"}
TRIAL, TEST, START, FEW = "trial", "test", "start", "few"


def units(parameters, finished):
    """Trials at each learning rate; once an arm's are done, its tests at the best one.

    Those are: as it is; started from scaled weights; and trained on a few sequences again and again.
    """
    listed = []
    for arm in parameters["arms"]:
        listed += [_unit(TRIAL, arm, rate) for rate in parameters["rates"]]
        if all(any(unit == trial for unit, _ in finished) for trial in _trials(parameters, arm)):
            rate, _ = _best(parameters, finished, arm)
            listed += [_unit(TEST, arm, rate), *(_unit(START, arm, rate, scale) for scale in parameters["scales"])]
            listed.append(_unit(FEW, arm, rate))
    return listed


def _unit(purpose, arm, rate, scale=1.0):
    return {"purpose": purpose, "arm": arm, "rate": rate, "scale": scale}


def _trials(parameters, arm):
    return [_unit(TRIAL, arm, rate) for rate in parameters["rates"]]


def _result(finished, unit):
    return next(result for other, result in finished if other == unit)


def _best(parameters, finished, arm):
    trials = {unit["rate"]: _result(finished, unit)["solved_after"] for unit in _trials(parameters, arm)}
    return best_rate(trials, parameters["updates"])


def run(parameters, unit, device):
    """Train one network per seed: after how many updates each had solved the problem, and its last error on the test.

    Solved: at one of the tests, the mean squared error is below parameters["solved_below"] on sequences of the seed's
    own that it is never trained on, in evaluation mode, so with the averages that batch normalisation has gathered.
    For "few" training goes on to the end, and the error on the training set is told, too. No finite error is null.
    """
    steps, few = parameters["steps"], unit["purpose"] == FEW
    seeds = parameters["trial_seeds" if unit["purpose"] == TRIAL else "seeds"]

    def batches(streams, size):
        drawn = [adding(stream, steps, size) for stream in streams]
        x, y = np.stack([x for x, _ in drawn], 1), np.stack([y for _, y in drawn])
        return torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)

    # The last number tells apart what a seed is used for: its training data, and its test.
    training = [np.random.default_rng([seed, steps, 0]) for seed in seeds]
    test = batches([np.random.default_rng([seed, steps, 1]) for seed in seeds], parameters["tested"])
    errors = {}

    def solved(model):
        model.eval()
        with torch.no_grad():
            for name, (x, y) in ({"error": test} | ({"training_error": kept} if few else {})).items():
                errors[name] = squared_error(model(x), y).mean(1).tolist()
        model.train()
        return [error < parameters["solved_below"] for error in errors["error"]]

    draw, kept = lambda size: batches(training, size), None
    if few:
        kept, choice = batches(training, parameters["few"]), np.random.default_rng(0)

        def draw(size):
            chosen = torch.from_numpy(choice.integers(0, parameters["few"], size)).to(device)
            return kept[0][:, :, chosen], kept[1][:, chosen]

    model = NormalisedLSTMEnsemble(
        len(seeds), 2, parameters["hidden"], unit["arm"], steps, unit["scale"], seed=seeds
    ).to(device)  # fmt: skip
    solved_after = train(
        model, draw, [unit["rate"]] * len(seeds), parameters["updates"], squared_error, clip=parameters["clip"],
        batch=parameters["batch"], solved=None if few else solved, every=parameters["every"],
    )  # fmt: skip
    if few:
        solved(model)
    return {"solved_after": solved_after} | {name: [_finite(e) for e in each] for name, each in errors.items()}


def summary(parameters, finished):
    """For each arm: what it took at its best rate, at which rates it learnt, from which starts, and how it overfitted."""
    arms, sentences, seeds = {}, [], len(parameters["seeds"])
    for arm in parameters["arms"]:
        rate, at_edge = _best(parameters, finished, arm)
        tested = [_result(finished, _unit(TEST, arm, rate))]
        tested += [_result(finished, _unit(START, arm, rate, scale)) for scale in parameters["scales"]]
        few = _result(finished, _unit(FEW, arm, rate))
        arms[arm] = {
            "name": ARMS[arm], "learning_rate": rate, "at_edge_of_the_rates": at_edge,
            "by_scale": {
                f"{scale:g}": _taken(result["solved_after"])
                for scale, result in zip([1.0, *parameters["scales"]], tested)
            },
            "by_rate": {
                f"{unit['rate']:g}": _taken(_result(finished, unit)["solved_after"]) for unit in _trials(parameters, arm)
            },
            "more_than_at_scale_1": {
                f"{scale:g}": _saved(result["solved_after"], tested[0]["solved_after"])
                for scale, result in zip(parameters["scales"], tested[1:])
            },
            "few": {name: _median(few[name]) for name in ("error", "training_error")},
        }  # fmt: skip
        sentences.append(f"{ARMS[arm]} {arms[arm]['by_scale']['1']['solved']} after {_said(arms[arm]['by_scale']['1'])}")
    first, *others = parameters["arms"]
    for arm in others:
        arms[arm]["against_the_first"] = {
            "updates_saved": {
                scale: _saved(
                    _after(parameters, finished, first, float(scale)), _after(parameters, finished, arm, float(scale))
                )
                for scale in arms[arm]["by_scale"]
            },
            "solved": {
                rate: _ranked(arms[arm]["by_rate"][rate]["solved"], arms[first]["by_rate"][rate]["solved"], parameters)
                for rate in arms[arm]["by_rate"]
            },
            "few": _pairs_compared(
                [a - b for a, b in zip(_gap(parameters, finished, first), _gap(parameters, finished, arm))]
            ),
        }
    return {
        "summary": f"Of {seeds} networks each, with {parameters['hidden']} units, so many solved the adding problem over "
        f"{parameters['steps']} steps, in the median after so many updates: {'; '.join(sentences)}.",
        "baselines": {"constant": CONSTANT_ERROR, "guessing": GUESSING_ERROR, "one_number": ONE_NUMBER_ERROR},
        "arms": arms,
    }


def _after(parameters, finished, arm, scale):
    rate, _ = _best(parameters, finished, arm)
    purpose = TEST if scale == 1 else START
    return _result(finished, _unit(purpose, arm, rate, scale))["solved_after"]


def _gap(parameters, finished, arm):
    """By how much the error on the test exceeds that on the few sequences of the training, for each seed."""
    result = _result(finished, _unit(FEW, arm, _best(parameters, finished, arm)[0]))
    pairs = zip(result["error"], result["training_error"])
    return [math.inf if test is None or seen is None else test - seen for test, seen in pairs]


def _taken(after):
    median, low, high = median_interval([math.inf if count is None else count for count in after])
    return {
        "solved": sum(count is not None for count in after), "of": len(after),
        "updates": {"median": _finite(median), "low": _finite(low), "high": _finite(high)},
    }  # fmt: skip


def _said(taken):
    return f"{taken['updates']['median']:g}" if taken["updates"]["median"] is not None else "more than there were"


def _median(values):
    return _finite(median_interval([math.inf if value is None else value for value in values])[0])


def _saved(first, second):
    """How many updates fewer the second took than the first, seed by seed on the same data."""
    inf = [[math.inf if count is None else count for count in after] for after in (first, second)]
    return _pairs_compared([0.0 if a == b else a - b for a, b in zip(*inf)])


def _pairs_compared(differences):
    median, low, high = median_interval([0.0 if math.isnan(d) else d for d in differences])
    return {"median": _finite(median), "low": _finite(low), "high": _finite(high), "ranked": low > 0 or high < 0}


def _ranked(solved, first_solved, parameters):
    trials = len(parameters["trial_seeds"])
    gap, low, high = difference((solved, trials), (first_solved, trials))
    return {"difference": gap, "low": low, "high": high, "ranked": low > 0 or high < 0}


def _finite(value):
    return value if math.isfinite(value) else None


EXPERIMENT = Experiment(
    name="normalised-lstm",
    question="What does batch or layer normalisation change for an LSTM on the adding problem?",
    scales={
        "lesson": {
            "arms": list(ARMS), "rates": [1e-2, 3e-2], "scales": [10.0], "steps": 10, "hidden": 16, "batch": 32,
            "updates": 200, "every": 25, "clip": 1.0, "tested": 200, "solved_below": 0.02, "few": 100,
            "seeds": list(range(6)), "trial_seeds": [1000, 1001],
        },
        "full": {
            "arms": list(ARMS), "rates": [1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1], "scales": [0.1, 10.0], "steps": 20,
            "hidden": 32, "batch": 32, "updates": 1000, "every": 25, "clip": 1.0, "tested": 500, "solved_below": 0.01,
            "few": 200, "seeds": list(range(10)), "trial_seeds": list(range(1000, 1005)),
        },
    },
    units=units, run=run, summary=summary,
)  # fmt: skip
