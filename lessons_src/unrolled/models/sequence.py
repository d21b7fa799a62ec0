"""Simple recurrent networks with several outputs at every step: of Elman (1990), and of Jordan (1986) for contrast."""

import torch
from torch import nn

from unrolled.models.ensemble import _Ensemble


class SequenceEnsemble(_Ensemble):
    """`members` tanh RNNs with a linear read-out of every state; member s never sees another's data or gradient.

        h_t = tanh(W x_t + U h_{t-1} + b),  y_t = V h_t + d

    Each is initialised as torch.nn.RNN and torch.nn.Linear initialise. first: at how many of the first steps nothing is
    read out.
    forward: x (T, members, B, input_size), initial (members, B, hidden_size; zeros if None)
    -> (members, (T - first) * B, output_size), step by step.
    """

    def __init__(self, members, input_size, hidden_size, output_size, seed=0, first=0):
        super().__init__(members, "pytorch", seed)
        self.first = first
        self.W = nn.Parameter(self.uniform(input_size, hidden_size, fan=hidden_size))
        self.U = nn.Parameter(self.uniform(self.fed_back(hidden_size, output_size), hidden_size, fan=hidden_size))
        self.b = nn.Parameter(sum(self.uniform(1, hidden_size, fan=hidden_size) for _ in range(2)))
        self.V = nn.Parameter(self.uniform(hidden_size, output_size, fan=hidden_size))
        self.d = nn.Parameter(self.uniform(1, output_size, fan=hidden_size))

    @staticmethod
    def fed_back(hidden_size, output_size):
        """How many numbers a step hands to the next."""
        return hidden_size

    def states(self, x, initial=None):
        """h after every step: (members, T, B, hidden_size)."""
        h = x.new_zeros(*x.shape[1:3], self.U.shape[2]) if initial is None else initial
        states = []
        for a in x @ self.W + self.b:
            h = torch.tanh(torch.baddbmm(a, h, self.U))
            states.append(h)
        return torch.stack(states, 1)

    def read(self, states):
        """The outputs of states (members, T, B, hidden_size): (members, T * B, output_size)."""
        return torch.baddbmm(self.d, states.flatten(1, 2), self.V)

    def forward(self, x, initial=None):
        return self.read(self.states(x, initial)[:, self.first :])


class JordanEnsemble(SequenceEnsemble):
    """The same with the output fed back in place of the state: h_t = tanh(W x_t + U y_{t-1} + b), y_0 = 0.

    forward: x as for SequenceEnsemble feeds back its own outputs; a pair of x and what to hand to each step in place of
    the last output, (T, members, B, output_size), is teacher forcing -> as SequenceEnsemble. rounded: True hands on only
    which output is the largest, as a 1 among zeros.
    """

    @staticmethod
    def fed_back(hidden_size, output_size):
        return output_size

    def forward(self, x, rounded=False):
        x, told = x if isinstance(x, tuple) else (x, None)
        y, outputs = x.new_zeros(*x.shape[1:3], self.V.shape[2]), []
        for t, a in enumerate(x @ self.W + self.b):
            before = y if told is None else told[t]
            if rounded and t:
                before = nn.functional.one_hot(y.argmax(-1), y.shape[-1]).to(y.dtype)
            y = torch.baddbmm(self.d, torch.tanh(torch.baddbmm(a, before, self.U)), self.V)
            outputs.append(y)
        return torch.stack(outputs[self.first :], 1).flatten(1, 2)
