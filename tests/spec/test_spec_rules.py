"""What each named rule keeps, case by case."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from extract.contract import RECORDS
from transform.rules import RULES

HEARING = date(2019, 6, 3)
BEFORE, AFTER = date(2019, 5, 1), date(2019, 7, 1)


def kept(rule: str, **columns: Any) -> bool | None:
    """Whether a rule keeps one result of a hearing on 3 June 2019 (a Monday)."""
    row = {"finding": None, "conviction_date": None, "hearing_date": HEARING} | columns
    arrays = [pa.chunked_array([pa.array([row[c]], RECORDS.field(c).type)]) for c in RULES[rule].columns]
    (answer,) = RULES[rule].keeps(*arrays).to_pylist()
    return answer


@pytest.mark.parametrize(
    ("finding", "convicted", "keeps"),
    [
        ("G", None, True), ("g", None, True), ("G", AFTER, True), ("N", None, False), ("N", BEFORE, False),
        (None, BEFORE, True), (None, HEARING, True), (None, AFTER, False), (None, None, False),
    ],
)  # fmt: skip
def test_convicted_by_the_hearing_goes_by_the_finding_and_else_by_the_date(
    finding: str | None, convicted: date | None, keeps: bool
) -> None:
    assert kept("convicted-by-the-hearing@1", finding=finding, conviction_date=convicted) is keeps


@pytest.mark.parametrize(
    ("finding", "convicted", "keeps"),
    [
        ("G", HEARING, True), (None, HEARING, True), ("N", HEARING, False), ("G", BEFORE, False), ("G", AFTER, False),
        (None, BEFORE, False), ("G", None, True), ("g", None, True), ("N", None, False), (None, None, False),
    ],
)  # fmt: skip
def test_convicted_at_the_hearing_leaves_out_later_hearings_of_the_offence(
    finding: str | None, convicted: date | None, keeps: bool
) -> None:
    assert kept("convicted-at-the-hearing@1", finding=finding, conviction_date=convicted) is keeps


@pytest.mark.parametrize(("day", "keeps"), [(3, True), (7, True), (8, False), (9, False), (10, True)])
def test_heard_on_a_weekday_leaves_out_saturdays_and_sundays(day: int, keeps: bool) -> None:
    assert kept("heard-on-a-weekday@1", hearing_date=date(2019, 6, day)) is keeps


@pytest.mark.parametrize(
    ("code", "keeps"),
    [("PH97011", True), ("PH97011B", False), ("PH97006B", False), ("PH97010A", True), ("PH97010E", True), ("B", True)],
)
def test_not_aiding_and_abetting_goes_by_the_letter_in_the_eighth_place(code: str, keeps: bool) -> None:
    assert kept("not-aiding-and-abetting@1", offence_code=code) is keeps


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_looks_only_at_columns_of_the_record_and_says_what_it_keeps(rule: Any) -> None:
    assert set(rule.columns) <= set(RECORDS.names)
    assert rule.says.startswith("Keeps ")


PINNED = {
    "convicted-by-the-hearing@1": "bd32ef698e6f13f7",
    "convicted-at-the-hearing@1": "d9dcb85c7fef069b",
    "not-aiding-and-abetting@1": "5f782596998c02a6",
    "heard-on-a-weekday@1": "ac96f957d51c9034",
}


def test_what_a_version_does_never_changes() -> None:
    """A changed rule is a new version: the digest of each version's code is written down here."""
    assert {rule.id: rule.identity.rpartition(":")[2][:16] for rule in RULES.values()} == PINNED
