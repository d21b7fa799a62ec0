"""The simple recurrent network with batch normalisation on its way through time, and the statistics that this needs."""

import math

import torch
from torch import nn
from torch.nn import functional


class TimedBatchNorm(nn.Module):
    """Batch normalisation without gain and shift, with statistics of its own for each of the first `steps` steps.

    In training a value has the mean of its batch taken off and is divided by the standard deviation; in evaluation the
    averages gathered in training take their place (torch.nn.functional.batch_norm, momentum 0.1). A step beyond the
    last one uses that one's averages, as in Cooijmans et al. (2017); steps=1 shares one set between all.
    features: the size of the last axis, or the sizes of all axes but the batch, which is the second last.
    forward: a (..., B, F), t counted from 0 -> of the same shape. Raises ValueError for fewer steps than one.
    """

    def __init__(self, features, steps):
        super().__init__()
        if steps < 1:
            raise ValueError(f"statistics need at least one step, got steps={steps}")
        self.steps, count = steps, math.prod([features] if isinstance(features, int) else features)
        self.register_buffer("mean", torch.zeros(steps, count))
        self.register_buffer("variance", torch.ones(steps, count))

    def forward(self, a, t):
        own = min(t, self.steps - 1)
        flat = a.movedim(-2, 0)
        y = functional.batch_norm(flat.flatten(1), self.mean[own], self.variance[own], training=self.training)
        return y.view_as(flat).movedim(0, -2)


class BatchNormRNN(nn.Module):
    """h_t = tanh(gain_x N(W x_t) + gain_h N(U h_{t-1}) + b), with N a `TimedBatchNorm` (after Cooijmans et al., 2017).

    Both gains start at `gain`, b at 0. steps: how many steps have statistics of their own; 1 shares one set.
    W and U are drawn as torch.nn.RNN draws them.
    forward: x (T, B, input_size), initial (B, hidden_size; zeros if None) -> h (T, B, hidden_size).
    """

    def __init__(self, input_size, hidden_size, steps, gain=0.1):
        super().__init__()
        limit = 1 / math.sqrt(hidden_size)
        self.W = nn.Parameter(nn.init.uniform_(torch.empty(hidden_size, input_size), -limit, limit))
        self.U = nn.Parameter(nn.init.uniform_(torch.empty(hidden_size, hidden_size), -limit, limit))
        self.gain_x = nn.Parameter(torch.full((hidden_size,), gain))
        self.gain_h = nn.Parameter(torch.full((hidden_size,), gain))
        self.b = nn.Parameter(torch.zeros(hidden_size))
        self.norm_x, self.norm_h = (TimedBatchNorm(hidden_size, steps) for _ in range(2))

    def forward(self, x, initial=None):
        h = x.new_zeros(x.shape[1], len(self.U)) if initial is None else initial
        states = []
        for t, from_input in enumerate(x @ self.W.T):
            past = self.norm_h(h @ self.U.T, t)
            h = torch.tanh(self.gain_x * self.norm_x(from_input, t) + self.gain_h * past + self.b)
            states.append(h)
        return torch.stack(states)
