"""What a read-out takes from the states of a recurrent network: the last, the mean, or a mean weighted by attention."""

import torch
from torch import nn

from unrolled.models.ensemble import RNNEnsemble

READ_OUTS = ("last", "mean", "dot", "additive")


class AttentionEnsemble(RNNEnsemble):
    """An `RNNEnsemble` whose read-out is V m + d, with m = sum_s alpha_s h_s over all states.

    read_out: "last" is alpha_T = 1; "mean" is alpha_s = 1/T; else alpha is the softmax over s of a score of each state,
    asked for by the last: "dot" h_T . h_s (Luong, Pham and Manning, 2015), or "additive" v . tanh(A h_T + C h_s)
    (Bahdanau, Cho and Bengio, 2015), whose matrices are drawn as torch.nn.Linear draws them.
    forward: x (T, members, B, input_size) -> (members, B). Raises ValueError for an unknown read_out.
    """

    def __init__(self, members, input_size, hidden_size, read_out, weights="pytorch", seed=0):
        super().__init__(members, input_size, hidden_size, weights, seed)
        if read_out not in READ_OUTS:
            raise ValueError(f"the read-out must be one of {', '.join(READ_OUTS)}, not {read_out!r}")
        self.read_out = read_out
        if read_out == "additive":
            self.A, self.C, self.v = (
                nn.Parameter(self.uniform(hidden_size, n, fan=hidden_size)) for n in (hidden_size, hidden_size, 1)
            )

    def states(self, x):
        """x (T, members, B, input_size) -> all states (T, members, B, hidden_size)."""
        from_input = x @ self.W + self.b
        h = [torch.tanh(from_input[0])]
        for a in from_input[1:]:
            h.append(torch.tanh(torch.baddbmm(a, h[-1], self.U)))
        return torch.stack(h)

    def weights_of(self, h):
        """The weight alpha of each state h (T, members, B, hidden_size): (T, members, B, 1), one in sum over T."""
        if self.read_out == "dot":
            scores = (h[-1] * h).sum(-1, keepdim=True)
        elif self.read_out == "additive":
            scores = torch.tanh(h[-1] @ self.A + h @ self.C) @ self.v
        else:
            scores = h.new_zeros(*h.shape[:-1], 1)
            if self.read_out == "last":
                scores[:-1] = -torch.inf
        return torch.softmax(scores, 0)

    def forward(self, x):
        h = self.states(x)
        return ((self.weights_of(h) * h).sum(0) @ self.V + self.d)[..., 0]
