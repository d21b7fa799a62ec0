"""How much of the gradient is left k steps before the loss, at initialisation, for the cells as people start them."""

import math
from statistics import median

import numpy as np
import torch

from unrolled.cells import gru, lstm, rnn
from unrolled.experiments.experiment import Experiment

CELLS = {"rnn": rnn, "gru": gru, "lstm": lstm}
# The gate that keeps the old state is started open by its bias: f of an LSTM, z of a GRU.
ARMS = {
    "rnn": {"name": "RNN (tanh)", "cell": "rnn"},
    "rnn-orthogonal": {"name": "RNN, orthogonal U", "cell": "rnn", "options": {"scheme": "orthogonal"}},
    "gru": {"name": "GRU", "cell": "gru"},
    "gru-update-3": {"name": "GRU, update bias 3", "cell": "gru", "options": {"update_bias": 3.0}},
    "lstm": {"name": "LSTM", "cell": "lstm"},
    "lstm-forget-1": {"name": "LSTM, forget bias 1", "cell": "lstm", "options": {"forget_bias": 1.0}},
    "lstm-forget-3": {"name": "LSTM, forget bias 3", "cell": "lstm", "options": {"forget_bias": 3.0}},
}


def units(parameters, finished):
    """One for each arm and seed."""
    return [{"arm": arm, "seed": seed} for arm in parameters["arms"] for seed in parameters["seeds"]]


def run(parameters, unit, device):
    """The gradient at each lag that is asked for, as a share of that at lag 0; null where it is not finite."""
    arm = parameters["arms"][unit["arm"]]
    rng = np.random.default_rng(unit["seed"])
    weights = CELLS[arm["cell"]].initialise(parameters["inputs"], parameters["units"], rng, **arm.get("options", {}))
    x = rng.standard_normal((max(parameters["lags"]) + 1, parameters["batch"], parameters["inputs"]))
    read_out = rng.standard_normal(parameters["units"])
    curve = state_gradients(arm["cell"], weights, x, read_out, device)
    ratios = [float(curve[lag] / curve[0]) for lag in parameters["lags"]]
    return {"ratio": [ratio if math.isfinite(ratio) else None for ratio in ratios]}


def state_gradients(cell, weights, x, read_out, device="cpu"):
    """The norm of dL/d(state) for lags 0, 1, ..., the mean over the batch, in float64: (T,).

    cell: "rnn", "gru" or "lstm"; weights: its Parameters; x (T, B, I). The loss L is read_out (H,) times the last h.
    The state is h; for an LSTM h and c, where the derivative by one holds the other fixed, as in unrolled.gradients.
    """
    W, U, b, x, read_out = (torch.as_tensor(v, device=device) for v in (weights.W, weights.U, weights.b, x, read_out))
    b_recurrent = torch.zeros_like(b)
    if cell == "gru" and weights.b_hn is not None:
        b_recurrent[-len(read_out) :] = torch.as_tensor(weights.b_hn, device=device)
    call = {"rnn": torch.rnn_tanh_cell, "gru": torch.gru_cell, "lstm": torch.lstm_cell}[cell]
    h = x.new_zeros(x.shape[1], len(read_out), requires_grad=True)
    c = h.detach().clone().requires_grad_() if cell == "lstm" else None
    states = []
    for x_t in x:
        if cell == "lstm":
            h, c = call(x_t, (h, c), W, U, b, b_recurrent)
            c = c.clone()  # so that its gradient leaves out the h of this step
            states.append((h, c))
        else:
            h = call(x_t, h, W, U, b, b_recurrent)
            states.append((h,))
    parts = [part for state in states for part in state]
    gradients = torch.autograd.grad((h @ read_out).sum(), parts, materialize_grads=True)  # the last c has none
    whole = torch.stack(gradients).unflatten(0, (len(states), -1)).transpose(1, 2).flatten(2)  # (T, B, S)
    # Scaled before it is squared, for the square of 1e-200 is 0.
    scale = whole.abs().amax(2, keepdim=True)
    norms = (whole / scale.where(scale > 0, 1)).norm(dim=2) * scale[..., 0]
    return norms.mean(1).flip(0).cpu().numpy()


def summary(parameters, finished):
    """For each arm the median, least and largest ratio at each lag."""
    lags, arms = parameters["lags"], {}
    for arm, made in parameters["arms"].items():
        curves = [result["ratio"] for unit, result in finished if unit["arm"] == arm]
        at_lag = {str(lag): [math.inf if r is None else r for r in at] for lag, at in zip(lags, zip(*curves))}
        arms[arm] = {"name": made["name"]} | {
            word: {lag: _finite(fold(ratios)) for lag, ratios in at_lag.items()}
            for word, fold in (("median", median), ("least", min), ("largest", max))
        }
    shown = str(next((lag for lag in lags if lag >= 100), lags[-1]))
    sizes = ", ".join(f"{arm['name']} {arm['median'][shown] or 0:.1e}" for arm in arms.values())
    return {
        "summary": f"Of the gradient at the last state, so much is left {shown} steps before it, in the median of "
        f"{len(parameters['seeds'])} draws: {sizes}.",
        "arms": arms,
    }


def _finite(value):
    return value if math.isfinite(value) else None


EXPERIMENT = Experiment(
    name="gradient-by-lag",
    question="How much of the gradient is left k steps before the loss, at initialisation?",
    scales={
        "lesson": {
            "arms": ARMS, "units": 128, "inputs": 16, "batch": 4, "seeds": list(range(5)),
            "lags": [*range(11), *range(20, 101, 10)],
        },
        "full": {
            "arms": ARMS, "units": 512, "inputs": 16, "batch": 4, "seeds": list(range(10)),
            "lags": [*range(11), *range(20, 101, 10), *range(150, 1001, 50)],
        },
    },
    units=units, run=run, summary=summary,
)  # fmt: skip
