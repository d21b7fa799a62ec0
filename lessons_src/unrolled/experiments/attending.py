"""Training a plain RNN whose read-out attends to all states: what it then learns of the distant past, and what not."""

import numpy as np
import torch

from unrolled.experiments.training import accuracy, logistic_loss, train
from unrolled.models.attention_readout import AttentionEnsemble
from unrolled.tasks.order import order
from unrolled.tasks.recall import recall

TASKS = {
    "recall": recall,
    "order": order,
    "order, with a clock": lambda rng, steps, batch: order(rng, steps, batch, clock=True),
}


def attending_accuracy(task, steps, read_out, learning_rates, seeds, updates=120, hidden_size=16):
    """Train tanh RNNs side by side (Adam, gradient norm clipped to 1) and test each on fresh sequences.

    task: one of `TASKS`. read_out: one of `attention_readout.READ_OUTS`. learning_rates, seeds: one of each per
    network; a seed fixes the data. Returns the accuracies, in the same order.
    Raises ValueError where the two lists differ in length, or for an unknown task or read-out.
    """
    if len(learning_rates) != len(seeds):
        raise ValueError(f"expected one learning rate per seed, got {len(learning_rates)} for {len(seeds)} seeds")
    if task not in TASKS:
        raise ValueError(f"the task must be one of {'; '.join(TASKS)}, not {task!r}")
    streams = [np.random.default_rng([seed, steps]) for seed in seeds]

    def draw(size):
        drawn = [TASKS[task](stream, steps, size) for stream in streams]
        x, sign = np.stack([x for x, _ in drawn], 1), np.stack([sign for _, sign in drawn])
        return torch.from_numpy(x), torch.from_numpy(sign)

    inputs = draw(1)[0].shape[-1]
    model = AttentionEnsemble(len(seeds), inputs, hidden_size, read_out, seed=list(seeds))
    train(model, draw, learning_rates, updates, logistic_loss, clip=1.0)
    return accuracy(model, draw)
