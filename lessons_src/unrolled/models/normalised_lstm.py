"""LSTMs with batch or layer normalisation, many side by side."""

import torch
from torch import nn
from torch.nn import functional

from unrolled.models.batch_norm_rnn import TimedBatchNorm
from unrolled.models.ensemble import _Ensemble

GAINS = {"none": None, "batch": 0.1, "layer": 1.0}
"""The gain that each kind starts from: that of Cooijmans et al. (2017), and that of Ba et al. (2016)."""


class NormalisedLSTMEnsemble(_Ensemble):
    """`members` LSTMs with a linear read-out of the last h; member s never sees another's data or gradient.

    The pre-activations of all gates (in PyTorch's order i, f, g, o) are N(W x_t) gain_x + N(U h_{t-1}) gain_h + b, and
    h_t = o tanh(N(c_t) gain_c + b_c), with N by `norm`: "batch", over the samples, with statistics of its own for each
    of `steps` steps (Cooijmans et al., 2017); "layer", over the 4H or H numbers of one sample (Ba et al., 2016,
    equations 20 to 22); "none", no N, gain or b_c. Initialised as torch.nn.LSTM, W and U times `scale`.
    forward: x (T, members, B, input_size) -> (members, B). Raises ValueError for an unknown norm.
    """

    def __init__(self, members, input_size, hidden_size, norm, steps=1, scale=1.0, seed=0):
        super().__init__(members, "pytorch", seed)
        if norm not in GAINS:
            raise ValueError(f"norm must be one of {', '.join(GAINS)}, not {norm!r}")
        H, self.norm = hidden_size, norm
        self.W = nn.Parameter(scale * self.uniform(input_size, 4 * H, fan=H))
        self.U = nn.Parameter(scale * self.uniform(H, 4 * H, fan=H))
        self.b = nn.Parameter(self.uniform(1, 4 * H, fan=H) + self.uniform(1, 4 * H, fan=H))
        self.V = nn.Parameter(self.uniform(H, 1, fan=H))
        self.d = nn.Parameter(self.uniform(1, 1, fan=H))
        if norm != "none":
            self.gain_x, self.gain_h, self.gain_c = (
                nn.Parameter(torch.full((members, 1, size), GAINS[norm])) for size in (4 * H, 4 * H, H)
            )
            self.b_c = nn.Parameter(torch.zeros(members, 1, H))
        if norm == "batch":
            self.norm_x, self.norm_h, self.norm_c = (
                TimedBatchNorm((members, size), steps) for size in (4 * H, 4 * H, H)
            )

    def _normalised(self, which, a, t):
        if self.norm == "none":
            return a
        gain = getattr(self, f"gain_{which}")
        if self.norm == "layer":
            return functional.layer_norm(a, a.shape[-1:]) * gain
        return getattr(self, f"norm_{which}")(a, t) * gain

    def forward(self, x):
        H = self.V.shape[1]
        h = c = x.new_zeros(*x.shape[1:3], H)
        for t, from_input in enumerate(x @ self.W):
            past = self._normalised("h", h @ self.U, t)
            i, f, g, o = (self._normalised("x", from_input, t) + past + self.b).split(H, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            shown = c if self.norm == "none" else self._normalised("c", c, t) + self.b_c
            h = torch.sigmoid(o) * torch.tanh(shown)
        return (h @ self.V + self.d)[..., 0]
