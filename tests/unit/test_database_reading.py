"""A window of a live database becomes the same records as a file of the same rows; nothing of it is changed.

All rows are made. PostgreSQL is a real one; SQLite where the rule does not depend on the database.
"""

import contextlib
import hashlib
import os
import random
import re
import resource
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.engine import Engine

from extract import database
from extract.contract import PARSED, ExtractError, Texts
from extract.database import (
    DatabaseSource,
    OffenceFilter,
    changed_days,
    day_marks,
    mapping_as_read,
    read_database,
    sample,
)
from extract.mapping import Mapping
from extract.tables import TableReading, read_tables

RECEIVED = datetime(2020, 6, 1, 9, tzinfo=UTC)
TEXTS = Texts(frozenset({"granted"}), b"key")
COLUMNS = {"case_number": "case_no", "hearing_date": "heard", "offence_code": "offence", "result": "result"}
MAPPING = Mapping(Path("live.toml"), "live", "MIS", "%Y-%m-%d", ",", COLUMNS, {}, "", ())
FEBRUARY = date(2020, 2, 1), date(2020, 2, 29)
DAY1, DAY2, DAY3, DAY4 = (date(2020, 2, day) for day in (3, 4, 5, 6))
TABLE = "create table hearing (case_no text, heard date, offence text, result text, name text, changed integer)"
ROWS = [
    ("C1", "2020-02-03", "ST19501", "SPO", "Planted Person", 1),
    ("C2", "2020-02-03", "st19502 ", "Granted", "Planted Person", 2),
    ("C3", "2020-02-05", "TH68001", "3307", "Planted Person", 3),
]
LONG = os.environ.get("LONG_TESTS") == "1"
NOW: Callable[[float], None] = lambda _seconds: None  # noqa: E731 - the wait of a test


class Live:
    """A made database: what it is told, and what is read of it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.numbers = url, folder, count()
        self.engine = create_engine(make_url(url), isolation_level="AUTOCOMMIT")

    def tell(self, *statements: str) -> None:
        with self.engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement if "sqlite" in self.url else statement.replace("%", "%%"))

    def add(self, *rows: tuple[Any, ...], table: str = "hearing") -> None:
        values = (
            ", ".join("null" if v is None else f"'{v}'" if isinstance(v, str) else str(v) for v in r) for r in rows
        )
        self.tell(*(f"insert into {table} values ({v})" for v in values))

    def source(self, **changes: Any) -> DatabaseSource:
        facts = {"url": self.url, "table": "hearing"} | changes
        return DatabaseSource(**(facts | {"table": None} if facts.get("query") else facts))

    def read(
        self, mapping: Mapping = MAPPING, window: tuple[date, date] = FEBRUARY, **changes: Any
    ) -> tuple[list[dict[str, Any]], TableReading]:
        options = {name: changes.pop(name) for name in ("days", "done", "note", "waiting") if name in changes}
        spool = self.folder / f"spool {next(self.numbers)}"
        spool.mkdir()
        reading = read_database(
            self.source(**changes), mapping, window=window, received_at=RECEIVED, texts=TEXTS, spool=spool,
            **({"waiting": NOW} | options),
        )  # fmt: skip
        records = pa.Table.from_batches(list(reading.batches), PARSED).to_pylist()
        assert len(records) == reading.rows
        return records, reading

    def marks(self, window: tuple[date, date] = FEBRUARY, **changes: Any) -> dict[date, str]:
        return day_marks(self.source(changed_at="changed", **changes), MAPPING, window, waiting=NOW)

    def fault(self, mapping: Mapping = MAPPING, **changes: Any) -> ExtractError:
        with pytest.raises(ExtractError) as raised:
            self.read(mapping, **changes)
        return raised.value


@pytest.fixture
def live(url: str, tmp_path: Path) -> Iterator[Live]:
    """The made table, in SQLite and in PostgreSQL."""
    if url.startswith("sqlite"):
        (tmp_path / "a % folder").mkdir()
    made = Live(url, tmp_path)
    made.tell(TABLE)
    made.add(*ROWS)
    yield made
    made.engine.dispose()


@pytest.fixture
def postgresql(postgresql_server: str, tmp_path: Path) -> Iterator[Live]:
    """The made table in a PostgreSQL database of its own."""
    server = make_url(postgresql_server)
    name = f"d{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    made = Live(server.set(database=name).render_as_string(hide_password=False), tmp_path)
    made.tell(TABLE)
    made.add(*ROWS)
    yield made
    made.engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"drop database {name} with (force)")
    admin.dispose()


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """Every statement that any database is asked."""
    statements: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    yield statements
    event.remove(Engine, "before_cursor_execute", listen)


def cases(records: list[dict[str, Any]]) -> list[str]:
    return sorted(r["case_key"].removeprefix("case:live:") for r in records if r["result_index"])


def days(records: list[dict[str, Any]]) -> set[date]:
    return {r["hearing_date"] for r in records}


def test_rows_of_a_table_are_the_records_of_a_file_with_the_same_rows(live: Live) -> None:
    """Only the name of the file differs: a day has the same hash wherever its rows come from."""
    path = live.folder / "hearing"
    path.write_text("\n".join([",".join(COLUMNS.values()), *(",".join(map(str, r[:4])) for r in ROWS)]))
    (live.folder / "files").mkdir()
    of_file = read_tables(
        [path], ["hearing"], MAPPING, covers=FEBRUARY, received_at=RECEIVED, texts=TEXTS, spool=live.folder / "files"
    )
    expected = pa.Table.from_batches(list(of_file.batches), PARSED).to_pylist()
    records, reading = live.read()
    assert records == expected
    assert (reading.refusals, cases(records)) == ((), ["C1", "C2", "C3"])


def test_every_day_of_the_window_is_stated_and_days_without_rows_are_empty(live: Live) -> None:
    records, reading = live.read()
    assert reading.statements == 29
    assert sum(r["result_index"] is None for r in records) == 27
    assert days(records) == {date(2020, 2, day) for day in range(1, 30)}
    assert all(r["statement_complete"] for r in records)


def test_rows_outside_the_window_are_left_where_they_are(live: Live) -> None:
    records, reading = live.read(window=(DAY2, DAY3))
    assert (cases(records), days(records), reading.refusals) == (["C3"], {DAY2, DAY3}, ())


def test_only_the_days_asked_for_are_read_and_stated(postgresql: Live) -> None:
    records, _ = postgresql.read(days={DAY3, DAY4, date(2020, 3, 1)})
    assert (cases(records), days(records)) == (["C3"], {DAY3, DAY4})
    assert postgresql.read(days=())[1].statements == 0


def test_no_column_but_the_mapped_ones_is_selected(live: Live, asked: list[str]) -> None:
    records, _ = live.read()
    assert "planted" not in str(records).casefold()
    selects = [s for s in asked if "FROM hearing" in s]
    assert selects
    assert all("*" not in s and "name" not in s for s in selects)


def test_a_role_that_may_read_the_mapped_columns_alone_is_enough(postgresql: Live) -> None:
    role = f"r{uuid.uuid4().hex}"
    postgresql.tell(f"create role {role} login", f"grant select (case_no, heard, offence, result) on hearing to {role}")
    narrow = make_url(postgresql.url).set(username=role).render_as_string(hide_password=False)
    try:
        assert cases(postgresql.read(url=narrow)[0]) == ["C1", "C2", "C3"]
        fault = postgresql.fault(url=narrow, mapping=replace(MAPPING, columns=COLUMNS | {"defendant": "name"}))
        assert "may not read" in str(fault)
        assert not fault.passing
    finally:
        postgresql.tell(f"drop owned by {role}", f"drop role {role}")


def test_the_transaction_cannot_write(postgresql: Live) -> None:
    """A SELECT can call a function that writes: the transaction refuses it, and nothing is written."""
    postgresql.tell(
        "create table seen (n int)",
        "create function peek() returns text language sql as 'insert into seen values (1) returning ''x'''",
    )
    query = "select case_no, heard, offence, peek() as result from hearing"
    assert "it would write" in str(postgresql.fault(query=query))
    with postgresql.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from seen").scalar() == 0


def test_a_sqlite_file_is_opened_so_that_it_cannot_be_written(live: Live) -> None:
    if not live.url.startswith("sqlite"):
        pytest.skip("the rule for PostgreSQL is tested beside this one")
    path = Path(str(make_url(live.url).database))
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.chmod(0o444)
    assert cases(live.read()[0]) == ["C1", "C2", "C3"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [p.name for p in path.parent.iterdir()] == ["warehouse.db"]
    missing = live.fault(url="sqlite:////nowhere/there.db")
    assert "cannot be opened" in str(missing)


def test_what_others_change_during_the_reading_is_not_seen(postgresql: Live) -> None:
    """One state of the database: rows added, changed and deleted after the first batch are those of the beginning."""
    postgresql.add(("C4", "2020-03-02", "ST19501", "SPO", "", 4), ("C5", "2020-04-02", "ST19501", "SPO", "", 5))

    def meddle(_rows: int) -> None:
        postgresql.tell(
            "delete from hearing where case_no = 'C4'",
            "update hearing set result = '4000'",
            "insert into hearing values ('C6', '2020-04-02', 'ST19501', 'SPO', '', 6)",
        )

    records, _ = postgresql.read(window=(FEBRUARY[0], date(2020, 4, 30)), batch_rows=1, done=meddle)
    assert cases(records) == ["C1", "C2", "C3", "C4", "C5"]
    assert "4000" not in {r["result_code"] for r in records}


def test_a_statement_that_takes_too_long_is_given_up(postgresql: Live) -> None:
    query = "select case_no, heard, offence, result, pg_sleep(5) from hearing"
    fault = postgresql.fault(query=query + " offset 0", statement_timeout=0.2)
    assert fault.passing
    assert "statement timeout" in str(fault)


def test_values_of_every_plain_type_become_their_exact_text(postgresql: Live) -> None:
    postgresql.tell(
        "create table typed (case_no numeric(20, 4), heard timestamp, offence char(12), result numeric(8, 2),"
        " urn bigint, disposed boolean, convicted date, defendant uuid, application double precision)",
        "insert into typed values (12345678901234.5, '2020-02-03 23:59:59', 'ST19501', 3307.00, 9007199254740993, true,"
        " '2020-01-31', '00000000-0000-0000-0000-000000000012', 7)",
        "insert into typed values (17, '2020-02-04', 'ST19501', 401, null, null, null, null, 0.5)",
    )
    mapping = replace(
        MAPPING,
        columns=COLUMNS
        | {
            "final_disposal": "disposed",
            "conviction_date": "convicted",
            "defendant": "defendant",
            "application": "application",
        },
    )
    records, reading = postgresql.read(mapping, table="typed")
    assert reading.refusals == ()
    first, second = (r for r in records if r["result_index"])
    assert [r["case_key"] for r in (first, second)] == ["case:live:12345678901234.5000", "case:live:17"]
    assert [r["result_code"] for r in (first, second)] == ["3307", "401"]
    assert [r["hearing_date"] for r in (first, second)] == [DAY1, DAY2]
    assert (first["final_disposal"], first["conviction_date"]) == (True, date(2020, 1, 31))
    assert (first["application_key"], second["application_key"]) == ("app:live:7", "app:live:0.5")
    assert first["offence_code"] == "ST19501"
    urn = replace(MAPPING, columns=COLUMNS | {"case_number": "urn"})
    assert "case:live:9007199254740993" in {r["case_key"] for r in postgresql.read(urn, table="typed")[0]}


def test_a_time_with_a_zone_is_a_day_in_london(postgresql: Live) -> None:
    """In summer the day begins at 23:00 UTC; the rows at its edges are neither lost nor read twice."""
    postgresql.tell(
        "create table zoned (case_no text, heard timestamptz, offence text, result text, changed int)",
        *(
            f"insert into zoned values ('{case}', '{at}', 'ST19501', 'SPO', 1)"
            for case, at in {
                "1": "2020-04-30 22:59:59+00", "2": "2020-04-30 23:00:00+00", "3": "2020-05-01 22:59:59+00",
                "4": "2020-05-01 23:00:00+00", "5": "2020-02-03 23:30:00+00",
                "6": "2020-03-29 00:30:00+00", "7": "2020-03-29 22:59:00+00",
                "8": "2020-03-29 23:00:00+00",
            }.items()
        ),
    )  # fmt: skip
    first_of_may = date(2020, 5, 1), date(2020, 5, 1)
    assert cases(postgresql.read(window=first_of_may, table="zoned")[0]) == ["2", "3"]
    records, reading = postgresql.read(window=(date(2020, 1, 1), date(2020, 5, 31)), table="zoned")
    heard = {r["case_key"].removeprefix("case:live:"): r["hearing_date"] for r in records if r["result_index"]}
    assert (len(heard), reading.refusals) == (8, ())
    assert heard["5"] == DAY1
    assert [heard[n] for n in "678"] == [date(2020, 3, 29), date(2020, 3, 29), date(2020, 3, 30)]
    marks = day_marks(postgresql.source(table="zoned", changed_at="changed"), MAPPING, first_of_may, waiting=NOW)
    assert marks[first_of_may[0]].startswith("2:")


def test_a_date_kept_as_iso_text_is_compared_as_text(live: Live) -> None:
    live.tell("create table texts (case_no text, heard text, offence text, result text)")
    live.add(*(r[:4] for r in ROWS), ("C4", " 2020-02-29 ", "ST19501", "SPO"), table="texts")
    live.add(("C5", "2020-03-01", "ST19501", "SPO"), table="texts")
    records, reading = live.read(table="texts")
    assert (cases(records), reading.refusals) == (["C1", "C2", "C3", "C4"], ())
    some, _ = live.read(table="texts", days={DAY1})
    assert (cases(some), days(some)) == (["C1", "C2"], {DAY1})
    assert cases(live.read(table="texts", days={date(2020, 2, 29)})[0]) == ["C4"]


def test_texts_in_another_format_are_refused_with_the_remedy(live: Live) -> None:
    live.tell("create table texts (case_no text, heard text, offence text, result text)")
    live.add(("C1", "03/02/2020", "ST19501", "SPO"), table="texts")
    said = str(live.fault(replace(MAPPING, date_format="%d/%m/%Y"), table="texts"))
    assert "%d/%m/%Y" in said
    assert "a query that casts it to a date" in said
    assert "begins like 2020-01-31" in str(live.fault(table="texts"))


def test_a_query_is_read_as_a_table_is(live: Live) -> None:
    query = "select case_no, heard, offence, result, changed from hearing where result <> 'SPO' and '12:30' <> ' :x'; "
    records, reading = live.read(query=query)
    assert (cases(records), reading.statements) == (["C2", "C3"], 29)
    assert len(live.marks(query=query)) == 29
    look = sample(live.source(query=query), MAPPING, FEBRUARY, received_at=RECEIVED, texts=TEXTS)
    assert (look.columns[-1], look.rows) == ("changed", 2)


def test_a_time_that_a_query_casts_to_a_date_is_a_day_in_london_too(postgresql: Live) -> None:
    """Whatever zone the server or the role has set."""
    query = (
        "select 'C1' as case_no, timestamptz '2020-07-01 23:30+00'::date as heard, 'ST19501' as offence, 3307 as result"
    )
    postgresql.tell(f"alter database {make_url(postgresql.url).database} set timezone = 'UTC'")
    received = RECEIVED.replace(month=8)
    spool = postgresql.folder / "cast"
    spool.mkdir()
    window = date(2020, 7, 1), date(2020, 7, 3)
    reading = read_database(
        postgresql.source(query=query), MAPPING, window=window, received_at=received, texts=TEXTS, spool=spool
    )
    records = [r for batch in reading.batches for r in batch.to_pylist()]
    assert [r["hearing_date"] for r in records if r["result_index"]] == [date(2020, 7, 2)]


def test_a_query_can_cast_what_the_table_does_not(postgresql: Live) -> None:
    """Colons, percent signs, comments and a semicolon of the query are its own."""
    query = """
        with made as (select 'C:9' as "Case", '03/02/2020' as d, 'ST19501'::text as o, 'SPO' as r)
        select "Case", to_date(d, 'DD/MM/YYYY') as heard, o as offence, r as result from made
        where 'a:b %s' = 'a:b ' || '%' || 's' and '12:30' <> ' :heard' -- the last line
    ;
    """
    mapping = replace(MAPPING, columns=COLUMNS | {"case_number": "Case"})
    records, _ = postgresql.read(mapping, query=query)
    assert [r["hearing_date"] for r in records if r["result_index"]] == [DAY1]
    assert {r["source_file"] for r in records} == {"query"}
    assert "is not one SELECT" in str(postgresql.fault(query="delete from hearing"))
    assert "is not one SELECT" in str(postgresql.fault(query="select 1; select 2"))


def test_a_row_without_a_readable_date_makes_every_day_incomplete(live: Live) -> None:
    """It could belong to any day: it is refused once, at a place that stays, and no day is taken as whole."""
    live.add(("C9", None, "ST19501", "SPO", "", 9), ("C9", None, "ST19501", "SPO", "", 9))
    records, reading = live.read(window=(DAY1, DAY1))
    assert [(r.reason, r.file, r.place) for r in reading.refusals] == [
        ("bad-date", "hearing", "row of the database"),
        ("bad-date", "hearing", "row of the database, 2 alike"),
    ]
    assert [r["statement_complete"] for r in records] == [False, False]
    assert cases(records) == ["C1", "C2"]


def test_a_text_that_is_no_day_of_the_calendar_is_refused_and_not_lost(live: Live) -> None:
    live.tell("create table texts (case_no text, heard text, offence text, result text)")
    live.add(*(r[:4] for r in ROWS), ("C4", "2020-02-30", "ST19501", "SPO"), ("C5", "soon", "X", "SPO"), table="texts")
    for some in (None, {DAY1}):  # it could be of any day, so it is seen whichever days are asked for
        records, reading = live.read(table="texts", days=some)
        assert [r.reason for r in reading.refusals] == ["bad-date", "bad-date"]
        assert not any(r["statement_complete"] for r in records)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(30 if LONG else 3))
def test_no_text_of_a_date_is_lost_or_read_twice_whatever_it_looks_like(live: Live, seed: int) -> None:
    """Against plain Python: what reads as a day of the window is a row, and what is no ISO text at all is refused."""
    chance = random.Random(seed)
    shapes: list[Callable[[], str | None]] = [
        lambda: f"2020-0{chance.randint(1, 3)}-{chance.randint(1, 31):02}",
        lambda: f" 2020-02-{chance.randint(1, 31):02} ",
        lambda: f"2020-2-{chance.randint(1, 29)}",
        lambda: f"{chance.randint(1, 31):02}/02/2020",
        lambda: f"2020-02-{chance.randint(1, 29):02} 10:00",
        lambda: chance.choice([None, "", "soon", "2020-02", "20200203", "2020-02-1\u0661", "２０２０-02-03", "~"]),
    ]
    texts = [(f"C{n}", chance.choice(shapes)()) for n in range(200)]
    live.tell("create table texts (case_no text, heard text, offence text, result text)")
    live.add(
        ("C999", "2020-01-01", "ST19501", "SPO"), *((case, at, "ST19501", "SPO") for case, at in texts), table="texts"
    )
    read: dict[str, date] = {}
    for case, at in texts:
        with contextlib.suppress(ValueError):
            read[case] = datetime.strptime((at or "").strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a day
    records, reading = live.read(table="texts", batch_rows=60)
    wanted = {case: day for case, day in read.items() if FEBRUARY[0] <= day <= FEBRUARY[1]}
    found = [(r["case_key"].removeprefix("case:live:"), r["hearing_date"]) for r in records if r["result_index"]]
    assert sorted(found) == sorted(wanted.items())
    odd = sum(case not in read and not re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}", at or "") for case, at in texts)
    assert odd <= len(reading.refusals) <= len(texts) - len(read)


def test_a_row_that_cannot_be_used_makes_its_day_incomplete_and_is_the_same_refusal_next_time(live: Live) -> None:
    live.add(("C4", "2020-02-04", "TOO LONG A CODE", "SPO", "", 4))
    records, reading = live.read()
    assert {r["hearing_date"] for r in records if not r["statement_complete"]} == {DAY2}
    live.add(("C0", "2020-02-03", "ALSO TOO LONG", "SPO", "", 5))
    _, again = live.read(batch_rows=1)
    assert set(reading.refusals) < set(again.refusals)


@pytest.mark.parametrize(
    "name",
    [
        'We "ird',
        "UPPER",
        "with space",
        "per%cent",
        "colon:name",
        "brace(s)",
        "select",
        "semi;colon",
        "quote'",
        "tab.le",
    ],
)
def test_names_are_only_names(live: Live, name: str) -> None:
    """Whatever a table or column is called, it is quoted as the dialect quotes names."""
    quoted = '"' + name.replace('"', '""') + '"'
    live.tell(f"create table {quoted} (case_no text, heard date, {quoted} text, result text)")
    live.add(*(r[:4] for r in ROWS), table=quoted)
    mapping = replace(MAPPING, columns=COLUMNS | {"offence_code": name})
    wanted = (OffenceFilter("ST19501"),)
    records, _ = live.read(mapping, table=quoted if "." in name else name, offence_codes=wanted)
    assert cases(records) == ["C1"]


@pytest.mark.parametrize(
    "name",
    ['hearing"; drop table hearing; --', "hearing; drop table hearing", "(select 1) x", "x.hearing; --", "' or 1=1"],
)
def test_a_table_name_with_statements_in_it_is_the_name_of_no_table(live: Live, name: str) -> None:
    assert "there is no table or view" in str(live.fault(table=name))
    assert cases(live.read()[0]) == ["C1", "C2", "C3"]


def test_a_table_of_a_schema_and_a_view_can_be_read(postgresql: Live) -> None:
    postgresql.tell(
        'create schema "The Courts"',
        "create view \"The Courts\".outcome as select * from hearing where result <> 'SPO'",
    )
    assert cases(postgresql.read(table="The Courts.outcome")[0]) == ["C2", "C3"]
    assert "Did you mean 'outcome'" in str(postgresql.fault(table="The Courts.outcomes"))


def test_every_missing_column_is_named_at_once_with_the_nearest(live: Live) -> None:
    mapping = replace(MAPPING, columns=COLUMNS | {"case_number": "case_number", "result": "rseult"})
    with pytest.raises(ExceptionGroup) as raised:
        live.read(mapping)
    said = [str(fault) for fault in raised.value.exceptions]
    assert len(said) == 2
    assert "Did you mean 'result'?" in said[1]
    one = live.fault(replace(MAPPING, columns=COLUMNS | {"result": "rseult"}))
    assert "the mapping names for `result`" in str(one)


def test_a_pushed_filter_asks_for_the_codes_alone(live: Live, asked: list[str]) -> None:
    """Codes exactly or by their base of seven characters; compared trimmed and in capitals, by the database."""
    live.add(
        ("A1", "2020-02-03", "st19501a", "SPO", "", 1), ("A2", "2020-02-03", "ST1950", "SPO", "", 1),
        ("A3", "2020-02-03", None, "SPO", "", 1), ("A4", "2020-02-03", " \tth68001\n", "SPO", "", 1),
    )  # fmt: skip
    seen: list[int] = []
    wanted = OffenceFilter("ST19501", base=True), OffenceFilter("TH68001")
    records, reading = live.read(offence_codes=wanted, done=seen.append)
    assert cases(records) == ["A1", "A4", "C1", "C3"]
    assert (sum(seen), [r.reason for r in reading.refusals]) == (5, ["no-offence-code"])
    assert any("upper(" in s for s in asked)
    exact = live.read(offence_codes=(OffenceFilter("ST19501"),))[0]
    assert cases(exact) == ["C1"]
    assert cases(live.read(offence_codes=())[0]) == []


ODD = {
    "ST19501\u2003": None,
    "\u00a0ST19501": None,
    None: "no-offence-code",
    "": "no-offence-code",
    "  ": "no-offence-code",
    "ST 19501": "bad-offence-code",
    "ST19501 Stalking": "bad-offence-code",
    "ST-19501": "bad-offence-code",
    "STALKING": "bad-offence-code",
    "19A01X345": "bad-offence-code",
    "\u017fT19501": "bad-offence-code",
}
"""Offence codes that are none or oddly spaced, and why a row with them is set aside; None: it counts as ST19501."""


@pytest.mark.parametrize("code", ODD)
@pytest.mark.parametrize("prefix", [(), ("ST1",)])
def test_a_code_that_does_not_read_as_one_is_judged_as_without_the_filter(
    live: Live, code: str | None, prefix: tuple[str, ...]
) -> None:
    """A filter leaves out other offences, not rows of which nobody can say what they are."""
    live.add(("A1", "2020-02-04", code, "SPO", "", 1))
    mapping = replace(MAPPING, offence_code_prefix=prefix) if prefix else MAPPING
    records, reading = live.read(mapping, offence_codes=(OffenceFilter("ST19501"),))
    reason = ODD[code]
    assert cases(records) == (["C1"] if reason else ["A1", "C1"])
    assert [(r.reason, r.hearing_date) for r in reading.refusals] == ([(reason, DAY2)] if reason else [])
    assert {r["hearing_date"] for r in records if not r["statement_complete"]} == ({DAY2} if reason else set())


def test_a_filtered_source_states_keys_of_its_own_whichever_codes_it_asks_for(live: Live) -> None:
    one, other = (live.source(offence_codes=(OffenceFilter(code),)) for code in ("ST19501", "TH68001"))
    keys = {mapping_as_read(source, MAPPING).statement_key(DAY1) for source in (one, other)}
    assert len(keys) == 1
    assert keys != {MAPPING.statement_key(DAY1)}
    assert {r["statement_key"] for r in live.read(offence_codes=one.offence_codes, window=(DAY1, DAY1))[0]} == keys
    declared = replace(MAPPING, declared_filter="ST only")
    assert mapping_as_read(one, declared).declared_filter == f"ST only; {mapping_as_read(one, MAPPING).declared_filter}"


def test_beginnings_of_codes_that_the_mapping_declares_are_asked_for_and_no_other_row_is_refused(live: Live) -> None:
    records, reading = live.read(replace(MAPPING, declared_filter="ST only", offence_code_prefix=("ST",)))
    assert (cases(records), reading.refusals) == (["C1", "C2"], ())


def test_marks_change_for_exactly_the_days_that_changed(live: Live) -> None:
    before = live.marks()
    assert list(before) == [date(2020, 2, day) for day in range(1, 30)]
    assert live.marks() == before
    live.tell("delete from hearing where case_no = 'C1'")
    live.add(("C4", "2020-02-04", "ST19501", "SPO", "", 1))
    assert changed_days(live.marks(), before) == {DAY1, DAY2}
    before = live.marks()
    live.tell("update hearing set heard = '2020-02-06', changed = 7 where case_no = 'C3'")
    assert changed_days(live.marks(), before) == {DAY3, DAY4}
    before = live.marks()
    live.tell("update hearing set result = '4000' where case_no = 'C3'")
    assert changed_days(live.marks(), before) == set()  # a change that the column does not show
    live.add(("C9", None, "ST19501", "SPO", "", 9))
    assert changed_days(live.marks(), before) == set(before)


def test_marks_see_a_change_that_is_older_than_another_of_its_day(postgresql: Live) -> None:
    """A transaction that began earlier may end later: its time is not the newest, and there are as many rows."""
    postgresql.add(("C4", "2020-02-05", "ST19501", "SPO", "", 9))
    before = postgresql.marks()
    postgresql.tell("update hearing set changed = 8 where case_no = 'C3'")
    assert changed_days(postgresql.marks(), before) == {DAY3}


def test_marks_of_a_filtered_source_see_only_what_it_asks_for(live: Live) -> None:
    wanted = (OffenceFilter("ST19501", base=True),)
    before = live.marks(offence_codes=wanted)
    live.tell("update hearing set changed = 8 where case_no = 'C3'")
    assert changed_days(live.marks(offence_codes=wanted), before) == set()
    live.tell("update hearing set offence = 'ST19501' where case_no = 'C3'")
    assert changed_days(live.marks(offence_codes=wanted), before) == {DAY3}


def test_marks_hold_no_value_of_a_row(live: Live) -> None:
    assert all(mark.partition(":")[0].isdigit() and len(mark.partition(":")[2]) == 16 for mark in live.marks().values())
    with pytest.raises(ValueError, match="changed_at"):
        day_marks(live.source(), MAPPING, FEBRUARY)


def test_a_sample_says_what_maps_and_what_becomes_of_the_rows(live: Live) -> None:
    live.add(("C4", "2020-02-04", "TOO LONG A CODE", "SPO", "", 4), ("C9", None, "ST19501", "SPO", "", 9))
    look = sample(live.source(), MAPPING, FEBRUARY, received_at=RECEIVED, texts=TEXTS)
    assert look.columns == ("case_no", "heard", "offence", "result", "name", "changed")
    assert (look.missing, look.rows, look.usable.num_rows) == ((), 5, 3)
    assert sorted(r.reason for r in look.refusals) == ["bad-date", "bad-offence-code"]
    assert "lanted" not in str(look)
    few = sample(live.source(), MAPPING, FEBRUARY, received_at=RECEIVED, texts=TEXTS, rows=2)
    assert few.rows == 2
    assert not sample(
        live.source(changed_at="changed"), MAPPING, FEBRUARY, received_at=RECEIVED, texts=TEXTS
    ).changes_by_day
    assert sample(live.source(changed_at="heard"), MAPPING, FEBRUARY, received_at=RECEIVED, texts=TEXTS).changes_by_day
    wrong = replace(MAPPING, columns=COLUMNS | {"result": "rseult"})
    unfit = sample(live.source(changed_at="chnged"), wrong, FEBRUARY, received_at=RECEIVED, texts=TEXTS)
    assert [fault.remedy for fault in unfit.missing] == ["Did you mean 'result'?", "Did you mean 'changed'?"]
    assert (unfit.rows, unfit.usable.num_rows) == (0, 0)


def test_a_type_without_a_text_is_told(postgresql: Live) -> None:
    query = "select case_no, heard, offence, array[result] as result from hearing"
    fault = postgresql.fault(query=query)
    assert "has no text" in str(fault)
    assert "SPO" not in str(fault)


def test_a_value_that_the_database_cannot_turn_is_not_repeated(postgresql: Live) -> None:
    fault = postgresql.fault(query="select case_no, name::date as heard, offence, result from hearing")
    assert "lanted" not in str(fault)
    assert not fault.passing


def test_text_that_is_not_utf8_is_told_without_the_text(live: Live) -> None:
    if not live.url.startswith("sqlite"):
        pytest.skip("PostgreSQL takes no such text")
    live.tell("insert into hearing values ('C4', '2020-02-04', 'ST19501', cast(x'ff4a6f' as text), '', 1)")
    fault = live.fault()
    assert "encoding" in str(fault)
    assert "Jo" not in str(fault)


def test_a_date_without_end_is_a_row_that_cannot_be_used(postgresql: Live) -> None:
    """PostgreSQL knows the date infinity, which no calendar does: the row is refused, not the database."""
    postgresql.tell(
        "alter table hearing add convicted date", "update hearing set convicted = 'infinity' where case_no = 'C1'"
    )
    records, reading = postgresql.read(replace(MAPPING, columns=COLUMNS | {"conviction_date": "convicted"}))
    assert cases(records) == ["C2", "C3"]
    assert [(r.reason, r.hearing_date) for r in reading.refusals] == [("bad-date", DAY1)]


PASSWORD = "pl4nted-s3cret"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://someone:{PASSWORD}@127.0.0.1:1/courts",
        f"postgresql://someone:{PASSWORD}@nowhere.invalid/courts",
        f"postgresql://someone:a@{PASSWORD}@nowhere.invalid/courts",
        f"postgresql://someone:a@{PASSWORD}/x@nowhere.invalid/courts",
        f"postgresql://someone:{PASSWORD}@nowhere.invalid:port/courts",
        f"someone:{PASSWORD}@nowhere",
        f"mariadb+nothing://someone:{PASSWORD}@nowhere.invalid/courts",
        f"oracle://someone:{PASSWORD}@nowhere.invalid/courts",
        f"postgresql://someone:{PASSWORD}@nowhere.invalid/courts?unknown_option={PASSWORD}",
        f"sqlite://someone:{PASSWORD}@nowhere/courts",
    ],
)
def test_no_error_shows_the_password(address: str, tmp_path: Path) -> None:
    source = DatabaseSource(address, table="hearing")
    notes: list[str] = []
    with pytest.raises(ExtractError) as raised:
        read_database(
            source, MAPPING, window=FEBRUARY, received_at=RECEIVED, texts=TEXTS, spool=tmp_path, note=notes.append,
            waiting=NOW,
        )  # fmt: skip
    assert PASSWORD not in f"{raised.value} {raised.value!r} {notes} {source}"
    assert raised.value.remedy


def test_a_refused_password_is_told_without_it(postgresql: Live) -> None:
    """The made server trusts everybody, so the server's own words are used."""
    import psycopg
    from sqlalchemy.exc import OperationalError

    from extract.database_faults import explained

    said = f'connection failed: FATAL:  password authentication failed for user "someone" ({PASSWORD})'
    fault = explained(OperationalError("select", {}, psycopg.OperationalError(said)), lost=False)
    assert (fault.passing, fault.again) == (False, False)
    assert PASSWORD not in str(fault.error("postgresql database"))


def test_a_database_that_does_not_exist_fails_at_once(postgresql: Live) -> None:
    waits: list[float] = []
    other = make_url(postgresql.url).set(database="there_is_none").render_as_string(hide_password=False)
    fault = postgresql.fault(url=other, waiting=waits.append)
    assert "no such database" in str(fault)
    assert waits == []


def test_what_does_not_answer_is_tried_five_times_with_longer_and_longer_waits(tmp_path: Path) -> None:
    waits: list[float] = []
    source = DatabaseSource("postgresql://someone@127.0.0.1:1/courts", table="hearing")
    with pytest.raises(ExtractError) as raised:
        day_marks(replace(source, changed_at="x"), MAPPING, FEBRUARY, waiting=waits.append)
    assert raised.value.passing
    assert len(waits) == database.connecting.TRIES - 1
    assert all(2**n <= seconds <= 1.5 * 2**n for n, seconds in enumerate(waits))


def test_a_lost_connection_goes_on_with_the_month_that_was_not_finished(postgresql: Live) -> None:
    """Months that were finished are not read again, and what was done of the broken one is taken back."""
    postgresql.add(("C4", "2020-03-02", "ST19501", "SPO", "", 4), ("C5", "2020-03-03", "ST19501", "SPO", "", 5))
    seen: list[int] = []

    def cut(number: int) -> None:
        seen.append(number)
        if len(seen) == 4:  # three rows of February, one of March
            postgresql.tell(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'courtstats'"
                " and datname = current_database()"
            )

    notes: list[str] = []
    records, _ = postgresql.read(window=(FEBRUARY[0], date(2020, 3, 31)), batch_rows=1, done=cut, note=notes.append)
    assert cases(records) == ["C1", "C2", "C3", "C4", "C5"]
    assert seen == [1, 1, 1, 1, -1, 1, 1]
    assert len(notes) == 1
    assert "the connection was lost" in notes[0]


def growth(url: str, folder: str) -> None:
    """Print by how many megabytes this process grew for the rows of February, after those of January."""
    peaks = []
    for month in ((date(2020, 1, 1), date(2020, 1, 31)), FEBRUARY):
        spool = Path(folder) / str(month[0])
        spool.mkdir()
        reading = read_database(
            DatabaseSource(url, table="hearing", batch_rows=2_000), MAPPING, window=month, received_at=RECEIVED,
            texts=TEXTS, spool=spool,
        )  # fmt: skip
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    print(reading.rows, peaks[1] - peaks[0])  # noqa: T201


def test_memory_does_not_grow_with_the_window(postgresql: Live) -> None:
    """Rows of a month are held a batch at a time, here and in the driver: all at once take 700 MB."""
    rows = 300_000 if LONG else 60_000
    postgresql.tell(
        f"insert into hearing select 'N' || n, date '2020-02-01' + n % 29, 'ST19501', repeat('x', 2000), '', n"
        f" from generate_series(1, {rows}) n",
        "insert into hearing select case_no, date '2020-01-01' + changed % 29, offence, result, '', 1 from hearing"
        " where changed < 5000",
    )
    command = [sys.executable, __file__, postgresql.url, str(postgresql.folder)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=300).stdout
    read, grown = map(int, printed.split())
    assert read >= rows
    assert grown < 250


def test_days_to_come_are_refused_as_for_files(live: Live) -> None:
    assert "past the receipt" in str(live.fault(window=(DAY1, date(2020, 6, 3))))


if __name__ == "__main__":
    growth(*sys.argv[1:])
