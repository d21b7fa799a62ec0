"""A character model: a recurrent network that reads a text and says at each place which symbol will come next."""

import numpy as np
import torch

from unrolled.models.sequence import SequenceEnsemble


class CharacterEnsemble(SequenceEnsemble):
    """`members` tanh RNNs over `symbols` symbols, each read as a 1 among zeros, and as many scores out at every step."""

    def __init__(self, members, symbols, hidden_size, seed=0):
        super().__init__(members, symbols, hidden_size, symbols, seed)

    def forward(self, x, initial=None):
        """Scores (members, T * B, symbols) for what follows each place of x (T, members, B)."""
        return super().forward(torch.nn.functional.one_hot(x, self.W.shape[1]).to(self.W.dtype), initial)

    def bits(self, text):
        """Bits per symbol of each member on a text (N,) of places, read in one go; its first symbol is given: (members,)."""
        text = torch.as_tensor(text)
        with torch.no_grad():
            scores = self(text[:-1, None, None].expand(-1, self.members, 1))
            log_share = scores.log_softmax(-1)[:, range(len(text) - 1), text[1:]]
        return -log_share.mean(1).double().numpy() / np.log(2)

    def write(self, start, length, seed=0, member=0):
        """Places (length,) that one member writes after `start` (N,), each drawn by its shares and read as the next input."""
        rng, h = np.random.default_rng(seed), None
        read, written = list(start), []
        with torch.no_grad():
            for _ in range(length):
                x = torch.nn.functional.one_hot(torch.tensor(read), self.W.shape[1]).to(self.W.dtype)
                h = self.states(x[:, None, None].expand(-1, self.members, 1, -1), h)[:, -1]
                share = self.read(h[:, None])[member, 0].double().softmax(-1).numpy()
                read = [int(rng.choice(len(share), p=share))]
                written += read
        return np.array(written)
