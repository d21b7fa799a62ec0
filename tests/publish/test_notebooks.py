"""Every directive and role of a lesson leaves as plain Markdown, and what has no plain form stops the build."""

import json
import re
from types import SimpleNamespace

import nbformat
import pytest
from myst_parser.config.main import MdParserConfig
from sphinx.config import Config
from tiny_book import NOTEBOOK, build

from unrolled.publish import notebooks

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
LESSON = NOTEBOOK + r"""# Why does a product of small numbers vanish?

为什么很多小数的乘积会消失？

% a comment for authors
(a-target)=
Said in {footcite:t}`pascanu2013` and shown earlier {footcite:p}`bengio1994, pascanu2013`; see {eq}`bound`,
{ref}`halving`, {ref}`the steps <a-target>`, [the other lesson](other.md), {doc}`other`, {doc}`index`, [](index.md) and
[a page elsewhere](https://www.python.org). `{glue:text}`-like code and ``{role}`x` `` stay, as does $\{x\}$.

```{code-cell}
from IPython.display import display
prefix = "application/papermill.record/"
scrap = {"scrapbook": {"name": "ratio", "mime_prefix": prefix}}
display({prefix + "text/plain": "'2.9×10⁻²⁶'"}, raw=True, metadata=scrap)
print("a line")
```

## Answer

::::{answer} small-products
:level: core
:sources: bengio1994

:::{part} sentence
Each factor is below one.
:::
:::{part} spoken
The product is $2^{-n}$, here {glue:text}`ratio`.
:::
:::{part} chinese
每个因子都小于一。
:::
:::{part} whiteboard
```{math}
:label: bound
|p_n| \le \gamma^n
```
:::
:::{part} must-say
- the factor is below one
:::
:::{part} red-flags
- says that it always happens
:::
::::

## What people say

::::{claim} C030
:level: core
:articles: S0, S1
:zh: 连乘导致指数级衰减
:verdict: conditional

The product decays exponentially.

:::{part} instead
Only where every factor is below one.
:::
::::

```{code-cell}
for holds, condition in ((True, "factors of 0.5"), (False, "factors of 2")):
    record = {"claim": "C030", "kind": "run", "reading": "literal", "condition": condition, "predicate": "p < 1",
              "value": "1", "holds": holds, "seeds": None, "interval": None, "source": None}
    table = f'<div class="evidence" data-claim="C030">{condition}</div>'
    mime = "application/vnd.unrolled.evidence+json"
    display({"text/plain": f"C030 {condition}", "text/html": table, mime: record}, raw=True)
```

## Derive it

:::{note}
A note with $x$.
:::

:::{tip}
- a tip in a list

  ```{warning}
  A warning inside.
  ```
:::

::::{admonition} A title of its own
Text.

:::{dropdown} Folded
Inside *the fold*.
:::
::::

$$
e = mc^2
$$ (energy)

\begin{align}
a &= b \\
c &= d
\end{align}

- an item

  ```{note}
  A note in the item.
  ```

Term
: What it *means*, by {eq}`energy`.

:::::{grid}
::::{grid-item}
:columns: 12 12 12 5

The formula.
::::
::::{grid-item}
:columns: 12 12 12 7

```{literalinclude} shown.py
:language: python
:pyobject: shown
:start-at: "value ="
:end-before: "return"
:dedent: 4
```
::::
:::::

[inline text]{.some-class} and ![a pixel](pixel.png)

## Measure it

```{figure} pixel.png
:alt: one pixel
:name: pixel-figure

A pixel, by {footcite:t}`bengio1994`.
```

```{code-block} python
x = "{role}`kept`"
```

The record says {record}`vanish/cpu:results.ratio|.1e`; another is {record}`absent/cpu:results.ratio`. See
{numref}`pixel-figure`.

```{code-cell}
:tags: [hide-input]
picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
page = '<figure class="figure-svg"><svg viewBox="0 0 1 1"></svg><figcaption>A drawn pixel.</figcaption></figure>'
display({"text/plain": "one pixel", "text/html": page, "image/png": picture}, raw=True)
```

## Follow-ups

::::{followup} and-large-factors
:level: deeper

What if the factors are above one?

:::{part} answer
It explodes.
:::
:::{part} must-say
- explodes
:::
:::{part} red-flags
- says nothing changes
:::
::::

## Practise

::::{quiz} which-factors
:level: expert
:sources: pascanu2013

Which factors make it vanish?

:::{choice} right
Those below $1$.

Each step shrinks it.
:::
:::{choice} wrong
Those above $1$.

They make it grow.
:::
::::

::::{exercise} Halve it
:label: halving
:level: core

Write `answer(n)`.

:::{part} must-say
- it is a power
:::
::::

```{code-cell}
def check(name, answer):
    print("Not yet." if answer is ... else "Correct.")

answer = ...
check("halving", answer)
```

```{solution-start} halving
```

```{code-cell}
check("halving", lambda n: 0.5**n)
```

```{solution-end}
```

## Sources

```{footbibliography}
```
"""
OTHER = NOTEBOOK + "# The other lesson\n\n```{code-cell}\nprint(1)\n```\n"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A tiny book with that lesson, built once."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "results").mkdir()
    (folder / "results" / "vanish.cpu.json").write_text(json.dumps({"results": {"ratio": 2.93e-26}, "code": {}}))
    (folder / "book").mkdir()
    (folder / "book" / "pixel.png").write_bytes(PIXEL)
    (folder / "book" / "shown.py").write_text("def shown():\n    value = 1\n    return value\n")
    built = build(folder, {"index": "# The start\n", "lesson": LESSON, "other": OTHER})
    assert built.status == 0, built.output
    return built


@pytest.fixture(scope="module")
def notebook(book):
    return nbformat.read(book.html / "notebooks" / "lesson.ipynb", as_version=4)


def markdown(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_the_notebook_is_valid_and_has_its_outputs(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = [output.text for output in outputs if output.output_type == "stream"]
    assert printed == ["a line\n", "Not yet.\n", "Correct.\n"]


def test_nothing_of_myst_is_left(notebook):
    text = re.sub(r"```python\n.*?```|``.*?``|`[^`]*`-like", "", markdown(notebook), flags=re.DOTALL)
    assert not re.findall(r":::.*|\{[a-z:_-]+\}`.*|```\{.*|^\([a-z-]+\)=|^:[a-z]+:.*|%.*", text, re.MULTILINE)


@pytest.mark.parametrize("expected", [
    "为什么很多小数的乘积会消失？",
    "[Pascanu et al. (2013)](https://proceedings.mlr.press/v28/pascanu13.html)",
    "([Bengio et al., 1994](https://doi.org/10.1109/72.279181); [Pascanu et al., 2013]",
    "see (1),\nExercise 1, the steps, [the other lesson](other.ipynb), [The other lesson](other.ipynb), The start, The",
    "[a page elsewhere](https://www.python.org)",
    "`{glue:text}`-like code and ``{role}`x` `` stay, as does $\\{x\\}$",
    "**In thirty seconds**\n\nThe product is $2^{-n}$, here 2.9×10⁻²⁶.",
    "**三十秒回答**\n\n每个因子都小于一。",
    "$$\n|p_n| \\le \\gamma^n\n\\tag{1}\n$$",
    "#### Claim C030: conditional\n\n*连乘导致指数级衰减* (said in S0, S1)\n\nThe product decays exponentially.\n\n"
    "**When it is true**",
    "**Note**\n\nA note with $x$.",
    "- a tip in a list\n\n  **Warning**\n\n  A warning inside.",
    "**A title of its own**\n\nText.\n\n<details>\n<summary>Folded</summary>\n\nInside *the fold*.\n\n</details>",
    "$$\ne = mc^2\n\\tag{2}\n$$",
    "$$\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n$$\n\n- an item",
    "- an item\n\n  **Note**\n\n  A note in the item.",
    "**Term**\n\n- What it *means*, by (2).\n\nThe formula.\n\n```python\nvalue = 1\n```\n\ninline text and ![a pixel](attachment:pixel.png)",
    "![one pixel](attachment:pixel.png)\n\n**Figure 1.** A pixel, by [Bengio et al. (1994)]",
    '```python\nx = "{role}`kept`"\n```',
    "The record says 2.9×10⁻²⁶; another is not yet run. See\nFigure 1.",
    "#### Follow-up (deeper)\n\nWhat if the factors are above one?\n\n<details>\n<summary>The answer</summary>\n\n"
    "It explodes.",
    "- **A.** Those below $1$.\n- **B.** Those above $1$.\n\n<details>\n<summary>The answer</summary>\n\n"
    "**A is right.** Each step shrinks it.\n\n**B is wrong.** They make it grow.",
    "#### Exercise 1: Halve it\n\nWrite `answer(n)`.\n\n<details>\n<summary>What a good answer says</summary>",
    "#### Solution to Exercise 1",
])  # fmt: skip
def test_reads_well(notebook, expected):
    assert expected in markdown(notebook)


def test_references_are_listed_once_each(notebook):
    sources = markdown(notebook).split("## Sources")[1]
    assert re.findall(r"^- \w+ \w+", sources, re.MULTILINE) == ["- Razvan Pascanu", "- Yoshua Bengio"]


def test_pictures_are_shown_where_svg_is_not_and_images_travel_inside(notebook):
    picture, caption = next(cell.outputs for cell in notebook.cells if "A drawn pixel" in cell.source)
    assert set(picture.data) == {"image/png", "text/plain"} and "A drawn pixel." in caption.data["text/html"]
    attached = [cell.attachments for cell in notebook.cells if "attachments" in cell]
    assert [set(files["pixel.png"]) for files in attached] == [{"image/png"}]


def test_folded_cells_stay_folded_and_build_data_stays_behind(notebook):
    folded = [cell.source for cell in notebook.cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert len(folded) == 2 and folded[0].startswith("picture") and folded[1].startswith('check("halving"')
    kinds = {kind for cell in notebook.cells for output in cell.get("outputs", []) for kind in output.get("data", {})}
    assert kinds == {"text/plain", "text/html", "image/png"}


def test_the_page_offers_notebook_and_source(book):
    links = set(re.findall(r'href="([^"]+)"', book.page("lesson")))
    assert {"../notebooks/lesson.ipynb", "../_sources/book/lesson.md"} <= links
    assert (book.html / "_sources" / "book" / "lesson.md").is_file()
    assert "notebooks/" not in book.page("index")


def test_export_copies_the_notebooks_of_a_book_that_builds(book, tmp_path, capsys):
    out = tmp_path / "out"
    assert notebooks.main([str(out), "--book", str(book.html.parents[1])]) == 0
    assert capsys.readouterr().out == f"2 notebooks are in {out}\n"
    assert {path.name for path in out.iterdir()} == {"lesson.ipynb", "other.ipynb"}
    with pytest.raises(ValueError, match="no notebooks were written: the book did not build"):
        notebooks.main([str(tmp_path / "none"), "--book", str(tmp_path)])
    assert not (tmp_path / "none").exists()


def test_what_has_no_plain_form_stops_the_build(tmp_path):
    page = NOTEBOOK + "# A lesson\n\n```{list-table}\n* - a\n```\n\n```{code-cell}\nprint(1)\n```\n"
    built = build(tmp_path, {"index": "# Start\n", "lesson": page})
    assert built.status != 0
    assert "book/lesson.md: the directive {list-table} has no plain Markdown" in built.output
    assert not (tmp_path / "_build" / "html" / "notebooks" / "lesson.ipynb").exists()


@pytest.mark.parametrize(("markup", "named"), [
    ("{abbr}`RNN (recurrent)`", "the role {abbr}"),
    ("- a list\n\n  :::{list-table}\n  * - a\n  :::", "the directive {list-table}"),
    ("{glue:text}`nothing`", "the number nothing"),
    ("The {{ author }}", "{{ author }}"),
    ("[](project:#label)", "[](project:#label)"),
    ("![none](none.png)", "the image none.png"),
    (":::{note}\n{abbr}`x`\n:::", "the role {abbr}"),
    ("```{literalinclude} none.py\n```", "none.py"),
    ("```{literalinclude} shown.py\n:pyobject: gone\n```", "Object named 'gone' not found"),
])  # fmt: skip
def test_what_has_no_plain_form_is_named(tmp_path, monkeypatch, markup, named):
    monkeypatch.setattr(notebooks, "executed_notebook", lambda app, name: nbformat.v4.new_notebook())
    known = MdParserConfig(enable_extensions={"colon_fence", "dollarmath", "substitution"})
    env = SimpleNamespace(myst_config=known, srcdir=tmp_path, doc2path=lambda name, base: f"{name}.md")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "shown.py").write_text("def shown(): ...\n")
    lesson = notebooks.Lesson(SimpleNamespace(env=env, config=Config()), "book/lesson")
    with pytest.raises(notebooks.NotebookError, match=re.escape("book/lesson.md: ")) as error:
        lesson.blocks(markup)
    assert named in str(error.value)
