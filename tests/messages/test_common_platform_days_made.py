"""The day of a hearing and of its results, in made hearings: zones, several sitting days, odd and missing dates."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from extract.contract import Reading, Statement
from extract.cp_days import read_day, read_time

ReadMade = Callable[..., Reading]


def _sitting(*days: str) -> list[dict[str, object]]:
    return [{"sittingDay": day} for day in days]


def _placed(reading: Reading) -> list[tuple[str, str, int]]:
    """Day, how it was found and number of results of every statement, by day."""
    return sorted((s.hearing_date.isoformat(), s.hearing_date_basis, len(s.results)) for s in reading.statements)


def _reasons(reading: Reading) -> list[tuple[str, str]]:
    return [(r.reason, r.place) for r in reading.refusals]


def _share(cp, days: list[dict[str, object]], ordered: tuple[object, ...] = ("2020-02-03",), **more: object) -> bytes:
    results = [cp.result(orderedDate=day) for day in ordered]
    return cp.share(cp.hearing(courtApplications=[cp.application(results)], hearingDays=days), **more)


def test_the_day_of_the_envelope_comes_before_everything_else(cp, read_cp: ReadMade) -> None:
    days = _sitting("2020-02-01T10:00:00Z", "2020-02-02T10:00:00Z")
    reading = read_cp(_share(cp, days, ("2020-02-02",), hearingDay="2020-02-03"))
    assert _placed(reading) == [("2020-02-03", "hearing-day", 1)]


def test_a_sitting_just_before_midnight_in_summer_is_on_the_next_day_and_in_winter_is_not(cp, read_cp) -> None:
    """British Summer Time began on 29 March 2020: 23:30 UTC was 00:30 in London from then on, and 23:30 before."""
    received = datetime(2020, 5, 1, tzinfo=UTC)
    for sitting, day in (
        ("2020-03-27T23:30:00.000Z", "2020-03-27"),
        ("2020-03-28T23:59:59.999Z", "2020-03-28"),
        ("2020-03-29T22:59:59.999Z", "2020-03-29"),
        ("2020-03-29T23:00:00.000Z", "2020-03-30"),
        ("2020-03-31T23:30:00.000Z", "2020-04-01"),
    ):
        reading = read_cp(_share(cp, _sitting(sitting), at="2020-04-20T09:00:00Z"), received)
        assert _placed(reading) == [(day, "sitting-day", 1)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020-04-01", "2020-04-01"),
        ("2020-04-01T00:30:00", "2020-04-01"),
        ("2020-04-01 10:00", "2020-04-01"),
        ("2020-04-01T10:00Z", "2020-04-01"),
        ("2020-03-31T23:30:00+00:00", "2020-04-01"),
        ("2020-04-01T00:30:00+0100", "2020-04-01"),
        ("2020-04-01T00:30+01:00[Europe/London]", "2020-04-01"),
        ("2020-03-31T23:30:00.123456789z", "2020-04-01"),
        ("2020-04-01T10:00:00+01", "2020-04-01"),
    ],
)
def test_every_way_in_which_a_day_is_written_is_read_as_the_day_in_london(text: str, day: str) -> None:
    """A time without an offset is local."""
    assert read_day(text) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "", "DATE_OF_HEARING", "{{ sittingDay }}", "01/04/2020", "2020-4-1", "20200401", "2020-W14-3", "2020-02-30",
        "2020-04-01T", "2020-04-01T25:00Z", "2020-04-01T10:00Z[" + "x" * 99 + "]", "0001-01-01", "9999-12-31T23:59:59Z",
        "2020-04-01T10:00:00+99:00", "١٢٣٤-٠١-٠١", "2020-04-01T10:00:00.000Z " * 9,
    ],
)  # fmt: skip
def test_what_is_no_day_is_not_taken_for_one(text: str) -> None:
    assert read_day(text) is None
    assert read_time(text) is None


def test_a_share_is_dated_to_the_moment_and_a_day_alone_is_no_moment() -> None:
    assert read_time("2020-04-01T10:00:00.123+01:00") == datetime(2020, 4, 1, 9, 0, 0, 123000, UTC)
    assert read_time("2020-04-01T10:00:00") == datetime(2020, 4, 1, 10, tzinfo=UTC)
    assert read_time("2020-04-01") is None


def test_with_several_sitting_days_a_result_is_on_the_one_on_which_it_was_ordered(cp, read_cp: ReadMade) -> None:
    """Sitting days come in any order and some of them twice. A day without results has an empty statement."""
    days = _sitting("2020-02-03T10:00:00Z", "2020-02-01T10:00:00Z", "2020-02-03T14:00:00Z", "2020-02-02T10:00:00Z")
    reading = read_cp(_share(cp, days, ("2020-02-03", "2020-02-01", "2020-02-03")))
    assert _placed(reading) == [
        ("2020-02-01", "ordered-date", 1),
        ("2020-02-02", "sitting-day", 0),
        ("2020-02-03", "ordered-date", 2),
    ]
    positions = [(r.offence_index, r.result_index) for s in reading.statements for r in s.results]
    assert len(set(positions)) == 3


@pytest.mark.parametrize("ordered", ["2020-01-15", "", None, "no date"])
def test_a_result_ordered_on_no_sitting_day_is_on_the_latest_one_before_the_share(cp, read_cp, ordered) -> None:
    days = _sitting("2020-02-04T10:00:00Z", "2020-02-02T10:00:00Z", "2020-02-01T10:00:00Z")
    reading = read_cp(_share(cp, days, (ordered,), at="2020-02-03T09:00:00Z"))
    assert _placed(reading) == [
        ("2020-02-01", "sitting-day", 0),
        ("2020-02-02", "last-sitting-day", 1),
    ]
    assert reading.refusals == ()


def test_where_all_sitting_days_come_after_the_share_the_first_is_taken(cp, read_cp: ReadMade) -> None:
    days = _sitting("2020-02-05T10:00:00Z", "2020-02-04T10:00:00Z")
    assert ("2020-02-04", "last-sitting-day", 1) in _placed(read_cp(_share(cp, days, at="2020-02-03T09:00:00Z")))


@pytest.mark.parametrize("received", ["2020-02-04", "2020-05-01"])
def test_a_sitting_day_after_the_share_has_no_statement_whenever_it_is_received(cp, read_cp, received) -> None:
    """A hearing is listed for several days and shared on the first of them; 24 hours later is the next day too.

    An empty statement would say that nothing was ordered on a day of which the share cannot know, and set aside
    what others say of it.
    """
    days = _sitting("2020-02-01T10:00:00Z", "2020-02-03T10:00:00Z", "2020-02-04T10:00:00Z", "2020-02-24T10:00:00Z")
    reading = read_cp(_share(cp, days), datetime.fromisoformat(f"{received}T12:00:00Z"))
    assert _placed(reading) == [("2020-02-01", "sitting-day", 0), ("2020-02-03", "ordered-date", 1)]
    assert reading.refusals == ()


def test_the_day_of_the_share_is_the_one_in_london(cp, read_cp: ReadMade) -> None:
    """Shared at 23:30 UTC in summer is shared on the next day."""
    received = datetime(2020, 7, 1, tzinfo=UTC)
    days = _sitting("2020-06-10T10:00:00Z", "2020-06-11T10:00:00Z")
    for at, said in (("2020-06-10T22:30:00Z", ["2020-06-10"]), ("2020-06-10T23:30:00Z", ["2020-06-10", "2020-06-11"])):
        assert [day for day, *_ in _placed(read_cp(_share(cp, days, (), at=at), received))] == said


def test_a_day_after_the_share_that_has_a_result_has_a_statement_of_it_alone(cp, read_cp: ReadMade) -> None:
    """Results are ordered ahead; a day that has one is spoken of, also where it was entered in error."""
    days = _sitting("2020-02-03T10:00:00Z", "2020-02-24T10:00:00Z", "2020-02-25T10:00:00Z")
    received = datetime(2020, 5, 1, tzinfo=UTC)
    kept = [("2020-02-03", "ordered-date", 1), ("2020-02-24", "ordered-date", 1)]
    assert _placed(read_cp(_share(cp, days, ("2020-02-03", "2020-02-24")), received)) == kept
    in_error = cp.application([cp.result("4583", "Entered in error", orderedDate="2020-02-24")])
    share = cp.share(cp.hearing(courtApplications=[in_error], hearingDays=days))
    assert _placed(read_cp(share, received)) == [("2020-02-03", "sitting-day", 0), ("2020-02-24", "ordered-date", 0)]
    early = read_cp(share)
    assert _placed(early) == [("2020-02-03", "sitting-day", 0)]
    assert _reasons(early) == [("hearing-to-come", "hearing/courtApplications 1/judicialResults 1/orderedDate")]


@pytest.mark.parametrize("received", ["2020-02-04", "2020-05-01"])
def test_a_hearing_shared_before_it_sat_and_without_results_is_refused_whenever_received(cp, read_cp, received) -> None:
    for days in (["2020-02-24"], ["2020-02-24", "2020-02-25"]):
        reading = read_cp(_share(cp, _sitting(*days), ()), datetime.fromisoformat(f"{received}T12:00:00Z"))
        assert (reading.statements, _reasons(reading)) == ((), [("hearing-to-come", "hearing/hearingDays")])


def test_a_sitting_day_up_to_a_share_that_is_dated_after_its_receipt_is_to_come(cp, read_cp: ReadMade) -> None:
    """Clocks differ by up to a day: shared at 23:30 UTC in summer, a day after the receipt, is two days in London."""
    days = _sitting("2020-06-10T10:00:00Z", "2020-06-12T10:00:00Z")
    share = _share(cp, days, ("2020-06-10",), at="2020-06-11T23:30:00Z")
    reading = read_cp(share, datetime(2020, 6, 10, 12, tzinfo=UTC))
    assert _placed(reading) == [("2020-06-10", "ordered-date", 1)]
    assert _reasons(reading) == [("hearing-to-come", "hearing/hearingDays")]


def test_a_result_on_a_day_still_to_come_is_set_aside_alone(cp, read_cp: ReadMade) -> None:
    days = _sitting("2020-02-03T10:00:00Z", "2020-02-24T10:00:00Z")
    reading = read_cp(_share(cp, days, ("2020-02-03", "2020-02-24")))
    assert _placed(reading) == [("2020-02-03", "ordered-date", 1)]
    assert _reasons(reading) == [("hearing-to-come", "hearing/courtApplications 1/judicialResults 2/orderedDate")]
    assert not reading.statements[0].statement_complete


@pytest.mark.parametrize(
    ("days", "more", "place"),
    [
        (["2020-02-24T10:00:00Z"], {}, "hearing/hearingDays"),
        ([], {"hearingDay": "2020-02-24"}, "envelope/hearingDay"),
    ],
)
def test_a_hearing_still_to_come_is_refused_with_its_day(cp, read_cp, days, more, place) -> None:
    """One dated more than a day after its receipt would hold back every figure of its day."""
    reading = read_cp(_share(cp, _sitting(*days), **more))
    assert reading.statements == ()
    assert _reasons(reading) == [("hearing-to-come", place)]
    assert reading.refusals[0].hearing_date == date(2020, 2, 24)


def test_a_hearing_that_is_all_to_come_and_says_nothing_is_not_passed_over_in_silence(cp, read_cp) -> None:
    reading = read_cp(_share(cp, _sitting("2020-02-24", "2020-02-25"), ()))
    assert (reading.statements, _reasons(reading)) == ((), [("hearing-to-come", "hearing/hearingDays")])


@pytest.mark.parametrize("days", [[], None])
def test_without_sitting_days_results_are_on_the_days_on_which_they_were_ordered(cp, read_cp, days) -> None:
    reading = read_cp(_share(cp, days, ("2020-02-03", "2020-01-31", "DATE_OF_ORDER")))
    assert _placed(reading) == [("2020-01-31", "ordered-date", 1), ("2020-02-03", "ordered-date", 1)]
    assert _reasons(reading) == [("bad-date", "hearing/courtApplications 1/judicialResults 3/orderedDate")]


def test_without_sitting_days_a_result_entered_in_error_still_takes_back_what_its_day_had(cp, read_cp) -> None:
    application = cp.application([cp.result("4583", "Entered in error", orderedDate="2020-01-31")])
    reading = read_cp(cp.share(cp.hearing(courtApplications=[application], hearingDays=[])))
    assert _placed(reading) == [("2020-01-31", "ordered-date", 0)]


def test_a_hearing_that_names_no_day_at_all_is_refused(cp, read_cp: ReadMade) -> None:
    reading = read_cp(_share(cp, [], ()))
    assert (reading.statements, _reasons(reading)) == ((), [("bad-date", "hearing/hearingDays")])


def test_a_sitting_day_that_is_no_date_is_set_aside_and_the_others_tell_the_day(cp, read_cp: ReadMade) -> None:
    reading = read_cp(_share(cp, [*_sitting("DATE_OF_HEARING", "2020-02-03T10:00:00Z"), {"sittingDay": []}, {}]))
    assert _placed(reading) == [("2020-02-03", "sitting-day", 1)]
    assert _reasons(reading) == [
        ("bad-date", "hearing/hearingDays 1/sittingDay"),
        ("bad-shape", "hearing/hearingDays 3/sittingDay"),
        ("bad-date", "hearing/hearingDays 4/sittingDay"),
    ]
    assert not reading.statements[0].statement_complete


def test_a_hearing_day_that_is_no_date_refuses_the_hearing(cp, read_cp: ReadMade) -> None:
    """Under another day it would replace nothing that was said of this one."""
    reading = read_cp(cp.share(hearingDay="{{ hearingDay }}"))
    assert (reading.statements, _reasons(reading)) == ((), [("bad-date", "envelope/hearingDay")])
    assert _placed(read_cp(cp.share(hearingDay=None))) == [("2020-02-03", "sitting-day", 1)]


def test_a_cancelled_sitting_day_has_no_results_but_what_it_had_is_taken_back(cp, read_cp: ReadMade) -> None:
    days = [{"sittingDay": "2020-02-02T10:00:00Z", "isCancelled": True}, {"sittingDay": "2020-02-03T10:00:00Z"}]
    reading = read_cp(_share(cp, days, ("2020-02-02",)))
    assert _placed(reading) == [("2020-02-02", "sitting-day", 0), ("2020-02-03", "sitting-day", 1)]


def test_where_every_sitting_day_was_cancelled_the_results_say_that_it_sat(cp, read_cp: ReadMade) -> None:
    reading = read_cp(_share(cp, [{"sittingDay": "2020-02-03T10:00:00Z", "isCancelled": True}]))
    assert _placed(reading) == [("2020-02-03", "sitting-day", 1)]


def test_a_result_ordered_after_the_share_is_read(cp, read_cp: ReadMade) -> None:
    reading = read_cp(_share(cp, _sitting("2020-02-03T10:00:00Z"), ("2020-02-09",)))
    assert (_placed(reading), reading.refusals) == ([("2020-02-03", "sitting-day", 1)], ())


@pytest.mark.parametrize("time", [None, "", "now", "2020-02-03", 5, [], "2020-02-09T10:00:00Z"])
def test_a_share_without_a_time_or_with_one_after_its_receipt_is_refused(cp, read_cp, time) -> None:
    """A share dated 2099 by mistake would stand above every later one."""
    reading = read_cp(cp.share(at=time))
    assert reading.statements == ()
    assert {r.reason for r in reading.refusals} <= {"bad-share-time", "bad-shape"}
    assert "bad-share-time" in {r.reason for r in reading.refusals}


def test_an_empty_statement_stands_alone_and_for_no_case(cp, read_cp: ReadMade) -> None:
    statement: Statement
    (statement,) = read_cp(_share(cp, _sitting("2020-02-03T10:00:00Z"), ())).statements
    assert statement.results == ()
    assert statement.case_key == f"none:{statement.statement_key}"
    assert (statement.case_key_strength, statement.defendant_key, statement.application_key) == ("weak", None, None)
