"""Python for the browser: puts Pyodide and its NumPy beside a built site, whose live cells then run in the page.

``assets/pyodide.json`` names the version, the hash of its npm archive, and the hash of each file of it that the site
serves. Packages are named and hashed by ``assets/pyodide-lock.json``, which is the archive's lock cut to what live cells
may import. Nothing is written that differs from its hash, and what is there already is not fetched again.
"""

import argparse
import base64
import hashlib
import http.client
import io
import json
import os
import shutil
import subprocess
import tarfile
import urllib.request
from functools import cache
from pathlib import Path

LOCK = "pyodide-lock.json"
ASSETS = Path(__file__).parent / "assets"
TABLE = json.loads((ASSETS / "pyodide.json").read_text(encoding="utf-8"))
LOCKED = json.loads((ASSETS / LOCK).read_text(encoding="utf-8"))
FOLDER = "python"    # within the site
MANIFEST = "files.json"
NONE = b"{}\n"    # what the manifest says where Python is not there
WHEELS = f"https://cdn.jsdelivr.net/pyodide/v{TABLE['version']}/full/"
REGISTRY = "https://registry.npmjs.org"
TIMEOUT = 60    # seconds without an answer


def announce_none(site):
    """Let the pages of `site`, a folder, know that Python has not been put there (yet), unless it has."""
    manifest = Path(site, FOLDER, MANIFEST)
    if not manifest.exists():
        _write(manifest, NONE)


def fetch(site, source=None):
    """Put every file that Python needs into `site`, the folder of a built book; returns their size in bytes.

    `source` is a folder; what lies there, at any depth, under the name of a needed file is taken instead of asking
    the network. Raises ValueError, in a sentence, where `site` is no built book, a file cannot be had, or is another
    than its hash says; the pages then still say that there is no Python.
    """
    site = Path(site)
    if not (site / "_static" / "live.js").is_file():
        raise ValueError(f"{site} is no built book: expected _static/live.js in it; build the book first")
    folder = site / FOLDER
    _write(folder / MANIFEST, NONE)
    core = cache(_core)
    for name, sha256 in TABLE["files"].items():
        _put(folder / name, sha256, source, lambda name: core()[name])
    _write(folder / LOCK, json.dumps(LOCKED).encode())
    wheels = {package["file_name"]: package["sha256"] for package in LOCKED["packages"].values()}
    for name, sha256 in wheels.items():
        _put(folder / name, sha256, source, lambda name: _download(WHEELS + name, name))
    names = {LOCK, *TABLE["files"], *wheels}
    for path in folder.iterdir():
        if path.name not in {MANIFEST, *names}:
            path.unlink()    # of another version, or half of a file
    size = sum((folder / name).stat().st_size for name in names)
    about = {key: TABLE[key] for key in ("version", "source", "licence")}
    _write(folder / MANIFEST, json.dumps({"bytes": size, **about}).encode() + b"\n")    # last: now all of it is there
    return size


def _put(path, sha256, source, download):
    """Make `path` the file with this SHA-256: it is so already, it lies in the folder `source`, or it is downloaded."""
    if path.is_file() and _sha256(path.read_bytes()) == sha256:
        return
    found = next(Path(source).rglob(path.name), None) if source else None
    content = found.read_bytes() if found else download(path.name)
    if (actual := _sha256(content)) != sha256:
        which = found or path.name
        raise ValueError(f"{which} is not the file it should be: expected SHA-256 {sha256}, found {actual}")
    _write(path, content)


def _core():
    """{name: content} of the files of Pyodide's npm archive, whose lock must vouch for ours."""
    version = TABLE["version"]
    archive = _download(f"{_registry()}/pyodide/-/pyodide-{version}.tgz", f"the npm archive of pyodide {version}")
    expected = TABLE["integrity"]
    actual = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if actual != expected:
        raise ValueError(f"the npm archive of pyodide {version} is another: expected {expected}, got {actual}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        packages = json.load(opened.extractfile(f"package/{LOCK}"))["packages"]
        if unlike := [name for name, package in LOCKED["packages"].items() if package != packages.get(name)]:
            raise ValueError(f"{LOCK} and the one in the npm archive of pyodide {version} differ on {', '.join(unlike)}")
        return {name: opened.extractfile(f"package/{name}").read() for name in TABLE["files"]}


def _registry():
    """The npm registry that this machine is set up for; npm's own where there is no npm to ask."""
    named = os.environ.get("npm_config_registry") or os.environ.get("NPM_CONFIG_REGISTRY")
    if not named and shutil.which("npm"):
        asked = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True)
        named = asked.stdout.strip() if asked.returncode == 0 else ""
    return (named or REGISTRY).rstrip("/")


def _download(address, what):
    print(f"fetching {address}")
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            return answer.read()
    except (OSError, http.client.HTTPException) as problem:
        reason = getattr(problem, "reason", None) or problem
        raise ValueError(
            f"{what} could not be fetched from {address}: {reason}; "
            "where the network does not allow it, name a folder that holds the files by --from"
        ) from None


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def _write(path, content):
    """Write whole or not at all: a reader never gets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def main(argv):
    """Put Python for the browser beside a built site, so that its live cells run."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.publish live", description=main.__doc__)
    parser.add_argument("site", help="the folder of the built book, as _build/html")
    parser.add_argument("--from", dest="source", metavar="DIR", help="take what lies there instead of fetching it")
    asked = parser.parse_args(argv)
    if asked.source and not Path(asked.source).is_dir():
        raise ValueError(f"--from names a folder: {asked.source} is none")
    size = fetch(asked.site, asked.source)
    what = f"Pyodide {TABLE['version']} with {', '.join(LOCKED['packages'])}"
    print(f"{Path(asked.site, FOLDER)} holds {what}: {size / 1e6:.1f} MB")
    return 0
