"""A live cell that a browser could not run stops the build, and only the pages of live cells pay for them."""

import gzip
import io
import re
import zipfile

import pytest
from bs4 import BeautifulSoup
from tiny_book import NOTEBOOK, build

from unrolled.publish import live

LESSON = NOTEBOOK + """# A page with live cells

```{code-cell}
:tags: [live]
import numpy as np
from unrolled.cells import rnn
half = 0.5
```

```{code-cell}
unseen = np.ones(1)
```

```{code-cell}
:tags: [live]
from unrolled.lesson import check, number
def attempt(x):
    return half * np.tanh(x)
check("how-long", attempt)
```
"""
PLAIN = "# A page without\n\nIts text asks for nothing and has no cell that anyone could run.\n"
BAD = "```{code-cell}\n:tags: [live]\nprint(half)\ntotal = unseen.sum()\nimport matplotlib\n```\n"
BAD += "\n```{code-cell}\n:tags: [live, remove-input]\nprint('unseen code')\n```\n"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    built = build(folder, {"lesson": LESSON, "plain": PLAIN})
    assert built.status == 0, built.output
    return folder, built


def test_only_a_page_with_live_cells_loads_the_script(book):
    pages = {name: BeautifulSoup(book[1].page(name), "html.parser") for name in ("lesson", "plain")}
    assert len(pages["lesson"].select('script[src*="_static/live.js"][defer]')) == 1
    assert not pages["plain"].select('script[src*="live"]')
    policies = {page.select_one("meta[http-equiv=Content-Security-Policy]")["content"] for page in pages.values()}
    assert len(policies) == 1


def test_the_scripts_are_small(book):
    sizes = [len(gzip.compress((book[1].html / "_static" / name).read_bytes())) for name in live.SCRIPTS]
    assert 1000 < sum(sizes) < 4000


def test_an_attempt_at_an_exercise_is_marked(book):
    page = BeautifulSoup(book[1].page("lesson"), "html.parser")
    assert ["live-exercise" in cell["class"] for cell in page.select("div.cell.tag_live")] == [False, True]


def test_the_site_says_that_python_is_not_there_and_an_earlier_python_stays(book):
    folder, built = book
    manifest = built.html / "python" / "files.json"
    assert manifest.read_text() == "{}\n"
    manifest.write_text('{"bytes": 1}')
    assert build(folder, {"lesson": LESSON, "plain": PLAIN}).status == 0
    assert manifest.read_text() == '{"bytes": 1}'


def test_a_cell_that_a_browser_cannot_run_stops_the_build_with_page_and_line(tmp_path):
    built = build(tmp_path, {"lesson": LESSON + BAD, "plain": PLAIN})
    assert built.status != 0
    line = LESSON.count("\n") + 4    # under the fence, the tags and the first line
    said = [line for line in built.output.splitlines() if "a live cell" in line]
    assert f"book/lesson.md:{line}: a live cell uses unseen, which neither it nor" in said[0]
    assert f"book/lesson.md:{line + 1}: a live cell imports matplotlib, but a browser has NumPy" in said[1]
    assert f"book/lesson.md:{line + 6}: a live cell shows no code" in said[2]


def faults(*cells):
    """The faults of the last of these cells; one that ends in check(...) counts as an exercise."""
    checker = live.Checker()
    return [checker.check(code, live.is_exercise(code)) for code in cells][-1]


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("import numpy\nimport torch", 2, "imports torch"),
        ("def late():\n    import torch.nn", 2, "imports torch.nn"),
        ("from scipy.special import expit", 1, "imports scipy.special.expit"),
        ("from unrolled.models import ensemble", 1, "imports unrolled.models.ensemble"),
        ("from unrolled.lesson import evidence", 1, "imports unrolled.lesson.evidence"),
        ("import unrolled", 1, "imports unrolled"),
        ("import ssl", 1, "imports ssl"),
        ("from . import rnn", 1, "imports ..rnn"),
        ("x = [missing for _ in range(3)]", 1, "uses missing"),
        ("def f(a):\n    b = a\n    return lambda: a + b + missing", 3, "uses missing"),
        ("class A:\n    b = missing", 2, "uses missing"),
        ("%timeit 1", 1, "is no plain Python"),
        ("", 1, "shows no code"),
    ],
)
def test_what_a_browser_has_not_is_refused(code, line, said):
    assert [(at, sentence.startswith(said)) for at, sentence in faults(code)] == [(line, True)]


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np, math\nfrom numpy import linalg\nimport unrolled.cells.lstm\nfrom unrolled import cells",
        "from unrolled.gradients import gradient_by_lag\nfrom unrolled.lesson import check, number, significant",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    b: int = 1\nprint(A(), __name__)",
        "def f(n):\n    return f(n - 1) if n else [k * n for k in range(n)]\nprint(f(3))",
        "for a, (b, *c) in []:\n    with open(a) as d:\n        print(b, c, d)",
    ],
)
def test_what_a_browser_has_is_accepted(code):
    assert faults(code) == []


def test_a_name_comes_from_an_earlier_live_cell_but_not_from_an_exercise():
    assert faults("a = 1", "print(a)") == []
    [(line, said)] = faults("def a(): ...\ncheck('x', a)", "print(a)")
    assert (line, said) == (1, "uses a, which neither it nor an earlier live cell defines")


@pytest.mark.parametrize(
    ("code", "is_one"),
    [("def f(): ...\n\ncheck('f', f)", True), ("check('f', f)\nprint(1)", False), ("check_cell(rnn)", False)],
)
def test_an_exercise_ends_in_its_check(code, is_one):
    assert live.is_exercise(code) is is_one


def test_the_pack_holds_what_live_cells_may_import_and_nothing_else():
    names = set(zipfile.ZipFile(io.BytesIO(live.pack())).namelist())
    assert {"live_session.py", "unrolled/cells/lstm.py", "unrolled/lesson/__init__.py"} <= names
    rooms = {re.match(r"unrolled/(\w+)/", name)[1] for name in names if name.count("/") > 1}
    assert rooms == {"cells", "gradients", "lesson"}
    assert live.pack() == live.pack()


def test_a_module_of_the_pack_that_asks_for_more_is_refused(tmp_path, monkeypatch):
    with zipfile.ZipFile(io.BytesIO(live.pack())) as archive:
        archive.extractall(tmp_path)
    library = tmp_path / "unrolled"
    (library / "publish").mkdir()
    (tmp_path / "live_session.py").rename(library / "publish" / "live_session.py")
    (library / "lesson" / "__init__.py").rename(library / "lesson" / "browser.py")
    monkeypatch.setattr(live, "LIBRARY", library)
    live.pack()
    with open(library / "lesson" / "exercises" / "activations.py", "a", encoding="utf-8") as exercises:
        exercises.write("\n\ndef late():\n    import torch\n")
    live.pack()
    (library / "lesson" / "checks.py").write_text("import math\nimport torch\n")
    with pytest.raises(live.LiveError, match=r"lesson.checks\.py:2: imports torch, which a browser has not"):
        live.pack()
