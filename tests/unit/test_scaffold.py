"""A new question from offence codes loads, passes its own examples and is clean, whatever the codes."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines import scaffolding
from pipelines.settings import SettingsError
from transform.codelists import CodeList, parse_code_list
from transform.contract import TransformError
from transform.definition import Question
from transform.examples import run_examples
from transform.findings import INFO
from transform.lint_files import lint_folder
from transform.question_table import definition_table
from transform.questions import load_question, read_question
from transform.scaffold import Draft, draft
from transform.scaffold_codes import offence_category
from transform.scaffold_examples import quarter_of
from transform.scaffold_text import Wanted
from transform.standing import standing

KEY = b"a key for tests"
STANDING = standing()


def made(
    *offences: str, results: tuple[str, ...] = (), lists: dict[str, CodeList] | None = None, **more: object
) -> Draft:
    return draft(Wanted("orders", offences, results, **more), STANDING, lists or {}, "1")  # type: ignore[arg-type]


def loaded(new: Draft) -> Question:
    lists = {}
    for path, text in new.files.items():
        if path.startswith("codelists/"):
            one, faults = parse_code_list(text, Path(path).stem, path)
            assert faults == []
            lists[one.id] = one
    return read_question(new.files["questions/orders.toml"], "orders", lists)


def failing(question: Question) -> list[str]:
    return [o.name for o in run_examples(question, KEY) if not o.passed]


def faults(*offences: str, **more: object) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        made(*offences, **more)  # type: ignore[arg-type]
    return [str(fault) for fault in caught.value.exceptions]


def test_the_order_is_suggested_by_the_titles_and_the_interim_order_is_kept_apart() -> None:
    question = loaded(made("OW195*"))
    assert [e.code for e in question.lists["orders-results"].entries] == ["3304"]
    assert [e.code for e in question.lists["orders-interim"].entries] == ["3305"]
    assert [(s.offence, s.result) for s in question.steps] == [("orders-offences", None), (None, "orders-results")]


def test_titles_and_categories_come_from_the_standing_data() -> None:
    entries = {e.code: e for e in loaded(made("OW19501-507")).lists["orders-offences"].entries}
    assert entries["OW19502"].label == STANDING.offences["OW19502"].title
    assert [e.category for e in entries.values()] == [
        "new", "vary", "discharge", "renew", "interim-vary", "interim-discharge", "review",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("Application for a sexual harm prevention order (with interim order)", "new"),
        ("Application to vary, discharge, renew a slavery and trafficking risk order", "vary-renew-discharge"),
        ("Application for an interim sexual risk order", "interim-new"),
        ("Application to terminate a football banning order", "discharge"),
        ("Arrested for Breach of Domestic Abuse Protection Notice", "breach"),
    ],
)
def test_the_category_of_an_application_is_what_its_title_says(title: str, category: str) -> None:
    assert offence_category(title, "VP") == category


@pytest.mark.parametrize("pattern", ["OW195*", "OW19501-OW19507", "ow19501-507"])
def test_a_beginning_and_a_range_mean_the_same_codes(pattern: str) -> None:
    codes = [e.code for e in loaded(made(pattern)).lists["orders-offences"].entries]
    assert codes == [f"OW1950{n}" for n in range(1, 8)]


def test_a_code_that_gave_way_to_another_makes_a_break_and_the_missing_one_is_told() -> None:
    new = made("PH97007", results=("3047",))
    (one,) = loaded(new).breaks
    assert (one.at, one.text) == (date(2017, 4, 3), "PH97007 gave way to PH97010")
    assert any("without --offence PH97010 hearings are missed" in said for said in new.said)


def test_nothing_is_made_up_where_it_is_not_said_since_when_the_law_is_in_force() -> None:
    assert loaded(made("OW19501")).in_force is None
    assert "# in_force = YYYY-MM-DD" in made("OW19501").files["questions/orders.toml"]
    begins = date(2021, 7, 5)
    question = loaded(made("OW19501", in_force=begins, act="Offensive Weapons Act 2019"))
    assert (question.in_force, question.act) == (begins, "Offensive Weapons Act 2019")
    assert min(g.hearing for e in question.examples for g in e.given) >= begins


@pytest.mark.parametrize(
    ("begins", "label"),
    [(date(2020, 1, 20), "2020Q2"), (date(2020, 12, 31), "2021Q1"), (date(2021, 1, 1), "2021Q2"), (None, "2024Q1")],
)
def test_examples_are_heard_in_a_quarter_of_which_the_day_before_is_in_force(begins: date | None, label: str) -> None:
    assert quarter_of(begins).label == label


def test_every_fault_is_told_at_once_with_the_code_that_looks_the_same() -> None:
    said = faults("OW195O1", "QQ*", results=("33O4",), act="An Act", title=" ")
    assert len(said) == 5
    assert any("'OW195O1'" in line and "Did you mean OW19501" in line for line in said)
    assert any("'33O4'" in line and "3304" in line for line in said)


def test_an_order_without_a_result_of_its_own_asks_for_one() -> None:
    assert [line for line in faults("PU23501") if "--result CODE" in line]


@pytest.mark.parametrize("name", ["Orders", "1-orders", "an_id", "../orders", "x" * 61, ""])
def test_an_id_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        draft(Wanted(name, ("OW19501",)), STANDING, {}, "1")
    assert any("is not an id" in str(fault) for fault in caught.value.exceptions)


def test_a_list_that_says_the_same_is_used_and_not_written_again() -> None:
    first = loaded(made("OW195*"))
    there = {"known-orders": replace(first.lists["orders-results"], id="known-orders")}
    again = made("OW195*", lists=there)
    assert sorted(again.files) == [
        "codelists/orders-interim.csv", "codelists/orders-offences.csv", "questions/orders.toml",
    ]  # fmt: skip
    assert 'keep = { result = "known-orders" }' in again.files["questions/orders.toml"]


def test_a_short_code_that_only_another_list_knows_can_be_named() -> None:
    (entry,) = loaded(made("ST19501", results=("3307",))).lists["orders-results"].entries
    mine = {"mine": CodeList("mine", (replace(entry, code="SPO", match="short", source="a letter"),))}
    entries = loaded(made("ST19501", results=("3307", "SPO"), lists=mine)).lists["orders-results"].entries
    assert [(e.code, e.source) for e in entries] == [("3307", "standing data 1: result codes"), ("SPO", "a letter")]
    assert faults("ST19501", results=("SPO",))


@pytest.mark.parametrize("unit", ["case", "defendant", "application", "order"])
def test_in_every_unit_the_draft_is_clean_and_its_examples_hold(unit: str, tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    scaffolding.write(tmp_path, made("OW195*", unit=unit).files)
    assert failing(load_question(tmp_path, "orders")) == []
    found = lint_folder(tmp_path, "orders", STANDING, thorough=True).findings
    assert [str(f) for f in found if f.severity != INFO] == []


@pytest.mark.parametrize(
    "broken",
    [
        lambda q: replace(q, steps=q.steps[:1]),
        lambda q: replace(q, steps=(replace(q.steps[0], offence=None, result="orders-results"), q.steps[1])),
        lambda q: replace(q, unit="defendant"),
        lambda q: without(q, "orders-results", "3304"),
        lambda q: without(q, "orders-offences", "OW19507"),
        lambda q: replace(q, lists={**q.lists, "orders-results": interim_too(q)}),
    ],
)
def test_breaking_one_part_of_the_rule_breaks_an_example_of_the_draft(broken) -> None:  # type: ignore[no-untyped-def]
    assert failing(broken(loaded(made("OW195*"))))


def without(question: Question, name: str, code: str) -> Question:
    entries = tuple(e for e in question.lists[name].entries if e.code != code)
    return replace(question, lists={**question.lists, name: CodeList(name, entries)})


def interim_too(question: Question) -> CodeList:
    both = (*question.lists["orders-results"].entries, *question.lists["orders-interim"].entries)
    return CodeList("orders-results", both)


def drawn() -> Iterator[tuple[tuple[str, ...], tuple[str, ...], bool, str]]:
    chance = random.Random(20200331)
    bases = sorted(code for code in STANDING.offences if len(code) == 7)
    for _ in range(10):
        base = chance.random() < 0.5
        offences = tuple(chance.sample(bases if base else sorted(STANDING.offences), chance.randint(1, 6)))
        results = tuple(chance.sample(sorted(STANDING.results), chance.randint(1, 4)))
        yield offences, results, base, chance.choice(["case", "defendant", "application", "order"])


@pytest.mark.parametrize(("offences", "results", "base", "unit"), list(drawn()))
def test_any_codes_make_a_question_that_loads_and_passes(
    offences: tuple[str, ...], results: tuple[str, ...], base: bool, unit: str
) -> None:
    question = loaded(made(*offences, results=results, base=base, unit=unit))
    assert {e.code for e in question.lists["orders-offences"].entries} == set(offences)
    assert failing(question) == []


def test_files_are_written_all_or_none_and_never_over_others(tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "a.toml").write_text("mine")
    files = {"codelists/a-offences.csv": "x", "questions/a.toml": "y"}
    with pytest.raises(TransformError, match="is there already"):
        scaffolding.write(tmp_path, files)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.toml"]
    assert (tmp_path / "questions" / "a.toml").read_text() == "mine"


def test_a_folder_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "codelists").write_text("a file where a folder should be")
    with pytest.raises(SettingsError, match="COURTSTATS_DEFINITIONS"):
        scaffolding.write(tmp_path, {"codelists/a.csv": "x"})


def test_the_reference_of_a_question_file_has_every_key_of_a_new_question() -> None:
    import tomllib

    table = definition_table()
    for key, value in tomllib.loads(made("OW195*").files["questions/orders.toml"]).items():
        assert f"| `{key}` |" in table
        first = value[0] if isinstance(value, list) else value
        for name in first if isinstance(first, dict) else ():
            assert f"| `{key}{'[]' if isinstance(value, list) else ''}.{name}` |" in table
