"""The package that pip builds has every file of the library, and carries the records of full-scale runs."""

import zipfile

from clean_environment import ROOT, build_wheel, sources


def left_out(wheel, folder):
    """The files of the library and the records in `folder` that the wheel has not."""
    library, records = folder / "lessons_src", folder / "results"
    wanted = [path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()]
    wanted = [name for name in wanted if not ("__pycache__" in name or ".egg-info/" in name)]
    wanted += [f"unrolled/results/{path.name}" for path in records.glob("*.json")]
    return sorted(set(wanted) - set(zipfile.ZipFile(wheel).namelist()))


def test_the_package_is_whole(wheel):
    assert left_out(wheel, ROOT) == []


def test_what_a_package_leaves_out_is_found(tmp_path):
    folder = sources(tmp_path / "sources")
    (folder / "results" / "run.cpu.json").write_text("{}")
    (folder / "lessons_src" / "unrolled" / "publish" / "assets" / "sound.ogg").write_bytes(b"")
    wheel = build_wheel(tmp_path, folder)
    assert left_out(wheel, folder) == ["unrolled/publish/assets/sound.ogg"]
    assert "unrolled/results/run.cpu.json" in zipfile.ZipFile(wheel).namelist()
