"""An IRNN starts as an adder whose gradient is 0 or 1 in every unit, at any distance."""

import pytest
import torch

from unrolled.models.irnn import IRNN


def test_it_starts_as_an_adder():
    model = IRNN(3, 8, generator=torch.Generator().manual_seed(0)).double()
    model.weight_ih_l0.data.abs_()
    x = torch.rand(50, 2, 3, dtype=torch.float64)
    h, last = model(x)
    torch.testing.assert_close(last[0], x.sum(0) @ model.weight_ih_l0.T, rtol=1e-12, atol=0)
    assert h.shape == (50, 2, 8)


def test_at_the_start_a_unit_passes_its_gradient_on_whole_or_not_at_all():
    model = IRNN(3, 64, generator=torch.Generator().manual_seed(0)).double()
    generator = torch.Generator().manual_seed(1)
    x, start = torch.randn(30, 1, 3, generator=generator).double(), torch.zeros(1, 1, 64, dtype=torch.float64)
    start.requires_grad_()
    h, last = model(x, start)
    last.sum().backward()
    never_cut = (h[:, 0] > 0).all(0)
    assert torch.equal(start.grad[0, 0], never_cut.double())
    assert 0 < never_cut.sum() < 64


def test_the_weights_are_those_of_the_paper():
    model = IRNN(100, 100, scale=0.9, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model.weight_hh_l0.data, 0.9 * torch.eye(100))
    assert model.weight_ih_l0.std().item() == pytest.approx(0.001, rel=0.03)
    assert not model.bias_ih_l0.any() and not model.bias_hh_l0.any()
    assert all(p.requires_grad for p in model.parameters())
