"""In the browser `unrolled.lesson` has the functions that lessons use elsewhere, as far as NumPy carries."""

import inspect

from unrolled import lesson
from unrolled.lesson import browser


def test_the_names_are_those_of_the_lesson_and_most_are_the_same_functions():
    assert set(browser.__all__) < set(lesson.__all__)
    assert {name for name in browser.__all__ if getattr(browser, name) is not getattr(lesson, name)} == {"number"}


def test_a_number_for_the_prose_is_taken_and_shown_nowhere(capsys):
    assert inspect.signature(browser.number) == inspect.signature(lesson.number)
    assert browser.number("name", 0.25) is None
    assert capsys.readouterr().out == ""
