"""What the study directives make of a page without a fault, and that every fault stops the build by its name."""

import pickle
import re
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from study_books import FAULTY_LESSON, ITEMS, LESSON, NUMBERS, bad, good, line_of

from unrolled.publish.study import Item, Problem, StudyCollector


@pytest.fixture(scope="module")
def lesson():
    _, built = good()
    assert built.status == 0, built.output
    return BeautifulSoup(built.page("gradients/lesson"), "html.parser")


@pytest.fixture(scope="module")
def env():
    folder, built = good()
    with open(folder / "_build" / ".doctrees" / "environment.pickle", "rb") as file:
        return pickle.load(file)


def test_an_answer_shows_its_parts_labelled_and_in_order(lesson):
    answer = lesson.find(id="why-vanish")
    assert [label.text for label in answer.select(".study-label")] == [
        "In one sentence", "In thirty seconds", "三十秒回答", "On the whiteboard", "Must say", "Red flags"]
    assert answer.select_one(".study-part").p.find_next("p").text == "A product of contractions shrinks."
    assert answer.select_one('[lang="zh-CN"]').p.find_next("p").text == "每一步都乘一个雅可比矩阵。"
    assert [point.text for point in answer.select(".study-must-say li")][1] == "Singular values."
    provenance = answer.select_one(".study-provenance")
    assert "Level: core." in provenance.text and "Bengio" in provenance.text and "Pascanu" in provenance.text


def test_sources_of_items_join_the_bibliography_of_the_page(lesson):
    cited = {link["href"] for link in lesson.select(".study-provenance a.footnote-reference")}
    assert cited == {"#footcite-bengio1994", "#footcite-pascanu2013"}
    assert all(lesson.find(id=anchor[1:]) for anchor in cited)


def test_the_chinese_question_is_marked_as_chinese(lesson):
    assert lesson.find("p", string="为什么梯度会消失？")["lang"] == "zh-CN"


def test_a_claim_shows_its_verdict_in_words_and_links_each_piece_of_evidence(lesson):
    claim = lesson.find(id="C030")
    assert claim.select_one(".study-verdict").text == "Conditional"
    assert claim.select_one('q[lang="zh-CN"]').text == "梯度指数级衰减"
    assert "S0, S3" in claim.select_one(".study-head").text
    evidence = claim.select_one(".study-evidence")
    assert evidence.text == "Evidence: 1 run, 1 derivation. See run 1, derivation 2."
    shown = [lesson.find(id=link["href"][1:]) for link in evidence.select("a")]
    assert [output["data-claim"] for output in shown] == ["C030", "C030"]
    assert [output.text for output in shown] == ["default", "orthogonal"]
    assert lesson.find(id="evidence-C031-2").text == "sigmoid"


def test_answers_to_questions_are_folded_in_native_details(lesson):
    followup = lesson.find(id="total")
    assert followup.select_one(".study-question").text.strip() == "Why does the total mislead?"
    fold = followup.find("details")
    assert fold.summary.text == "The answer" and not fold.has_attr("open")
    assert [label.text for label in fold.select(".study-label")] == ["Must say", "Red flags"]


def test_each_choice_of_a_quiz_unfolds_to_right_or_wrong_and_the_reason(lesson):
    right, wrong = lesson.find(id="condition").find_all("details")
    assert [fold.summary.span.text for fold in (right, wrong)] == ["A.", "B."]
    assert right.summary.find("math") and not right.summary.find("p")
    assert right.select_one(".study-mark").text == "Right." and "Each factor contracts." in right.text
    assert wrong.select_one(".study-mark").text == "Wrong." and wrong.li.text.strip() == "At first."


def test_an_exercise_is_numbered_and_its_solution_is_folded_with_its_cells(lesson):
    exercise = lesson.find(id="norm-bound")
    assert exercise.select_one(".caption-number").text.strip() == "Exercise 1"
    solution = lesson.find(id="norm-bound-solution")
    assert solution.name == "details" and not solution.summary.find("a")
    assert solution.summary.text.startswith("Solution to Exercise 1")
    assert solution.select_one(".cell_output").text.strip() == "norm-bound is 2"


def test_no_id_of_the_page_is_used_twice_and_none_is_left_of_the_parts(lesson):
    ids = [tag["id"] for tag in lesson.article.find_all(id=True)]
    assert sorted(ids) == sorted(set(ids))


def test_items_can_be_referred_to_with_and_without_words(lesson):
    links = {link.text: link["href"] for link in lesson.select("#derive-it a.reference.internal")}
    assert links == {"C031": "#C031", "the answer": "#why-vanish", "Exercise 1": "#norm-bound"}


def test_the_environment_holds_every_item_as_plain_data(env):
    items = env.unrolled_items["book/gradients/lesson"]
    assert all(isinstance(item, Item) for item in items)
    assert [(item.kind, item.id) for item in items] == [
        ("answer", "why-vanish"), ("claim", "C030"), ("claim", "C031"), ("followup", "total"), ("quiz", "condition"),
        ("exercise", "norm-bound")]
    answer, claim, _, followup, quiz, exercise = items
    assert answer.fields["must-say"] == ("A product of $J$.", "Singular values.")
    assert answer.title == "Why do gradients vanish?" and answer.sources == ("bengio1994", "pascanu2013")
    assert claim.fields["text"].startswith(r"The gradient decays as $\gamma^k$")
    assert claim.fields["articles"] == ("S0", "S3")
    assert [record["anchor"] for record in claim.fields["evidence"]] == ["evidence-C030-1", "evidence-C030-2"]
    assert followup.level == "deeper" and followup.title == "Why does the total mislead?"
    assert [choice["right"] for choice in quiz.fields["choices"]] == [True, False]
    assert exercise.fields["text"] == "Bound it." and exercise.title == "A bound on $J$"
    assert [item.line for item in items] == [line_of(LESSON, text) for text in (
        "::::{answer}", "::::{claim} C030", "::::{claim} C031", "::::{followup}", "::::{quiz}", "::::{exercise}")]


def test_data_by_page_is_merged_and_purged():
    mine = SimpleNamespace(unrolled_items={"a": [1]}, unrolled_problems={})
    theirs = SimpleNamespace(unrolled_items={"b": [2], "c": [3]}, unrolled_problems={"b": [4]})
    collector = StudyCollector()
    collector.merge_other(None, mine, {"b"}, theirs)
    assert (mine.unrolled_items, mine.unrolled_problems) == ({"a": [1], "b": [2]}, {"b": [4]})
    collector.clear_doc(None, mine, "b")
    assert (mine.unrolled_items, mine.unrolled_problems) == ({"a": [1]}, {})


def test_a_problem_names_its_place():
    assert str(Problem("book/a.md", 3, "x: is missing")) == "book/a.md:3: x: is missing"


FAULTS = [
    (ITEMS, "items", "::::{followup} no-level", "no-level: the field level is missing"),
    (ITEMS, "items", "::::{followup} no-level", "no-level: a followup has no field colour"),
    (ITEMS, "items", "::::{followup} no-level", "no-level: the source nobody1999 is not in the bibliography"),
    (ITEMS, "items", "::::{followup} no-level", "no-level: a followup has no part 'sentence'"),
    (ITEMS, "items", "::::{followup} no-level", "no-level: the part red-flags is missing"),
    (ITEMS, "items", "::::{followup} no-level", "no-level: the part must-say must be one bullet list and nothing else"),
    (ITEMS, "items", "::::{followup} easy", "easy: level is 'easy'; it must be one of core, deeper, expert"),
    (ITEMS, "items", "::::{followup} easy", "easy: the part question is missing"),
    (ITEMS, "items", "::::{followup} Bad_Id", "Bad_Id: a followup needs an id like"),
    (ITEMS, "items", "::::{followup} Bad_Id", "Bad_Id: the part answer is given 2 times"),
    (ITEMS, "items", "::::{followup} empty", "empty: the part answer is empty"),
    (ITEMS, "items", "::::{quiz} no-reason", "no-reason: choice 1 has no reason"),
    (ITEMS, "items", "::::{quiz} no-reason", "no-reason: choice 2 must be right or wrong, and is 'maybe'"),
    (ITEMS, "items", "::::{quiz} one-choice", "one-choice: a quiz needs at least two choices"),
    (ITEMS, "items", ":::{part} must-say\n- Nowhere", "part must-say: a part stands directly in answer, claim"),
    (ITEMS, "items", ":::{choice} wrong\nNowhere", "choice: a choice stands directly in a quiz"),
    (ITEMS, "items", "```{solution-start} nothing", "nothing: a solution to an exercise that is not on this page"),
    (FAULTY_LESSON, "faulty", "# A lesson at fault", "lesson: the paragraph under the title must be"),
    (FAULTY_LESSON, "faulty", "# A lesson at fault", "lesson: the room “Derive it” is missing"),
    (FAULTY_LESSON, "faulty", "## Answer", "lesson: the room “Answer” is out of order"),
    (FAULTY_LESSON, "faulty", "## Extra", "lesson: “Extra” is no room of a lesson"),
    (FAULTY_LESSON, "faulty", "::::{claim} C001", "C001: the evidence gives no verdict: there is no evidence"),
    (FAULTY_LESSON, "faulty", "::::{claim} C001", "C001: there is no article S9"),
    (FAULTY_LESSON, "faulty", "::::{claim} C001", "C001: verdict is 'right'; it must be one of"),
    (FAULTY_LESSON, "faulty", "::::{claim} C002", "C002: the text says “wrong”, and the evidence gives “correct”"),
    (FAULTY_LESSON, "faulty", "::::{claim} C003", "C003: the evidence gives no verdict: where one, the"),
    (FAULTY_LESSON, "faulty", "::::{claim} C003", "C003: 3 pieces of evidence, of which the page shows 2"),
    (FAULTY_LESSON, "faulty", "::::{claim} C004", "C004: the part instead is missing"),
    (FAULTY_LESSON, "faulty", "::::{claim} C004", "C004: the text of the claim is missing"),
    (FAULTY_LESSON, "faulty", 'evidence("C002", "literal", "one"', "C004: holds of the evidence is 'no'"),
    (FAULTY_LESSON, "faulty", 'evidence("C002", "literal", "one"', "C099: there is evidence for this claim, but"),
    (FAULTY_LESSON, "faulty", "::::{answer} same-id", "same-id: an answer has no text outside its parts"),
    (FAULTY_LESSON, "faulty", "::::{answer} same-id", "same-id: the part sentence has 49 words, and at most 45"),
    (FAULTY_LESSON, "faulty", "::::{answer} same-id", "same-id: the part spoken has 102 words, and at most 100"),
    (FAULTY_LESSON, "faulty", "::::{answer} same-id", "same-id: the part chinese has 191 characters, and at most 190"),
    (FAULTY_LESSON, "faulty", "::::{exercise} No solution", "no-solution: the exercise has no solution"),
    (FAULTY_LESSON, "faulty", "::::{exercise} No check", "no-check: no cell after the exercise calls check("),
    (FAULTY_LESSON, "faulty", "::::{exercise} No check", "no-check: the solution has no cell that calls check("),
    (NUMBERS, "numbers", "::::{followup} SAME-ID", "SAME-ID: the id is already used in book/faulty.md:"),
]


@pytest.mark.parametrize(("page", "name", "place", "sentence"), FAULTS, ids=[fault[3][:60] for fault in FAULTS])
def test_a_fault_is_named_with_its_page_line_and_id(page, name, place, sentence):
    _, _, first = bad()
    assert f"book/{name}.md:{line_of(page, place)}: {sentence}" in first.output


def test_faults_stop_the_build_at_once_and_again_on_the_next_run():
    folder, second, first = bad()
    for built in (first, second):
        assert built.status != 0
        assert re.search(r"Extension error:\s+\d+ of the book's rules are broken:", built.output)
    assert not (folder / "_build" / "html" / "book" / "faulty.html").exists()


def test_a_page_without_a_fault_raises_none():
    assert "book/index.md" not in bad()[2].output.partition("rules are broken")[2].partition("Traceback")[0]
