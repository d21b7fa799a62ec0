"""Widgets on the static page: each beside its picture, and the scripts that draw it where no kernel is.

myst-nb writes the states of a page's widgets into the page. Where all that a page shows are anywidgets, `explorers.js`
draws them. Any other ipywidget needs Jupyter's own widget manager, which the site then brings along.
"""

import json
import re
import shutil
from pathlib import Path

from docutils import nodes
from myst_nb.core.render import WIDGET_VIEW_MIMETYPE
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.transforms.post_transforms import SphinxPostTransform

ASSETS = Path(__file__).parent / "assets"
VIEW = re.compile(rf'<script type="{re.escape(WIDGET_VIEW_MIMETYPE)}">(.*?)</script>', re.DOTALL)
MANAGER = "widget-manager"  # the folder of the site
MANAGER_PARTS = ("requirejs", "@jupyter-widgets/html-manager", "anywidget")  # of assets/vendored
MANAGER_SCRIPTS = ("requirejs/require.js", "widget-manager.js", "@jupyter-widgets/html-manager/embed-amd.js")

# What a page's policy must allow besides: an anywidget's script is text that is loaded as a module, and the manager
# compiles the schema of a widget's state.
MODULES, EVALUATION = "blob:", "'unsafe-eval'"


class PictureAndWidget(SphinxPostTransform):
    """Keep the picture that a widget brings along: it is all that readers without scripts, and paper, can show."""

    default_priority = 3  # myst-nb then chooses one kind of output, at 4
    formats = ("html",)

    def run(self, **kwargs):
        """Put the HTML of an output before its widget."""
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            kinds = {child["mime_type"]: child for child in bundle}
            if WIDGET_VIEW_MIMETYPE in kinds and "text/html" in kinds:
                both = kinds["text/html"].astext() + kinds[WIDGET_VIEW_MIMETYPE].astext()
                both = f'<div class="explorer">{both}</div>'
                kinds[WIDGET_VIEW_MIMETYPE].children = [
                    nodes.raw("", both, format="html", classes=["output", "text_html"])
                ]


def add_scripts(app, pagename, templatename, context, doctree):
    """Give a page with widgets the scripts that draw them, and let its policy allow what these do."""
    state = NbMetadataCollector.get_js_files(app.env, pagename).get("ipywidgets_state")
    if not (state and doctree):
        return
    models = json.loads(state[1]["body"])["state"]
    views = [json.loads(found[1]) for raw in doctree.findall(nodes.raw) for found in VIEW.finditer(raw.astext())]
    shown = {models[view["model_id"]]["model_module"] for view in views}
    if not shown:
        return
    context["script_sources"] = MODULES
    if shown == {"anywidget"}:
        app.add_js_file("explorers.js")
        return
    context["script_sources"] += f" {EVALUATION}"
    folder = Path(app.outdir, "_static", MANAGER)
    for part in MANAGER_PARTS:
        shutil.copytree(ASSETS / "vendored" / part, folder / part, dirs_exist_ok=True)
    shutil.copyfile(ASSETS / "widget-manager.js", folder / "widget-manager.js")
    for name in MANAGER_SCRIPTS:
        app.add_js_file(f"{MANAGER}/{name}")


def _start(app):
    if app.builder.format == "html":
        # Sphinx copies the assets last, too late for the version that an address in a page carries.
        shutil.copyfile(ASSETS / "explorers.js", Path(app.outdir, "_static", "explorers.js"))


def setup(app):
    """Connect to Sphinx: after myst-nb, whose scripts carry the states, and before `site` writes the page's policy."""
    app.add_post_transform(PictureAndWidget)
    app.connect("builder-inited", _start)
    app.connect("html-page-context", add_scripts, priority=700)
