"""What the study directives of the book hold: judged when a page is read, collected for every later output.

`items(env)` is the one list that the ledger, the quiz, the cards, the deck and the sheet are made from. Whatever is
wrong is collected as a `Problem`, and all problems of the book are raised together, even where warnings are no errors.
Any module may add problems that show only when the whole book is known: it connects to the event `unrolled-problems`,
which asks for a list of them.
"""

import re
from dataclasses import dataclass

from docutils import nodes
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.errors import ExtensionError
from sphinx_exercise.nodes import solution_node

from unrolled.publish import verdicts
from unrolled.publish.directives import Choice, Fold, Part, Provenance, StudyItem, Summary, listed
from unrolled.publish.execution import executed_notebook

LEVELS = ("core", "deeper", "expert")
ARTICLES = ("S0", "S1", "S2", "S3", "S4")
ROOMS = ("Answer", "What people say", "Derive it", "Measure it", "Play with it", "Follow-ups", "Practise", "Sources")
OPTIONAL_ROOMS = {"Play with it"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LISTS = ("must-say", "red-flags")
MOST_WORDS = {"sentence": 45, "spoken": 100}    # what can be said in a breath, and in about half a minute
MOST_CHINESE = 190    # characters, in about half a minute


@dataclass(frozen=True)
class Spec:
    """The fields and parts that one kind of item must have, and those that it may have."""

    fields: tuple
    parts: tuple
    more_fields: tuple = ("sources",)
    more_parts: tuple = LISTS


SPECS = {
    "answer": Spec(("level", "sources"), ("sentence", "spoken", "chinese", "whiteboard", *LISTS)),
    "claim": Spec(("level", "articles", "zh", "verdict"), ("text", "instead")),
    "followup": Spec(("level",), ("question", "answer", *LISTS)),
    "quiz": Spec(("level",), ("question",)),
    "exercise": Spec(("level",), ()),
}


@dataclass(frozen=True)
class Item:
    """One study item as plain data. `fields` maps each field and part to its text (formulas as $...$), must-say and
    red-flags to tuples of texts; a quiz has `choices` ({right, text, reason}), a claim its `evidence` (records with
    the `anchor` of their output on the page)."""

    kind: str
    id: str
    level: str
    sources: tuple
    fields: dict
    docname: str
    line: int
    title: str


@dataclass(frozen=True, order=True)
class Problem:
    """Something that must not be published: where (`path` relative to the book), and what."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


def items(env):
    """Every `Item` of the book, in the order of its table of contents and, within a page, of the page."""
    found = getattr(env, "unrolled_items", {})
    return [item for docname in reading_order(env) for item in found.get(docname, ())]


def reading_order(env):
    """Every page of the book, in the order of its table of contents."""
    order, waiting = {}, [env.config.root_doc]
    while waiting:
        docname = waiting.pop()
        if docname not in order:
            order[docname] = None
            waiting += reversed(env.toctree_includes.get(docname, []))
    return [*order, *sorted(env.found_docs - order.keys())]


def problems(env):
    """Every `Problem` of the book as far as `env` knows it, in order."""
    found = {problem for page in getattr(env, "unrolled_problems", {}).values() for problem in page}
    for more in env.app.emit("unrolled-problems", env):
        found.update(more)
    return sorted(found)


def problem(env, docname, line, text):
    """The `Problem` of this text on a page of the book."""
    return Problem(str(env.doc2path(docname, base=False)), line or 1, text)


def plain(node):
    """The text of a node with its formulas as $...$ and without citation marks."""
    if isinstance(node, nodes.footnote_reference):
        return ""
    if isinstance(node, nodes.math):
        return f"${node.astext()}$"
    if isinstance(node, nodes.math_block):
        return f"$${node.astext()}$$"
    if isinstance(node, nodes.Text):
        return node.astext()
    between = "" if isinstance(node, nodes.TextElement) else "\n"
    return between.join(text for text in map(plain, node.children) if text)


class StudyCollector(EnvironmentCollector):
    """Keeps items and problems by page, so that a page read again, removed, or read elsewhere brings its own."""

    def clear_doc(self, app, env, docname):
        for name in ("unrolled_items", "unrolled_problems"):
            getattr(env, name, {}).pop(docname, None)

    def merge_other(self, app, env, docnames, other):
        for name in ("unrolled_items", "unrolled_problems"):
            theirs = getattr(other, name, {})
            env.__dict__.setdefault(name, {}).update((doc, theirs[doc]) for doc in docnames if doc in theirs)

    def process_doc(self, app, doctree):
        env, docname = app.env, app.env.docname
        studied = list(doctree.findall(StudyItem))
        found = [*_placement_faults(doctree)]
        if any(item["kind"] == "answer" for item in studied):
            found += _lesson_faults(doctree)
        found += _evidence_faults(app, docname, doctree, studied)
        known = env.get_domain("cite").bibdata.data.entries
        for item in studied:
            about = item["item_id"] or item["kind"]
            found += [(item["line"], f"{about}: {fault}") for fault in _item_faults(item, known)]
        found += _exercise_faults(doctree, studied)
        collected = [_collect(item, docname, doctree) for item in studied]
        for item in collected:
            if item.id:
                domain = env.get_domain("std")
                domain.anonlabels[item.id.lower()] = docname, item.id
                domain.labels[item.id.lower()] = docname, item.id, item.title
        if collected:
            env.__dict__.setdefault("unrolled_items", {})[docname] = collected
        if found:
            env.__dict__.setdefault("unrolled_problems", {})[docname] = [problem(env, docname, *one) for one in found]


def _placement_faults(doctree):
    for part in doctree.findall(Part):
        if not isinstance(part.parent, (StudyItem, Fold, nodes.section)) or not _owner(part):
            yield part.line, f"part {part['name']}: a part stands directly in {', '.join(SPECS)}"
    for choice in doctree.findall(Choice):
        if not isinstance(choice.parent, StudyItem) or choice.parent["kind"] != "quiz":
            yield choice.line, "choice: a choice stands directly in a quiz"


def _owner(node):
    while node is not None and not isinstance(node, StudyItem):
        node = node.parent
    return node


def _lesson_faults(doctree):
    """Whether a page with an answer has its Chinese question and the rooms of a lesson."""
    top = next(iter(doctree.findall(nodes.section)))
    chinese = top[1] if len(top) > 1 else None
    if isinstance(chinese, nodes.paragraph) and CHINESE.search(chinese.astext()):
        chinese["classes"].append("language-zh-CN")    # docutils writes it as lang="zh-CN"
    else:
        yield top.line, "lesson: the paragraph under the title must be the Chinese question"
    rooms = [(section[0].astext(), section[0].line) for section in top if isinstance(section, nodes.section)]
    names = [name for name, _ in rooms]
    for name in ROOMS:
        if name not in names and name not in OPTIONAL_ROOMS:
            yield top.line, f"lesson: the room “{name}” is missing"
    last = -1
    for name, line in rooms:
        if name not in ROOMS:
            yield line, f"lesson: “{name}” is no room of a lesson; the rooms are {', '.join(ROOMS)}"
        elif ROOMS.index(name) <= last:
            yield line, f"lesson: the room “{name}” is out of order; the order is {', '.join(ROOMS)}"
        else:
            last = ROOMS.index(name)


def _item_faults(item, known_sources):
    """One sentence for each thing that is wrong with an item by itself."""
    kind, fields, spec = item["kind"], item["fields"], SPECS[item["kind"]]
    pattern, example = (r"[A-Z]+\d+", "C030") if kind == "claim" else (r"[a-z0-9-]+", "why-gradients-vanish")
    if not re.fullmatch(pattern, item["item_id"]):
        yield f"a {kind} needs an id like {example}, and this has {item['item_id']!r}"
    for name in spec.fields:
        if not fields.get(name):
            yield f"the field {name} is missing"
    for name in fields:
        if name not in spec.fields + spec.more_fields:
            yield f"a {kind} has no field {name}"
    for name, known in (("level", LEVELS), ("verdict", verdicts.VERDICTS)):
        if name in spec.fields and fields.get(name) and fields[name] not in known:
            yield f"{name} is {fields[name]!r}; it must be one of {', '.join(known)}"
    for article in listed(fields.get("articles")):
        if article not in ARTICLES:
            yield f"there is no article {article}; the articles are {', '.join(ARTICLES)}"
    for key in item.sources:
        if key not in known_sources:
            yield f"the source {key} is not in the bibliography"
    yield from _part_faults(item, spec)
    if kind == "quiz":
        yield from _choice_faults(item)
    if kind == "answer":
        yield from _length_faults(item.parts())


def _part_faults(item, spec):
    kind, parts = item["kind"], item.parts()
    for name in spec.parts:
        if name not in parts and not (name == "instead" and item["fields"].get("verdict") == "correct"):
            yield f"the {name} of the claim is missing" if name == "text" else f"the part {name} is missing"
    for name, same in parts.items():
        if name == "text" and kind == "answer":
            yield "an answer has no text outside its parts"
        elif name not in spec.parts + spec.more_parts:
            yield f"a {kind} has no part {name!r}"
        elif len(same) > 1:
            yield f"the part {name} is given {len(same)} times"
        elif not same[0].children:
            yield f"the part {name} is empty"
        elif name in LISTS and not (len(same[0]) == 1 and isinstance(same[0][0], nodes.bullet_list)):
            yield f"the part {name} must be one bullet list and nothing else"


def _length_faults(parts):
    """What of an answer takes longer to say than its label promises; a formula counts as one word."""
    for name, most in MOST_WORDS.items():
        count = sum(len(re.sub(r"\$.*?\$", "formula", plain(part)).split()) for part in parts.get(name, ()))
        if count > most:
            yield f"the part {name} has {count} words, and at most {most} can be said"
    count = sum(len(CHINESE.findall(plain(part))) for part in parts.get("chinese", ()))
    if count > MOST_CHINESE:
        yield f"the part chinese has {count} characters, and at most {MOST_CHINESE} can be said"


def _choice_faults(quiz):
    choices = [child for child in quiz if isinstance(child, Choice)]
    for number, choice in enumerate(choices, 1):
        if not isinstance(choice["right"], bool):
            yield f"choice {number} must be right or wrong, and is {choice['right']!r}"
        if not choice.children or not isinstance(choice[0], Summary):
            yield f"choice {number} must begin with a paragraph that states it"
        elif len(choice) < 2:
            yield f"choice {number} has no reason"
    right = [choice["right"] for choice in choices]
    if len(choices) < 2 or True not in right or False not in right:
        yield "a quiz needs at least two choices, one of them right and one of them wrong"


def _exercise_faults(doctree, studied):
    """Whether each exercise is followed by a cell that checks the reader's work and by a solution that passes."""
    exercises = {item["item_id"]: item for item in studied if item["kind"] == "exercise"}
    solutions = {}
    for solution in doctree.findall(solution_node):
        target = solution.get("target_label")
        for section in solution.findall(nodes.section):
            section["ids"] = [f"{target}-solution-text"]    # sphinx-exercise gives every solution the same
        if target not in exercises:
            yield solution.get("line"), f"{target}: a solution to an exercise that is not on this page"
        solutions[target] = solution
    for label, exercise in exercises.items():
        if not exercise["title"]:
            yield exercise["line"], f"{label}: the exercise has no title"
        checks = re.compile(rf"""\bcheck\(\s*["']{re.escape(label)}["']""")
        cells = [node for node in doctree.findall(_is_cell) if checks.search(node.astext())]
        inside = [cell for cell in cells if _within(cell, solutions.get(label))]
        if label not in solutions:
            yield exercise["line"], f"{label}: the exercise has no solution"
        elif not inside:
            yield exercise["line"], f"{label}: the solution has no cell that calls check(\"{label}\", ...)"
        if len(inside) == len(cells):
            yield exercise["line"], f"{label}: no cell after the exercise calls check(\"{label}\", ...)"


def _is_cell(node):
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _within(node, ancestor):
    while node is not None and node is not ancestor:
        node = node.parent
    return node is not None


def _evidence_faults(app, docname, doctree, studied):
    """Give each claim its evidence, each piece of evidence its anchor, and judge the one by the other."""
    cells = {cell["cell_index"]: cell.line - 1 for cell in doctree.findall(_is_cell)}    # myst-nb names its second line
    claims = {item["item_id"]: item for item in studied if item["kind"] == "claim"}
    spoilt = set()
    for line, record in _records(app, docname, cells) if cells else ():
        claim = record.get("claim") if isinstance(record, dict) else None
        fault = verdicts.fault(record)
        if fault:
            spoilt.add(claim)
            yield line, f"{claim or 'evidence'}: {fault}"
        elif claim not in claims:
            yield line, f"{claim}: there is evidence for this claim, but no such claim on this page"
        else:
            number = len(claims[claim]["evidence"]) + 1
            claims[claim]["evidence"].append({**record, "anchor": f"evidence-{claim}-{number}"})
    for claim, item in claims.items():
        if claim in spoilt:
            continue
        shown = _anchor(doctree, claim)
        if shown != len(item["evidence"]):
            yield item["line"], f"{claim}: {len(item['evidence'])} pieces of evidence, of which the page shows {shown}"
        _show_evidence(item)
        text = item["fields"].get("verdict", "")
        try:
            given = verdicts.verdict(item["evidence"])
        except verdicts.NoVerdict as reason:
            yield item["line"], f"{claim}: the evidence gives no verdict: {reason}"
        else:
            if given != text:
                yield item["line"], f"{claim}: the text says “{text}”, and the evidence gives “{given}”"


def _records(app, docname, cells):
    try:
        notebook = executed_notebook(app, docname)
    except KeyError:    # execution is off: every claim then lacks its evidence
        return
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if verdicts.MIME in output.get("data", {}):
                yield cells.get(index), output["data"][verdicts.MIME]


def _anchor(doctree, claim):
    """Number the outputs that show evidence for `claim`; returns how many there are."""
    opening = re.compile(rf'<div(?=[^>]*\bclass="evidence")(?=[^>]*\bdata-claim="{re.escape(claim)}")')
    shown = 0
    for raw in doctree.findall(nodes.raw):
        if opening.search(raw.astext()):
            shown += 1
            text = opening.sub(f'<div id="evidence-{claim}-{shown}"', raw.astext(), count=1)
            raw.rawsource, raw.children = text, []
            raw += nodes.Text(text)
    return shown


def counts(evidence):
    """How much evidence of each kind, as words: "2 runs, 1 derivation"."""
    numbers = {kind: sum(record["kind"] == kind for record in evidence) for kind in verdicts.KINDS}
    return ", ".join(f"{n} {kind}{'s' * (n > 1)}" for kind, n in numbers.items() if n)


def _show_evidence(claim):
    """Put the line that counts and links a claim's evidence above its last line."""
    if not claim["evidence"]:
        return
    line = nodes.paragraph("", f"Evidence: {counts(claim['evidence'])}. See ", classes=["study-evidence"])
    for number, record in enumerate(claim["evidence"], 1):
        if number > 1:
            line += nodes.Text(", ")
        line += nodes.reference("", f"{record['kind']} {number}", refid=record["anchor"], internal=True)
    line += nodes.Text(".")
    last = next(index for index, child in enumerate(claim) if isinstance(child, Provenance))
    claim.insert(last, line)


def _collect(item, docname, doctree):
    fields = dict(item["fields"])
    for name, (part, *_) in item.parts().items():
        fields[name] = plain(part)
        if name in LISTS:
            fields[name] = tuple(plain(point) for point in part.findall(nodes.list_item))
    if item["kind"] == "claim":
        fields["articles"] = tuple(listed(fields.get("articles")))
        fields["evidence"] = tuple(item["evidence"])
    if item["kind"] == "quiz":
        fields["choices"] = tuple(
            {"right": choice["right"], "text": plain(choice[0]), "reason": "\n".join(map(plain, choice[1:]))}
            for choice in item if isinstance(choice, Choice) and choice.children
        )
    if item["kind"] == "exercise":
        fields["text"] = "\n".join(
            plain(block) for section in item.findall(nodes.section) for block in section
            if not isinstance(block, (Fold, Provenance))
        )
    page_title = next((title.astext() for title in doctree.findall(nodes.title)), docname)
    titles = {"answer": page_title, "claim": item["item_id"], "exercise": item["title"]}
    return Item(
        kind=item["kind"], id=item["item_id"], level=fields.pop("level", ""), sources=tuple(item.sources),
        fields={name: value for name, value in fields.items() if name != "sources"},
        docname=docname, line=item["line"], title=titles.get(item["kind"]) or fields.get("question", ""),
    )


def duplicates(app, env):
    """The problem of each id that is used more than once in the book, whatever the kinds."""
    first, found = {}, []
    for item in items(env):
        other = first.setdefault(item.id.lower(), item)
        if item.id and other is not item:
            where = f"{env.doc2path(other.docname, base=False)}:{other.line}"
            found.append(problem(env, item.docname, item.line, f"{item.id}: the id is already used in {where}"))
    return found


def raise_problems(app, env):
    """Fail the build, naming every problem of the book.

    This happens before Sphinx saves what it has read: the next build then reads the same pages again and fails again,
    and no page can be left unwritten because its text was read in a build that failed.
    """
    found = problems(env)
    if found:
        raise ExtensionError(f"{len(found)} of the book's rules are broken:\n" + "\n".join(map(str, found)))


def accept_evidence(app, config):
    """Keep myst-nb from warning of the evidence's own MIME type: its text and its table stand beside it."""
    config.suppress_warnings = [*config.suppress_warnings, "mystnb.unknown_mime_type"]


def setup(app):
    """Judge and collect the study items of each page, and fail the build where one is at fault."""
    app.add_event("unrolled-problems")
    app.add_env_collector(StudyCollector)
    app.connect("unrolled-problems", duplicates)
    app.connect("config-inited", accept_evidence)
    app.connect("env-updated", raise_problems, priority=900)
