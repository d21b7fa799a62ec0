"""The claims ledger: complete, linked, filtered without scripts, and never behind the claims."""

import pytest
from bs4 import BeautifulSoup
from study_books import GOOD, good
from tiny_book import build


def ledger(built):
    assert built.status == 0, built.output
    return BeautifulSoup(built.page("reference/claims"), "html.parser").select_one(".ledger")


@pytest.fixture(scope="module")
def page():
    return ledger(good()[1])


def texts(cells):
    return [" ".join(cell.text.split()) for cell in cells]


def test_each_claim_has_a_row_that_links_to_its_card(page):
    rows = page.select(".ledger-table tbody tr")
    assert [texts(row("td"))[0] for row in rows] == ["C030", "C031"]
    assert [row.a["href"] for row in rows] == ["../gradients/lesson.html#C030", "../gradients/lesson.html#C031"]
    assert texts(rows[0]("td"))[2:] == ["S0, S3", "Conditional", "1 run, 1 derivation"]
    assert texts(rows[1]("td"))[2:] == ["S1", "Correct", "1 run, 1 citation"]
    assert rows[0].select_one('[lang="zh-CN"]').text == "梯度指数级衰减"


def test_what_a_claim_says_keeps_its_formulas_and_its_links_but_no_footnote_of_another_page(page):
    said = page.select_one(".ledger-table tbody tr")("td")[1]
    assert said.find("math")
    assert [link["href"] for link in said("a")] == ["../gradients/lesson.html#total"]


def test_the_summary_counts_claims_and_evidence_apart(page):
    rows = {row.td.text.strip(): texts(row("td"))[1:] for row in page.select(".ledger-summary tbody tr")}
    assert list(rows) == ["Correct", "Conditional", "Imprecise", "Wrong", "Contradictory", "Unanswered", "All"]
    assert rows["Conditional"] == ["1", "1", "1", "0"]
    assert rows["Wrong"] == ["0", "0", "0", "0"]
    assert rows["All"] == ["2", "2", "1", "1"]


def test_the_filters_are_labelled_and_counted(page):
    assert [fieldset.legend.text for fieldset in page("fieldset")] == ["Verdict", "Article"]
    assert texts(page("fieldset")[0]("label"))[:3] == ["All (2)", "Correct (1)", "Conditional (1)"]
    assert texts(page("fieldset")[1]("label")) == ["All (2)", "S0 (1)", "S1 (1)", "S2 (0)", "S3 (1)", "S4 (0)"]


def test_the_filters_work_from_the_keyboard_without_scripts(browser):
    folder, _ = good()
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((folder / "_build" / "html" / "book" / "reference" / "claims.html").as_uri())
    rows = tab.locator(".ledger-table tbody tr:visible")
    assert rows.count() == 2
    tab.get_by_label("All (2)").first.focus()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    assert tab.get_by_label("Conditional (1)").is_checked()
    assert rows.count() == 1 and "C030" in rows.inner_text()
    tab.get_by_label("S1 (1)").check()
    assert rows.count() == 0
    tab.get_by_label("All (2)").first.check()
    assert rows.count() == 1 and "C031" in rows.inner_text()
    context.close()


def test_the_page_is_written_again_when_a_claim_changes_though_its_source_does_not():
    folder, built = good()
    before = str(ledger(built))
    said = GOOD["gradients/lesson"].replace("It shrinks.", "It always shrinks.")
    assert "It always shrinks." in ledger(build(folder, {**GOOD, "gradients/lesson": said})).text
    assert str(ledger(build(folder, GOOD))) == before
