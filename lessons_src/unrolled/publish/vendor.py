"""The files of other projects that the site ships: named, versioned and hashed in one table, assets/vendored.json.

``--check`` says what differs from the table; ``--refresh`` fetches the versions in the table again from npm.
A new release is one edit of the table (version and integrity, as npm prints them) and one ``--refresh``. A file without
``from`` in the table is kept as it is: a licence that the package does not bring along. ``replace`` lists what is put in
the place of a pattern in a file, as where it names another host; the hash is then that of the file as mended.
"""

import argparse
import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"


class VendorError(Exception):
    """A vendored package could not be refreshed; the message is one sentence for a person."""


def check(assets=ASSETS):
    """Compare the files under ``assets/vendored`` with the table and return one sentence for each difference."""
    faults = []
    expected = {}
    for package, entry in _table(assets).items():
        for name, file in entry["files"].items():
            expected[f"{package}/{name}"] = file["sha256"]
    folder = assets / "vendored"
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            faults.append(f"vendored/{name} is missing: vendored.json lists it.")
        elif name not in expected:
            faults.append(f"vendored/{name} is unknown: vendored.json does not list it.")
        elif (actual := _sha256(found[name].read_bytes())) != expected[name]:
            faults.append(f"vendored/{name} was changed: expected SHA-256 {expected[name]}, found {actual}.")
    return faults


def refresh(assets=ASSETS, fetch=None):
    """Fetch every package of the table, prove its archive, and rewrite its files and their hashes.

    `fetch` takes a package and a version and returns the bytes of the npm archive (by default through
    ``npm pack``). Nothing is written unless every archive is the one that the table names.
    Raises VendorError if an archive cannot be fetched, is another one, lacks a file, or a file lacks what is to be replaced.
    """
    table = _table(assets)
    contents, kept = {}, set()
    for package, entry in table.items():
        archive = (fetch or _npm_pack)(package, entry["version"])
        actual = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
        if actual != entry["integrity"]:
            raise VendorError(
                f"The archive of {package} {entry['version']} is not the one in vendored.json: "
                f"expected {entry['integrity']}, got {actual}."
            )
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            for name, file in entry["files"].items():
                path = assets / "vendored" / package / name
                if "from" not in file:
                    kept.add(path)
                    continue
                try:
                    content = opened.extractfile(f"package/{file['from']}").read()
                except KeyError:
                    raise VendorError(f"{package} {entry['version']} has no file {file['from']}.") from None
                for pattern, new in file.get("replace", {}).items():
                    content, replaced = re.subn(pattern.encode(), new.encode(), content)
                    if not replaced:
                        raise VendorError(f"{file['from']} of {package} {entry['version']} has no match of {pattern}")
                contents[path] = content
                file["sha256"] = _sha256(contents[path])
    for path, content in contents.items():
        _write(path, content)
    for path in (assets / "vendored").rglob("*"):
        if path.is_file() and path not in contents.keys() | kept:
            path.unlink()
    _write(assets / "vendored.json", (json.dumps(table, indent=2) + "\n").encode())


def main(argv, assets=ASSETS):
    """``vendor --check`` or ``vendor --refresh``; returns the exit status and says each fault in a sentence."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.publish vendor", description=__doc__.splitlines()[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="list every file that differs from the table")
    action.add_argument("--refresh", action="store_true", help="fetch the versions in the table again")
    chosen = parser.parse_args(argv)
    try:
        if chosen.refresh:
            refresh(assets)
        faults = check(assets)
    except VendorError as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _table(assets):
    return json.loads((assets / "vendored.json").read_text(encoding="utf-8"))


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def _npm_pack(package, version):
    if not shutil.which("npm"):
        raise VendorError("npm was not found: it comes with Node.js and is needed only to refresh vendored files.")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{package}@{version}", "--silent", "--pack-destination", folder]
        packed = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        archives = list(Path(folder).glob("*.tgz"))
        if packed.returncode or not archives:
            reason = " ".join(packed.stderr.split()) or "npm gave no reason"
            raise VendorError(f"npm could not fetch {package} {version}: {reason}")
        return archives[0].read_bytes()


def _write(path, content):
    """Write whole or not at all: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
