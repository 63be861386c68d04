"""The letter's other questions: what each of them says, and that no code, step or preference goes unguarded."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from extract.contract import normalise_text
from transform.codelists import OFFENCE_MATCHES, CodeEntry, CodeList
from transform.contract import HELD, Answer
from transform.definition import Example, Question, Step
from transform.engines.duckdb import Records, count, count_series
from transform.examples import example_records, expected_cell, run_examples
from transform.periods import parse_period, series
from transform.published import read_published
from transform.questions import load_question
from transform.standing import code_changes, offences, results, short_codes

SQL = Path(__file__).resolve().parents[2] / "sql"
LONG = os.environ.get("LONG_TESTS") == "1"
KEY = b"a key for tests"
LATER = datetime(2030, 1, 1, tzinfo=UTC)
APPLICATIONS = load_question(SQL, "stalking-protection-applications")
RESTRAINING = load_question(SQL, "restraining-orders-for-stalking")
BREACH = load_question(SQL, "breach-of-restraining-order-convictions")
QUESTIONS = (APPLICATIONS, RESTRAINING, BREACH)


# The examples hold, and each of them is needed.


def lean(question: Question, example: Example) -> Question:
    """The question with one example and the breakdowns that it names: the others only cost time."""
    cells = [{name for name, _ in expected_cell(key).cell} for key in example.expect]
    used = tuple(c for c in question.breakdowns.allowed if set(c) in cells)
    return replace(question, examples=(example,), breakdowns=replace(question.breakdowns, default=(), allowed=used))


def holds(question: Question, likely: Callable[[Example], bool]) -> bool:
    """Whether every example holds; the `likely` ones are tried first, and the first that fails ends it."""
    ordered = sorted(question.examples, key=lambda example: not likely(example))
    return all(outcome.passed for example in ordered for outcome in run_examples(lean(question, example), KEY))


def naming(code: str) -> Callable[[Example], bool]:
    """Examples with a row that has this code or text."""

    def named(example: Example) -> bool:
        said = [text for row in example.given for text in (row.offence, row.result, row.text) if text]
        return normalise_text(code) in map(normalise_text, said)

    return named


def nothing_counted(example: Example) -> bool:
    return set(example.expect.values()) <= {0}


def in_two_units(example: Example) -> bool:
    return any("unit=" in key for key in example.expect)


def outcomes_at_two_hearings(example: Example) -> bool:
    return len({row.hearing for row in example.given}) > 1 and any("outcome=" in key for key in example.expect)


def with_entries(question: Question, name: str, entries: tuple[CodeEntry, ...]) -> Question:
    return replace(question, lists={**question.lists, name: CodeList(name, entries)})


def without(question: Question, name: str, gone: CodeEntry) -> Question:
    return with_entries(question, name, tuple(e for e in question.lists[name].entries if e != gone))


def elsewhere(question: Question, name: str, moved: CodeEntry) -> Question:
    """One code of a list put into another category of it."""
    other = next(c for c in question.lists[name].categories if c != moved.category)
    entries = tuple(replace(e, category=other) if e == moved else e for e in question.lists[name].entries)
    return with_entries(question, name, entries)


def also(question: Question, name: str, code: str, match: str) -> Question:
    entries = question.lists[name].entries
    return with_entries(question, name, (*entries, replace(entries[0], code=code, match=match)))


def matched(question: Question, name: str, match: str) -> Question:
    return with_entries(question, name, tuple(replace(e, match=match) for e in question.lists[name].entries))


def counted_lists(question: Question) -> dict[str, CodeList]:
    """The lists that decide what is counted: those of the steps, not those of the evidence."""
    return {name: question.lists[name] for step in question.steps for name in (step.offence, step.result) if name}


def split_lists(question: Question) -> list[str]:
    """The lists whose categories are cells."""
    outcome = [question.outcome.list] if question.outcome else []
    return [b.list for b in question.breakdowns.declared] + outcome


ENTRIES = [
    pytest.param(change, question, name, entry, id=f"{change.__name__}-{name}-{entry.match}-{entry.code}")
    for question in QUESTIONS
    for name, code_list in counted_lists(question).items()
    for entry in code_list.entries
    for change in ((without, elsewhere) if name in split_lists(question) else (without,))
]


@pytest.mark.long
@pytest.mark.parametrize(("change", "question", "name", "entry"), ENTRIES[:: 1 if LONG else 6])
def test_a_code_taken_away_or_put_into_another_category_breaks_an_example(
    change: Callable[[Question, str, CodeEntry], Question], question: Question, name: str, entry: CodeEntry
) -> None:
    assert not holds(change(question, name, entry), naming(entry.code))


def swapped(question: Question, place: int) -> Question:
    """Two neighbours of the preference in the other order."""
    assert question.outcome
    prefer = list(question.outcome.prefer)
    prefer[place], prefer[place + 1] = prefer[place + 1], prefer[place]
    return replace(question, outcome=replace(question.outcome, prefer=tuple(prefer)))


def other_step(question: Question, place: int, **changes: Any) -> Question:
    steps = question.steps
    return replace(question, steps=(*steps[:place], replace(steps[place], **changes), *steps[place + 1 :]))


def rule_changes() -> Iterator[Any]:
    """A changed question, and which examples are likely to see it."""
    for question in QUESTIONS:
        for place, step in enumerate(question.steps):
            steps = (*question.steps[:place], *question.steps[place + 1 :])
            gone = replace(question, steps=steps)
            yield pytest.param(gone, nothing_counted, id=f"{question.id} without: {step.name}")
            if step.rule:
                loose = other_step(question, place, rule=None, convicted=True)
                yield pytest.param(loose, nothing_counted, id=f"{question.id} with any date of conviction")
        unit = question.also[0]
        turned = replace(question, unit=unit, also=(question.unit,))
        yield pytest.param(turned, in_two_units, id=f"{question.id} by {unit}")
    outcome = APPLICATIONS.outcome
    assert outcome
    for place, category in enumerate(outcome.prefer[:-1]):
        name = f"{category} after {outcome.prefer[place + 1]}"
        yield pytest.param(swapped(APPLICATIONS, place), outcomes_at_two_hearings, id=name)
    last = replace(APPLICATIONS, outcome=replace(outcome, last=True))
    yield pytest.param(last, outcomes_at_two_hearings, id="the last hearing dates")


@pytest.mark.parametrize(("changed", "likely"), list(rule_changes()))
def test_a_change_of_step_unit_preference_or_tie_break_breaks_an_example(
    changed: Question, likely: Callable[[Example], bool]
) -> None:
    assert not holds(changed, likely)


@pytest.mark.parametrize(
    ("question", "name", "match", "codes"),
    [
        (APPLICATIONS, "spa-types", "offence", "ST19505 ST19506 ST19507 ST19001 ST19501A"),
        (APPLICATIONS, "spa-outcomes", "cjs", "4506 1029 1030"),
        (RESTRAINING, "stalking-offences", "base", "CD98077 CD98078 CD98079 PH97002 PH97003 PH97004 PH97009"),
        (RESTRAINING, "restraining-order-on-conviction", "cjs", "3260 3263 3081 3276 3145 3142 1002"),
        (RESTRAINING, "restraining-order-on-conviction", "short", "RESTRAV RESTRAD"),
        (BREACH, "breach-of-restraining-order", "offence", "SX03151 PH97003B PH97001 PH97A01 ST19001"),
    ],
)
def test_a_code_that_must_not_count_breaks_an_example_when_added(
    question: Question, name: str, match: str, codes: str
) -> None:
    assert [code for code in codes.split() if holds(also(question, name, code, match), naming(code))] == []


@pytest.mark.parametrize(
    ("question", "name", "match", "code"),
    [
        (APPLICATIONS, "spa-types", "base", "ST19501A"),
        (RESTRAINING, "stalking-offences", "offence", "PH97010E"),
        (BREACH, "breach-of-restraining-order", "base", "PH97003B"),
    ],
)
def test_matching_forms_of_a_code_the_other_way_breaks_an_example(
    question: Question, name: str, match: str, code: str
) -> None:
    assert not holds(matched(question, name, match), naming(code))


# What the lists say.


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_labels_are_the_official_titles_and_every_code_has_a_source(question: Question) -> None:
    titles = {code: known.title for code, known in (*offences(SQL).items(), *results(SQL).items())}
    titles |= {code: known.label for code, known in short_codes(SQL).items()}
    entries = [e for one in counted_lists(question).values() for e in one.entries]
    assert [e.code for e in entries if not e.source] == []
    assert [e.code for e in entries if e.code in titles and e.label != titles[e.code]] == []
    assert [e.code for e in entries if e.match in (*OFFENCE_MATCHES, "cjs") and e.code not in titles] == []


@pytest.mark.parametrize(
    ("question", "names", "classes"),
    [
        (RESTRAINING, ("stalking-offences",), {"195/12", "8/65", "8/66"}),
        (BREACH, ("breach-of-restraining-order",), {"8/31", "8/39", "66/38"}),
    ],
)
def test_the_list_holds_every_code_of_its_home_office_classes_and_no_other(
    question: Question, names: tuple[str, ...], classes: set[str]
) -> None:
    listed = {e.code for name in names for e in question.lists[name].entries}
    assert listed == {o.code for o in offences(SQL).values() if o.home_office_class in classes}


def test_stalking_codes_that_gave_way_are_listed_with_their_successors_and_days() -> None:
    listed = {e.code: e for e in RESTRAINING.lists["stalking-offences"].entries}
    changes = [change for change in code_changes(SQL) if change.code in listed or change.successor in listed]
    assert {(c.code, c.successor) for c in changes} == {("PH97007", "PH97010"), ("PH97008", "PH97011")}
    for change in changes:
        old, new = listed[change.code], listed[change.successor]
        assert old.valid_to == change.date - timedelta(days=1)
        assert new.valid_from == change.date == date(2017, 4, 3)
        assert old.category == new.category


# The letter.


def test_applications_granted_are_known_by_the_letters_results_and_those_alone() -> None:
    """FOI answer 200422009: result codes SPO or Granted; the same list answers how many orders were issued."""
    issued = load_question(SQL, "stalking-protection-orders").lists["spo-granted"].entries
    granted = [e for e in APPLICATIONS.lists["spa-outcomes"].entries if e.category == "granted"]
    assert {(e.match, e.code) for e in granted} == {(e.match, e.code) for e in issued}


def test_applications_are_counted_by_application_in_four_types_and_four_outcomes() -> None:
    assert APPLICATIONS.units == ("application", "case")
    assert {e.code: e.category for e in APPLICATIONS.lists["spa-types"].entries} == {
        "ST19501": "new",
        "ST19502": "vary",
        "ST19503": "renew",
        "ST19504": "discharge",
    }
    assert APPLICATIONS.outcome
    assert APPLICATIONS.outcome.prefer == ("granted", "refused", "withdrawn", "interim-only")
    by = {frozenset(c) for c in APPLICATIONS.breakdowns.allowed}
    for one in ("month", "quarter", "police_force", "region", "court", "source_system"):
        assert {frozenset({one}), frozenset({one, "outcome"}), frozenset({one, "application_type"})} <= by
    assert APPLICATIONS.in_force == date(2020, 1, 20)


def test_restraining_orders_are_sentences_of_convicted_offenders_by_year() -> None:
    """FOI answer 200422009, question 2: offenders sentenced to a restraining order for stalking offences, by year."""
    assert RESTRAINING.unit == "defendant"
    assert RESTRAINING.breakdowns.default == (("year",),)
    lists = RESTRAINING.lists
    assert {e.code for e in lists["stalking-offences"].entries} == {f"PH970{n}" for n in ("06", "07", "08", "10", "11")}
    assert [e.code for e in lists["restraining-order-on-conviction"].entries if e.match == "cjs"] == ["3047"]
    assert Step(name="Convicted by the day of the hearing", rule="convicted-by-the-hearing@1") in RESTRAINING.steps
    assert RESTRAINING.in_force == date(2012, 11, 25)
    assert [one.at for one in RESTRAINING.breaks] == [date(2017, 4, 3)]


def test_breach_convictions_come_from_the_published_table_of_the_letter() -> None:
    """FOI answer 200422009, question 1: the December 2018 table, three offences."""
    table = BREACH.published
    assert table is not None
    assert "Principal Offence proceedings and outcomes by Home Office" in table.name
    assert table.source.endswith("/criminal-justice-system-statistics-quarterly-december-2018")
    assert (table.year, table.value, table.years_as_columns) == ("Year", "Count", False)
    offence, outcome = table.select
    assert (offence.any, offence.home_office_class) == (("8/31", "8/39", "66/38"), True)
    assert outcome.any == ("Convicted",)
    assert BREACH.unit == "defendant"
    assert "SX03151" not in {e.code for e in BREACH.lists["breach-of-restraining-order"].entries}


PUBLISHED = """Year,Sex,Offence,Outcome,Count
2017,Female,008/31 Breach of a restraining order,Convicted,1
2017,Male,008/31 Breach of a restraining order,Convicted,10
2017,Male,008/31 Breach of a restraining order,Proceeded against,500
2017,Male,008/39 Breach of a restraining order (sex offenders),Convicted,200
2018,Male,066/38 Breach of a restraining order issued on acquittal,Convicted,3000
2018,Male,066/08 Breach of a sexual offences prevention order,Convicted,40000
2018,Male,008/30 Putting people in fear of violence,Convicted,40000
"""
"""Made up, in the layout that the definition maps."""


def test_the_published_table_is_summed_over_the_three_offences_and_convictions_alone(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(PUBLISHED, encoding="utf-8")
    assert BREACH.published
    reading = read_published(tmp_path / "table.csv", BREACH.published)
    assert reading.values == {2017: 211, 2018: 3000}
    assert BREACH.published.source in reading.source


def test_breach_convictions_say_that_the_two_counts_differ_and_why() -> None:
    said = " ".join(note.text for note in BREACH.notes if not note.bound)
    reasons = (
        "not expected to equal",
        "principal offence",
        "all courts",
        "magistrates' courts",
        "year of the conviction",
    )
    for reason in reasons:
        assert reason in said


# What goes with their figures.


def records(question: Question, *given: str) -> Records:
    """The rows of the examples of these names, all known long after."""
    chosen = [example for example in question.examples if example.name in given]
    assert len(chosen) == len(given)
    rows = tuple(row for example in chosen for row in example.given)
    return Records(example_records(replace(chosen[0], given=rows), KEY), newest_batch=9, as_known_at=LATER)


def sentenced(now: datetime) -> dict[str, Answer]:
    """One offender in each of the years 2012 to 2020, as a series."""
    row = RESTRAINING.examples[0].given[0]
    given = tuple(replace(row, case=str(year), hearing=date(year, 12, 4)) for year in range(2012, 2021))
    known = Records(example_records(replace(RESTRAINING.examples[0], given=given), KEY), 9, LATER)
    years = series("year", date(2012, 1, 1), date(2020, 12, 31))
    return {a.period: a for a in count_series(RESTRAINING, known, years, key=KEY, now=now)}


RELEASE = datetime.combine(date(2020, 5, 21), time(8, 30), UTC)
"""21 May 2020 at 09:30 British Summer Time."""


def test_2019_is_held_until_the_official_statistics_are_out_and_the_other_years_are_not() -> None:
    before, after = sentenced(RELEASE - timedelta(seconds=1)), sentenced(RELEASE)
    assert {p: a.status for p, a in before.items() if a.status == HELD} == {"2019": HELD}
    assert before["2019"].value is None
    assert [before[str(year)].value for year in range(2012, 2019)] == [1] * 7
    assert {a.value for a in after.values()} == {1}
    said = " ".join(before["2019"].notes)
    for part in ("2020-05-21T09:30:00+01:00", "FOIA s.44(1)(a)", "FOIA s.22(1)"):
        assert part in said
        assert part not in " ".join(after["2019"].notes)


def test_2017_is_marked_as_a_break_and_2012_says_that_it_is_a_part_of_a_year() -> None:
    years = sentenced(RELEASE)
    assert {period for period, a in years.items() if a.figures[0].marks == "b"} == {"2017"}
    partial_year = [period for period, a in years.items() if any("part of a year" in note for note in a.notes)]
    assert partial_year == ["2012"]


def test_evidence_says_how_many_applications_rest_on_granted_alone_and_beside_an_interim_order() -> None:
    known = records(
        APPLICATIONS,
        "Granted: the order by its CJS code and short code, and Granted by its short code and its whole text",
    )
    beside = records(APPLICATIONS, "Granted beside an interim order is granted")
    refused = records(APPLICATIONS, "Refused: refused and dismissed by their codes")

    def evidence(of: Records) -> dict[str, int]:
        answer = count(APPLICATIONS, of, parse_period("2020Q1"), [], key=KEY, now=LATER)
        return {e.name: e.units for e in answer.evidence if e.units}

    assert evidence(known) == {"order": 2, "granted-alone": 6}
    assert evidence(beside) == {"granted-beside-interim": 1}
    assert evidence(refused) == {"not-granted": 6}


def test_notes_on_a_category_or_a_unit_go_with_those_figures_alone() -> None:
    known = records(APPLICATIONS, "Granted beside an interim order is granted")

    def said(unit: str) -> dict[str, str]:
        answer = count(APPLICATIONS, known, parse_period("2020Q1"), [["outcome"]], unit=unit, key=KEY, now=LATER)
        return {
            ",".join(c for _, c in f.cell): " ".join(answer.notes[place - 1] for place in f.notes)
            for f in answer.figures
        }

    by_application, by_case = said("application"), said("case")
    assert [cell for cell, notes in by_application.items() if "Not a final outcome" in notes] == ["interim-only"]
    assert all("does not name the application" in notes for notes in by_application.values())
    assert not any("does not name the application" in notes for notes in by_case.values())
    assert all("several applications" in notes for notes in by_case.values())
