"""Reading a stream in pieces: the states are those of one run, the gradient ends where the piece begins."""

import torch

from unrolled.models.stream import StreamEnsemble

MEMBERS, STEPS, STREAMS, INPUTS = 2, 12, 3, 2


def drawn(**settings):
    x = torch.randn(STEPS, MEMBERS, STREAMS, INPUTS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return StreamEnsemble(MEMBERS, INPUTS, 5, **settings).double(), x


def by_step(answers):
    return answers.unflatten(1, (-1, STREAMS))


def in_pieces(model, x, length):
    return torch.cat([by_step(model(piece)) for piece in x.split(length)], 1)


def test_each_member_is_a_torch_rnn_with_a_read_out_at_every_step():
    model, x = drawn()
    for s in range(MEMBERS):
        net = torch.nn.RNN(INPUTS, 5).double()
        net.weight_ih_l0.data, net.weight_hh_l0.data = model.W[s].data.T, model.U[s].data.T
        net.bias_ih_l0.data, net.bias_hh_l0.data = model.b[s, 0].data, torch.zeros(5, dtype=torch.float64)
        expected = net(x[:, s])[0] @ model.V[s] + model.d[s]
        torch.testing.assert_close(by_step(drawn()[0](x))[s], expected[..., 0], rtol=0, atol=1e-14)


def test_pieces_give_the_outputs_of_one_run_and_only_with_the_state():
    whole = by_step(drawn()[0](drawn()[1]))
    carried, x = drawn()
    torch.testing.assert_close(in_pieces(carried, x, 4), whole, rtol=0, atol=1e-14)
    fresh, x = drawn(carry=False)
    pieces = in_pieces(fresh, x, 4)
    torch.testing.assert_close(pieces[:, :4], whole[:, :4], rtol=0, atol=1e-14)
    assert (pieces[:, 4:] - whole[:, 4:]).abs().max() > 1e-3


def test_the_gradient_ends_where_the_piece_begins():
    model, x = drawn()
    x.requires_grad_()
    first, second = x.split(6)
    model(first)
    model(second).sum().backward()
    assert not x.grad[:6].any() and x.grad[6:].flatten(1).any(1).all()


def test_a_read_out_that_is_trained_alone_leaves_the_rest_as_drawn():
    model, x = drawn(train_recurrence=False)
    assert {name for name, _ in model.named_parameters()} == {"V", "d"}
    torch.testing.assert_close(model(x), drawn()[0](x))
