"""A recurrent network that reads an endless stream piece by piece, its gradient cut between the pieces."""

import torch

from unrolled.models.ensemble import RNNEnsemble


class StreamEnsemble(RNNEnsemble):
    """`members` tanh RNNs with a read-out at every step, which carry their state from call to call and not its gradient.

    Trained on piece after piece of a stream this is truncated back-propagation through time (Williams & Peng, 1990), the
    length of a piece being that of the truncation. carry: False starts every call from a state of zeros. train_recurrence:
    False leaves all but the read-out as it was drawn, as in an echo state network (Jaeger, 2001).
    forward: x (T, members, B, input_size) -> (members, T * B), the answers step by step.
    """

    def __init__(self, members, input_size, hidden_size, seed=0, carry=True, train_recurrence=True):
        super().__init__(members, input_size, hidden_size, seed=seed)
        self.carry, self.state = carry, None
        if not train_recurrence:
            for name in ("W", "U", "b"):
                drawn = getattr(self, name).detach()
                delattr(self, name)
                self.register_buffer(name, drawn)

    def forward(self, x):
        h = self.state
        if h is None or not self.carry:
            h = x.new_zeros(*x.shape[1:3], self.U.shape[-1])
        states = []
        for a in x @ self.W + self.b:
            h = torch.tanh(torch.baddbmm(a, h, self.U))
            states.append(h)
        self.state = h.detach()
        every_state = torch.stack(states, 1).flatten(1, 2)
        return torch.baddbmm(self.d, every_state, self.V)[..., 0]
