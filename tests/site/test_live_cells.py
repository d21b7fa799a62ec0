"""Live cells in a real browser: with Python they run, without it they say where else to."""

import json
import re
import shutil

import built_site
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_python import put_into
from built_site import DESKTOP, NARROW, Look, opened, served
from playwright.sync_api import expect

from unrolled.publish import live

READY = 120_000  # milliseconds that Python may take to start on a busy machine
AXE = "async () => (await axe.run('div.cell.tag_live', {resultTypes: ['violations']})).violations.map(v => v.id)"
OUT_OF_REACH = """() => [...document.querySelectorAll("div.cell.tag_live pre")]
  .filter(pre => pre.scrollWidth > pre.clientWidth && pre.tabIndex < 0).length"""
CARRY_BACK = """
def carry_back(U, h, delta):
    for state in h[::-1]:
        delta = U.T @ ((1 - state**2) * delta)
    return delta

check("carry-back", carry_back)
"""


@pytest.fixture(scope="module")
def live_page():
    """The address of the page with live cells on which the exercise `carry-back` is set."""
    return "book/gradients/why-gradients-vanish.html"


@pytest.fixture(scope="module")
def without_python(site, tmp_path_factory):
    """A copy of the site without Python, as `make book` leaves it."""
    copy = tmp_path_factory.mktemp("without") / "html"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("python"))
    (copy / "python").mkdir()
    (copy / "python" / "files.json").write_text("{}")
    return copy


@pytest.fixture(scope="module")
def seen():
    """What the page of the fixture `page` asked for and complained of."""
    return Look()


@pytest.fixture(scope="module")
def page(browser, site, live_page, seen, tmp_path_factory):
    """The page on a copy of the site with Python, whose session the tests share."""
    copy = tmp_path_factory.mktemp("with") / "html"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("python"))
    put_into(copy)
    with served(copy) as address, opened(browser, seen) as page:
        page.goto(address + live_page)
        yield page


class Cell:
    """A live cell of an open page, by its number from 0."""

    def __init__(self, page, number):
        self.page = page
        self.element = page.locator("div.cell.tag_live").nth(number)
        self.status = self.element.locator("[role=status]")
        self.printed = self.element.locator(".live-output")
        self.editor = self.element.locator("textarea")

    def text(self):
        return self.printed.text_content().strip()

    def press(self, name):
        self.element.get_by_role("button", name=name).click()

    def run(self, status="Done"):
        self.press("Run")
        self.wait(status)

    def wait(self, status="Done"):
        expect(self.status).to_have_text(re.compile(status), timeout=READY)

    def write(self, code):
        if not self.editor.count():
            self.press("Edit")
        self.editor.fill(code)


def exercise(page, name):
    """The live cell that ends in the check of an exercise."""
    codes = page.locator("div.cell.tag_live .cell_input pre").all_text_contents()
    return Cell(page, next(number for number, code in enumerate(codes) if f'check("{name}"' in code))


def test_without_python_the_button_leads_to_the_notebook(browser, without_python, live_page):
    seen = Look()
    with served(without_python) as address, opened(browser, seen) as page:
        page.goto(address + live_page)
        cell = Cell(page, 0)
        cell.run("did not start: this copy of the site has none. The notebook of this lesson runs in any Jupyter.")
        assert cell.element.get_by_role("button", name="Run").is_enabled()
        with page.expect_download() as download:
            cell.status.get_by_role("link").click()
        assert json.loads(download.value.path().read_text())["nbformat"] == 4
    assert built_site.foreign_requests(seen) == []
    assert built_site.complaints(seen) == []


def test_opened_from_a_folder_the_button_says_so(browser, without_python, live_page):
    seen = Look()
    with opened(browser, seen) as page:
        page.goto((without_python / live_page).as_uri())
        Cell(page, 0).run("did not start: it cannot in a page from a folder, only in one from a server. The notebook")
    assert built_site.complaints(seen) == []


def test_a_python_that_breaks_on_its_way_is_told_and_can_be_tried_again(browser, without_python, live_page, tmp_path):
    broken = tmp_path / "html"
    shutil.copytree(without_python, broken)
    (broken / "python" / "files.json").write_text('{"bytes": 1}')
    (broken / "python" / "pyodide.js").write_text("throw new Error('half of a file')")
    with served(broken) as address, opened(browser, Look()) as page:
        page.goto(address + live_page)
        Cell(page, 1).run("Python did not start: .*half of a file.*The notebook")
        (broken / "_static" / "live-worker.js").unlink()
        Cell(page, 0).run("Python did not start: its worker could not be loaded. The notebook")


def test_live_cells_print_what_the_book_printed(page, seen):
    before = len(seen.requests)
    assert not any("live-worker" in address or "/python/" in address for address, _ in seen.requests), "fetched unasked"
    cells = [Cell(page, number) for number in range(page.locator("div.cell.tag_live").count())]
    cells = [cell for cell in cells if not cell.element.evaluate("cell => cell.classList.contains('live-exercise')")]
    assert len(cells) > 2
    built = ["".join(cell.element.locator(".cell_output pre").all_text_contents()).strip() for cell in cells]
    cells[-1].run()
    for cell, text in zip(cells, built):
        assert cell.status.inner_text() == ("Done." if text else "Done; it printed nothing.")
        assert cell.text() == text
        assert not cell.element.locator(".cell_output").is_visible() or not text
    assert any("numpy" in address for address, _ in seen.requests[before:])
    assert built_site.foreign_requests(seen) == []
    assert built_site.complaints(seen) == []


def test_an_exercise_is_solved_and_reset(page):
    cell = exercise(page, "carry-back")
    starter = cell.element.inner_text()
    cell.run()
    assert cell.text() == "Not yet: your function returns nothing."
    cell.write(CARRY_BACK.replace("U.T", "U"))
    cell.run()
    assert cell.text().split() == "Not yet: you multiply by U; going backwards it is U transposed.".split()    # wrapped
    cell.write(CARRY_BACK)
    cell.run()
    assert cell.text() == "Correct."
    cell.press("Reset")
    assert cell.element.inner_text() == starter


def test_the_keyboard_edits_runs_and_leaves(page):
    cell = exercise(page, "carry-back")
    cell.element.get_by_role("button", name="Edit").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("for k in range(2):\nprint(k)\nprint(-k)")
    page.keyboard.press("Control+Enter")
    cell.wait()
    assert cell.text() == "0\n0\n1\n-1", "a line begins under the one above, deeper after a colon"
    page.keyboard.press("Control+z")
    assert cell.editor.input_value() != "for k in range(2):\n    print(k)\n    print(-k)"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run"
    cell.press("Reset")
    assert page.evaluate("document.activeElement.textContent") == "Run"


def test_a_cell_waits_for_those_above_as_they_now_stand(page):
    first, second, third = (Cell(page, number) for number in range(3))
    third.run()
    first.write("raise ValueError('not today')")
    third.run("Not run: a live cell above ended with an error")
    assert first.text().endswith("ValueError: not today")
    assert 'File "live cell 1", line 1' in first.text()
    first.press("Reset")
    second.write("T = 'changed'")
    third.run("Ended with an error")
    assert "TypeError" in third.text()
    second.press("Reset")
    third.run()
    third.press("Reset")


def test_a_cell_that_never_ends_is_stopped_and_the_next_run_begins_anew(page, seen):
    cell, other = Cell(page, 0), Cell(page, 1)
    cell.write("print('begun')\nwhile True: pass")
    cell.press("Run")
    expect(cell.printed).to_have_text("begun", timeout=READY)
    expect(cell.status).to_have_text("Running…")
    assert other.element.get_by_role("button", name="Run").is_disabled()
    cell.press("Stop")
    expect(cell.status).to_have_text("Stopped. The next run begins with a new Python.")
    other.press("Run")
    other.press("Stop")
    expect(other.status).to_have_text("Stopped. The next run begins with a new Python.")
    cell.press("Reset")
    other.run()
    assert "product against differences" in other.text()
    assert seen.errors == []


def test_the_browser_has_the_modules_that_live_cells_may_import(page):
    cell = Cell(page, 0)
    cell.write(
        "import sys\nfrom importlib.util import find_spec\n"
        "print(*sorted(name for name in sys.stdlib_module_names if name[0] != '_' and not find_spec(name)))"
    )
    cell.run()
    assert set(cell.text().split()) - live.NOT_IN_BROWSER == set()
    cell.press("Reset")


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", NARROW)])
def test_a_running_cell_is_for_everyone_and_fits(page, scheme, size):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    done, failed = Cell(page, 1), exercise(page, "carry-back")
    done.run()
    failed.write("print('a long word' * 40)\n" + "no_such_name  # " + "a long line " * 20)
    failed.run("Ended with an error")
    page.evaluate(Axe().axe_script)
    assert page.evaluate(AXE) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    failed.press("Reset"), done.press("Reset")
    assert page.evaluate(OUT_OF_REACH) == 0
