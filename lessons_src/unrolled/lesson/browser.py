"""What `unrolled.lesson` is in a reader's browser, for cells tagged `live`: the parts that need nothing but NumPy.

`publish.live` packs this file as ``unrolled/lesson/__init__.py``.
"""

from .checks import check
from .numbers import significant, within

__all__ = ["check", "number", "significant", "within"]


def number(name, value, digits=3):
    """Do nothing: a cell's numbers go into the prose when the book is built, and that prose stays."""
