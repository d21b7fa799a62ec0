"""Building the book: where it fails, the reason is said, and no traceback of Sphinx hides it."""

import subprocess
import sys

from tiny_book import build


def test_what_the_rules_refuse_is_said_without_a_traceback(tmp_path):
    built = build(tmp_path, {"index": "# Start\n", "lesson": "# A lesson\n\nIt is 0.5 of it.\n"})
    assert built.status == 1
    assert "book/lesson.md:3: " in built.output
    assert "There was an error in building your book" in built.output
    assert "Traceback" not in built.output


def test_a_folder_without_a_book_is_refused_in_one_sentence(tmp_path):
    command = [sys.executable, "-m", "unrolled.publish", "build", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 1
    assert "Couldn't find a Table of Contents file" in ran.stderr
    assert "Traceback" not in ran.stderr
