"""The site around the text: what each page's head says, which files a page loads, and the pages besides the lessons.

The theme's own templates are replaced, in part, by those in assets/templates; its styles by one sheet (`styles`).
Every page carries a Content-Security-Policy that lets it ask no other host and run no script but the site's own.
"""

import base64
import hashlib
import html
import json
import re
import shutil
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pydata_sphinx_theme
from docutils import nodes

from unrolled.publish import explorers, formulas, styles

ASSETS = Path(__file__).parent / "assets"
COLOUR_SCRIPT = (ASSETS / "colour.js").read_text(encoding="utf-8")
"""Runs before the first paint, so it stands in the page; the policy names it by its hash."""

POLICY = "; ".join((
    "default-src 'self'",
    f"script-src 'self' 'sha256-{base64.b64encode(hashlib.sha256(COLOUR_SCRIPT.encode()).digest()).decode()}'",
    "style-src 'self' 'unsafe-inline'",  # KaTeX and Matplotlib place things by style attributes
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
))

SERVED = "http://127.0.0.1:8000/"
"""Where ``make serve`` shows the site: its address as long as ``html_baseurl`` gives no other."""

THEME_SHEETS = ("styles/theme.css", "styles/pydata-sphinx-theme.css")
UNUSED = (
    *("scripts/fontawesome.js*", "scripts/bootstrap.js*", "vendor", "locales", "images", "**/*.map", "**/*macros.html"),
    *("templates", "vendored", "vendored.json", "colour.js", "site.css", "widget-manager.js"),  # ours, but for the build only
)
DESCRIPTION = 160  # characters: as much as search engines show
DESCRIPTIVE = 50  # a paragraph shorter than this is a label or a subtitle


def describe(doctree):
    """Return the first paragraph that is long enough to describe a page, as plain text cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(formulas.plain_text(paragraph).split())
        if len(text) >= DESCRIPTIVE:
            return text if len(text) <= DESCRIPTION else text[: DESCRIPTION - 1].rsplit(" ", 1)[0] + "…"
    return ""


def _configure(app, config):
    # Each once: the theme adds its folder to Sphinx's default itself, where the next build in this process finds it.
    config.templates_path = [str(ASSETS / "templates"), *dict.fromkeys(config.templates_path)]
    config.html_use_index = False  # a course has no index of functions
    config.html_domain_indices = False
    config.html_theme_options.update(back_to_top_button=False, primary_sidebar_end=[], use_fullscreen_button=False)


def _start(app):
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for name in ("site.js", "search-plain.js", "favicon.svg"):
        shutil.copyfile(ASSETS / name, static / name)
    app.add_js_file("site.js")
    _index_formulas_as_text(app.builder)


def _index_formulas_as_text(builder):
    """Give the search index what a reader sees of a formula; Sphinx would index, and show, its TeX."""
    index_page = builder.index_page

    def with_text(pagename, doctree, title):
        doctree = doctree.deepcopy()
        for formula in list(doctree.findall(lambda n: isinstance(n, (nodes.math, nodes.math_block)))):
            formula.replace_self(nodes.inline("", formulas.plain_text(formula)))
        heading = builder.env.longtitles.get(pagename)
        index_page(pagename, doctree, html.escape(formulas.plain_text(heading)) if heading else title)

    builder.index_page = with_text


def _page(app, pagename, templatename, context, doctree):
    """Fill in what the head of a page says, and let no script wait or stand in the page."""
    book = app.config.html_title or app.config.project
    heading = app.env.longtitles.get(pagename)
    title = formulas.plain_text(heading) if heading else context.get("title") or "Search"
    context["plain_title"] = title if title == book else f"{title} – {book}"
    context["docstitle"] = book
    context["root_title"] = formulas.plain_text(app.env.titles[app.config.root_doc])
    context["default_mode"] = ""  # the script decides; without it the page follows the system by its style
    context["colour_script"] = COLOUR_SCRIPT
    context["bundled_styles"] = set(_sheets_of_every_page(app.builder))

    policy = POLICY.replace("script-src 'self'", f"script-src 'self' {context.get('script_sources', '')}".rstrip())
    head = f'\n    <meta http-equiv="Content-Security-Policy" content="{policy}">'
    if 'name="description"' not in context.get("metatags", ""):
        said = describe(doctree) if doctree else ""
        head += f'\n    <meta name="description" content="{html.escape(said or f"{title}: a page of {book}.")}">'
    if not doctree:
        head += '\n    <meta name="robots" content="noindex">'
    once = re.sub(r'<meta name="viewport"[^>]*>\s*', "", context.get("metatags", ""))  # the theme gives it twice
    context["metatags"] = head + once

    scripts = []
    for script in context["script_files"]:
        body = script.attributes.get("body") or ""
        if script.filename:
            script.attributes["defer"] = "defer"
        elif body.startswith("DOCUMENTATION_OPTIONS."):
            continue  # two settings that only switched-off parts of the theme read
        scripts.append(script)
    context["script_files"] = scripts


def _finish(app, exception):
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for pattern in UNUSED:
        for path in list((out / "_static").glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _remove_old_pages(app, out)
    _write_styles(app, out)
    _write_other_pages(app, out)


def _remove_old_pages(app, out):
    """Remove the pages of an earlier build whose source is gone: Sphinx leaves them, and a host would serve them."""
    current = {app.builder.get_target_uri(page) for page in (*app.env.found_docs, "search")}
    for page in out.rglob("*.html"):
        if page.relative_to(out).as_posix() not in current and "data-content_root=" in page.read_text(encoding="utf-8"):
            page.unlink()


def _sheets_of_every_page(builder):
    """The addresses of the style sheets that the theme and the extensions give to all pages, in their order."""
    # Sphinx keeps them in private lists; the first is there only when a page is written in this build.
    sheets = getattr(builder, "_orig_css_files", builder._css_files)
    return list(dict.fromkeys(str(sheet.filename) for sheet in sorted(sheets, key=lambda sheet: sheet.priority)))


def _write_styles(app, out):
    """Write the one sheet of the site, unless neither its sources nor the names in use have changed."""
    static = out / "_static"
    asked = [name.removeprefix("_static/") for name in _sheets_of_every_page(app.builder)]
    ours = [name for name in asked if (ASSETS / name).exists()]
    theirs = [*THEME_SHEETS, *(name for name in asked if name not in ours)]
    sheets = [sheet for name in theirs for sheet in styles.with_imports(static, name)]
    own = [(name, (ASSETS / name).read_text(encoding="utf-8")) for name in ["site.css", *ours]]
    names = _names_in_use(out, Path(app.doctreedir) / "names.json")
    key = hashlib.sha256(repr((sheets, own, sorted(names), Path(styles.__file__).read_bytes())).encode()).hexdigest()
    target = static / "unrolled.css"
    stamp = f"/* made from {len(sheets) + len(own)} sheets: {key} */\n"
    if target.exists() and target.read_text(encoding="utf-8").startswith(stamp):
        return
    fonts = next(Path(pydata_sphinx_theme.__file__).parent.rglob("fa-solid-900.ttf")).parent
    # In a layer, the rules of others yield to ours whatever their selectors.
    css = f"@layer theme {{\n{styles.bundle(sheets, names)}}}\n{styles.bundle(own, names)}"
    css = styles.with_small_icons(css, fonts, static)
    target.write_text(stamp + css, encoding="utf-8")


def _names_in_use(out, memory):
    """The classes and ids of all pages and scripts. Pages that have not changed are not read again."""
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    now = {}
    for page in out.rglob("*.html"):
        at = str(page.stat().st_mtime_ns)
        name = page.relative_to(out).as_posix()
        if known.get(name, [None])[0] != at:
            known[name] = [at, sorted(styles.names_in_page(page.read_text(encoding="utf-8")))]
        now[name] = known[name]
    memory.write_text(json.dumps(now), encoding="utf-8")
    names = {name for _, found in now.values() for name in found}
    for script in (out / "_static").rglob("*.js"):
        if explorers.MANAGER in script.parts:
            continue  # it brings its own styles
        names |= styles.names_in_script(script.read_text(encoding="utf-8"))
    return names


def _write_other_pages(app, out):
    base = app.config.html_baseurl or SERVED
    base += "" if base.endswith("/") else "/"
    home = app.builder.get_target_uri(app.config.root_doc)
    pages = sorted(app.builder.get_target_uri(page) for page in app.env.found_docs)
    book = app.config.html_title or app.config.project
    common = {
        "language": app.config.language,
        "policy": POLICY,
        "icon": (ASSETS / "favicon.svg").read_text(encoding="utf-8"),
    }
    missing = dict(
        common,
        title=f"Page not found – {book}",
        heading="This page does not exist",
        description=f"There is no page of {book} at this address.",
        text="It may have moved.",
        link=f"To the first page of {book}",
        address=urlsplit(urljoin(base, home)).path,
    )
    (out / "404.html").write_text(app.builder.templates.render("bare.html", missing), encoding="utf-8")
    if app.config.root_doc != "index":
        moved = dict(
            common,
            found=True,
            title=book,
            heading=book,
            description=f"{book}: to the first page.",
            text="The book begins at its",
            link="first page",
            address=home,
        )
        (out / "index.html").write_text(app.builder.templates.render("bare.html", moved), encoding="utf-8")
    places = "".join(f"  <url><loc>{html.escape(urljoin(base, page))}</loc></url>\n" for page in pages)
    (out / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n',
        encoding="utf-8",
    )
    robots = f"User-agent: *\nAllow: /\nSitemap: {urljoin(base, 'sitemap.xml')}\n"
    (out / "robots.txt").write_text(robots, encoding="utf-8")


def setup(app):
    """Connect to Sphinx; late, so that what the theme and the extensions decide is there to be mended."""
    made_by = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))))
    app.add_config_value("pages_made_by", made_by.hexdigest(), "html")  # a page made by other code is out of date
    app.connect("config-inited", _configure, priority=900)
    app.connect("builder-inited", _start)
    app.connect("html-page-context", _page, priority=900)
    app.connect("build-finished", _finish, priority=900)
