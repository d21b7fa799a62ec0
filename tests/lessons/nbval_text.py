"""A pytest plugin: have nbval compare the text of outputs and nothing else, whitespace at the ends of lines aside.

At the end it says how much memory the kernel needed.
"""

import resource
import sys

import pytest
from nbval.plugin import IPyNbFile

from unrolled.publish.accept import KINDS


class AllBut(tuple):
    """Holds everything but its elements: nbval asks for what is *not* compared."""

    def __contains__(self, key):
        return not super().__contains__(key)


@pytest.hookimpl
def pytest_collectstart(collector):
    """Before a notebook is read: narrow nbval's comparison."""
    if isinstance(collector, IPyNbFile):
        collector.skip_compare = AllBut(["data", *KINDS.values()])
        collector.sanitize_patterns.update({r"(?m)[ \t]+$": "", r"\n+\Z": ""})


def pytest_unconfigure():
    """When the kernel has ended: the largest resident memory of a process that this one started."""
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    print(f"\npeak memory of the kernel: {peak / 1e6:.0f} MB")
