"""Two recurrent networks in a row: one reads a sequence, the other writes one (Sutskever, Vinyals and Le, 2014).

All that the second gets from the first is its last state.
"""

import torch
from torch import nn

from unrolled.models.sequence import SequenceEnsemble


class EncoderDecoderEnsemble(nn.Module):
    """`members` pairs of tanh RNNs over `symbols` symbols, each pair with weights of its own for reading and for writing.

    forward: a pair of x (T, members, B), the symbols to read, and what should be written, (S, members, B), each symbol of
    which is handed to the step after it (teacher forcing) -> scores (members, S * B, symbols), step by step.
    """

    def __init__(self, members, symbols, hidden_size, seed=0):
        super().__init__()
        self.symbols = symbols
        self.reader = SequenceEnsemble(members, symbols, hidden_size, 1, seed)
        self.writer = SequenceEnsemble(members, symbols, hidden_size, symbols, seed)
        del self.reader.V, self.reader.d  # only its state is used

    def one_hot(self, symbols):
        return nn.functional.one_hot(symbols, self.symbols).float()

    def summary(self, x):
        """The reader's last state, (members, B, hidden_size): all that the writer gets to know of x (T, members, B)."""
        return self.reader.states(self.one_hot(x))[:, -1]

    def forward(self, pair):
        x, target = pair
        right = self.one_hot(target)
        before = torch.cat([torch.zeros_like(right[:1]), right[:-1]])
        return self.writer(before, self.summary(x))

    def write(self, x, steps):
        """What it writes on its own, each step fed with the symbol that it wrote before: (steps, members, B)."""
        h = self.summary(x)
        before, written = h.new_zeros(*x.shape[1:], self.symbols), []
        for _ in range(steps):
            h = self.writer.states(before[None], h)[:, -1]
            written.append(self.writer.read(h[:, None]).unflatten(1, (1, -1))[:, 0].argmax(-1))
            before = self.one_hot(written[-1])
        return torch.stack(written)
