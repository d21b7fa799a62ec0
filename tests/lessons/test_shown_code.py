"""What a page shows of the library's source is in it, is code, and is what computes: its pages cannot drift from it."""

import ast
import re
from pathlib import Path
from textwrap import dedent

import pytest
from sphinx.config import Config
from sphinx.directives.code import LiteralIncludeReader
from tiny_book import ROOT

PAGE = ROOT / "book" / "reference" / "equations.md"
CELLS = ROOT / "lessons_src" / "unrolled" / "cells"
INCLUDE = re.compile(r"^`{3,}\{literalinclude\} (\S+)\n((?::.*\n)*)", re.MULTILINE)


def shown(page, text):
    """(file, object, lines) of each piece of source that the text of a page shows, read as the build reads it."""
    for found in INCLUDE.finditer(text):
        file = (page.parent / found[1]).resolve()
        options = dict(re.findall(r"^:([\w-]+): *\"?(.*?)\"?$", found[2], re.MULTILINE))
        options["dedent"] = int(options.get("dedent", 0))
        lines, _ = LiteralIncludeReader(str(file), options, Config()).read()
        yield file, options.get("pyobject"), lines


PIECES = list(shown(PAGE, PAGE.read_text(encoding="utf-8")))


def test_the_page_takes_its_code_from_the_library_alone():
    text = PAGE.read_text(encoding="utf-8")
    assert len(PIECES) == text.count("literalinclude") >= 15
    assert {file.parent for file, _, _ in PIECES} == {CELLS}


@pytest.mark.parametrize("file, name, lines", PIECES, ids=[f"{f.stem}-{n}-{k}" for k, (f, n, _) in enumerate(PIECES)])
def test_a_piece_is_code_of_one_function(file, name, lines):
    tree = ast.parse(dedent(lines))
    assert any(isinstance(node, ast.Assign | ast.AugAssign | ast.Return) for node in ast.walk(tree))
    source = file.read_text(encoding="utf-8")
    function = next(node for node in ast.parse(source).body if getattr(node, "name", None) == name)
    inside = [line.strip() for line in ast.get_source_segment(source, function).splitlines()]
    assert set(map(str.strip, lines.splitlines())) <= {*inside, ""}


def test_every_cell_is_shown_forward_and_backward():
    there = {(file.stem, name.strip("_")) for file, name, _ in PIECES}
    cells = [path.stem for path in CELLS.glob("*.py") if "\ndef step_jacobians" in path.read_text(encoding="utf-8")]
    cells = [*{*cells, "mingru", "minlstm"} - {"minimal"}]
    assert len(cells) == 7
    assert {(cell, way) for cell in cells for way in ("forward", "backward")} <= there


@pytest.mark.parametrize(
    "options, said",
    [
        (":pyobject: forwards", "Object named 'forwards' not found"),
        (":pyobject: forward\n:start-at: a line of old", "start-at pattern not found"),
        (":pyobject: forward\n:end-before: a line of old", "end-before pattern not found"),
    ],
)
def test_a_piece_that_the_source_no_longer_has_is_not_read(options, said):
    text = f"```{{literalinclude}} ../../lessons_src/unrolled/cells/lstm.py\n{options}\n```\n"
    with pytest.raises(ValueError, match=said):
        list(shown(PAGE, text))


def test_an_empty_piece_or_one_of_another_function_is_seen():
    for lines in ("", "# only a comment\n", "pass\n"):
        with pytest.raises(AssertionError):
            test_a_piece_is_code_of_one_function(CELLS / "lstm.py", "forward", lines)
    with pytest.raises(AssertionError):
        test_a_piece_is_code_of_one_function(CELLS / "lstm.py", "forward", "da = da.reshape(T * B, 4 * H)\n")
