"""The product itself on the demo's records: the letter's 27, and another answer for every part of the rule broken.

Landed by the real readers, counted by the real engine, without Prefect. What is broken is either in the
definitions (a copy of sql/, changed), in the statement that counts, or in the code that reads and lands. For
the last the records are landed again, from a demo with few ordinary cases, which has all the traps.
"""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from extract import contract, identifiers, landing, spi, spi_offences, store
from pipelines import runs
from pipelines.settings import DEFINITIONS, Settings, key_check, load_settings, the_key
from pipelines.sources import LandRequest, find_files, land_files
from pipelines.synthetic import DemoPlan, write_demo
from transform import counting
from transform.codelists import CodeList
from transform.contract import Answer
from transform.definition import Question, Step
from transform.periods import parse_period
from transform.questions import load_definitions

pytestmark = pytest.mark.xdist_group("synthetic")

QUESTION = load_definitions(DEFINITIONS).question("stalking-protection-orders")
RULE_LISTS = tuple(name for step in QUESTION.steps for name in (step.offence, step.result) if name)
ENTRIES = [(name, entry.match, entry.code) for name in RULE_LISTS for entry in QUESTION.lists[name].entries]
FEW_CASES = 120
NEVER = re.compile(r"(?!)")


def landed(plan: DemoPlan, home: Path) -> Settings:
    """The settings of a home in which every delivery of the demo has been landed."""
    settings = load_settings({}, home=home)
    texts = runs.texts(settings, make_key=True)
    store.prepare(settings.store, key_check(the_key(settings)))
    for delivery in plan.deliveries:
        files = find_files([delivery.path], delivery.format)
        land_files(
            LandRequest(files, delivery.mapping, delivery.received_at, delivery.covers),
            settings.store,
            system=settings.spi_system,
            texts=texts,
            landed_at=delivery.received_at,
            dry_run=False,
        )
    return settings


def counted(
    settings: Settings, question: Question = QUESTION, period: str = "2020Q1", known: datetime | None = None
) -> Answer:
    """What the engine answers to the question as it is, or as changed."""
    return runs.count(settings, runs.prepare(settings, question, parse_period(period), [], known, datetime.now(UTC)))


def along(answer: Answer, breakdown: str) -> dict[str, int | None]:
    return {f.cell[0][1]: f.value for f in answer.figures if [name for name, _ in f.cell] == [breakdown]}


@pytest.fixture(scope="session")
def home(demo: tuple[Path, DemoPlan], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The whole demo, landed."""
    return landed(demo[1], tmp_path_factory.mktemp("counted"))


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> DemoPlan:
    """A demo with all the traps and few ordinary cases, quick to land."""
    return write_demo(tmp_path_factory.mktemp("few") / "demo", cases=FEW_CASES)


@pytest.fixture(scope="session")
def few_home(few: DemoPlan, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The smaller demo, landed."""
    return landed(few, tmp_path_factory.mktemp("few-counted"))


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A copy of the definitions, to be changed."""
    shutil.copytree(DEFINITIONS, tmp_path / "sql")
    return tmp_path / "sql"


def change(file: Path, right: str, wrong: str) -> None:
    """Change a file in the one place that says `right`."""
    text = file.read_text(encoding="utf-8")
    assert text.count(right) == 1
    file.write_text(text.replace(right, wrong), encoding="utf-8")


def test_the_demo_is_counted_as_the_letter_says(home: Settings, facts: Any) -> None:
    """27, by month, by type and by kind of evidence as the slow reading of the same files has it."""
    answer = counted(home)
    assert answer.value == 27
    assert along(answer, "month") == facts.months
    assert along(answer, "application_type") == facts.types
    assert {kind.name: kind.units for kind in answer.evidence} == facts.evidence
    assert answer.weak_units == facts.weak


def test_each_delivery_moves_the_number_as_known_then(home: Settings, demo: tuple[Path, DemoPlan], facts: Any) -> None:
    """Counted again as known after each delivery: the same series as by the slow reading."""
    known = {d.name: counted(home, known=d.received_at).value for d in demo[1].deliveries}
    assert known == facts.known
    assert len(set(known.values())) == len(known)


def test_few_ordinary_cases_give_the_same_answer(few_home: Settings, facts: Any) -> None:
    """The smaller demo, with which the code is broken below, is right while nothing is."""
    answer = counted(few_home)
    assert (answer.value, along(answer, "month"), along(answer, "application_type")) == (27, facts.months, facts.types)


@pytest.mark.parametrize(("name", "match", "code"), ENTRIES)
def test_every_entry_of_the_lists_is_needed(name: str, match: str, code: str, home: Settings) -> None:
    """Each code or text that counts is on at least one case of the demo that has nothing else to count by."""
    entries = QUESTION.lists[name].entries
    kept = tuple(entry for entry in entries if (entry.match, entry.code) != (match, code))
    assert len(kept) == len(entries) - 1
    value = counted(home, replace(QUESTION, lists={**QUESTION.lists, name: CodeList(name, kept)})).value
    assert value is not None
    assert value < 27


@pytest.mark.parametrize("step", QUESTION.steps, ids=lambda step: step.name)
def test_every_step_is_needed(step: Step, home: Settings) -> None:
    """Without the offences, or without the results, more is counted. (The loader refuses such a question.)"""
    left = replace(QUESTION, steps=tuple(s for s in QUESTION.steps if s != step))
    value = counted(home, left).value
    assert value is not None
    assert value > 27


def test_defendants_are_another_number_than_cases(home: Settings, sql: Path) -> None:
    """31 people, by the slow reading too."""
    change(sql / "questions" / f"{QUESTION.id}.toml", 'unit = "case"', 'unit = "defendant"')
    assert counted(home, load_definitions(sql).question(QUESTION.id)).value == 31


@pytest.mark.parametrize(
    ("period", "number"),
    [
        ("2020-01-02..2020-03-31", 26),
        ("2020-01-01..2020-03-30", 26),
        ("2019-12-31..2020-03-31", 28),
        ("2020-01-01..2020-04-01", 28),
    ],
)
def test_a_day_more_or_less_is_another_number(period: str, number: int, home: Settings) -> None:
    """Both ends of the period are inside, and there are cases on either side of each."""
    assert counted(home, period=period).value == number


COUNTING: dict[str, tuple[str, str, str, int]] = {
    "the first statement stands": ("statements", "max(row(stated_at", "min(row(stated_at", 30),
    "every statement stands": ("statements", "case_index) <> latest.statement", "case_index) is null", 31),
    "Granted whatever the code": ("keep-result", "coalesce(result_code, '1000') = '1000'", "true", 28),
    "Granted without a code only, not with 1000": (
        "keep-result",
        "coalesce(result_code, '1000') = '1000'",
        "result_code is null",
        26,
    ),
}
"""Fragment of the statement that counts, what it says, what it says when broken, and the number that this gives."""

MISPLACED: dict[str, tuple[str, str, dict[str, int], dict[str, int]]] = {
    "dated by the last hearing": (
        "outcome_rank, hearing_date {{direction}},",
        "outcome_rank, -epoch(hearing_date) {{direction}},",
        {"2020-01": 4, "2020-02": 8, "2020-03": 15},
        {"new": 24, "vary": 3},
    ),
    "the first of several results as they come, not by offence code": (
        "hearing_date {{direction}}, offence_code,",
        "hearing_date {{direction}},",
        {"2020-01": 5, "2020-02": 8, "2020-03": 14},
        {"new": 24, "vary": 3},
    ),
}
"""The order in which results of a case are looked at, broken: still 27, in other months or types."""


@pytest.fixture
def broken_sql(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Change one fragment of the statement that counts, in the one place that says `right`."""

    def break_it(fragment: str, right: str, wrong: str) -> None:
        text = counting._text  # read from sql/counting once a process

        def changed(name: str) -> str:
            return text(name).replace(right, wrong) if name == fragment else text(name)

        assert text(fragment).count(right) == 1
        monkeypatch.setattr(counting, "_text", changed)

    return break_it


@pytest.mark.parametrize("broken", COUNTING)
def test_a_statement_broken_in_one_part_counts_another_number(
    broken: str, home: Settings, broken_sql: Callable[..., None]
) -> None:
    """Which statement stands, and which results are Granted."""
    fragment, right, wrong, number = COUNTING[broken]
    broken_sql(fragment, right, wrong)
    assert number != 27
    assert counted(home).value == number


@pytest.mark.parametrize("broken", MISPLACED)
def test_a_statement_broken_in_its_order_gives_other_cells(
    broken: str, home: Settings, facts: Any, broken_sql: Callable[..., None]
) -> None:
    """The first hearing that qualifies gives the month; on one day the lower offence code gives the type."""
    right, wrong, months, types = MISPLACED[broken]
    broken_sql("units", right, wrong)
    answer = counted(home)
    assert (months, types) != (facts.months, facts.types)
    assert (answer.value, along(answer, "month"), along(answer, "application_type")) == (27, months, types)


def as_sent(**fields: Any) -> contract.Result:
    """A result whose offence code is left as it was sent."""
    return contract.Result(**{**fields, "offence_code": fields["offence_code_raw"]})


CODE: dict[str, tuple[object, str, object, int]] = {
    "dummy URNs taken for real ones": (identifiers, "_DUMMY_URN", NEVER, 26),
    "dummy ASNs taken for real ones": (identifiers, "_DUMMY_ASN", NEVER, 26),
    "URNs compared with their case": (spi, "fold_urn", str, 28),
    "a court room taken for another court": (spi, "_COURT_LENGTH", 7, 28),
    "offence codes compared with their case": (spi_offences, "Result", as_sent, 26),
    "white space compared": (contract, "_SPACES", NEVER, 26),
    "the case of texts compared": (contract, "normalise_text", lambda text: " ".join(text.split()), 20),
    "results entered in error kept": (spi_offences, "ENTERED_IN_ERROR", "0000", 28),
}
"""What of the reader is broken, how, and the number that this gives."""


@pytest.mark.parametrize("broken", CODE)
def test_a_reader_broken_in_one_part_gives_another_number(
    broken: str, few: DemoPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """References, codes and texts are compared as the rule says."""
    where, name, instead, number = CODE[broken]
    monkeypatch.setattr(where, name, instead)
    assert number != 27
    assert counted(landed(few, tmp_path)).value == number


IS_REPEAT = "(held.same_delivery or said_again.statement_key is not null)"
LANDING: dict[str, tuple[str, int]] = {
    "nothing that is held is a repeat": ("false", 28),
    "a delivery made again is believed": ("said_again.statement_key is not null", 28),
    "what was said once is never believed again": ("true", 26),
}
"""How the test for a repeat (sql/landing/repeats.sql) is broken, and the number that this gives."""


@pytest.fixture
def landed_with(few: DemoPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    """The demo, landed with another test for a repeat."""

    def land(wrong: str) -> Settings:
        shutil.copytree(landing.SQL, tmp_path / "landing")
        change(tmp_path / "landing" / "repeats.sql", IS_REPEAT, wrong)
        monkeypatch.setattr(landing, "SQL", tmp_path / "landing")
        return landed(few, tmp_path / "home")

    return land


@pytest.mark.parametrize("broken", LANDING)
def test_repeats_judged_otherwise_give_another_number(broken: str, landed_with: Callable[[str], Settings]) -> None:
    """A delivery made again says nothing new; the same content in a new delivery, after another content, does."""
    wrong, number = LANDING[broken]
    assert number != 27
    assert counted(landed_with(wrong)).value == number


def test_what_stands_already_is_not_landed_again(few_home: Settings, landed_with: Callable[[str], Settings]) -> None:
    """A new delivery of what stands says the same, so landing it would not move the number: it shows in the rows."""
    right, again = counted(few_home), counted(landed_with("held.same_delivery"))
    assert again.value == right.value == 27
    assert again.attrition[0].rows > right.attrition[0].rows
    assert again.attrition[1:] == right.attrition[1:]
