"""The tests behind the exercises of what-is-an-rnn."""

import numpy as np

from unrolled.lesson.checks import NotYet, exercise, something


def states_of(W, U, b, x, follow=True):
    """The states of a tanh RNN; of the same without its loop, where `follow` is False."""
    h, states = np.zeros(len(b)), []
    for x_t in x:
        state = np.tanh(W @ x_t + U @ h + b)
        h = state if follow else h
        states.append(state)
    return np.array(states)


@exercise("read-a-sequence")
def _read_a_sequence(answer):
    """answer(W, U, b, x) -> the states (T, H) of a tanh RNN that starts from zeros."""
    rng = np.random.default_rng(0)
    for steps in (1, 2, 6):
        W, U, b = rng.normal(size=(4, 3)), rng.normal(size=(4, 4)), rng.normal(size=4)
        x = rng.normal(size=(steps, 3))
        expected = states_of(W, U, b, x)
        got = something(answer(W.copy(), U.copy(), b.copy(), x.copy()))
        if np.shape(got) != (steps, 4):
            raise NotYet(f"for {steps} step(s) there are {steps} states of 4 units, shape ({steps}, 4); yours has {np.shape(got)}.")
        if np.allclose(got, expected):
            continue
        if np.allclose(got, states_of(W, U, b, x, follow=False)):
            raise NotYet("every step of yours starts from zeros; it should start from the state before it.")
        if np.allclose(got, states_of(W, U, 0 * b, x)):
            raise NotYet("the bias is missing.")
        if np.allclose(got, states_of(W, U.T, b, x)):
            raise NotYet("you multiply by U transposed.")
        raise NotYet(f"for {steps} step(s) the states are off by {np.abs(got - expected).max():.2g}.")


@exercise("how-many-weights")
def _how_many_weights(answer):
    """answer(inputs, units, outputs, steps) -> the number of weights and biases of an RNN with a linear read-out."""
    for inputs, units, outputs, steps in ((1, 2, 3, 1), (3, 4, 2, 5), (10, 20, 7, 50)):
        recurrent, readout = units * (inputs + units + 1), outputs * (units + 1)
        got = something(answer(inputs, units, outputs, steps))
        sizes = f"{inputs} input(s), {units} unit(s), {outputs} output(s) and {steps} step(s)"
        if got == recurrent + readout:
            continue
        if got in (steps * recurrent + steps * readout, steps * recurrent + readout):
            raise NotYet(f"for {sizes} you count the weights once per step; they are the same at every step.")
        if got == recurrent:
            raise NotYet(f"for {sizes} the read-out, V and d, is missing.")
        if got == recurrent + readout - units - outputs:
            raise NotYet(f"for {sizes} the biases are missing.")
        raise NotYet(f"for {sizes} it is not {got}.")


@exercise("what-the-output-hides")
def _what_the_output_hides(answer):
    """answer(V) -> a vector of length 1 that V maps to zero."""
    rng = np.random.default_rng(0)
    for outputs, units in ((1, 2), (2, 5), (4, 5)):
        V = rng.normal(size=(outputs, units))
        got = something(answer(V.copy()))
        if np.shape(got) != (units,):
            raise NotYet(f"a direction of the state has one number per unit, shape ({units},); yours has {np.shape(got)}.")
        if not np.isclose(np.linalg.norm(got), 1):
            raise NotYet(f"the vector should have length 1; yours has {np.linalg.norm(got):.2g}.")
        if np.abs(V @ got).max() > 1e-9:
            raise NotYet(f"added to a state, yours changes the output by {np.abs(V @ got).max():.2g}.")


@exercise("latch-stands")
def _latch_stands(answer):
    """answer(w) -> the largest c such that a unit with self-weight w, started at 1, withstands inputs of -c for ever."""
    for w in (1.5, 3.0, 6.0):
        h = np.sqrt(1 - 1 / w)
        expected = w * h - np.arctanh(h)
        got = something(answer(w))
        if np.shape(got) != ():
            raise NotYet(f"c is one number; yours has shape {np.shape(got)}.")
        if np.isclose(got, expected):
            continue
        if np.isclose(got, -expected):
            raise NotYet("c is positive: the inputs may be as low as −c.")
        if np.isclose(got, h):
            raise NotYet("that is the state at which the fixed point disappears; c is the input that takes it there.")
        state = 1.0
        for _ in range(10**4):
            state = np.tanh(w * state - got)
        outcome = "turns the state" if state < 0 else "leaves it positive, and so would a somewhat larger one"
        raise NotYet(f"for w = {w} a constant input of −{got:.4g} {outcome}.")
