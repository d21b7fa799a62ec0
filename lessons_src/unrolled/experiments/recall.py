"""Training on recall: how often a plain RNN learns to bridge a given number of steps."""

import numpy as np
import torch

from unrolled.experiments.training import accuracy, logistic_loss, train
from unrolled.models.ensemble import RNNEnsemble
from unrolled.tasks.recall import recall


def recall_accuracy(steps, weights, learning_rates, seeds, updates=120, hidden_size=16, network=RNNEnsemble):
    """Train tanh RNNs side by side (Adam, gradient norm clipped to 1) and test each on fresh sequences.

    steps: the length of a sequence, so that the bit must be carried over steps - 1 steps. weights: "pytorch" or
    "orthogonal", the initial recurrent matrix. learning_rates, seeds: one of each per network; a seed fixes the data.
    network: the ensemble to train, made as RNNEnsemble is; `weights` is then what it understands.
    Returns the accuracies, in the same order. Raises ValueError where the two lists differ in length.
    """
    if len(learning_rates) != len(seeds):
        raise ValueError(f"expected one learning rate per seed, got {len(learning_rates)} for {len(seeds)} seeds")
    streams = [np.random.default_rng([seed, steps]) for seed in seeds]

    def draw(size):
        drawn = [recall(stream, steps, size) for stream in streams]
        x, bit = np.stack([x for x, _ in drawn], 1), np.stack([bit for _, bit in drawn])
        return torch.from_numpy(x), torch.from_numpy(bit)

    model = network(len(seeds), 2, hidden_size, weights, seed=seeds[0])
    train(model, draw, learning_rates, updates, logistic_loss, clip=1.0)
    return accuracy(model, draw)
