"""The study directives: answer, claim, followup, quiz and exercise.

A directive only turns its text into nodes that keep every field, and the nodes render themselves as plain HTML that
needs no JavaScript. What a directive must hold is `study`'s to judge, and other outputs (cards, deck, sheet) read the
same nodes. Numbering of exercises, and their solutions, are sphinx-exercise's.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.directive import ExerciseDirective, SolutionStartDirective
from sphinx_exercise.nodes import solution_node

ASSETS = Path(__file__).parent / "assets"
PART_LABELS = {    # in the order of the page; a part without a label needs none
    "text": None, "question": None,
    "sentence": "In one sentence", "spoken": "In thirty seconds", "chinese": "三十秒回答",
    "whiteboard": "On the whiteboard", "instead": "What is true instead", "answer": None,
    "must-say": "Must say", "red-flags": "Red flags",
}
PART_ORDER = list(PART_LABELS)
INSTEAD_LABELS = {"correct": "Worth adding", "conditional": "When it is true", "unanswered": "Our answer"}
FIELD = re.compile(r":(?P<name>[A-Za-z][\w-]*):(?:\s+(?P<value>.*))?$")
FOLDS = {"followup": "The answer", "quiz": "What to say", "exercise": "What a good answer says"}


class StudyItem(nodes.General, nodes.Element):
    """One answer, claim, followup, quiz or exercise: `kind`, `item_id`, `fields` (as written), `title`, `line`."""

    @property
    def sources(self):
        """The citation keys of the field `sources`."""
        return listed(self["fields"].get("sources"))

    def parts(self):
        """The item's parts by name, each a list: more than one is a mistake that `study` reports."""
        found = {}
        for part in self.findall(Part):
            found.setdefault(part["name"], []).append(part)
        return found


class Part(nodes.General, nodes.Element):
    """A named part of an item: `name`, `label`."""


class Fold(nodes.General, nodes.Element):
    """Something folded under the `Summary` that is its first child."""


class Choice(nodes.General, nodes.Element):
    """One choice of a quiz: `right` (true, false, or the word found instead); a `Summary`, then the reason."""


class Summary(nodes.General, nodes.TextElement):
    """The visible line of a fold, a choice or a solution."""


class Provenance(nodes.General, nodes.TextElement):
    """The quiet last line of an item: its level, and its sources as citations."""


def listed(text):
    """The words of a comma-separated field."""
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def take_fields(content):
    """The leading ``:name: value`` lines of a directive's content as {name: value}; they are removed from it.

    MyST would read them as YAML, where a Chinese phrase with a colon or a hash in it breaks.
    """
    fields = {}
    while content and (field := FIELD.match(content[0])):
        fields[field["name"]] = field["value"].strip()
        content.trim_start()
    return fields


class StudyDirective(SphinxDirective):
    """What answer, claim, followup and quiz have in common: ``{kind} id``, fields, text, parts."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    body_part = "text"

    def run(self):
        before = len(self.content)
        item = _item(self, self.arguments[0] if self.arguments else "", take_fields(self.content))
        self.content_offset += before - len(self.content)
        item["ids"].append(item["item_id"])
        item["names"].append(item["item_id"].lower())    # Sphinx looks labels up in lower case
        if item["item_id"] and item["item_id"] not in self.state.document.ids:
            self.state.document.note_explicit_target(item)
        content = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, content)
        _arrange(item, content.children, self.body_part)
        item += _provenance(self, item)
        return [item]


class Answer(StudyDirective):
    """The answer to the lesson's question, at three lengths."""


class Claim(StudyDirective):
    """A claim on trial."""


class Followup(StudyDirective):
    """What the interviewer asks next."""

    body_part = "question"


class Quiz(StudyDirective):
    """A question with choices, each with its reason."""

    body_part = "question"


class PartDirective(SphinxDirective):
    """``{part} name`` inside an item."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        part = Part(name=self.arguments[0].strip() if self.arguments else "")
        part["label"] = PART_LABELS.get(part["name"])
        self.set_source_info(part)
        self.state.nested_parse(self.content, self.content_offset, part)
        return [part]


class ChoiceDirective(SphinxDirective):
    """``{choice} right`` or ``{choice} wrong`` inside a quiz: the choice, then the reason."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        word = self.arguments[0].strip() if self.arguments else ""
        choice = Choice(right={"right": True, "wrong": False}.get(word, word))
        self.set_source_info(choice)
        self.state.nested_parse(self.content, self.content_offset, choice)
        if choice.children and isinstance(choice[0], nodes.paragraph):
            summary = Summary("", "", *choice[0].children)
            summary.source, summary.line = choice[0].source, choice[0].line
            choice[0] = summary
        return [choice]


class Exercise(ExerciseDirective):
    """sphinx-exercise's numbered exercise, with the fields of a study item."""

    option_spec = None

    def run(self):
        before = len(self.content)
        fields = take_fields(self.content)
        self.content_offset += before - len(self.content)
        label = fields.pop("label", "")
        self.options = {"label": label} if label else {}
        item = _item(self, label, fields)
        item["title"] = self.arguments[0] if self.arguments else ""
        item += super().run()    # nothing where the label is taken
        for section in item.findall(nodes.section):
            section["ids"] = [f"{label}-task"]    # sphinx-exercise gives every exercise the same
            task = section.children[:]
            section.clear()
            _arrange(section, task, None)
            section += _provenance(self, item)
            break
        return [item]


class SolutionStart(SolutionStartDirective):
    """sphinx-exercise's gated solution, with a label that does not change when another is added before it."""

    def run(self):
        self.options.setdefault("label", f"{self.arguments[0]}-solution")
        found = super().run()
        for solution in found:
            solution["line"] = self.lineno
        return found


def _item(directive, item_id, fields):
    item = StudyItem(kind=directive.name, item_id=item_id.strip(), fields=dict(fields), title="", evidence=[])
    directive.set_source_info(item)
    item["line"] = item.line
    return item


def _arrange(parent, children, body_part):
    """Append `children` in the order of the page: text, choices, parts; what spoils the question is folded."""
    parts = [child for child in children if isinstance(child, Part)]
    choices = [child for child in children if isinstance(child, Choice)]
    body = [child for child in children if not isinstance(child, (Part, Choice))]
    if body_part and body:
        part = Part("", *body, name=body_part, label=None)
        part.source, part.line = body[0].source, body[0].line
        parent += part
    else:
        parent += body
    parent += choices
    parts.sort(key=lambda part: PART_ORDER.index(part["name"]) if part["name"] in PART_ORDER else len(PART_ORDER))
    kind = parent["kind"] if isinstance(parent, StudyItem) else "exercise"
    if kind in FOLDS and parts:
        parent += Fold("", Summary("", FOLDS[kind]), *parts)
    else:
        parent += parts
    if kind == "claim":
        for part in parts:
            if part["name"] == "instead":
                part["label"] = INSTEAD_LABELS.get(parent["fields"].get("verdict"), PART_LABELS["instead"])


def _provenance(directive, item):
    line = Provenance(level=item["fields"].get("level", ""), item_id=item["item_id"], kind=item["kind"])
    known = directive.env.get_domain("cite").bibdata.data.entries
    for key in item.sources:
        if key in known:    # study reports the others
            cited, _ = directive.state.inline_text(f"{{footcite:t}}`{key}`", directive.lineno)
            line += [nodes.Text(", "), *cited] if line.children else cited
    return line


class FoldSolutions(SphinxPostTransform):
    """Make the title of a solution the line that unfolds it; without its link, for the exercise is right above."""

    default_priority = 30    # after sphinx-exercise has written the title
    formats = ("html",)

    def run(self, **kwargs):
        for solution in self.document.findall(solution_node):
            title = solution[0]
            for reference in list(title.findall(nodes.reference)):
                reference.replace_self(reference.children)
            solution[0] = Summary("", "", *title.children)


# How the nodes look in HTML.

def visit_item(self, node):
    self.body.append(self.starttag(node, "div", CLASS=f"study study-{node['kind']}"))
    if node["kind"] == "claim":
        fields = node["fields"]
        verdict = fields.get("verdict", "")
        articles = ", ".join(listed(fields.get("articles")))
        self.body.append(
            f'<p class="study-head"><span class="study-id">{self.encode(node["item_id"])}</span> '
            f'<span class="study-verdict verdict-{self.encode(verdict)}">{self.encode(verdict.capitalize())}</span> '
            f'<span class="study-articles">said in {self.encode(articles)}</span></p>\n'
            f'<p class="study-quote"><q lang="zh-CN">{self.encode(fields.get("zh", ""))}</q></p>\n'
        )


def depart_block(self, node):
    self.body.append("</div>\n")


def visit_part(self, node):
    language = {"LANG": "zh-CN"} if node["name"] == "chinese" else {}
    self.body.append(self.starttag(node, "div", CLASS=f"study-part study-{node['name']}", **language))
    if node["label"]:
        self.body.append(f'<p class="study-label">{self.encode(node["label"])}</p>\n')


def visit_fold(self, node):
    self.body.append(self.starttag(node, "details", CLASS="study-fold"))


def visit_choice(self, node):
    self.body.append(self.starttag(node, "details", CLASS="study-fold study-choice"))


def visit_solution(self, node):
    self.body.append(self.starttag(node, "details", CLASS="study-fold"))


def depart_fold(self, node):
    self.body.append("</details>\n")


def visit_summary(self, node):
    self.body.append(self.starttag(node, "summary", ""))
    choice = node.parent
    if isinstance(choice, Choice):    # a letter to speak of it; a formula alone would also leave it without a name
        choices = [child for child in choice.parent if isinstance(child, Choice)]
        self.body.append(f'<span class="study-letter">{chr(ord("A") + choices.index(choice))}.</span> ')


def depart_summary(self, node):
    self.body.append("</summary>\n")
    if isinstance(node.parent, Choice):
        self.body.append(f'<p class="study-mark">{"Right." if node.parent["right"] else "Wrong."}</p>\n')


def visit_provenance(self, node):
    self.body.append(self.starttag(node, "p", "", CLASS="study-provenance"))
    self.body.append(f"<span>Level: {self.encode(node['level'])}.</span>{' Sources: ' if node.children else ''}")


def depart_provenance(self, node):
    link = f'<a href="#{self.encode(node["item_id"])}" aria-label="Link to this {node["kind"]}">Link</a>'
    self.body.append(f"{'.' if node.children else ''} {link}</p>\n")


def use_assets(app):
    """Have the package's own assets served, once however many modules ask for it."""
    if str(ASSETS) not in app.config.html_static_path:
        app.config.html_static_path.append(str(ASSETS))


def setup(app):
    """Register the directives, their nodes and their style."""
    app.setup_extension("sphinx_exercise")
    app.add_node(StudyItem, html=(visit_item, depart_block))
    app.add_node(Part, html=(visit_part, depart_block))
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.add_node(Choice, html=(visit_choice, depart_fold))
    app.add_node(Summary, html=(visit_summary, depart_summary))
    app.add_node(Provenance, html=(visit_provenance, depart_provenance))
    app.add_node(solution_node, override=True, html=(visit_solution, depart_fold))
    for name, directive in {"answer": Answer, "claim": Claim, "followup": Followup, "quiz": Quiz, "part": PartDirective,
                            "choice": ChoiceDirective}.items():
        app.add_directive(name, directive)
    app.add_directive("exercise", Exercise, override=True)
    app.add_directive("solution-start", SolutionStart, override=True)
    app.add_post_transform(FoldSolutions)
    app.connect("builder-inited", use_assets)
    app.add_css_file("study.css")
