"""Which steps have an input, and which an output: the five patterns, each learnt on a task that takes a second."""

from dataclasses import dataclass
from functools import partial
from typing import Callable

import numpy as np
import torch
from torch.nn import functional

from unrolled.experiments.training import train
from unrolled.models.encoder_decoder import EncoderDecoderEnsemble
from unrolled.models.sequence import SequenceEnsemble
from unrolled.tasks.caption import LETTERS, caption
from unrolled.tasks.echo import echo
from unrolled.tasks.exclusive_or import exclusive_or
from unrolled.tasks.opinion import WORDS, opinion
from unrolled.tasks.reversal import reversal

TESTED, DELAY = 500, 2


def cross_entropy(output, target):
    """The cross-entropy of scores (members, size, classes) and classes (members, size), in nats: (members, size)."""
    each = functional.cross_entropy(output.flatten(0, 1), target.flatten(), reduction="none")
    return each.view_as(target)


@dataclass(frozen=True)
class Pattern:
    """A task with the pattern, a network for it, and how that is trained (Adam, gradient norm clipped to 1)."""

    draw: Callable  #  (rng, batch) -> x, target: what one network gets, and the classes to tell
    model: Callable  # (members, seed=...) -> an ensemble
    rate: float
    updates: int


def _echo(rng, batch):
    bits, before = echo(rng, 8, batch, DELAY)
    return bits[..., None], (before[DELAY:] > 0).astype(int)


def _reversal(rng, batch):
    return reversal(rng, 4, batch, symbols=4)


PATTERNS = {
    "one to one": Pattern(exclusive_or, partial(SequenceEnsemble, input_size=2, hidden_size=8, output_size=2), 0.1, 40),
    "one to many": Pattern(
        caption, partial(SequenceEnsemble, input_size=15, hidden_size=32, output_size=len(LETTERS)), 0.03, 100
    ),
    "many to one": Pattern(
        partial(opinion, steps=5),
        partial(SequenceEnsemble, input_size=len(WORDS), hidden_size=16, output_size=2, first=4), 0.04, 200,
    ),
    "many to many": Pattern(
        _echo, partial(SequenceEnsemble, input_size=1, hidden_size=16, output_size=2, first=DELAY), 0.03, 100
    ),
    "encoder and decoder": Pattern(
        _reversal, partial(EncoderDecoderEnsemble, symbols=4, hidden_size=32), 0.015, 200
    ),
}  # fmt: skip


def side_by_side(drawn):
    """What every member got, as tensors: x with the members after the steps, target (members, all its classes)."""
    x, target = zip(*drawn)
    return torch.from_numpy(np.stack(x, 1)), torch.from_numpy(np.stack([t.reshape(-1) for t in target]))


def learn(name, seeds):
    """Train one network per seed on the task of a pattern, and test each on fresh examples.

    Returns the ensemble, the share of right answers of each member, and that of answering always the same at a step.
    A decoder is tested on what it writes on its own. Raises ValueError for an unknown pattern.
    """
    if name not in PATTERNS:
        raise ValueError(f"the pattern must be one of {', '.join(PATTERNS)}, not {name!r}")
    pattern = PATTERNS[name]
    model = pattern.model(len(seeds), seed=list(seeds))
    streams = [np.random.default_rng([seed, 1]) for seed in seeds]
    draw = lambda size: side_by_side(pattern.draw(rng=stream, batch=size) for stream in streams)
    writes = isinstance(model, EncoderDecoderEnsemble)

    def drawn_to_learn(size):
        x, target = draw(size)
        return ((x, target.unflatten(1, (-1, size)).transpose(0, 1)) if writes else x), target

    train(model, drawn_to_learn, [pattern.rate] * len(seeds), pattern.updates, cross_entropy, clip=1.0)
    with torch.no_grad():
        x, target = draw(TESTED)
        answers = model.write(x, len(x)).transpose(0, 1).flatten(1) if writes else model(x).argmax(-1)
    by_step = target.unflatten(1, (-1, TESTED)).transpose(0, 1).flatten(1)
    constant = np.mean([np.bincount(step).max() / len(step) for step in by_step.numpy()])
    return model, (answers == target).float().mean(1).numpy(), constant
