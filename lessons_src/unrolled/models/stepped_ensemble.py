"""Two ensembles of tanh networks with another step: normalised before tanh, or added to the state before it."""

import torch
from torch import nn
from torch.nn import functional

from unrolled.models.ensemble import RNNEnsemble


class LayerNormEnsemble(RNNEnsemble):
    """An `RNNEnsemble` with h_t = tanh(gain * LN(W x_t + U h_{t-1}) + b): Ba, Kiros & Hinton, 2016.

    LN takes from the sums of a network at a step their mean and divides by their deviation. The gain starts at 1.
    """

    def __init__(self, members, input_size, hidden_size, weights="pytorch", seed=0):
        super().__init__(members, input_size, hidden_size, weights, seed)
        self.gain = nn.Parameter(torch.ones(members, 1, hidden_size))

    def forward(self, x):
        size = self.U.shape[1:2]
        h = x.new_zeros(*x.shape[1:3], *size)
        for a in x @ self.W:
            h = torch.tanh(torch.addcmul(self.b, self.gain, functional.layer_norm(torch.baddbmm(a, h, self.U), size)))
        return (h @ self.V + self.d)[..., 0]


class ResidualEnsemble(RNNEnsemble):
    """An `RNNEnsemble` with h_t = h_{t-1} + share * tanh(W x_t + U h_{t-1} + b): a residual connection through time."""

    def __init__(self, members, input_size, hidden_size, weights="pytorch", seed=0, share=0.1):
        super().__init__(members, input_size, hidden_size, weights, seed)
        self.share = share

    def forward(self, x):
        h = x.new_zeros(*x.shape[1:3], self.U.shape[1])
        for a in x @ self.W + self.b:
            h = torch.add(h, torch.tanh(torch.baddbmm(a, h, self.U)), alpha=self.share)
        return (h @ self.V + self.d)[..., 0]
