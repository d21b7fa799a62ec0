"""Training an ensemble, each member with a learning rate of its own, and choosing that rate."""

import numpy as np
import torch
from torch.nn.functional import softplus

from unrolled.models.ensemble import clip_each

OPTIMISERS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def logistic_loss(output, sign):
    """The logistic loss of sign times output."""
    return softplus(-output * sign)


def squared_error(output, target):
    """The square of the difference."""
    return (output - target) ** 2


def train(model, draw, learning_rates, updates, loss, optimiser="adam", clip=None, batch=32, solved=None, every=50):
    """Train every member on batches of its own; returns after how many updates each had solved its task, or None.

    draw(size) -> (x, target): what the model takes, and (members, size). loss(output, target) -> (members, size).
    learning_rates: one per member. optimiser: "adam" or "sgd". clip: the largest norm of a member's gradient, or None.
    solved(model) -> (members,) of truth values is asked after every `every` updates, if there is one; a member's task
    counts as solved from the first yes on, and training ends early when there is one from each.
    Raises ValueError for an unknown optimiser.
    """
    if optimiser not in OPTIMISERS:
        raise ValueError(f"optimiser must be one of {', '.join(OPTIMISERS)}, not {optimiser!r}")
    parameters = list(model.parameters())
    highest = max(learning_rates)
    steps = OPTIMISERS[optimiser](parameters, lr=highest, fused=True)
    portion = torch.tensor([rate / highest for rate in learning_rates], dtype=torch.float32).view(-1, 1, 1)
    one_rate, portion = bool(portion.min() == 1), portion.to(parameters[0].device)
    solved_after = [None] * len(learning_rates)
    for update in range(1, updates + 1):
        x, target = draw(batch)
        total = loss(model(x), target).mean(1).sum()  # a sum over members: each gets the gradient of its own loss
        steps.zero_grad()
        total.backward()
        if clip is not None:
            clip_each(parameters, clip)
        before = None if one_rate else [p.detach().clone() for p in parameters]
        steps.step()
        if before:
            with torch.no_grad():  # a step is proportional to its learning rate, so each member goes its portion of it
                for p, old in zip(parameters, before):
                    p.copy_(torch.lerp(old, p, portion))
        if solved is not None and update % every == 0:
            with torch.no_grad():
                answers = solved(model)
            solved_after = [first or (update if yes else None) for first, yes in zip(solved_after, answers)]
            if all(solved_after):
                break
    return solved_after


def accuracy(model, draw, tested=500):
    """The share of signs that each member tells on that many fresh examples: (members,)."""
    with torch.no_grad():
        x, sign = draw(tested)
        return ((model(x) * sign) > 0).float().mean(1).numpy()


def count_learnt(accuracy, rates, seeds, above=0.95):
    """How many networks learn a task, at each of several learning rates: {rate: count}.

    accuracy(learning_rates, seeds) -> accuracies trains one network per entry, all side by side.
    """
    reached = accuracy([rate for rate in rates for _ in seeds], [seed for _ in rates for seed in seeds])
    counts = (np.reshape(reached, (len(rates), len(seeds))) > above).sum(1)
    return {rate: int(count) for rate, count in zip(rates, counts)}


def best_rate(trials, updates):
    """The learning rate to take, and whether it is the least or the largest that was tried: there may be a better one.

    trials: {rate: after how many updates each network had solved its task, None for one that never had}; updates: how
    many each was given. The best solved most often; of equals, the one with the fewest updates on average, where one
    that never solved its task counts with all it was given; of equals, the largest rate.
    """

    def merit(rate):
        after = trials[rate]
        return sum(count is not None for count in after), -np.mean([count or updates for count in after]), rate

    best = max(trials, key=merit)
    return best, best in (min(trials), max(trials))
