"""Buttons that lead from a page to its repository: run the lesson, edit the page, report a problem.

The theme's own are not used. They send Binder and Colab to the text of a lesson, which Colab cannot open, and a book
without an address to the repository of Jupyter Book.
"""

from unrolled.publish.notebooks import has_notebook, path_in_site
from unrolled.publish.repository import repository


def offer(app, name, template, context, doctree):
    """Add the buttons to the header of a page, where the address of the repository is known."""
    known = repository(app.config)
    if known is None or doctree is None:
        return
    buttons = context["header_buttons"]
    if has_notebook(app, name):
        path = path_in_site(name)
        run = [("Run on Binder", known.binder(path)), ("Run on Colab", known.colab(path))]
        buttons.insert(0, _menu("Run this lesson", "fas fa-rocket", run))
    source = app.env.doc2path(name, base=False)
    improve = [("Edit this page", known.edit(source)), ("Report a problem", known.report(source))]
    buttons.append(_menu("Improve this page", "fas fa-pencil", improve))


def _menu(title, icon, links):
    entries = [{"type": "link", "tooltip": tooltip, "url": url} for tooltip, url in links]
    return {"type": "group", "tooltip": title, "icon": icon, "buttons": entries}


def setup(app):
    """Add the buttons; after the theme has made its own and the notebooks theirs."""
    app.connect("html-page-context", offer, priority=900)
