"""The site while it is written: a builder that waits is quicker, builds the same, and a bad edit is told and can be mended."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
import tiny_book

from unrolled.publish import __main__ as command_line
from unrolled.publish.serve import WAITING, Builder, state, wait

PAGE = "# A page\n\nIts first sentence.\n"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The folder of a tiny book that is built."""
    folder = tmp_path_factory.mktemp("served")
    built = tiny_book.build(folder, {"index": "# A book\n", "one": PAGE, "other": "# Another page\n"})
    assert built.status == 0, built.output
    return folder


@pytest.fixture
def serving(book):
    """`make serve` on the tiny book: the process, and the address it named."""
    command = [sys.executable, "-u", "-m", "unrolled.publish", "serve", "--book", str(book), "--port", "0"]
    env = os.environ | {"PYTHONPATH": str(tiny_book.ROOT / "lessons_src")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        try:
            said = said_until(process, r"http://\S+/")
            yield process, re.search(r"http://\S+/", said)[0]
        finally:
            process.kill()


def said_until(process, pattern):
    """Everything that the process prints up to a line with `pattern`."""
    said = ""
    for line in process.stdout:
        said += line
        if re.search(pattern, line):
            return said
    raise AssertionError(f"it ended without {pattern}: {said}")


def fetched(address):
    with urllib.request.urlopen(f"{address}book/one.html") as answer:
        return answer.read().decode()


def test_an_edit_is_built_and_a_bad_edit_is_told(book, serving):
    process, address = serving
    page = book / "book" / "one.md"
    assert "Its first sentence." in fetched(address)
    page.write_text(PAGE + "\nIts second sentence.\n")
    said_until(process, r"^Built in \d+\.\d s\.")
    assert "Its second sentence." in fetched(address)
    page.write_text(PAGE + "\n$\\frac{1$\n")
    said = said_until(process, r"^The build failed after \d+\.\d s")
    assert "one.md:5" in said
    page.write_text(PAGE)
    said_until(process, r"^Built in")
    assert "Its second sentence." not in fetched(address)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


def test_a_builder_that_waits_has_not_looked_at_the_pages(book):
    page = book / "book" / "one.md"
    page.write_text(PAGE)
    builder = Builder(book)
    page.write_text(PAGE + "\nWritten while it waits.\n")
    assert builder.finish() == ""
    assert "Written while it waits." in (book / "_build" / "html" / "book" / "one.html").read_text()
    builder.give_up()


def test_a_builder_builds_again_what_a_fresh_one_would_build_and_ends_where_a_build_fails(book):
    page, built = book / "book" / "one.md", book / "_build" / "html" / "book" / "one.html"
    page.write_text(PAGE)
    builder = Builder(book)
    assert builder.finish() == ""
    page.write_text(PAGE + "\n## Built by the same process\n\n$x^2$\n")
    untouched = (book / "_build" / "html" / "book" / "other.html").stat().st_mtime_ns
    assert builder.finish() == "" and builder.waits()
    again = built.read_bytes()
    assert b"Built by the same process" in again
    assert (book / "_build" / "html" / "book" / "other.html").stat().st_mtime_ns == untouched, "the other page is left"
    built.unlink()
    page.touch()
    fresh = Builder(book)
    assert fresh.finish() == "" and built.read_bytes() == again
    page.write_text(PAGE + "\n$\\frac{1$\n")
    assert "one.md:5" in builder.finish()
    assert not builder.waits()
    page.write_text(PAGE)
    assert fresh.finish() == ""
    fresh.give_up()


def test_a_builder_whose_starter_is_gone_ends(book):
    before = (book / "_build" / "html" / "book" / "one.html").read_bytes()
    (book / "book" / "one.md").write_text(PAGE + "\nNever to be built.\n")
    builder = Builder(book)
    builder.process.stdin.close()
    assert builder.process.wait(60) != 0
    builder.process.stdout.close()
    assert (book / "_build" / "html" / "book" / "one.html").read_bytes() == before


def test_a_usual_build_does_not_wait(monkeypatch):
    monkeypatch.delenv(WAITING, raising=False)
    assert wait(None) is None


def test_what_is_watched(book):
    before = state(book)
    assert {path.name for path in before} >= {"_config.yml", "_toc.yml", "one.md"}
    (book / "book" / "two.md").write_text("# Two\n")
    assert set(state(book)) - set(before) == {book / "book" / "two.md"}
    (book / "book" / "two.md").unlink()


def test_a_taken_port_and_a_folder_that_is_no_book(book, tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert command_line.main(["serve", "--book", str(book), "--port", str(port)]) == 1
    assert capsys.readouterr().err == f"Port {port} is taken: choose another, as in make serve PORT=8001.\n"
    assert command_line.main(["serve", "--book", str(tmp_path)]) == 1
    assert "expected a _config.yml" in capsys.readouterr().err
