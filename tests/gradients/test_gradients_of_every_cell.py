"""What holds for gradients through time holds for every cell, whatever its state is made of."""

import numpy as np
import pytest

from unrolled.cells import gru, jordan, lstm, lstm_variants, mingru, minlstm, rnn
from unrolled.gradients import gradient_by_lag, jacobian_products, lyapunov_exponents, spectra, terms_by_lag

CELLS = {
    "rnn": (rnn, {}),
    "jordan": (jordan, {}),
    "lstm": (lstm, {}),
    "gru": (gru, {}),
    "gru before write": (gru, {"reset": "before", "update": "write"}),
    "lstm V": (lstm_variants, {"variant": "V"}),
    "lstm FGR": (lstm_variants, {"variant": "FGR"}),
    "mingru": (mingru, {"method": "scan"}),
    "minlstm": (minlstm, {}),
}
every_cell = pytest.mark.parametrize(("cell", "options"), CELLS.values(), ids=CELLS.keys())


def run(cell, options, T=6, B=2, seed=0, **more):
    rng = np.random.default_rng(seed)
    drawn = {name: value for name, value in options.items() if name == "variant"}
    parameters, x = cell.initialise(2, 3, rng, **drawn), rng.standard_normal((T, B, 2))
    h, tape = cell.forward(parameters, x, **options, **more)
    return parameters, x, tape, rng.standard_normal(h.shape), rng.standard_normal(tape.final.shape)


@pytest.mark.parametrize("lengths", [None, np.array([6, 3])], ids=["", "lengths"])
@every_cell
def test_gradient_by_lag_is_the_last_gradient_times_the_products(cell, options, lengths):
    parameters, _, tape, _, d_final = run(cell, options, lengths=lengths)
    products = jacobian_products(cell.step_jacobians(parameters, tape))
    expected = np.linalg.norm(np.einsum("bi,kbij->kbj", d_final, products), axis=-1)
    norms = gradient_by_lag(cell, parameters, tape, d_final=d_final)
    np.testing.assert_allclose(norms, expected, rtol=1e-12)
    if lengths is not None:  # a state that rests loses nothing
        np.testing.assert_allclose(norms[:4, 1], np.linalg.norm(d_final[1]), rtol=1e-15)


@every_cell
def test_a_general_loss_adds_up_what_arrives_from_every_later_step(cell, options):
    parameters, _, tape, dh, d_final = run(cell, options)
    S = d_final.shape[1]
    on_states = np.concatenate([dh, np.zeros((6, 2, S - dh.shape[2]))], axis=2)  # h comes first in every state
    jacobians = cell.step_jacobians(parameters, tape)
    arriving = np.zeros((7, 2, S))  # arriving[t]: dL/d(state t), index 0 the initial state
    for end in range(1, 7):
        products = jacobian_products(jacobians[:end])
        arriving[: end + 1] += np.einsum("bi,kbij->kbj", on_states[end - 1], products)[::-1]
    expected = np.linalg.norm(arriving, axis=-1)[::-1]
    np.testing.assert_allclose(gradient_by_lag(cell, parameters, tape, dh), expected, rtol=1e-11)


@every_cell
def test_a_term_is_what_one_more_step_adds_to_the_gradient(cell, options):
    parameters, _, tape, dh, _ = run(cell, options)
    terms = terms_by_lag(cell, parameters, tape, dh)
    states = cell.backward(parameters, tape, dh).states
    blocks = {name for name, block in vars(parameters).items() if block is not None}
    assert terms.keys() == blocks

    def up_to(t):  # the gradient with all of the loss after step t arriving there
        if t == 0:
            return {name: 0.0 for name in blocks}
        part = dh[:t].copy()
        part[-1] = 0
        d_final = states[t - 1]
        return vars(cell.backward(parameters, tape.between(0, t), part, d_final).parameters)

    for t in range(6):
        for name in blocks:
            # What arrives before step t is the same in both, so their difference is the term of that step alone.
            expected = np.linalg.norm(up_to(t + 1)[name] - up_to(t)[name])
            assert terms[name][5 - t] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@every_cell
def test_the_sum_of_all_exponents_is_the_mean_log_determinant_whatever_the_chunks(cell, options, monkeypatch):
    parameters, x, _, _, _ = run(cell, options, T=25)
    exponents = lyapunov_exponents(cell, parameters, x, transient=5, **options)
    _, tape = cell.forward(parameters, x, **options)
    jacobians = cell.step_jacobians(parameters, tape)[5:]
    with np.errstate(divide="ignore"):
        expected = np.log(np.abs(np.linalg.det(jacobians))).mean(0)
    if options == {"variant": "FGR"}:  # h is o psi(c), no news beside o and c: three directions are destroyed
        assert (exponents[:, -3:] < -30).all()
    else:
        np.testing.assert_allclose(exponents.sum(1), expected, rtol=1e-9)
    monkeypatch.setattr(spectra, "CHUNK", 350)
    in_chunks = lyapunov_exponents(cell, parameters, x, transient=5, **options)
    np.testing.assert_allclose(in_chunks[:, 0], exponents[:, 0], rtol=1e-9)


def test_a_minimal_cell_has_the_mean_logs_of_what_its_gates_keep():
    parameters, x, tape, _, _ = run(mingru, {}, T=50)
    expected = np.sort(np.log(1 - tape.written).mean(0))[:, ::-1]
    np.testing.assert_allclose(lyapunov_exponents(mingru, parameters, x), expected, rtol=1e-10)
