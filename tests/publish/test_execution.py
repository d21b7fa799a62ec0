"""A lesson is executed again exactly when a file that it depends on has changed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from tiny_book import NOTEBOOK, ROOT, build

from unrolled.publish import execution

PAGES = {
    "index": "# The start\n",
    "used": NOTEBOOK + """# A lesson that imports, and reads a record

```{code-cell}
from unrolled.toy import used
print("the module says", used.WORD)
```

```{code-cell}
from unrolled.experiments.records import read
print("the record is", read("toy", "cpu") and read("toy", "cpu")["date"])
```
""",
    "plain": NOTEBOOK + "# A lesson that imports nothing\n\n```{code-cell}\nprint(1 + 1)\n```\n",
}
FAILING = {
    "index": "# The start\n",
    "raises": NOTEBOOK + "# A lesson that raises\n\n```{code-cell}\nx = 0\n```\n\n```{code-cell}\n# why\n1 / x\n```\n",
    "dies": NOTEBOOK + "# A lesson whose kernel dies\n\n```{code-cell}\nimport os; os._exit(3)\n```\n",
    "foreign": NOTEBOOK.replace("name: python3", "name: julia") + "# Another kernel\n\n```{code-cell}\nprint(1)\n```\n",
    "runs": NOTEBOOK + "# A lesson that runs\n\n```{code-cell}\nprint(1)\n```\n",
}
RECORD = {
    "experiment": "toy", "device": "cpu", "scale": "full", "machine": "one", "parameters": {}, "seeds": [0], "results": {},
    "versions": {}, "code": {}, "date": "2026-11-21", "wall_seconds": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A tiny book built once, which imports its own copy of `unrolled` with two more modules."""
    folder = tmp_path_factory.mktemp("execution")
    shutil.copytree(ROOT / "lessons_src", folder / "lessons_src", ignore=shutil.ignore_patterns("__pycache__"))
    toy = folder / "lessons_src" / "unrolled" / "toy"
    toy.mkdir()
    (toy / "used.py").write_text("WORD = 'first'\n")
    (toy / "unused.py").write_text("WORD = 'first'\n")
    (toy / "used.js").write_text("// what the module's widget is drawn with\n")
    (toy / "data").mkdir()
    (toy / "data" / "numbers.csv").write_text("# what a task reads: 1\n")
    (folder / "requirements.txt").write_text("numpy==1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{folder / 'lessons_src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        patch.setattr(execution, "PACKAGE", folder / "lessons_src" / "unrolled")
        built = build(folder, PAGES)
        assert built.status == 0, built.output
        yield folder, built


def executed_again(folder):
    """The lessons that a build would now execute, having executed them."""
    book = execution.Book.of_folder(folder)
    before = {record.uri: record.created for record in execution.get_cache(book.cache_path).list_cache_records()}
    book.refresh()
    after = {record.uri: record.created for record in execution.get_cache(book.cache_path).list_cache_records()}
    return {name for name in after if before.get(name) != after[name]}


def test_first_build_executes_each_lesson_once(book):
    folder, built = book
    assert built.output.count("executed book/") == 2 and "Executing notebook" not in built.output
    assert "the module says first" in built.page("used") and "the record is None" in built.page("used")
    assert executed_again(folder) == set()


@pytest.mark.parametrize(("edited", "expected"), [
    ("lessons_src/unrolled/toy/unused.py", set()),
    ("lessons_src/unrolled/toy/used.py", {"book/used.md"}),
    ("lessons_src/unrolled/toy/used.js", {"book/used.md"}),
    ("lessons_src/unrolled/toy/data/numbers.csv", {"book/used.md"}),
    ("lessons_src/unrolled/experiments/records.py", {"book/used.md"}),
    ("requirements.txt", {"book/used.md", "book/plain.md"}),
])  # fmt: skip
def test_an_edited_file_executes_the_lessons_that_depend_on_it(book, edited, expected):
    folder, _ = book
    with open(folder / edited, "a", encoding="utf-8") as file:
        file.write("# edited\n")
    assert executed_again(folder) == expected
    assert executed_again(folder) == set()


def test_a_record_that_appears_changes_or_goes_executes_its_reader(book):
    folder, _ = book
    path = folder / "results" / "toy.cpu.json"
    path.parent.mkdir()
    for date in ("2026-11-21", "2026-11-22", None):
        if date:
            path.write_text(json.dumps(RECORD | {"date": date}))
        else:
            path.unlink()
        assert executed_again(folder) == {"book/used.md"}
        assert f"the record is {date}\n" in _printed(folder, "book/used")


def _printed(folder, name):
    notebook = execution.Book.of_folder(folder).executed(name)
    return [output.text for cell in notebook.cells for output in cell.get("outputs", [])]


def test_prose_executes_nothing_and_a_changed_cell_does(book):
    folder, _ = book
    page = folder / "book" / "plain.md"
    text = page.read_text()
    page.write_text(text + "\nMore prose.\n")
    assert executed_again(folder) == set()
    page.write_text(text.replace("1 + 1", "1 + 2"))
    assert executed_again(folder) == {"book/plain.md"}
    page.write_text(text)
    assert executed_again(folder) == set()


def test_a_record_without_its_notebook_is_stale(book):
    folder, _ = book
    for notebook in (folder / "_build" / ".jupyter_cache" / "executed").glob("*/base.ipynb"):
        notebook.unlink()
    assert executed_again(folder) == {"book/used.md", "book/plain.md"}


def test_the_page_shows_new_outputs_though_its_text_is_old(book):
    folder, _ = book
    (folder / "lessons_src" / "unrolled" / "toy" / "used.py").write_text("WORD = 'second'\n")
    built = build(folder, PAGES)
    assert built.status == 0, built.output
    assert "executed book/used.md" in built.output and "executed book/plain.md" not in built.output
    assert "the module says second" in built.page("used")


def test_seconds_are_kept_for_each_lesson(book):
    folder, _ = book
    seconds = execution.seconds(execution.Book.of_folder(folder).cache_path)
    assert set(seconds) == {"book/used.md", "book/plain.md"} and all(0 < s < 60 for s in seconds.values())


def test_an_edit_during_the_execution_leaves_the_lesson_stale(book):
    folder, _ = book
    edits = "import unrolled.toy.used as m; open(m.__file__, 'a').write('# edited meanwhile\\n')"
    (folder / "book" / "plain.md").write_text(NOTEBOOK + f"# Edits\n\n```{{code-cell}}\n{edits}\n```\n")
    assert "book/plain.md" in executed_again(folder)
    assert "book/plain.md" in executed_again(folder)
    (folder / "book" / "plain.md").write_text(PAGES["plain"])


def test_a_lesson_that_fails_fails_the_build_by_page_and_cell(tmp_path):
    built = build(tmp_path, FAILING)
    assert built.status != 0
    assert "3 of 4 executed lessons" in built.output
    assert "1 / x\n\nZeroDivisionError" in built.output
    assert "book/raises.md:13: cell `# why`: ZeroDivisionError: division by zero" in built.output
    assert "book/dies.md:9: cell `import os; os._exit(3)`: Kernel died" in built.output
    assert "book/foreign.md: the kernel did not start: No such kernel named julia" in built.output
    book = execution.Book.of_folder(tmp_path)
    assert [record.uri for record in execution.get_cache(book.cache_path).list_cache_records()] == ["book/runs.md"]
    assert not list(tmp_path.glob("_build/html/**/*.html"))


def test_threads_are_one_unless_asked(tmp_path, monkeypatch):
    cell = "import os; print([os.environ[n] for n in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')])"
    page = NOTEBOOK + f"# Threads\n\n```{{code-cell}}\n{cell}\n```\n"
    _write(tmp_path, {"index": "# The start\n", "threads": page})
    book = execution.Book.of_folder(tmp_path)
    book.refresh()
    assert _printed(tmp_path, "book/threads") == ["['1', '1', '1']\n"]
    monkeypatch.setenv("UNROLLED_THREADS", "2")
    book.refresh(force=True)
    assert _printed(tmp_path, "book/threads") == ["['2', '2', '2']\n"]


def test_a_line_that_the_kernel_sends_in_parts_stays_one_line(tmp_path):
    cell = "print('one', end=' ', flush=True)\nprint('line')"
    _write(tmp_path, {"index": "# The start\n", "parts": NOTEBOOK + f"# Parts\n\n```{{code-cell}}\n{cell}\n```\n"})
    execution.Book.of_folder(tmp_path).refresh()
    assert _printed(tmp_path, "book/parts") == ["one line\n"]


def test_an_interrupted_build_leaves_no_kernel(tmp_path):
    cell = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(120)"
    _write(tmp_path, {"index": "# The start\n", "slow": NOTEBOOK + f"# Slow\n\n```{{code-cell}}\n{cell}\n```\n"})
    program = "import sys; from unrolled.publish.execution import Book; Book.of_folder(sys.argv[1]).refresh()"
    builder = subprocess.Popen([sys.executable, "-c", program, tmp_path], stderr=subprocess.PIPE, text=True)
    pid = tmp_path / "book" / "pid"
    deadline = time.monotonic() + 60
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    builder.send_signal(signal.SIGINT)
    _, said = builder.communicate(timeout=30)
    assert builder.returncode != 0 and "KeyboardInterrupt" in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_widgets_are_called_the_same_in_every_execution():
    def executed(*identifiers):
        states = {identifier: {"state": {}} for identifier in identifiers}
        states[identifiers[1]]["state"]["layout"] = f"IPY_MODEL_{identifiers[0]}"
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": identifiers[1]}}
        output = nbformat.v4.new_output("display_data", view)
        cell = nbformat.v4.new_code_cell("widget", id="a", outputs=[output])
        metadata = {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": states}}}
        return execution.name_widgets(nbformat.v4.new_notebook(cells=[cell], metadata=metadata))

    once, again = executed("4f2a", "91bc"), executed("b3c1", "07de")
    assert once == again
    state = once.metadata.widgets["application/vnd.jupyter.widget-state+json"].state
    assert state["widget-2"].state.layout == "IPY_MODEL_widget-1"
    assert once.cells[0].outputs[0].data["application/vnd.jupyter.widget-view+json"].model_id == "widget-2"


def test_a_folder_without_a_book_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is no book: expected a _config.yml in it"):
        execution.Book.of_folder(tmp_path)


def _write(folder, pages):
    """A tiny book that is not built."""
    shutil.copy(ROOT / "_config.yml", folder)
    first, *others = pages
    chapters = "".join(f"  - file: book/{name}\n" for name in others)
    Path(folder, "_toc.yml").write_text(f"format: jb-book\nroot: book/{first}\nchapters:\n{chapters}")
    Path(folder, "book").mkdir()
    for name, text in pages.items():
        Path(folder, "book", f"{name}.md").write_text(text, encoding="utf-8")
