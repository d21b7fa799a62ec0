"""Intervals for rates and medians: how much a few runs say."""

from math import comb, inf, sqrt
from statistics import NormalDist


def wilson(successes, trials, confidence=0.95):
    """Wilson's score interval for a success rate, (low, high). Holds where the rate is 0 or 1 and trials are few.

    Source: E. B. Wilson, 1927. Raises ValueError for counts that are no counts.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"expected 0 <= successes <= trials and at least one trial, got {successes} of {trials}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / trials
    centre = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


def difference(first, second, confidence=0.95):
    """The difference of two independent success rates and its interval: (difference, low, high).

    first, second: (successes, trials). Newcombe's hybrid of two Wilson intervals (1998, method 10). Two methods are
    ranked only where the interval leaves out zero.
    """
    (a, n), (b, m) = first, second
    (low_a, high_a), (low_b, high_b) = wilson(a, n, confidence), wilson(b, m, confidence)
    p, q = a / n, b / m
    low = p - q - sqrt((p - low_a) ** 2 + (high_b - q) ** 2)
    high = p - q + sqrt((high_a - p) ** 2 + (q - low_b) ** 2)
    return p - q, low, high


def median_interval(values, confidence=0.95):
    """The median of a sample and an interval for that of the distribution, whatever that is: (median, low, high).

    The number of values below the true median is binomial with chance 1/2, so two of the sorted values enclose it with
    a known probability; they are the closest two that reach `confidence`. Holds for runs that were cut short if they
    stand as infinity. With fewer than six values nothing but (-inf, inf) is sure at 95 %.
    Raises ValueError for no values.
    """
    ordered, n = sorted(values), len(values)
    if not n:
        raise ValueError("expected at least one value, got none")
    below, tail = 0, 1 / 2**n  # the chance that `below` values or fewer lie below the true median
    while 1 - 2 * tail >= confidence:
        below += 1
        tail += comb(n, below) / 2**n
    low, high = (ordered[below - 1], ordered[n - below]) if below else (-inf, inf)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2, low, high
