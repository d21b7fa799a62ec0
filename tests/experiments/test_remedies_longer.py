"""The longer run is the scoreboard's, with more updates for some of its arms, and nothing else changed."""

from unrolled.experiments import remedies_longer, remedies_scoreboard


def test_only_the_arms_and_the_updates_differ_from_the_scoreboard():
    board = remedies_scoreboard.EXPERIMENT.parameters("full", "cpu")
    longer = remedies_longer.EXPERIMENT.parameters("full", "cpu")
    assert {name for name in board if board[name] != longer[name]} == {"arms", "updates"}
    assert longer["updates"] > 3 * board["updates"]
    assert longer["arms"].items() < board["arms"].items()


def test_the_parameters_do_not_depend_on_the_device():
    assert remedies_longer.EXPERIMENT.parameters("full", "cuda") == remedies_longer.EXPERIMENT.parameters("full", "cpu")


def test_a_record_holds_the_hash_of_the_file_that_names_the_arms():
    assert remedies_longer.EXPERIMENT.run.__module__ == remedies_longer.__name__
