"""Differences of success rates over many arms at once: main effects and interactions, with their intervals."""

from math import sqrt
from statistics import mean, stdev

import numpy as np

from unrolled.experiments.statistics import wilson


def student(freedom, confidence=0.95):
    """How many standard errors an interval by Student's t goes to either side.

    With t = sqrt(freedom) tan(a), the density in a is proportional to cos(a) ** (freedom - 1): this adds it up.
    """
    angle = np.linspace(0, np.pi / 2, 200_001)
    density = np.cos(angle) ** (freedom - 1)
    share = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return float(sqrt(freedom) * np.tan(np.interp(confidence * share[-1], share, angle)))


def contrast(arms, confidence=0.95):
    """A weighted sum of success rates and its interval: (value, low, high).

    arms: pairs (weight, solved), where solved holds for each seed, in one order for all arms, whether that network
    succeeded. Two intervals are made, and each limit is that of the wider one:
    by Student's t from the sum of each seed, for networks of one seed are started and fed alike; and from Wilson's
    interval of every arm, as if all networks were independent, because where all seeds agree the first has no width
    (of two arms that is the interval of `statistics.difference`). It says what other seeds would give with the same
    arms at the same learning rates, no more.
    Raises ValueError for arms with different numbers of seeds, or fewer than two seeds.
    """
    seeds = len(arms[0][1])
    if seeds < 2 or any(len(solved) != seeds for _, solved in arms):
        raise ValueError(f"expected the same two seeds or more in each arm, got {[len(solved) for _, solved in arms]}")
    by_seed = [sum(weight * solved[s] for weight, solved in arms) for s in range(seeds)]
    value = mean(by_seed)
    half = student(seeds - 1, confidence) * stdev(by_seed) / sqrt(seeds)
    below = above = 0
    for weight, solved in arms:
        rate, ends = mean(map(int, solved)), wilson(sum(solved), seeds, confidence)
        least, largest = sorted(weight * end for end in ends)
        below += (weight * rate - least) ** 2
        above += (largest - weight * rate) ** 2
    possible = [sum(weight for weight, _ in arms if weight * sign > 0) for sign in (-1, 1)]
    low, high = value - max(half, sqrt(below)), value + max(half, sqrt(above))
    return value, max(low, possible[0]), min(high, possible[1])
