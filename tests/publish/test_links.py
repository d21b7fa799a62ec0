"""`make links` says which links of the pages lead to nothing on the web, and fails."""

import subprocess

from built_site import served
from clean_environment import ROOT
from tiny_book import build


def test_a_broken_link_is_reported_and_a_good_one_is_not(tmp_path):
    (tmp_path / "there.html").write_text("<p>Here.</p>")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    with served(tmp_path) as base:
        start = f"# The start\n\n[There]({base}there.html)\n\n[Nowhere]({base}none.html)\n"
        assert build(tmp_path, {"index": start, "other": "# Another page\n"}).status == 0
        command = ["make", "--no-print-directory", "-f", ROOT / "Makefile", "-o", "book-environment", "links"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode != 0
    (line,) = (tmp_path / "_build" / "linkcheck" / "output.txt").read_text(encoding="utf-8").splitlines()
    assert line.startswith(f"book/index.md:5: [broken] {base}none.html: 404")
    assert not list((tmp_path / "_build" / "html").glob("output.*")), "the report is no part of the site"
