"""The live cells of every lesson, run by themselves with what a browser has, print what the page shows."""

import json
import subprocess
import sys

import pytest
from tiny_book import ROOT

from unrolled.publish import accept, live
from unrolled.publish.execution import Book

BOOK = Book.of_folder(ROOT)
LIVE = {
    name: cells for name, notebook in BOOK.lessons().items()
    if (cells := [cell.source for cell in notebook.cells if "live" in cell.metadata.get("tags", [])])
}  # fmt: skip
BROWSER = """
import json, sys
sys.modules |= dict.fromkeys(["IPython", "matplotlib", "torch"])    # importing them fails
sys.path.insert(0, sys.argv[1])
import live_session
printed = []
session = live_session.Session(lambda text: printed[-1].append(text))
for code in json.load(sys.stdin):
    printed.append([])
    session.run(code, "live cell")
print(json.dumps(["".join(texts) for texts in printed]))
"""


def run_alone(cells, folder):
    """What each cell prints where only NumPy and the packed library are."""
    (folder / "unrolled.zip").write_bytes(live.pack())
    command = [sys.executable, "-I", "-c", BROWSER, str(folder / "unrolled.zip")]
    ran = subprocess.run(command, input=json.dumps(cells), capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def shown(name):
    """What the page shows under each live cell."""
    reference = accept.reference_path(BOOK, name).read_text(encoding="utf-8")
    notebook = accept.reference_notebook(BOOK.lesson(name), reference, BOOK.source(name))
    cells = [cell for cell in notebook.cells if "live" in cell.metadata.get("tags", [])]
    return ["".join(text_of(output) for output in cell.outputs) for cell in cells]


def text_of(output):
    return output.text if output.output_type == "stream" else output.data.get("text/plain", "")


def test_a_lesson_has_live_cells():
    assert LIVE


@pytest.mark.parametrize("name", LIVE)
def test_live_cells_alone_print_what_the_page_shows(name, tmp_path):
    printed = run_alone(LIVE[name], tmp_path)
    assert [text.strip() for text in printed] == [text.strip() for text in shown(name)]
    assert any(printed)


def test_a_cell_that_needs_more_than_a_browser_has_is_found(tmp_path):
    printed = run_alone(["x = 1", "import torch", "from unrolled.lesson import evidence", "x"], tmp_path)
    assert "import of torch halted" in printed[1]
    assert "cannot import name 'evidence'" in printed[2]
    assert printed[3] == "1\n"
