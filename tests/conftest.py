"""What several folders of tests share and is slow to make."""

import clean_environment
import pytest


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The package as pip builds it from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    return clean_environment.build_wheel(folder, clean_environment.sources(folder / "sources"))


def pytest_collection_modifyitems(items):
    """Begin with the file that takes longest, so that one process is not left alone with it at the end."""
    items.sort(key=lambda item: item.path.name != "test_site.py")
