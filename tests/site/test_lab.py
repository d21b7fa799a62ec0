"""The explorer in JupyterLab, in the notebook that a reader downloads: alive, and it says what NumPy and page say."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from socket import socket

import built_site
import pytest
from built_site import Look, opened, served
from tiny_book import ROOT

SECONDS = 120    # for each thing that is waited for; the whole takes a fifth of that
IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@pytest.fixture
def lab(widgets, tmp_path):
    """The address of JupyterLab with the small book's notebook open, untouched by this machine's settings."""
    (tmp_path / "home").mkdir()
    shutil.copy(widgets / "notebooks" / "flow.ipynb", tmp_path / "home")
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    environment = os.environ | {f"JUPYTER_{name}": str(tmp_path / name) for name in folders} | {
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "lessons_src"), os.environ.get("PYTHONPATH", "")]),
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser",
        f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--LabApp.news_url=None",
        f"--ServerApp.root_dir={tmp_path / 'home'}",
    ]  # fmt: skip
    with open(tmp_path / "log", "w+") as log, subprocess.Popen(command, env=environment, stderr=log) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/api", server, log)
            yield f"http://127.0.0.1:{port}/lab/tree/flow.ipynb"
        finally:
            server.terminate()


def _wait_for(address, server, log):
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, TimeoutError):
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                pytest.fail(f"JupyterLab did not start:\n{log.read()}")
            time.sleep(0.1)


def _dragged(page):
    """What the explorer says after its forget bias has been dragged and moved by a key, and that bias."""
    widget = page.locator(".gradient-flow")
    widget.get_by_text("LSTM", exact=True).click()
    slider = widget.locator("[name=bias]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.25 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], middle, steps=5)
    page.mouse.up()
    dragged = slider.input_value()
    page.keyboard.press("ArrowDown")
    assert float(slider.input_value()) == float(dragged) - 0.5
    return widget.locator(".reading").text_content(), float(slider.input_value())


def test_lab_numpy_and_page_say_the_same(browser, lab, widgets):
    with opened(browser, seen := Look()) as page:
        page.set_default_timeout(SECONDS * 1000)
        page.goto(lab)
        page.wait_for_function(IDLE)
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        page.locator(".gradient-flow .reading data").first.wait_for()
        in_lab, bias = _dragged(page)
        # The kernel's object has followed: its own computation, by unrolled.cells, is printed by the cell below.
        page.locator(".jp-CodeCell").last.click()
        page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
        printed = page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").filter(has_text=f"+ {bias:g}")
        by_numpy = printed.text_content().strip()
    assert bias > 2 and in_lab == by_numpy
    assert built_site.foreign_requests(seen) == []
    with served(widgets) as base, opened(browser, Look()) as page:
        page.goto(base + "book/flow.html")
        assert _dragged(page) == (in_lab, bias)
