"""Gradient flow through time: how much of a gradient is left k steps back, for a cell of the reader's choice.

The reader moves freely, so the browser computes: gradient_flow.js holds the same equations as `unrolled.cells`, and a
test holds its numbers to them. Both draw the same networks, for both draw from `_uniform`.
"""

from pathlib import Path

import numpy as np
from traitlets import Dict, Enum, Float, Int

from unrolled.cells import gru, lstm, rnn
from unrolled.gradients import gradient_by_lag
from unrolled.lesson.explorers.explorer import Explorer, script
from unrolled.lesson.figures import new_figure
from unrolled.lesson.numbers import significant

UNITS, INPUTS, NETWORKS = 32, 4, 5
CELLS = {"RNN": rnn, "LSTM": lstm, "GRU": gru}
GATES = {"RNN": "", "LSTM": "forget", "GRU": "update"}  # the gate that keeps, whose bias the reader moves
LONGEST = 100
RANGES = {"scale": (0.2, 4.0, 0.1), "bias": (-2.0, 6.0, 0.5), "steps": (10, LONGEST, 5)}  # of a slider: from, to, by


def _uniform(network):
    """A function that gives the next numbers, uniform on [-1, 1), of the stream of that number, in a given shape.

    A hash of a counter (C. Wellons, "Prospecting for Hash Functions", 2018: lowbias32, in the public domain): integers
    of 32 bits, so that every language gives the same numbers to the last bit.
    """
    at = (network + 1) << 20

    def draw(*shape):
        nonlocal at
        count = int(np.prod(shape))
        n = np.arange(at, at + count, dtype=np.uint32)
        at += count
        n = (n ^ n >> 16) * np.uint32(0x7FEB352D)
        n = (n ^ n >> 15) * np.uint32(0x846CA68B)
        return ((n ^ n >> 16) / 2**31 - 1).reshape(shape)

    return draw


def network(cell, number, scale=1.0, bias=0.0):
    """The parameters of one of the five networks, the sequence that it reads (100, 1, I), and its read-out (H,).

    They are drawn as PyTorch draws them; then the recurrent weights are multiplied by `scale`, and `bias` is added to
    the bias of the gate that keeps. The inputs are uniform with variance 1. The three cells share their draws.
    """
    draw, H = _uniform(number), UNITS
    W, U, b, second = (draw(4 * H, n) / np.sqrt(H) for n in (INPUTS, H, 1, 1))
    readout, x = draw(H), np.sqrt(3) * draw(LONGEST, 1, INPUTS)
    blocks = {"RNN": 1, "LSTM": 4, "GRU": 3}[cell] * H
    W, U, b, second = W[:blocks], scale * U[:blocks], b[:blocks, 0], second[:blocks, 0]
    if cell == "GRU":
        b, second = b + np.where(np.arange(blocks) < 2 * H, second, 0), second[2 * H :]
    else:
        b = b + second
    if cell != "RNN":
        b[H : 2 * H] += bias  # the second block: the LSTM's f, the GRU's z
    return CELLS[cell].Parameters(W, U, b, *((second,) if cell == "GRU" else ())), x, readout


def gradient_left(cell, scale, bias, steps):
    """The norm of the gradient on the state k steps before the end, relative to that on the last state.

    The loss is a random linear read-out of the last h; the state is h, for the LSTM h and c together.
    Returns (5, steps + 1): one row per network, entry k for the lag k.
    """
    left = []
    for number in range(NETWORKS):
        parameters, x, readout = network(cell, number, scale, bias)
        dh = np.zeros((steps, 1, UNITS))
        dh[-1] = readout
        _, tape = CELLS[cell].forward(parameters, x[:steps])
        norms = gradient_by_lag(CELLS[cell], parameters, tape, dh)[:, 0]
        left.append(norms / norms[0])
    return np.array(left)


class GradientFlow(Explorer):
    """The gradient by lag of five small networks: cell, scale of the recurrent weights, gate bias and length to choose.

    cell: "RNN", "LSTM" or "GRU". scale: multiplies the recurrent weights, 0.2 to 4. bias: is added to that of the
    forget gate (LSTM) or update gate (GRU), -2 to 6. steps: length of the sequence, 10 to 100.
    Raises traitlets.TraitError for a value outside these ranges.
    """

    _esm = script("gradient_flow.js")
    _css = Path(__file__).with_name("gradient_flow.css")

    cell = Enum(list(CELLS), "RNN").tag(sync=True)
    scale = Float(1.0, min=RANGES["scale"][0], max=RANGES["scale"][1]).tag(sync=True)
    bias = Float(0.0, min=RANGES["bias"][0], max=RANGES["bias"][1]).tag(sync=True)
    steps = Int(100, min=RANGES["steps"][0], max=LONGEST).tag(sync=True)
    sizes = Dict({"units": UNITS, "inputs": INPUTS, "networks": NETWORKS, "longest": LONGEST, **RANGES}).tag(sync=True)

    def left(self):
        """How much of the gradient is left at the longest lag: the median of the networks."""
        return float(np.median(self._curves()[:, -1]))

    def reading(self):
        """The present state in one sentence, word for word as the widget says it."""
        gate, left = GATES[self.cell], self.left()
        settings = f"{self.cell}, recurrent weights × {_short(self.scale)}"
        if gate:
            settings += f", {gate} bias {'−' if self.bias < 0 else '+'} {_short(abs(self.bias))}"
        factor, pace = left ** (1 / self.steps), self.steps * np.log10(2) / abs(np.log10(left))
        return (
            f"{settings}: {significant(left, 2)} of the gradient is left {self.steps} steps back, a factor of "
            f"{significant(factor, 2)} per step on average: "
            f"{'halved' if left < 1 else 'doubled'} every {significant(pace, 2)} steps."
        )

    def picture(self):
        """The curve of the present state, and that of the cell as PyTorch starts it where this is another."""
        figure, axes = new_figure(height=3.2)
        curves, start = self._curves(), gradient_left(self.cell, 1.0, 0.0, LONGEST)
        axes.semilogy(np.median(curves, 0), label="median of five networks")
        axes.fill_between(range(len(curves[0])), curves.min(0), curves.max(0), alpha=0.25, lw=0, label="all five")
        if (self.scale, self.bias) != (1, 0):
            axes.semilogy(np.median(start, 0), label="as PyTorch starts it")
        axes.set(xlabel="lag k (steps back from the loss)", ylabel="‖∂L/∂state‖ at lag k / at lag 0")
        axes.set(xlim=(0, LONGEST), ylim=(1e-30, 1e10), yticks=[1e-30, 1e-20, 1e-10, 1, 1e10])
        axes.legend()
        return {
            "figure": figure,
            "name": "gradient-flow",
            "alt": f"The gradient against the lag, on a logarithmic scale. {self.reading()}",
            "caption": f"{self.reading()} Five networks of {UNITS} units, uniform noise of variance 1 as input: median "
            "and range. Where scripts run, and in the notebook, cell, weights, gate and length can be changed here.",
        }

    def _curves(self):
        return gradient_left(self.cell, self.scale, self.bias, self.steps)


def _short(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")
