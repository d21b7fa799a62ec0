"""Intervals against values computed by others."""

from math import inf

import pytest

from unrolled.experiments.statistics import difference, median_interval, wilson


@pytest.mark.parametrize(
    "successes, trials, low, high",
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3: the score interval.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_difference_gives_the_published_interval():
    # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10, contrast (a).
    assert difference((56, 70), (48, 80)) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_difference_changes_sign_with_its_arms():
    gap, low, high = difference((3, 20), (17, 20))
    assert (-gap, -high, -low) == pytest.approx(difference((17, 20), (3, 20)))


@pytest.mark.parametrize("successes, trials", [(3, 2), (-1, 5), (0, 0)])
def test_counts_that_are_no_counts_are_refused(successes, trials):
    with pytest.raises(ValueError, match="0 <= successes <= trials"):
        wilson(successes, trials)


@pytest.mark.parametrize(
    "trials, rank",
    # The ranks of the sorted values that a published table of intervals for a median gives for at least 95 %.
    [(6, 1), (8, 1), (9, 2), (10, 2), (12, 3), (15, 4), (17, 5), (20, 6)],
)
def test_a_median_lies_between_the_tabulated_ranks(trials, rank):
    values = list(range(trials, 0, -1))
    assert median_interval(values) == ((trials + 1) / 2, rank, trials + 1 - rank)


def test_a_median_of_few_or_unfinished_runs_says_how_little_it_knows():
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0]) == (3.0, -inf, inf)
    assert median_interval([300, 400, 500, 600, inf, inf]) == (550, 300, inf)
    assert median_interval([300, 400, inf, inf, inf, inf]) == (inf, 300, inf)
    with pytest.raises(ValueError, match="at least one value, got none"):
        median_interval([])
