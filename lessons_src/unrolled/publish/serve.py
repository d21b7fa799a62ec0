"""The site on this machine while the book is written: shown in a browser, built again after each edit.

Half of a build goes into importing and setting up Jupyter Book, and into what is computed once in a process. Here one
process builds again and again: it stops where Sphinx would look for changed pages, and waits for a line on its
standard input.
"""

import argparse
import http.server
import os
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

from unrolled.publish import formulas
from unrolled.publish.build import build

LIBRARY = Path(__file__).resolve().parents[2]
WATCHED = ("_config.yml", "_toc.yml", "requirements.txt", "book", "lessons_src", "results")
WAITING = "UNROLLED_BUILDER_WAITS"
BUILT = "The book is built.\n"    # what a builder says last
PAUSE = 0.2    # seconds between two looks at the sources


class Builder:
    """A process that has begun to build the book in `root` and waits for `finish`; then for the next one."""

    def __init__(self, root):
        command = [sys.executable, "-c", "from unrolled.publish.serve import build_when_asked; build_when_asked()"]
        paths = os.pathsep.join(filter(None, [str(LIBRARY), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            command, cwd=root, env=os.environ | {WAITING: "1", "PYTHONPATH": paths}, text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def finish(self):
        """Build what has changed; returns what the build said where it failed, else "".

        After a failure the process has ended, and with it whatever the failed build left behind in it.
        """
        print(file=self.process.stdin, flush=True)
        said = ""
        for line in self.process.stdout:
            if line == BUILT:
                return ""
            said += line
        self.give_up()
        return said

    def waits(self):
        """Whether there is a next build to finish."""
        return self.process.poll() is None

    def give_up(self):
        """End the process; a build that waits has touched nothing."""
        self.process.kill()
        self.process.communicate()


def build_when_asked():
    """Build the book in this folder whenever a line comes on standard input, until a build fails."""
    while True:
        build()
        print(BUILT, end="", flush=True)


def wait(app):
    """Stop here until standard input says to go on; end where whoever would say so is gone."""
    if not os.environ.get(WAITING):
        return
    formulas.render("x")    # loads KaTeX; the next line loads what colours code
    app.builder.highlighter.highlight_block("1", "ipython3")
    if not sys.stdin.readline():
        sys.exit(1)


def state(root):
    """{path: time of its last change in ns} of every file that the book is made from."""
    found = {}
    for name in WATCHED:
        for path in [root / name, *(root / name).rglob("*")]:
            if path.is_file() and path.suffix != ".pyc":
                found[path] = path.stat().st_mtime_ns
    return found


def rebuild(root, builder, changed):
    """Build with the waiting `builder`, and print how that went; returns the builder for the next time."""
    if not all(path.suffix == ".md" for path in changed):    # the others are read before a builder waits
        builder.give_up()
        builder = Builder(root)
    began = time.perf_counter()
    failure = builder.finish()
    taken = f"{time.perf_counter() - began:.1f} s"
    print(f"{failure}\nThe build failed after {taken}." if failure else f"Built in {taken}.", flush=True)
    return builder if builder.waits() else Builder(root)


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing: the terminal is for the builds."""


def main(argv):
    """Show the site at a port of this machine, and build it again after each edit, until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.publish serve", description=main.__doc__)
    parser.add_argument("--book", default=".", help="the folder of _config.yml (default: this one)")
    parser.add_argument("--port", type=int, default=8000, help="8000 by default; 0 takes a free one")
    asked = parser.parse_args(argv)
    root = Path(asked.book).resolve()
    if not (root / "_config.yml").is_file():
        raise ValueError(f"{root} is no book: expected a _config.yml in it, found none")
    try:
        handler = partial(_Handler, directory=str(root / "_build" / "html"))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", asked.port), handler)
    except (OSError, OverflowError):
        raise ValueError(f"Port {asked.port} is taken: choose another, as in make serve PORT=8001.") from None
    seen = state(root)
    builder = Builder(root)
    try:
        print("Building what has changed since the last time.", flush=True)
        builder = rebuild(root, builder, [])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"The book is at http://127.0.0.1:{server.server_port}/ until you press Ctrl-C; "
              "it is built again after each edit: reload the page then.", flush=True)
        while True:
            time.sleep(PAUSE)
            now = state(root)
            changed = {path for path, _ in seen.items() ^ now.items()}
            seen = now
            if changed:
                builder = rebuild(root, builder, changed)
    except KeyboardInterrupt:
        print()
    finally:
        builder.give_up()
        server.server_close()
    return 0


def setup(app):
    """Have a build wait where it would begin to look for changes, if whoever started it wants that."""
    app.connect("builder-inited", wait, priority=1000)
