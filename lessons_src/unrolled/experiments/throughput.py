"""How long a forward and a backward pass take: by the library, a loop over cells, the loop compiled, and as a graph."""

import os
import time
from statistics import median

import torch
from torch import nn

from unrolled.experiments.experiment import Experiment

LAYERS = {"RNN": (nn.RNN, nn.RNNCell), "LSTM": (nn.LSTM, nn.LSTMCell), "GRU": (nn.GRU, nn.GRUCell)}
WAYS = {
    "library": "one call of torch.nn.RNN, LSTM or GRU: cuDNN on a GPU, oneDNN for an LSTM on a processor",
    "loop": "a Python loop over torch.nn.RNNCell, LSTMCell or GRUCell",
    "compiled": "the same loop, its cell compiled by torch.compile",
    "graph": "the kernels of the loop recorded once as a CUDA graph, and replayed",
}


class Absent(Exception):
    """A way of computing does not exist on this device; the message says why."""


def units(parameters, finished):
    """One for each cell, way, length and size."""
    return [
        {"cell": cell, "way": way, "steps": steps, "hidden": hidden}
        for cell in parameters["cells"]
        for hidden in parameters["hidden"]
        for steps in parameters["steps"]
        for way in parameters["ways"]
    ]


def run(parameters, unit, device):
    """Milliseconds of one forward and backward pass, each of `repeats` times; or why this way is absent.

    The backward pass gives the gradient of all weights and biases, from a gradient on every step's output. On a
    processor the time is that of this process alone, which others on the machine do not lengthen (there is one thread);
    on a GPU it is the time on the clock, until the GPU has finished. float32, without TF32. Before anything is timed,
    the gradients are compared with those of the library call: "error" is the largest of their relative errors.
    """
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(0)
    sizes = parameters["inputs"], unit["hidden"]
    library = LAYERS[unit["cell"]][0](*sizes).to(device)
    x = torch.randn(unit["steps"], parameters["batch"], parameters["inputs"], device=device)
    d_output = torch.randn(unit["steps"], parameters["batch"], unit["hidden"], device=device)
    try:
        step, weights = _step(unit, library, x, d_output, device)
    except Absent as reason:
        return {"absent": str(reason)}

    def finish():
        if device == "cuda":
            torch.cuda.synchronize()

    _library_step(library, x, d_output)()
    expected = [p.grad.clone() for p in library.parameters()]
    step()
    error = max(((w.grad - e).norm() / e.norm()).item() for w, e in zip(weights, expected))
    if not error < 1e-3:
        raise ArithmeticError(f"the gradients differ from those of the library by {error:.1e}: not the same function")
    clock = time.perf_counter if device == "cuda" else time.process_time
    for _ in range(parameters["warm_up"]):
        step()
    taken = []
    for _ in range(parameters["repeats"]):
        finish()
        started = clock()
        step()
        finish()
        taken.append(1000 * (clock() - started))
    return {"milliseconds": [float(f"{t:.5g}") for t in taken], "error": float(f"{error:.1e}")}


def _step(unit, library, x, d_output, device):
    """A function that does one forward and backward pass, and the weights whose gradients it leaves."""
    if unit["way"] == "library":
        return _library_step(library, x, d_output), list(library.parameters())
    if unit["way"] == "graph" and device != "cuda":
        raise Absent("CUDA graphs exist on CUDA devices only")
    cell = LAYERS[unit["cell"]][1](x.shape[2], d_output.shape[2]).to(device)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in library.state_dict().items()})
    zeros = torch.zeros_like(d_output[0])
    initial = (zeros, zeros) if unit["cell"] == "LSTM" else zeros
    weights = list(cell.parameters())
    if unit["way"] == "loop":
        return _loop_step(cell, initial, x, d_output), weights
    if unit["way"] == "graph":
        return _replay(_loop_step(cell, initial, x, d_output)), weights
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # else it leaves helper processes behind
    step = _loop_step(torch.compile(cell), initial, x, d_output)
    try:
        step()
    except torch._dynamo.exc.TorchDynamoException as problem:
        raise Absent(f"torch.compile failed: {str(problem).strip().splitlines()[0]}") from None
    return step, weights


def _library_step(layer, x, d_output):
    def step():
        layer.zero_grad()
        layer(x)[0].backward(d_output)

    return step


def _loop_step(cell, initial, x, d_output):
    def step():
        cell.zero_grad()
        state, outputs = initial, []
        for x_t in x:
            state = cell(x_t, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        torch.stack(outputs).backward(d_output)

    return step


def _replay(step):
    """What `step` does on the GPU, as a graph: warmed up on a stream beside, then captured, as PyTorch's notes say."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def summary(parameters, finished):
    """For each cell, size and length: the times of each way, and how many times those of the library call they are."""
    table, absent = {}, {}
    for unit, result in finished:
        by_size = table.setdefault(unit["cell"], {})
        ways = by_size.setdefault(str(unit["hidden"]), {}).setdefault(str(unit["steps"]), {})
        if "absent" in result:
            absent.setdefault(unit["way"], result["absent"])
        else:
            times = result["milliseconds"]
            ways[unit["way"]] = {"median": median(times), "least": min(times), "largest": max(times)}
    for by_size in table.values():
        for by_steps in by_size.values():
            for ways in by_steps.values():
                for times in ways.values():
                    times["of_library"] = times["median"] / ways["library"]["median"]
    hidden, steps = str(parameters["hidden"][-1]), str(parameters["steps"][-1])
    sentences = []
    for cell, by_size in table.items():
        ways = by_size[hidden][steps]
        others = ", ".join(f"{way} {times['of_library']:.2g} times" for way, times in ways.items() if way != "library")
        sentences.append(f"{cell} {ways['library']['median']:.3g} ms by the library, {others} that")
    return {
        "summary": f"Forward and backward through {steps} steps of {hidden} units, batch {parameters['batch']}, in the "
        f"median of {parameters['repeats']}: {'; '.join(sentences)}.",
        "ways": {way: WAYS[way] for way in parameters["ways"]},
        "absent": absent,
        "by_cell": table,
    }


SIZES = {"cells": list(LAYERS), "ways": list(WAYS), "inputs": 64, "batch": 32}
EXPERIMENT = Experiment(
    name="throughput",
    question="How long does the same network take by the library, a loop over cells, compiled, and as a CUDA graph?",
    scales={
        "lesson": SIZES | {"ways": ["library", "loop"], "steps": [32], "hidden": [64], "repeats": 10, "warm_up": 2},
        "full": SIZES | {"steps": [64, 256, 1024], "hidden": [128, 512, 1024], "repeats": 30, "warm_up": 5},
    },
    on_cpu={"steps": [64, 256], "hidden": [64, 256], "repeats": 15, "warm_up": 2},
    units=units, run=run, summary=summary, alone=True,
)  # fmt: skip
