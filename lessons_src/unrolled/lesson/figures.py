"""Figures that follow the page into the dark, weigh little, and speak to a screen reader."""

import base64
import io
import re
from html import escape

import matplotlib
from IPython.display import display
from matplotlib.figure import Figure

# Okabe and Ito's palette, safe for colour-blind readers; the page's style sheet gives each a lighter twin in the dark.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#7f7f7f")
INK, GRID = "#010101", "#c9c9c8"
DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1.5)), (0, (8, 2)))

STYLE = {
    "font.family": "sans-serif", "font.size": 12, "axes.titlesize": 12, "axes.labelsize": 12, "legend.fontsize": 11.5,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.6,
    "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "text.color": INK,
    "lines.linewidth": 1.8, "legend.frameon": False, "svg.fonttype": "none", "figure.dpi": 100,
}  # fmt: skip


def new_figure(rows=1, columns=1, height=3.0, **keywords):
    """A figure and its axes in the course's style, 6 inches wide: its letters are legible on a phone, too.

    Lines differ in dash as well as in colour. Returns what `Figure.subplots` returns, after the figure.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6, height * rows), layout="constrained")
        axes = figure.subplots(rows, columns, **keywords)
    cycle = matplotlib.cycler(color=COLOURS, linestyle=DASHES)
    for one in getattr(axes, "flat", [axes]):
        one.set_prop_cycle(cycle)
    return figure, axes


def show(figure, name, alt, caption):
    """Show a figure: inline SVG for the page, PNG for viewers without HTML, the alternative text for everything else.

    name: unique on its page, ``[a-z0-9-]+``. alt: what the picture shows, numbers included. caption: the line below it.
    """
    display(drawn(figure, name, alt, caption), raw=True)


def drawn(figure, name, alt, caption):
    """What `show` shows, as a dictionary from kinds of output to their text."""
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise ValueError(f"a figure's name must match [a-z0-9-]+, not {name!r}")
    if not (alt.strip() and caption.strip()):
        raise ValueError(f"the figure {name!r} needs an alternative text and a caption")
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        figure.savefig(png, format="png", dpi=110, facecolor="white")
    page = (
        f'<figure class="figure-svg" id="figure-{name}">{_inline(svg.getvalue(), name, alt)}'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
    return {"text/plain": alt, "text/html": page, "image/png": base64.b64encode(png.getvalue()).decode()}


def _inline(svg, name, alt):
    """matplotlib's SVG file as an element: no ids but the ones it uses, colours by the page's variables."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.S)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^\")]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\1{name}-", svg)
    for index, colour in enumerate(COLOURS):
        svg = svg.replace(colour, f"var(--figure-{index},{colour})")
    svg = svg.replace(INK, "currentColor").replace(GRID, f"var(--figure-grid,{GRID})")
    svg = re.sub(r" font-family: [^;\"]*;?", "", svg)  # the page's own letters; matplotlib's may be absent
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', head)[0]
    return f'<svg {box} role="img" aria-label="{escape(alt)}" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{rest}'
