"""Explorers: widgets that are alive in JupyterLab and on the static page, where no kernel is; CONTRIBUTING says how."""

from unrolled.lesson.explorers.gradient_flow import GradientFlow

__all__ = ["GradientFlow"]
