"""Every lesson gives its committed reference outputs outside the clone, with one thread and with two, within 2 GB.

What it is as a notebook is compared besides: the cells that a reader runs are those that ran here.
"""

import nbformat
import pytest
from tiny_book import ROOT

from unrolled.publish import accept
from unrolled.publish.execution import Book
from unrolled.publish.notebooks import path_in_site

BOOK = Book.of_folder(ROOT)
LESSONS = list(BOOK.lessons())
PEAK_MB = 1900    # Binder gives 2 GB, of which JupyterLab's server takes 80 MB


def test_there_are_lessons():
    assert LESSONS


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("threads", [1, 2])
def test_lesson_gives_its_reference_outputs(nbval, record_property, name, threads):
    outcome = nbval(BOOK, name, threads)
    assert outcome.passed, outcome.said
    record_property("peak MB", outcome.peak)
    assert outcome.peak <= PEAK_MB


@pytest.mark.parametrize("name", LESSONS)
def test_the_notebook_of_the_site_has_the_cells_of_the_lesson(name):
    path = ROOT / "_build" / "html" / path_in_site(name)
    written = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    cells = [cell.source for cell in BOOK.lesson(name).cells if cell.cell_type == "code"]
    assert written[-len(cells) :] == cells
    assert all("%pip install" in cell for cell in written[: -len(cells)])    # where the repository is known


def test_no_reference_is_left_over():
    assert [str(path.relative_to(ROOT)) for path in accept.unused(BOOK)] == []
