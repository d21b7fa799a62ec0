"""Python for the browser is put beside a site whole and proven, or not at all."""

import base64
import hashlib
import io
import json
import tarfile
from contextlib import contextmanager

import pytest
from built_site import served

from unrolled.publish import __main__ as publish
from unrolled.publish import pyodide

WHEEL, NEEDED = "numpy-2-wasm32.whl", "blas-1.zip"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def files():
    """The files of a tiny Pyodide, by name: its core, its lock, one package, and what that needs."""
    wheels = {WHEEL: b"numpy", NEEDED: b"blas"}
    packages = {
        "numpy": {"file_name": WHEEL, "sha256": sha256(wheels[WHEEL])},
        "blas": {"file_name": NEEDED, "sha256": sha256(wheels[NEEDED])},
    }
    return {"pyodide.js": b"// starts", pyodide.LOCK: json.dumps({"packages": packages}).encode(), **wheels}


def archive_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def network(tmp_path, files, monkeypatch):
    """A registry and a store of packages on this machine that serve `files`; yields the folder that they serve."""
    folder = tmp_path / "network"
    locked = json.loads(files[pyodide.LOCK])
    whole = {"packages": locked["packages"] | {"scipy": {"file_name": "scipy.whl", "sha256": "0"}}}
    archive = archive_of({"pyodide.js": files["pyodide.js"], pyodide.LOCK: json.dumps(whole).encode()})
    (folder / "pyodide" / "-").mkdir(parents=True)
    (folder / "pyodide" / "-" / "pyodide-1.2.3.tgz").write_bytes(archive)
    for name in (WHEEL, NEEDED):
        (folder / name).write_bytes(files[name])
    monkeypatch.setattr(pyodide, "TABLE", {
        "version": "1.2.3", "source": "https://example.org", "licence": "MPL-2.0",
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode(),
        "files": {"pyodide.js": sha256(files["pyodide.js"])},
    })  # fmt: skip
    monkeypatch.setattr(pyodide, "LOCKED", locked)
    with served(folder) as address:
        monkeypatch.setenv("npm_config_registry", address)
        monkeypatch.setattr(pyodide, "WHEELS", address)
        yield folder


@pytest.fixture
def site(tmp_path):
    """A built book, as far as the command looks at it."""
    site = tmp_path / "html"
    (site / "_static").mkdir(parents=True)
    (site / "_static" / "live.js").write_text("")
    pyodide.announce_none(site)
    return site


def there(site):
    return {path.name: path.read_bytes() for path in (site / "python").iterdir() if path.name != pyodide.MANIFEST}


def announced(site):
    return json.loads((site / "python" / pyodide.MANIFEST).read_text())


def test_core_packages_and_what_these_need_are_fetched(network, site, files, capsys):
    assert publish.main(["live", str(site)]) == 0
    assert there(site) == files
    assert announced(site)["bytes"] == sum(map(len, files.values()))
    assert announced(site)["version"] == "1.2.3"
    assert f"{site}/python holds Pyodide 1.2.3 with numpy" in capsys.readouterr().out


def test_what_is_there_is_not_fetched_again_and_a_cut_run_goes_on(network, site, files, capsys):
    (network / NEEDED).unlink()
    assert publish.main(["live", str(site)]) == 1
    assert NEEDED in capsys.readouterr().err
    assert announced(site) == {}
    assert there(site) == {name: files[name] for name in files if name != NEEDED}
    (network / NEEDED).write_bytes(files[NEEDED])
    (network / WHEEL).unlink()
    (network / "pyodide" / "-" / "pyodide-1.2.3.tgz").unlink()
    assert publish.main(["live", str(site)]) == 0
    assert there(site) == files


def test_what_is_left_of_another_version_goes(network, site, files):
    (site / "python" / "numpy-1-wasm32.whl").write_bytes(b"old")
    (site / "python" / "pyodide.js").write_bytes(b"old")
    (site / "python" / "pyodide.js.part").write_bytes(b"half")
    pyodide.fetch(site)
    assert there(site) == files


@pytest.mark.parametrize("name", ["pyodide.js", WHEEL, NEEDED])
def test_a_file_from_a_folder_is_taken_if_its_hash_is_right(network, site, files, tmp_path, capsys, name):
    folder = tmp_path / "taken" / "deeper"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(files[name] + b"tampered")
    assert publish.main(["live", str(site), "--from", str(tmp_path / "taken")]) == 1
    assert f"{folder / name} is not the file it should be: expected SHA-256 " in capsys.readouterr().err
    assert announced(site) == {}
    assert name not in there(site)
    (folder / name).write_bytes(files[name])
    assert publish.main(["live", str(site), "--from", str(tmp_path / "taken")]) == 0
    assert there(site) == files


def test_a_folder_with_everything_needs_no_network(network, site, files, tmp_path, monkeypatch):
    monkeypatch.setattr(pyodide, "_download", lambda *_: pytest.fail("asked the network"))
    taken = tmp_path / "taken"
    taken.mkdir()
    for name, content in files.items():
        (taken / name).write_bytes(content)
    pyodide.fetch(site, taken)
    assert there(site) == files


def test_a_tampered_wheel_or_archive_from_the_network_is_refused(network, site, capsys):
    (network / WHEEL).write_bytes(b"tampered")
    assert publish.main(["live", str(site)]) == 1
    assert f"{WHEEL} is not the file it should be: expected SHA-256 " in capsys.readouterr().err
    assert WHEEL not in there(site)
    for name in there(site):
        (site / "python" / name).unlink()
    archive = network / "pyodide" / "-" / "pyodide-1.2.3.tgz"
    archive.write_bytes(archive_of({"pyodide.js": b"tampered", pyodide.LOCK: b"{}"}))
    assert publish.main(["live", str(site)]) == 1
    assert "the npm archive of pyodide 1.2.3 is another: expected sha512-" in capsys.readouterr().err
    assert there(site) == {}
    assert announced(site) == {}


def test_a_lock_that_the_archive_does_not_vouch_for_is_refused(network, site, monkeypatch, capsys):
    other = {"packages": pyodide.LOCKED["packages"] | {"numpy": {"file_name": WHEEL, "sha256": sha256(b"another")}}}
    monkeypatch.setattr(pyodide, "LOCKED", other)
    assert publish.main(["live", str(site)]) == 1
    assert "pyodide-lock.json and the one in the npm archive of pyodide 1.2.3 differ on numpy" in capsys.readouterr().err
    assert announced(site) == {}


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "https://host.invalid/"])
def test_without_network_a_sentence_says_what_to_do(network, site, monkeypatch, capsys, address):
    monkeypatch.setenv("npm_config_registry", address)
    assert publish.main(["live", str(site)]) == 1
    said = capsys.readouterr().err
    assert f"the npm archive of pyodide 1.2.3 could not be fetched from {address}pyodide/-/pyodide-1.2.3.tgz: " in said
    assert said.endswith("where the network does not allow it, name a folder that holds the files by --from\n")
    assert said.count("\n") == 1


def test_what_is_no_built_book_or_no_folder_is_refused(site, tmp_path, capsys):
    assert publish.main(["live", str(tmp_path / "none")]) == 1
    assert "none is no built book: expected _static/live.js in it" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    assert publish.main(["live", str(site), "--from", str(tmp_path / "none")]) == 1
    assert "--from names a folder" in capsys.readouterr().err


@contextmanager
def npm(folder, script):
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    yield str(folder)


def test_the_registry_is_the_one_this_machine_is_set_up_for(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "https://one.example.org/npm/")
    assert pyodide._registry() == "https://one.example.org/npm"
    monkeypatch.delenv("npm_config_registry")
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    with npm(tmp_path / "set", "echo https://two.example.org/") as folder:
        monkeypatch.setenv("PATH", folder)
        assert pyodide._registry() == "https://two.example.org"
    with npm(tmp_path / "broken", "exit 1") as folder:
        monkeypatch.setenv("PATH", folder)
        assert pyodide._registry() == pyodide.REGISTRY
    monkeypatch.setenv("PATH", "")
    assert pyodide._registry() == pyodide.REGISTRY


def test_the_committed_table_is_whole():
    table = pyodide.TABLE
    assert set(table) == {"version", "source", "licence", "integrity", "files"}
    assert pyodide.LOCKED["info"]["version"] == table["version"]
    assert all(len(bytes.fromhex(digest)) == 32 for digest in table["files"].values())
