"""What a named experiment is: a question, parameters for each scale, units of work, and what is concluded from them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Experiment:
    """One entry of `catalogue.EXPERIMENTS`. Parameters, units and results are made of what JSON can write.

    units(parameters, finished) lists the units of work that can be done now or have been done; a unit may depend on
    the results of others, for finished holds the pairs (unit, result) so far, in no particular order.
    run(parameters, unit, device) does one unit and returns its numbers. It is a function of its arguments alone: what
    chance it needs it draws from generators of its own, seeded from the unit, so that a run which was interrupted ends
    with the numbers of one which was not. It should take a minute at most: what is interrupted begins anew.
    summary(parameters, finished) returns what is concluded, an object with the key "summary", one sentence; here
    finished is in the order of units. The results that a record holds are this and the units.
    """

    name: str
    question: str
    scales: dict[str, dict]  # "lesson" and "full": the parameters; "seeds" among them, where there is chance
    units: Callable
    run: Callable
    summary: Callable
    on_cpu: dict = field(default_factory=dict)  # what of the full scale is smaller on a processor
    alone: bool = False  # whether units must not run side by side, because they are timed

    def parameters(self, scale, device):
        """The parameters at "lesson" or "full" scale on "cpu" or "cuda", as JSON gives them back.

        Raises ValueError for a scale that the experiment does not have.
        """
        if scale not in self.scales:
            raise ValueError(f"{self.name}: the scale must be {' or '.join(self.scales)}, not {scale!r}")
        smaller = self.on_cpu if (scale, device) == ("full", "cpu") else {}
        return json.loads(json.dumps(self.scales[scale] | smaller, allow_nan=False))
