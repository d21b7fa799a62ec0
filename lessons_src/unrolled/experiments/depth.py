"""Training deep feed-forward networks on a problem that one unit could solve: is the sum of the inputs positive?"""

import torch

from unrolled.experiments.training import accuracy, logistic_loss, train
from unrolled.models.ensemble import DeepEnsemble

INPUTS = 8


def depth_accuracy(depth, weights, optimiser, learning_rates, seeds, updates=120, width=16):
    """Train one tanh network of `depth` hidden layers per seed, and test each on fresh data.

    weights: "pytorch" or "orthogonal"; optimiser: "adam" or "sgd"; learning_rates, seeds: one of each per network.
    Returns the accuracies, in the same order. Raises ValueError where the two lists differ in length.
    """
    if len(learning_rates) != len(seeds):
        raise ValueError(f"expected one learning rate per seed, got {len(learning_rates)} for {len(seeds)} seeds")
    generator = torch.Generator().manual_seed(int(seeds[0]))

    def draw(size):
        x = torch.randn(len(seeds), size, INPUTS, generator=generator)
        return x, torch.sign(x.sum(2))

    model = DeepEnsemble(len(seeds), INPUTS, width, depth, weights, seed=seeds[0])
    train(model, draw, learning_rates, updates, logistic_loss, optimiser, batch=64)
    return accuracy(model, draw)
