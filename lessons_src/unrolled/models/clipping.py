"""An optimiser that clips the gradient before each of its steps: what an RNN's training loop needs around the update."""

import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_, get_total_norm

METHODS = ("norm", "tensor", "value")


class Clipped:
    """`optimiser`, with the gradient clipped to `limit` before each step.

    by: "norm" scales all gradients together to a norm of at most `limit` (Pascanu, Mikolov and Bengio, 2013, algorithm
    1), "tensor" each parameter's gradient on its own, "value" cuts every entry to ±limit.
    Raises ValueError for an unknown method, or a limit that is not positive.
    """

    def __init__(self, optimiser, limit, by="norm"):
        if by not in METHODS:
            raise ValueError(f"by must be one of {', '.join(METHODS)}, not {by!r}")
        if not limit > 0:
            raise ValueError(f"limit must be positive, not {limit!r}")
        self.optimiser, self.limit, self.by = optimiser, limit, by

    def zero_grad(self):
        """What the optimiser's does."""
        self.optimiser.zero_grad()

    def step(self, scaler=None):
        """Clip and update the parameters; returns the norm of all gradients together as it was before.

        scaler: the torch.amp.GradScaler that scaled the loss. It unscales the gradients before they are clipped, leaves
        the update out where one of them is not finite, and adapts its scale.
        Raises FloatingPointError, with the parameters as they were, for a norm that is not finite where no scaler looks.
        """
        if scaler is not None:
            scaler.unscale_(self.optimiser)
        parameters = [p for group in self.optimiser.param_groups for p in group["params"] if p.grad is not None]
        norm = get_total_norm([p.grad for p in parameters])
        if scaler is None and not torch.isfinite(norm):
            raise FloatingPointError(f"the norm of the gradient is {norm.item()}; no clipping makes a step of it")
        if self.by == "value":
            clip_grad_value_(parameters, self.limit)
        else:
            for group in [parameters] if self.by == "norm" else parameters:
                clip_grad_norm_(group, self.limit)
        if scaler is None:
            self.optimiser.step()
        else:
            scaler.step(self.optimiser)
            scaler.update()
        return norm
