"""A revision in a sentence: what it was, what it is, since when, and by how much which cause changed it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from load.publishing import LastPublished
from load.revisions import Part, Revision, SincePublished
from pipelines.revision_words import NOUNS, because, published_sentence, revision_sentence
from transform.contract import CAUSES

LANDED = datetime(2020, 5, 3, 12, tzinfo=UTC)
STORED = datetime(2020, 5, 3, 23, 30, tzinfo=UTC)
"""The fourth of May in London already."""


def part(cause: str = "late result", units: int = 1, batch: int | None = 7, **changes: Any) -> Part:
    known = batch is not None
    more = {"landed_at": LANDED if known else None, "source_name": "police" if known else None, "says": ""} | changes
    return Part(cause=cause, units=units, batch=batch, **more)


def revision(*parts: Part, **changes: Any) -> Revision:
    values = {
        "unit": "case", "period": "2020Q1", "cell": "{}", "vintage": 2, "known_from": STORED, "before": 27,
        "before_status": "counted", "after": 28, "after_status": "counted", "run_id": 2, "previous_run_id": 1,
    }  # fmt: skip
    return Revision(**(values | changes), parts=parts)


def test_one_cause_needs_no_sign_because_the_figures_show_it() -> None:
    assert revision_sentence("2020Q1", revision(part())) == (
        "2020Q1: 27 to 28 on 4 May 2020: one late result, landed on 3 May 2020 (police batch 7)"
    )


def test_several_causes_each_say_by_how_much_and_add_up_to_the_difference() -> None:
    parts = (part(units=2), part("removed result", -1, 8), part("amended result", -1, 8))
    assert because(parts) == (
        "two late results (+2), landed on 3 May 2020 (police batch 7); one removed result (-1), landed on 3 May 2020 "
        "(police batch 8); one amended result (-1), landed on 3 May 2020 (police batch 8)"
    )


def test_one_cause_that_raised_and_lowered_a_figure_is_said_twice() -> None:
    said = because([part("amended result", 2, None), part("amended result", -1, None)])
    assert said == "two amended results (+2); one amended result (-1)"


def test_parts_of_one_cause_from_several_landings_are_one_number() -> None:
    assert because([part(units=2), part(batch=9)]) == (
        "three late results, landed on 3 May 2020 (police batch 7) and on 3 May 2020 (police batch 9)"
    )
    many = because([part(batch=n) for n in range(3, 15)])
    assert many == "12 late results, in 12 landings, from the one on 3 May 2020 (police batch 3) to the one " + (
        "on 3 May 2020 (police batch 14)"
    )


def test_a_landing_that_the_warehouse_has_no_record_of_is_still_named_by_its_number() -> None:
    assert because([part(landed_at=None, source_name=None)]) == "one late result, landed as batch 7"


def test_what_changed_in_a_definition_is_quoted() -> None:
    change = part("definition change", -3, None, says="an interim order no longer counts")
    assert because([change]) == 'three by a definition change ("an interim order no longer counts")'


def test_different_changes_of_one_kind_are_told_apart() -> None:
    said = because([part("code-list change", 1, None, says="A"), part("code-list change", 2, None, says="B")])
    assert said == 'one by a code-list change (+1) ("A"); two by a code-list change (+2) ("B")'


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_can_be_said_of_one_and_of_several(cause: str) -> None:
    assert set(NOUNS) == set(CAUSES)
    assert because([part(cause, 1, None)]).startswith("one ")
    assert because([part(cause, 2_000, None)]).startswith("2,000 ")


def test_a_figure_that_had_no_value_says_why() -> None:
    no_data = revision(part(units=28), before=None, before_status="no data")
    assert revision_sentence("2020Q1", no_data).startswith("2020Q1: [no data] to 28 on")
    cell = revision(part(units=28), before=None, before_status=None)
    assert revision_sentence("2020Q1", cell).startswith("2020Q1: none to 28 on")
    gone = revision(part(units=-27), after=None, after_status=None)
    assert revision_sentence("2020Q1", gone).startswith("2020Q1: 27 to none on")


def test_parts_that_cancel_out_are_said_too() -> None:
    assert "27 to 27 on" in revision_sentence("2020Q1", revision(part(), part("removed result", -1), after=27))


def since(
    *parts: Part, now: int | None = 28, status: str | None = "counted", was: int | None = 27, unexplained: int = 0
) -> SincePublished:
    then = "no data" if was is None else "counted"
    given = LastPublished("FOI 200422009", datetime(2020, 4, 22, 22, 59, tzinfo=UTC), was, then, 1)
    return SincePublished("case", "2020Q1", "{}", now, status, given, parts, unexplained)


def test_a_change_since_the_last_publication_names_it_with_its_day() -> None:
    assert published_sentence("2020Q1", since(part())) == (
        "2020Q1: published as 27 in FOI 200422009 on 22 April 2020, now 28: one late result, landed on 3 May 2020 "
        "(police batch 7)"
    )


def test_what_no_cause_is_recorded_of_is_said_so_that_the_sum_holds() -> None:
    said = published_sentence("2020Q1", since(part(batch=None), now=31, unexplained=3))
    assert said.endswith("now 31: one late result (+1); three without a recorded cause (+3)")


def test_a_published_figure_that_is_none_now_or_was_none_then_says_so() -> None:
    def said(*parts: Part, **changes: Any) -> str:
        return published_sentence("2020Q1", since(*parts, **changes)).split("published as ")[1]

    letter = "in FOI 200422009 on 22 April 2020, now"
    removed = part("removed result", -27, None)
    assert said(removed, now=None, status="no data") == f"27 {letter} [no data]: 27 removed results"
    assert said(removed, now=None, status=None) == f"27 {letter} none: 27 removed results"
    assert said(was=0, now=None, status="no data") == f"0 {letter} [no data]: no statement speaks of its days"
    assert said(was=0, now=None, status=None) == f"0 {letter} none: there is no such cell any more"
    assert said(was=None, now=0) == f"[no data] {letter} 0: statements were landed for its days"
