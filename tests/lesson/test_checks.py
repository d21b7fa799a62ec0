"""Every exercise has its answers in the tests; and one that does not exist is the lesson's mistake, not the reader's."""

import re
from pathlib import Path

import pytest

from unrolled.lesson import check, exercises
from unrolled.lesson.checks import EXERCISES, NotYet

ANSWERED = re.compile(r'^    \("([\w-]+)", .*, "Correct\."\),$', re.MULTILINE)


def test_every_exercise_has_a_solution_in_the_tests():
    answers = (Path(__file__).parent / "exercises").glob("test_*.py")
    solved = {name for file in answers for name in ANSWERED.findall(file.read_text(encoding="utf-8"))}
    assert solved == set(EXERCISES)


def test_every_lesson_file_of_exercises_was_imported():
    files = {path.stem for path in Path(exercises.__file__).parent.glob("[!_]*.py")}
    assert {test.__module__.rpartition(".")[2] for test in EXERCISES.values()} == files


def test_an_unknown_exercise_is_an_error_of_the_lesson_not_of_the_reader():
    with pytest.raises(ValueError, match="no exercise is called 'carry-bck'; there are carry-back, "):
        check("carry-bck", len)


def test_no_hint_is_wider_than_a_phone_and_no_word_of_it_is_cut(capsys, monkeypatch):
    hint = "so many words that they do not stand in one line of a phone, and " + 60 * "x"

    def refuse(answer):
        raise NotYet(hint)

    monkeypatch.setitem(EXERCISES, "too-long", refuse)
    check("too-long", len)
    said = capsys.readouterr().out
    assert said.split() == f"Not yet: {hint}".split()
    assert max(len(line) for line in said.splitlines() if "xx" not in line) <= 43
