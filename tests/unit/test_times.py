"""Dates and times as people type them: days in London, both ends included."""

from datetime import UTC, date, datetime

import pytest

from pipelines.times import TimeError, parse_covers, parse_day, parse_time


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2020-01-31", datetime(2020, 1, 31, 23, 59, 59, 999999, UTC)),
        ("2020-03-29", datetime(2020, 3, 29, 22, 59, 59, 999999, UTC)),  # British Summer Time began that day
        ("2020-07-06", datetime(2020, 7, 6, 22, 59, 59, 999999, UTC)),
        ("20200706", datetime(2020, 7, 6, 22, 59, 59, 999999, UTC)),  # however a date is written
        ("2020-07-06T17:00", datetime(2020, 7, 6, 16, 0, tzinfo=UTC)),
        ("2020-07-06T17:00Z", datetime(2020, 7, 6, 17, 0, tzinfo=UTC)),
        ("2020-07-06T17:00+02:00", datetime(2020, 7, 6, 15, 0, tzinfo=UTC)),
    ],
)
def test_a_date_is_the_end_of_its_day_and_a_time_without_zone_is_londons(typed: str, meant: datetime) -> None:
    assert parse_time(typed, "--as-known-at") == meant


@pytest.mark.parametrize("typed", ["31/03/2020", "2020-02-30", "tomorrow", ""])
def test_what_is_no_date_is_refused_with_the_option_and_a_remedy(typed: str) -> None:
    with pytest.raises(TimeError, match=r"--from.*Write it as 2020-03-31"):
        parse_day(typed, "--from")
    with pytest.raises(TimeError, match="--as-known-at"):
        parse_time(typed, "--as-known-at")


def test_covers_is_two_days_both_included() -> None:
    assert parse_covers("2020-01-01..2020-03-31") == (date(2020, 1, 1), date(2020, 3, 31))
    for wrong in ("2020-01-01", "2020-03-31..2020-01-01", "a..b"):
        with pytest.raises(TimeError, match="--covers"):
            parse_covers(wrong)
