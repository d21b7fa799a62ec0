"""Widgets without a kernel: what the site's own script draws, and what it leaves to Jupyter's widget manager."""

import json
import re
from dataclasses import replace

import built_site
import nbformat
import pytest
from bs4 import BeautifulSoup
from built_site import Look, opened, served

from unrolled.publish.execution import Book
from unrolled.publish.site import POLICY

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def visit(browser, widgets):
    """A function that opens a page of the small book; what the page said is at the end in `visit.seen`."""
    contexts = []

    def open_page(name):
        visit.seen = Look()
        contexts.append(opened(browser, visit.seen))
        page = contexts[-1].__enter__()
        page.goto(f"{base}book/{name}.html")
        return page

    visit = open_page
    with served(widgets) as base:
        yield open_page
        for context in contexts:
            context.__exit__(None, None, None)


def head(widgets, name):
    """The scripts that a page loads, without their versions, and its policy."""
    page = BeautifulSoup((widgets / "book" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    policy = page.select_one("meta[http-equiv]")["content"]
    return [script["src"].partition("?")[0] for script in page.select("script[src]")], policy


def test_only_pages_with_widgets_load_and_allow_what_these_need(widgets):
    scripts, policy = head(widgets, "index")
    assert not [name for name in scripts if "widget" in name or "explorers" in name] and policy == POLICY
    for name in ("flow", "models"):
        scripts, policy = head(widgets, name)
        assert [s for s in scripts if "widget" in s or "explorers" in s] == ["../_static/explorers.js"]
        assert policy == POLICY.replace("script-src 'self'", "script-src 'self' blob:")
    scripts, policy = head(widgets, "stock")
    folder = "../_static/widget-manager/"
    assert [s.removeprefix(folder) for s in scripts if "widget" in s or "explorers" in s] == [
        "requirejs/require.js", "widget-manager.js", "@jupyter-widgets/html-manager/embed-amd.js"
    ]  # fmt: skip
    assert policy == POLICY.replace("script-src 'self'", "script-src 'self' blob: 'unsafe-eval'")


def test_the_manager_is_published_only_where_a_page_needs_it(site, widgets):
    assert (widgets / "_static" / "widget-manager" / "requirejs" / "LICENSE").is_file()
    assert not (site / "_static" / "widget-manager").exists()


def test_models_are_shared_and_linked_and_hold_bytes(visit):
    page = visit("models")
    counts = page.locator(".widget-subarea > div")
    assert counts.all_text_contents() == ["1 of 1", "1 of 1", "1 of 1", "1 of 1", "2.5 4 3"]
    assert counts.first.evaluate("e => getComputedStyle(e).letterSpacing") == "3px"
    assert page.locator("p").first.evaluate("e => getComputedStyle(e.parentElement).letterSpacing") == "normal"
    counts.nth(2).click()
    assert counts.all_text_contents()[:4] == ["2 of 1"] * 4
    counts.nth(3).click()    # jsdlink leads one way
    assert counts.all_text_contents()[:4] == ["2 of 1", "2 of 1", "2 of 1", "3 of 1"]
    counts.nth(1).click(button="right")    # one view stops listening; others go on
    counts.nth(0).click()
    assert counts.all_text_contents()[:4] == ["3 of 1", "2 of 1", "3 of 1", "3 of 1"]
    assert built_site.foreign_requests(visit.seen) == []


def test_a_widget_that_fails_leaves_its_picture_and_the_others(visit):
    page = visit("models")
    assert page.get_by_text("The picture stays.", exact=True).is_visible()
    assert page.locator(".widget-subarea").count() == 5
    assert built_site.complaints(visit.seen) == ["console exception: not today"]


def test_the_manager_draws_stock_widgets_from_this_site(visit):
    page = visit("stock")
    slider = page.locator(".widget-slider")
    slider.locator(".noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    assert slider.locator(".widget-readout").text_content() == "8"
    page.locator(".widget-play button").first.click()
    assert page.get_by_text("An anywidget, too.", exact=True).is_visible()
    page.evaluate("document.fonts.ready.then(() => true)")
    assert any("woff2" in address and "widget-manager" in address for address, _ in visit.seen.requests)
    assert built_site.foreign_requests(visit.seen) == []
    # Its validator finds its own schema too liberal.
    assert [said for said in built_site.complaints(visit.seen) if "strictTypes" not in said] == []


def test_the_same_execution_gives_the_same_page(widgets):
    book = Book.of_folder(widgets.parents[1])
    name = "book/flow"
    before = book.executed(name)
    replace(book, pages={name: book.pages[name]}).refresh(force=True)
    after = book.executed(name)
    assert after.metadata == before.metadata
    assert [cell.get("outputs") for cell in after.cells] == [cell.get("outputs") for cell in before.cells]


def test_a_notebook_leaves_with_the_picture_and_without_the_state(widgets):
    notebook = nbformat.read(widgets / "notebooks" / "flow.ipynb", 4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown, caption, said = outputs
    assert set(shown.data) == {"text/plain", "image/png"}
    assert shown.data["text/plain"].strip() == said.text.strip()
    assert said.text.strip() in caption.data["text/plain"]
    text = json.dumps(notebook)
    assert VIEW not in text and "_esm" not in text and not re.search(r"widget-\d", text)
