"""Batch normalisation in time: against torch.nn.BatchNorm1d, one for each step, and in what it averages for when."""

import pytest
import torch
from torch import nn

from unrolled.models.batch_norm_rnn import BatchNormRNN, TimedBatchNorm

F64 = torch.float64


@pytest.mark.parametrize("steps", [4, 1])
def test_it_computes_the_equations_in_training_and_in_evaluation(steps):
    torch.manual_seed(0)
    network = BatchNormRNN(3, 5, steps, gain=0.5).double()
    each = [[nn.BatchNorm1d(5, affine=False).double() for _ in range(steps)] for _ in range(2)]

    def expected(x, h):
        states = []
        for t, x_t in enumerate(x):
            of_x, of_h = (layers[min(t, steps - 1)] for layers in each)
            a = network.gain_x * of_x(x_t @ network.W.T) + network.gain_h * of_h(h @ network.U.T) + network.b
            h = torch.tanh(a)
            states.append(h)
        return torch.stack(states)

    h0 = torch.randn(8, 5, dtype=F64)
    for _ in range(3):
        x = torch.randn(4, 8, 3, dtype=F64)
        torch.testing.assert_close(network(x, h0), expected(x, h0), rtol=0, atol=1e-14)
    network.eval()
    for layer in each[0] + each[1]:
        layer.eval()
    longer = torch.randn(7, 8, 3, dtype=F64)    # beyond step 4 the averages of the last step serve
    torch.testing.assert_close(network(longer, h0), expected(longer, h0), rtol=0, atol=1e-14)
    one = network(longer[:, :1], h0[:1])
    torch.testing.assert_close(one[:, 0], network(longer, h0)[:, 0], rtol=0, atol=1e-14)


def test_in_training_a_sample_depends_on_the_others_in_its_batch():
    network = BatchNormRNN(3, 5, 4)
    x = torch.randn(4, 8, 3)
    other = x.clone()
    other[:, 1:] += 1 + torch.randn(4, 7, 3)
    assert not torch.allclose(network(x)[:, 0], network(other)[:, 0])


def test_members_are_normalised_each_on_its_own():
    a = torch.randn(3, 8, 5, dtype=F64)
    together = TimedBatchNorm((3, 5), 2).double()
    for t in (0, 1, 1):
        y = together(a, t)
    for s in range(3):
        alone = TimedBatchNorm(5, 2).double()
        for t in (0, 1, 1):
            assert torch.allclose(y[s], alone(a[s], t), rtol=0, atol=1e-14)
        assert torch.allclose(together.mean.view(2, 3, 5)[:, s], alone.mean, rtol=0, atol=1e-14)


def test_no_step_is_too_few():
    with pytest.raises(ValueError, match="at least one step, got steps=0"):
        TimedBatchNorm(5, 0)
