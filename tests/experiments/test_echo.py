"""The trainings behind the lesson on truncation, at their smallest."""

import numpy as np
import pytest
import torch

from unrolled.experiments.echo import echo_accuracy

SEEDS = [0, 1, 2]


@pytest.fixture(autouse=True)
def one_thread():
    """At this size a second thread costs more than it gives."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def accuracy(delay, piece, rate=1e-2, **settings):
    return echo_accuracy(delay, piece, [rate] * len(SEEDS), SEEDS, **{"steps": 800, **settings})


def test_a_short_delay_within_a_piece_is_learnt_and_guessing_is_half():
    assert accuracy(1, 8).min() > 0.95
    assert np.abs(accuracy(1, 8, rate=1e-9, steps=8) - 0.5).max() < 0.15


def test_a_window_learns_what_it_holds_and_nothing_else():
    assert accuracy(2, 20, window=3).min() > 0.95
    assert np.abs(accuracy(2, 20, window=2) - 0.5).max() < 0.1


def test_no_answer_in_a_piece_is_known_when_its_bit_lies_before_and_the_state_is_reset():
    assert accuracy(2, 2, state="reset", steps=600).max() < 0.65 < 0.95 < accuracy(2, 4, steps=600).min()


def test_shuffled_pieces_spoil_what_reaches_across_them():
    in_order, shuffled = (accuracy(5, 6, steps=2000, state=state) for state in ("carried", "shuffled"))
    assert in_order.min() > 0.95 > shuffled.max()


def test_a_read_out_alone_learns_less():
    assert accuracy(3, 8, train_recurrence=False).mean() < accuracy(3, 8).mean()


def test_the_same_seeds_give_the_same_numbers():
    assert np.array_equal(accuracy(2, 4, steps=80), accuracy(2, 4, steps=80))


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(ValueError, match="got 1 for 3 seeds"):
        echo_accuracy(1, 2, [1e-2], SEEDS)
    with pytest.raises(ValueError, match="one of carried, reset, shuffled, not 'kept'"):
        accuracy(1, 2, state="kept")
