"""Every page of the built book in a real browser: private, quiet, readable by everyone, light, and complete."""

import re

import built_site
import pytest
from bs4 import BeautifulSoup
from built_site import NARROW, PHONE, VIEWS, Look, look, opened

LESSON_KB = 300  # a page with its figures, styles, scripts and fonts


@pytest.fixture(scope="module")
def seen(browser, address):
    """Looks at pages, each taken once."""
    taken = {}

    def take(name, javascript=True):
        if (name, javascript) not in taken:
            taken[name, javascript] = look(browser, address + name, javascript, views=VIEWS, accessibility=javascript)
        return taken[name, javascript]

    return take


def test_a_page_serves_every_reader(seen, name):
    shown = seen(name)
    assert built_site.foreign_requests(shown) == []
    assert built_site.complaints(shown) == []
    assert built_site.inaccessible(shown) == []
    assert built_site.sticking_out(shown) == []
    assert built_site.cut_formulas(shown) == []
    assert built_site.wide_outputs(shown) == []


def test_a_page_shows_no_raw_tex_and_loses_nothing_without_script(seen, name):
    with_script, without = seen(name), seen(name, javascript=False)
    assert built_site.raw_tex(with_script) == []
    assert built_site.raw_tex(without) == []
    if name.startswith("book/"):
        assert built_site.lost_without_script(with_script, without) == []
    assert built_site.foreign_requests(without) == []
    assert built_site.sticking_out(without) == []


def test_a_page_is_light_and_paints_at_once(seen, name):
    assert built_site.too_heavy(seen(name), LESSON_KB) == []
    assert built_site.waits(seen(name)) == []


def test_a_page_says_what_it_is_and_leads_somewhere(site, name, ours):
    html = (site / name).read_text(encoding="utf-8")
    assert built_site.head_faults(html) == []
    assert built_site.link_faults(site, name, ours) == []


def test_a_page_opens_from_a_folder(browser, site, lesson):
    seen = Look()
    with opened(browser, seen) as page:
        page.goto((site / lesson).as_uri(), wait_until="load")
        fonts = page.evaluate("document.fonts.ready.then(fonts => [...fonts].map(font => font.status))")
        icon_font = page.evaluate("getComputedStyle(document.querySelector('.fa-solid'), '::before').fontFamily")
        before = page.get_attribute("html", "data-mode")
        page.click(".theme-switch-button")
        after = page.get_attribute("html", "data-mode")
    assert built_site.complaints(seen) == []
    assert "loaded" in fonts and "error" not in fonts
    assert "Awesome" in icon_font, "the styles were not applied"
    assert before != after, "the scripts did not run"


def test_a_page_prints_whole(browser, address, lesson):
    with opened(browser, Look(), scheme="dark", javascript=False) as page:
        page.goto(address + lesson)
        page.emulate_media(media="print")
        printed = page.evaluate("""() => ({
          title: document.querySelector("h1").getBoundingClientRect().height,
          folded: [...document.querySelectorAll("article details:not([open]) > :not(summary)")]
            .filter(e => e.textContent.trim() && !e.getBoundingClientRect().height).length,
          around: [...document.querySelectorAll(".bd-sidebar, .bd-header-article, .prev-next-footer")]
            .filter(e => e.getBoundingClientRect().height).length,
          cut: [...document.querySelectorAll("article pre")].filter(e => e.scrollWidth > e.clientWidth + 1).length,
        })""")
        paper = page.pdf(format="A4")
    assert printed["title"] > 0
    assert (printed["folded"], printed["around"], printed["cut"]) == (0, 0, 0)
    assert paper.startswith(b"%PDF")


def test_the_keyboard_reaches_text_and_colours(browser, address, lesson):
    with opened(browser, Look()) as page:
        page.goto(address + lesson)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.hash") == "#main-content"
        page.keyboard.press("Enter")
        page.wait_for_url("**#main-content")
        for _ in range(12):
            page.keyboard.press("Tab")
            assert page.evaluate("Boolean(document.activeElement.closest('main'))")
            if page.evaluate("document.activeElement.matches('.theme-switch-button')"):
                break
        else:
            pytest.fail("twelve steps into the text do not reach the switch of colours")
        modes = set()
        for _ in range(3):
            page.focus(".theme-switch-button")
            page.keyboard.press("Enter")
            modes.add(page.get_attribute("html", "data-mode"))
    assert modes == {"auto", "light", "dark"}


def test_the_menus_of_a_lesson_open_on_the_screen_with_and_without_script(browser, address, lesson):
    for javascript in (True, False):
        with opened(browser, Look(), size=NARROW, javascript=javascript) as page:
            page.goto(address + lesson)
            assert page.locator(".page-menu a[download]").count()
            for menu in page.locator(".page-menu").all():
                menu.locator("summary").click()
                box = menu.locator("ul").bounding_box()
                assert box["x"] >= 0 and box["x"] + box["width"] <= NARROW["width"]
                page.keyboard.press("Escape") if javascript else menu.locator("summary").click()
                assert menu.locator("ul").is_hidden()


def test_the_list_of_pages_is_there_on_a_phone_with_and_without_script(browser, address):
    for javascript in (True, False):
        with opened(browser, Look(), size=PHONE, javascript=javascript) as page:
            page.goto(address + "book/index.html")
            if javascript:
                page.click(".primary-toggle")
            assert page.is_visible(".bd-docs-nav a >> nth=0")


def test_search_finds_and_quotes_without_tex(browser, address):
    seen = Look()
    with opened(browser, seen) as page:
        page.goto(address + "search.html?q=gradients")
        page.wait_for_selector("#search-results li a")
        page.wait_for_timeout(300)  # the quoted lines arrive after their links
        text = page.inner_text("#search-results")
    assert "Why do gradients vanish" in text
    assert not built_site.RAW_TEX.search(text), text
    assert built_site.complaints(seen) == []


def test_search_finds_from_a_folder(browser, site):
    seen = Look()
    with opened(browser, seen) as page:
        page.goto((site / "search.html").as_uri())
        page.fill("main input[name=q]", "gradients")
        page.keyboard.press("Enter")
        page.wait_for_selector("#search-results li a")
    assert built_site.complaints(seen) == []


def test_the_search_index_holds_no_tex(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert not re.search(r'\\\\(?:frac|sigma|left|tanh|lVert|mathbb|operatorname|partial)|katex', index)


def test_the_root_leads_to_the_book(browser, address, site):
    with opened(browser, Look()) as page:
        page.goto(address)
        page.wait_for_url("**/book/index.html")
    assert built_site.head_faults((site / "index.html").read_text(encoding="utf-8")) == []


def test_an_unknown_address_at_any_depth_leads_home(browser, address):
    seen = Look()
    with opened(browser, seen) as page:
        assert page.goto(address + "book/of/no/such.html").status == 404
        assert len(seen.requests) == 1, "a page for any address must not need other files"
        page.click("main a")
        assert page.url == address + "book/index.html"


def test_the_sitemap_lists_every_page_of_the_book_and_robots_name_it(site):
    listed = {url.split("/", 3)[3] for url in re.findall(r"<loc>([^<]+)</loc>", (site / "sitemap.xml").read_text())}
    assert listed == {page.relative_to(site).as_posix() for page in (site / "book").rglob("*.html")}
    assert re.search(r"^Sitemap: \S+/sitemap\.xml$", (site / "robots.txt").read_text(), flags=re.MULTILINE)


def test_every_icon_of_the_pages_is_drawn(browser, address, lesson):
    with opened(browser, Look()) as page:
        page.goto(address + lesson)
        missing = page.evaluate("""() => [...document.querySelectorAll('[class*="fa-"]')].filter(
          e => ["none", "normal", '""'].includes(getComputedStyle(e, "::before").content)).map(e => e.className)""")
    assert missing == []


def test_formulas_are_spoken_and_the_style_comes_only_with_them(site, lesson):
    page = BeautifulSoup((site / lesson).read_text(encoding="utf-8"), "html.parser")
    formulas = page.select(".katex")
    assert all(f.select_one("math") and f.select_one(".katex-html")["aria-hidden"] == "true" for f in formulas)
    assert bool(page.select('link[href*="katex"]')) == bool(formulas)
