import pytest
import torch

from unrolled.experiments.feedback import jordan_accuracy, with_answers


def test_a_step_is_told_the_right_answer_of_the_step_before():
    bits = torch.tensor([1.0, -1, -1, 1, 1, -1])
    x, told = with_answers(bits[:, None, None, None])
    assert told.shape == (6, 1, 1, 2)
    # The answer of step t is the bit of step t - 2; step 3 is told that of step 2, which is bit 0.
    assert told[:, 0, 0].tolist() == [[0, 0], [0, 0], [0, 0], [0, 1], [1, 0], [1, 0]]


def test_told_right_answers_it_guesses_and_on_its_own_output_it_learns_what_rounding_destroys():
    told, none = jordan_accuracy("answer", [0, 1])
    assert abs(told - 0.5).max() < 0.06 and none is None
    own, rounded = jordan_accuracy("output", [0, 1])
    assert own.min() > 0.95 and abs(rounded - 0.5).max() < 0.1


def test_anything_else_to_hand_on_is_refused():
    with pytest.raises(ValueError, match="output, answer, not 'state'"):
        jordan_accuracy("state", [0])
