"""A rule in plain words leaves nothing unsaid, and two different rules never read the same."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from transform import words
from transform.codelists import CodeEntry, CodeList
from transform.definition import EvidenceKind, Hold, Note, Outcome, Provisional, SeriesBreak, Step, Window
from transform.periods import Period, parse_period
from transform.published import PublishedTable, Selection
from transform.questions import load_question
from transform.rules import RULES

SPO = load_question(Path(__file__).resolve().parents[2] / "sql", "stalking-protection-orders")


def entry(code: str, match: str, label: str, category: str = "c") -> CodeEntry:
    return CodeEntry(code, match, label, category, None, None, "")


LISTS = {
    one.id: one
    for one in (
        CodeList("apply", (entry("ST19501", "offence", "Apply", "new"), entry("ST19502", "offence", "Vary", "vary"))),
        CodeList("stalk", (entry("PH97010", "base", "Stalking"),)),
        CodeList("same-codes", (entry("PH97010", "offence", "Stalking"),)),
        CodeList("made", (entry("3307", "cjs", "Order", "order"), entry("SPO", "short", "Order", "order"))),
        CodeList(
            "granted", (entry("GRANTED", "short", "Granted", "granted"), entry("granted.", "text", "Granted", "other"))
        ),
        CodeList("many", tuple(entry(f"ZZ990{n:02}", "offence", f"Title {n}") for n in range(12))),
    )
}
FORCES, COURTS, FINDINGS = ("01", "02", "QX"), ("B01BH", "B01DU", "Z99ZZ"), ("G", "N", "NG")


def said(**asked: object) -> str:
    return words.step_words(Step("a step", **asked), LISTS)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"offence": "apply"}, "Application for a Stalking Protection Order (ST19501) or Application to vary"),
        ({"offence": "stalk"}, "Stalking involving fear of violence (PH97010 in any form (attempted, aided))"),
        ({"result": "made"}, "the result is Stalking Protection Order (CJS code 3307) or Order (short code SPO)"),
        ({"result": "granted"}, "Granted (short code GRANTED; where there is no CJS code, the whole text “granted.”)"),
        ({"level": ("OFFENCE", "CASE")}, "the result is recorded on an offence or a case as a whole"),
        ({"source": ("spi", "crest")}, "the record came from “spi” or “crest”"),
        ({"system": ("B00LIBRA", "X")}, "the court system that sent the record is Libra (B00LIBRA) or “X”"),
        ({"court": ("B01BH", "Z99ZZ")}, "the court is Bexley (B01BH) or Z99ZZ"),
        ({"force": ("01",)}, "the police force is Metropolitan Police Service (01)"),
        ({"finding": ("G", "N")}, "the finding on the offence is guilty (G) or N"),
        ({"final_disposal": True}, "the offence is finally disposed of"),
        ({"final_disposal": False}, "the offence is recorded as not finally disposed of"),
        ({"convicted": True}, "a finding of guilty or, where no finding was sent, a date of conviction"),
        ({"convicted": False}, "there is no conviction: another finding than guilty"),
        ({"hearing": Window(date(2020, 1, 20), None)}, "the hearing is on or after 20 January 2020"),
        ({"hearing": Window(None, date(2020, 3, 1))}, "the hearing is on or before 1 March 2020"),
        (
            {"conviction": Window(date(2012, 11, 25), date(2018, 12, 31))},
            "the date of conviction is from 25 November 2012 to 31 December 2018, both days included",
        ),
        ({"rule": "heard-on-a-weekday@1"}, "“heard-on-a-weekday@1” is met, which keeps results of hearings from"),
    ],
)  # fmt: skip
def test_each_condition_of_a_step_is_said(asked: dict, expected: str) -> None:
    assert expected in said(**asked)
    assert said(**asked).startswith("Keep the results where ")


def test_every_condition_that_the_model_allows_has_its_words() -> None:
    assert set(words.CONDITIONS) == {f.name for f in fields(Step)} - {"name", "drop"}


def test_what_is_dropped_is_taken_out_and_several_conditions_must_all_hold() -> None:
    assert said(court=("Z99ZZ",), drop=True) == "Take out the results where the court is Z99ZZ."
    both = said(court=("Z99ZZ",), level=("CASE",))
    assert "for which all of this holds: the result is recorded on a case as a whole; the court is Z99ZZ." in both


def test_of_a_long_list_a_handful_is_named_and_the_others_are_counted() -> None:
    text = said(offence="many")
    assert "one of Title 0 (ZZ99000)" in text
    assert "Title 4 (ZZ99004) and 7 others" in text
    assert "ZZ99005" not in text
    assert "listed under “many”" in text


def test_the_title_is_the_official_one_and_the_lists_own_where_there_is_none() -> None:
    assert words.official_title(entry("ST19501", "offence", "Apply")) == "Application for a Stalking Protection Order"
    assert words.official_title(entry("3307", "cjs", "x")) == "Stalking Protection Order"
    assert words.official_title(entry("G", "short", "x")) == "Granted"
    assert words.official_title(entry("granted", "text", "x")) is None
    assert words.official_title(entry("ZZ99000", "offence", "x")) is None


some = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" ,;.”“"), min_size=1), max_size=3
)
days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
windows = st.one_of(
    st.none(),
    st.builds(Window, days, st.none()),
    st.builds(Window, st.none(), days),
    st.lists(days, min_size=2, max_size=2).map(lambda two: Window(min(two), max(two))),
)


def of(values: object) -> st.SearchStrategy:
    return st.lists(st.sampled_from(list(values)), max_size=3, unique=True).map(tuple)


steps = st.builds(
    Step,
    name=st.just("a step"),
    offence=st.sampled_from([None, "apply", "stalk", "same-codes", "many"]),
    result=st.sampled_from([None, "made", "granted"]),
    level=of(words.LEVELS),
    source=some.map(tuple),
    system=st.one_of(of(words.SYSTEMS), some.map(tuple)),
    court=of(COURTS),
    force=of(FORCES),
    finding=of(FINDINGS),
    final_disposal=st.sampled_from([None, True, False]),
    convicted=st.sampled_from([None, True, False]),
    hearing=windows,
    conviction=windows,
    rule=st.sampled_from([None, *RULES]),
    drop=st.booleans(),
).filter(lambda step: step != Step("a step", drop=step.drop))


def parts_of(step: Step) -> list[str]:
    """What must be readable of a step: every value that it asks for."""
    found = [words.LEVELS[v] for v in step.level]
    found += [*step.court, *step.force, *step.finding]
    found += [f"({v})" if v in words.SYSTEMS else words.quoted(v) for v in step.system]
    found += [words.quoted(v) for v in step.source]
    found += [LISTS[name].entries[0].code for name in (step.offence, step.result) if name]
    spans = [w for w in (step.hearing, step.conviction) if w]
    found += [words.day(d) for w in spans for d in (w.first, w.last) if d]
    found += [step.rule, RULES[step.rule].says[1:]] if step.rule else []
    found += ["finally disposed of"] if step.final_disposal is not None else []
    found += ["conviction: "] if step.convicted is not None else []
    return found


@settings(deadline=None)
@given(steps)
def test_every_value_of_a_random_step_is_in_its_words(step: Step) -> None:
    text = words.step_words(step, LISTS)
    assert [part for part in parts_of(step) if part not in text] == []
    assert text.startswith("Take out" if step.drop else "Keep")


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_two_different_steps_never_read_the_same(data: st.DataObject) -> None:
    one, other = data.draw(steps), data.draw(steps)
    name = data.draw(st.sampled_from([*words.CONDITIONS, "drop"]))  # mostly steps that differ in one condition
    near = replace(one, **{name: getattr(other, name)})
    for second in (near, other):
        if second != one and second != Step("a step", drop=second.drop):
            assert words.step_words(one, LISTS) != words.step_words(second, LISTS)


def test_a_quote_inside_a_value_cannot_pass_for_its_end() -> None:
    assert said(source=("a” or “b",)) != said(source=("a", "b"))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(steps, min_size=1, max_size=4), st.permutations(["case", "defendant", "application", "order"]), st.data()
)
def test_the_paragraph_of_a_random_question_leaves_nothing_out(found: list[Step], units: list[str], data) -> None:
    assume(any(s.result and not s.drop for s in found))
    begin, hold, last = data.draw(days), data.draw(days), data.draw(st.booleans())
    question = replace(
        SPO,
        steps=tuple(found),
        lists=LISTS,
        unit=units[0],
        also=tuple(units[1 : data.draw(st.integers(1, 4))]),
        in_force=begin,
        act="An Act",
        holds=(Hold(Period(hold, hold), datetime(2020, 5, 21, 8, 30, tzinfo=UTC), "s.44"),),
        breaks=(SeriesBreak(begin, "why it breaks"),),
        provisional=Provisional(17, "Not yet settled"),
        outcome=data.draw(st.sampled_from([None, Outcome("granted", "Outcome", ("granted", "other"), last)])),
        published=data.draw(st.sampled_from([None, TABLE])),
    )
    text = words.paragraph(question)
    expected = [part for step in found for part in parts_of(step)]
    expected += [f"{unit}s" for unit in question.units] + [words.day(begin), words.day(hold), "An Act", "why it breaks"]
    expected += [
        "21 May 2020 at 09:30 London time",
        "s.44",
        "17 days",
        "Not yet settled",
        "only its latest word counts",
    ]
    if question.outcome:
        expected += ["“granted” then “other”", f"dated by its {'last' if last else 'first'} hearing there with that"]
    if question.published:
        expected += [TABLE.name, TABLE.source, TABLE.counts, "“Offence” is “Breach” or “Other”", "class “8/31”"]
    assert [part for part in expected if part not in text] == []
    assert text.count("It leaves out") == sum(step.drop for step in found)


TABLE = PublishedTable(
    "Outcomes by offence",
    "the statistics of 2018",
    "offenders convicted",
    "All courts",
    year="Year",
    value="Count",
    select=(Selection("Offence", ("Breach", "Other")), Selection("HO", ("8/31",), home_office_class=True)),
)


def test_the_paragraph_of_the_letter_says_what_the_letter_says() -> None:
    """FOI answer 200422009, notes on question 3."""
    text = words.paragraph(SPO)
    for part in (
        "It counts cases, not people: a case counts once however many defendants it has.",
        "Application for a Stalking Protection Order (ST19501) or Application to vary a Stalking Protection Order "
        "(ST19502).",
        "Stalking Protection Order (3307 or SPO) or Granted (G, GRANTED or in words alone).",
        "Each case counts once in a period, however many such results it has, dated by its first hearing there",
        "in force from 20 January 2020 (Stalking Protection Act 2019)",
    ):
        assert part in text
    assert "spo-" not in text, "names of files are no plain words"


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2020-02", "February 2020"),
        ("2020Q1", "January to March 2020"),
        ("2020H2", "July to December 2020"),
        ("2019", "2019"),
        ("2019/20", "April 2019 to March 2020"),
        ("2020-02-03", "3 February 2020"),
        ("2020-02-03..2020-02-29", "3 February 2020 to 29 February 2020"),
        ("2020-02-01..2020-02-28", "1 February 2020 to 28 February 2020"),
        ("2018-01-01..2019-12-31", "January 2018 to December 2019"),
    ],
)
def test_a_period_is_written_out(period: str, expected: str) -> None:
    assert words.span(parse_period(period)) == expected


def test_a_time_is_that_of_london() -> None:
    assert words.moment(datetime(2020, 5, 21, 8, 30, tzinfo=UTC)) == "21 May 2020 at 09:30 London time"
    assert words.moment(datetime(2020, 1, 21, 8, 30, 5, tzinfo=UTC)) == "21 January 2020 at 08:30:05 London time"


def test_a_note_says_with_which_figures_it_goes() -> None:
    note = Note("x", parse_period("2020-02"), (("application_type", "vary"), ("outcome", "refused")), "defendant")
    assert words.note_words(note) == (
        "only with figures that include a day of February 2020, are for application type “vary”, are for outcome "
        "“refused” and are counted in defendants"
    )
    assert words.note_words(Note("x")) == "with every figure"


@pytest.mark.parametrize(
    ("without", "beside", "expected"),
    [
        ("stalk", None, "No result on the same offence is Stalking"),
        (None, "stalk", "A result on the same offence is Stalking"),
        (None, None, "A result that counts is Stalking Protection Order (CJS code 3307) or Order (short code SPO)."),
    ],
)
def test_evidence_says_what_stands_beside_it(without: str | None, beside: str | None, expected: str) -> None:
    assert expected in words.evidence_words(EvidenceKind("e", "E", "made", without, beside), LISTS)
