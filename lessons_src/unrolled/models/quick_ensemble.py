"""Ensembles of RNN, LSTM and GRU whose backward pass is written out: the same networks in half of the time.

Autograd keeps every operation of every step, and long sequences of many networks leave the processor's cache. Here a
step is one matrix product, of [h, x, 1] with all weights of the cell, and what is needed of it lies together.
"""

import torch
from torch import nn

from unrolled.models.ensemble import GRUEnsemble, RNNEnsemble, _Ensemble


def _entering(x, H):
    """[h, x, 1] of each step, h still to come, (T + 1, members, B, H + I + 1): whole, and by step all of it and h."""
    T, M, B, inputs = x.shape
    entering = x.new_ones(T + 1, M, B, H + inputs + 1)
    entering[..., :H] = 0
    entering[:T, ..., H:-1] = x
    return entering, entering.unbind(), entering[..., :H].unbind()


def _by_step(sums, H):
    """What stands in the columns of each of the four sums, by step: four lists of (members, B, H)."""
    return [part.unbind() for part in sums.split(H, -1)]


class _RNN(torch.autograd.Function):
    """The last state (members, B, H) from x (T, members, B, I) and weights (members, H + I + 1, H): U, W, b."""

    @staticmethod
    def forward(ctx, x, weights, relu):
        entering, enters, h = _entering(x, weights.shape[2])
        for now, after in zip(enters, h[1:]):
            total = torch.bmm(now, weights)
            after.copy_(total.relu_() if relu else total.tanh_())
        ctx.save_for_backward(entering, weights)
        ctx.relu = relu
        return h[-1].clone()

    @staticmethod
    def backward(ctx, dh):
        entering, weights = ctx.saved_tensors
        H = weights.shape[2]
        back, gradient, one = weights[:, :H].mT.contiguous(), torch.zeros_like(weights), dh.new_ones(())
        enters, h = entering.mT.unbind(), entering[..., :H].unbind()
        for t in reversed(range(len(h) - 1)):
            slope = h[t + 1] > 0 if ctx.relu else torch.addcmul(one, h[t + 1], h[t + 1], value=-1)
            d_sum = dh * slope
            gradient.baddbmm_(enters[t], d_sum)
            dh = torch.bmm(d_sum, back)
        return None, gradient, None


class _LSTM(torch.autograd.Function):
    """The last h (members, B, H) from x (T, members, B, I) and weights (members, H + I + 1, 4H), columns i f g o."""

    @staticmethod
    def forward(ctx, x, weights):
        (T, M, B, _), H = x.shape, weights.shape[2] // 4
        entering, enters, h = _entering(x, H)
        gates, cells, squashed = x.new_empty(T, M, B, 4 * H), x.new_zeros(T + 1, M, B, H), x.new_empty(T, M, B, H)
        doubled = weights.clone()
        doubled[..., 2 * H : 3 * H] *= 2  # tanh a = 2 sigmoid(2a) - 1, and one sigmoid for all four is faster
        c, steps = cells.unbind(), zip(enters, gates.unbind(), *_by_step(gates, H), squashed.unbind())
        for t, (now, four, i, f, g, o, tanh_c) in enumerate(steps):
            torch.bmm(now, doubled, out=four).sigmoid_()
            g.mul_(2).sub_(1)
            torch.mul(f, c[t], out=c[t + 1]).addcmul_(i, g)
            torch.tanh(c[t + 1], out=tanh_c)
            torch.mul(o, tanh_c, out=h[t + 1])
        ctx.save_for_backward(entering, weights, gates, cells, squashed)
        return h[-1].clone()

    @staticmethod
    def backward(ctx, dh):
        entering, weights, gates, cells, squashed = ctx.saved_tensors
        H = weights.shape[2] // 4
        back, gradient, dc = weights[:, :H].mT.contiguous(), torch.zeros_like(weights), torch.zeros_like(dh)
        one, d_sums, slopes = dh.new_ones(()), torch.empty_like(gates[0]), torch.empty_like(gates[0])
        d_i, d_f, d_g, d_o = d_sums.split(H, -1)
        slope_g = slopes[..., 2 * H : 3 * H]
        steps = zip(entering.mT.unbind(), gates.unbind(), *_by_step(gates, H), cells.unbind(), squashed.unbind())
        for now, four, i, f, g, o, c, tanh_c in reversed([*steps]):  # c is that of the step before
            torch.addcmul(four, four, four, value=-1, out=slopes)
            torch.addcmul(one, g, g, value=-1, out=slope_g)
            dc.addcmul_(dh * o, torch.addcmul(one, tanh_c, tanh_c, value=-1))
            torch.mul(dc, g, out=d_i)
            torch.mul(dc, c, out=d_f)
            torch.mul(dc, i, out=d_g)
            torch.mul(dh, tanh_c, out=d_o)
            d_sums.mul_(slopes)
            gradient.baddbmm_(now, d_sums)
            dh = torch.bmm(d_sums, back)
            dc.mul_(f)
        return None, gradient


class _GRU(torch.autograd.Function):
    """The last h (members, B, H) from x (T, members, B, I) and weights (members, H + I + 1, 4H).

    Columns: r; z; what n recalls, with no weight for x; and what comes in to n, with none for h.
    """

    @staticmethod
    def forward(ctx, x, weights):
        (T, M, B, _), H = x.shape, weights.shape[2] // 4
        entering, enters, h = _entering(x, H)
        sums, candidates = x.new_empty(T, M, B, 4 * H), x.new_empty(T, M, B, H)
        both = sums[..., : 2 * H].unbind()
        steps = zip(enters, sums.unbind(), both, *_by_step(sums, H), candidates.unbind())
        for t, (now, four, gates, r, z, recalled, coming, n) in enumerate(steps):
            torch.bmm(now, weights, out=four)
            gates.sigmoid_()
            torch.addcmul(coming, r, recalled, out=n).tanh_()
            torch.lerp(n, h[t], z, out=h[t + 1])
        ctx.save_for_backward(entering, weights, sums, candidates)
        return h[-1].clone()

    @staticmethod
    def backward(ctx, dh):
        entering, weights, sums, candidates = ctx.saved_tensors
        H = weights.shape[2] // 4
        back, gradient = weights[:, :H].mT.contiguous(), torch.zeros_like(weights)
        one, d_sums = dh.new_ones(()), torch.empty_like(sums[0])
        d_r, d_z, d_recalled, d_coming = d_sums.split(H, -1)
        d_gates, both = d_sums[..., : 2 * H], sums[..., : 2 * H].unbind()
        before = entering[..., :H].unbind()
        steps = zip(entering.mT.unbind(), before, both, *_by_step(sums, H), candidates.unbind())
        for now, h, gates, r, z, recalled, _, n in reversed([*steps]):
            kept = dh * z
            torch.mul(dh - kept, torch.addcmul(one, n, n, value=-1), out=d_coming)
            torch.mul(d_coming, r, out=d_recalled)
            torch.mul(d_coming, recalled, out=d_r)
            torch.mul(dh, h - n, out=d_z)
            d_gates.mul_(torch.addcmul(gates, gates, gates, value=-1))
            gradient.baddbmm_(now, d_sums)
            dh = torch.baddbmm(kept, d_sums, back)
        return None, gradient


class QuickRNN(RNNEnsemble):
    """An `RNNEnsemble`, with the rectifier for tanh if `relu`."""

    def __init__(self, *sizes, relu=False, **options):
        super().__init__(*sizes, **options)
        self.relu = relu

    def forward(self, x):
        return (_RNN.apply(x, torch.cat([self.U, self.W, self.b], 1), self.relu) @ self.V + self.d)[..., 0]


class QuickGRU(GRUEnsemble):
    """A `GRUEnsemble`."""

    def forward(self, x):
        gates = 2 * self.V.shape[1]
        U, W, b, b_recurrent = (p[..., gates:] for p in (self.U, self.W, self.b, self.b_recurrent))  # those of n
        r_and_z = torch.cat([self.U, self.W, self.b + self.b_recurrent], 1)[..., :gates]
        recalled = torch.cat([U, torch.zeros_like(W), b_recurrent], 1)
        coming = torch.cat([torch.zeros_like(U), W, b], 1)
        return (_GRU.apply(x, torch.cat([r_and_z, recalled, coming], 2)) @ self.V + self.d)[..., 0]


class QuickLSTM(_Ensemble):
    """`members` LSTMs with a linear read-out of the last h: the equations of torch.nn.LSTM, and its initial weights.

    b is the sum of its two biases. With ``weights="orthogonal"`` the recurrent matrix of each gate is a random
    orthogonal one instead.
    forward: x (T, members, B, input_size) -> (members, B), the read-out after the last step.
    """

    def __init__(self, members, input_size, hidden_size, weights="pytorch", seed=0):
        super().__init__(members, weights, seed)
        H = hidden_size
        self.W = nn.Parameter(self.uniform(input_size, 4 * H, fan=H))
        self.U = nn.Parameter(torch.cat([self.square(H) for _ in range(4)], 2))
        self.b = nn.Parameter(self.uniform(1, 4 * H, fan=H) + self.uniform(1, 4 * H, fan=H))
        self.V = nn.Parameter(self.uniform(H, 1, fan=H))
        self.d = nn.Parameter(self.uniform(1, 1, fan=H))

    def forward(self, x):
        return (_LSTM.apply(x, torch.cat([self.U, self.W, self.b], 1)) @ self.V + self.d)[..., 0]
