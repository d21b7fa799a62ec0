"""What the book costs: seconds a lesson's cells take, seconds of two builds, kilobytes of each lesson, Lighthouse.

Run it with `make bench`. It builds a copy of the sources in a temporary folder, so that yours are left alone. It
reports and judges nothing: the budgets are in the tests.
"""

import contextlib
import gzip
import http.server
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from unrolled.publish.bootstrap import find_browser
from unrolled.publish.execution import Book, seconds
from unrolled.publish.serve import PAUSE, Builder

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("_config.yml", "_toc.yml", "requirements.txt", "pyproject.toml", "book", "lessons_src", "results")
COMPRESSED = {".css", ".html", ".ipynb", ".js", ".json", ".svg", ".txt", ".xml"}    # what a usual server compresses
LIGHTHOUSE = "lighthouse@12.8.2"
RUNS = 5
SANDBOX = ["--no-sandbox"] if os.geteuid() == 0 else []    # Chromium refuses to be root's in its sandbox


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as a usual host would, text gzipped; `sent` is the list of the sizes of bodies in bytes."""

    sent = []

    def send_head(self):
        """As the base class, with a compressed body where the file's kind is compressed and the browser takes it."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return super().send_head()
        packed = path.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(path.read_bytes(), 6) if packed else path.read_bytes()
        self.sent.append(len(body))
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, *_):
        """Say nothing: the table is the output."""


@contextlib.contextmanager
def served(folder):
    """The address of a server of `folder` on this machine, while the block runs."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Server(*a, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def build(folder):
    """Seconds that a build of the book in `folder` takes; ends the program where it fails."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "unrolled.publish", "build"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{ran.stdout}{ran.stderr}\nThe book does not build, so there is nothing to measure.")
    return time.perf_counter() - began


def edit(page):
    """Add a sentence to a page."""
    with open(page, "a", encoding="utf-8") as file:
        file.write("\nOne sentence more.\n")


def served_edits(book):
    """Seconds from an edit of prose to the built page under `make serve`, for the first lesson, RUNS times."""
    builder = Builder(book.root)
    try:
        for run in range(1 + RUNS):
            time.sleep(10)    # by then it waits, as it does between two edits
            edit(book.pages[next(iter(book.lessons()))])
            began = time.perf_counter()
            if failure := builder.finish():
                sys.exit(failure)
            if run:    # the first one is what `make serve` builds before it shows the book
                yield time.perf_counter() - began + PAUSE / 2    # an edit is noticed half a pause later, on average
    finally:
        builder.give_up()


def weights(address, pages, browser_path):
    """{page: (kB of all bodies that a first visit requests, number of requests)}, scrolled to its end."""
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=SANDBOX)
        for page in pages:
            Server.sent.clear()
            context = browser.new_context()    # with an empty cache
            tab = context.new_page()
            tab.goto(f"{address}/{page}.html", wait_until="networkidle")
            tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
            tab.wait_for_load_state("networkidle")
            context.close()
            found[page] = sum(Server.sent) / 1000, len(Server.sent)
        browser.close()
    return found


def lighthouse(address, browser_path):
    """{category: score, 0 to 100} on a desktop: performance as the median of RUNS runs, the others from the first.

    Raises RuntimeError where Lighthouse does not run.
    """
    scores = {}
    for run in range(RUNS):
        flags = " ".join(["--headless=new", *SANDBOX])
        command = ["npx", "-y", LIGHTHOUSE, address, "--preset=desktop", "--output=json", "--quiet"]
        command += [f"--chrome-flags={flags}"]
        command += ["--only-categories=performance"] if run else []    # the others are the same every time, and slow
        ran = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"CHROME_PATH": browser_path})
        if ran.returncode:
            raise RuntimeError((ran.stderr.strip().splitlines() or ["no reason given"])[-1])
        for name, category in json.loads(ran.stdout)["categories"].items():
            scores.setdefault(name, []).append(100 * category["score"])
    return {name: statistics.median(values) for name, values in scores.items()}


def row(what, value):
    """Print one line of the table as soon as it is known."""
    print(f"{what:<66} {value:>12}", flush=True)


def main():
    """Measure and print; returns nothing."""
    browser_path = find_browser()
    with tempfile.TemporaryDirectory(prefix="unrolled-bench-") as name:
        folder = Path(name)
        for source in SOURCES:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
            elif (ROOT / source).exists():
                shutil.copy(ROOT / source, folder / source)
        row("cold build", f"{build(folder):.1f} s")
        book = Book.of_folder(folder)
        for source, taken in seconds(book.cache_path).items():
            row(f"  cells of {source}", f"{taken:.1f} s")
        lessons = list(book.lessons())
        edit(book.pages[lessons[0]])
        row(f"make book after an edit of prose in {lessons[0]}", f"{build(folder):.1f} s")
        row("make serve after the same, from saving to the page", f"{statistics.median(served_edits(book)):.1f} s")
        with served(folder / "_build" / "html") as address:
            found = weights(address, lessons, browser_path)
            for page, (size, requests) in found.items():
                row(f"first visit of {page}, gzipped ({requests} requests)", f"{size:.0f} kB")
            if not shutil.which("npx"):
                print("Lighthouse was not run: Node is absent.")
                return
            heaviest = max(found, key=found.get)
            print(f"Lighthouse looks at the heaviest lesson {RUNS} times; that takes some minutes.", flush=True)
            try:
                scores = lighthouse(f"{address}/{heaviest}.html", browser_path)
            except (RuntimeError, ValueError) as problem:
                print(f"Lighthouse was not run: {problem}")
                return
            for category, score in scores.items():
                row(f"Lighthouse, desktop: {category} of {heaviest}", f"{score:.0f}")


if __name__ == "__main__":
    main()
