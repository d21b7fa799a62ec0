"""What a reader is told about an answer."""

import pytest

from unrolled.lesson import check


@pytest.fixture
def told(capsys):
    """A function that gives an answer to an exercise and returns what is said to it."""

    def told(name, answer, solved):
        check(name, answer)
        said = " ".join(capsys.readouterr().out.split())    # it is wrapped for a phone
        assert said.startswith("Correct." if solved else "Not yet: ")
        return said

    return told
