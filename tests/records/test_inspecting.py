"""An inspection of a records store: what it tells of landed records, as at a time, and that it changes nothing."""

import shutil
from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from expectations.contract import Outcome
from expectations.rules_watched import INSPECTED
from extract import landing, store
from extract.contract import Refusal, Statement
from extract.records import batches
from load.quality import measurements
from pipelines.inspecting import inspect, receipts_of, record_inspection_now, usually_complete, volumes_at
from pipelines.recording import opened
from pipelines.settings import Settings, load_settings

COURTS = {"B01EF01": 30, "B20CE00": 24}
MONTHS = [date(2019 + n // 12, n % 12 + 1, 1) for n in range(16)]
LAST = MONTHS[-1]  # April 2020
Make = Callable[..., Statement]


def last_of(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def received(month: date) -> datetime:
    """A month's results come two days after its end, some a week later."""
    return datetime.combine(last_of(month) + timedelta(days=2), time(6), UTC)


LOOK = received(LAST) + timedelta(days=1)


def said_of(make: Make, month: date, short: dict[str, int]) -> list[Statement]:
    """A month's statements, one result each: every tenth is received a week later than the others."""
    found = []
    for court, usual in COURTS.items():
        for n in range(short.get(court, usual + month.month % 3)):
            at = received(month) + timedelta(days=7 if n % 10 == 9 else 0)
            name = f"{court} {month} {n}"
            found.append(replace(make(name, at, key=name, day=month + timedelta(days=n % 28)), court_ou_code=court))
    return found


def land(path: Path, said: list[Statement], refused: int = 0) -> None:
    faults = [Refusal("bad-date", f"{n}.xml", "Case 1", f"{n:064}") for n in range(refused)]
    at = said[0].received_at
    landing.land(
        path, landing.Source("spi", "spi", len(said), at, given=True, by_name=False), batches(enumerate(said)),
        lambda: faults, landed_at=at,
    )  # fmt: skip


@pytest.fixture(scope="module")
def months_before(statement: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all months but the last."""
    path = tmp_path_factory.mktemp("before") / "records"
    store.prepare(path, "check")
    for month in MONTHS[:-1]:
        land(path, said_of(statement, month, {}))
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"COURTSTATS_HOME": str(tmp_path), "COURTSTATS_STORE": str(tmp_path / "records")})


@pytest.fixture
def last_month(months_before: Path, settings: Settings, statement: Make) -> Callable[..., None]:
    """Land the last month too: in a store of its own, what had been received at the time of the look."""

    def go(short: dict[str, int] | None = None, refused: int = 0) -> None:
        shutil.copytree(months_before, settings.store)
        said = said_of(statement, LAST, short or {})
        land(settings.store, [s for s in said if s.received_at < LOOK], refused)

    return go


def failing(outcomes: list[Outcome]) -> dict[tuple[str, str], str]:
    return {(o.rule, o.segment): o.detail for o in outcomes if o.outcome != "passed"}


def test_a_clean_store_passes_every_rule(settings: Settings, last_month: Callable[..., None]) -> None:
    """Two courts, sixteen months: each rule once, passed, and with segments looked at where there are any."""
    last_month()
    outcomes = inspect(settings, LOOK)
    assert [(o.rule, o.outcome, o.segment) for o in outcomes] == [(r.id, "passed", "") for r in INSPECTED]
    looked_at = {o.rule: o.checked for o in outcomes}
    assert looked_at == {
        "watched.volume-source": 2,
        "watched.volume-court": 4,
        "watched.volume-force": 2,
        "watched.volume-month": 0,
        "watched.court-silent": 2,
        "watched.source-late": 1,
        "watched.month-incomplete": 1,
        "watched.quarantine-growing": 1,
    }


def test_an_empty_store_has_nothing_to_check(settings: Settings) -> None:
    """Before the first landing every rule passes with nothing checked, and no store is made."""
    assert {(o.outcome, o.checked) for o in inspect(settings, LOOK)} == {("passed", 0)}


def test_a_court_that_stops_is_told(settings: Settings, last_month: Callable[..., None]) -> None:
    """The court by its code, the month, what was expected; the source lacks less than would be told."""
    last_month({"B20CE00": 0})
    told = failing(inspect(settings, LOOK))
    assert ("watched.court-silent", "court=B20CE") in told
    assert "Court B20CE has no result of a hearing in April 2020" in told["watched.court-silent", "court=B20CE"]


def test_half_a_month_is_told_as_incomplete_with_what_is_usual(
    settings: Settings, last_month: Callable[..., None]
) -> None:
    """Nine of ten are usually there by then; half of them are not."""
    last_month({court: usual // 2 for court, usual in COURTS.items()})
    told = failing(inspect(settings, LOOK))
    assert list(told) == [("watched.month-incomplete", "source=spi;month=2020-04")]
    assert "a month is usually 91% complete (9" in told["watched.month-incomplete", "source=spi;month=2020-04"]


def test_how_complete_a_month_usually_is(settings: Settings, last_month: Callable[..., None]) -> None:
    """By source, the day after the first delivery and ten days later."""
    last_month()
    assert usually_complete(settings, LOOK)["spi"] == pytest.approx(0.91, abs=0.01)
    assert usually_complete(settings, LOOK + timedelta(days=10))["spi"] == 1


def test_a_source_from_which_nothing_comes_is_told_as_late(settings: Settings, last_month: Callable[..., None]) -> None:
    """Late as a source, and not once more as a short month or as silent courts."""
    last_month()
    outcomes = inspect(settings, LOOK + timedelta(days=45))
    assert list(failing(outcomes)) == [("watched.source-late", "source=spi")]


def test_a_growing_quarantine_is_told(settings: Settings, last_month: Callable[..., None]) -> None:
    """Twelve things set aside in the newest landing, where none ever was."""
    last_month(refused=12)
    told = failing(inspect(settings, LOOK))
    assert list(told) == [("watched.quarantine-growing", "source=spi")]
    assert "12 of" in told["watched.quarantine-growing", "source=spi"]


def test_what_was_received_later_is_not_looked_at(
    settings: Settings, last_month: Callable[..., None], statement: Make
) -> None:
    """The same look at the same time says the same, whatever was landed since: no clock is read."""
    last_month({"B20CE00": 0})
    then = inspect(settings, LOOK)
    late = [statement(f"late {n}", LOOK + timedelta(days=3), key=f"late {n}", day=LAST) for n in range(30)]
    land(settings.store, [replace(s, court_ou_code="B20CE00") for s in late])
    assert inspect(settings, LOOK) == then
    assert ("watched.court-silent", "court=B20CE") not in failing(inspect(settings, LOOK + timedelta(days=4)))


def test_an_amended_statement_counts_once_on_the_day_it_was_first_heard_of(settings: Settings, statement: Make) -> None:
    """Three results instead of one, said two months later: three results, and no delay."""
    at = received(MONTHS[0])
    store.prepare(settings.store, "check")
    land(settings.store, [statement("a", at, day=MONTHS[0])])
    land(settings.store, [statement("b", at + timedelta(days=60), day=MONTHS[0], results=3)])
    (volumes,) = volumes_at(settings.store, at + timedelta(days=90), [5])
    assert {(v.what, v.name, v.month, v.in_time, v.total, v.first_day) for v in volumes} == {
        (what, name, MONTHS[0], 3, 3, at.date())
        for what, name in (("court", "B01EF"), ("police_force", "01"), ("source", "spi"), ("month", ""))
    }


def test_codes_of_one_force_are_one_and_malformed_ones_are_none(settings: Settings, statement: Make) -> None:
    """02 is 01; a code that is no police force, and a court that is no code, are in the whole only."""
    at = received(MONTHS[0])
    forces = {"a": "01", "b": "02", "c": "zz", "d": None}
    made = [statement(name, at, key=name, day=MONTHS[0]) for name in forces]
    store.prepare(settings.store, "check")
    land(
        settings.store,
        [replace(s, police_force=forces[s.payload_hash], court_ou_code="Zebedee's Court") for s in made],
    )
    (volumes,) = volumes_at(settings.store, at, [5])
    assert {(v.what, v.name, v.total) for v in volumes} == {
        ("police_force", "01", 2),
        ("source", "spi", 4),
        ("month", "", 4),
    }


def test_files_that_cannot_be_read_are_an_error_and_no_fault(
    settings: Settings, last_month: Callable[..., None]
) -> None:
    """A lost file: the rules over volumes could not run; what the landings say is judged all the same."""
    last_month()
    Path(store.known_files(settings.store)[-1]).write_bytes(b"no parquet")
    outcomes = inspect(settings, LOOK)
    assert {o.rule for o in outcomes} == {rule.id for rule in INSPECTED}
    assert {o.rule for o in outcomes if o.outcome == "passed"} == {"watched.source-late", "watched.quarantine-growing"}
    assert {o.outcome for o in outcomes} == {"passed", "error"}
    assert usually_complete(settings, LOOK) == {}


def test_what_else_is_known_goes_with_it(settings: Settings) -> None:
    """Outcomes of the caller, of runs that are due, are kept as they are."""
    due = Outcome("watched", "watched.run-overdue", "warning", "failed", 1, 1, "s", "r", "deployment=x")
    assert inspect(settings, LOOK, also=[due])[-1] == due


def test_receipts_are_by_source_and_in_order(settings: Settings, last_month: Callable[..., None]) -> None:
    """Every landing once, by the day on which its content reached us."""
    last_month()
    days = [r.day for r in receipts_of(store.summaries(settings.store))["spi"]]
    assert len(days) == len(MONTHS)
    assert days == sorted(days)


def test_an_inspection_is_kept_in_the_warehouse(settings: Settings, last_month: Callable[..., None]) -> None:
    """What was found at a time can be read back, each segment with its words; a landing or a count is none of it."""
    last_month({"B20CE00": 0})
    first = record_inspection_now(settings, LOOK - timedelta(days=40))
    second = record_inspection_now(settings, LOOK)
    assert second > first
    with opened(settings) as warehouse:
        found = measurements(warehouse)
    assert {(m.owner_kind, m.owner_id, m.subject) for m in found} == {
        ("inspection", first, "all"),
        ("inspection", second, "all"),
    }
    (court,) = [m for m in found if m.segment == "court=B20CE"]
    assert (court.rule, court.outcome, court.owner_id) == ("watched.court-silent", "failed", second)
    assert court.detail.startswith("Court B20CE has no result of a hearing in April 2020")
