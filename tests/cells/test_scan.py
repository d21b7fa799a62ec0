"""The linear recurrence by loop and by scan, and how far the scan is from the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.cells import mingru, minlstm
from unrolled.cells.scan import METHODS, linear_recurrence


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 3), st.floats(0, 1.5))
def test_both_methods_are_the_recurrence(T, N, largest):
    rng = np.random.default_rng(T)
    a, v, initial = rng.uniform(-largest, largest, (T, N)), rng.standard_normal((T, N)), rng.standard_normal(N)
    expected = [initial]
    for t in range(T):
        expected.append(a[t] * expected[-1] + v[t])
    for method in METHODS:
        np.testing.assert_allclose(linear_recurrence(a, v, initial, method), expected, rtol=1e-10, atol=1e-12)


def test_the_arguments_are_left_as_they_were():
    a, v, initial = np.full((5, 2), 0.5), np.ones((5, 2)), np.ones(2)
    linear_recurrence(a, v, initial, "scan")
    assert (a == 0.5).all() and (v == 1).all() and (initial == 1).all()


@pytest.mark.parametrize("T", [100, 1000, 4096, 16384])
def test_in_float32_the_error_of_the_scan_does_not_grow_with_its_length(T):
    rng = np.random.default_rng(0)
    a, v, initial = rng.uniform(0.5, 1, (T, 8)), rng.standard_normal((T, 8)), np.zeros(8)
    exact = linear_recurrence(a, v, initial)
    single = [array.astype(np.float32) for array in (a, v, initial)]
    for method in METHODS:
        error = np.abs(linear_recurrence(*single, method) - exact).max() / np.abs(exact).max()
        assert error <= 1e-6, (method, error)


@pytest.mark.parametrize("cell", [mingru, minlstm])
def test_a_minimal_cell_gives_the_same_by_loop_and_by_scan(cell):
    rng = np.random.default_rng(0)
    parameters, x, dh = cell.initialise(2, 5, rng), rng.standard_normal((300, 3, 2)), rng.standard_normal((300, 3, 5))
    runs = []
    for method in METHODS:
        h, tape = cell.forward(parameters, x, method=method)
        gradients = cell.backward(parameters, tape, dh)
        runs.append([h, *vars(gradients.parameters).values(), *gradients[1:]])
    for by_loop, by_scan in zip(*runs):
        assert np.linalg.norm(by_loop - by_scan) <= 1e-13 * np.linalg.norm(by_loop)


def test_minlstm_gates_too_small_for_a_number_still_share_the_cell_between_them():
    b = np.repeat([-900.0, -901.0, 0.0], 1)  # f and i are both 0 in floating point; f / (f + i) is sigmoid(1)
    h, tape = minlstm.forward(minlstm.Parameters(np.zeros((3, 1)), b), np.zeros((1, 1, 1)), np.ones((1, 1)))
    assert (tape.gates == 0).all()
    assert h.item() == pytest.approx(1 / (1 + np.exp(-1)), rel=1e-12)


def test_bad_input_gets_one_sentence():
    with pytest.raises(ValueError, match="^method must be one of loop, scan, got 'magic'$"):
        mingru.forward(mingru.Parameters(np.ones((2, 1)), np.ones(2)), np.ones((1, 1, 1)), method="magic")
    with pytest.raises(ValueError, match="^W must have 3 blocks of the same height, got 4 rows$"):
        minlstm.Parameters(np.ones((4, 1)), np.ones(4))
