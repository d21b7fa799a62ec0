"""Formulas, rendered by KaTeX while the book is built, so that a page needs no mathematics script.

KaTeX runs inside V8 (mini-racer), from the vendored file; Node is not needed. Each formula becomes HTML for the eye
and MathML for screen readers. The TeX source, which KaTeX adds to its MathML, is left out: a text browser, a reader
mode or the search index would show it.

A formula that KaTeX refuses fails the build. All refused formulas of a build are named, each with file and line.
"""

import atexit
import re
import shutil
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils import get_source_line
from py_mini_racer import MiniRacer
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

KATEX = Path(__file__).parent / "assets" / "vendored" / "katex"

MACROS = {
    r"\R": r"\mathbb{R}",  # the real numbers
    r"\E": r"\mathbb{E}",  # expectation
    r"\loss": r"\mathcal{L}",  # the loss
    r"\diag": r"\operatorname{diag}",  # a vector as a diagonal matrix
    r"\sign": r"\operatorname{sign}",
    r"\softmax": r"\operatorname{softmax}",
}
"""The only commands beyond KaTeX's own. None takes an argument, so `without_macros` can write them out."""

RENDER = """
function render(tex, display, macros) {
  const trust = ({command}) => { throw new katex.ParseError(`${command} is not allowed in this book`); };
  const options = {displayMode: display, macros: {...macros}, output: "htmlAndMathml", strict: "error", trust};
  try { return {html: katex.renderToString(tex, options)}; } catch (error) { return {refused: error.message}; }
}
"""

logger = logging.getLogger(__name__)


class FormulaError(SphinxError):
    """KaTeX refused a formula."""

    category = "Formula"


@lru_cache(maxsize=1)
def _engine():
    engine = MiniRacer()
    atexit.register(engine.close)  # left to the end of the interpreter, it can wait for a thread that is gone
    engine.eval((KATEX / "katex.min.js").read_text(encoding="utf-8"))
    engine.eval(RENDER)
    return engine


@lru_cache(maxsize=None)
def render(tex, display=False):
    """Return the HTML and MathML of a formula.

    `display` sets it as a block. Raises FormulaError, with KaTeX's reason, for a formula that KaTeX refuses;
    Unicode letters outside \\text{} and whatever else LaTeX itself would not take are refused too.
    """
    answer = _engine().call("render", tex, display, MACROS)
    if "refused" in answer:
        reason = answer["refused"].removeprefix("KaTeX parse error: ")
        raise FormulaError(reason.replace("\u0332", ""))  # KaTeX underlines the fault with combining characters
    return re.sub(r"<annotation.*?</annotation>", "", answer["html"], flags=re.DOTALL)


def without_macros(tex):
    """Return the formula with MACROS written out, for readers that know standard TeX only (Jupyter, Anki)."""
    for name, meaning in MACROS.items():
        tex = re.sub(re.escape(name) + r"(?![A-Za-z])", lambda _: meaning, tex)
    return tex


# --- formulas as plain text, for places that take no markup ---------------------------------------------------------

RAISED = str.maketrans("0123456789+-−=()aeijknortx⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵉⁱʲᵏⁿᵒʳᵗˣᵀ")
APPLIED = "\u2061"  # the invisible "function application" that KaTeX puts after \tanh
LOWERED = str.maketrans("0123456789+-−=()aeijknortx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢⱼₖₙₒᵣₜₓ")


def plain(tex):
    """Return a formula as one line of Unicode text: ``\\|W\\|_2 < 1`` gives ``∥W∥₂ < 1``.

    For page titles, descriptions and the search index. Raises FormulaError as `render` does.
    """
    mathml = re.search(r"<math.*</math>", render(tex), flags=re.DOTALL).group()
    line = re.sub(rf"{APPLIED}\s*(?=\()", "", _line(ElementTree.fromstring(mathml))).replace(APPLIED, " ")
    return " ".join(line.split())


def _line(element):
    """The text of a MathML element."""
    kind = element.tag.rpartition("}")[2]
    parts = [_line(child) for child in element]
    if kind in {"msub", "munder"}:
        return parts[0] + _small(parts[1], LOWERED, "_")
    if kind == "msup":
        return parts[0] + _small(parts[1], RAISED, "^")
    if kind in {"msubsup", "munderover"}:
        return parts[0] + _small(parts[1], LOWERED, "_") + _small(parts[2], RAISED, "^")
    if kind == "mfrac":
        return _grouped(parts[0]) + "/" + _grouped(parts[1])
    if kind == "msqrt":
        return "√" + _grouped("".join(parts))
    if kind == "mtr":
        return ", ".join(parts)
    if kind == "mtable":
        return "; ".join(parts)
    text = element.text or ""
    if kind == "mo" and len(text) == 1 and text in "<>=≤≥≈≠≡∈∝→≪≫⊂":
        text = f" {text} "
    return text + "".join(parts)


def _small(text, table, mark):
    text = "".join(text.split()).replace("′", "'")
    if text and set(text) == {"'"}:
        return text
    return text.translate(table) if all(ord(c) in table for c in text) else mark + _grouped(text)


def _grouped(text):
    text = text.strip()
    return text if len(text) == 1 or text.isalnum() else f"({text})"


def plain_text(node):
    """Return the text of a doctree node with its formulas as plain text; a refused formula shows as its TeX."""
    parts = []
    for part in node.findall(lambda n: isinstance(n, (nodes.Text, nodes.math, nodes.math_block))):
        if isinstance(part, nodes.Text):
            if not isinstance(part.parent, (nodes.math, nodes.math_block)):
                parts.append(part.astext())
        else:
            try:
                parts.append(plain(part.astext()))
            except FormulaError:
                parts.append(part.astext())
    return "".join(parts)


# --- Sphinx ---------------------------------------------------------------------------------------------------------


SHORT = 40  # characters of TeX: a longer formula may have to break on a phone
ONE_LINE = 24  # characters of TeX: a formula so short is never broken


def keep_punctuation(app, doctree, docname):
    """Tie a short formula to the comma or full stop after it, with which a browser would else begin the next line."""
    for formula in list(doctree.findall(nodes.math)):
        following = formula.next_node(nodes.Text, descend=False, siblings=True)
        at = formula.parent.index(formula) + 1
        if following is None or formula.parent[at : at + 1] != [following] or len(formula.astext()) > SHORT:
            continue
        mark = following.astext()[:1]
        if mark and mark in ",.;:!?)":
            tied = nodes.inline("", "", formula.deepcopy(), nodes.Text(mark), classes=["tied"])
            formula.parent[at - 1 : at + 1] = [tied, nodes.Text(following.astext()[1:])]


def _inline(translator, node):
    """Write an inline formula."""
    written = _render_or_note(translator, node, node.astext(), False)
    if written and _alone_in_a_name(node):
        spoken = translator.encode(plain(node.astext()))
        written = f'<span class="visually-hidden">{spoken}</span><span aria-hidden="true">{written}</span>'
    translator.body.append(f'<span class="tied">{written}</span>' if len(node.astext()) <= ONE_LINE else written)
    raise nodes.SkipNode


def _alone_in_a_name(node):
    """Whether a formula is all of a heading, a link or the line of a fold: those are named by text, not by MathML."""
    parent = node.parent
    named = isinstance(parent, nodes.TextElement) and not isinstance(parent, nodes.paragraph)
    return named and parent.astext().strip() == node.astext().strip()


def _block(translator, node):
    """Write a displayed formula; its number comes after it, in the order in which it is read."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(_render_or_note(translator, node, _one_block(node.astext()), True))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _one_block(tex):
    """Return the TeX of a block as one environment that carries no number of its own: Sphinx numbers it."""
    tex = re.sub(r"\\(begin|end)\{(equation|align|alignat|gather)\}", r"\\\1{\2*}", tex.strip())
    if r"\\" in tex and not tex.startswith(r"\begin{"):
        return rf"\begin{{split}}{tex}\end{{split}}"  # as Sphinx does: lines parted by \\, aligned at &
    return tex


def _render_or_note(translator, node, tex, display):
    """Render; where KaTeX refuses, note place and reason for `_fail` and write nothing."""
    try:
        return render(tex, display)
    except FormulaError as error:
        builder = translator.builder
        source, line = get_source_line(node)
        place = f"{Path(source).relative_to(builder.srcdir)}:{line}" if source and line else None
        known = builder.refused_formulas.setdefault((tex, str(error)), {"places": set(), "pages": set()})
        known["places"].add(place)
        known["pages"].add(builder.current_docname)
        return ""


def _start(app):
    app.builder.refused_formulas = {}
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static" / "katex"
        shutil.copytree(KATEX, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.js"))


def _style(app, pagename, templatename, context, doctree):
    """Give the style to pages that show a formula: in their text, or in the titles that the navigation lists."""
    if not hasattr(app.builder, "formula_in_titles"):
        app.builder.formula_in_titles = any(_has_formula(title) for title in app.env.titles.values())
    if app.builder.formula_in_titles or (doctree and _has_formula(doctree)):
        app.add_css_file("katex/katex.min.css")


def _has_formula(node):
    return any(True for _ in node.findall(lambda n: isinstance(n, (nodes.math, nodes.math_block))))


def _fail(app, exception):
    """Name every refused formula, and remove the pages that lack it so that the next build cannot pass over them."""
    refused = getattr(app.builder, "refused_formulas", {})
    if not refused:
        return
    faults = []
    for (tex, reason), seen in sorted(refused.items()):
        for page in seen["pages"]:
            Path(app.builder.get_outfilename(page)).unlink(missing_ok=True)
        places = sorted(place for place in seen["places"] if place) or sorted(seen["pages"])
        faults += [f"{place}: KaTeX refuses the formula {' '.join(tex.split())!r}: {reason}" for place in places]
    if exception:
        for fault in faults:
            logger.error(fault)
    else:
        raise FormulaError("\n".join(faults))


def setup(app):
    """Register the renderer ``katex`` for ``html_math_renderer``."""
    app.add_html_math_renderer("katex", (_inline, None), (_block, None))
    app.connect("builder-inited", _start)
    app.connect("doctree-resolved", keep_punctuation)
    app.connect("html-page-context", _style)
    app.connect("build-finished", _fail)
