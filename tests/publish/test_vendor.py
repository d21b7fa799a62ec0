"""The vendored files are the ones that the table names, and whatever differs is said."""

import base64
import hashlib
import io
import json
import shutil
import tarfile
from importlib.metadata import version

import pytest

from unrolled.publish import vendor

LICENCES = {"MIT": "Permission is hereby granted, free of charge", "BSD-3-Clause": "Neither the name of"}
FONT = "fonts/KaTeX_Main-Regular.woff2"


@pytest.fixture
def assets(tmp_path):
    """A copy of one package and of its entry in the table, to be broken."""
    entry = json.loads((vendor.ASSETS / "vendored.json").read_text())["katex"]
    (tmp_path / "vendored.json").write_text(json.dumps({"katex": entry}))
    shutil.copytree(vendor.ASSETS / "vendored" / "katex", tmp_path / "vendored" / "katex")
    return tmp_path


def test_the_committed_files_match_the_table():
    assert vendor.check() == []
    assert vendor.main(["--check"]) == 0


def test_the_table_names_source_licence_and_integrity():
    for name, entry in json.loads((vendor.ASSETS / "vendored.json").read_text()).items():
        assert set(entry) == {"version", "source", "licence", "integrity", "files"}
        assert entry["integrity"].startswith("sha512-")
        licence = (vendor.ASSETS / "vendored" / name / "LICENSE").read_text()
        assert "Copyright (c)" in licence and LICENCES[entry["licence"]] in licence


def test_every_font_that_the_style_asks_for_first_is_there():
    katex = vendor.ASSETS / "vendored" / "katex"
    style = (katex / "katex.min.css").read_text()
    asked = {part.split(")")[0] for part in style.split("url(")[1:] if ".woff2" in part.split(")")[0]}
    assert asked == {font.relative_to(katex).as_posix() for font in katex.glob("fonts/*")}


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda katex: (katex / "katex.min.js").write_bytes(b"alert(1)"), "vendored/katex/katex.min.js was changed"),
        (lambda katex: (katex / FONT).unlink(), f"vendored/katex/{FONT} is missing"),
        (lambda katex: (katex / "extra.js").write_text(""), "vendored/katex/extra.js is unknown"),
    ],
)
def test_a_tampered_missing_or_extra_file_is_refused(assets, capsys, spoil, sentence):
    spoil(assets / "vendored" / "katex")
    assert vendor.main(["--check"], assets) == 1
    said = capsys.readouterr().err
    assert said.startswith(sentence)
    assert said.count("\n") == 1


def packed(assets):
    """The npm archive from which the files could have come."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, file in json.loads((assets / "vendored.json").read_text())["katex"]["files"].items():
            archive.add(assets / "vendored" / "katex" / name, f"package/{file['from']}")
    return buffer.getvalue()


def promise(assets, archive):
    """Make the table expect this archive."""
    table = json.loads((assets / "vendored.json").read_text())
    table["katex"]["integrity"] = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    (assets / "vendored.json").write_text(json.dumps(table))


def test_refreshing_restores_what_was_spoilt(assets):
    archive = packed(assets)
    promise(assets, archive)
    katex = assets / "vendored" / "katex"
    (katex / "katex.min.js").write_bytes(b"alert(1)")
    (katex / FONT).unlink()
    (katex / "extra.js").write_text("")
    vendor.refresh(assets, fetch=lambda package, version: archive)
    assert vendor.check(assets) == []
    assert not (katex / "extra.js").exists()


def test_refreshing_takes_a_new_release_by_its_table_entry(assets):
    (assets / "vendored" / "katex" / "katex.min.js").write_bytes(b"the next release")
    archive = packed(assets)
    promise(assets, archive)
    vendor.refresh(assets, fetch=lambda package, version: archive)
    assert vendor.check(assets) == []


@pytest.fixture
def mended(assets):
    """The archive of a release whose script names another host, and a table that replaces what names it."""
    script = assets / "vendored" / "katex" / "katex.min.js"
    script.write_bytes(b'let cdn="https://cdn.example.org/npm/";/* @import url(a); */')
    archive = packed(assets)
    promise(assets, archive)
    table = json.loads((assets / "vendored.json").read_text())
    replace = {'"https://cdn\\.example\\.org/npm/"': '""', r"/\* @import url[^;]*; \*/": ""}
    table["katex"]["files"]["katex.min.js"]["replace"] = replace
    (assets / "vendored.json").write_text(json.dumps(table))
    return archive


def test_what_names_another_host_is_replaced(assets, mended):
    vendor.refresh(assets, fetch=lambda package, version: mended)
    assert (assets / "vendored" / "katex" / "katex.min.js").read_bytes() == b'let cdn="";'
    assert vendor.check(assets) == []


def test_a_release_without_what_is_to_be_replaced_is_refused(assets, mended):
    table = json.loads((assets / "vendored.json").read_text())
    table["katex"]["files"]["katex.min.js"]["replace"] = {"unpkg": ""}
    (assets / "vendored.json").write_text(json.dumps(table))
    with pytest.raises(vendor.VendorError, match=r"dist/katex\.min\.js of katex 0\.19\.1 has no match of unpkg"):
        vendor.refresh(assets, fetch=lambda package, version: mended)


def test_a_licence_that_the_package_lacks_is_kept_and_checked(assets, capsys):
    archive = packed(assets)
    promise(assets, archive)
    table = json.loads((assets / "vendored.json").read_text())
    table["katex"]["files"]["NOTICE"] = {"sha256": hashlib.sha256(b"Copyright").hexdigest()}
    (assets / "vendored.json").write_text(json.dumps(table))
    notice = assets / "vendored" / "katex" / "NOTICE"
    notice.write_bytes(b"Copyright")
    vendor.refresh(assets, fetch=lambda package, version: archive)
    assert notice.read_bytes() == b"Copyright" and vendor.check(assets) == []
    notice.write_bytes(b"Copyleft")
    assert vendor.main(["--check"], assets) == 1
    assert capsys.readouterr().err.startswith("vendored/katex/NOTICE was changed")


def test_the_widget_manager_knows_the_anywidget_that_the_lessons_use():
    table = json.loads((vendor.ASSETS / "vendored.json").read_text())
    assert table["anywidget"]["version"] == version("anywidget")


def test_another_archive_is_refused_and_nothing_is_written(assets, monkeypatch, capsys):
    archive = packed(assets)
    before = {path: path.read_bytes() for path in assets.rglob("*") if path.is_file()}
    monkeypatch.setattr(vendor, "_npm_pack", lambda package, version: archive)
    assert vendor.main(["--refresh"], assets) == 1
    assert "is not the one in vendored.json: expected sha512-" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in assets.rglob("*") if path.is_file()} == before


def test_an_archive_without_a_listed_file_is_refused(assets):
    (assets / "vendored" / "katex" / "katex.min.js").rename(assets / "vendored" / "katex" / "renamed.js")
    table = json.loads((assets / "vendored.json").read_text())
    files = table["katex"]["files"]
    files["renamed.js"] = {"from": "dist/other.js", "sha256": files.pop("katex.min.js")["sha256"]}
    (assets / "vendored.json").write_text(json.dumps(table))
    archive = packed(assets)
    promise(assets, archive)
    table = json.loads((assets / "vendored.json").read_text())
    table["katex"]["files"]["katex.min.js"] = {"from": "dist/katex.min.js", "sha256": ""}
    (assets / "vendored.json").write_text(json.dumps(table))
    with pytest.raises(vendor.VendorError, match=r"katex 0\.19\.1 has no file dist/katex\.min\.js\."):
        vendor.refresh(assets, fetch=lambda package, version: archive)


def test_without_npm_refreshing_says_what_is_missing(assets, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert vendor.main(["--refresh"], assets) == 1
    assert capsys.readouterr().err.startswith("npm was not found")
