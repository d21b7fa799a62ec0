"""The book, built by Jupyter Book with warnings as errors."""

import argparse
import sys

from sphinx.errors import SphinxError


def build(book="."):
    """Build the book in a folder; where that fails, say why and end the process with status 1."""
    from jupyter_book.cli.main import main as jupyter_book    # a second of imports that only a build needs

    try:
        jupyter_book(["build", str(book), "-W", "-n", "--keep-going"], standalone_mode=False)
    except RuntimeError as failure:
        if isinstance(failure.__cause__, SphinxError | None):
            sys.exit(str(failure))    # what was wrong has been said; the way to it through Sphinx helps nobody
        raise


def main(argv):
    """Build the book."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.publish build", description=main.__doc__)
    parser.add_argument("book", nargs="?", default=".", help="the folder of _config.yml (default: this one)")
    build(parser.parse_args(argv).book)
    return 0
