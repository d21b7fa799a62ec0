"""Each check of test_site, seen to fail on a small page that breaks its rule and on no other ground."""

import random

import built_site
import pytest
from built_site import VIEWS, Look, look, opened, served

from unrolled.publish.site import POLICY

HEAD = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="description" content="A page.">
<link rel="icon" href="data:,">"""
CSP = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
CDN = '<script src="https://cdn.example.org/library.js"></script>'


def page(body, head="", policy=CSP):
    return f"{HEAD}{policy}{head}</head><body><main><h1>A page</h1><p>Some text.</p>{body}</main></body></html>"


@pytest.fixture
def show(browser, tmp_path):
    """Serve a page (and files beside it) and look at it."""

    def show(html, javascript=True, views=(), accessibility=False, **files):
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
        with served(tmp_path) as base:
            return look(browser, base + "page.html", javascript, views, accessibility)

    return show


def all_faults(seen):
    return [
        *built_site.foreign_requests(seen),
        *built_site.complaints(seen),
        *built_site.raw_tex(seen),
        *built_site.waits(seen),
        *built_site.sticking_out(seen),
        *built_site.too_heavy(seen, 300),
        *built_site.inaccessible(seen),
    ]


def test_a_good_page_passes(show):
    seen = show(page("<p>More. <code>$x$ and \\frac</code></p>"), views=VIEWS, accessibility=True)
    assert all_faults(seen) == []
    assert built_site.head_faults(page("")) == []
    assert seen.weight > 0


def test_a_page_that_asks_a_cdn_is_caught(show):
    assert built_site.foreign_requests(show(page("", CDN, policy=""))) == [
        "asks another host: https://cdn.example.org/library.js"
    ]


def test_the_policy_keeps_a_page_from_asking_a_cdn(show):
    seen = show(page("", CDN))
    assert any("Content Security Policy" in fault for fault in built_site.complaints(seen))


@pytest.mark.parametrize("inline", ["<script>document.title = 'changed'</script>", '<p onclick="print()">Print</p>'])
def test_the_policy_refuses_a_script_that_is_not_a_file_of_the_site(show, inline):
    click = "document.querySelector('p[onclick]')?.click()"
    seen = show(page(inline + "<script src='click.js'></script>"), click_js=click)
    assert any("Content Security Policy" in fault for fault in built_site.complaints(seen))


@pytest.mark.parametrize("tex", [r"\(x\)", r"\[x\]", "$x_1$", r"\frac{1}{2}", r"\sigma", r"x^{2}", r"\begin{align}"])
def test_raw_tex_is_caught_even_in_a_closed_fold(show, tex):
    assert built_site.raw_tex(show(page(f"<p>{tex}</p>"), javascript=False))
    assert built_site.raw_tex(show(page(f"<details><summary>More</summary>{tex}</details>")))


def test_an_exception_a_warning_and_a_missing_file_are_caught(show):
    def faults(script):
        return built_site.complaints(show(page("", "<script defer src='s.js'></script>"), s_js=script))

    assert any("exception" in fault for fault in faults("throw new Error('broken')"))
    assert any("warning: beware" in fault for fault in faults("console.warn('beware')"))
    assert any("404" in fault for fault in built_site.complaints(show(page('<img alt="A loop" src="none.png">'))))


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<img src="data:,">', "image-alt"),
        ('<p style="color: #999; background: #fff">Too pale.</p>', "color-contrast"),
        ('<pre><span>x</span> <span>y</span> <span style="color: #999">pale</span></pre>', "color-contrast"),
        ("<button></button>", "button-name"),
        ('<pre style="overflow: auto; width: 5em">longer than its box</pre>', "scrollable-region-focusable"),
    ],
)
def test_what_someone_cannot_perceive_is_caught(show, body, rule):
    seen = show(page(body), views=["light, desktop"], accessibility=True)
    assert any(rule in fault for fault in built_site.inaccessible(seen))


def test_a_page_wider_than_a_phone_is_caught(show):
    assert built_site.sticking_out(show(page('<div style="width: 370px">Wide</div>'), views=VIEWS)) == [
        "light, narrow phone: scrolls sideways by 18 pixels"
    ]


def test_a_formula_that_a_phone_cuts_off_is_caught(show):
    formula = '<span class="katex-display" style="display: block; overflow: auto"><b style="white-space: pre">{}</b></span>'
    shown = show(page(formula.format("fits") + formula.format("goes on " * 20)), views=VIEWS)
    assert len(built_site.cut_formulas(shown)) == 1 and "goes on" in built_site.cut_formulas(shown)[0]


def test_a_printed_line_wider_than_a_phone_is_caught(show):
    output = '<div class="cell_output"><div class="output stream"><pre style="overflow: auto">{}</pre></div></div>'
    shown = show(page(output.format("fits") + output.format("1.000 " * 20)), views=VIEWS)
    assert len(built_site.wide_outputs(shown)) == 1 and "1.000 1.000" in built_site.wide_outputs(shown)[0]


def test_a_heavy_page_is_caught(show):
    noise = "".join(map(chr, random.Random(1).choices(range(0x4E00, 0x9FFF), k=200_000)))
    assert built_site.too_heavy(show(page(f"<template>{noise}</template>")), 300)


def test_a_script_for_which_the_paint_waits_is_caught(show):
    assert built_site.waits(show(page("", "<script src='s.js'></script>"), s_js=""))
    assert not built_site.waits(show(page("", "<script defer src='s.js'></script>"), s_js=""))


def test_text_that_only_a_script_brings_is_caught(show):
    html = page("", "<script defer src='s.js'></script>")
    script = "document.querySelector('main').append('Only with a script.')"
    assert built_site.lost_without_script(show(html, s_js=script), show(html, javascript=False, s_js=script))


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (page("").replace('name="description"', 'name="nothing"'), "description"),
        (page("").replace("A page.", r"About \sigma"), "poor description"),
        (page("", '<meta name="viewport" content="width=1">'), "has 2 of: viewport"),
        (page("", policy=""), "policy"),
        (page("").replace('rel="icon"', 'rel="nothing"'), "icon"),
        (page("").replace("<title>A page", "<title>$x$"), "poor title"),
        (page("").replace(' lang="en"', ""), "language"),
        (page('<p id="a"></p><p id="a"></p>'), "id a twice"),
    ],
)
def test_a_poor_head_is_caught(broken, fault):
    assert any(fault in said for said in built_site.head_faults(broken))


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("https://github.com/someone/else", "another host"),
        ("none.html", "leads nowhere"),
        ("page.html#none", "no place"),
        ("#none", "no place"),
    ],
)
def test_a_poor_link_is_caught(tmp_path, link, fault):
    (tmp_path / "page.html").write_text(page(f'<a href="{link}">There</a>'), encoding="utf-8")
    assert any(fault in said for said in built_site.link_faults(tmp_path, "page.html"))


@pytest.mark.parametrize(("link", "fault"), [
    ("/course/page.html", []), ("/course/none.html", ["leads nowhere: /course/none.html"]),
    ("/page.html", ["leads nowhere: /page.html"]),
])  # fmt: skip
def test_a_link_from_the_root_of_the_host_must_know_the_place_of_the_site(tmp_path, link, fault):
    (tmp_path / "robots.txt").write_text("Sitemap: https://example.org/course/sitemap.xml\n")
    (tmp_path / "page.html").write_text(page(f'<a href="{link}">There</a>'), encoding="utf-8")
    assert built_site.link_faults(tmp_path, "page.html") == fault


def test_only_the_named_links_may_lead_away(tmp_path):
    links = '<a href="https://github.com/me/mine/issues">Mine</a> <a href="https://github.com/you">Yours</a>'
    (tmp_path / "page.html").write_text(page(links), encoding="utf-8")
    assert built_site.link_faults(tmp_path, "page.html", ["https://github.com/me/mine/"]) == [
        "leads to another host from outside the text: https://github.com/you"
    ]


def test_a_request_that_leaves_later_is_noted_too(browser, tmp_path):
    (tmp_path / "page.html").write_text(page("", policy=""), encoding="utf-8")
    seen = Look()
    with served(tmp_path) as base, opened(browser, seen) as shown:
        shown.goto(base + "page.html")
        shown.evaluate("fetch('https://example.org/late').catch(() => {})")
    assert built_site.foreign_requests(seen) == ["asks another host: https://example.org/late"]
