"""The shape of sources.toml: which keys each kind of source has, and what their values are.

What one key alone can show is checked here; what needs files, or other keys and sources, is in `source_file`. Field
names are the keys of the file and their docstrings its documentation (docs/sources.md).
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from extract.mapping import nearest
from pipelines.source_definition import EVERY_QUESTION, Only, Window
from pipelines.times import TimeError, parse_covers
from transform.question_parts import Part
from transform.question_values import Cron, Line, listed, wrong

SCHEMA = "courtstats/sources@1"
SECRET = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
FIRST_DAY = date(1990, 1, 1)
"""Hearings before it fail the check on what was landed (expectations/rules_landed.py), so no window reaches there."""
LONGEST_STATEMENT = 24 * 3600
_LAST = re.compile(r"last ([1-9]\d{0,5}) days?")
_DURATION = re.compile(r"([1-9]\d{0,5}) (second|minute|hour)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_WINDOW = 'Write "last 90 days", { from = 2020-01-01 } or { from = 2020-01-01, to = 2020-03-31 }'


def _no_url(value: Any) -> Any:
    if not isinstance(value, dict):  # what was written is not shown: it may hold a password
        remedy = 'Set COURTSTATS_SECRET_NAME to the URL and write url = { secret = "NAME" }'
        raise wrong("the address of a database is never written in this file", remedy)
    return value


def _secret(text: str) -> str:
    if not SECRET.fullmatch(text):
        raise wrong(
            "this is not the name of a secret", "Use capitals, digits and _: LIVE_URL for COURTSTATS_SECRET_LIVE_URL"
        )
    return text


def _window(value: Any) -> Window:
    if isinstance(value, str) and (found := _LAST.fullmatch(value)):
        if int(found[1]) > (most := (datetime.now(UTC).date() - FIRST_DAY).days):
            raise wrong(f"{value!r} reaches back before {FIRST_DAY}", f"Write {most} days at most")
        return Window(days=int(found[1]))
    if not isinstance(value, dict):
        raise wrong("this is no window of days", _WINDOW)
    for key in value:
        if key not in ("from", "to"):
            raise wrong(f"unknown key `{key}`", nearest(key, ("from", "to")) or _WINDOW)
    for key, day in value.items():
        if type(day) is not date:
            raise wrong(f"`{key}` is not a date", "Write a day without quotes, like 2020-01-20")
    if "from" not in value:
        raise wrong("`from` is missing", _WINDOW)
    if value["from"] < FIRST_DAY:
        raise wrong(f"the window begins before {FIRST_DAY}", f"Begin it with {FIRST_DAY} or later")
    if value.get("to", value["from"]) < value["from"]:
        raise wrong("the window ends before it begins", "Turn the days round")
    return Window(first=value["from"], last=value.get("to"))


def _covers(text: str) -> tuple[date, date]:
    try:
        return parse_covers(text)
    except TimeError as fault:
        raise wrong(fault.what, fault.remedy) from None


def _only(value: Any) -> Only:
    if value == EVERY_QUESTION:
        return Only(None)
    if isinstance(value, list) and value and all(isinstance(name, str) and name.strip() for name in value):
        return Only(tuple(dict.fromkeys(value)))
    raise wrong(
        f'this is neither "{EVERY_QUESTION}" nor a list of questions',
        f'Write only = "{EVERY_QUESTION}", or the ids of questions in [ ]',
    )


def _duration(value: Any) -> float:
    if isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        if (seconds := int(found[1]) * _SECONDS[found[2]]) > LONGEST_STATEMENT:
            raise wrong(f"{value!r} is longer than a day", "Write 24 hours at most")
        return float(seconds)
    raise wrong("this is no length of time", 'Write it like "30 seconds", "5 minutes" or "1 hour"')


Paths = Annotated[list[Line], BeforeValidator(listed), Field(min_length=1)]


class SecretPart(Part):
    """Where the address of a database is: in a setting, never in the file."""

    secret: Annotated[str, AfterValidator(_secret)]
    """`LIVE_URL` stands for the setting `COURTSTATS_SECRET_LIVE_URL`, which holds the SQLAlchemy URL."""


class AnySource(Part):
    """What every source has."""

    kind: str
    """What it is: `spi`, `common-platform`, `table` or `database`."""
    over: Annotated[list[Line], BeforeValidator(listed)] = Field(default_factory=list)
    """Sources that give way: for every court and day of which this source spoke, their records are set aside. Messages
    landed without a named source are called `spi` and `common-platform`."""
    schedule: Cron | None = None
    """When it is landed: minute, hour, day, month, weekday, in London time."""


class SpiSource(AnySource):
    """SPI messages."""

    location: Paths
    """Files or folders, relative to this file; folders are searched through."""
    system: Line | None = None
    """System that a message without one comes from; `COURTSTATS_SPI_SYSTEM` unless said."""


class CommonPlatformSource(AnySource):
    """Common Platform hearings."""

    location: Paths
    """Files or folders, relative to this file; folders are searched through."""


class TableSource(AnySource):
    """Table extracts: the files are one extract."""

    location: Paths
    """Files or folders, relative to this file; folders are searched through. The files of a table are one extract."""
    mapping: Line
    """Mapping from its columns to ours (docs/mapping.md), relative to this file; its `source` is the source's name."""
    covers: Annotated[str, AfterValidator(_covers)] | None = None
    """Days that the extract covers, `FROM..TO`, both included: a covered day without rows says that nothing is left."""


class DatabaseSource(AnySource):
    """A live database."""

    url: Annotated[SecretPart, BeforeValidator(_no_url)]
    """Its address, by reference: `{ secret = "LIVE_URL" }`. An address in the file is refused."""
    table: Line | None = None
    """The table or view that is read, like `results.hearing_result`; or `query`."""
    query: Line | None = None
    """File with the SELECT that is read instead of a table, relative to this file."""
    mapping: Line
    """Mapping from its columns to ours (docs/mapping.md), relative to this file; its `source` is the source's name."""
    window: Annotated[Any, AfterValidator(_window)]
    """Hearing days that are read and restated, from 1990 on: `"last 90 days"`, `{ from = 2020-01-01 }` or
    `{ from = 2020-01-01, to = 2020-03-31 }`."""
    changed_at: Line | None = None
    """Column (a time or a number) that rises when a row changes: then only the days that changed are read."""
    only: Annotated[Any, AfterValidator(_only)] = None
    """Ask the database for these offence codes alone: `"offence codes of questions"`, or the ids of some questions.
    Without it all codes are read."""
    statement_timeout: Annotated[Any, AfterValidator(_duration)] = 300.0
    """How long one statement may run in the database, like `"30 seconds"`, 24 hours at most; 5 minutes unless said."""


class SourcesFile(Part):
    """The whole file."""

    schema_: Literal["courtstats/sources@1"] = Field(alias="schema")
    """Version of this form; always courtstats/sources@1."""
    source: dict[str, Any] = Field(default_factory=dict)
    """A table for each source, `[source.NAME]`."""


SHAPES: dict[str, type[AnySource]] = {
    "spi": SpiSource,
    "common-platform": CommonPlatformSource,
    "table": TableSource,
    "database": DatabaseSource,
}
"""The shape of each kind of source."""


def keys_of(kind: str) -> list[str]:
    """The keys that a source of a kind may have, in the order in which they are documented."""
    return list(SHAPES[kind].model_fields)


def every_key() -> list[str]:
    """Every key that a source of some kind may have."""
    return list(dict.fromkeys(key for kind in SHAPES for key in keys_of(kind)))


def key_table() -> str:
    """Every key of the file as a Markdown table: key, kinds that have it, whether they need it, what it means."""
    rows = ["| key | kinds | needed | meaning |", "| --- | --- | --- | --- |"]
    for key in every_key():
        having = {kind: shape.model_fields[key] for kind, shape in SHAPES.items() if key in shape.model_fields}
        kinds = "all" if len(having) == len(SHAPES) else ", ".join(having)
        field = next(iter(having.values()))
        meaning = " ".join(max((f.description or "" for f in having.values()), key=len).split())
        rows.append(f"| `{key}` | {kinds} | {'yes' if field.is_required() else ''} | {meaning} |")
    return "\n".join(rows) + "\n"
