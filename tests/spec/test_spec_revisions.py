"""Why the records moved a figure: each cause in one small history, and how the parts of a difference are told.

`said` is a statement: the landing that brought it (each a day after the one before), the hearing it speaks of (its
key), case and day, and the results; without a result nothing is left. Unless a test says otherwise the source is
Libra, the offence an application for a Stalking Protection Order (3307: granted, RFSD: refused), the question the
number of cases in the first quarter of 2020, and what landing 1 brought is compared with everything.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from extract.contract import RECORDS
from transform.contract import CAUSES
from transform.definition import Example, Given, Hold, Step
from transform.engines.duckdb import Records, count_series
from transform.engines.revising import HOLDERS, record_revisions
from transform.examples import example_records
from transform.periods import parse_period
from transform.precedence import precedence_of
from transform.questions import load_definitions
from transform.revising import OF_RECORDS, CellRevision, ReleasedFrom, given_parts

SQL = Path(__file__).resolve().parents[2] / "sql"
SPO = replace(
    load_definitions(SQL).question("stalking-protection-orders"),
    also=("defendant", "application", "order"),
    evidence=(),
)
KEY = b"a key for tests"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIBRA = {"source_name": "libra", "source_format": "spi", "source_system": "B00LIBRA"}
CP_SPI = {"source_name": "spi", "source_format": "spi", "source_system": "C00CommonPlatform"}
FEED = {"source_name": "feed", "source_format": "common-platform", "source_system": "C00CommonPlatform"}
EXTRACT = {"source_name": "mi", "source_format": "table", "source_system": "MI"}
Rows = list[dict[str, Any]]


def said(batch: int, hearing: str, case: str, day: str, *results: str, **columns: Any) -> Rows:
    """The rows of one statement; an offence code before a result (`ST19502 3307`) is another one than ST19501."""
    pairs = [result.rpartition(" ")[::2] for result in results]
    given = [Given(case, date.fromisoformat(day), o or "ST19501", r, None, "1", 1) for o, r in pairs]
    rows = example_records(
        Example("", tuple(given or [Given(case, date.fromisoformat(day), None, None, None, "1", 1)]), {}), KEY
    ).to_pylist()
    time = datetime(2020, 5, batch, tzinfo=UTC)
    own = LIBRA | {"court_ou_code": "B01LY00", "case_key": case, "defendant_key": f"asn:{case}"} | columns
    landed = {"statement_key": hearing, "stated_at": time, "received_at": time, "landed_batch": batch}
    return [row | {"payload_hash": f"{batch}"} | landed | own for row in rows]


def together(*statements: Rows) -> Rows:
    """Statements about several cases as one: a hearing of several cases, or a day of an extract."""
    rows = [row for of_case in statements for row in of_case]
    return [row | {"offence_index": number} if row["result_index"] else row for number, row in enumerate(rows, 1)]


def parts(
    *statements: Rows,
    known: tuple[int, int] = (1, 9),
    by: Sequence[Sequence[str]] = (),
    over: Sequence[tuple[str, list[str]]] = (),
    periods: Sequence[str] = ("2020Q1",),
    question: Any = SPO,
    **how: Any,
) -> list[CellRevision]:
    table = pa.Table.from_pylist([row for rows in statements for row in rows], schema=RECORDS)
    before, after = (Records(table, newest, NOW, precedence_of(over)) for newest in known)
    asked = [parse_period(period) for period in periods]
    return record_revisions(question, before, after, asked, by, key=KEY, now=NOW, **how)


def total(*statements: Rows, **how: Any) -> list[tuple[str, int, int | None]]:
    """The parts of the total: cause, by how much, landing."""
    return [(p.cause, p.by, p.batch) for p in parts(*statements, **how) if p.cell == ()]


def by_month(*statements: Rows, **how: Any) -> list[tuple[str, str, int, int | None]]:
    """The parts of the months: month, cause, by how much, landing."""
    return [(p.cell[0][1], p.cause, p.by, p.batch) for p in parts(*statements, by=[["month"]], **how) if p.cell]


FEBRUARY = said(1, "hearing of A", "A", "2020-02-03", "3307")


# --- the causes ------------------------------------------------------------------------------------------------------


def test_every_cause_of_the_records_has_its_sentence() -> None:
    assert set(OF_RECORDS) < set(CAUSES)


def test_a_result_of_a_hearing_that_nothing_was_known_of_is_late() -> None:
    assert total(FEBRUARY, said(2, "hearing of B", "B", "2020-02-04", "3307")) == [("late result", 1, 2)]


def test_a_hearing_that_was_known_without_results_gives_a_late_result() -> None:
    """An empty statement says nothing of any case."""
    empty = said(1, "hearing of B", "none:B", "2020-02-04")
    assert total(FEBRUARY, empty, said(2, "hearing of B", "B", "2020-02-04", "3307")) == [("late result", 1, 2)]


def test_a_case_that_a_later_extract_of_a_known_day_adds_is_late() -> None:
    """The day is the statement, but of this case nothing was known."""
    first = said(1, "mi 3 February", "A", "2020-02-03", "3307", **EXTRACT)
    added = said(2, "mi 3 February", "B", "2020-02-03", "3307", **EXTRACT)
    again = said(2, "mi 3 February", "A", "2020-02-03", "3307", **EXTRACT)
    assert total(first, together(again, added)) == [("late result", 1, 2)]


def test_a_refusal_that_becomes_a_grant_is_amended() -> None:
    refused = said(1, "hearing of B", "B", "2020-02-04", "RFSD")
    assert total(FEBRUARY, refused, said(2, "hearing of B", "B", "2020-02-04", "3307")) == [("amended result", 1, 2)]


def test_a_grant_that_becomes_a_refusal_is_amended() -> None:
    assert total(FEBRUARY, said(2, "hearing of A", "A", "2020-02-03", "RFSD")) == [("amended result", -1, 2)]


def test_a_grant_that_is_gone_while_the_case_has_other_results_at_that_hearing_is_amended() -> None:
    """The line: removed is what leaves no result of the case (at that hearing) at all."""
    other = said(2, "hearing of A", "A", "2020-02-03", "PH97007 4506")
    assert total(FEBRUARY, other) == [("amended result", -1, 2)]


def test_a_result_that_is_taken_back_is_removed() -> None:
    assert total(FEBRUARY, said(2, "hearing of A", "none:A", "2020-02-03")) == [("removed result", -1, 2)]


def test_a_case_that_a_hearing_speaks_of_no_more_is_removed() -> None:
    """A later share replaces all that was said of the hearing; the other case is still there."""
    share = together(said(1, "h", "A", "2020-02-03", "3307", **FEED), said(1, "h", "B", "2020-02-03", "3307", **FEED))
    assert total(share, said(2, "h", "B", "2020-02-03", "3307", **FEED)) == [("removed result", -1, 2)]


def test_a_result_that_was_taken_back_and_is_said_again_is_amended() -> None:
    """It had been known before, so it is not late."""
    taken_back = said(2, "hearing of A", "none:A", "2020-02-03")
    again = said(3, "hearing of A", "A", "2020-02-03", "3307")
    assert total(FEBRUARY, taken_back, again, known=(2, 3)) == [("amended result", 1, 3)]
    assert total(FEBRUARY, taken_back, again, known=(1, 3)) == []


def test_a_case_that_is_known_again_as_another_one_is_a_duplicate_resolved() -> None:
    """The hearing gave the result to a case of its own; now to the case with the reference, which counts already."""
    person = {"defendant_key": "cp:1"} | FEED
    urn = said(1, "hearing in Libra", "urn:A", "2020-01-30", "3307")
    known_as = said(1, "share", "cp:A", "2020-02-03", "3307", **person)
    assert total(urn, known_as, said(2, "share", "urn:A", "2020-02-03", "3307", **person)) == [
        ("duplicate resolved", -1, 2)
    ]


def test_a_case_that_takes_the_place_of_another_is_gained_by_the_same_cause() -> None:
    """Nothing was late: the same order is now known under the reference. In the total the two outweigh each other."""
    person = {"defendant_key": "cp:1"} | FEED
    known_as = said(1, "share", "cp:A", "2020-02-03", "3307", **person)
    assert total(known_as, said(2, "share", "urn:A", "2020-02-03", "3307", **person)) == []
    in_march = said(2, "share", "urn:A", "2020-03-02", "3307", **person)
    assert by_month(known_as, in_march) == [
        ("2020-02", "duplicate resolved", -1, 2),
        ("2020-03", "duplicate resolved", 1, 2),
    ]


def test_a_case_that_goes_while_another_one_comes_on_a_day_of_an_extract_is_no_duplicate() -> None:
    """The rows of an extract have no identity: nothing says that the two are one."""
    first = said(1, "mi 3 February", "A", "2020-02-03", "3307", **EXTRACT)
    other = said(2, "mi 3 February", "B", "2020-02-03", "3307", **EXTRACT)
    assert total(first, other) == [("removed result", -1, 2), ("late result", 1, 2)]


def test_of_two_cases_of_a_hearing_that_have_the_same_person_and_offence_the_one_that_goes_is_removed() -> None:
    """The other one had its own result before, so it took nothing over."""
    same = {"defendant_key": "cp:1"} | FEED
    share = together(said(1, "h", "A", "2020-02-03", "3307", **same), said(1, "h", "B", "2020-02-03", "3307", **same))
    assert total(share, said(2, "h", "B", "2020-02-03", "3307", **same)) == [("removed result", -1, 2)]


def test_a_result_that_gives_way_to_the_feed_is_a_source_change_and_so_is_what_takes_its_place() -> None:
    """In SPI the application has dummy references: it counted as another case than in the feed."""
    spi = said(1, "message", "payload:A", "2020-02-03", "3307", **CP_SPI)
    assert total(spi, said(2, "share", "app:cp:A", "2020-02-03", "3307", **FEED)) == []
    refused = said(2, "share", "app:cp:A", "2020-02-03", "RFSD", **FEED)
    assert total(spi, refused) == [("source change", -1, 2)]
    two = said(3, "another share", "app:cp:B", "2020-02-03", "3307", **FEED)
    three = said(2, "third share", "app:cp:C", "2020-02-03", "3307", **FEED)
    assert total(spi, refused, two, three) == [("source change", 1, 3)]


def test_what_the_feed_says_of_a_day_where_it_sets_nothing_aside_that_counted_is_late() -> None:
    spi = said(1, "message", "payload:A", "2020-02-03", "RFSD", **CP_SPI)
    assert total(spi, said(2, "share", "app:cp:A", "2020-02-03", "3307", **FEED)) == [("late result", 1, 2)]


def test_a_case_that_both_sources_know_by_one_reference_moves_between_systems_by_a_source_change() -> None:
    spi = said(1, "message", "urn:A", "2020-02-03", "3307", **LIBRA)
    mi = said(2, "mi 3 February", "urn:A", "2020-02-03", "3307", **EXTRACT)
    found = parts(spi, mi, by=[["source_system"]], over=[("mi", ["libra"])])
    assert [(p.cell, p.cause, p.by) for p in found] == [
        ((("source_system", "B00LIBRA"),), "source change", -1),
        ((("source_system", "MI"),), "source change", 1),
    ]


def test_what_counts_again_because_the_feed_speaks_of_another_court_now_is_a_source_change() -> None:
    """Landing 3 took back what had set the message aside; the unit it gives back was known since landing 1."""
    spi = said(1, "message", "payload:A", "2020-02-03", "3307", **CP_SPI)
    wrong = said(2, "share", "app:cp:A", "2020-02-03", "RFSD", **FEED)
    moved = said(3, "share", "app:cp:A", "2020-02-03", "RFSD", **(FEED | {"court_ou_code": "B01EF00"}))
    assert total(spi, wrong, moved, known=(2, 3)) == [("source change", 1, 3)]
    assert total(spi, wrong, moved, known=(1, 3)) == []


def test_a_source_that_the_question_leaves_out_is_never_what_sets_aside() -> None:
    """Landing 2 is of a feed that does not count; the message gives way since landing 3."""
    without = replace(SPO, steps=(*SPO.steps, Step("Not this feed", source=("feed",), drop=True)))
    spi = said(1, "message", "payload:A", "2020-02-03", "3307", **CP_SPI)
    left_out = said(2, "share", "app:cp:A", "2020-02-03", "3307", **FEED)
    second = said(3, "second share", "app:cp:A", "2020-02-03", "RFSD", **(FEED | {"source_name": "second feed"}))
    assert total(spi, left_out, second, question=without) == [("source change", -1, 3)]


def test_what_came_out_of_quarantine_is_told_as_that_whatever_it_did() -> None:
    """By file, whether it is named from the folder that was landed or from one above it."""
    late = said(2, "hearing of B", "B", "2020-02-04", "3307", source_file="in/b.xml")
    for file in ("in/b.xml", "b.xml", "all/in/b.xml"):
        assert total(FEBRUARY, late, released=[ReleasedFrom(2, file)]) == [("quarantine released", 1, 2)]
    for other in (ReleasedFrom(3, "in/b.xml"), ReleasedFrom(2, "bb.xml"), ReleasedFrom(2, "out/b.xml")):
        assert total(FEBRUARY, late, released=[other]) == [("late result", 1, 2)]
    taken_back = said(2, "hearing of A", "none:A", "2020-02-03", source_file="all.zip!a.jsonl#3")
    for file in ("all.zip", "all.zip!a.jsonl", "all.zip!a.jsonl#3", "in/all.zip!a.jsonl#3"):
        assert total(FEBRUARY, taken_back, released=[ReleasedFrom(2, file)]) == [("quarantine released", -1, 2)]
    for other in (ReleasedFrom(2, "all.zip!a.jsonl#31"), ReleasedFrom(2, "a.jsonl#3"), ReleasedFrom(2, "mall.zip")):
        assert total(FEBRUARY, taken_back, released=[other]) == [("removed result", -1, 2)]


@pytest.mark.parametrize(
    ("first", "last", "cause"),
    [
        ("2020-02-04", "2020-02-04", "quarantine released"),
        ("2020-02-01", "2020-02-29", "quarantine released"),
        ("2020-02-05", "2020-02-05", "late result"),
    ],
)
def test_a_row_of_an_extract_comes_out_of_quarantine_with_its_day(first: str, last: str, cause: str) -> None:
    late = said(2, "mi 4 February", "B", "2020-02-04", "3307", **EXTRACT)
    released = [ReleasedFrom(2, None, date.fromisoformat(first), date.fromisoformat(last))]
    assert total(FEBRUARY, late, released=released) == [(cause, 1, 2)]


# --- several at once -------------------------------------------------------------------------------------------------


def test_an_earlier_late_hearing_moves_a_case_to_another_month() -> None:
    late = said(2, "earlier hearing of A", "A", "2020-01-30", "3307")
    assert by_month(FEBRUARY, late) == [("2020-01", "late result", 1, 2), ("2020-02", "late result", -1, 2)]
    assert total(FEBRUARY, late) == []


def test_a_later_late_hearing_of_a_case_that_counts_changes_nothing() -> None:
    assert by_month(FEBRUARY, said(2, "later hearing of A", "A", "2020-03-30", "3307")) == []


def test_a_case_that_moves_is_told_by_the_hearing_that_dates_it_not_by_another_one() -> None:
    """Landing 3 amended a hearing in March, which the month of the case does not rest on."""
    march = said(1, "March hearing of A", "A", "2020-03-30", "3307")
    late = said(2, "earlier hearing of A", "A", "2020-01-30", "3307")
    amended = said(3, "March hearing of A", "A", "2020-03-30", "RFSD")
    assert by_month(FEBRUARY, march, late, amended) == [
        ("2020-01", "late result", 1, 2),
        ("2020-02", "late result", -1, 2),
    ]


def test_two_causes_and_several_landings_are_told_apart() -> None:
    history = [
        FEBRUARY,
        said(1, "hearing of B", "B", "2020-02-05", "3307"),
        said(2, "hearing of C", "C", "2020-02-04", "3307"),
        said(3, "hearing of B", "B", "2020-02-05", "RFSD"),
        said(3, "hearing of D", "D", "2020-03-04", "3307"),
        said(3, "hearing of E", "E", "2020-03-04", "3307"),
    ]
    assert total(*history) == [("amended result", -1, 3), ("late result", 1, 2), ("late result", 2, 3)]
    assert total(*history, known=(2, 3)) == [("amended result", -1, 3), ("late result", 2, 3)]
    assert by_month(*history, known=(0, 9)) == [
        ("2020-02", "late result", 1, 1),
        ("2020-02", "late result", 1, 2),
        ("2020-03", "late result", 2, 3),
    ]


def test_a_case_that_several_landings_brought_counts_from_the_first_of_them_on() -> None:
    """Recounted as known after landing 2 it counts."""
    history = [
        FEBRUARY,
        said(2, "second hearing of B", "B", "2020-03-04", "3307"),
        said(3, "first hearing of B", "B", "2020-02-04", "3307"),
    ]
    assert total(*history) == [("late result", 1, 2)]


def test_a_case_that_several_landings_took_back_counts_until_the_last_of_them() -> None:
    history = [
        FEBRUARY,
        said(1, "March hearing of A", "A", "2020-03-30", "3307"),
        said(2, "hearing of A", "none:A", "2020-02-03"),
        said(3, "March hearing of A", "A", "2020-03-30", "RFSD"),
    ]
    assert total(*history) == [("amended result", -1, 3)]


def test_of_one_landing_the_first_cause_in_the_order_says_it() -> None:
    history = [
        said(1, "hearing of B", "B", "2020-02-05", "RFSD"),
        said(2, "hearing of B", "B", "2020-02-05", "3307"),
        said(2, "second hearing of B", "B", "2020-02-06", "3307"),
    ]
    assert total(*history) == [("amended result", 1, 2)]


def test_what_was_landed_before_and_received_later_is_new_too() -> None:
    """A figure as known on an earlier day does not know it, though its landing has a lower number."""
    early = said(1, "hearing of B", "B", "2020-02-04", "3307", received_at=datetime(2020, 6, 1, tzinfo=UTC))
    table = pa.Table.from_pylist([*FEBRUARY, *early], schema=RECORDS)
    before = Records(table, 1, datetime(2020, 5, 31, tzinfo=UTC))
    found = record_revisions(SPO, before, replace(before, as_known_at=NOW), [parse_period("2020Q1")], key=KEY, now=NOW)
    assert [(p.cause, p.by, p.batch) for p in found if not p.cell] == [("late result", 1, 1)]


# --- figures ---------------------------------------------------------------------------------------------------------


def test_every_breakdown_has_its_parts_and_each_period_its_own() -> None:
    late = said(2, "hearing of B", "B", "2020-04-04", "ST19502 3307", police_force="01")
    found = parts(
        FEBRUARY, late, by=[["month", "application_type"], ["police_force"]], periods=["2020Q1", "2020Q2", "2020Q3"]
    )
    assert found == [
        CellRevision("2020Q2", (), "late result", 1, 2),
        CellRevision("2020Q2", (("month", "2020-04"), ("application_type", "vary")), "late result", 1, 2),
        CellRevision("2020Q2", (("police_force", "01"),), "late result", 1, 2),
    ]


def test_a_period_without_data_counts_as_zero_before() -> None:
    assert total(FEBRUARY, known=(0, 1)) == [("late result", 1, 1)]


def test_a_figure_that_is_held_has_no_parts_and_the_open_months_beside_it_have() -> None:
    until = NOW + timedelta(days=1)
    held = replace(SPO, holds=(Hold(parse_period("2020-02"), until, "a test"),))
    late = [said(2, "hearing of B", "B", "2020-02-04", "3307"), said(2, "hearing of C", "C", "2020-03-04", "3307")]
    found = parts(FEBRUARY, *late, by=[["month"]], question=held)
    assert found == [CellRevision("2020Q1", (("month", "2020-03"),), "late result", 1, 2)]


@pytest.mark.parametrize(
    ("unit", "by"), [("case", []), ("defendant", [1]), ("application", [1]), ("order", [1])], ids=list(HOLDERS)
)
def test_a_second_defendant_of_a_case_is_late_in_each_unit_but_the_case(unit: str, by: list[int]) -> None:
    second = said(2, "second hearing of A", "A", "2020-02-03", "3307", defendant_key="asn:2")
    found = total(FEBRUARY, second, unit=unit)
    assert found == [("late result", one, 2) for one in by]


@pytest.mark.parametrize("unit", list(HOLDERS))
@pytest.mark.parametrize(("then", "cause"), [(["RFSD"], "amended result"), ([], "removed result")])
def test_removed_and_amended_mean_the_same_in_every_unit(unit: str, then: list[str], cause: str) -> None:
    """A refused order has no category of order any more; it is amended all the same."""
    assert total(FEBRUARY, said(2, "hearing of A", "A", "2020-02-03", *then), unit=unit) == [(cause, -1, 2)]


def test_an_order_of_another_category_is_amended() -> None:
    """Granted, then recorded as an order: one order is lost and one gained, by one amendment."""
    granted = said(1, "hearing of A", "A", "2020-02-03", "G")
    assert total(granted, said(2, "hearing of A", "A", "2020-02-03", "3307"), unit="order") == []
    both = said(2, "hearing of A", "A", "2020-02-03", "G", "3307")
    assert total(granted, both, unit="order") == [("amended result", 1, 2)]


def test_the_answers_at_hand_are_the_proof_and_wrong_ones_are_refused() -> None:
    late = said(2, "hearing of B", "B", "2020-02-04", "3307")
    table = pa.Table.from_pylist([*FEBRUARY, *late], schema=RECORDS)
    states = [Records(table, newest, NOW) for newest in (1, 2)]
    quarter = [parse_period("2020Q1")]
    before, after = (count_series(SPO, state, quarter, [], key=KEY, now=NOW) for state in states)
    found = record_revisions(SPO, *states, quarter, [], key=KEY, now=NOW, counted=(before, after))
    assert found == [CellRevision("2020Q1", (), "late result", 1, 2)]
    with pytest.raises(ArithmeticError, match="2020Q1 do not add up"):
        record_revisions(SPO, *states, quarter, [], key=KEY, now=NOW, counted=(after, after))
    with pytest.raises(ArithmeticError, match="2020Q1 do not add up"):
        given_parts([], before, after)


def test_a_later_state_that_knows_less_or_goes_by_another_precedence_is_refused() -> None:
    with pytest.raises(ValueError, match="knows less"):
        parts(FEBRUARY, known=(2, 1))
    table = pa.Table.from_pylist(FEBRUARY, schema=RECORDS)
    before, after = Records(table, 1, NOW), Records(table, 2, NOW, precedence_of([("mi", ["libra"])]))
    with pytest.raises(ValueError, match="precedence"):
        record_revisions(SPO, before, after, [parse_period("2020Q1")], key=KEY, now=NOW)
