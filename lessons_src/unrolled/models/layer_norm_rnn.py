"""The simple recurrent network with layer normalisation (Ba, Kiros and Hinton, 2016, equation 4)."""

import math

import torch
from torch import nn
from torch.nn import functional


class LayerNormRNN(nn.Module):
    """h_t = tanh(gain N(W x_t + U h_{t-1}) + b); N takes off the mean over the units and divides by their deviation.

    The gain starts at `gain`, b at 0. W and U are drawn as torch.nn.RNN draws them.
    forward: x (T, B, input_size), initial (B, hidden_size; zeros if None) -> h (T, B, hidden_size).
    """

    def __init__(self, input_size, hidden_size, gain=1.0):
        super().__init__()
        limit = 1 / math.sqrt(hidden_size)
        self.W = nn.Parameter(nn.init.uniform_(torch.empty(hidden_size, input_size), -limit, limit))
        self.U = nn.Parameter(nn.init.uniform_(torch.empty(hidden_size, hidden_size), -limit, limit))
        self.gain = nn.Parameter(torch.full((hidden_size,), gain))
        self.b = nn.Parameter(torch.zeros(hidden_size))

    def forward(self, x, initial=None):
        h = x.new_zeros(x.shape[1], len(self.U)) if initial is None else initial
        states = []
        for from_input in x @ self.W.T:
            a = torch.addmm(from_input, h, self.U.T)
            h = torch.tanh(functional.layer_norm(a, self.b.shape, self.gain, self.b))
            states.append(h)
        return torch.stack(states)
