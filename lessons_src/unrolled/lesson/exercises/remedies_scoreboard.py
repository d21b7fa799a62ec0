"""The tests behind the exercises of remedies-scoreboard."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something

# (solved, trials) -> the least count that is ranked above it. Numbers, for a live page has no unrolled.experiments.
ENOUGH = {(0, 10): 4, (5, 10): 10, (9, 10): None, (0, 3): 3, (0, 2): 2, (40, 50): 47}


@exercise("factor-effects")
def _factor_effects(answer):
    """answer(rates) -> effect of the rows, effect of the columns, interaction, for rates of success (2, 2)."""
    for rates in ([[0.0, 0.25], [0.5, 1.0]], [[0.1, 0.9], [1.0, 1.0]], [[0.3, 0.3], [0.3, 0.3]]):
        (a, b), (c, d) = rates
        got = something(answer(np.array(rates)))
        if np.shape(got) != (3,):
            raise NotYet(f"three numbers are needed; yours has shape {np.shape(got)}.")
        rows, columns, both = got
        if np.isclose(rows, c + d - a - b) and np.isclose(columns, b + d - a - c) and not np.isclose(rows, 0):
            raise NotYet("your effects are sums; an effect is a difference of means.")
        if not np.isclose(rows, (c + d - a - b) / 2):
            raise NotYet(f"for {rates} the effect of the rows is not {rows:.3g}: it is a mean of a row less another's.")
        if not np.isclose(columns, (b + d - a - c) / 2):
            raise NotYet(f"for {rates} the effect of the columns is not {columns:.3g}.")
        if not np.isclose(both, d - c - b + a):
            raise NotYet(
                f"for {rates} the interaction is not {both:.3g}: what the second column adds in the second row, less what it "
                "adds in the first."
            )


@exercise("enough-to-rank")
def _enough_to_rank(answer):
    """answer(solved, trials) -> the least count that is ranked above `solved`, of as many trials, or None."""
    for (solved, trials), right in ENOUGH.items():
        got = answer(solved, trials)
        if got is Ellipsis or (got is None and right is not None):
            raise NotYet(f"for {solved} of {trials} there is such a count, and your function returns none.")
        if got is not None and right is None:
            raise NotYet(f"for {solved} of {trials} there is none: not even {trials} of {trials} is enough.")
        if got == solved + 1 and right != solved + 1:
            raise NotYet(f"one more than {solved} of {trials} is more, but its interval does not leave out zero.")
        if got != right:
            raise NotYet(f"for {solved} of {trials} it is not {got}; the low end of the interval has to be above zero.")


@exercise("chrono-biases")
def _chrono_biases(answer):
    """answer(rng, units, steps) -> the biases of the forget gates and of the input gates."""
    units, steps = 20_000, 51
    forget, entry = something(answer(np.random.default_rng(0), units, steps))
    if np.shape(forget) != (units,) or np.shape(entry) != (units,):
        shapes = f"{np.shape(forget)} and {np.shape(entry)}"
        raise NotYet(f"two arrays with one bias for each of {units} units are needed; yours are {shapes}.")
    lags = np.exp(forget)
    if np.isclose(np.mean(forget), (steps) / 2, rtol=0.05):
        raise NotYet("those are the lags themselves; the bias is the logarithm of one.")
    if lags.max() > steps - 1 + 1e-9 or lags.min() < 1 - 1e-9:
        found = f"{lags.min():.3g} and {lags.max():.3g}"
        raise NotYet(f"exp(bias) must lie between 1 and {steps - 1}; yours lies between {found}.")
    if np.ptp(lags) < 1e-9:
        raise NotYet("all of your units have the same bias; each should have a lag of its own.")
    if abs(lags.mean() - steps / 2) > 0.5:
        raise NotYet(f"the lags are to be uniform, so their mean is {steps / 2}; yours is {lags.mean():.3g}.")
    if np.abs(np.sort(lags) - np.linspace(1, steps - 1, units)).max() > 2:    # drawn integers are at most 1.2 off
        raise NotYet("the mean of your lags is right, but every lag is to be as likely as every other.")
    if not np.allclose(entry, -forget):
        raise NotYet("the forget gates are right; the new comes in with weight 1 - f, and sigmoid(-b) = 1 - sigmoid(b).")
