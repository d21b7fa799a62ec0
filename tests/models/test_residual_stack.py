"""Stacked RNNs: without residual connections torch's own stack, with them the sum that is promised."""

import pytest
import torch
from torch import nn

from unrolled.models.residual_stack import ResidualStack

F64 = torch.float64


def test_without_residual_connections_it_is_the_stack_of_torch():
    ours, theirs = ResidualStack(3, 5, 3, residual=False).double(), nn.RNN(3, 5, num_layers=3, dtype=F64)
    for number, layer in enumerate(ours.layers):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(theirs, f"{name}_l{number}").data = getattr(layer, f"{name}_l0").data
    x = torch.randn(6, 2, 3, dtype=F64)
    given = ours(x)
    assert len(given) == 3
    torch.testing.assert_close(given[-1], theirs(x)[0], rtol=0, atol=1e-14)


def test_with_them_each_layer_above_the_first_adds_what_it_read():
    stack = ResidualStack(3, 5, 3).double()
    cells = []
    for layer in stack.layers:
        cell = nn.RNNCell(layer.input_size, 5, dtype=F64)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(cell, name).data = getattr(layer, f"{name}_l0").data
        cells.append(cell)
    x = torch.randn(6, 2, 3, dtype=F64)
    states, tops = [torch.zeros(2, 5, dtype=F64)] * 3, []
    for read in x:
        for number, cell in enumerate(cells):
            states[number] = cell(read, states[number])
            read = states[number] + read if number else states[number]
        tops.append(read)
    torch.testing.assert_close(stack(x)[-1], torch.stack(tops), rtol=0, atol=1e-14)


@pytest.mark.parametrize("residual", [True, False])
def test_it_starts_as_torch_starts(residual):
    torch.manual_seed(0)
    stack = ResidualStack(3, 5, 2, residual)
    torch.manual_seed(0)
    layers = [nn.RNN(3, 5), nn.RNN(5, 5)]
    for ours, theirs in zip(stack.layers, layers):
        assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters()))
