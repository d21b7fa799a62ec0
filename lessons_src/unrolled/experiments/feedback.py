"""Output feedback (Jordan) on echo by two steps: what a network learns that hands on its output, or the right answer."""

import numpy as np
import torch
from torch.nn import functional

from unrolled.experiments.patterns import DELAY, PATTERNS, TESTED, cross_entropy, side_by_side
from unrolled.experiments.training import train
from unrolled.models.sequence import JordanEnsemble

UPDATES = {"output": 300, "answer": 100}


def with_answers(x):
    """x (T, members, B, 1) of echo and, for each step, the right answer of the step before it: (T, members, B, 2)."""
    bit = functional.one_hot((x[..., 0] > 0).long(), 2).to(x.dtype)
    known_after = DELAY + 1
    return x, torch.cat([torch.zeros_like(bit[:known_after]), bit[:-known_after]])


def jordan_accuracy(handed_on, seeds):
    """Train one Jordan network per seed on echo, and test each on fresh streams.

    16 tanh units and Adam at 0.03 with the gradient norm clipped to 1, as for the Elman network of the pattern "many to
    many", but three times as many updates where it feeds back its own output. handed_on: "output", its own; or "answer",
    the right answer of the step before (teacher forcing), in training as in the test.
    Returns the accuracies, and, for its own output, those of the same networks handing on only which output is larger.
    Raises ValueError for anything else to hand on.
    """
    if handed_on not in UPDATES:
        raise ValueError(f"what a step hands on must be one of {', '.join(UPDATES)}, not {handed_on!r}")
    model = JordanEnsemble(len(seeds), 1, 16, 2, seed=list(seeds), first=DELAY)
    streams = [np.random.default_rng([seed, 1]) for seed in seeds]

    def draw(size):
        x, target = side_by_side(PATTERNS["many to many"].draw(stream, size) for stream in streams)
        return (with_answers(x) if handed_on == "answer" else x), target

    train(model, draw, [0.03] * len(seeds), UPDATES[handed_on], cross_entropy, clip=1.0)
    with torch.no_grad():
        x, target = draw(TESTED)
        right = lambda scores: (scores.argmax(-1) == target).float().mean(1).numpy()
        return right(model(x)), right(model(x, rounded=True)) if handed_on == "output" else None
