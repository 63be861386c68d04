"""Changes between two versions of a question: found one by one, in a fixed order, each with how far it reaches."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from transform.changes import CELLS, FIGURES, WORDS, Change, changes
from transform.codelists import CodeEntry, CodeList
from transform.definition import (
    Breakdown,
    Breakdowns,
    EvidenceKind,
    Example,
    Hold,
    Note,
    Outcome,
    Provisional,
    Question,
    Schedule,
    SeriesBreak,
    Step,
    Window,
)
from transform.periods import parse_period
from transform.planning import versions
from transform.questions import load_definitions

SQL = Path(__file__).resolve().parents[2] / "sql"


def entry(code: str, match: str = "offence", category: str = "", label: str = "A title") -> CodeEntry:
    return CodeEntry(code, match, label, category, None, None, "")


OFFENCES = CodeList("offences", (entry("AA1"), entry("AA2"), entry("AA3")))
RESULTS = CodeList("results", (entry("3047", "cjs", "made"), entry("RFSD", "short", "refused")))
BASE: Question = replace(
    load_definitions(SQL).question("stalking-protection-orders"),
    steps=(Step("Offences", offence="offences"), Step("Results", result="results")),
    evidence=(),
    breakdowns=Breakdowns((), (), ()),
    holds=(),
    notes=(),
    lists={"offences": OFFENCES, "results": RESULTS},
)


def with_list(*entries: CodeEntry, name: str = "offences", question: Question = BASE) -> Question:
    return replace(question, lists={**question.lists, name: CodeList(name, entries)})


def told(old: Question, new: Question) -> list[tuple[str, str]]:
    return [(change.says, change.affects) for change in changes(old, new)]


def applied(question: Question, found: tuple[Change, ...]) -> Question:
    for change in found:
        question = change.apply(question)
    return question


def test_the_same_definition_has_no_change() -> None:
    assert changes(BASE, BASE) == ()
    moved = tuple(replace(e, line=90 + n) for n, e in enumerate(OFFENCES.entries))
    assert changes(BASE, with_list(*moved)) == ()


def test_entries_are_told_removed_then_added_then_changed_in_the_order_of_the_file() -> None:
    new = with_list(entry("AA9"), entry("AA3", "base"), entry("AA2"), entry("AA0"))
    assert told(BASE, new) == [
        ("AA1 removed from offences", FIGURES),
        ("AA9 added to offences", FIGURES),
        ("AA0 added to offences", FIGURES),
        ("AA3 in offences: match base instead of offence", FIGURES),
        ("the entries of offences stand in another order", WORDS),
    ]


def test_lists_come_by_name_then_steps_then_outcome_then_unit_whatever_the_order_in_the_file() -> None:
    new = with_list(entry("AA1"), entry("AA2"))
    new = with_list(*RESULTS.entries, entry("G", "short", "made"), name="results", question=new)
    outcome = Outcome("results", "Outcome", ("made", "refused"))
    new = replace(
        new,
        unit="defendant",
        outcome=outcome,
        steps=(*BASE.steps, Step("Late", hearing=Window(None, date(2020, 1, 1)))),
    )
    for turned in (new, replace(new, lists=dict(reversed(new.lists.items())))):
        assert [c.part for c in changes(BASE, turned)] == ["list", "list", "step", "outcome", "unit"]
        assert [c.says for c in changes(BASE, turned)][:2] == ["AA3 removed from offences", "G added to results"]


@pytest.mark.parametrize(
    ("changed", "reach"),
    [({"label": "Another title"}, WORDS), ({"source": "x"}, WORDS), ({"valid_from": date(2012, 1, 1)}, WORDS)],
)
def test_titles_sources_and_dates_of_a_code_count_the_same(changed: dict, reach: str) -> None:
    new = with_list(replace(OFFENCES.entries[0], **changed), *OFFENCES.entries[1:])
    assert [c.affects for c in changes(BASE, new)] == [reach]


def test_a_category_moves_cells_only_and_with_orders_as_the_unit_figures_too() -> None:
    other = with_list(entry("3047", "cjs", "other"), RESULTS.entries[1], name="results")
    assert [c.affects for c in changes(BASE, other)] == [WORDS]  # nothing is split by it
    split = {"outcome": Outcome("results", "Outcome", ("made", "other", "refused"))}
    assert [c.affects for c in changes(replace(BASE, **split), replace(other, **split))] == [CELLS]
    assert [c.affects for c in changes(replace(BASE, unit="order"), replace(other, unit="order"))] == [FIGURES]


def test_a_list_that_no_step_uses_counts_the_same() -> None:
    evidence = (EvidenceKind("made", "An order", "shown", None, None),)
    old = with_list(entry("3047", "cjs"), name="shown", question=replace(BASE, evidence=evidence))
    new = with_list(entry("3047", "cjs"), entry("3048", "cjs"), name="shown", question=old)
    assert told(old, new) == [("3048 added to shown", WORDS)]


A, B, C, D = (Step(name, offence="offences", court=(name,)) for name in "ABCD")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ([A, B], [A], ["step removed: “B” (keeps offence list offences, court B)"]),
        ([A], [A, B], ["step added: “B” (keeps offence list offences, court B)"]),
        ([A, B, C], [A, C], ["step removed: “B” (keeps offence list offences, court B)"]),
        ([A], [replace(A, court=("Z",))], ["step “A”: court Z instead of A"]),
        ([A], [replace(A, drop=True)], ["step “A”: drops what it kept"]),
        ([A], [B], ["step “A” replaced by “B” (keeps offence list offences, court B)"]),
        ([A], [replace(A, name="Z")], ["step “A” is named “Z”"]),
        ([A, B], [B, A], ["step “B” stands at another place"]),
        ([A, B], [replace(B, name="Z"), A], ["step “B” stands at another place; step “B” is named “Z”"]),
        (
            [A, B, C],
            [replace(A, court=("Z",)), D, B],
            [
                "step removed: “C” (keeps offence list offences, court C)",
                "step added: “D” (keeps offence list offences, court D)",
                "step “A”: court Z instead of A",
            ],
        ),
    ],
)
def test_steps_are_told_removed_then_added_then_changed(old: list[Step], new: list[Step], says: list[str]) -> None:
    before, after = replace(BASE, steps=tuple(old)), replace(BASE, steps=tuple(new))
    found = changes(before, after)
    assert sorted(c.says for c in found) == sorted(says)
    assert applied(before, found).steps == after.steps


def test_a_renamed_or_moved_step_counts_the_same() -> None:
    for steps in ((replace(A, name="Z"), B), (B, A)):
        found = changes(replace(BASE, steps=(A, B)), replace(BASE, steps=steps))
        assert {c.affects for c in found} == {WORDS}


OTHERS = {
    "title": "Another",
    "asks": "Another?",
    "owner": "another",
    "unit": "defendant",
    "in_force": date(2021, 1, 1),
    "act": "Another Act",
    "steps": (Step("Offences", offence="offences"),),
    "evidence": (EvidenceKind("made", "An order", "results", None, None),),
    "breakdowns": Breakdowns((), (("month",),), (("month",),)),
    "schedule": Schedule("0 7 * * 1", "last complete month"),
    "release": "another",
    "holds": (Hold(parse_period("2019"), datetime(2030, 1, 1, tzinfo=UTC), "a rule"),),
    "notes": (Note("A note"),),
    "examples": (Example("One", (), {"2020": "no data"}),),
    "lists": {"offences": CodeList("offences", OFFENCES.entries[:1]), "results": RESULTS},
    "also": ("defendant",),
    "outcome": Outcome("results", "Outcome", ("made", "refused")),
    "breaks": (SeriesBreak(date(2017, 4, 3), "New codes"),),
    "provisional": Provisional(30, "Early"),
    "accepted": {"a-finding": "because"},
    "published": object(),  # compared as a whole
}


@pytest.mark.parametrize("name", sorted({f.name for f in fields(Question)} - {"id", "text", "fingerprint"}))
def test_no_part_of_a_question_can_change_unsaid(name: str) -> None:
    (found, *more) = changes(BASE, replace(BASE, **{name: OTHERS[name]}))
    assert found.says and (more == [] or name == "lists")


def test_holds_and_notes_are_said_one_by_one() -> None:
    old = replace(BASE, notes=(Note("One"), Note("Two")))
    new = replace(BASE, notes=(Note("Two"), Note("Three")), holds=OTHERS["holds"])
    assert [says for says, _ in told(old, new)] == [
        "added: figures that touch 2019 are held until 2030-01-01T00:00:00+00:00 (a rule)",
        "added: note “Three”",
        "removed: note “One”",
    ]


def test_versions_pass_by_what_counts_the_same_and_end_with_the_new_rule() -> None:
    new = replace(with_list(entry("AA1"), entry("AA4")), title="Another", unit="defendant", holds=OTHERS["holds"])
    found = changes(BASE, new)
    made = versions(BASE, new, found, ("case", "defendant"))
    assert [version.applied for version in made] == [(), (0,), (1,), (2,), (3,)]
    last = made[-1].question
    assert (last.steps, last.lists, last.unit) == (new.steps, new.lists, new.unit)
    assert {version.question.holds for version in made} == {new.holds}  # a hold of either version applies throughout
    assert len(versions(BASE, new, found, ("case", "case"))) == 4  # beside the main unit the unit does not change
    assert (
        len(versions(BASE, replace(BASE, title="Another"), changes(BASE, replace(BASE, title="x")), ("case",) * 2)) == 1
    )


def test_a_version_that_no_engine_could_count_is_counted_with_the_next_change() -> None:
    old = replace(BASE, unit="order", steps=(Step("Old", result="results"), Step("Offences", offence="offences")))
    new = replace(old, steps=(Step("Offences", offence="offences"), Step("New", result="results", level=("OFFENCE",))))
    made = versions(old, new, changes(old, new), ("order", "order"))
    assert [version.applied for version in made] == [(), (0, 1)]


def test_every_category_of_an_outcome_list_has_a_place_between_the_versions() -> None:
    old = replace(BASE, outcome=Outcome("results", "Outcome", ("made", "refused")))
    new = with_list(*RESULTS.entries, entry("X", "short", "withdrawn"), name="results", question=old)
    new = replace(new, outcome=Outcome("results", "Outcome", ("withdrawn", "made", "refused")))
    for version in versions(old, new, changes(old, new), ("case", "case"), (("outcome",),)):
        q = version.question
        assert q.outcome and set(q.lists["results"].categories) <= set(q.outcome.prefer)


def test_a_breakdown_by_another_list_moves_cells() -> None:
    parts = [
        Breakdowns((Breakdown("harm", "Harm", name),), (("harm",),), (("harm",),)) for name in ("offences", "results")
    ]
    (found, other) = changes(replace(BASE, breakdowns=parts[0]), replace(BASE, breakdowns=parts[1]))
    assert (found.says, found.affects) == ("breakdowns: list of harm results instead of offences", CELLS)
    assert other.affects == WORDS
