"""What every explorer gives besides its widget: a picture and a sentence, for all who cannot run it."""

from pathlib import Path

from anywidget import AnyWidget

from unrolled.lesson.figures import drawn


def script(name):
    """The text of a script of this folder without the lines that are comments: no reader should have to load them."""
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("//"))


class Explorer(AnyWidget):
    """An anywidget that also shows itself as a picture: in print, without JavaScript, on GitHub.

    A subclass has `_esm`, a `script` that needs nothing from any other file, `_css`, and these two methods.
    """

    def reading(self):
        """The present state in one sentence, word for word as the widget says it."""
        raise NotImplementedError

    def picture(self):
        """The present state as what `figures.drawn` takes, a dictionary: figure, name, alt and caption."""
        raise NotImplementedError

    def __repr__(self):
        return self.reading()

    def _repr_mimebundle_(self, **asked):
        views, metadata = super()._repr_mimebundle_(**asked)
        return {**drawn(**self.picture()), **views}, metadata
