"""Checks of a reader's answers: the same sentences in the reader's notebook and in the tests."""

import textwrap

EXERCISES = {}
LINE = 43    # characters that a phone shows beside each other


class NotYet(Exception):
    """Raised by an exercise's test: one sentence that helps, without giving the answer away."""


def exercise(name):
    """Register a test under an exercise's id. It gets the reader's answer and raises NotYet where that is wrong."""

    def register(test):
        if name in EXERCISES:
            raise ValueError(f"two tests for the exercise {name!r}")
        EXERCISES[name] = test
        return test

    return register


def something(got):
    """What the reader's function returned, if it returned anything; NotYet otherwise."""
    if got is None or got is Ellipsis:
        raise NotYet("your function returns nothing.")
    return got


def check(name, answer):
    """Say whether `answer` (usually a function) solves the exercise `name`. Prints a sentence; never raises on a wrong answer."""
    from unrolled.lesson import exercises  # noqa: F401  the import registers the tests; here, so that they may use `exercise`

    if name not in EXERCISES:
        raise ValueError(f"no exercise is called {name!r}; there are {', '.join(sorted(EXERCISES))}")
    try:
        if answer is None or answer is Ellipsis:
            raise NotYet("there is no answer in the cell.")
        EXERCISES[name](answer)
    except NotYet as hint:
        _say(f"Not yet: {hint}")
    except Exception as problem:  # whatever the reader's code raises is an answer to him, not a failure of the notebook
        _say(f"Not yet: your code stopped with {type(problem).__name__}: {problem}.")
    else:
        print("Correct.")


def _say(sentence):
    print(textwrap.fill(sentence, LINE, break_long_words=False, break_on_hyphens=False))
