"""What is watched over time: each planted fault is told by the check that names it, clean years by none."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest

from expectations.contract import Outcome, stops
from expectations.limits import LEAST_PAST
from expectations.rules import RULES
from expectations.rules_watched import ANSWERED, INSPECTED, WATCHED
from expectations.usual_answers import Counted, Step, alike, steps_kept, watch_figures, watch_steps
from expectations.usual_receipts import Receipt, usual_gap, watch_receipts
from expectations.usual_volumes import watch_volumes
from expectations.volumes import Volume
from expectations.watching import Watched, check_watched
from tests.gates.made_courts import COURTS, MadeCourts, month_of

T = 40  # the month that faults are planted in: May 2021
SIXTH = month_of(T + 1).replace(day=6)


def beyond(rows: Sequence[Watched]) -> list[Watched]:
    """Those that are not as expected, without the seconds that Great Expectations takes to be imported."""
    return [
        row
        for row in rows
        if (row.low is not None and row.observed < row.low) or (row.high is not None and row.observed > row.high)
    ]


def told(made: MadeCourts, as_at: date = SIXTH) -> list[tuple[str, str]]:
    return [(row.rule, row.segment) for row in beyond(watch_volumes(made.volumes(as_at), as_at))]


def test_every_watched_rule_is_in_the_catalogue_and_none_is_critical() -> None:
    """What is unusual may be true, so it never holds a figure back."""
    assert set(WATCHED) <= set(RULES)
    assert {rule.severity for rule in WATCHED} == {"warning", "info"}
    assert all(rule.id.startswith("watched.") and rule.about and rule.remedy for rule in WATCHED)


def test_clean_years_give_at_most_one_warning_in_twenty_looks() -> None:
    """Forty courts, ten forces, two sources, twenty months, looked at on the sixth of each next month."""
    severity = {rule.id: rule.severity for rule in WATCHED}
    made = MadeCourts(seed=20200331)
    looks = [month_of(number).replace(day=6) for number in range(26, 46)]
    rows = [row for as_at in looks for row in watch_volumes(made.volumes(as_at), as_at)]
    assert len(rows) > 20 * 100
    assert sum(severity[row.rule] == "warning" for row in beyond(rows)) <= 1


def test_a_court_that_stops_is_told_as_silent() -> None:
    """A court with some thirty results a month and none in May: one fault, told once, with what was expected."""
    made = MadeCourts(seed=1, times={("B20CE", T): 0})
    (row,) = beyond(watch_volumes(made.volumes(SIXTH), SIXTH))
    assert (row.rule, row.segment) == ("watched.court-silent", "court=B20CE")
    assert row.detail.startswith("Court B20CE has no result of a hearing in May 2021; about 33 were to be expected")
    assert "in each of which it had some" in row.detail


def test_a_small_court_is_told_as_silent_after_some_months() -> None:
    """One month without any is chance where eight are usual and forty courts are looked at; three months are not."""
    months = {("B10CE", T - n): 0.0 for n in range(3)}
    assert told(MadeCourts(seed=1, times=dict([*months.items()][:1]))) == []
    assert told(MadeCourts(seed=1, times=months)) == [("watched.court-silent", "court=B10CE")]


def test_a_court_that_closed_is_not_told_for_ever() -> None:
    """After a year of silence a court is taken as closed."""
    made = MadeCourts(seed=1, times={("B20CE", T - n): 0 for n in range(13)})
    assert told(made) == []


def test_a_court_that_doubles_is_told_for_two_months() -> None:
    """A court with twice its results is told, by its force for information too; and again when the month is settled."""
    made = MadeCourts(seed=1, times={("B30CE", T): 2})
    expected = [
        ("watched.volume-court", "court=B30CE;month=2021-05"),
        ("watched.volume-force", "police_force=01;month=2021-05"),
    ]
    assert told(made) == expected
    assert told(made, month_of(T + 2).replace(day=6)) == expected


def test_half_of_last_month_missing_is_told_of_the_source_alone() -> None:
    """May without its second half: incomplete, with the usual completeness; its courts are not told one by one."""
    made = MadeCourts(seed=1, cut={("spi", T): -15})
    (row,) = beyond(watch_volumes(made.volumes(SIXTH), SIXTH))
    assert (row.rule, row.segment) == ("watched.month-incomplete", "source=spi;month=2021-05")
    assert "48% of the" in row.detail
    assert "So soon after its end a month is usually 99% complete" in row.detail
    assert told(made, month_of(T + 2).replace(day=6)) == [("watched.volume-source", "source=spi;month=2021-05")]


def test_a_source_that_doubles_is_told_of_the_source_alone() -> None:
    """What was landed twice under two names."""
    assert told(MadeCourts(seed=1, times={("cp", T): 2})) == [("watched.volume-source", "source=cp;month=2021-05")]


def test_a_month_is_compared_as_known_so_soon_after_its_end() -> None:
    """On the first of the month much of last month is still to come: that is usual, and nothing is told."""
    made = MadeCourts(seed=1)
    first = month_of(T + 1)
    volumes = made.volumes(first)
    whole = {v.month: v.total for v in volumes[0] if v.what == "month"}
    assert whole[month_of(T)] < 0.97 * whole[month_of(T - 1)]
    assert told(made, first) == []


def test_months_landed_at_once_judge_no_young_month() -> None:
    """Where years were landed in one go nobody knows how soon a month comes: a young month is not judged by them."""
    made = MadeCourts(seed=1, cut={("spi", T): -15})
    late = [
        [Volume(v.what, v.name, v.month, v.in_time, v.total, max(v.first_day, date(2021, 6, 3))) for v in volumes]
        for volumes in made.volumes(SIXTH)
    ]
    rows = watch_volumes(late, SIXTH)
    assert {row.segment.rpartition("=")[2] for row in rows} == {"2021-04"}


def landed(*days: date, refused: int = 1, of: int = 400) -> list[Receipt]:
    return [Receipt(day, refused, of - refused) for day in days]


WEEKLY = [date(2020, 1, 6) + timedelta(days=7 * n) for n in range(30)]
MONTHLY = [month_of(n).replace(day=5 + n % 3) for n in range(20)]
DAILY = [day for n in range(120) if (day := date(2020, 1, 1) + timedelta(days=n)).weekday() < 5]


@pytest.mark.parametrize("days", [WEEKLY, MONTHLY, DAILY])
def test_a_source_three_weeks_late_is_told_and_a_punctual_one_is_not(days: list[date]) -> None:
    """By its own habit: weekly, monthly, or each working day."""
    due = days[-1] + max(later - day for day, later in pairwise(days))
    assert beyond(watch_receipts({"spi": landed(*days)}, due)) == []
    (row,) = beyond(watch_receipts({"spi": landed(*days)}, due + timedelta(days=21)))
    assert (row.rule, row.segment) == ("watched.source-late", "source=spi")
    since = due + timedelta(days=21) - days[-1]
    assert f"{since.days} days ago; usually one comes after" in row.detail


def test_one_outage_in_the_past_does_not_hide_the_next() -> None:
    """The longest gap is no measure: a source that once was away for two months is told after three weeks."""
    days = [*WEEKLY, *(day + timedelta(days=WEEKLY[-1].toordinal() - WEEKLY[0].toordinal() + 60) for day in WEEKLY)]
    assert usual_gap(days) == usual_gap(WEEKLY)


def test_a_source_that_ended_is_not_told_for_ever() -> None:
    """After a year, and with too few deliveries, nothing is said."""
    assert watch_receipts({"spi": landed(*WEEKLY)}, WEEKLY[-1] + timedelta(days=400))[0].rule.endswith("growing")
    assert watch_receipts({"spi": landed(*WEEKLY[:6])}, WEEKLY[5] + timedelta(days=90)) == []


def test_a_quarantine_that_grows_is_told() -> None:
    """Twenty of four hundred set aside, where one is usual."""
    calm = [*landed(*WEEKLY[:-1]), *landed(WEEKLY[-1], refused=4)]
    assert beyond(watch_receipts({"spi": calm}, WEEKLY[-1])) == []
    grown = [*landed(*WEEKLY[:-1]), *landed(WEEKLY[-1], refused=20)]
    (row,) = beyond(watch_receipts({"spi": grown}, WEEKLY[-1]))
    assert (row.rule, row.segment) == ("watched.quarantine-growing", "source=spi")
    assert "20 of 400 were set aside (5.0%)" in row.detail


def steps(offence: int, order: int) -> list[Step]:
    return steps_kept([("known", 10_000), ("offence", offence), ("order", order)])


PAST_STEPS = [steps(1000 + 10 * (n % 3), 918 + 10 * (n % 3) + n % 2) for n in range(10)]


def test_a_step_that_keeps_61_instead_of_92_percent_is_told() -> None:
    """The step that shifted, and no other; shares and periods, never a figure."""
    assert beyond(watch_steps(steps(1005, 924), PAST_STEPS)) == []
    (row,) = beyond(watch_steps(steps(1005, 613), PAST_STEPS))
    assert (row.rule, row.segment) == ("watched.attrition-shift", "step=order")
    assert "keeps 61% of the results instead of 92%" in row.detail
    assert "from the 10 periods before" in row.detail
    assert not {"1005", "613", "924"} & set(row.detail.replace(".", " ").split())


def test_a_step_is_judged_by_earlier_periods_of_its_own_name_only() -> None:
    """A step that a new definition brought has no past yet."""
    assert watch_steps([Step("new", 1, 100)], PAST_STEPS) == []
    assert steps_kept([("known", 10), ("made anew", 12), ("last", 6)]) == [Step("last", 6, 12)]


def quarter(number: int) -> tuple[date, date]:
    return month_of(3 * number), month_of(3 * number + 3) - timedelta(days=1)


PAST_FIGURES = [
    Counted(segment, *quarter(number), base + number % 3)
    for number in range(10)
    for segment, base in (("question=spo", 60), ("police_force=20", 12))
]


def test_a_figure_far_from_its_past_is_told_by_its_direction_only() -> None:
    """Above or below, from how many periods, by which distribution; no number of the question."""
    calm = [Counted("question=spo", *quarter(10), 63), Counted("police_force=20", *quarter(10), 9)]
    assert beyond(watch_figures(calm, PAST_FIGURES)) == []
    high = [Counted("question=spo", *quarter(10), 131), Counted("police_force=20", *quarter(10), 0)]
    whole, force = beyond(watch_figures(high, PAST_FIGURES))
    assert whole.detail == "The figure of the whole lies above what the 10 periods before let expect (Poisson)."
    assert force.detail.startswith("The figure of police force 20 lies below")


def test_figures_of_later_or_longer_periods_say_nothing() -> None:
    """Only earlier periods of the same length: a quarter is not judged by months, nor by quarters after it."""
    first = Counted("question=spo", *quarter(0), 900)
    assert len([p for p in PAST_FIGURES if p.segment == first.segment]) > LEAST_PAST
    assert watch_figures([first], PAST_FIGURES) == []
    one = Counted("question=spo", *quarter(5), 900)
    months = [Counted("question=spo", month_of(n), month_of(n + 1) - timedelta(days=1), 20) for n in range(12)]
    assert watch_figures([one], months) == []
    assert alike(date(2020, 1, 1), date(2020, 3, 31), date(2019, 10, 1), date(2019, 12, 31))
    assert not alike(date(2020, 1, 1), date(2020, 3, 31), date(2019, 1, 1), date(2019, 12, 31))


def by_rule(outcomes: list[Outcome], rule: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.rule == rule]


def test_the_gate_gives_one_outcome_for_the_whole_and_one_for_each_segment_that_differs() -> None:
    """The whole passes with how many segments were looked at; a segment says what was expected."""
    made = MadeCourts(seed=1, times={("B30CE", T): 2})
    outcomes = check_watched(watch_volumes(made.volumes(SIXTH), SIXTH), INSPECTED, SIXTH)
    whole, court = by_rule(outcomes, "watched.volume-court")
    assert (whole.outcome, whole.segment, whole.unexpected) == ("passed", "", 0)
    assert whole.checked > len(COURTS)
    assert (court.outcome, court.checked, court.unexpected) == ("failed", 1, 1)
    assert court.segment == "court=B30CE;month=2021-05"
    assert court.detail.startswith("Court B30CE has 203 results of hearings in May 2021; 50 to 171 were to be expected")
    assert [o.outcome for o in by_rule(outcomes, "watched.court-silent")] == ["passed"]
    assert stops(outcomes) == []


def test_without_a_past_every_rule_passes_with_nothing_checked() -> None:
    """An empty store, or a question's first period."""
    outcomes = check_watched([], ANSWERED, SIXTH)
    assert [(o.rule, o.outcome, o.checked) for o in outcomes] == [(r.id, "passed", 0) for r in ANSWERED]
