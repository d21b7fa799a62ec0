"""Where a line of text may break, and where not."""

import re

from docutils import nodes

CHINESE = "[\u3000-\u9fff\uff00-\uffef]"
UNBROKEN = re.compile(r"(?<=\d) (?=%|of \d)|(?<=\d of) (?=\d)")


def joined_lines(text):
    """`text` without the ends of lines between two Chinese characters, where a browser would show a gap."""
    return re.sub(rf"(?<={CHINESE})[ \t]*\n[ \t]*(?={CHINESE})", "", text)


def join_lines(app, doctree):
    """Join the lines of Chinese text on the page; the end of a line is a text of its own there."""
    for parent in {id(text.parent): text.parent for text in doctree.findall(nodes.Text) if text == "\n"}.values():
        for place in reversed(range(1, len(parent) - 1)):
            around = parent.children[place - 1 : place + 2]
            if around[1] == "\n" and all(isinstance(node, nodes.Text) for node in around):
                if joined_lines("".join(around)) != "".join(around):
                    del parent[place]


def keep_numbers_whole(app, doctree, docname):
    """Let no line end within "20 %" or "3 of 20", wherever the parts come from."""
    for block in list(doctree.findall(nodes.TextElement)):
        if isinstance(block, nodes.Inline | nodes.FixedTextElement):
            continue
        texts = [text for text in block.findall(nodes.Text) if not isinstance(text.parent, nodes.math | nodes.literal)]
        whole = "".join(texts)
        kept = UNBROKEN.sub("\u00a0", whole)
        if kept == whole:
            continue
        place = 0
        for text in texts:
            text.parent.replace(text, nodes.Text(kept[place : place + len(text)]))
            place += len(text)


def setup(app):
    """Settle the breaks of Chinese text when a page is read, those of numbers when all its numbers are known."""
    app.connect("doctree-read", join_lines)
    app.connect("doctree-resolved", keep_numbers_whole)
