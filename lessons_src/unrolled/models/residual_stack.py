"""Simple recurrent networks stacked, with or without residual connections from layer to layer."""

from torch import nn


class ResidualStack(nn.Module):
    """`layers` tanh RNNs, each reading what the one below gives out: its states, plus what it read if `residual`.

    The lowest layer adds nothing, for what it reads has another size. Initialised as torch.nn.RNN.
    forward: x (T, B, input_size) -> a list of what each layer gives out, (T, B, hidden_size), the lowest first.
    """

    def __init__(self, input_size, hidden_size, layers, residual=True):
        super().__init__()
        sizes = [input_size] + [hidden_size] * (layers - 1)
        self.layers, self.residual = nn.ModuleList(nn.RNN(size, hidden_size) for size in sizes), residual

    def forward(self, x):
        given = []
        for number, layer in enumerate(self.layers):
            h, _ = layer(x)
            x = h + x if self.residual and number else h
            given.append(x)
        return given
