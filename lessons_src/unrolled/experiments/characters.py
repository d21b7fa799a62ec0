"""Training a character model on the beginning of Alice's Adventures in Wonderland."""

import numpy as np
import torch

from unrolled.experiments.patterns import cross_entropy
from unrolled.experiments.training import train
from unrolled.models.character import CharacterEnsemble
from unrolled.tasks.text import SYMBOLS


def character_model(text, seeds, hidden_size=48, updates=250, length=16, rate=0.015):
    """Train one tanh RNN per seed (Adam, gradient norm clipped to 1) on stretches of a text, places in SYMBOLS (N,).

    An update takes 32 stretches of `length` symbols from anywhere, each read from a state of zeros. Returns the ensemble.
    """
    streams = [np.random.default_rng([seed, length]) for seed in seeds]

    def draw(size):
        start = np.stack([stream.integers(len(text) - length, size=size) for stream in streams])
        stretch = torch.from_numpy(text[start + np.arange(length + 1)[:, None, None]])
        return stretch[:-1], stretch[1:].transpose(0, 1).flatten(1)

    model = CharacterEnsemble(len(seeds), len(SYMBOLS), hidden_size, seed=list(seeds))
    train(model, draw, [rate] * len(seeds), updates, cross_entropy, clip=1.0)
    return model
