"""Two networks in a row: all that the writer knows of what was read is one state."""

import torch

from unrolled.models.encoder_decoder import EncoderDecoderEnsemble

MEMBERS, READ, WRITTEN, BATCH, SYMBOLS = 2, 5, 4, 3, 6


def drawn():
    generator = torch.Generator().manual_seed(0)
    draw = lambda steps: torch.randint(SYMBOLS, (steps, MEMBERS, BATCH), generator=generator)
    return EncoderDecoderEnsemble(MEMBERS, SYMBOLS, 7), draw(READ), draw(WRITTEN)


def test_reader_and_writer_are_torch_rnns_joined_by_one_state():
    model, x, target = drawn()
    with torch.no_grad():
        scores = model((x, target)).unflatten(1, (WRITTEN, BATCH))
        for s in range(MEMBERS):
            state = None
            before = torch.cat([torch.zeros(1, BATCH, SYMBOLS), model.one_hot(target[:-1, s])])
            for part, sequence in ((model.reader, model.one_hot(x[:, s])), (model.writer, before)):
                net = torch.nn.RNN(SYMBOLS, 7)
                net.weight_ih_l0.data, net.weight_hh_l0.data = part.W[s].T, part.U[s].T
                net.bias_ih_l0.data, net.bias_hh_l0.data = part.b[s, 0], torch.zeros(7)
                states, state = net(sequence, state)
            torch.testing.assert_close(scores[s], states @ model.writer.V[s] + model.writer.d[s], rtol=0, atol=1e-6)


def test_what_it_writes_is_what_it_scores_highest_when_handed_that():
    model, x, _ = drawn()
    with torch.no_grad():
        written = model.write(x, WRITTEN)
        assert written.shape == (WRITTEN, MEMBERS, BATCH)
        scores = model((x, written)).unflatten(1, (WRITTEN, BATCH))
    assert torch.equal(scores.argmax(-1).transpose(0, 1), written)


def test_a_symbol_is_not_scored_in_the_light_of_itself_or_of_later_ones():
    model, x, target = drawn()
    other = target.clone()
    other[2] = (other[2] + 1) % SYMBOLS
    with torch.no_grad():
        moved = (model((x, other)) - model((x, target))).unflatten(1, (WRITTEN, BATCH)).abs().amax((0, 2, 3))
    assert not moved[:3].any() and moved[3] > 1e-3


def test_every_parameter_gets_a_gradient_and_only_from_its_member():
    model, x, target = drawn()
    model((x, target))[0].sum().backward()
    parameters = dict(model.named_parameters())
    assert len(parameters) == 8
    assert all(p.grad[0].any() and not p.grad[1].any() for p in parameters.values())
