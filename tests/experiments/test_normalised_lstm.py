"""The experiment on normalised LSTMs: what it trains, how it tests, and how it compares."""

import math

import pytest

from unrolled.experiments import normalised_lstm
from unrolled.models.normalised_lstm import NormalisedLSTMEnsemble

SMALL = {
    "arms": ["none", "batch", "layer"], "rates": [1e-2, 3e-2], "scales": [10.0], "steps": 4, "hidden": 8, "batch": 16,
    "updates": 60, "every": 20, "clip": 1.0, "tested": 100, "solved_below": 0.05, "few": 20, "seeds": [0, 1, 2],
    "trial_seeds": [1000, 1001],
}  # fmt: skip


def unit(purpose, arm, rate=1e-2, scale=1.0):
    return {"purpose": purpose, "arm": arm, "rate": rate, "scale": scale}


def result(*after, error=None):
    return {"solved_after": list(after)} | ({"error": error[0], "training_error": error[1]} if error else {})


def test_an_arm_is_tested_at_its_best_rate_once_its_trials_are_done():
    trials = [(unit("trial", "none", rate), result(*after)) for rate, after in ((1e-2, (40, 60)), (3e-2, (20, None)))]
    assert normalised_lstm.units(SMALL, trials[:1]) == normalised_lstm.units(SMALL, [])
    listed = normalised_lstm.units(SMALL, trials)
    new = [u for u in listed if u not in normalised_lstm.units(SMALL, [])]
    assert new == [unit("test", "none"), unit("start", "none", scale=10.0), unit("few", "none")]


@pytest.mark.parametrize("arm", SMALL["arms"])
def test_a_network_is_the_same_with_others_beside_it_and_is_tested_as_it_would_be_used(arm, monkeypatch):
    modes = []

    def watched(model, x, forward=NormalisedLSTMEnsemble.forward):
        modes.append((model.training, x.shape[2]))
        return forward(model, x)

    monkeypatch.setattr(NormalisedLSTMEnsemble, "forward", watched)
    together = normalised_lstm.run(SMALL | {"solved_below": 0}, unit("test", arm), "cpu")
    alone = normalised_lstm.run(SMALL | {"solved_below": 0, "seeds": [2]}, unit("test", arm), "cpu")
    assert together["solved_after"] == [None] * 3 and together["error"][2] == pytest.approx(alone["error"][0], rel=1e-3)
    assert set(modes) == {(True, 16), (False, 100)}


def test_a_few_sequences_are_learnt_by_heart():
    parameters = SMALL | {"few": 4, "updates": 200, "hidden": 16}
    done = normalised_lstm.run(parameters, unit("few", "layer", 3e-2), "cpu")
    assert done["solved_after"] == [None] * 3
    assert all(seen < 0.01 < 0.05 < test for seen, test in zip(done["training_error"], done["error"]))


def test_what_diverged_is_null():
    done = normalised_lstm.run(SMALL | {"clip": None}, unit("few", "none", 1e38), "cpu")
    assert done["error"] == done["training_error"] == [None] * 3


def test_arms_are_compared_seed_by_seed_and_ranked_where_the_interval_leaves_out_zero():
    seeds = list(range(10))
    parameters = SMALL | {"arms": ["none", "batch"], "rates": [1e-2], "seeds": seeds, "trial_seeds": seeds}
    slow, quick = [100 + seed for seed in seeds], [50 + seed for seed in seeds]
    flat, gap = ([0.1] * 10, [0.1] * 10), ([0.3 + seed / 100 for seed in seeds], [0.1] * 10)
    finished = [
        (unit("trial", "none"), result(*[None] * 10)), (unit("trial", "batch"), result(*quick)),
        (unit("test", "none"), result(*slow)), (unit("test", "batch"), result(*quick)),
        (unit("start", "none", scale=10.0), result(*[None] * 10)), (unit("start", "batch", scale=10.0), result(*quick)),
        (unit("few", "none"), result(*[None] * 10, error=gap)), (unit("few", "batch"), result(*[None] * 10, error=flat)),
    ]  # fmt: skip
    concluded = normalised_lstm.summary(parameters, finished)
    assert "LSTM 10 after 104.5; BN-LSTM 10 after 54.5." in concluded["summary"]
    first, second = concluded["arms"]["none"], concluded["arms"]["batch"]
    assert first["by_scale"]["10"] == {"solved": 0, "of": 10, "updates": {"median": None, "low": None, "high": None}}
    assert first["more_than_at_scale_1"]["10"]["ranked"] and not second["more_than_at_scale_1"]["10"]["ranked"]
    against = second["against_the_first"]
    assert against["updates_saved"]["1"] == {"median": 50.0, "low": 50.0, "high": 50.0, "ranked": True}
    assert against["updates_saved"]["10"] == {"median": None, "low": None, "high": None, "ranked": True}
    assert against["solved"]["0.01"]["difference"] == 1 and against["solved"]["0.01"]["ranked"]
    assert math.isclose(against["few"]["median"], 0.245) and against["few"]["ranked"]
    same = [(u, r) for u, r in finished if u["arm"] == "none"]
    twins = same + [(u | {"arm": "batch"}, r) for u, r in same]
    against = normalised_lstm.summary(parameters, twins)["arms"]["batch"]["against_the_first"]
    assert not any(entry["ranked"] for entry in (*against["updates_saved"].values(), against["few"]))
