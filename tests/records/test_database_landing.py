"""A live database is landed again and again: only what changed becomes a statement, and the newest counts.

All rows are made.
"""

import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import create_engine, make_url

from extract import landing as module
from extract import store
from extract.contract import Texts
from extract.database import DatabaseSource, OffenceFilter, changed_days, day_marks, read_database
from extract.mapping import Mapping
from extract.records import with_delivery
from extract.store import Landing

COLUMNS = {"case_number": "case_no", "hearing_date": "heard", "offence_code": "offence", "result": "result"}
MAPPING = Mapping(Path("live.toml"), "live", None, "%Y-%m-%d", ",", COLUMNS, {}, "", ())
WINDOW = date(2020, 1, 20), date(2020, 2, 10)
STALKING = (OffenceFilter("ST19501"),)
BOTH = (*STALKING, OffenceFilter("TH68001"))


class Live:
    """A made database and the store that it is landed in, an hour between landings."""

    def __init__(self, url: str, records: Path) -> None:
        self.url, self.records = url, records
        self.now = datetime(2020, 6, 1, 9, tzinfo=UTC)
        self.engine = create_engine(url, isolation_level="AUTOCOMMIT")
        self.tell("create table hearing (case_no text, heard date, offence text, result text, changed integer)")
        self.tell("insert into hearing values ('C1', '2020-02-03', 'ST19501', 'SPO', 1)")
        self.tell("insert into hearing values ('C2', '2020-02-03', 'TH68001', '3307', 2)")
        self.tell("insert into hearing values ('C3', '2020-01-21', 'ST19501', 'SPO', 3)")

    def tell(self, statement: str) -> None:
        with self.engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def source(self, codes: tuple[OffenceFilter, ...] | None = None) -> DatabaseSource:
        return DatabaseSource(self.url, table="hearing", changed_at="changed", offence_codes=codes)

    def marks(self) -> dict[date, str]:
        return day_marks(self.source(), MAPPING, WINDOW)

    def land(self, codes: tuple[OffenceFilter, ...] | None = None, days: Collection[date] | None = None) -> Landing:
        self.now += timedelta(hours=1)
        with tempfile.TemporaryDirectory() as spool:
            read = read_database(
                self.source(codes), MAPPING, window=WINDOW, days=days, received_at=self.now,
                texts=Texts(frozenset(), b"key"), spool=Path(spool),
            )  # fmt: skip
            source = module.Source("live", "table", 1, self.now, given=False, by_name=False)
            return module.land(
                self.records, source, with_delivery(read.batches), lambda: read.refusals, landed_at=self.now
            )

    def counting(self) -> dict[str, set[str]]:
        """The cases of the days that have any, by the newest statement of each key."""
        files = list(store.known_files(self.records))
        query = """
            select hearing_date::varchar, case_key from read_parquet($files)
            qualify stated_at = max(stated_at) over (partition by statement_key)
        """
        found: dict[str, set[str]] = {}
        for day, case in duckdb.execute(query, {"files": files}).fetchall():
            if not case.startswith("none:"):
                found.setdefault(day, set()).add(case.removeprefix("case:live:"))
        return found


@pytest.fixture
def live(postgresql_server: str, records: Path) -> Iterator[Live]:
    server = make_url(postgresql_server)
    name = f"l{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    made = Live(server.set(database=name).render_as_string(hide_password=False), records)
    yield made
    made.engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"drop database {name} with (force)")
    admin.dispose()


CHANGES: dict[str, tuple[str, set[str]]] = {
    "a row more": ("insert into hearing values ('C4', '2020-02-05', 'ST19501', 'SPO', 4)", {"2020-02-05"}),
    "a row less": ("delete from hearing where case_no = 'C3'", {"2020-01-21"}),
    "a row otherwise": ("update hearing set result = '4000', changed = 5 where case_no = 'C1'", {"2020-02-03"}),
    "a row on another day": (
        "update hearing set heard = '2020-02-07', changed = 5 where case_no = 'C1'",
        {"2020-02-03", "2020-02-07"},
    ),
}


def test_the_first_landing_states_every_day_and_a_second_of_the_same_lands_nothing(live: Live) -> None:
    first = live.land()
    assert (first.batch, first.statements, first.rows) == (1, 22, 23)
    again = live.land()
    assert (again.batch, again.statements, again.repeated) == (None, 0, 22)
    assert live.counting() == {"2020-02-03": {"C1", "C2"}, "2020-01-21": {"C3"}}


@pytest.mark.parametrize("change", CHANGES)
def test_only_the_days_that_changed_are_landed(live: Live, change: str) -> None:
    statement, days = CHANGES[change]
    live.land()
    live.tell(statement)
    landing = live.land()
    assert (landing.batch, landing.statements, landing.repeated) == (2, len(days), 22 - len(days))


@pytest.mark.parametrize("change", CHANGES)
def test_reading_the_days_whose_marks_changed_is_as_good_as_reading_all(live: Live, change: str) -> None:
    statement, days = CHANGES[change]
    live.land()
    marks = live.marks()
    live.tell(statement)
    changed = changed_days(live.marks(), marks)
    assert {str(day) for day in changed} == days
    landing = live.land(days=changed)
    assert (landing.statements, landing.repeated) == (len(days), 0)
    assert live.land().batch is None


def test_a_day_whose_last_row_was_deleted_counts_nothing_any_more(live: Live) -> None:
    live.land()
    live.tell("delete from hearing where heard = '2020-02-03'")
    live.land()
    assert live.counting() == {"2020-01-21": {"C3"}}


def test_a_row_that_stays_unusable_is_set_aside_once(live: Live) -> None:
    """It has no number, so it is known again by what it holds, wherever it comes in the reading."""
    live.tell("insert into hearing values ('C5', '2020-02-04', 'TOO LONG A CODE', 'SPO', 6)")
    live.tell("insert into hearing values ('C6', null, 'ST19501', 'SPO', 7)")
    assert live.land().refused == {"bad-offence-code": 1, "bad-date": 1}
    live.tell("update hearing set changed = changed + 1 where case_no < 'C5'")  # moves rows, changes no mapped value
    again = live.land()
    assert (again.batch, again.refused, again.refused_again) == (None, {}, 2)


def test_more_offence_codes_restate_the_same_days(live: Live) -> None:
    """The declared filter stays the same text, so a day is replaced and not counted beside itself."""
    live.land(STALKING)
    assert live.counting() == {"2020-02-03": {"C1"}, "2020-01-21": {"C3"}}
    landing = live.land(BOTH)
    assert (landing.statements, landing.repeated) == (1, 21)
    assert live.counting() == {"2020-02-03": {"C1", "C2"}, "2020-01-21": {"C3"}}


def test_a_filter_put_on_a_source_later_does_not_count_its_days_twice(live: Live) -> None:
    """Without and with a filter are different keys: landing refuses the second, as it does for files."""
    live.land()
    landed: Callable[[], Landing] = lambda: live.land(STALKING)  # noqa: E731
    with pytest.raises(Exception, match="another declared filter"):
        landed()
