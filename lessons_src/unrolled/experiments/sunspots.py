"""Forecasts of the yearly sunspot number, one year ahead, by small RNNs that read the years before."""

import numpy as np
import torch

from unrolled.experiments.training import squared_error, train
from unrolled.models.ensemble import RNNEnsemble
from unrolled.tasks.sunspots import sunspots, windows

READ, HIDDEN = 16, 16
LAST_LEARNT = 1920    # years after it are never trained on


def sunspot_forecasts(learning_rates, seeds, updates=150):
    """Train tanh RNNs of 16 units side by side (Adam, 64 windows an update, gradient norm clipped to 1) up to 1920.

    Each reads 16 years, standardised by the mean and the deviation of 1700 to 1920, and forecasts the next.
    learning_rates, seeds: one of each per network. Returns the years that have a forecast and the forecasts, as sunspot
    numbers: (N,) and (networks, N). Raises ValueError where the two lists differ in length.
    """
    if len(learning_rates) != len(seeds):
        raise ValueError(f"expected one learning rate per seed, got {len(learning_rates)} for {len(seeds)} seeds")
    year, number = sunspots()
    known = number[year <= LAST_LEARNT]
    x, following = windows(((number - known.mean()) / known.std()).astype(np.float32), READ)
    forecast = year[READ:]
    learnt = (forecast <= LAST_LEARNT).sum()
    streams = [np.random.default_rng([seed, READ]) for seed in seeds]

    def draw(size):
        chosen = np.stack([stream.integers(learnt, size=size) for stream in streams])
        return torch.from_numpy(x[:, chosen][..., None]), torch.from_numpy(following[chosen])

    model = RNNEnsemble(len(seeds), 1, HIDDEN, seed=list(seeds))
    train(model, draw, learning_rates, updates, squared_error, clip=1.0, batch=64)
    with torch.no_grad():
        every = torch.from_numpy(x.copy())[:, None, :, None].expand(-1, len(seeds), -1, -1)
        return forecast, model(every).double().numpy() * known.std() + known.mean()
