"""Where the address of the repository is known, every page leads to it, rightly; where it is not, none leads anywhere."""

import re
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup
from sphinx.errors import ConfigError
from tiny_book import NOTEBOOK, build

from unrolled.publish.repository import Repository, repository

ADDRESS = "https://github.com/Some-One/un.rolled"
PAGES = {
    "index": "# The start\n\nSome text.\n",
    "room/lesson": NOTEBOOK + "# A lesson\n\n```{code-cell}\nprint(1)\n```\n",
}


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """The same small book without and then with an address, each built; a rebuild must write every page anew."""
    folder = tmp_path_factory.mktemp("launch")
    found = {}
    for address in ("", ADDRESS):
        built = build(folder, PAGES, {"course_repository": address})
        assert built.status == 0, built.output
        site = {
            path.relative_to(built.html).as_posix(): path.read_text(encoding="utf-8")
            for path in built.html.rglob("*.*") if path.suffix in {".html", ".ipynb", ".txt", ".xml"}
        }  # fmt: skip
        found[bool(address)] = site
    return found


def links(html):
    """{what a link that leaves the site says: where it leads}."""
    found = BeautifulSoup(html, "html.parser").select("a[href*='://']")
    return {" ".join(tag.text.split()): tag["href"] for tag in found}


def test_without_an_address_nothing_leads_to_a_repository(books):
    for name, text in books[False].items():
        assert not re.search(r"github\.com|github\.io|mybinder|colab\.research", text), name
    pages = [name for name in books[False] if name.startswith("book/")]
    assert len(pages) == 2
    assert all(links(books[False][name]) == {} for name in pages)


def test_a_lesson_is_run_edited_and_reported(books):
    found = links(books[True]["book/room/lesson.html"])
    assert set(found) == {"Run on Binder", "Run on Colab", "Edit this page", "Report a problem"}
    binder, colab = urlsplit(found["Run on Binder"]), urlsplit(found["Run on Colab"])
    assert binder._replace(query="").geturl() == "https://mybinder.org/v2/gh/Some-One/un.rolled/notebooks"
    assert parse_qs(binder.query) == {"urlpath": ["lab/tree/notebooks/room/lesson.ipynb"]}
    assert colab.geturl() == (
        "https://colab.research.google.com/github/Some-One/un.rolled/blob/notebooks/notebooks/room/lesson.ipynb"
    )
    assert found["Edit this page"] == f"{ADDRESS}/edit/main/book/room/lesson.md"
    report = urlsplit(found["Report a problem"])
    assert report._replace(query="").geturl() == f"{ADDRESS}/issues/new"
    assert parse_qs(report.query) == {"title": ["A problem on book/room/lesson.md"]}


def test_a_launched_notebook_is_one_of_the_site(books):
    found = links(books[True]["book/room/lesson.html"])
    opened = [unquote(found["Run on Binder"]).split("lab/tree/")[1], found["Run on Colab"].split("/blob/notebooks/")[1]]
    assert opened == ["notebooks/room/lesson.ipynb"] * 2
    assert opened[0] in books[True]


def test_a_page_that_is_no_notebook_is_edited_and_reported_only(books):
    assert set(links(books[True]["book/index.html"])) == {"Edit this page", "Report a problem"}
    assert links(books[True]["search.html"]) == {}


def test_the_site_knows_where_it_will_be(books):
    base = "https://some-one.github.io/un.rolled/"
    assert f'<link rel="canonical" href="{base}book/index.html"' in books[True]["book/index.html"]
    assert f"<loc>{base}book/room/lesson.html</loc>" in books[True]["sitemap.xml"]
    assert f"Sitemap: {base}sitemap.xml" in books[True]["robots.txt"]
    assert 'href="/un.rolled/book/index.html"' in books[True]["404.html"]


def test_a_notebook_says_and_does_how_to_get_the_library(books):
    without, known = (nbformat.reads(books[state]["notebooks/room/lesson.ipynb"], 4).cells for state in (False, True))
    assert [cell.cell_type for cell in without] == ["markdown", "markdown", "code"]
    assert "`pip install .`" in without[0].source
    assert [cell.cell_type for cell in known] == ["markdown", "code", "markdown", "code"]
    assert known[0].source.endswith("the next cell installs it where it is missing.*")
    assert f'%pip install --quiet "unrolled @ git+{ADDRESS}@notebooks"' in known[1].source
    assert known[1].execution_count is None and known[1].outputs == []
    assert without[1:] == [cell | {"id": own.id} for cell, own in zip(known[2:], without[1:])]


@pytest.mark.parametrize(("address", "expected"), [
    ("", None), (None, None),
    (ADDRESS, Repository("Some-One", "un.rolled")), (ADDRESS + "/", Repository("Some-One", "un.rolled")),
    (ADDRESS + ".git", Repository("Some-One", "un.rolled")),
])  # fmt: skip
def test_an_address_is_read(address, expected):
    assert repository(SimpleNamespace(course_repository=address)) == expected


@pytest.mark.parametrize("address", [
    "https://gitlab.com/someone/course", "https://github.com/someone", "github.com/someone/course",
    "git@github.com:someone/course.git", "https://github.com/someone/course/tree/main", 7,
])  # fmt: skip
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ConfigError, match="expected https://github.com/OWNER/NAME or nothing, found") as error:
        repository(SimpleNamespace(course_repository=address))
    assert repr(address) in str(error.value)


def test_a_repository_may_be_the_site_of_its_owner():
    assert Repository("Some-One", "Some-One.github.io").site == "https://some-one.github.io/"
