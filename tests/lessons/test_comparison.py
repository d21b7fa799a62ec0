"""The comparison of lessons with their references sees what it must, and overlooks what it may."""

import re
import shutil

import pytest
from tiny_book import NOTEBOOK, ROOT

from unrolled.publish import __main__, accept
from unrolled.publish.execution import Book

LESSON = NOTEBOOK + """# A lesson

```{code-cell}
# a comment
value = 2.5
print("the value is", value, " ")
print()
print("and that is all")
```

```{code-cell}
from IPython.display import display
display({"text/plain": "C030 | holds", "text/html": f"<p>{id(object())}</p>", "image/png": str(id([]))}, raw=True)
```

```{code-cell}
prefix = "application/papermill.record/"
display({prefix + "text/plain": "'2.5'"}, raw=True, metadata={"scrapbook": {"name": "n", "mime_prefix": prefix}})
```

```{code-cell}
:tags: [trained]
import time
print(time.time_ns())
```

```{code-cell}
silent = True
```
"""
REFERENCE = """What the cells of book/room/lesson.md print. Written by `make accept`; to be reviewed, not edited.

cell : value = 2.5
  stdout:
    the value is 2.5

    and that is all

cell : from IPython.display import display
  text/plain:
    C030 | holds

cell : prefix = "application/papermill.record/"
  number:
    '2.5'

cell : silent = True
"""


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    """The folder of a book of one lesson whose references were just accepted."""
    folder = tmp_path_factory.mktemp("accepted")
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n  - file: book/room/lesson\n")
    (folder / "book" / "room").mkdir(parents=True)
    (folder / "book" / "index.md").write_text("# The start\n")
    (folder / "book" / "room" / "lesson.md").write_text(LESSON)
    assert __main__.main(["accept", "--book", str(folder)]) == 0
    return folder


@pytest.fixture
def book(accepted, tmp_path):
    """A copy of that book, to be spoilt."""
    return Book.of_folder(shutil.copytree(accepted, tmp_path / "book"))


def edit(book, old, new):
    page = book.root / "book" / "room" / "lesson.md"
    text = page.read_text()
    assert old in text
    page.write_text(text.replace(old, new))


def reference(book):
    return accept.reference_path(book, "book/room/lesson")


def test_references_are_plain_text(book):
    assert re.sub(r"^cell \w{8}:", "cell :", reference(book).read_text(), flags=re.MULTILINE) == REFERENCE


def test_accept_says_what_changed_and_then_nothing(book, capsys):
    assert __main__.main(["accept", "--book", str(book.root)]) == 0
    assert capsys.readouterr().out == "No reference output has changed.\n"
    edit(book, "and that is all", "and that is enough")
    orphan = book.root / accept.FOLDER / "gone.txt"
    orphan.write_text("x\n")
    assert __main__.main(["accept", "--book", str(book.root)]) == 0
    said = capsys.readouterr().out
    assert "changed: tests/lessons/reference/room/lesson.txt" in said
    assert "removed: tests/lessons/reference/gone.txt" in said
    assert "and that is enough" in reference(book).read_text() and not orphan.exists()


def test_accept_leaves_the_references_where_a_lesson_fails(book, capsys):
    before = reference(book).read_text()
    edit(book, "silent = True", "1 / 0")
    assert __main__.main(["accept", "--book", str(book.root)]) == 1
    assert "book/room/lesson.md:33: cell `1 / 0`: ZeroDivisionError" in capsys.readouterr().err
    assert reference(book).read_text() == before


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_outputs_pass(book, nbval, threads):
    outcome = nbval(book, "book/room/lesson", threads)
    assert outcome.passed and "5 passed" in outcome.said, outcome.said


def test_a_changed_output_fails(book, nbval):
    path = reference(book)
    text = path.read_text()
    for old, new in (
        ("the value is 2.5", "the value is 2.6"),
        ("C030 | holds", "C030 | fails"),
        ("'2.5'", "'2.6'"),
        ("silent = True\n", "silent = True\n  stdout:\n    a line\n"),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    outcome = nbval(book, "book/room/lesson", 1)
    assert not outcome.passed and "4 failed, 1 passed" in outcome.said, outcome.said
    assert all(f"mismatch '{kind}'" in outcome.said for kind in ("stdout", "text/plain", accept.RECORD))


def test_a_cell_that_raises_fails_though_it_is_not_compared(book, nbval):
    edit(book, "print(time.time_ns())", "1 / 0")
    outcome = nbval(book, "book/room/lesson", 1)
    assert not outcome.passed and "ZeroDivisionError" in outcome.said, outcome.said


def test_a_lesson_that_needs_what_binder_has_not_fails(book, nbval):
    edit(book, "print(time.time_ns())", "import unrolled, numpy, torch, matplotlib, anywidget, sphinx")
    outcome = nbval(book, "book/room/lesson", 1)
    assert not outcome.passed and "No module named 'sphinx'" in outcome.said, outcome.said


def test_a_lesson_that_needs_the_clone_fails(book, nbval):
    edit(book, "print(time.time_ns())", "open('lesson.md')")
    outcome = nbval(book, "book/room/lesson", 1)
    assert not outcome.passed and "No such file or directory: 'lesson.md'" in outcome.said, outcome.said


def test_the_peak_of_the_memory_is_that_of_the_kernel(book, nbval):
    before = nbval(book, "book/room/lesson", 1).peak
    edit(book, "print(time.time_ns())", "len(bytearray(b'x') * 400_000_000)")
    assert 350 < nbval(book, "book/room/lesson", 1).peak - before < 450


def test_a_cell_without_reference_says_what_to_do(book, nbval):
    edit(book, "silent = True", "silent = False")
    with pytest.raises(accept.MismatchError) as error:
        nbval(book, "book/room/lesson", 1)
    missing, left_over = str(error.value).splitlines()
    page = "book/room/lesson.md"
    assert re.fullmatch(page + r": no reference for the cell \w+: silent = False; run `make accept` .*", missing)
    assert re.fullmatch(page + r": the reference cell \w+: silent = True has no cell any more; .*", left_over)


def test_a_lesson_without_references_and_references_without_lesson_are_seen(book, nbval):
    path = reference(book)
    path.rename(path.with_name("other.txt"))
    with pytest.raises(accept.MismatchError, match="no reference for the cell"):
        nbval(book, "book/room/lesson", 1)
    assert accept.unused(book) == [path.with_name("other.txt")]


def test_an_unknown_command_is_one_sentence(capsys):
    assert __main__.main(["publish"]) == 2
    assert capsys.readouterr().err == "there is no command 'publish'; the commands are accept, export, vendor\n"


def test_a_folder_without_a_book_is_one_sentence(tmp_path, capsys):
    assert __main__.main(["accept", "--book", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} is no book: expected a _config.yml in it, found none\n"
