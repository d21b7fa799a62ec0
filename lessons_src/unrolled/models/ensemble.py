"""Many independent networks trained together, most of them by one batched matrix product for all at each step."""

import math

import torch
from torch import nn


class _Ensemble(nn.Module):
    """What the ensembles share: how their members' weights are drawn.

    seed: one for all of them; or a list with one for each member, which is then the network that it would be alone.
    """

    def __init__(self, members, weights, seed):
        super().__init__()
        if weights not in ("pytorch", "orthogonal"):
            raise ValueError(f"weights must be 'pytorch' or 'orthogonal', not {weights!r}")
        seeds = [seed] if isinstance(seed, int) else seed
        if len(seeds) not in (1, members):
            raise ValueError(f"expected one seed, or one for each of {members} members, got {len(seeds)}")
        self.members, self.weights = members, weights
        self.generators = [torch.Generator().manual_seed(s) for s in seeds]

    def drawn(self, draw, *shape):
        """(members, *shape) by torch.rand or torch.randn."""
        share = self.members // len(self.generators)
        return torch.cat([draw(share, *shape, generator=generator) for generator in self.generators])

    def uniform(self, *shape, fan):
        """Drawn as torch.nn.Linear and torch.nn.RNN draw: uniform on ±1/sqrt(fan)."""
        return (2 * self.drawn(torch.rand, *shape) - 1) / math.sqrt(fan)

    def square(self, size):
        """A square matrix per member, orthogonal if the ensemble's `weights` are."""
        if self.weights == "pytorch":
            return self.uniform(size, size, fan=size)
        q, r = torch.linalg.qr(self.drawn(torch.randn, size, size))
        return q * torch.sign(torch.diagonal(r, dim1=1, dim2=2))[:, None, :]


class RNNEnsemble(_Ensemble):
    """`members` tanh RNNs with a linear read-out of the last state; member s never sees another's data or gradient.

    Each is initialised as torch.nn.RNN and torch.nn.Linear initialise. With ``weights="orthogonal"`` the recurrent
    matrix alone is a random orthogonal one instead.
    forward: x (T, members, B, input_size) -> (members, B), the read-out after the last step.
    """

    def __init__(self, members, input_size, hidden_size, weights="pytorch", seed=0):
        super().__init__(members, weights, seed)
        self.W = nn.Parameter(self.uniform(input_size, hidden_size, fan=hidden_size))
        self.U = nn.Parameter(self.square(hidden_size))
        two_biases = [self.uniform(1, hidden_size, fan=hidden_size) for _ in range(2)]
        self.b = nn.Parameter(sum(two_biases))
        self.V = nn.Parameter(self.uniform(hidden_size, 1, fan=hidden_size))
        self.d = nn.Parameter(self.uniform(1, 1, fan=hidden_size))

    def forward(self, x):
        from_input = x @ self.W + self.b
        h = torch.tanh(from_input[0])
        for a in from_input[1:]:
            h = torch.tanh(torch.baddbmm(a, h, self.U))
        return (h @ self.V + self.d)[..., 0]


class GRUEnsemble(_Ensemble):
    """`members` GRUs with a linear read-out of the last state: the equations of torch.nn.GRU, and its initial weights.

    With ``weights="orthogonal"`` the recurrent matrix of each gate is a random orthogonal one instead.
    forward: x (T, members, B, input_size) -> (members, B), the read-out after the last step.
    """

    def __init__(self, members, input_size, hidden_size, weights="pytorch", seed=0):
        super().__init__(members, weights, seed)
        H = hidden_size
        self.W = nn.Parameter(self.uniform(input_size, 3 * H, fan=H))
        self.U = nn.Parameter(torch.cat([self.square(H) for _ in range(3)], 2))
        self.b = nn.Parameter(self.uniform(1, 3 * H, fan=H))
        self.b_recurrent = nn.Parameter(self.uniform(1, 3 * H, fan=H))
        self.V = nn.Parameter(self.uniform(H, 1, fan=H))
        self.d = nn.Parameter(self.uniform(1, 1, fan=H))

    def forward(self, x):
        H = self.V.shape[1]
        h = x.new_zeros(*x.shape[1:3], H)
        for a in x @ self.W + self.b:
            recalled = torch.baddbmm(self.b_recurrent, h, self.U)
            r, z = torch.sigmoid(a[..., : 2 * H] + recalled[..., : 2 * H]).split(H, -1)
            n = torch.tanh(a[..., 2 * H :] + r * recalled[..., 2 * H :])
            h = torch.lerp(n, h, z)
        return (h @ self.V + self.d)[..., 0]


class FusedEnsemble(_Ensemble):
    """`members` networks with a linear read-out of the last state, each by one call of PyTorch's own kernel.

    Not side by side, and yet the fastest way where such a kernel computes all steps at once: cuDNN's on a GPU, and
    oneDNN's for a float32 LSTM on a processor. cell: "RNN" (tanh), "GRU" or "LSTM", initialised as PyTorch's layer of
    that name. With ``weights="orthogonal"`` the recurrent matrix of each gate is a random orthogonal one instead; a
    `forget_bias` (of an LSTM) replaces the sum of the forget gate's two biases.
    forward: x (T, members, B, input_size) -> (members, B), the read-out after the last step.
    """

    CALLS = {"RNN": torch.rnn_tanh, "GRU": torch.gru, "LSTM": torch.lstm}
    GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}

    def __init__(self, cell, members, input_size, hidden_size, weights="pytorch", forget_bias=None, seed=0):
        super().__init__(members, weights, seed)
        if cell not in self.CALLS:
            raise ValueError(f"the cell must be one of {', '.join(self.CALLS)}, not {cell!r}")
        if forget_bias is not None and cell != "LSTM":
            raise ValueError(f"only an LSTM has a forget_bias, no {cell}")
        H, rows = hidden_size, self.GATES[cell] * hidden_size
        self.cell = cell
        self.W = nn.Parameter(self.uniform(rows, input_size, fan=H))
        self.U = nn.Parameter(torch.cat([self.square(H) for _ in range(self.GATES[cell])], 1))
        self.b = nn.Parameter(self.uniform(1, rows, fan=H))
        self.b_recurrent = nn.Parameter(self.uniform(1, rows, fan=H))
        if forget_bias is not None:  # the second of i, f, g, o
            self.b.data[..., H : 2 * H] = forget_bias
            self.b_recurrent.data[..., H : 2 * H] = 0
        self.V = nn.Parameter(self.uniform(H, 1, fan=H))
        self.d = nn.Parameter(self.uniform(1, 1, fan=H))

    def forward(self, x):
        zeros = x.new_zeros(1, x.shape[2], self.V.shape[1])
        initial = (zeros, zeros) if self.cell == "LSTM" else zeros
        call, last = self.CALLS[self.cell], []
        for s, (W, U, b, second) in enumerate(zip(*(p.unbind() for p in (self.W, self.U, self.b, self.b_recurrent)))):
            # The last six say: with biases, one layer, no dropout, training, one direction, time first.
            last.append(call(x[:, s], initial, (W, U, b[0], second[0]), True, 1, 0.0, True, False, False)[1][0])
        return (torch.stack(last) @ self.V + self.d)[..., 0]


class DeepEnsemble(_Ensemble):
    """`members` feed-forward tanh networks of `depth` hidden layers of equal width with a linear read-out.

    Each is initialised as torch.nn.Linear initialises. With ``weights="orthogonal"`` the square matrices between hidden
    layers are random orthogonal ones instead.
    forward: x (members, B, input_size) -> (members, B).
    """

    def __init__(self, members, input_size, width, depth, weights="pytorch", seed=0):
        super().__init__(members, weights, seed)
        matrices = [self.uniform(input_size, width, fan=input_size), *(self.square(width) for _ in range(depth - 1))]
        fans = [input_size] + [width] * (depth - 1)
        self.matrices = nn.ParameterList(matrices)
        self.biases = nn.ParameterList(self.uniform(1, width, fan=fan) for fan in fans)
        self.V = nn.Parameter(self.uniform(width, 1, fan=width))
        self.d = nn.Parameter(self.uniform(1, 1, fan=width))

    def forward(self, x):
        for matrix, bias in zip(self.matrices, self.biases):
            x = torch.tanh(torch.baddbmm(bias, x, matrix))
        return torch.baddbmm(self.d, x, self.V)[..., 0]


def clip_each(parameters, limit):
    """Scale every member's gradient, over all its parameters together, to a norm of at most `limit`. In place."""
    gradients = [p.grad for p in parameters]
    norms = torch.stack([g.flatten(1).square().sum(1) for g in gradients]).sum(0).sqrt()
    scale = (limit / norms.clamp(min=limit)).view(-1, 1, 1)
    for g in gradients:
        g.mul_(scale)
