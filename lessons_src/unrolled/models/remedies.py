"""The remedies for vanishing gradients that the scoreboard compares, each as networks to train: a cell and a start."""

import math

import torch

from unrolled.models.quick_ensemble import QuickGRU, QuickLSTM, QuickRNN
from unrolled.models.stepped_ensemble import LayerNormEnsemble, ResidualEnsemble

CELLS = {
    "tanh": QuickRNN, "relu": lambda *sizes, **options: QuickRNN(*sizes, relu=True, **options), "lstm": QuickLSTM,
    "gru": QuickGRU, "layer_norm": LayerNormEnsemble, "residual": ResidualEnsemble,
}  # fmt: skip


def remedy(cell, start, seeds, input_size, hidden_size, steps):
    """An ensemble with one network per seed, for sequences of `steps` steps.

    cell: a key of `CELLS`. start: "default" as PyTorch starts it; "orthogonal", the recurrent matrix of each gate;
    "identity", "xavier" or "chrono", as the functions of that name here say.
    Raises ValueError for another cell or start, and for one that does not go with the other.
    """
    if cell not in CELLS:
        raise ValueError(f"the cell must be one of {', '.join(CELLS)}, not {cell!r}")
    if start not in ("default", "orthogonal", *STARTS):
        raise ValueError(f"the start must be one of default, orthogonal, {', '.join(STARTS)}, not {start!r}")
    if start in STARTS and (start == "chrono") != (cell in ("lstm", "gru")):
        raise ValueError(f"the start {start} is not one for the cell {cell}")
    weights = "orthogonal" if start == "orthogonal" else "pytorch"
    ensemble = CELLS[cell](len(seeds), input_size, hidden_size, weights=weights, seed=seeds)
    if start in STARTS:
        with torch.no_grad():
            STARTS[start](ensemble, steps)
    return ensemble


def identity(ensemble, steps):
    """U the identity and no bias: Le, Jaitly & Hinton, 2015. The input weights stay as they were drawn."""
    ensemble.U.copy_(torch.eye(ensemble.U.shape[1]).expand_as(ensemble.U))
    ensemble.b.zero_()


def xavier(ensemble, steps):
    """Each matrix uniform on ±sqrt(6 / (inputs + outputs)), no bias: Glorot & Bengio, 2010."""
    for matrix in (ensemble.U, ensemble.W):
        inputs, outputs = matrix.shape[1:]
        matrix.copy_((2 * ensemble.drawn(torch.rand, inputs, outputs) - 1) * math.sqrt(6 / (inputs + outputs)))
    ensemble.b.zero_()


def chrono(ensemble, steps):
    """Gates that keep for as long as the sequence may need: Tallec & Ollivier, 2018.

    The bias of the LSTM's forget gate is log u with u uniform on 1 to steps - 1, that of its input gate the negative.
    A GRU has one gate for both, which keeps where it is 1: z gets log u.
    """
    H = ensemble.V.shape[1]
    log_u = torch.log(1 + (steps - 2) * ensemble.drawn(torch.rand, 1, H))
    ensemble.b[..., H : 2 * H] = log_u  # f of i f g o; z of r z n
    if isinstance(ensemble, QuickGRU):
        ensemble.b_recurrent[..., H : 2 * H] = 0
    else:
        ensemble.b[..., :H] = -log_u


STARTS = {"identity": identity, "xavier": xavier, "chrono": chrono}
