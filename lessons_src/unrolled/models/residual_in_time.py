"""Recurrent networks whose state is carried over and added to: residual connections in time, and leaky units."""

import torch

from unrolled.models.activated_rnn import ActivatedRNN


class ResidualInTimeRNN(ActivatedRNN):
    """h_t = (1 - leak) h_{t-1} + step tanh(W x_t + U h_{t-1} + b).

    leak 0 is a residual connection over time, the Euler step of Chang et al. (2019) with an unconstrained U;
    leak = step is a leaky unit (Jaeger et al., 2007). Initialised as torch.nn.RNN; b is the sum of its two biases.
    forward: x (T, B, input_size), initial (B, hidden_size; zeros if None) -> h (T, B, hidden_size).
    """

    def __init__(self, input_size, hidden_size, step, leak=0.0):
        super().__init__(input_size, hidden_size, torch.tanh)
        self.step, self.leak = step, leak

    def forward(self, x, initial=None):
        h = x.new_zeros(x.shape[1], len(self.U)) if initial is None else initial
        states = []
        for from_input in x @ self.W.T + self.b:
            h = (1 - self.leak) * h + self.step * self.phi(torch.addmm(from_input, h, self.U.T))
            states.append(h)
        return torch.stack(states)
