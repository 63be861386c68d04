"""The other orders: no part of a rule goes unguarded by an example, titles are official, no interim order is the order.

That every example holds is tested with all other questions; here each part of each rule is taken away in turn, and
an example that held must then break.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from extract.contract import normalise_text
from transform.codelists import OFFENCE_MATCHES, CodeEntry, CodeList
from transform.contract import TransformError
from transform.definition import Example, Given, Question
from transform.engines.duckdb import Records, count
from transform.examples import LONG_AFTER, answered_together, example_records, expected_cell
from transform.questions import load_question
from transform.standing import Standing, standing

SQL = Path(__file__).resolve().parents[2] / "sql"
LONG = os.environ.get("LONG_TESTS") == "1"
KEY = b"a key for tests"
ON_APPLICATION = {
    "domestic-violence-protection-orders": "domestic violence protection order",
    "serious-disruption-prevention-orders": "serious disruption prevention order",
    "sexual-risk-orders": "sexual risk order",
    "violent-offender-orders": "violent offender order",
}
"""Questions that start from applications, with the words by which the titles of their codes are known."""
BY_RESULT = {
    "criminal-behaviour-orders": "criminal behaviour order",
    "domestic-abuse-protection-orders": "domestic abuse protection order",
    "football-banning-orders": "football banning order",
    "knife-crime-prevention-orders": "knife crime prevention order",
    "serious-violence-reduction-orders": "serious violence reduction order",
    "sexual-harm-prevention-orders": "sexual harm prevention order",
    "slavery-and-trafficking-prevention-orders": "slavery and trafficking",
}
"""Questions that ask for the result alone, because the order is made on conviction too."""
IDS = [*ON_APPLICATION, *BY_RESULT]
QUESTIONS = {name: load_question(SQL, name) for name in IDS}
NOT_IN_STANDING = {
    "GRANTED": "Granted",
    "REFUSED": "Refused",
    "DISMISSED": "Dismissed",
    "WITHDRAWN": "Withdrawn",
    "RFSD": "Application refused",
}
"""Short codes that the old standing list lacks: words of table extracts, and RFSD, with their titles."""


def holds(question: Question, example: Example) -> bool:
    """Whether an example holds; one count answers all it expects of a period, and only that."""
    asked = {key: expected_cell(key) for key in example.expect}
    records = Records(example_records(example, KEY), max(row.stated for row in example.given), LONG_AFTER)
    for period, unit in dict.fromkeys((cell.period, cell.unit) for cell in asked.values()):
        here = {key: cell.cell for key, cell in asked.items() if (cell.period, cell.unit) == (period, unit)}
        by = tuple(dict.fromkeys(tuple(name for name, _ in cell) for cell in here.values() if cell))
        lists = {name: question.lists[name] for name in counted_lists(question)} | outcome_list(question)
        breakdowns = replace(question.breakdowns, default=(), allowed=by)
        trimmed = replace(question, breakdowns=breakdowns, lists=lists, evidence=())
        answer = count(trimmed, records, period, by, unit=unit, key=KEY, now=LONG_AFTER)
        figures = {frozenset(f.cell): f.status if f.value is None else f.value for f in answer.figures}
        if any(figures.get(cell) != example.expect[key] for key, cell in here.items()):
            return False
    return True


@cache
def held(name: str, number: int) -> bool:
    """Whether an example of the question as it is holds."""
    return holds(QUESTIONS[name], QUESTIONS[name].examples[number])


def breaks(question: Question, speaks_of: str = "") -> bool:
    """Whether some example that held breaks; where a code is named, one that speaks of it."""
    together: frozenset[int] | None = None
    for number, example in reversed(list(enumerate(question.examples))):
        said = {normalise_text(t) for g in example.given for t in (g.offence, g.result, g.text) if t}
        if (speaks_of and speaks_of not in said) or number in (together or ()):
            continue
        if not holds(question, example) and held(question.id, number):
            return True
        if together is None:  # it is one of the others: those that hold beside each other need no count of their own
            together = answered_together(question, KEY)
    return False


def without(question: Question, list_id: str, entry: CodeEntry) -> Question:
    """The question with one entry taken from one of its lists."""
    left = tuple(e for e in question.lists[list_id].entries if e is not entry)
    return replace(question, lists={**question.lists, list_id: CodeList(list_id, left)})


def counted_lists(question: Question) -> list[str]:
    """The lists by which steps keep or drop."""
    return list(dict.fromkeys(name for s in question.steps for name in (s.offence, s.result) if name))


def outcome_list(question: Question) -> dict[str, CodeList]:
    """The list of the outcomes, by its name."""
    return {question.outcome.list: question.lists[question.outcome.list]} if question.outcome else {}


def entries() -> Iterator[tuple[str, str, CodeEntry]]:
    for name, question in QUESTIONS.items():
        for list_id in counted_lists(question):
            yield from ((name, list_id, entry) for entry in question.lists[list_id].entries)


def shown(value: object) -> str:
    return value.code if isinstance(value, CodeEntry) else str(value)


@pytest.mark.long
@pytest.mark.parametrize(("name", "list_id", "entry"), list(entries())[:: 1 if LONG else 8], ids=shown)
def test_a_list_without_one_of_its_entries_breaks_an_example(name: str, list_id: str, entry: CodeEntry) -> None:
    assert breaks(without(QUESTIONS[name], list_id, entry), normalise_text(entry.code))


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name, question in QUESTIONS.items() for place, _ in enumerate(question.steps)],
)
def test_a_rule_without_one_of_its_steps_breaks_an_example(name: str, place: int) -> None:
    steps = QUESTIONS[name].steps
    assert breaks(replace(QUESTIONS[name], steps=steps[:place] + steps[place + 1 :]))


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, n) for name, q in QUESTIONS.items() if q.outcome for n in range(len(q.outcome.prefer) - 1)],
)
def test_another_order_of_preference_breaks_an_example(name: str, place: int) -> None:
    """Every other order turns round two neighbours of this one, so it is enough to turn round each pair."""
    outcome = QUESTIONS[name].outcome
    assert outcome is not None
    prefer = list(outcome.prefer)
    prefer[place : place + 2] = reversed(prefer[place : place + 2])
    assert breaks(replace(QUESTIONS[name], outcome=replace(outcome, prefer=tuple(prefer))))


@pytest.mark.parametrize("name", [name for name, q in QUESTIONS.items() if q.outcome])
def test_another_tie_break_breaks_an_example(name: str) -> None:
    outcome = QUESTIONS[name].outcome
    assert outcome is not None
    assert breaks(replace(QUESTIONS[name], outcome=replace(outcome, last=not outcome.last)))


@pytest.mark.parametrize("name", IDS)
def test_another_unit_breaks_an_example(name: str) -> None:
    question = QUESTIONS[name]
    (other,) = question.also
    assert breaks(replace(question, unit=other, also=(question.unit,)))


def example_of(name: str, given: list[Given]) -> pa.Table:
    return example_records(Example(name, tuple(given), {}), KEY)


def test_a_variation_of_a_criminal_behaviour_order_is_known_by_its_short_code_beside_1177() -> None:
    question = QUESTIONS["criminal-behaviour-orders"]
    period = expected_cell("2016Q1").period
    convicted = [Given("A", period.first, "TH68010", "1177", None, "1", 1)]
    records = example_of("a variation", convicted)
    place = records.schema.get_field_index("result_short_code")

    def counted(short: str | None, by: Question) -> int | None:
        column = pa.array([short], records.schema.field(place).type)
        table = records.set_column(place, records.schema.field(place), column)
        return count(by, Records(table, 1, LONG_AFTER), period, [], key=KEY, now=LONG_AFTER).value

    step = next(s for s in question.steps if s.result == "cbo-variations")
    assert counted("CRIMBV", question) == 0
    assert counted("CRIMBO", question) == 1
    assert counted(None, question) == 1
    assert counted("CRIMBV", replace(question, steps=tuple(s for s in question.steps if s is not step))) == 1
    (entry,) = question.lists["cbo-variations"].entries
    assert counted("CRIMBV", without(question, "cbo-variations", entry)) == 1


def evidence_entries() -> Iterator[tuple[str, str, CodeEntry]]:
    for name in ON_APPLICATION:
        question = QUESTIONS[name]
        kinds = [kind for kind in question.evidence if kind.name != "not-granted"]  # which takes all that is left
        for list_id in dict.fromkeys(o for e in kinds for o in (e.has, e.without, e.beside) if o):
            yield from ((name, list_id, entry) for entry in question.lists[list_id].entries)


@pytest.mark.parametrize(("name", "list_id", "entry"), list(evidence_entries()), ids=shown)
def test_evidence_without_one_entry_of_its_lists_is_other_evidence(name: str, list_id: str, entry: CodeEntry) -> None:
    code = normalise_text(entry.code)
    question = replace(QUESTIONS[name], breakdowns=replace(QUESTIONS[name].breakdowns, default=(), allowed=()))
    # The steps keep what they kept: only the evidence is to lose the entry.
    shorter = f"{list_id}-shorter"
    left = tuple(e for e in question.lists[list_id].entries if e is not entry)
    renamed = tuple(
        replace(
            kind,
            **{at: shorter for at in ("has", "without", "beside") if getattr(kind, at) == list_id},
        )
        for kind in question.evidence
    )
    broken = replace(question, evidence=renamed, lists={**question.lists, shorter: CodeList(shorter, left)})
    for example in question.examples:
        spoken = {normalise_text(t) for g in example.given for t in (g.result, g.text) if t}
        if code not in spoken:
            continue
        records = Records(example_records(example, KEY), 3, LONG_AFTER)
        period = expected_cell(next(iter(example.expect))).period
        now, then = (
            [e.units for e in count(one, records, period, [], key=KEY, now=LONG_AFTER).evidence]
            for one in (question, broken)
        )
        assert sum(now) == sum(then)
        if now != then:
            return
    pytest.fail(f"no example of {name} shows that {entry.code} is evidence")


@pytest.fixture(scope="module")
def official() -> Standing:
    try:
        return standing()
    except TransformError as error:
        pytest.skip(f"the standing data cannot be read: {error}")


def own_entries(name: str) -> list[CodeEntry]:
    return [entry for one in QUESTIONS[name].lists.values() for entry in one.entries]


@pytest.mark.parametrize("name", IDS)
def test_every_code_has_its_official_title(name: str, official: Standing) -> None:
    """Bars at the end of a title mark codes that are out of use; they are no part of it."""
    short = {c.upper(): s.label.strip() for c, s in official.short_codes.items()} | NOT_IN_STANDING
    titles = {
        "offence": {c: o.title.rstrip("|").strip() for c, o in official.offences.items()},
        "cjs": {c: r.title for c, r in official.results.items()},
        "short": short,
    }
    wrong = [
        (e.code, e.label, titles[e.match].get(e.code))
        for e in own_entries(name)
        if e.match in titles and titles[e.match].get(e.code) != e.label
    ]
    assert wrong == []


@pytest.mark.parametrize("name", IDS)
def test_no_interim_order_is_in_a_category_of_the_order(name: str, official: Standing) -> None:
    for entry in own_entries(name):
        if entry.match in OFFENCE_MATCHES or entry.match == "text":
            continue
        title = official.results[entry.code].title if entry.match == "cjs" else entry.label
        assert (entry.category in ("interim", "interim-only")) == title.lower().startswith("interim"), entry


@pytest.mark.parametrize("name", IDS)
def test_every_entry_says_its_category_and_its_source(name: str) -> None:
    assert [e.code for e in own_entries(name) if not (e.category and e.source)] == []


@pytest.mark.parametrize(("name", "words"), ON_APPLICATION.items())
def test_every_application_for_the_order_is_counted_or_said_to_be_left_out(
    name: str, words: str, official: Standing
) -> None:
    question = QUESTIONS[name]
    notes = " ".join(note.text for note in question.notes)
    listed = {e.code for one in question.lists.values() for e in one.entries}
    applications = ("application", "complaint", "adjournment", "proceedings")
    codes = [
        c for c, o in official.offences.items() if words in o.title.lower() and o.title.lower().startswith(applications)
    ]
    assert codes
    assert [code for code in codes if code not in listed and code not in notes] == []


@pytest.mark.parametrize(("name", "words"), BY_RESULT.items())
def test_every_application_about_an_order_that_exists_is_left_out(name: str, words: str, official: Standing) -> None:
    question = QUESTIONS[name]
    (dropped,) = (s.offence for s in question.steps if s.drop and s.offence)
    left_out = {e.code for e in question.lists[dropped].entries}
    later = {
        c
        for c, o in official.offences.items()
        if words in o.title.lower()
        and any(w in o.title.lower() for w in (" vary", "renew", "discharge", "terminate"))
        and o.title.lower().startswith("application")
    }
    assert later
    assert later <= left_out


@pytest.mark.parametrize("name", IDS)
def test_the_notes_name_every_code_by_which_the_rule_keeps_or_drops(name: str) -> None:
    """The order of a Domestic Violence Protection Order has no code; general results are known by their outcome."""
    question = QUESTIONS[name]
    notes = " ".join(note.text for note in question.notes)
    named = [
        e.code
        for list_id in counted_lists(question)
        for e in question.lists[list_id].entries
        if e.match == "offence" or (e.match == "cjs" and e.category in ("order", "granted", "interim-only"))
    ]
    assert named
    assert [code for code in named if code not in notes] == []


def test_no_two_of_these_questions_are_counted_at_the_same_time() -> None:
    crons = [q.schedule.cron for q in QUESTIONS.values() if q.schedule]
    assert len(crons) == len(QUESTIONS)
    assert len(set(crons)) == len(crons)
