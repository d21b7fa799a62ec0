"""The IRNN: a ReLU network whose recurrent matrix starts as the identity (Le, Jaitly & Hinton, 2015)."""

import torch
from torch import nn

from unrolled.models.recurrent_start import start_recurrent

DEVIATION = 0.001  # of the weights that are not recurrent, in the paper


class IRNN(nn.RNN):
    """A torch.nn.RNN of ReLU units that starts by adding up its input: U the identity times `scale`, no bias.

    The input weights are normal with the deviation of the paper, which starts the read-out's in the same way. A scale
    below 1 makes it forget. All weights are trained. Time first, as torch.nn.RNN: x (T, B, input_size) -> h, last h.
    """

    def __init__(self, input_size, hidden_size, scale=1.0, generator=None):
        super().__init__(input_size, hidden_size, nonlinearity="relu")
        start_recurrent(self, "identity", gain=scale)
        with torch.no_grad():
            self.weight_ih_l0.normal_(0, DEVIATION, generator=generator)
            self.bias_ih_l0.zero_()
            self.bias_hh_l0.zero_()
