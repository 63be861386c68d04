"""What is asked of a source's database: which columns there are, rows of some days, counts by day.

Names are quoted by the dialect and values are parameters; the text of a query is the source's own.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    DateTime,
    FromClause,
    Select,
    String,
    Text,
    and_,
    cast,
    column,
    false,
    func,
    inspect,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
)  # fmt: skip
from sqlalchemy.exc import NoSuchTableError

from extract.contract import ExtractError
from extract.database.connecting import place_of
from extract.database_source import DatabaseSource, Slice, days_between, slices, table_name
from extract.mapping import ISO, Mapping, nearest

_SPACES = " \t\n\r\f\v\u00a0"
_LONDON = ZoneInfo("Europe/London")
_LONDON_SQL: ColumnElement[str] = literal_column("'Europe/London'")  # a parameter would not be the same twice
_BASE = 7
_LONGEST_CODE = 8
_CODE = "^[A-Za-z]*[0-9][A-Za-z0-9]*$"
"""What an offence code looks like, as in extract/table_rows.py."""
_POSTGRESQL_KINDS = {
    1082: "date", 1114: "time", 1184: "zoned", 25: "text", 1043: "text", 1042: "text", 19: "text", 20: "number",
    21: "number", 23: "number", 700: "number", 701: "number", 1700: "number",
}  # fmt: skip
"""Object ids of PostgreSQL's own types, which never change; a domain is sent as the type that it is made of."""

_Element: TypeAlias = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A table or query that has every mapped column.

    theirs: the mapped columns, each once; selects: the same as they are selected.
    dates: those of them that are selected as ISO text of a date or time of the database.
    kind: of the hearing date: `date`, `time`, `zoned` (time with zone) or `text`.
    """

    source: DatabaseSource
    mapping: Mapping
    origin: FromClause
    theirs: tuple[str, ...]
    selects: tuple[_Element, ...]
    dates: frozenset[str]
    kind: str
    postgresql: bool
    sqlite: bool


@dataclass(frozen=True, slots=True)
class Look:
    """The names of every column, what keeps the mapping from being used, and the shape where nothing does."""

    columns: tuple[str, ...]
    faults: tuple[ExtractError, ...]
    shape: Shape | None


def look(connection: Connection, source: DatabaseSource, mapping: Mapping) -> Look:
    """Find out whether every mapped column is there, before any row is read.

    Raises:
        ExtractError: there is no such table.
    """
    origin, names = _origin(connection, source)
    wanted = [(theirs, f"the mapping names for `{ours}`") for ours, theirs in mapping.columns.items()]
    if source.changed_at:
        wanted.append((source.changed_at, "`changed_at` names"))
    faults = []
    for name, said in wanted:
        if name not in names:
            what = f"there is no column {name!r}, which {said}"
            faults.append(ExtractError(what, where=source.name, remedy=nearest(name, names)))
        elif names.count(name) > 1:
            what = f"the column {name!r}, which {said}, is there more than once"
            faults.append(ExtractError(what, where=source.name, remedy="Name it otherwise in the query"))
    if faults:
        return Look(tuple(names), tuple(faults), None)
    theirs = tuple(dict.fromkeys(mapping.columns.values()))
    kinds = _kinds(connection, origin, theirs, mapping.columns["hearing_date"])
    kind = kinds.get(mapping.columns["hearing_date"], "")
    if fault := _date_fault(connection, source, mapping, origin, kind):
        return Look(tuple(names), (fault,), None)
    postgresql = connection.dialect.name == "postgresql"
    dates = frozenset(name for name in theirs if postgresql and kinds.get(name) in ("date", "time", "zoned"))
    selects = tuple(
        (cast(_day(name, kinds[name]), Text) if name in dates else column(name)).label(f"c{n}")
        for n, name in enumerate(theirs)
    )
    shape = Shape(
        source, mapping, origin, theirs, selects, dates, kind, postgresql, connection.dialect.name == "sqlite"
    )
    return Look(tuple(names), (), shape)


def portions(shape: Shape, window: tuple[date, date], days: Collection[date]) -> list[Slice]:
    """What is read by one statement each, for the days that were asked for.

    Of texts all of the window: one among them that is no day of the calendar could belong to any of the days.
    """
    return slices(days_between(window) if shape.kind == "text" else days)


def rows(connection: Connection, shape: Shape, part: Slice, limit: int | None = None) -> Iterator[Sequence[Any]]:
    """The rows of a portion in batches, each row with the values of `shape.theirs`; no more than a batch in memory."""
    statement = select(*shape.selects).select_from(shape.origin).where(_in(shape, part), _asked_for(shape))
    size = shape.source.batch_rows
    options = {"stream_results": True, "yield_per": size if limit is None else min(size, limit)}
    yield from connection.execute(statement.limit(limit), execution_options=options).partitions()


def counts(connection: Connection, shape: Shape, part: Slice) -> Iterator[tuple[date | None, Sequence[Any]]]:
    """By hearing day, over the rows of a portion: their number, the newest change and (PostgreSQL) a sum of changes.

    The day is None where it is none. Only PostgreSQL can sum anything: there, a change that bears an older time than
    another one of its day is seen too.
    """
    changed: _Element = column(shape.source.changed_at or "")
    name = shape.mapping.columns["hearing_date"]
    day = column(name) if shape.kind == "text" else _day(name, shape.kind)
    numbers: list[_Element] = [func.count(), cast(func.max(changed), Text) if shape.postgresql else func.max(changed)]
    if shape.postgresql:
        numbers.append(func.sum(func.hashtextextended(cast(changed, Text), literal_column("0"))))
    statement = select(day, *numbers).select_from(shape.origin).where(_in(shape, part), _asked_for(shape))
    for row in connection.execute(statement.group_by(day)):
        yield _as_day(row[0], shape.mapping.date_format), tuple(row[1:])


def changes_by_day(connection: Connection, shape: Shape) -> bool:
    """Whether `changed_at` holds dates without a time, as far as one of them shows; False without such a column."""
    if shape.source.changed_at is None:
        return False
    changed: _Element = column(shape.source.changed_at)
    value = connection.execute(select(changed).select_from(shape.origin).where(changed.is_not(None)).limit(1)).scalar()
    if isinstance(value, str):
        return bool(re.fullmatch(r"\s*\d{4}-\d{2}-\d{2}\s*", value))
    return isinstance(value, date) and not isinstance(value, datetime)


def _origin(connection: Connection, source: DatabaseSource) -> tuple[FromClause, list[str]]:
    """What is selected from, and the names of its columns."""
    if source.query is not None:
        # Colons would be read as parameters; the line break ends a comment that may be the query's last line.
        own = text(source.query.strip().removesuffix(";").replace(":", "\\:") + "\n").columns().subquery("courtstats")
        everything: Select[Any] = select(literal_column("*")).select_from(own).where(false())
        return own, list(connection.execute(everything).keys())
    schema, name = table_name(source.table or "")
    inspector = inspect(connection)
    try:
        names = [str(found["name"]) for found in inspector.get_columns(name, schema=schema)]
    except NoSuchTableError:
        near = nearest(name, [*inspector.get_table_names(schema), *inspector.get_view_names(schema)])
        what = f"there is no table or view {name!r}" + (f" in the schema {schema!r}" if schema else "")
        remedy = near or "Check its name and schema, and that the user may see it"
        raise ExtractError(what, where=place_of(source.url), remedy=remedy) from None
    return table(name, schema=schema), names


def _kinds(connection: Connection, origin: FromClause, theirs: Sequence[str], hearing_date: str) -> dict[str, str]:
    """Kind of each column: PostgreSQL says it, elsewhere the first hearing date shows its own."""
    if connection.dialect.name == "postgresql":
        described = connection.execute(select(*map(column, theirs)).select_from(origin).where(false())).cursor
        types: list[Any] = [found[1] for found in (described.description if described else None) or ()]
        return {name: _POSTGRESQL_KINDS.get(type_, "") for name, type_ in zip(theirs, types, strict=True)}
    day: _Element = column(hearing_date)
    value = connection.execute(select(day).select_from(origin).where(day.is_not(None)).limit(1)).scalar()
    if isinstance(value, datetime):
        return {hearing_date: "time" if value.tzinfo is None else "unknown"}  # whose day is meant cannot be told
    kind = "date" if isinstance(value, date) else "text" if value is None or isinstance(value, str) else "number"
    return {hearing_date: kind}


def _date_fault(
    connection: Connection, source: DatabaseSource, mapping: Mapping, origin: FromClause, kind: str
) -> ExtractError | None:
    theirs = mapping.columns["hearing_date"]
    what = f"the hearing date {theirs!r} is not a date, a time or a text that can be compared"
    if kind == "text" and not mapping.date_format.startswith(ISO):
        what = f"the hearing date {theirs!r} is text in the format {mapping.date_format}, which cannot be compared"
    elif kind == "text":
        name: _Element = column(theirs)
        some = [
            select(literal(1)).select_from(origin).where(is_).limit(1) for is_ in (name.is_not(None), _is_iso(name))
        ]
        if connection.execute(some[1]).first() or not connection.execute(some[0]).first():
            return None
        what = f"no row has a date in the column {theirs!r} that begins like 2020-01-31"
    elif kind in ("date", "time", "zoned"):
        return None
    return ExtractError(what, where=source.name, remedy="Give a query that casts it to a date, instead of the table")


def _day(name: str, kind: str) -> _Element:
    """The day of a column of dates or times."""
    if kind == "zoned":
        return cast(func.timezone(_LONDON_SQL, column(name)), Date)
    return cast(column(name), Date) if kind == "time" else column(name)


def _as_day(value: object, date_format: str) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.strptime(str(value).strip(), date_format).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _in(shape: Shape, part: Slice) -> _Element:
    """Rows of the days of a portion, or those without a day."""
    name: _Element = column(shape.mapping.columns["hearing_date"])
    if shape.kind != "text":
        return or_(*(_between(name, shape.kind, run) for run in part.runs)) if part.runs else name.is_(None)
    if part.runs:
        return and_(or_(*(_between(name, shape.kind, run) for run in part.runs)), _is_iso(name))
    return or_(name.is_(None), ~_is_iso(name))


def _is_iso(name: _Element) -> _Element:
    return cast(name, Text).regexp_match(literal("^[0-9]{4}-[0-9]{2}-[0-9]{2}"))


def _between(name: _Element, kind: str, run: tuple[date, date]) -> _Element:
    """Hearing dates of a run of days. For times with a zone a little more: which day they are is decided later."""
    first, after = run[0], run[1] + timedelta(1)
    ends: tuple[_Element, _Element]
    if kind == "text":
        ends = literal(first.isoformat()), literal(after.isoformat())
    elif kind == "date":
        ends = literal(first, Date()), literal(after, Date())
    elif kind == "time":
        ends = _moment(first), _moment(after)
    else:
        hour = timedelta(hours=1)
        start, end = (datetime.combine(day, time(), _LONDON) for day in (first, after))
        ends = literal(start - hour, DateTime(timezone=True)), literal(end + hour, DateTime(timezone=True))
    return and_(name >= ends[0], name < ends[1])


def _moment(day: date) -> _Element:
    return literal(datetime.combine(day, time()), DateTime())


def _asked_for(shape: Shape) -> _Element:
    """Rows of the offence codes that the source asks for and the mapping declares; all where it says nothing.

    Rows whose code is missing or does not read as one are asked for too: they are judged like those of a file, so that
    what would count is counted and the rest is set aside.
    """
    theirs, wanted = shape.mapping.columns.get("offence_code"), shape.source.offence_codes
    if theirs is None:
        return true()
    trim = func.btrim if shape.postgresql else func.trim
    spaces = [literal(_SPACES)] if shape.postgresql or shape.sqlite else []
    given = trim(cast(column(theirs), Text if shape.postgresql or shape.sqlite else String(255)), *spaces)
    code: _Element = func.upper(given)
    odd = [given.is_(None), func.length(given) > _LONGEST_CODE]
    if shape.postgresql or shape.sqlite:
        odd.append(~given.regexp_match(literal(_CODE)))
    conditions: list[_Element] = []
    if wanted is not None:
        exact = sorted({w.code.upper() for w in wanted if not w.base})
        bases = sorted({w.code.upper()[:_BASE] for w in wanted if w.base})
        conditions.append(or_(code.in_(exact), func.substr(code, 1, _BASE).in_(bases)))
    if prefixes := shape.mapping.offence_code_prefix:
        conditions.append(or_(*(func.substr(code, 1, len(p)) == p for p in prefixes)))
    return or_(*odd, and_(*conditions)) if conditions else true()
