"""The exercises of remedies-scoreboard accept their solutions, refuse the usual mistakes, and say something useful."""

import numpy as np
import pytest

from unrolled.experiments.statistics import difference
from unrolled.lesson.exercises.remedies_scoreboard import ENOUGH


def factor_effects(rates):
    (a, b), (c, d) = rates
    return (c + d - a - b) / 2, (b + d - a - c) / 2, d - c - (b - a)


def enough_to_rank(solved, trials):
    for count in range(solved, trials + 1):
        if difference((count, trials), (solved, trials))[1] > 0:
            return count


def chrono_biases(rng, units, steps):
    bias = np.log(rng.uniform(1, steps - 1, units))
    return bias, -bias


def with_lags(draw):
    """Chrono biases whose lags are draw(rng, units, steps)."""

    def answer(rng, units, steps):
        bias = np.log(draw(rng, units, steps))
        return bias, -bias

    return answer


SAYINGS = [
    ("factor-effects", factor_effects, "Correct."),
    ("factor-effects", lambda rates: None, "returns nothing"),
    ("factor-effects", lambda rates: rates, "three numbers are needed; yours has shape (2, 2)"),
    ("factor-effects", lambda rates: [2 * effect for effect in factor_effects(rates)], "sums"),
    ("factor-effects", lambda rates: (0, *factor_effects(rates)[1:]), "effect of the rows is not 0"),
    ("factor-effects", lambda rates: (factor_effects(rates)[0], 7, 0), "effect of the columns is not 7"),
    ("factor-effects", lambda rates: (*factor_effects(rates)[:2], 5), "what the second column adds"),
    ("enough-to-rank", enough_to_rank, "Correct."),
    ("enough-to-rank", lambda solved, trials: None, "returns none"),
    ("enough-to-rank", lambda solved, trials: solved + 1, "one more than 0 of 10"),
    ("enough-to-rank", lambda solved, trials: trials, "it is not 10"),
    ("enough-to-rank", lambda solved, trials: enough_to_rank(solved, trials) or trials, "there is none"),
    ("chrono-biases", chrono_biases, "Correct."),
    ("chrono-biases", with_lags(lambda rng, units, steps: rng.integers(1, steps, units)), "Correct."),
    ("chrono-biases", with_lags(lambda rng, units, steps: np.linspace(1, steps - 1, units)), "Correct."),
    ("chrono-biases", with_lags(lambda rng, units, steps: rng.choice([1, steps - 1], units)), "as likely as every other"),
    ("chrono-biases", with_lags(lambda rng, units, steps: rng.triangular(1, steps / 2, steps - 1, units)), "as likely"),
    (
        "chrono-biases",
        with_lags(lambda rng, units, steps: np.clip(rng.normal(steps / 2, steps / 6, units), 1, steps - 1)),
        "as likely",
    ),
    ("chrono-biases", lambda rng, units, steps: None, "returns nothing"),
    ("chrono-biases", lambda rng, units, steps: chrono_biases(rng, 3, steps), "20000 units are needed"),
    ("chrono-biases", lambda rng, units, steps: [rng.uniform(1, steps - 1, units)] * 2, "the lags themselves"),
    ("chrono-biases", lambda rng, units, steps: chrono_biases(rng, units, steps + 9), "between 1 and 50; yours"),
    ("chrono-biases", lambda rng, units, steps: [np.full(units, 2.0)] * 2, "the same bias"),
    ("chrono-biases", lambda rng, units, steps: [rng.uniform(0, np.log(steps - 1), units)] * 2, "their mean is 25.5"),
    ("chrono-biases", lambda rng, units, steps: [chrono_biases(rng, units, steps)[0]] * 2, "1 - f"),
]


@pytest.mark.parametrize("name, answer, saying", SAYINGS)
def test_what_an_answer_is_told(told, name, answer, saying):
    assert saying in told(name, answer, solved=saying == "Correct.")


def test_enough_is_what_the_interval_says():
    assert {case: enough_to_rank(*case) for case in ENOUGH} == ENOUGH
