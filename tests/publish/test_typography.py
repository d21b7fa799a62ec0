"""No line of a page ends where a reader would stumble."""

import pytest
from bs4 import BeautifulSoup
from tiny_book import build

PAGE = """# A page

About `3 of 20` learnt {footcite:p}`bengio1994`, that is *3* of **20** or *15* %, and one of 20 did not.

A short formula $\\tanh(w h - c)$ is kept whole, and $a + b + c + d + e + f + g + h + i + j$ is not.

```{footbibliography}
```
"""


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    built = build(tmp_path_factory.mktemp("typography"), {"index": "# Start\n", "page": PAGE})
    assert built.status == 0, built.output
    return BeautifulSoup(built.page("page"), "html.parser").select_one("article")


def test_a_rate_is_kept_whole_and_code_is_left_as_it_is(article):
    first = article.select("p")[0]
    assert "3\u00a0of\u00a020 or" in first.text
    assert "\u00a0%" in first.text
    assert "and one of 20" in first.text
    assert first.select_one("code").text == "3 of 20"


def test_a_short_formula_is_kept_whole(article):
    short, long = (formula.parent for formula in article.select("p")[1].select(".katex"))
    assert "tied" in short["class"] and "tied" not in long.get("class", [])
