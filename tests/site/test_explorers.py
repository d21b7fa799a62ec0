"""The explorer of the first lesson in a real browser: its numbers, and whoever wants to move it, by whatever means."""

import gzip
import json
import re
from types import SimpleNamespace

import built_site
import numpy as np
import pytest
from built_site import AXE, DESKTOP, PHONE, Look, opened, served

from unrolled.lesson.explorers import GradientFlow
from unrolled.lesson.explorers.gradient_flow import CELLS, NETWORKS, UNITS, network

PAGE = "book/gradients/why-gradients-vanish.html"
SCRIPTS_KB = 5
STATE = "application/vnd.jupyter.widget-state+json"
STATES = [
    (cell, scale, bias, steps)
    for cell in CELLS
    for scale, bias, steps in [(1, 0, 100), (0.2, -2, 100), (2.2, 3, 100), (4, 0, 100), (4, 6, 55), (1.7, 4.5, 10)]
]
ALONE = """() => {
  for (let part = document.querySelector(".explorer"); part !== document.body; part = part.parentElement) {
    for (const other of [...part.parentElement.children]) if (other !== part) other.remove();
  }
}"""
LEFT = """async ([script, states, sizes]) => {
  const { range } = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  return states.map(([cell, scale, bias, steps]) => range({ cell, scale, bias, steps }, sizes));
}"""


@pytest.fixture(scope="module")
def small(widgets):
    """The address of a page with nothing but the explorer: it loads at once."""
    with served(widgets) as base:
        yield base + "book/flow.html"


@pytest.fixture
def flow(browser, address, small):
    """A function that opens the explorer, in its lesson or alone, and gives what a reader has in hand."""
    contexts = []

    def open_page(in_lesson=False):
        context = opened(browser, seen := Look())
        page = context.__enter__()
        contexts.append(context)
        page.goto(address + PAGE if in_lesson else small)
        widget = page.locator(".gradient-flow")
        widget.locator(".reading data").first.wait_for()
        return SimpleNamespace(
            page=page, seen=seen, widget=widget,
            slider=lambda name: widget.locator(f"[name={name}]"),
            said=lambda: widget.locator(".reading").text_content(),
        )  # fmt: skip

    yield open_page
    for context in contexts:
        context.__exit__(None, None, None)


def said_by_numpy(cell="RNN", scale=1.0, bias=0.0, steps=100):
    """What Python says of a state, after a computation of its own by unrolled.cells."""
    return GradientFlow(cell=cell, scale=float(scale), bias=float(bias), steps=steps).reading()


def left_by_jacobians(cell, scale, bias, steps):
    """log10 of what is left at each lag, (networks, steps + 1), from the step Jacobians of unrolled.cells."""
    curves = []
    for number in range(NETWORKS):
        parameters, x, readout = network(cell, number, float(scale), float(bias))
        _, tape = CELLS[cell].forward(parameters, x[:steps])
        jacobians = CELLS[cell].step_jacobians(parameters, tape)[:, 0]
        gradient = np.zeros(jacobians.shape[-1])
        gradient[:UNITS] = readout
        norms = [np.linalg.norm(gradient)]
        for jacobian in jacobians[::-1]:
            gradient = jacobian.T @ gradient
            norms.append(np.linalg.norm(gradient))
        curves.append(np.log10(norms) - np.log10(norms[0]))
    return np.array(curves)


def script_and_sizes(site):
    """The explorer's script and its constants, as the page holds them."""
    html = (site / PAGE).read_text(encoding="utf-8")
    states = json.loads(re.search(rf'<script type="{re.escape(STATE)}">(.*?)</script>', html, re.DOTALL)[1])["state"]
    state = next(model["state"] for model in states.values() if "_esm" in model["state"])
    return state["_esm"], state["sizes"]


def test_the_browser_computes_what_unrolled_cells_compute(site, browser):
    script, sizes = script_and_sizes(site)
    with opened(browser, Look()) as page:
        curves = page.evaluate(LEFT, [script, STATES, sizes])
    for state, got in zip(STATES, curves, strict=True):
        expected = np.sort(left_by_jacobians(*state), axis=0)[[0, NETWORKS // 2, NETWORKS - 1]]
        # Where the gradient grows, so does the difference between two ways of rounding, by as much.
        tolerance = 1e-12 * max(1, 10 ** expected.max())
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance, err_msg=str(state))


def test_a_wrong_equation_would_be_seen(site, browser):
    script, sizes = script_and_sizes(site)
    wrong = script.replace("(1 - shown * shown)", "(1 - shown)")
    assert wrong != script
    with opened(browser, Look()) as page:
        right, other = (page.evaluate(LEFT, [text, [["LSTM", 1, 0, 20]], sizes])[0] for text in (script, wrong))
    assert np.abs(np.subtract(right, other)).max() > 1e-6


def test_page_and_python_say_the_same(flow):
    here = flow()
    for cell, scale, bias, steps in STATES[::2]:
        here.widget.get_by_label(cell, exact=True).check()
        here.slider("scale").fill(str(scale))
        if cell != "RNN":
            here.slider("bias").fill(str(bias))
        here.slider("steps").fill(str(steps))
        assert here.said() == said_by_numpy(cell, scale, bias, steps)
        median = np.median(left_by_jacobians(cell, scale, bias, steps)[:, -1])
        shown = float(here.widget.locator(".reading data").first.get_attribute("value"))
        assert abs(np.log10(shown) - median) <= 1e-12 * max(1, 10**median)
    assert built_site.complaints(here.seen) == []


def test_it_is_dragged_by_mouse(flow):
    here = flow(in_lesson=True)
    assert here.said() == said_by_numpy()
    here.widget.get_by_text("LSTM", exact=True).click()
    assert here.said() == said_by_numpy("LSTM")
    here.slider("bias").scroll_into_view_if_needed()
    box = here.slider("bias").bounding_box()
    middle = box["y"] + box["height"] / 2
    here.page.mouse.move(box["x"] + 0.25 * box["width"], middle)
    here.page.mouse.down()
    readings = set()
    for part in (0.4, 0.5, 0.6, 0.75):
        here.page.mouse.move(box["x"] + part * box["width"], middle)
        bias = float(here.slider("bias").input_value())
        assert here.said() == said_by_numpy("LSTM", bias=bias)
        readings.add(here.said())
    here.page.mouse.up()
    assert len(readings) == 4, "the sentence follows the drag"
    assert built_site.complaints(here.seen) == []


def test_it_is_moved_by_keyboard_alone(flow):
    here = flow()
    here.page.get_by_role("radio", name="RNN", exact=True).focus()
    here.page.keyboard.press("ArrowRight")
    here.page.keyboard.press("ArrowRight")
    assert here.said() == said_by_numpy("GRU")
    here.page.keyboard.press("Tab")
    here.page.keyboard.press("ArrowRight")
    assert here.said() == said_by_numpy("GRU", 1.1)
    here.page.keyboard.press("Home")
    here.page.keyboard.press("Tab")
    here.page.keyboard.press("End")
    here.page.keyboard.press("Tab")
    here.page.keyboard.press("ArrowLeft")
    assert here.said() == said_by_numpy("GRU", 0.2, 6, 95)
    outline = here.slider("steps").evaluate("e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth")
    assert outline == "solid2px", "where the reader is must be visible"


def test_it_is_dragged_by_a_finger_on_a_phone(browser, address):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address + PAGE)
    slider = page.locator(".gradient-flow [name=scale]")
    slider.scroll_into_view_if_needed()
    page.locator(".gradient-flow").get_by_text("LSTM", exact=True).tap()
    box = slider.bounding_box()
    fingers = context.new_cdp_session(page)

    def touch(kind, part):
        points = [] if part is None else [{"x": box["x"] + part * box["width"], "y": box["y"] + box["height"] / 2}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.2)
    for part in (0.3, 0.4, 0.5):
        touch("touchMove", part)
    touch("touchEnd", None)
    scale = float(slider.input_value())
    assert scale > 1.5
    assert page.locator(".gradient-flow .reading").text_content() == said_by_numpy("LSTM", scale)
    sizes = page.locator(".gradient-flow :is(label:has(input), input[type=range])")
    assert min(sizes.nth(n).bounding_box()["height"] for n in range(sizes.count())) >= 32, "fingers need room"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_what_does_not_apply_is_said_and_cannot_be_moved(flow):
    here = flow()
    assert here.slider("bias").is_disabled()
    assert "Bias of a gate no gate" in " ".join(here.widget.inner_text().split())
    here.widget.get_by_label("GRU", exact=True).check()
    assert here.page.get_by_role("slider", name="Bias, update gate", exact=True).is_enabled()


def test_it_is_spoken(flow):
    here = flow()
    here.widget.get_by_label("LSTM", exact=True).check()
    here.slider("bias").fill("3")
    expected = said_by_numpy("LSTM", bias=3)
    assert here.page.get_by_role("status").filter(has_text="gradient is left").text_content() == expected
    assert expected in here.widget.locator(".plot > svg").get_attribute("aria-label")
    names = {here.slider(name).evaluate("e => e.labels[0].textContent") for name in ("scale", "bias", "steps")}
    assert names == {"Recurrent weights", "Bias, forget gate", "Steps"}
    assert here.slider("bias").get_attribute("aria-valuetext") == "+ 3"


def violations(page):
    """What axe finds where the explorer is all that the page has."""
    page.evaluate(ALONE)
    page.evaluate(built_site.Axe().axe_script)
    return [violation["id"] for violation in page.evaluate(AXE, {}) if violation["id"] != "page-has-heading-one"]


def test_axe_finds_nothing_in_it(flow):
    here = flow()
    here.widget.get_by_label("LSTM", exact=True).check()
    for scheme in ("light", "dark"):
        for size in (DESKTOP, PHONE):
            here.page.emulate_media(color_scheme=scheme)
            here.page.set_viewport_size(size)
            assert violations(here.page) == []
            assert here.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_axe_looks_inside_it(flow):
    here = flow()
    here.slider("steps").evaluate("e => e.labels[0].remove()")
    assert violations(here.page) == ["label"]


def test_without_script_and_on_paper_there_is_the_picture(flow, browser, address):
    here = flow(in_lesson=True)
    picture = here.page.locator(".explorer > figure")
    assert picture.is_hidden() and here.widget.is_visible()
    here.page.emulate_media(media="print")
    assert picture.is_visible() and here.widget.is_hidden()
    with opened(browser, Look(), javascript=False) as page:
        page.goto(address + PAGE)
        assert page.locator(".explorer > figure svg[role=img]").is_visible()
        assert said_by_numpy() in page.locator(".explorer > figure figcaption").inner_text()


def test_it_works_in_a_page_opened_from_a_folder(browser, site):
    with opened(browser, seen := Look()) as page:
        page.goto((site / PAGE).as_uri())
        page.locator(".gradient-flow [name=steps]").fill("50")
        assert page.locator(".gradient-flow .reading").text_content() == said_by_numpy(steps=50)
    assert built_site.complaints(seen) == []


def test_its_scripts_are_small(site):
    script, _ = script_and_sizes(site)
    host = (site / "_static" / "explorers.js").read_text(encoding="utf-8")
    weight = sum(len(gzip.compress(text.encode(), mtime=0)) for text in (script, host))
    assert weight <= SCRIPTS_KB * 1000


def test_it_asks_for_nothing_but_its_script(flow):
    here = flow(in_lesson=True)
    before = len(here.seen.requests)
    here.slider("scale").fill("2")
    assert len(here.seen.requests) == before
    asked = [address for address, _ in here.seen.requests if "widget" in address or "explorers" in address]
    assert len(asked) == 1 and "_static/explorers.js" in asked[0]
    assert built_site.foreign_requests(here.seen) == []
