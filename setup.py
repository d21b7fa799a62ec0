"""Puts the records of full-scale runs, which lie beside the library, into its package; the rest is in pyproject.toml."""

from setuptools import find_namespace_packages, setup

setup(
    packages=[*find_namespace_packages("lessons_src"), "unrolled.results"],
    package_dir={"": "lessons_src", "unrolled.results": "results"},
)
