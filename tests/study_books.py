"""Two tiny books for the tests of the study tools, each built once: one without a fault and one full of them."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from tiny_book import NOTEBOOK, build

TOOLS = """```{code-cell}
from IPython.display import display
def evidence(claim, reading, condition, holds, kind="run", **more):
    record = {"claim": claim, "kind": kind, "reading": reading, "condition": condition, "predicate": "|J| < 1",
              "value": "0.5", "holds": holds, "seeds": None, "interval": None, "source": None, **more}
    html = f'<div class="evidence" data-claim="{claim}"><p>{condition}</p></div>'
    display({"text/plain": condition, "text/html": html, "application/vnd.unrolled.evidence+json": record}, raw=True)
def glue(name, value):
    display({"application/papermill.record/text/plain": repr(value)}, raw=True,
            metadata={"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}})
def check(name, answer):
    print(name, "is", answer)
glue("ratio", "2.9×10⁻²⁶")
```
"""

LESSON = NOTEBOOK + """# Why do gradients vanish?

为什么梯度会消失？

""" + TOOLS + r"""
## Answer

::::{answer} why-vanish
:level: core
:sources: bengio1994, pascanu2013

:::{part} red-flags
- It becomes zero.
:::
:::{part} must-say
- A product of $J$.
- Singular values.
:::
:::{part} whiteboard
$$J = \prod_k D_k U$$
:::
:::{part} chinese
每一步都乘一个
雅可比矩阵。
:::
:::{part} spoken
One factor per step.
:::
:::{part} sentence
A product of contractions shrinks.
:::
::::

## What people say

::::{claim} C030
:level: core
:articles: S0, S3
:zh: 梯度指数级衰减
:verdict: conditional
:sources: pascanu2013

The gradient decays as $\gamma^k$ (see {ref}`total`, {footcite:p}`bengio1994`).

:::{part} instead
Only where $\sigma\gamma < 1$.
:::
::::

```{code-cell}
evidence("C030", "literal", "default", True, seeds=10, interval="[0, 1]")
evidence("C030", "literal", "orthogonal", False, kind="derivation")
```

::::{claim} C031
:level: deeper
:articles: S1
:zh: 越乘越小
:verdict: correct

It shrinks.
::::

```{code-cell}
evidence("C031", "literal", "tanh", True)
evidence("C031", "literal", "sigmoid", True, kind="citation", source="pascanu2013")
```

## Derive it

See {ref}`C031`, {ref}`the answer <why-vanish>` and {ref}`norm-bound`. The ratio is {glue:text}`ratio`.

## Measure it

Nothing.

## Follow-ups

::::{followup} total
:level: deeper

Why does the *total* mislead?

:::{part} answer
The short lags dominate it.
:::
:::{part} must-say
- A sum.
:::
:::{part} red-flags
- The norm is large.
:::
::::

## Practise

::::{quiz} condition
:level: expert

Which suffices?

:::{choice} right
$\sigma\gamma < 1$

Each factor contracts.
:::
:::{choice} wrong
$\rho < 1$

A nilpotent matrix stretches.

- At first.
:::
::::

::::{exercise} A bound on $J$
:label: norm-bound
:level: core

Bound it.

:::{part} must-say
- Submultiplicative.
:::
::::

```{code-cell}
check("norm-bound", ...)
```

```{solution-start} norm-bound
```

Multiply the norms.

```{code-cell}
check("norm-bound", 2)
```

```{solution-end}
```

## Sources

```{footbibliography}
```
"""

LEDGER = "# Every claim\n\n```{claims-ledger}\n```\n"
GOOD = {"index": "# Book\n\nText.\n", "gradients/lesson": LESSON, "reference/claims": LEDGER}

ITEMS = """# Items at fault

::::{followup} no-level
:colour: red
:sources: nobody1999

The question.

:::{part} answer
An answer.
:::
:::{part} must-say
No list.
:::
:::{part} sentence
A sentence.
:::
::::

::::{followup} easy
:level: easy
:::{part} answer
An answer.
:::
::::

::::{followup} Bad_Id
:level: core

The question.

:::{part} answer
:::
:::{part} answer
An answer.
:::
:::{part} must-say
- One.
:::
:::{part} red-flags
- One.
:::
::::

::::{followup} empty
:level: core

The question.

:::{part} answer
:::
::::

::::{quiz} no-reason
:level: core

Which?

:::{choice} right
This one
:::
:::{choice} maybe
That one

A reason.
:::
::::

::::{quiz} one-choice
:level: core

Which?

:::{choice} right
This one

A reason.
:::
::::

:::{part} must-say
- Nowhere.
:::

:::{choice} wrong
Nowhere

A reason.
:::

```{solution-start} nothing
```

```{solution-end}
```
"""

FAULTY_LESSON = NOTEBOOK + """
# A lesson at fault

An English question.

""" + TOOLS + """
## What people say

::::{claim} C001
:level: core
:articles: S1, S9
:zh: 一
:verdict: right

No evidence.

:::{part} instead
Something.
:::
::::

::::{claim} C002
:level: core
:articles: S1
:zh: 二
:verdict: wrong

Another verdict.

:::{part} instead
Something.
:::
::::

::::{claim} C003
:level: core
:articles: S1
:zh: 三
:verdict: conditional

Contradictory evidence.

:::{part} instead
Something.
:::
::::

::::{claim} C004
:level: core
:articles: S1
:zh: 四
:verdict: wrong

::::

```{code-cell}
evidence("C002", "literal", "one", True)
evidence("C002", "literal", "two", True)
evidence("C003", "literal", "one", True)
evidence("C003", "literal", "one", False)
evidence("C004", "literal", "one", "no")
evidence("C099", "literal", "one", True)
```

```{code-cell}
:tags: [remove-output]
evidence("C003", "literal", "two", True)
```

## Answer

::::{answer} same-id
:level: core
:sources: bengio1994

Text outside.

:::{part} sentence
A sentence
with a gain of 12 %.
""" + "very " * 40 + """long.
:::
:::{part} spoken
""" + "as $a + b$ " * 51 + """
:::
:::{part} chinese
""" + "长" * 191 + """
:::
::::

## Extra

::::{exercise} No solution
:label: no-solution
:level: core

Do it.
::::

::::{exercise} No check
:label: no-check
:level: core

Do it.
::::

```{code-cell}
check("no-solution", ...)
```

```{solution-start} no-check
```

Done.

```{solution-end}
```

## Sources

```{footbibliography}
```
"""

NUMBERS = """# Numbers

Some text of one
line, and a gain of 0.25 here. {footcite:t}`pascanu2013` found 0.5 so.

<p>Raw 0.75 <!-- 0.85 --></p>

A note.[^own] It has $1.5$ and $\\frac{1}{4}$; licensed CC BY 4.0. And 30% so.[^own]

[^own]: Nothing but 7x more.

```{footbibliography}
```

::::{followup} SAME-ID
:level: core
::::
"""

ALLOWED = """- {page: book/numbers.md, text: CC BY 4.0, reason: The name of a licence.}
- {page: book/numbers.md, text: CC BY 3.0, reason: A licence that nobody names.}
- {page: book/numbers.md, text: gain of 0.25}
"""
BAD = {"index": "# Book\n\nText.\n", "items": ITEMS, "faulty": FAULTY_LESSON, "numbers": NUMBERS}


@functools.cache
def good():
    """The book without a fault: (its folder, its Build)."""
    folder = _folder()
    return folder, build(folder, GOOD)


@functools.cache
def bad():
    """The book full of faults, built twice in the same folder: (its folder, the second Build, the first)."""
    folder = _folder()
    (folder / "book").mkdir()
    (folder / "book" / "number-allowlist.yml").write_text(ALLOWED, encoding="utf-8")
    first = build(folder, BAD)
    return folder, build(folder, BAD), first


def line_of(text, words):
    """The line of a page on which `words` first stand."""
    return text[:text.index(words)].count("\n") + 1


def _folder():
    folder = Path(tempfile.mkdtemp(prefix="study-book-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
