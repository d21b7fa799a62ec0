"""Which remedies for vanishing gradients let a network learn the adding problem: cell, start and clipping, crossed."""

import math

import numpy as np
import torch

from unrolled.experiments.contrasts import contrast
from unrolled.experiments.experiment import Experiment
from unrolled.experiments.statistics import median_interval, wilson
from unrolled.experiments.training import Adam, squared_error
from unrolled.models.remedies import remedy
from unrolled.tasks.adding import CONSTANT_ERROR, GUESSING_ERROR, ONE_NUMBER_ERROR, adding

NAMES = {"tanh": "tanh", "relu": "ReLU", "lstm": "LSTM", "gru": "GRU"}
GATED = ("lstm", "gru")
OWN_START = {"tanh": "identity", "relu": "identity", "lstm": "chrono", "gru": "chrono"}
ARMS = {
    f"{cell}-{start}": {"name": f"{NAMES[cell]}, {start}", "cell": cell, "start": start, "clips": [True, False]}
    for cell in NAMES
    for start in ("default", "orthogonal", OWN_START[cell])
}
ALONE = {
    "tanh-xavier": {"name": "tanh, Xavier", "cell": "tanh", "start": "xavier", "clips": [True]},
    "layer_norm-default": {"name": "tanh, LayerNorm", "cell": "layer_norm", "start": "default", "clips": [True]},
    "residual-default": {"name": "tanh, residual", "cell": "residual", "start": "default", "clips": [True]},
}
RATES = {name: [1e-3, 3e-3, 1e-2] for name in ("tanh", "relu", "layer_norm", "residual")} | {
    name: [1e-2, 3e-2, 1e-1] for name in GATED
}
EVERY = 50  # updates, from one test to the next


def units(parameters, finished):
    """For each length and arm the trials; once they are done, each clipping's networks at its best rate.

    The networks of a unit, (clipped, learning rate, seed), are trained side by side.
    """
    done = {_key(unit): result for unit, result in finished}
    listed = []
    for steps in parameters["steps"]:
        for name, arm in parameters["arms"].items():
            rates = parameters["rates"][arm["cell"]]
            networks = [[c, r, s] for c in arm["clips"] for r in rates for s in parameters["trial_seeds"]]
            trial = {"steps": steps, "arm": name, "purpose": "trial", "networks": networks}
            listed.append(trial)
            if _key(trial) in done:
                best = {clip: _best(trial, done[_key(trial)], clip)[0] for clip in arm["clips"]}
                networks = [[clip, best[clip], s] for clip in arm["clips"] for s in parameters["seeds"]]
                listed.append({"steps": steps, "arm": name, "purpose": "test", "networks": networks})
    return listed


def _key(unit):
    return unit["steps"], unit["arm"], unit["purpose"]


def _best(trial, result, clipped):
    """The best learning rate, and whether it is the least or the largest of those tried.

    The best solved the problem with the most seeds; of equals, the one that needed the fewest updates for all that it
    solved; of equals, the one with the least error in the end; of equals, the largest.
    """
    by_rate = {}
    for (clip, rate, _), after, error in zip(trial["networks"], result["solved_after"], result["error"]):
        if clip == clipped:
            by_rate.setdefault(rate, []).append((after, math.inf if error is None else error))

    def merit(rate):
        solved = [after for after, _ in by_rate[rate] if after]
        return len(solved), -max(solved, default=0), -sum(error for _, error in by_rate[rate]), rate

    best = max(by_rate, key=merit)
    return best, best in (min(by_rate), max(by_rate))


def run(parameters, unit, device):
    """Train the networks: after how many updates each had solved the problem, and its last error on the test.

    Solved: at one of the tests, after every 50 updates, the mean squared error is below parameters["solved_below"], on
    sequences of the seed's own that it is never trained on. A network that has solved it, or whose error is not finite
    (it stands as null), is not trained on; nor are those of a trial once all seeds of one learning rate have solved it.
    Also counted: for how many updates each was trained, and at how many its gradient's norm was above
    parameters["clip"], whether it was clipped or not.
    """
    arm, steps, networks = parameters["arms"][unit["arm"]], unit["steps"], unit["networks"]
    seeds = [seed for _, _, seed in networks]
    model = remedy(arm["cell"], arm["start"], seeds, 2, parameters["hidden"], steps).to(device)
    optimiser = Adam(model.parameters(), [rate for _, rate, _ in networks])
    limits = torch.tensor([parameters["clip"] if clip else math.inf for clip, _, _ in networks], device=device)

    def batch(streams):
        drawn = [adding(stream, steps, parameters["batch"]) for stream in streams]
        x, y = np.stack([x for x, _ in drawn], 1), np.stack([y for _, y in drawn])
        return torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)

    # The last number tells apart what a seed is used for: its training data, and its test.
    training, test = ([np.random.default_rng([seed, steps, use]) for seed in seeds] for use in (0, 1))
    tests = [batch(test) for _ in range(parameters["tested"] // parameters["batch"])]
    solved_after, errors, still = [None] * len(networks), [None] * len(networks), [*range(len(networks))]
    trained, above = [0] * len(networks), torch.zeros(len(networks), dtype=torch.int64, device=device)
    for update in range(1, parameters["updates"] + 1):
        x, target = batch([training[member] for member in still])
        model.zero_grad()
        squared_error(model(x), target).mean(1).sum().backward()
        above[still] += _clip(optimiser.parameters, limits) > parameters["clip"]
        optimiser.step()
        if update % EVERY == 0:
            with torch.no_grad():
                now = torch.stack([squared_error(model(x[:, still]), y[still]).mean(1) for x, y in tests]).mean(0)
            for member, error in zip(still, now.tolist()):
                trained[member], errors[member] = update, error if math.isfinite(error) else None
                if error < parameters["solved_below"]:
                    solved_after[member] = update
            out = [m for m in still if solved_after[m] or errors[m] is None]
            if unit["purpose"] == "trial":
                out += _decided(networks, solved_after)
            stay = [place for place, member in enumerate(still) if member not in out]
            if not stay:
                break
            if len(stay) < len(still):
                still, limits = [still[place] for place in stay], limits[stay]
                _keep(optimiser, stay)
    return {"solved_after": solved_after, "error": errors, "trained": trained, "above": above.tolist()}


def _clip(parameters, limits):
    """Scale each member's gradient, over all its parameters together, to a norm of at most its limit, in place.

    Returns the norms as they were.
    """
    norms = torch.stack([p.grad.flatten(1).square().sum(1) for p in parameters]).sum(0).sqrt()
    scale = torch.where(norms > limits, limits / norms, 1).view(-1, 1, 1)
    for p in parameters:
        p.grad.mul_(scale)
    return norms


def _decided(networks, solved_after):
    """The networks of every clipping for which all seeds of some learning rate have solved the problem."""
    open_rates, rates = set(), set()
    for (clip, rate, _), after in zip(networks, solved_after):
        rates.add((clip, rate))
        if after is None:
            open_rates.add((clip, rate))
    decided = {clip for clip, _ in rates - open_rates}
    return [member for member, (clip, _, _) in enumerate(networks) if clip in decided]


def _keep(optimiser, stay):
    """Let only these members be trained on."""
    for p in optimiser.parameters:
        p.data = p.data[stay]
        p.grad = None
    for tensors in (optimiser.rates, optimiser.means, optimiser.squares):
        tensors[:] = [tensor[stay] for tensor in tensors]


def summary(parameters, finished):
    """For each length and arm the rate of success, and the effects: differences of rates over many arms."""
    trials = {_key(unit): (unit, result) for unit, result in finished if unit["purpose"] == "trial"}
    solved, by_steps = {}, {}
    for unit, result in finished:
        if unit["purpose"] == "trial":
            continue
        steps, name = unit["steps"], unit["arm"]
        for clip in parameters["arms"][name]["clips"]:
            own = [place for place, network in enumerate(unit["networks"]) if network[0] == clip]
            after = [result["solved_after"][place] for place in own]
            errors = [math.inf if result["error"][place] is None else result["error"][place] for place in own]
            solved[steps, name, clip] = [count is not None for count in after]
            count, of = sum(solved[steps, name, clip]), len(own)
            low, high = wilson(count, of)
            rate, at_edge = _best(*trials[steps, name, "trial"], clip)
            needed = median_interval([math.inf if count is None else count for count in after])
            by_steps.setdefault(str(steps), {}).setdefault(name, {"name": parameters["arms"][name]["name"]})[
                "clipped" if clip else "unclipped"
            ] = {
                "learning_rate": rate, "at_edge_of_the_rates": at_edge,
                "solved": count, "of": of, "interval": {"low": low, "high": high},
                "updates": dict(zip(("median", "low", "high"), map(_finite, needed))),
                "error": _finite(median_interval(errors)[0]), "diverged": sum(map(math.isinf, errors)),
            }  # fmt: skip
    counts = []
    for steps, arms in by_steps.items():
        each = (f"{arm['name']} {_count(arm, 'clipped')} and {_count(arm, 'unclipped')}" for arm in arms.values())
        counts.append(f"{steps} steps: {', '.join(each)}")
    return {
        "summary": f"Of {len(parameters['seeds'])} networks each, with {parameters['hidden']} units, so many solved "
        f"the adding problem (mean squared error below {parameters['solved_below']} within {parameters['updates']} "
        f"updates), with clipping and without: {'; '.join(counts)}.",
        "baselines": {"constant": CONSTANT_ERROR, "guessing": GUESSING_ERROR, "one_number": ONE_NUMBER_ERROR},
        "by_steps": by_steps,
        "effects": {
            "all": _effects(parameters["arms"], parameters["steps"], solved),
            **{str(steps): _effects(parameters["arms"], [steps], solved) for steps in parameters["steps"]},
        },
    }


def _count(arm, clipping):
    return arm[clipping]["solved"] if clipping in arm else "none"


def _finite(value):
    return value if math.isfinite(value) else None


def _effects(arms, lengths, solved):
    """The main effects, what each remedy does to each cell, how they interact, and each remedy that stands alone.

    solved: {(length, arm, clipped): whether the network of each seed has solved the problem}.
    """
    crossed = {name: (arm["cell"], arm["start"]) for name, arm in arms.items() if arm["clips"] == [True, False]}
    cells = list(dict.fromkeys(cell for cell, _ in crossed.values()))
    plain, gated = ([cell for cell in cells if (cell in GATED) == kind] for kind in (False, True))

    def group(cells=cells, starts=("default", "orthogonal", *OWN_START.values()), clips=(True, False), steps=lengths):
        names = [name for name, (cell, start) in crossed.items() if cell in cells and start in starts]
        return [(length, name, clip) for length in steps for name in names for clip in clips]

    def measured(*signed):
        """The sum of the mean rates of groups of arms, each with its sign; None where a group is empty."""
        if not all(keys for _, keys in signed):
            return None
        value, low, high = contrast([(sign / len(keys), solved[key]) for sign, keys in signed for key in keys])
        return {"difference": value, "low": low, "high": high, "ranked": low > 0 or high < 0}

    def against(first, second):
        return measured((1, first), (-1, second))

    def start_effect(start, cells=cells, sign=1):
        return (sign, group(cells, start)), (-sign, group(cells, ["default"]))

    def clip_effect(cells=cells, sign=1):
        return (sign, group(cells, clips=[True])), (-sign, group(cells, clips=[False]))

    own, orthogonal = OWN_START.values(), ["orthogonal"]
    main = {
        "clip": measured(*clip_effect()),
        "start orthogonal": measured(*start_effect(orthogonal)),
        "start own": measured(*start_effect(own)),
        "gates": against(group(gated), group(plain)),
        **{f"cell {cell}": against(group([cell]), group(cells[:1])) for cell in cells[1:]},
        "gru over lstm": against(group(["gru"]), group(["lstm"])),
        "length": against(group(steps=lengths[-1:]), group(steps=lengths[:1])) if len(lengths) > 1 else None,
    }
    within = {}
    for cell in cells:
        within[f"{cell}: clip"] = measured(*clip_effect([cell]))
        within[f"{cell}: start orthogonal"] = measured(*start_effect(orthogonal, [cell]))
        within[f"{cell}: start own"] = measured(*start_effect(own, [cell]))
    interactions = {
        "own start: relu and tanh": measured(*start_effect(own, ["relu"]), *start_effect(own, ["tanh"], -1)),
        "own start: lstm and gru": measured(*start_effect(own, ["lstm"]), *start_effect(own, ["gru"], -1)),
        "clip: plain and gated": measured(*clip_effect(plain), *clip_effect(gated, -1)),
    }
    usual = [(length, "tanh-default", True) for length in lengths if "tanh-default" in arms]
    alone = {
        name: against([(length, name, True) for length in lengths], usual) for name in arms if name not in crossed
    }
    found = {"main": main, "within": within, "interactions": interactions, "alone": alone}
    return {kind: {name: effect for name, effect in effects.items() if effect} for kind, effects in found.items()}


EXPERIMENT = Experiment(
    name="remedies-scoreboard",
    question="Which remedies for vanishing gradients let a network learn to add over 100 and 200 steps?",
    scales={
        "lesson": {
            "arms": {name: ARMS[name] for name in ("tanh-default", "gru-default")}, "rates": RATES, "steps": [20],
            "hidden": 16, "batch": 16, "updates": 200, "clip": 1.0, "tested": 160, "solved_below": 0.01,
            "seeds": list(range(3)), "trial_seeds": [1000, 1001],
        },
        "full": {
            "arms": ARMS | ALONE, "rates": RATES, "steps": [100, 200], "hidden": 128, "batch": 64, "updates": 5000,
            "clip": 1.0, "tested": 960, "solved_below": 0.01,
            "seeds": list(range(10)), "trial_seeds": [1000, 1001, 1002],
        },
    },
    on_cpu={"hidden": 32, "batch": 16, "updates": 600, "tested": 128, "trial_seeds": [1000, 1001]},
    units=units, run=run, summary=summary,
)  # fmt: skip
