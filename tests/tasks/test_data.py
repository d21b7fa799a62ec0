"""What the tasks carry with them: every file has a source, a licence, and the content that was looked at."""

import hashlib
import json

from tiny_book import ROOT

DATA = ROOT / "lessons_src" / "unrolled" / "tasks" / "data"


def faults(folder):
    """Files without an entry in sources.json, entries without a file or a field, and files that have changed."""
    entries = json.loads((folder / "sources.json").read_text(encoding="utf-8"))
    there = {path.name for path in folder.iterdir()} - {"sources.json"}
    found = [f"{name} has no entry" for name in sorted(there - entries.keys())]
    found += [f"{name} is missing" for name in sorted(entries.keys() - there)]
    for name in sorted(there & entries.keys()):
        found += [f"{name}: no {field}" for field in ("what", "source", "licence", "changed") if not entries[name].get(field)]
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != entries[name].get("sha256"):
            found.append(f"{name} has changed")
    return found


def test_every_file_has_its_papers():
    assert len(list(DATA.iterdir())) == 3
    assert faults(DATA) == []


def test_a_file_without_papers_is_found(tmp_path):
    sources = json.loads((DATA / "sources.json").read_text(encoding="utf-8"))
    del sources["sunspots.csv"]["licence"]
    (tmp_path / "sources.json").write_text(json.dumps(sources))
    (tmp_path / "sunspots.csv").write_text("year,sunspot_number\n")
    (tmp_path / "poem.txt").write_text("")
    expected = ["poem.txt has no entry", "alice.txt is missing", "sunspots.csv: no licence", "sunspots.csv has changed"]
    assert faults(tmp_path) == expected
