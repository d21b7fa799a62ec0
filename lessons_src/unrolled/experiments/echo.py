"""Training on echo: what truncated back-propagation through time learns, and what a window of inputs can."""

import numpy as np
import torch

from unrolled.experiments.training import logistic_loss, train
from unrolled.models.mlp import WindowEnsemble
from unrolled.models.stream import StreamEnsemble
from unrolled.tasks.echo import echo

HIDDEN, STREAMS, TESTED = 32, 4, 300
STATES = ("carried", "reset", "shuffled")


def echo_accuracy(delay, piece, learning_rates, seeds, state="carried", train_recurrence=True, window=None, steps=3000):
    """Train one network per seed to echo, and test each on a fresh stream, read in one go.

    delay: of the echo, in steps. piece: the streams are read in pieces of that many steps, with an update (Adam, gradient
    norm clipped to 1) after each, whose gradient ends where the piece begins. `steps` in all. learning_rates, seeds: one
    of each per network; a seed fixes the streams. The network is an RNN of 32 units, its state from piece to piece
    "carried", "reset" to zeros, or carried with the pieces "shuffled", so that it comes from elsewhere;
    train_recurrence=False trains its read-out alone. With a `window` it is instead a feed-forward network on that many
    inputs, with 32 hidden units, which has no state.
    Returns the accuracies, in the same order, the first `delay` steps left out, whose answers were never shown.
    Raises ValueError where the two lists differ in length or the state is none of these.
    """
    if len(learning_rates) != len(seeds):
        raise ValueError(f"expected one learning rate per seed, got {len(learning_rates)} for {len(seeds)} seeds")
    if state not in STATES:
        raise ValueError(f"state must be one of {', '.join(STATES)}, not {state!r}")
    streams = [np.random.default_rng([seed, delay]) for seed in seeds]

    def draw_streams(length):
        pairs = [echo(stream, length, STREAMS, delay) for stream in streams]
        return (torch.from_numpy(np.stack(both, 1)) for both in zip(*pairs))  # (length, members, STREAMS)

    def piece_of(x, y, start, length):
        return x[start : start + length, ..., None], y[start : start + length].transpose(0, 1).flatten(1)

    updates = steps // piece
    x, y = draw_streams(updates * piece)
    order = np.random.default_rng(0).permutation(updates) if state == "shuffled" else range(updates)
    pieces = (piece_of(x, y, place * piece, piece) for place in order)

    if window is None:
        model = StreamEnsemble(len(seeds), 1, HIDDEN, seeds[0], state != "reset", train_recurrence)
    else:
        model = WindowEnsemble(len(seeds), 1, HIDDEN, window, seeds[0])
    train(model, lambda _: next(pieces), learning_rates, updates, logistic_loss, clip=1.0)

    model.state = None
    x, bits = piece_of(*draw_streams(TESTED + delay), 0, TESTED + delay)
    with torch.no_grad():
        right = model(x) * bits > 0
    return right[:, delay * STREAMS :].float().mean(1).numpy()
