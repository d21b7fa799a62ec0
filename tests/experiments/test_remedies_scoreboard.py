"""The scoreboard gives every arm its best rate on fresh seeds, and tells effects as differences with intervals."""

import json
import math

import pytest
import torch

from unrolled.experiments import remedies_scoreboard as board

SMALL = {
    "arms": {"gru-default": board.ARMS["gru-default"]}, "rates": board.RATES, "steps": [4], "hidden": 16, "batch": 32,
    "updates": 200, "clip": 1.0, "tested": 192, "solved_below": 0.04, "seeds": [0, 1], "trial_seeds": [1000, 1001],
}  # fmt: skip


def result(unit, solves):
    """As if the networks had been trained: solves(unit, network) is after how many updates, or None."""
    after = [solves(unit, network) for network in unit["networks"]]
    return {"solved_after": after, "error": [0.2 if count is None else 0.005 for count in after]}


def pairs(parameters, solves):
    trials = [(unit, result(unit, solves)) for unit in board.units(parameters, [])]
    return [(unit, result(unit, solves)) for unit in board.units(parameters, trials)]


def test_each_clipping_takes_its_best_of_three_rates_to_fresh_seeds():
    def solves(unit, network):
        clipped, rate, _ = network
        return 100 if rate == (1e-2 if clipped else 3e-2) else None

    trial, test = (unit for unit, _ in pairs(SMALL, solves))
    assert len(trial["networks"]) == 2 * 3 * 2 and {seed for *_, seed in trial["networks"]} == {1000, 1001}
    assert test["networks"] == [[True, 1e-2, 0], [True, 1e-2, 1], [False, 3e-2, 0], [False, 3e-2, 1]]
    arm = board.summary(SMALL, pairs(SMALL, solves))["by_steps"]["4"]["gru-default"]
    assert (arm["clipped"]["at_edge_of_the_rates"], arm["unclipped"]["at_edge_of_the_rates"]) == (True, False)


@pytest.mark.parametrize("after, errors, best", [
    ([50, None, 400, 300, None, None], [0] * 6, 3e-2),      # the most seeds
    ([50, 400, 300, 300, None, None], [0] * 6, 3e-2),       # as many, all of them sooner
    ([None] * 6, [0.2, 0.1, 0.1, 0.1, None, None], 3e-2),   # none: the least error, where diverging is the worst
    ([None] * 6, [None] * 6, 1e-1),                         # no difference: the largest
])  # fmt: skip
def test_the_best_rate_is_chosen_by_rule(after, errors, best):
    trial = {"networks": [[True, rate, seed] for rate in board.RATES["gru"] for seed in (0, 1)]}
    assert board._best(trial, {"solved_after": after, "error": errors}, True)[0] == best


def test_a_run_ends_with_what_it_has_solved():
    networks = [[clip, 1e-1, seed] for clip in (True, False) for seed in (0, 1)]
    found = board.run(SMALL, {"steps": 4, "arm": "gru-default", "purpose": "test", "networks": networks}, "cpu")
    assert all(0 < after <= 200 for after in found["solved_after"]) and found["trained"] == found["solved_after"]
    assert all(error < 0.04 for error in found["error"])


def test_a_network_is_the_same_with_others_beside_it_until_the_end():
    """Also after one of them has been dropped."""
    unit = {"steps": 4, "arm": "gru-default", "purpose": "test"}
    few = SMALL | {"updates": 150, "solved_below": 0.06}
    networks = [[True, 1e-1, 0], [False, 1e-2, 3], [True, 1e-3, 4]]
    together = board.run(few, unit | {"networks": networks}, "cpu")
    assert together["solved_after"][0] and together["trained"][2] == 150, "the first was dropped before the last ended"
    for place, network in enumerate(networks):
        alone = board.run(few, unit | {"networks": [network]}, "cpu")
        assert together["solved_after"][place] == alone["solved_after"][0]
        assert together["error"][place] == pytest.approx(alone["error"][0], rel=1e-3)
        assert together["above"][place] == alone["above"][0]


def test_a_trial_ends_when_one_rate_has_solved_it_with_all_seeds():
    networks = [[True, rate, seed] for rate in (1e-6, 1e-1) for seed in (0, 1)]
    found = board.run(SMALL, {"steps": 4, "arm": "gru-default", "purpose": "trial", "networks": networks}, "cpu")
    last = max(found["solved_after"][2:])
    assert found["solved_after"][:2] == [None, None] and found["trained"][:2] == [last, last] and last < 200


def test_a_network_that_diverges_is_recorded_as_one_that_did():
    unit = {"steps": 4, "arm": "gru-default", "purpose": "test", "networks": [[False, 1e38, 0], [True, 1e-2, 0]]}
    found = board.run(SMALL | {"updates": 100, "solved_below": 0}, unit, "cpu")
    assert found["error"][0] is None and found["solved_after"][0] is None and found["trained"] == [50, 100]
    assert math.isfinite(found["error"][1])


def test_only_clipped_networks_are_clipped():
    parameters = [torch.nn.Parameter(torch.zeros(3, 1, 2))]
    parameters[0].grad = torch.tensor([[[3.0, 4.0]], [[3.0, 4.0]], [[0.3, 0.4]]])
    norms = board._clip(parameters, torch.tensor([1.0, math.inf, 1.0]))
    torch.testing.assert_close(norms, torch.tensor([5.0, 5.0, 0.5]))
    torch.testing.assert_close(parameters[0].grad, torch.tensor([[[0.6, 0.8]], [[3.0, 4.0]], [[0.3, 0.4]]]))


def test_effects_are_differences_of_rates_and_ranked_where_the_interval_leaves_out_zero():
    parameters = SMALL | {"arms": board.ARMS | board.ALONE, "steps": [100, 200], "seeds": list(range(10))}

    def solves(unit, network):
        arm, (clipped, _, seed) = parameters["arms"][unit["arm"]], network
        always = arm["cell"] == "gru" or (arm["start"] == "chrono" and seed != 3)
        return 100 if always or (arm["start"] == "identity" and arm["cell"] == "relu" and clipped) else None

    found = board.summary(parameters, pairs(parameters, solves))
    both = found["effects"]["all"]
    assert both["main"]["gates"]["difference"] == pytest.approx((1 + 0.3) / 2 - 1 / 12)
    assert both["main"]["clip"]["difference"] == pytest.approx(1 / 12)
    assert both["main"]["gates"]["ranked"] and both["main"]["clip"]["ranked"]
    assert not found["effects"]["100"]["main"]["clip"]["ranked"], "half of the networks are too few to tell"
    assert both["main"]["gru over lstm"]["difference"] == pytest.approx(0.7)
    assert both["main"]["length"]["difference"] == pytest.approx(0) and "length" not in found["effects"]["100"]["main"]
    assert both["within"]["lstm: start own"]["difference"] == pytest.approx(0.9)
    assert both["within"]["gru: start own"]["difference"] == pytest.approx(0)
    assert both["interactions"]["own start: lstm and gru"]["difference"] == pytest.approx(0.9)
    assert both["interactions"]["own start: relu and tanh"]["difference"] == pytest.approx(0.5)
    assert both["interactions"]["clip: plain and gated"]["difference"] == pytest.approx(1 / 6)
    assert set(both["alone"]) == set(board.ALONE) and not any(effect["ranked"] for effect in both["alone"].values())
    assert "LSTM, chrono 9 and 9" in found["summary"] and "tanh, Xavier 0 and none" in found["summary"]
    relu = found["by_steps"]["200"]["relu-identity"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found, "a record can hold it"
    assert (relu["clipped"]["solved"], relu["unclipped"]["solved"], relu["unclipped"]["error"]) == (10, 0, 0.2)
