"""What several folders of tests share and is slow to make."""

import clean_environment
import pytest
from playwright.sync_api import sync_playwright
from xdist.scheduler import LoadFileScheduling

from unrolled.publish.bootstrap import find_browser


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The package as pip builds it from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    return clean_environment.build_wheel(folder, clean_environment.sources(folder / "sources"))


@pytest.fixture(scope="module")
def browser():
    """One headless Chromium or Chrome for a file: while Playwright is open, no other event loop runs in its process."""
    path = find_browser()
    if not path:
        pytest.fail("No Chromium or Chrome was found: run make test, which installs one, or install it yourself.")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


class ByFileAndPage(LoadFileScheduling):
    """Gives a process whole files, whose tests share fixtures, but test_site.py page by page: it takes longest.

    Marks of xdist_group would say the same, but xdist 3.8 does not see them with pytest 9.2 (pytest-xdist#1386).
    """

    def _split_scope(self, nodeid):
        page = nodeid.partition("test_site.py::")[2].partition("[")[2]
        return page or super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return ByFileAndPage(config, log)


def pytest_collection_modifyitems(items):
    """Begin with the file that takes longest, so that one process is not left alone with it at the end."""
    items.sort(key=lambda item: item.path.name != "test_site.py")
