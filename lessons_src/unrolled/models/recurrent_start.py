"""How the recurrent weights of a network start: of PyTorch's layers, gate by gate, and of many networks side by side."""

import torch
from torch import nn

from unrolled.models.activated_rnn import ActivatedEnsemble

STARTS = {
    "xavier": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
    "identity": lambda block, gain, generator: nn.init.eye_(block).mul_(gain),
}


def start_block(block, start, gain=1.0, generator=None):
    """Draw one square block of recurrent weights (H, H), in place.

    start: "xavier" (uniform, of variance 1/H, for both fans are H: Glorot & Bengio, 2010), "orthogonal" (uniform over
    the orthogonal matrices: Saxe, McClelland & Ganguli, 2014) or "identity" (Le, Jaitly & Hinton, 2015); times `gain`.
    Raises ValueError for another start, and for a block that is not square.
    """
    if start not in STARTS:
        raise ValueError(f"the start must be one of {', '.join(STARTS)}, not {start!r}")
    if block.ndim != 2 or block.shape[0] != block.shape[1]:
        raise ValueError(f"expected one square block of recurrent weights, got shape {tuple(block.shape)}")
    with torch.no_grad():
        STARTS[start](block, gain=gain, generator=generator)


def start_recurrent(layer, start, gain=1.0, generator=None):
    """Redraw the recurrent weights of a torch.nn.RNN, LSTM or GRU, or of one of their cells, in place; returns it.

    PyTorch stacks the matrices of the G gates into one, (G H, H). Each is drawn by itself: drawn as one, Xavier would
    count G H outputs and make every gate's matrix smaller, and no gate's matrix would be orthogonal.
    Raises TypeError for another layer, ValueError as `start_block` does.
    """
    if not isinstance(layer, (nn.RNNBase, nn.RNNCellBase)):
        raise TypeError(f"expected a recurrent layer or cell of torch.nn, got {type(layer).__name__}")
    for name, weights in layer.named_parameters():
        if name.startswith("weight_hh"):
            for block in weights.data.split(layer.hidden_size):
                start_block(block, start, gain, generator)
    return layer


class StartedEnsemble(ActivatedEnsemble):
    """An `ActivatedEnsemble` whose members start each in its own way.

    weights: the start of the recurrent matrix, for all members or a list with one for each: "pytorch", a start of
    `start_block`, or the pair of one and its gain, as ("orthogonal", 0.3). All else starts as in RNNEnsemble.
    Raises ValueError for a list of another length, an unknown start or an unknown activation.
    """

    def __init__(self, members, input_size, hidden_size, weights="pytorch", seed=0, activation="tanh"):
        super().__init__(members, input_size, hidden_size, activation, seed=seed)
        starts = weights if isinstance(weights, list) else [weights] * members
        if len(starts) != members:
            raise ValueError(f"expected one start, or one for each of {members} members, got {len(starts)}")
        for member, (block, start) in enumerate(zip(self.U.data, starts)):
            name, gain = start if isinstance(start, tuple) else (start, 1.0)
            if name == "pytorch":
                block.mul_(gain)
            else:
                start_block(block, name, gain, self.generators[member % len(self.generators)])
