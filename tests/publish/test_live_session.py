"""What a live cell prints reaches the page while it is printed, and no more of it than a page can hold."""

import time

import pytest

from unrolled.publish import live_session
from unrolled.publish.live_session import LIMIT, Session


@pytest.fixture
def session():
    """A session whose texts are in its `sent`."""
    sent = []
    session = Session(sent.append)
    session.sent = sent
    return session


def run(session, code, name="live cell 1"):
    """Whether the cell ran to its end, and all that it printed."""
    session.sent.clear()
    return session.run(code, name), "".join(session.sent)


def test_prints_and_the_last_value_are_shown_and_none_is_not(session):
    assert run(session, "print('a', 1)\nprint(end='b')\n[2]") == (True, "a 1\nb[2]\n")
    assert run(session, "print('a');None") == (True, "a\n")
    assert run(session, "x = 3") == (True, "")
    assert run(session, "") == (True, "")
    assert run(session, "import warnings\nwarnings.warn('beware')")[1].count("UserWarning: beware") == 1


def test_cells_share_one_session(session):
    run(session, "def double(x): return factor * x\nfactor = 2")
    run(session, "factor = 3")
    assert run(session, "double(2), __name__")[1] == "(6, '__main__')\n"


def test_an_error_shows_the_lines_of_cells_alone_and_the_session_goes_on(session):
    run(session, "import json\ndef read(text):\n    return json.loads(text)", "live cell 1")
    finished, text = run(session, "y = 1\nread('{')", "live cell 2")
    assert not finished
    assert 'File "live cell 2", line 2, in <module>\n    read(\'{\')' in text
    assert 'File "live cell 1", line 3, in read\n    return json.loads(text)' in text
    assert text.rstrip().splitlines()[-1].startswith("json.decoder.JSONDecodeError: ")
    assert text.count("File ") == 2, "only the cells' own lines"
    assert run(session, "y")[1] == "1\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('before')\nexit_now = SystemExit(3)\nraise exit_now", "before\nTraceback"),
        ("for", 'File "live cell 1", line 1'),
        ("try:\n    1 / 0\nexcept ZeroDivisionError as why:\n    raise ValueError('because') from why", "direct cause"),
        ("def f():\n    f()\nf()", "RecursionError"),
    ],
)
def test_whatever_stops_a_cell_is_told(session, code, said):
    finished, text = run(session, code)
    assert not finished
    assert said in text


def test_text_arrives_while_the_cell_runs(session, monkeypatch):
    monkeypatch.setattr(live_session, "PAUSE", 0.01)
    run(session, "import time\nprint('first')\ntime.sleep(0.02)\nprint('second')\nprint('third')")
    assert session.sent[0] == "first"
    assert len(session.sent) >= 2
    began = time.monotonic()
    run(session, "for k in range(5000): print(k)")
    assert len(session.sent) <= (time.monotonic() - began) / 0.01 + 2, "a message for every line would drown the page"


def test_a_cell_that_prints_for_ever_is_cut(session):
    finished, text = run(session, "for k in range(100_000): print('again and again')")
    assert finished
    assert text[:LIMIT] == ("again and again\n" * LIMIT)[:LIMIT]
    assert text[LIMIT:] == "\n… the rest is not shown: a cell may print 50,000 characters."
