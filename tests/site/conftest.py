"""The built book, served on this machine."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from built_site import served
from tiny_book import build
from widget_book import PAGES

from unrolled.publish.repository import repository

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("UNROLLED_SITE") or ROOT / "_build" / "html")
REDIRECT = "index.html"


def pages():
    """The addresses of all pages of the site within its folder, without the one that only leads on."""
    found = sorted(page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html") if "_static" not in page.parts)
    return [page for page in found if page != REDIRECT]


def pytest_generate_tests(metafunc):
    """Run a test that takes a `name` on every page, and one that takes a `lesson` on every page of the book."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", pages() or ["no page was built"])
    if "lesson" in metafunc.fixturenames:
        metafunc.parametrize("lesson", [p for p in pages() if p.startswith("book/")] or ["no page was built"])


@pytest.fixture(scope="session")
def site():
    """The folder of the built book."""
    if not (SITE / "book" / "index.html").is_file():
        pytest.fail(f"There is no built book in {SITE}: run make book first, or name one in UNROLLED_SITE.")
    return SITE


@pytest.fixture(scope="session")
def ours():
    """How the links begin that lead from the frame of a page to the course's own repository; none where it has none."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    known = repository(SimpleNamespace(**settings))
    return [f"{known.address}/", known.binder(""), known.colab("")] if known else []


@pytest.fixture(scope="session")
def address(site):
    """Where the built book is served."""
    with served(site) as base:
        yield base


@pytest.fixture(scope="session")
def widgets(tmp_path_factory):
    """A small book with an explorer, with anywidgets that use all that a model can do, and with stock ipywidgets."""
    built = build(tmp_path_factory.mktemp("widgets"), PAGES)
    assert built.status == 0, built.output
    return built.html
