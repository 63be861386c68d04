"""Shares of one hearing, landed in any order, leave what the last share says; as known earlier, what was said then."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import duckdb
import pytest

from extract import landing, store
from extract.common_platform import read_common_platform
from extract.contract import STATEMENT_ORDER, Statement, Texts
from extract.records import batches

ARRIVED = datetime(2026, 1, 5, 9, tzinfo=UTC)
TEXTS = Texts(frozenset({"withdrawn"}), b"key for tests only")
Said = Counter[tuple[object, ...]]

SEQUENCES = {
    "multi-case-when-case-resulted-second-share": [
        "hearing-results-added-for-day-1",
        "hearing-results-added-for-day-2",
    ],
    "delete-and-add-offence": ["hearing-results-added-for-day-1", "hearing-results-added-for-day-2"],
    "refused-then-withdrawn": ["hearing_application_refused", "hearing_application_withdrawn"],
    "deleted-results": [f"{number}_case_1_results_for_day" for number in (1, 2, 3)],
}
"""The real sequences, each file in the order in which it was shared."""


def _read(data: bytes, arrived: datetime) -> list[Statement]:
    reading = read_common_platform(data, file="made.json", received_at=arrived, texts=TEXTS)
    assert reading.refusals == ()
    return list(reading.statements)


def _land(folder: Path, deliveries: Sequence[Sequence[Statement]]) -> store.Landing:
    """One landing of several deliveries, all received at one time."""
    arrived = deliveries[0][0].received_at
    source = landing.Source("common-platform", "common-platform", len(deliveries), arrived, given=True, by_name=False)
    numbered = [(number, one) for number, statements in enumerate(deliveries) for one in statements]
    return landing.land(folder, source, batches(numbered), lambda: [], landed_at=arrived)


def _standing(folder: Path, known_at: datetime = ARRIVED + timedelta(days=99)) -> Said:
    """The results that stood at a time: those of the statement that is the greatest of its key by then."""
    order = ", ".join(STATEMENT_ORDER)
    query = f"""
        with known as (from read_parquet($files) where received_at <= $known_at),
        latest as (select statement_key, max(row({order})) as one from known group by statement_key)
        select known.hearing_date, case_key, application_key, defendant_key, level, offence_code, result_code,
            result_short_code, result_text_digest
        from known join latest using (statement_key)
        where row({order}) = latest.one and result_index is not null
    """
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        asked = {"files": list(store.known_files(folder)), "known_at": known_at}
        return Counter(con.execute(query, asked).fetchall())


def _said(statements: Sequence[Statement]) -> Said:
    return Counter(
        (
            one.hearing_date,
            one.case_key,
            one.application_key,
            one.defendant_key,
            result.level,
            result.offence_code,
            result.result_code,
            result.result_short_code,
            result.result_text_digest,
        )
        for one in statements
        for result in one.results
    )


def _check_any_order(tmp_path: Path, shares: Sequence[bytes]) -> None:
    """Land the shares in every order, one after the other, and look at what stands after each arrival."""
    said = [_said(_read(share, ARRIVED)) for share in shares]
    for number, order in enumerate(permutations(range(len(shares)))):
        folder = tmp_path / str(number)
        store.prepare(folder, "check")
        times = [ARRIVED + timedelta(hours=hour) for hour in range(len(order))]
        for share, time in zip(order, times, strict=True):
            assert _land(folder, [_read(shares[share], time)]).statements == 1
        for hour, time in enumerate(times):
            assert _standing(folder, time) == said[max(order[: hour + 1])], (order, hour)
        assert _standing(folder) == said[-1]


@pytest.mark.parametrize("folder", SEQUENCES)
def test_a_real_sequence_leaves_what_its_last_share_says_in_any_order_of_arrival(
    folder: str, shared_messages: Path, tmp_path: Path
) -> None:
    """As known at each arrival, the latest share of those that had arrived stands."""
    files = [shared_messages / "common-platform" / folder / f"{name}.json" for name in SEQUENCES[folder]]
    _check_any_order(tmp_path, [file.read_bytes() for file in files])


@pytest.mark.parametrize("folder", SEQUENCES)
def test_a_real_sequence_in_one_landing_leaves_what_its_last_share_says(
    folder: str, shared_messages: Path, tmp_path: Path
) -> None:
    files = [shared_messages / "common-platform" / folder / f"{name}.json" for name in SEQUENCES[folder]]
    shares = [_read(file.read_bytes(), ARRIVED) for file in files]
    for number, order in enumerate(permutations(shares)):
        store.prepare(tmp_path / str(number), "check")
        done = _land(tmp_path / str(number), order)
        assert (done.undecided, done.repeated) == (0, 0)
        assert _standing(tmp_path / str(number)) == _said(shares[-1])


def test_what_the_real_sequences_end_with(shared_messages: Path, tmp_path: Path) -> None:
    """Refused, then withdrawn; an offence entered in error; results deleted and others put in their place."""

    def final(folder: str) -> list[tuple[object, ...]]:
        store.prepare(tmp_path / folder, "check")
        for name in SEQUENCES[folder]:
            data = (shared_messages / "common-platform" / folder / f"{name}.json").read_bytes()
            _land(tmp_path / folder, [_read(data, ARRIVED)])
        return sorted((row[4:8] for row in _standing(tmp_path / folder)), key=str)

    assert final("refused-then-withdrawn") == [("APPLICATION", "MC80524", "2063", "WDRN")]
    assert {row[0] for row in final("delete-and-add-offence")} == {"APPLICATION"}
    assert [row[2] for row in final("deleted-results") if row[0] == "OFFENCE"].count("1018") == 2


def test_the_same_share_again_changes_nothing(cp, tmp_path: Path) -> None:
    """Made: the same document with its keys in another order, and an envelope that says that it is a re-share."""
    store.prepare(tmp_path / "s", "check")
    first = cp.share(hearingDay="2020-02-03")
    document = json.loads(first)
    again = json.dumps(
        {"isReshare": True, **dict(reversed(document.items())), "hearing": dict(reversed(document["hearing"].items()))}
    ).encode()
    assert _land(tmp_path / "s", [_read(first, ARRIVED)]).statements == 1
    done = _land(tmp_path / "s", [_read(again, ARRIVED + timedelta(days=1))])
    assert (done.batch, done.repeated) == (None, 1)


def test_a_share_of_a_hearing_with_several_cases_is_one_statement(cp, tmp_path: Path) -> None:
    """Made: three people and an application; landed once, and repeated once."""
    store.prepare(tmp_path / "s", "check")
    cases = [cp.case(urn=f"01ZD030322{n}", id=f"{n}{cp.CASE[1:]}") for n in (1, 2, 3)]
    data = cp.share(cp.hearing(prosecutionCases=cases, courtApplications=[cp.application()]))
    done = _land(tmp_path / "s", [_read(data, ARRIVED)])
    assert (done.statements, done.rows) == (1, 4)
    assert _land(tmp_path / "s", [_read(data, ARRIVED + timedelta(days=1))]).repeated == 1
    assert len(_standing(tmp_path / "s")) == 4


def test_a_share_with_nothing_left_takes_every_result_back(cp, tmp_path: Path) -> None:
    """Made: granted, then entered in error, then granted again, in any order of arrival."""
    shares = [
        cp.share(cp.hearing(courtApplications=[cp.application(results)]), at=f"2020-02-03T15:0{minute}:00.000Z")
        for minute, results in enumerate(([cp.result()], [cp.result(), cp.result("4583", "Entered in error")]))
    ]
    _check_any_order(tmp_path, shares)
    _check_any_order(tmp_path / "more", [*shares, shares[0].replace(b"15:00:00", b"15:30:00")])


def test_a_result_that_moves_to_another_sitting_day_leaves_the_first(cp, tmp_path: Path) -> None:
    """Made: without a day in the envelope, a share is a snapshot of all sitting days of the hearing."""
    days = [{"sittingDay": f"2020-02-0{day}T10:00:00.000Z"} for day in (3, 4)]

    def share(ordered: str, at: str) -> bytes:
        application = cp.application([cp.result(orderedDate=ordered)])
        return cp.share(cp.hearing(courtApplications=[application], hearingDays=days), at=at)

    first, second = share("2020-02-03", "2020-02-04T15:00:00Z"), share("2020-02-04", "2020-02-04T16:00:00Z")
    for name, order in (("a", (first, second)), ("b", (second, first))):
        store.prepare(tmp_path / name, "check")
        for hour, data in enumerate(order):
            assert _land(tmp_path / name, [_read(data, ARRIVED + timedelta(hours=hour))]).statements == 2
        assert [day.isoformat() for day, *_ in _standing(tmp_path / name)] == ["2020-02-04"]


def test_landed_hearings_satisfy_the_rules_of_the_records(cp, tmp_path: Path, shared_messages: Path) -> None:
    """The rules on positions, empty statements and strength of keys that the gate holds every landing to."""
    store.prepare(tmp_path / "s", "check")
    messages = shared_messages / "common-platform"
    files = [messages / folder / f"{name}.json" for folder, names in SEQUENCES.items() for name in names]
    deliveries = [_read(file.read_bytes(), ARRIVED) for file in files]
    deliveries.append(_read(cp.share(cp.hearing(courtApplications=[cp.application([])])), ARRIVED))
    _land(tmp_path / "s", deliveries)
    with duckdb.connect() as con:
        con.read_parquet(list(store.known_files(tmp_path / "s"))).create_view("records")
        broken = con.execute(
            """
            select statement_key from records group by statement_key, payload_hash, case_index
            having count(*) <> count(distinct (offence_index, result_index))
                or (count(*) > 1 and count(*) filter (where result_index is null) > 0)
                or bool_or((case_key_strength = 'weak') <> regexp_matches(case_key, '^(payload|none):'))
                or count(distinct hearing_date) > 1
            """
        ).fetchall()
    assert broken == []
