"""Live cells: those tagged `live` get a Run button, which runs them in the reader's browser.

The browser has NumPy, the rooms `cells` and `gradients`, and of `lesson` what `lesson/browser.py` gives. A cell that
asks for more stops the build, with its page and line. Here the cells are checked and the library is packed for them;
`pyodide` puts Python itself beside the built site, or does not: the pages are complete without it.
"""

import ast
import builtins
import io
import re
import shutil
import symtable
import sys
import zipfile
from pathlib import Path

from docutils import nodes
from sphinx.errors import SphinxError

from unrolled.publish import pyodide

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("live.js", "live-worker.js")
LIBRARY = Path(__file__).parents[1]
PACK = "unrolled.zip"
PACKED_ROOMS = ("cells", "gradients")
PACKED_OF_LESSON = ("checks", "numbers")
EXERCISES = "exercises"    # a package of `lesson`

# Asked of Pyodide 0.27.7, and what Python 3.12, which it is, no longer has.
NOT_IN_BROWSER = set(
    "asynchat asyncore curses dbm distutils ensurepip fcntl grp idlelib imp lib2to3 lzma msilib msvcrt nis nt "
    "ossaudiodev pty pwd pydoc_data readline resource smtpd spwd sqlite3 ssl syslog termios tkinter tty turtle "
    "turtledemo venv winreg winsound".split()
)
MODULES = {"numpy", *(sys.stdlib_module_names - NOT_IN_BROWSER)}
GIVEN = {"__name__", *dir(builtins)}


class LiveError(SphinxError):
    """A live cell, or the library packed for it, needs what a browser has not."""

    category = "Live cells"


class Checker:
    """Checks the live cells of one page, in their order."""

    def __init__(self):
        self.defined = set()

    def check(self, code, exercise):
        """The faults of the next live cell, as (line within it, sentence).

        What an `exercise` defines is not there for other cells.
        """
        if not code:
            return [(1, "shows no code")]
        try:
            tree = ast.parse(code)
            defined, used = _names(code)
        except SyntaxError as problem:
            return [(problem.lineno, f"is no plain Python: {problem.msg}")]
        faults = [
            (line, f"imports {name}, but a browser has NumPy, unrolled.cells, unrolled.gradients, the standard "
             f"library, and of unrolled.lesson {', '.join(sorted(_of_lesson()))}")
            for line, name in _imports(ast.walk(tree)) if not _importable(name)
        ]  # fmt: skip
        for name in sorted(used - defined - self.defined - GIVEN):
            line = min(node.lineno for node in ast.walk(tree) if getattr(node, "id", None) == name)
            faults.append((line, f"uses {name}, which neither it nor an earlier live cell defines"))
        if not exercise:
            self.defined |= defined
        return faults


def is_exercise(code):
    """Whether a cell is an attempt at an exercise: its last line is ``check(...)``."""
    return bool(re.search(r"^check\(.*\)\s*\Z", code, flags=re.MULTILINE))


def _imports(statements):
    """(line, dotted name) of everything that the import statements among `statements` name."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def _importable(name):
    match name.split("."):
        case ["unrolled", room, *_] if room in PACKED_ROOMS:
            return True
        case ["unrolled", "lesson", given, *_]:
            return given in _of_lesson()
        case [top, *_]:
            return top in MODULES


def _of_lesson():
    """The names that `unrolled.lesson` has in a browser."""
    return _names((LIBRARY / "lesson" / "browser.py").read_text(encoding="utf-8"))[0] - {"__all__"}


def _names(code):
    """The names that a cell defines, and those that it takes from outside its functions."""
    top = symtable.symtable(code, "cell", "exec")
    defined = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    used, tables = set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {
            symbol.get_name() for symbol in table.get_symbols()
            if symbol.is_referenced() and (table is top or symbol.is_global())
        }  # fmt: skip
    return defined, used


def check_page(app, doctree):
    """Refuse a live cell that could not run in a browser, and mark the exercises, for which no other cell waits."""
    checker, faults = Checker(), []
    page = app.env.doc2path(app.env.docname, base=False)
    for cell in _live_cells(doctree):
        shown = [block for block in cell.findall(nodes.literal_block) if "cell_input" in block.parent["classes"]]
        code = shown[0].astext() if shown else ""
        exercise = is_exercise(code)
        if exercise:
            cell["classes"].append("live-exercise")
        for line, fault in sorted(checker.check(code, exercise)):
            # MyST-NB gives the cell the line under its tags, where its code begins.
            faults.append(f"{page}:{cell.line + line - 1}: a live cell {fault}")
    if faults:
        raise LiveError("\n".join(faults))


def _live_cells(doctree):
    return doctree.findall(lambda node: isinstance(node, nodes.container) and "tag_live" in node["classes"])


def pack():
    """The library as the browser gets it: a zip, the same bytes for the same sources.

    Raises LiveError where importing a module of it would ask for what a browser has not.
    """
    lesson = LIBRARY / "lesson"
    session = LIBRARY / "publish" / "live_session.py"
    files = {"live_session.py": session, "unrolled/lesson/__init__.py": lesson / "browser.py"}
    inside = [LIBRARY / "__init__.py", *(lesson / f"{name}.py" for name in PACKED_OF_LESSON)]
    folders = [*(LIBRARY / room for room in PACKED_ROOMS), lesson / EXERCISES]
    inside += [path for folder in folders for path in folder.rglob("*.py")]
    files |= {path.relative_to(LIBRARY.parent).as_posix(): path for path in inside}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, path in sorted(files.items()):
            source = path.read_text(encoding="utf-8")
            for line, module in _imports(ast.parse(source).body):    # what a function imports may never be asked for
                within = module.startswith((".", *(f"unrolled.lesson.{name}" for name in (*PACKED_OF_LESSON, EXERCISES))))
                if not (within or _importable(module)):
                    raise LiveError(f"{path}:{line}: imports {module}, which a browser has not; live cells need it")
            archive.writestr(zipfile.ZipInfo(name), source, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def prepare(app):
    """Put the scripts and the pack into the site."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for name in SCRIPTS:
        shutil.copyfile(ASSETS / name, static / name)
    (static / PACK).write_bytes(pack())
    pyodide.announce_none(app.outdir)


def load_script(app, name, template, context, doctree):
    """Load the script on pages with a live cell, and on no others."""
    if doctree and any(True for _ in _live_cells(doctree)):
        app.add_js_file("live.js")


def setup(app):
    """Check live cells when their page is read, and give their pages what they need."""
    app.add_css_file("live.css")
    app.connect("builder-inited", prepare)
    app.connect("doctree-read", check_page)
    app.connect("html-page-context", load_script)
