"""The simple recurrent network with any activation: sigmoid, ReLU, LeakyReLU, PReLU, ELU, or one of your own.

torch.nn.RNN knows two, tanh and ReLU.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from unrolled.models.ensemble import RNNEnsemble

ACTIVATIONS = {
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
}  # fmt: skip


class ActivatedRNN(nn.Module):
    """h_t = phi(W x_t + U h_{t-1} + b), with phi a module or function of a tensor (B, hidden_size).

    phi may have parameters: ``nn.PReLU()`` learns one slope below zero, ``nn.PReLU(hidden_size)`` one for each unit.
    Initialised as torch.nn.RNN; b is the sum of its two biases.
    forward: x (T, B, input_size), initial (B, hidden_size; zeros if None) -> h (T, B, hidden_size).
    """

    def __init__(self, input_size, hidden_size, phi):
        super().__init__()

        def drawn(*shape):
            return nn.init.uniform_(torch.empty(shape), -1 / math.sqrt(hidden_size), 1 / math.sqrt(hidden_size))

        self.W = nn.Parameter(drawn(hidden_size, input_size))
        self.U = nn.Parameter(drawn(hidden_size, hidden_size))
        self.b = nn.Parameter(drawn(hidden_size) + drawn(hidden_size))
        self.phi = phi

    def forward(self, x, initial=None):
        h = x.new_zeros(x.shape[1], len(self.U)) if initial is None else initial
        states = []
        for from_input in x @ self.W.T + self.b:
            h = self.phi(torch.addmm(from_input, h, self.U.T))
            states.append(h)
        return torch.stack(states)


class ActivatedEnsemble(RNNEnsemble):
    """An `RNNEnsemble` with an activation of `ACTIVATIONS` for tanh. initial: what every unit's state starts from.

    Raises ValueError for an unknown activation.
    """

    def __init__(self, members, input_size, hidden_size, activation, weights="pytorch", seed=0, initial=0.0):
        super().__init__(members, input_size, hidden_size, weights, seed)
        if activation not in ACTIVATIONS:
            raise ValueError(f"the activation must be one of {', '.join(ACTIVATIONS)}, not {activation!r}")
        self.phi, self.initial = ACTIVATIONS[activation], initial

    def forward(self, x):
        h = x.new_full((*x.shape[1:3], self.U.shape[1]), self.initial)
        for a in x @ self.W + self.b:
            h = self.phi(torch.baddbmm(a, h, self.U))
        return (h @ self.V + self.d)[..., 0]
