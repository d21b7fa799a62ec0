"""The named experiments. A new one is a file beside this one that defines an `EXPERIMENT`, and a line here."""

from unrolled.experiments import (
    adding_problem,
    cudnn_parity,
    gradient_by_lag,
    normalised_lstm,
    remedies_longer,
    remedies_scoreboard,
    throughput,
)

EXPERIMENTS = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (
        gradient_by_lag,
        adding_problem,
        throughput,
        cudnn_parity,
        normalised_lstm,
        remedies_scoreboard,
        remedies_longer,
    )
}
