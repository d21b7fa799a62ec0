"""The interval of a contrast holds what it promises, and never shrinks to nothing."""

import numpy as np
import pytest

from unrolled.experiments.contrasts import contrast, student
from unrolled.experiments.statistics import wilson


@pytest.mark.parametrize("freedom, quantile", [(1, 12.7062), (2, 4.30265), (9, 2.26216), (30, 2.04227)])
def test_students_t_is_that_of_the_tables(freedom, quantile):
    assert student(freedom) == pytest.approx(quantile, abs=2e-4)


def test_where_all_seeds_agree_the_interval_is_wilsons():
    always, never = [True] * 10, [False] * 10
    value, low, high = contrast([(1, always), (-1, never)])
    assert (value, high) == (1, 1)
    least, largest = wilson(10, 10)[0], wilson(0, 10)[1]
    assert low == pytest.approx(1 - np.hypot(1 - least, largest))
    assert contrast([(1, never), (-1, never)])[:2] == pytest.approx((0, -largest))


def test_networks_of_one_seed_that_succeed_together_count_as_one():
    """Four arms that agree on every seed say no more than one: the interval must not be half as wide."""
    lucky = [True, False] * 5
    one = contrast([(1, lucky), (-1, [False] * 10)])
    four = contrast([(1 / 4, lucky)] * 4 + [(-1 / 4, [False] * 10)] * 4)
    assert all(type(number) is float for number in four), "as JSON can write it, comparisons included"
    assert four[0] == one[0] and four[2] - four[1] > 0.7 * (one[2] - one[1])


def test_the_interval_covers_the_truth_also_where_seeds_matter():
    rng, truth, covered = np.random.default_rng(0), 0.3, 0
    for _ in range(150):
        luck = rng.normal(0, 0.15, 10)  # of a seed, the same in all arms of one side
        first = rng.random((6, 10)) < np.clip(0.6 + luck, 0, 1)
        second = rng.random((6, 10)) < 0.3
        _, low, high = contrast([(1 / 6, list(a)) for a in first] + [(-1 / 6, list(a)) for a in second])
        covered += low <= truth <= high
    assert covered / 150 > 0.93


def test_arms_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match=r"the same two seeds or more in each arm, got \[2, 3\]"):
        contrast([(1, [True, True]), (-1, [True, True, False])])
    with pytest.raises(ValueError, match=r"got \[1\]"):
        contrast([(1, [True])])
