"""Elman's and Jordan's networks: held to torch.nn.RNN and to the NumPy cell."""

import numpy as np
import pytest
import torch

from unrolled.cells import jordan
from unrolled.models.sequence import JordanEnsemble, SequenceEnsemble

MEMBERS, STEPS, BATCH, INPUTS, OUTPUTS = 2, 6, 3, 4, 2


def drawn(network, **settings):
    x = torch.randn(STEPS, MEMBERS, BATCH, INPUTS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return network(MEMBERS, INPUTS, 5, OUTPUTS, **settings).double(), x


def by_step(outputs):
    return outputs.detach().unflatten(1, (-1, BATCH))


def test_each_member_is_a_torch_rnn_with_a_read_out():
    model, x = drawn(SequenceEnsemble)
    h_0 = torch.randn(MEMBERS, BATCH, 5, dtype=torch.float64)
    for s in range(MEMBERS):
        net = torch.nn.RNN(INPUTS, 5).double()
        net.weight_ih_l0.data, net.weight_hh_l0.data = model.W[s].data.T, model.U[s].data.T
        net.bias_ih_l0.data, net.bias_hh_l0.data = model.b[s, 0].data, torch.zeros(5, dtype=torch.float64)
        for initial, state in ((None, None), (h_0, h_0[s][None])):
            expected = net(x[:, s], state)[0] @ model.V[s] + model.d[s]
            torch.testing.assert_close(by_step(model(x, initial))[s], expected.detach(), rtol=0, atol=1e-14)


def test_each_member_of_jordans_is_the_numpy_cell():
    model, x = drawn(JordanEnsemble)
    assert model.U.shape == (MEMBERS, OUTPUTS, 5)
    for s in range(MEMBERS):
        W, U, b, V, d = (parameter[s].detach().numpy() for parameter in (model.W, model.U, model.b, model.V, model.d))
        weights = jordan.Parameters(*(block.T.copy() for block in (W, U)), b[0], V.T.copy(), d[0])
        y, _ = jordan.forward(weights, x[:, s].numpy())
        np.testing.assert_allclose(by_step(model(x))[s].numpy(), y, rtol=0, atol=1e-14)


def test_told_its_own_outputs_jordans_network_gives_them_again_and_told_others_it_does_not():
    model, x = drawn(JordanEnsemble)
    own = model(x)
    before = torch.cat([torch.zeros(1, MEMBERS, BATCH, OUTPUTS), by_step(own).transpose(0, 1)[:-1]])
    torch.testing.assert_close(model((x, before)), own, rtol=0, atol=1e-14)
    others = by_step(model((x, before + 1)) - own).abs().amax((0, 2, 3))
    assert others.min() > 1e-3, "every step is told something, the first one, too"


def test_a_rounded_output_hands_on_the_decision_alone():
    model, x = drawn(JordanEnsemble)
    model.d.data *= 100  # the decision is now the same for every sample, the output is not
    decision = torch.nn.functional.one_hot(model.d[:, 0].argmax(-1), OUTPUTS).double()
    told = decision[:, None].expand(STEPS, MEMBERS, BATCH, OUTPUTS).clone()
    told[0] = 0
    torch.testing.assert_close(model(x, rounded=True), model((x, told)), rtol=0, atol=1e-14)


@pytest.mark.parametrize("network", [SequenceEnsemble, JordanEnsemble])
def test_the_first_outputs_are_left_out_and_not_skipped(network):
    whole, x = drawn(network)
    torch.testing.assert_close(by_step(drawn(network, first=4)[0](x)), by_step(whole(x))[:, 4:])


@pytest.mark.parametrize("network", [SequenceEnsemble, JordanEnsemble])
def test_a_member_with_a_seed_of_its_own_is_the_network_it_would_be_alone(network):
    together, alone = network(2, 3, 5, 2, seed=[7, 8]), network(1, 3, 5, 2, seed=8)
    for one, other in zip(together.parameters(), alone.parameters()):
        assert torch.equal(one[1], other[0])


@pytest.mark.parametrize("network", [SequenceEnsemble, JordanEnsemble])
def test_a_member_never_gets_anothers_gradient(network):
    model, x = drawn(network)
    model(x)[0].sum().backward()
    assert all(p.grad[0].any() and not p.grad[1].any() for p in model.parameters())
