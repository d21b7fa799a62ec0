"""Whether PyTorch's layers compute, on this device, what the NumPy cells compute: on a GPU they call cuDNN.

The weights go to the layer through `unrolled.cells.layouts`, so what is judged is a row of the table of conventions.
"""

import numpy as np
import torch

from unrolled.cells import gru, layouts, lstm, rnn
from unrolled.cells.wrappers import Layer
from unrolled.experiments.experiment import Experiment

CELLS = {"rnn": (rnn, torch.nn.RNN), "lstm": (lstm, torch.nn.LSTM), "gru": (gru, torch.nn.GRU)}


def units(parameters, finished):
    """One for each cell and seed."""
    return [{"cell": cell, "seed": seed} for cell in parameters["cells"] for seed in parameters["seeds"]]


def run(parameters, unit, device):
    """The largest differences, in float64, of the states h_t and of the gradient by x, relative to the largest entry."""
    cell, layer = CELLS[unit["cell"]]
    I, H = parameters["inputs"], parameters["units"]
    rng = np.random.default_rng(unit["seed"])
    ours = Layer(cell, cell.initialise(I, H, rng))
    x = rng.standard_normal((parameters["steps"], parameters["batch"], I))
    dh = rng.standard_normal((parameters["steps"], parameters["batch"], H))
    h, tape = cell.forward(ours.parameters, x)
    dx = cell.backward(ours.parameters, tape, dh).x

    theirs = layer(I, H, dtype=torch.float64)
    theirs.load_state_dict({name: torch.from_numpy(value) for name, value in layouts.to_pytorch(ours).items()})
    theirs.to(device)
    at = torch.from_numpy(x).to(device).requires_grad_()
    output = theirs(at)[0]
    output.backward(torch.from_numpy(dh).to(device))
    return {
        "states": _difference(h, output.detach().cpu().numpy()),
        "gradient": _difference(dx, at.grad.cpu().numpy()),
        "library": f"cuDNN {torch.backends.cudnn.version()}" if device == "cuda" else "PyTorch's own kernels",
    }


def _difference(ours, theirs):
    return float(np.abs(ours - theirs).max() / np.abs(ours).max())


def summary(parameters, finished):
    """For each cell the largest difference of any seed, of states and of gradients."""
    cells = {}
    for cell in parameters["cells"]:
        found = [result for unit, result in finished if unit["cell"] == cell]
        cells[cell] = {"difference": max(max(result["states"], result["gradient"]) for result in found)}
    differences = ", ".join(f"{cell.upper()} {found['difference']:.1e}" for cell, found in cells.items())
    return {
        "summary": f"The largest relative difference between the NumPy cells and {finished[0][1]['library']}, in float64, of "
        f"{len(parameters['seeds'])} draws: {differences}.",
        **cells,
    }


EXPERIMENT = Experiment(
    name="cudnn-parity",
    question="Do cuDNN's RNN, LSTM and GRU compute what the NumPy cells compute?",
    scales={
        "lesson": {"cells": list(CELLS), "steps": 10, "batch": 4, "inputs": 8, "units": 16, "seeds": [0]},
        "full": {"cells": list(CELLS), "steps": 100, "batch": 32, "inputs": 64, "units": 128, "seeds": list(range(10))},
    },
    units=units, run=run, summary=summary,
)  # fmt: skip
