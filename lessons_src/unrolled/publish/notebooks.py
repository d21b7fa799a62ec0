"""Each lesson as a notebook with its outputs: its directives and roles as plain Markdown that any Jupyter shows well.

Written while the pages are, so that numbers of equations and exercises, titles and citations are those of the site. A
directive or role without a plain form stops the build: nothing raw ever leaves in a notebook.
"""

import argparse
import ast
import base64
import dataclasses
import mimetypes
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from docutils.parsers.rst import Directive
from markdown_it.renderer import RendererHTML
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser
from pybtex.plugin import find_plugin
from sphinx.directives.code import LiteralIncludeReader
from sphinx.errors import SphinxError

from unrolled.publish.directives import INSTEAD_LABELS, PART_LABELS, PART_ORDER, listed
from unrolled.publish.execution import executed_notebook
from unrolled.publish.records import record_number
from unrolled.publish.repository import repository
from unrolled.publish.typography import joined_lines

FOLDER = "notebooks"
INTRODUCTION = """\
*A lesson of **Unrolled**: recurrent networks, question by question, with every answer executed. This is its notebook,
with the outputs of the run that made the page. To read it you need nothing else.*

*To run it you need the package `unrolled`, which its cells import{}.*"""
WITHOUT_REPOSITORY = """. It comes with the course's sources: type `make lab` in a
copy of them; or `pip install .` there, which brings NumPy, PyTorch and Matplotlib where they are missing, and open this
notebook in Jupyter"""
WITH_REPOSITORY = "; the next cell installs it where it is missing"
INSTALLATION = """\
# Runs on Colab, or wherever the library is missing. What it needs and is there
# already, such as NumPy and PyTorch, stays as it is.
try:
    import unrolled
except ImportError:
    %pip install --quiet "{}\""""
ADMONITIONS = "note tip hint important warning caution attention danger error seealso".split()
INLINE = re.compile(
    r"(?P<escaped>\\[^\w\s])"
    r"|\{(?P<role>[\w:+.-]+)\}(?P<ticks>`+)(?P<content>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|(?P<code>(?P<fence>`+)(?!`).+?(?<!`)(?P=fence)(?!`))(?:\{[^}\n]*\})?"
    r"|(?P<math>\$\$.+?\$\$|\$(?:\\.|[^$\\])+\$)"
    r"|(?P<substitution>\{\{.*?\}\}|<(?:project|path|inv):[^>]*>)"
    r"|(?P<image>!?)\[(?P<label>(?:[^\[\]]|\[[^\]]*\])*)\]"
    r"(?:\((?P<target>[^()\s]*)(?P<title>\s+\"[^\"]*\")?\)(?:\{[^}\n]*\})?|\{[^}\n]*\})",
    re.DOTALL,
)


# Kinds of output that only the build reads. A widget's state stays behind, too, so its view would find nothing to show.
FOR_THE_BUILD = ("application/papermill.record/", "application/vnd.unrolled.", "application/vnd.jupyter.widget-")


class NotebookError(SphinxError):
    """A lesson uses something that has no form in a plain notebook."""

    category = "Notebook"


class _AnyDirective(Directive):
    """What myst_parser needs to know to split a directive's text: it may have an argument, options and a body."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {"any": str}
    has_content = True


class Lesson:
    """Turns one lesson of a book that Sphinx has read into a notebook."""

    def __init__(self, app, name):
        self.app, self.env, self.name = app, app.env, name
        self.source = self.env.doc2path(name, base=False)
        self.executed = executed_notebook(app, name)
        self.glued = _glued(self.executed)
        self.cited = []
        self.attachments = {}
        self.parser = create_md_parser(self.env.myst_config, RendererHTML)
        blocks = dataclasses.replace(self.env.myst_config, disable_syntax=["inline"])
        self.block_parser = create_md_parser(blocks, RendererHTML)

    def notebook(self):
        """The notebook (nbformat 4.5). Raises NotebookError naming the page and what cannot be converted."""
        known = repository(self.app.config)
        cells = [nbformat.v4.new_markdown_cell(INTRODUCTION.format(WITH_REPOSITORY if known else WITHOUT_REPOSITORY))]
        if known:
            cells.append(nbformat.v4.new_code_cell(INSTALLATION.format(known.requirement)))
        in_solution = False
        for cell in self.executed.cells:
            if cell.cell_type == "markdown":
                in_solution = self._is_solution_open(cell.source, in_solution)
                self.attachments = {}
                source = self.blocks(cell.source).strip()
                self._refuse_leaks(source)
                if source:
                    cells.append(nbformat.v4.new_markdown_cell(source))
                    if self.attachments:
                        cells[-1].attachments = self.attachments
            elif cell.cell_type == "code":
                cells.append(_code_cell(cell, in_solution))
        for number, cell in enumerate(cells):
            cell.id = f"cell-{number}"
        metadata = {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
        notebook.nbformat_minor = 5
        nbformat.validate(notebook)
        return notebook

    # Blocks

    def blocks(self, text):
        """Markdown `text` with every directive, target and comment replaced by plain Markdown."""
        lines, made, at = text.splitlines(), [], 0
        for token in self.block_parser.parse(text):
            if not token.map or token.map[0] < at:
                continue
            start, end = token.map
            if token.type == "amsmath":    # its map leaves its last line out
                end = start + token.content.count("\n") + 1
            block = self._block(token, lines[start:end])
            if block is None:
                continue
            made.append(self.inline("\n".join(lines[at:start])))
            column = lines[start].find(token.markup) if token.markup else 0
            before = lines[start][: max(column, 0)]    # the mark or indentation of a list that the block stands in
            block = re.sub(r"\n(?!\n)", "\n" + " " * len(before), block)
            made.append(before + block if block else "")
            at = end
        made.append(self.inline("\n".join(lines[at:])))
        return joined_lines(re.sub(r"\n[ \t]*\n(?:[ \t]*\n)+", "\n\n", "\n".join(made)))

    def _block(self, token, lines):
        """The plain Markdown of one block; None for an ordinary one, whose text is prose."""
        if token.type in ("fence", "colon_fence"):
            named = re.fullmatch(r"\{([^}]+)\}\s*(.*)", token.info.strip(), re.DOTALL)
            return self.directive(named[1], named[2], token.content) if named else "\n".join(lines)
        if token.type in ("math_block_label", "math_block"):
            return self._math(token.content, token.info)
        if token.type == "amsmath":
            return self._math(token.content, None)
        if token.type in ("code_block", "html_block"):
            return "\n".join(lines)
        if token.type in ("myst_target", "myst_line_comment"):
            return ""
        if token.type == "dl_open":
            return self._definitions(lines)
        return None

    def directive(self, name, argument, content):
        """The plain Markdown of a directive, by the method that bears its name."""
        if name in ADMONITIONS or name == "admonition":
            self.refuse_if(name == "admonition" and not argument, "an admonition without a title")
            argument, name = argument if name == "admonition" else name.capitalize(), "admonition"
        method = getattr(self, "directive_" + name.replace("-", "_"), None)
        self.refuse_if(method is None, f"the directive {{{name}}}")
        if content.startswith(":::"):    # a directive within, which MyST, too, keeps from looking like options
            content = "\n" + content
        parsed = parse_directive_text(_AnyDirective, argument, content, validate_options=False)
        return method(argument, {key: str(value) for key, value in parsed.options.items()}, "\n".join(parsed.body))

    def refuse_if(self, problem, what):
        """Stop the export where there is a `problem`, naming the page and `what` has no plain form."""
        if problem:
            raise NotebookError(f"{self.source}: {what} has no plain Markdown in unrolled.publish.notebooks")

    def directive_answer(self, argument, options, body):
        lead, parts = self._parts(body)
        return _join(self.blocks(lead), *parts, self._sources(options))

    def directive_claim(self, argument, options, body):
        verdict = options.get("verdict", "")
        lead, parts = self._parts(body, instead=INSTEAD_LABELS.get(verdict, PART_LABELS["instead"]))
        phrase = f"*{options.get('zh', '')}* (said in {', '.join(listed(options.get('articles')))})"
        return _join(f"#### Claim {argument}: {verdict}", phrase, self.blocks(lead), *parts, self._sources(options))

    def directive_followup(self, argument, options, body):
        lead, parts = self._parts(body)
        answer = _folded("The answer", _join(*parts, self._sources(options)))
        return _join(f"#### Follow-up ({options.get('level', '')})", self.blocks(lead), answer)

    def directive_quiz(self, argument, options, body):
        lead, parts = self._split(body)
        choices, reasons, letters = [], [], iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        for _, word, inside in (part for part in parts if part[0] == "choice"):
            letter = next(letters)
            choice, reason = self._first_block(inside)
            choices.append(f"- **{letter}.** " + self.blocks(choice).strip().replace("\n", "\n  "))
            reasons.append(f"**{letter} is {word}.** {self.blocks(reason).strip()}")
        others = [self._part(*part[1:]) for part in parts if part[0] == "part"]
        folded = _folded("The answer", _join(*reasons, *others, self._sources(options)))
        return _join(f"#### Quiz ({options.get('level', '')})", self.blocks(lead), "\n".join(choices), folded)

    def directive_exercise(self, argument, options, body):
        lead, parts = self._parts(body)
        folded = _folded("What a good answer says", _join(*parts)) if parts else ""
        heading = f"#### {self._exercise(options.get('label', ''))}: {self.inline(argument)}"
        return _join(heading, self.blocks(lead), folded, self._sources(options))

    def directive_solution_start(self, argument, options, body):
        return _join(f"#### Solution to {self._exercise(argument.strip())}", self.blocks(body))

    def directive_solution_end(self, argument, options, body):
        return ""

    def directive_admonition(self, argument, options, body):
        return _join(f"**{self.inline(argument)}**", self.blocks(body))

    def directive_dropdown(self, argument, options, body):
        return _folded(self.inline(argument), self.blocks(body))

    def directive_figure(self, argument, options, body):
        label = options.get("name", "")
        number = self._number("figure", label)
        caption = self.blocks(body).strip()
        title = f"**{number}.** " if number else ""
        return _join(self.directive_image(argument, options, ""), f"{title}{caption}" if caption else "")

    def directive_image(self, argument, options, body):
        return f"![{options.get('alt', '')}]({self._attached(argument.strip())})"

    def directive_math(self, argument, options, body):
        return self._math(_join(argument, body), options.get("label"))

    def directive_code_block(self, argument, options, body):
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
        return f"{fence}{argument}\n{body}\n{fence}"

    def directive_literalinclude(self, argument, options, body):
        path = Path(self.env.srcdir, posixpath.dirname(self.name), argument.strip())
        if "dedent" in options:
            options["dedent"] = int(options["dedent"])
        try:
            text, _ = LiteralIncludeReader(str(path), options, self.app.config).read()
        except (OSError, ValueError) as problem:
            raise NotebookError(f"{self.source}: {problem}") from None
        return self.directive_code_block(options.get("language", ""), {}, text.strip("\n"))

    def directive_grid(self, argument, options, body):
        return self.blocks(body)

    directive_grid_item = directive_grid

    def directive_footbibliography(self, argument, options, body):
        entries = self._bibliography().entries
        wanted = type(self._bibliography())(entries={key: entries[key] for key in self.cited})
        style = find_plugin("pybtex.style.formatting", "unsrt")()
        backend = find_plugin("pybtex.backends", "markdown")()
        formatted = style.format_bibliography(wanted, self.cited)
        return "\n".join("- " + entry.text.render(backend).replace("\n", " ") for entry in formatted)

    def _parts(self, body, **labels):
        """The text of a study directive, and its parts as Markdown, in the order and by the labels of the page."""
        lead, parts = self._split(body)
        parts.sort(key=lambda part: PART_ORDER.index(part[1]) if part[1] in PART_ORDER else -1)
        return lead, [self._part(name, inside, labels.get(name)) for _, name, inside in parts]

    def _part(self, name, body, label=None):
        self.refuse_if(name not in PART_LABELS, f"the part {name}")
        label = label or PART_LABELS[name]
        return _join(f"**{label}**" if label else "", self.blocks(body))

    def _split(self, body):
        """The text of a study directive without its parts, and its parts as (directive, argument, body)."""
        lines, lead, parts, at = body.splitlines(), [], [], 0
        for token in self.block_parser.parse(body):
            named = token.type == "colon_fence" and re.fullmatch(r"\{(part|choice)\}\s*(.*)", token.info.strip())
            if named:
                lead += lines[at : token.map[0]]
                at = token.map[1]
                parts.append((named[1], named[2], token.content))
        return "\n".join(lead + lines[at:]), parts

    def _first_block(self, text):
        """`text` in two: its first block, and the rest."""
        lines = text.splitlines()
        end = next((token.map[1] for token in self.block_parser.parse(text) if token.map and token.level == 0), 0)
        return "\n".join(lines[:end]), "\n".join(lines[end:])

    def _definitions(self, lines):
        """A definition list, which Jupyter does not know: terms in bold, definitions as items."""
        made = []
        for line in lines:
            if re.match(r"[:~]\s", line):
                made.append("- " + line[1:].lstrip())
            elif line.strip() and not line[0].isspace():
                made += ["", f"**{line.strip()}**", ""]
            else:
                made.append(line)
        return self.blocks("\n".join(made)) + "\n"

    def _math(self, tex, label):
        tex = re.sub(r"\\(begin|end)\{(align|gather)\*?\}", r"\\\1{\2ed}", tex.strip())
        tex = re.sub(r"\\(?:begin|end)\{equation\*?\}", "", tex).strip()
        tag = f"\n\\tag{{{self._equation(label)}}}" if label else ""
        return f"$$\n{tex}{tag}\n$$"

    def _is_solution_open(self, text, is_open):
        for token in self.block_parser.parse(text):
            if token.type == "fence" and token.info.startswith("{solution-"):
                is_open = token.info.startswith("{solution-start}")
        return is_open

    def _attached(self, path):
        """The address of an image that travels inside the notebook."""
        if "://" in path:
            return path
        file = Path(self.env.srcdir, posixpath.dirname(self.name), path)
        self.refuse_if(not file.is_file(), f"the image {path}, which is not there,")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self.attachments[file.name] = {kind: base64.b64encode(file.read_bytes()).decode("ascii")}
        return f"attachment:{file.name}"

    # Inline

    def inline(self, text):
        """Prose with its roles, links and images in plain Markdown; code and formulas stay as they are."""
        return INLINE.sub(self._inline, text)

    def _inline(self, found):
        if found["role"]:
            method = getattr(self, "role_" + re.sub(r"\W", "_", found["role"]), None)
            self.refuse_if(method is None, f"the role {{{found['role']}}}")
            return method(found["content"])
        if found["code"]:
            return found["code"]
        self.refuse_if(found["substitution"], f"the substitution or link {found['substitution']}")
        if found["label"] is None:
            return found[0]
        if found["target"] is None:    # [text]{attributes}
            return self.inline(found["label"])
        if found["image"]:
            return f"![{found['label']}]({self._attached(found['target'])})"
        return self._link(self.inline(found["label"]), found["target"], found["title"] or "")

    def role_footcite_t(self, content):
        return "; ".join(self._cite(key, "{} ({})") for key in listed(content))

    def role_footcite_p(self, content):
        return f"({'; '.join(self._cite(key, '{}, {}') for key in listed(content))})"

    def role_glue_text(self, content):
        name, _, format_spec = content.partition(":")
        self.refuse_if(name not in self.glued, f"the number {name}, which no cell of the page gives to the prose,")
        return format(self.glued[name], format_spec)

    def role_record(self, content):
        try:
            return record_number(content, self.app.confdir)[0]
        except ValueError as problem:
            raise NotebookError(f"{self.source}: record `{content}`: {problem}") from None

    def role_eq(self, content):
        return f"({self._equation(content)})"

    def role_math(self, content):
        return f"${content}$"

    def role_doc(self, content):
        text, target = _titled(content)
        name = posixpath.normpath(posixpath.join("/" + posixpath.dirname(self.name), target))[1:]
        self.refuse_if(name not in self.env.titles, f"the page {target}, which is not there,")
        return self._page_link(name, text or self.env.titles[name].astext())

    def role_ref(self, content):
        text, label = _titled(content)
        name, title = self._label(label)
        self.refuse_if(not (text or title), f"a reference to {label}, which has no title,")
        return self._page_link(name, text or title)

    def role_numref(self, content):
        return self.role_ref(content)

    def _link(self, text, target, title):
        self.refuse_if(re.match("(project|path|inv):", target), f"the link [{text}]({target})")
        if re.match(r"[a-z]+:", target):
            return f"[{text}]({target}{title})"
        path, _, anchor = target.partition("#")
        if not path:
            name, label_title = self._label(anchor)
            return self._page_link(name, text or label_title)
        name = posixpath.normpath(posixpath.join(posixpath.dirname(self.name), path)).removesuffix(".md")
        if name in self.env.titles:
            return self._page_link(name, text or self.env.titles[name].astext())
        return text or path    # a file beside the page, which the notebook has not got

    def _page_link(self, name, text):
        """`text` as a link to a page's notebook beside this one; as mere text where there is none."""
        if name == self.name or "kernelspec" not in self.env.metadata[name]:
            return text
        return f"[{text}]({posixpath.relpath(path_in_site(name), posixpath.dirname(path_in_site(self.name)))})"

    def _label(self, label):
        """The page and the title of a label, numbered where the site numbers it."""
        standard = self.env.get_domain("std")
        name = standard.anonlabels.get(label.lower(), ("", ""))[0]
        self.refuse_if(not name, f"the label {label}, which is not there,")
        number = self._number("exercise", label) or self._number("figure", label)
        return name, number or standard.labels.get(label.lower(), ("", "", ""))[2]

    def _number(self, kind, label):
        """"Exercise 3" or "Figure 3", by the number that Sphinx gave to `label`; "" where it gave none."""
        for numbers in self.env.toc_fignumbers.values():
            if number := numbers.get(kind, {}).get(label):
                return f"{kind.capitalize()} {'.'.join(map(str, number))}"
        return ""

    def _exercise(self, label):
        return self._number("exercise", label) or "Exercise"

    def _equation(self, label):
        equations = self.env.get_domain("math").equations
        self.refuse_if(label not in equations, f"the equation {label}, which is not there,")
        return equations[label][1]

    def _bibliography(self):
        return self.env.get_domain("cite").bibdata.data

    def _cite(self, key, form):
        entries = self._bibliography().entries
        self.refuse_if(key not in entries, f"the source {key}, which no bibliography has,")
        if key not in self.cited:
            self.cited.append(key)
        entry = entries[key]
        people = entry.persons.get("author") or entry.persons["editor"]
        people = [" ".join(person.prelast_names + person.last_names) for person in people]
        people = f"{people[0]} et al." if len(people) > 2 else " and ".join(people)
        text = form.format(re.sub(r"[{}]", "", people), entry.fields["year"])
        address = f"https://doi.org/{entry.fields['doi']}" if "doi" in entry.fields else entry.fields.get("url")
        return f"[{text}]({address})" if address else text

    def _sources(self, options):
        keys = listed(options.get("sources"))
        return f"*Sources:* {'; '.join(self._cite(key, '{} ({})') for key in keys)}" if keys else ""

    def _refuse_leaks(self, source):
        """The last gate: MyST itself finds nothing of its own in what leaves."""
        for token in self.parser.parse(source):
            raw = token.info.strip().startswith("{") and token.type in ("fence", "colon_fence")
            self.refuse_if(raw, f"the directive {token.info.strip()}")
            self.refuse_if(token.type.startswith("myst_"), f"the block {token.content or token.type}")
            for child in token.children or []:
                self.refuse_if(child.type == "myst_role", f"the role {child.meta.get('name')}")
                self.refuse_if(child.type.startswith("substitution"), f"the substitution {child.content}")


def _join(*blocks):
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip())


def _folded(summary, text):
    return f"<details>\n<summary>{summary}</summary>\n\n{text.strip()}\n\n</details>"


def _titled(content):
    """The two halves of a role's `text <target>`; the text is "" where there is only a target."""
    found = re.fullmatch(r"(.*?)\s*<([^<>]+)>", content, re.DOTALL)
    return (found[1], found[2]) if found else ("", content)


def _glued(notebook):
    """The values that cells hand to the prose, by name."""
    values = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            scrap = output.get("metadata", {}).get("scrapbook")
            if scrap:
                text = output.data[scrap["mime_prefix"] + "text/plain"]
                try:
                    values[scrap["name"]] = ast.literal_eval(text)
                except (ValueError, SyntaxError):
                    values[scrap["name"]] = text
    return values


def _code_cell(cell, in_solution):
    """A cell for other programs: folded where the page folds it, pictures as PNG, nothing that only the build needs."""
    tags = cell.metadata.get("tags", [])
    metadata = {"tags": tags} if tags else {}
    if in_solution or {"hide-input", "hide-cell", "remove-input", "remove-cell"} & set(tags):
        metadata["jupyter"] = {"source_hidden": True}
    new = nbformat.v4.new_code_cell(cell.source, metadata=metadata, execution_count=cell.execution_count)
    for output in cell.outputs:
        output.pop("transient", None)
        if "data" not in output:
            new.outputs.append(output)
            continue
        caption = re.search(r"<figcaption>(.*?)</figcaption>", output.data.get("text/html", ""), re.DOTALL)
        picture = "image/png" in output.data    # untrusted notebooks and GitHub drop inline SVG: there the PNG is seen
        output.data = {
            kind: data for kind, data in output.data.items()
            if not kind.startswith(FOR_THE_BUILD)
            and not (picture and kind == "text/html")
        }
        if output.data:
            new.outputs.append(output)
        if picture and caption:
            text = re.sub(r"<[^>]+>", "", caption[1])
            data = {"text/html": f"<p><em>{caption[1]}</em></p>", "text/plain": text}
            new.outputs.append(nbformat.v4.new_output("display_data", data))
    return new


def path_in_site(name):
    """Where the notebook of page `name` lies in the site, and in the branch of notebooks."""
    return f"{FOLDER}/{name.removeprefix('book/')}.ipynb"


def has_notebook(app, name):
    """Whether this build writes a notebook of page `name`."""
    executed = app.env.mystnb_config.execution_mode == "cache"
    return "kernelspec" in app.env.metadata[name] and app.builder.name == "html" and executed


def write_and_offer(app, name, template, context, doctree):
    """Write the notebook of a lesson beside its page, and offer it in the page's download menu."""
    if doctree is None or not has_notebook(app, name):
        return
    path = Path(app.outdir, path_in_site(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(nbformat.writes(Lesson(app, name).notebook()) + "\n", encoding="utf-8")
    unfinished.replace(path)
    # The theme offers an .ipynb only where a launch button is set, and then the raw one.
    menus = [menu for menu in context.get("header_buttons", []) if menu.get("label") == "download-buttons"]
    for menu in menus:
        menu["buttons"] = [button for button in menu["buttons"] if button["label"] != "download-notebook-button"]
        menu["buttons"].insert(0, {
            "type": "link", "url": context["pathto"](path_in_site(name), 1), "text": ".ipynb",
            "icon": "fas fa-code", "tooltip": "Download this lesson as a notebook", "label": "download-notebook-button",
        })  # fmt: skip


def main(argv):
    """Build the book and copy its notebooks into a folder."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.publish export", description=main.__doc__)
    parser.add_argument("folder", help="where the notebooks go")
    parser.add_argument("--book", default=".", help="the folder of _config.yml (default: this one)")
    asked = parser.parse_args(argv)
    if subprocess.run([sys.executable, "-m", "unrolled.publish", "build", asked.book]).returncode:
        raise ValueError("no notebooks were written: the book did not build, see above")
    shutil.copytree(Path(asked.book, "_build", "html", FOLDER), asked.folder, dirs_exist_ok=True)
    count = len(list(Path(asked.folder).rglob("*.ipynb")))
    print(f"{count} notebooks are in {asked.folder}")
    return 0


def setup(app):
    """Write the notebooks with the pages; after the theme has made its menus."""
    app.connect("html-page-context", write_and_offer, priority=900)
