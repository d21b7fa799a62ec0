"""What a lesson uses besides the mathematics: evidence, numbers, figures, and checks of the reader's answers."""

from unrolled.lesson.checks import check
from unrolled.lesson.evidence import evidence
from unrolled.lesson.figures import new_figure, show
from unrolled.lesson.numbers import number, significant, within
from unrolled.lesson.recorded import recorded
from unrolled.lesson.start import begin

__all__ = ["begin", "check", "evidence", "new_figure", "number", "recorded", "show", "significant", "within"]
