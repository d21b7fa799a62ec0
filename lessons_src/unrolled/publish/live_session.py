"""Python's half of a live cell: runs the code of a page's cells, and hands on what they print while they print it.

This file is packed with the library and runs in the reader's browser; it needs the standard library alone.
"""

import ast
import io
import linecache
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout

PAUSE = 0.05    # seconds between two messages to the page, which else would do nothing but draw
LIMIT = 50_000    # characters of one run: a loop that prints for ever must not fill the page


class Session:
    """One Python session, shared by the live cells of a page; `send` gets each piece of text that a cell prints."""

    def __init__(self, send):
        self.send = send
        self.names = {"__name__": "__main__"}

    def run(self, code, name):
        """Run the code of the cell called `name`; what it prints, its last value and its error go to `send`.

        Returns whether the cell ran to its end. What it has defined stays for the next.
        """
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)    # tracebacks quote it
        printed = _Printed(self.send)
        with redirect_stdout(printed), redirect_stderr(printed):
            try:
                self._execute(code, name)
                finished = True
            except BaseException as problem:    # SystemExit too: whatever stops a cell is an answer to its reader
                printed.write(_short(problem))
                finished = False
        printed.flush()
        return finished

    def _execute(self, code, name):
        tree = ast.parse(code, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), self.names)
        if last:
            value = eval(compile(ast.Expression(last.value), name, "eval"), self.names)
            if value is not None:
                print(repr(value))


class _Printed(io.TextIOBase):
    """A standard output that collects text and sends it on now and then."""

    def __init__(self, send):
        self.send = send
        self.waiting = ""
        self.room = LIMIT
        self.sent_at = 0.0

    def write(self, text):
        if self.room > 0:
            self.waiting += text[: self.room]
            self.room -= len(text)
            if self.room <= 0:
                self.waiting += f"\n… the rest is not shown: a cell may print {LIMIT:,} characters."
            if time.monotonic() - self.sent_at > PAUSE:
                self.flush()
        return len(text)

    def flush(self):
        if self.waiting:
            self.send(self.waiting)
            self.waiting = ""
            self.sent_at = time.monotonic()


def _short(problem):
    """The traceback of `problem` without what lies outside the cells: their lines, and what Python says of the last."""
    told = traceback.TracebackException.from_exception(problem)
    each = told
    while each:
        each.stack[:] = [frame for frame in each.stack if frame.filename.startswith("live cell")]
        each = each.__cause__ or each.__context__
    return "".join(told.format())
