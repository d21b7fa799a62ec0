"""What a real browser sees of a built site: a server on this machine, one look at a page, and what is wrong with it."""

import gzip
import mimetypes
import re
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 360, "height": 740}  # the narrowest screen on which nothing may stick out
VIEWS = {
    "light, desktop": ("light", DESKTOP),
    "light, phone": ("light", PHONE),
    "light, narrow phone": ("light", NARROW),
    "dark, desktop": ("dark", DESKTOP),
    "dark, phone": ("dark", PHONE),
}

RAW_TEX = re.compile(r"\\[A-Za-z]{2,}|\\[()\[\]{}]|\$[^$\s][^$\n]*\$|\^\{|_\{")
# Formulas must be rendered wherever they stand, a closed fold included; code may hold TeX.
TEXT = """() => {
  const copy = document.body.cloneNode(true);
  for (const e of copy.querySelectorAll("pre, code, script, style, noscript, template")) e.remove();
  return copy.textContent;
}"""
MAIN_TEXT = """() => {
  const copy = (document.querySelector("article") || document.querySelector("main") || document.body).cloneNode(true);
  for (const e of copy.querySelectorAll("button, script, style, noscript")) e.remove();
  return copy.textContent.replace(/\\s+/g, " ").trim();
}"""
BLOCKING = """() => performance.getEntriesByType("resource")
  .filter(e => e.initiatorType === "script" && e.renderBlockingStatus === "blocking").map(e => e.name)"""

CUT = """() => [...document.querySelectorAll(".katex-display")].filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.querySelector(".katex-html")?.textContent ?? e.textContent} (${e.scrollWidth - e.clientWidth} px)`)"""

SCROLLED = """() => [...document.querySelectorAll(".cell_output .output.stream pre")]
  .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => `${e.textContent.trim().split("\\n")[0]} (${e.scrollWidth - e.clientWidth} px)`)"""

# The parts of a formula and of a drawing take their colours from around; of the words of code, thousands on a page,
# one of each kind speaks for all. Without the others axe needs seconds for a lesson instead of a minute.
THINNED = """() => {
  for (const part of document.querySelectorAll(".katex-html > *, figure svg > *")) part.remove();
  const kinds = new Set();
  for (const word of document.querySelectorAll("pre span:not(:has(*))")) {
    const kind = word.className + word.style.cssText + getComputedStyle(word.closest("pre")).backgroundColor;
    if (kinds.has(kind)) word.replaceWith(word.textContent);
    kinds.add(kind);
  }
  for (const pre of document.querySelectorAll("pre")) pre.normalize();
}"""
AXE = "async options => (await axe.run(options)).violations"


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder as a common static host does: text compressed, and 404.html for what is not there."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path = path / "index.html"
        status = 200
        if not path.is_file():
            status, path = 404, Path(self.directory) / "404.html"
        body = path.read_bytes() if path.is_file() else b""
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.send_response(status)
        if kind.startswith("text/") or kind in {"application/javascript", "application/json", "image/svg+xml"}:
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """Serve a folder on a free port of this machine; gives its address, ending in a slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Look:
    """One page, opened with an empty cache: what it asked for, what it said, and how it came out."""

    requests: list = field(default_factory=list)
    failures: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    weight: int = 0  # bytes transferred, headers included
    text: str = ""
    main_text: str = ""
    blocking: list = field(default_factory=list)
    overflow: dict = field(default_factory=dict)  # by view: pixels that stick out to the right
    cut: dict = field(default_factory=dict)  # by view: each displayed formula that does not fit
    scrolled: dict = field(default_factory=dict)  # by view: each printed output that does not fit
    violations: dict = field(default_factory=dict)  # by view: findings of axe


def look(browser, address, javascript=True, views=(), accessibility=False):
    """Open a page and return a Look. Nothing leaves this machine: a request to another host is noted and dropped.

    The page is loaded once, on a light desktop, and then shown in each of `views`, names in VIEWS.
    """
    seen = Look()
    with opened(browser, seen, javascript=javascript) as page:
        responses = []
        page.on("response", lambda response: responses.append(response))
        page.goto(address, wait_until="load")
        page.evaluate("document.fonts.ready.then(() => true)")
        seen.weight = sum(sum(_sizes(response.request)) for response in responses)
        seen.text = page.evaluate(TEXT)
        seen.main_text = page.evaluate(MAIN_TEXT)
        seen.blocking = page.evaluate(BLOCKING)
        for view in views:
            _show(page, view)
            seen.overflow[view] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            seen.cut[view] = page.evaluate(CUT)
            seen.scrolled[view] = page.evaluate(SCROLLED)
        if accessibility:
            page.evaluate(Axe().axe_script)
            page.evaluate(THINNED)
        for view in views if accessibility else ():
            if "narrow" in view:
                continue  # the phone's page in another width
            _show(page, view)
            # Only the contrast of colours can differ between light and dark.
            rules = {"runOnly": ["color-contrast"]} if view.startswith("dark") else {}
            seen.violations[view] = page.evaluate(AXE, {"resultTypes": ["violations"], **rules})
    return seen


def _show(page, view):
    scheme, size = VIEWS[view]
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)


@contextmanager
def opened(browser, seen, scheme="light", size=DESKTOP, javascript=True):
    """Give an empty page whose requests and complaints are noted in `seen`."""
    context = browser.new_context(color_scheme=scheme, viewport=size, java_script_enabled=javascript)
    page = context.new_page()

    def at_home(request):
        parts = urlsplit(request.url)
        return parts.scheme in {"data", "blob", "file"} or parts.hostname == "127.0.0.1"

    def route(route):
        route.continue_() if at_home(route.request) else route.abort()

    def said(message):
        if message.type in {"error", "warning"}:
            seen.errors.append(f"{message.type}: {message.text}")

    page.on("request", lambda request: seen.requests.append((request.url, at_home(request))))
    page.on("requestfailed", lambda request: seen.failures.append(request.url))
    page.on("response", lambda got: seen.failures.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on("console", said)
    page.on("pageerror", lambda error: seen.errors.append(f"exception: {error}"))
    page.route("**/*", route)
    try:
        yield page
    finally:
        context.close()


def _sizes(request):
    sizes = request.sizes()
    return sizes["responseBodySize"], sizes["responseHeadersSize"]


# What can be wrong with a page: each function gives a list of sentences, empty for a good page.


def foreign_requests(seen):
    """Requests to another host, kept from leaving or not."""
    return [f"asks another host: {address}" for address, at_home in seen.requests if not at_home]


def complaints(seen):
    """What the console says, and what could not be loaded."""
    return [f"console {error}" for error in seen.errors] + [f"not loaded: {address}" for address in seen.failures]


def raw_tex(seen):
    """TeX that a reader would see as such."""
    return [f"shows raw TeX: {found.group()}" for found in RAW_TEX.finditer(seen.text)]


def waits(seen):
    """Scripts for which the first paint waits."""
    return [f"waits for the script {name}" for name in seen.blocking]


def sticking_out(seen):
    """Views in which the page is wider than its screen."""
    return [f"{view}: scrolls sideways by {pixels} pixels" for view, pixels in seen.overflow.items() if pixels > 0]


def cut_formulas(seen):
    """Displayed formulas that a phone cuts off, so that what is left reads as another formula."""
    return [f"light, phone: cuts off {formula}" for formula in seen.cut["light, phone"]]


def wide_outputs(seen):
    """Printed outputs of which a phone shows only the left part."""
    return [f"light, phone: must be scrolled to read the output {output}" for output in seen.scrolled["light, phone"]]


def too_heavy(seen, limit):
    """More bytes than a page may cost; the limit is in kB of 1000 bytes."""
    return [f"weighs {seen.weight / 1000:.0f} kB, more than {limit}"] if seen.weight > limit * 1000 else []


def inaccessible(seen):
    """Serious and critical findings of axe."""
    return [
        f"{view}: {found['id']} ({found['impact']}): {node['html'][:200]}"
        for view, violations in seen.violations.items()
        for found in violations
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]


def lost_without_script(with_script, without):
    """Text of the lesson that differs when no script runs."""
    if with_script.main_text == without.main_text:
        return []
    return [f"reads {len(without.main_text)} characters without JavaScript, {len(with_script.main_text)} with it"]


def head_faults(html):
    """What the head of a page lacks or says twice."""
    page = _parsed(html)
    faults = []
    for what, selector in {
        "description": 'meta[name="description"][content]',
        "viewport": 'meta[name="viewport"]',
        "policy": 'meta[http-equiv="Content-Security-Policy"]',
        "icon": 'link[rel="icon"]',
        "title": "title",
    }.items():
        found = page.select(selector)
        if len(found) != 1:
            faults.append(f"has {len(found)} of: {what}")
        elif what in {"description", "title"}:
            text = found[0].get("content") or found[0].text
            if not text.strip() or RAW_TEX.search(text):
                faults.append(f"has a poor {what}: {text!r}")
    if not page.html.get("lang"):
        faults.append("names no language")
    ids = [tag["id"] for tag in page.select("[id]")]
    faults += [f"uses the id {name} twice" for name, times in Counter(ids).items() if times > 1]
    return faults


def link_faults(site, name, ours=()):
    """Links of a page that lead nowhere, or to another host from outside the text; `ours` begin those that may."""
    path = site / name
    page = _parsed(path.read_text(encoding="utf-8"))
    faults = []
    for tag in page.select("a[href]"):
        parts = urlsplit(tag["href"])
        if parts.scheme or parts.netloc:
            if not (tag.find_parent("article") or tag["href"].startswith(tuple(ours))):
                faults.append(f"leads to another host from outside the text: {tag['href']}")
            continue
        place, asked = _place(site), unquote(parts.path)
        within = site / asked.removeprefix(place) if asked.startswith(place) else path.parent / asked
        target = within.resolve() if asked else path
        if not target.is_file():
            faults.append(f"leads nowhere: {tag['href']}")
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in _ids(target):
            faults.append(f"leads to no place of that page: {tag['href']}")
    return faults


def _place(site):
    """The path at which its host will serve a site, as its robots.txt says; "/" without one."""
    robots = site / "robots.txt"
    said = re.search(r"^Sitemap: (.*)sitemap\.xml$", robots.read_text(), re.MULTILINE) if robots.exists() else None
    return urlsplit(said[1]).path if said else "/"


@lru_cache(maxsize=1)
def _parsed(html):
    return BeautifulSoup(html, "html.parser")


@lru_cache(maxsize=None)
def _ids(page):
    return set(re.findall(r'\bid="([^"]+)"', page.read_text(encoding="utf-8")))
