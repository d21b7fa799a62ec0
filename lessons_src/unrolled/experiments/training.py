"""Training an ensemble, each member with a learning rate of its own, and choosing that rate."""

import numpy as np
import torch
from torch.nn.functional import softplus

from unrolled.models.ensemble import clip_each


class GradientDescent:
    """Plain gradient descent on an ensemble, with a learning rate for each member.

    parameters: tensors whose first axis counts members; one without a gradient stays as it is. learning_rates: one per
    member.
    """

    def __init__(self, parameters, learning_rates):
        self.parameters = list(parameters)
        rates = torch.tensor(learning_rates, dtype=self.parameters[0].dtype, device=self.parameters[0].device)
        self.rates = [rates.view(-1, *(1,) * (p.dim() - 1)) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        """Move every parameter by its gradient."""
        for p, rate in zip(self.parameters, self.rates):
            if p.grad is not None:
                p.addcmul_(p.grad, rate, value=-1)


class Adam(GradientDescent):
    """Adam (Kingma and Ba, 2015, algorithm 1) on an ensemble, with a learning rate for each member.

    It computes what torch.optim.Adam does, whose first use in a process also imports PyTorch's compiler: 2 to 3 seconds
    that each lesson would wait for.
    """

    DECAY, SQUARE_DECAY, FLOOR = 0.9, 0.999, 1e-8

    def __init__(self, parameters, learning_rates):
        super().__init__(parameters, learning_rates)
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.steps = 0

    @torch.no_grad()
    def step(self):
        """Move every parameter by the mean of its gradients over the root of the mean of their squares."""
        self.steps += 1
        mean_bias, square_bias = 1 - self.DECAY**self.steps, 1 - self.SQUARE_DECAY**self.steps
        for p, rate, mean, square in zip(self.parameters, self.rates, self.means, self.squares):
            if p.grad is None:
                continue
            mean.lerp_(p.grad, 1 - self.DECAY)
            square.mul_(self.SQUARE_DECAY).addcmul_(p.grad, p.grad, value=1 - self.SQUARE_DECAY)
            root = (square / square_bias).sqrt_().add_(self.FLOOR)
            p.addcdiv_(mean * rate, root, value=-1 / mean_bias)


OPTIMISERS = {"adam": Adam, "sgd": GradientDescent}


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
    steps = OPTIMISERS[optimiser](parameters, learning_rates)
    solved_after = [None] * len(learning_rates)
    for update in range(1, updates + 1):
        x, target = draw(batch)
        total = loss(model(x), target).mean(1).sum()  # a sum over members: each gets the gradient of its own loss
        model.zero_grad()
        total.backward()
        if clip is not None:
            clip_each(parameters, clip)
        steps.step()
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
