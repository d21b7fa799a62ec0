"""The workflows ask for what exists and for no right they do not need; what they push is what Binder and Colab open."""

import json
import os
import re
import subprocess
import tarfile
import tomllib
from copy import deepcopy

import clean_environment
import nbformat
import pytest
import yaml
from clean_environment import ROOT, sources
from nbclient import NotebookClient
from tiny_book import NOTEBOOK, build

from unrolled.publish.__main__ import COMMANDS

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def workflow(name):
    """A workflow as GitHub reads it; YAML 1.1 takes its key `on` for the truth value."""
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    read = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in read.items()}


def faults(read):
    """What a workflow asks for that is not there, is not bounded, or is more than it needs."""
    found = []
    if read.get("permissions") != {"contents": "read"}:
        found.append("its jobs may write unless they say otherwise")
    for name, job in read["jobs"].items():
        needs = job.get("needs", [])
        found += [f"{name} needs {other}, which is no job" for other in needs if other not in read["jobs"]]
        for right, degree in job.get("permissions", {}).items():
            if degree == "write" and "test" not in needs:
                found.append(f"{name} may write {right} before the tests have passed")
        if "uses" in job:
            if not (ROOT / job["uses"]).is_file():
                found.append(f"{name} uses {job['uses']}, which is not there")
            continue
        if "timeout-minutes" not in job:
            found.append(f"{name} may run for six hours")
        for step in job["steps"]:
            if not re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/none@v1")):
                found.append(f"{name} uses {step['uses']}, not a major release of GitHub's own actions")
            found += [f"{name} runs {command}, which does not exist" for command in _unknown(step.get("run", ""))]
    return found


def _unknown(script):
    for target in re.findall(r"\bmake ([\w-]+)", script):
        if target not in TARGETS:
            yield f"make {target}"
    for command in re.findall(r"unrolled\.publish ([\w-]+)", script):
        if command not in COMMANDS:
            yield f"unrolled.publish {command}"


@pytest.mark.parametrize("name", ["test", "publish"])
def test_a_workflow_asks_for_what_exists(name):
    assert faults(workflow(name)) == []


@pytest.mark.parametrize(("path", "value", "fault"), [
    (["permissions"], {"contents": "write"}, "its jobs may write unless they say otherwise"),
    (["jobs", "publish", "needs"], ["build"], "publish may write contents before the tests have passed"),
    (["jobs", "publish", "needs"], ["test", "bild"], "publish needs bild, which is no job"),
    (["jobs", "test", "uses"], "./.github/workflows/none.yml", "test uses ./.github/workflows/none.yml, which is not"),
    (["jobs", "build", "timeout-minutes"], None, "build may run for six hours"),
    (["jobs", "build", "steps", 0, "uses"], "someone/checkout@v7", "build uses someone/checkout@v7, not a major"),
    (["jobs", "build", "steps", 0, "uses"], "actions/checkout@main", "build uses actions/checkout@main, not a major"),
    (["jobs", "build", "steps", 2, "run"], "make bok", "build runs make bok, which does not exist"),
    (["jobs", "build", "steps", 2, "run"], "python -m unrolled.publish sight", "build runs unrolled.publish sight, which"),
])  # fmt: skip
def test_a_workflow_that_asks_for_too_much_or_for_nothing_is_found(path, value, fault):
    spoilt = deepcopy(workflow("publish"))
    place = spoilt
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    if value is None:
        del place[path[-1]]
    assert any(said.startswith(fault) for said in faults(spoilt)), faults(spoilt)


def test_every_push_is_tested_built_and_published_in_this_order():
    read = workflow("publish")
    assert read["on"]["push"] == {"branches": ["main"]}
    assert "push" not in workflow("test")["on"], "it would run twice"
    assert {"pull_request", "workflow_call"} <= set(workflow("test")["on"])
    assert list(read["jobs"]) == ["test", "build", "publish"]
    assert read["jobs"]["publish"]["needs"] == ["test", "build"]
    used = [step.get("uses", "").partition("@")[0] for step in read["jobs"]["publish"]["steps"]]
    assert used == ["actions/checkout", "actions/download-artifact", "", "actions/deploy-pages"]


def test_the_weekly_build_is_clean_and_publishes_nothing():
    read = workflow("publish")
    assert len(read["on"]["schedule"]) == 1
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", read["on"]["schedule"][0]["cron"])
    assert read["jobs"]["publish"]["if"] == "github.event_name != 'schedule'"
    set_up = [
        step["with"] for job in (workflow("test")["jobs"]["test"], read["jobs"]["build"]) for step in job["steps"]
        if step.get("uses", "").startswith("actions/setup-python@")
    ]  # fmt: skip
    assert [step["cache"] for step in set_up] == ["${{ github.event_name != 'schedule' && 'pip' || '' }}"] * 2
    assert [step["cache-dependency-path"] for step in set_up] == ["requirements*.txt"] * 2


def test_links_are_looked_at_when_the_site_is_safe_and_block_nothing():
    steps = workflow("publish")["jobs"]["build"]["steps"]
    uploads = next(number for number, step in enumerate(steps) if "upload-pages-artifact" in step.get("uses", ""))
    looks = next(number for number, step in enumerate(steps) if "make links" in step.get("run", ""))
    assert looks > uploads
    assert [step.get("run") for step in steps if step.get("continue-on-error")] == [steps[looks]["run"]]
    assert steps[uploads]["with"] == {"path": "_build/html"}


LESSON = NOTEBOOK + """# A lesson

```{code-cell}
import unrolled.lesson
from unrolled.experiments.records import RESULTS

print(sorted(path.name for path in RESULTS.glob("*.cpu.json")))
```
"""
ADDRESS = "https://github.com/someone/course"
RECORD = "of-this-test.cpu.json"


NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}    # on a machine that knows no one


def git(*arguments, cwd):
    """Run git; returns what it said."""
    someone = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org")
    command = ["git", *someone, *arguments]
    ran = subprocess.run(command, cwd=cwd, env=os.environ | NOBODY, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of a book with one lesson that knows its address."""
    folder = tmp_path_factory.mktemp("book")
    built = build(folder, {"index": "# The start\n", "room/lesson": LESSON}, {"course_repository": ADDRESS})
    assert built.status == 0, built.output
    return built.html


@pytest.fixture(scope="module")
def origin(tmp_path_factory, site):
    """A repository in which the workflow has pushed the branch of notebooks, twice, as it does after two pushes."""
    folder = tmp_path_factory.mktemp("origin")
    origin, work, temporary = folder / "origin.git", folder / "work", folder / "temporary"
    git("init", "--quiet", "--bare", str(origin), cwd=folder)
    sources(work)
    for name in (".github/workflows/publish.yml", "binder/requirements.txt", "binder/runtime.txt", "requirements.txt"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes((ROOT / name).read_bytes())
    (work / "results" / RECORD).write_text("{}\n")
    git("init", "--quiet", "--initial-branch", "main", cwd=work)
    git("remote", "add", "origin", origin.as_uri(), cwd=work)
    temporary.mkdir()
    with tarfile.open(temporary / "artifact.tar", "w") as archive:
        archive.add(site, ".")
    script = next(
        step["run"] for step in workflow("publish")["jobs"]["publish"]["steps"] if "git push" in step.get("run", "")
    )
    for message in ("one", "two"):
        git("add", "--all", cwd=work)
        git("commit", "--quiet", "--allow-empty", "--message", message, cwd=work)
        git("push", "--quiet", "origin", "main", cwd=work)
        checkout = folder / message
        git("clone", "--quiet", "--depth", "1", "--branch", "main", origin.as_uri(), str(checkout), cwd=folder)
        variables = NOBODY | {"RUNNER_TEMP": str(temporary), "GITHUB_SHA": git("rev-parse", "HEAD", cwd=checkout)}
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
        ran = subprocess.run(command, cwd=checkout, env=os.environ | variables, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    return origin


def test_the_branch_holds_the_sources_and_the_notebooks_that_they_gave(origin, site):
    assert git("log", "--format=%s", "notebooks", cwd=origin) == "Notebooks of " + git("rev-parse", "main", cwd=origin)
    pushed, main = (
        set(git("ls-tree", "-r", "--name-only", branch, cwd=origin).splitlines()) for branch in ("notebooks", "main")
    )
    assert pushed - main == {"notebooks/room/lesson.ipynb"}
    assert main - pushed == {".github/workflows/publish.yml"}
    written = (site / "notebooks" / "room" / "lesson.ipynb").read_text(encoding="utf-8")
    assert git("show", "notebooks:notebooks/room/lesson.ipynb", cwd=origin) == written.strip()


def test_a_notebook_alone_gets_the_library_from_the_branch_and_nothing_else(origin, site, tmp_path):
    python = clean_environment.make(tmp_path / "environment", "ipykernel", "pip")
    before = packages(python)
    assert {"numpy", "torch", "anywidget"} < before.keys() and "unrolled" not in before
    kernels = clean_environment.kernel(
        tmp_path / "jupyter", python, PIP_NO_BUILD_ISOLATION="0",
        # The address of the repository leads to the one on this machine.
        GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0=f"url.{origin.as_uri()}.insteadOf", GIT_CONFIG_VALUE_0=ADDRESS,
    )  # fmt: skip
    notebook = nbformat.read(site / "notebooks" / "room" / "lesson.ipynb", as_version=4)
    alone = tmp_path / "alone"
    alone.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(kernels))
        NotebookClient(notebook, kernel_name="clean", resources={"metadata": {"path": str(alone)}}).execute()
    printed = "".join(output.text for output in notebook.cells[-1].outputs)
    assert RECORD in printed, "the records come with the library"
    assert packages(python) == before | {"unrolled": VERSION}


def packages(python):
    """What pip finds in an environment, {name: version}."""
    ran = subprocess.run([python, "-m", "pip", "list", "--format=json"], capture_output=True, text=True, check=True)
    return {entry["name"].lower(): entry["version"] for entry in json.loads(ran.stdout)}
