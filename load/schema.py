"""The tables of the warehouse; each column's comment says what it means (PostgreSQL stores it, docs/ prints it).

Every table is append-only. This is what the code reads and writes; the migrations make it, and a test
compares the two on both databases.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from load.contract import OUTCOMES, SEVERITIES, STATES, in_utc
from transform.contract import COUNTED, STATUSES

REVISION = "0002"
"""Newest migration. Kept here too, so that opening a warehouse that is up to date need not load Alembic."""
REVISION_TABLE = "warehouse_revision"
"""Where the migration of a database is noted; a name of its own, as other applications use Alembic too."""
NEVER_CHANGED = ("question_version", "run", "figure")
"""Tables whose rows the database itself refuses to update or delete."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC: SQLite stores no zone and PostgreSQL answers in the session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; without the zone for SQLite, so that its texts sort by time."""
        if value is None:
            return None
        utc = in_utc(value)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_BIG = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers its rows only in a column declared INTEGER, which holds 64 bits there anyway."""


def _column(
    name: str,
    kind: Any,
    comment: str,
    *more: ForeignKey,
    null: bool = False,
    key: bool = False,
    default: str | None = None,
) -> Column[Any]:
    return Column(name, kind, *more, nullable=null, primary_key=key, comment=comment, server_default=default)


def _one_of(column: str, allowed: Iterable[str]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in allowed)})", name=f"{column}_known")


def _of_run(*, key: bool = False, null: bool = False) -> Column[Any]:
    return _column("run_id", _BIG, "The run that it belongs to", ForeignKey("run.run_id"), key=key, null=null)


def _position(what: str) -> Column[Any]:
    return Column("position", Integer, primary_key=True, autoincrement=False, comment=f"Place of the {what}, from 1")


question_version = Table(
    "question_version",
    metadata,
    _column("definition_hash", Text, "SHA-256 (hex) of the definition and its lists", key=True),
    _column("question", Text, "Id of the question"),
    _column("title", Text, "Title of the question at this version"),
    _column("definition", Text, "Full text of the definition"),
    _column("lists", JSON, "Full text of each code list that the definition uses, by name"),
    _column("recorded_at", UtcDateTime, "When a run first used this version (UTC)"),
    comment="Versions of questions: what was counted, in full",
)

landed_batch = Table(
    "landed_batch",
    metadata,
    Column("batch", _BIG, primary_key=True, autoincrement=False, comment="Number of the landing in the records store"),
    _column("landed_at", UtcDateTime, "When the landing was made (UTC)"),
    _column("source_name", Text, "Name of the source as configured"),
    _column("source_format", Text, "Shape of the source: `spi` or `table`"),
    _column("received_at", UtcDateTime, "When the content reached us (UTC)"),
    _column("files", Integer, "Files that were read"),
    _column("statements", Integer, "Statements that were landed"),
    _column("rows", Integer, "Rows that were landed"),
    _column("repeated", Integer, "Statements skipped because they repeat what is current"),
    _column("refused", Integer, "Things set aside in quarantine"),
    _column("refusals", JSON, "Things set aside, counted by reason code"),
    comment="Landings: what came in, repeated, or was set aside",
)

run = Table(
    "run",
    metadata,
    _column("run_id", _BIG, "Number of the run, rising", key=True),
    _column("run_key", Text, "Digest of all that decides the figures; null unless the run completed", null=True),
    _column("question", Text, "Id of the question"),
    _column(
        "definition_hash",
        Text,
        "Version of the question that was counted",
        ForeignKey("question_version.definition_hash"),
    ),
    _column("unit", Text, "What is counted: case, defendant, application or order"),
    _column("period", Text, "Label of the period, such as `2020Q1`"),
    _column("period_from", Date, "First hearing day of the period (included)"),
    _column("period_to", Date, "Last hearing day of the period (included)"),
    _column("breakdowns", JSON, "Breakdowns that were asked for: lists of attribute names"),
    _column("as_known_at", UtcDateTime, "Statements received up to this time were counted (UTC)"),
    _column("newest_batch", BigInteger, "Number of the newest landing that was counted; 0 for none"),
    _column("code_version", Text, "Version of the program"),
    _column("thresholds_hash", Text, "SHA-256 (hex) of the rules and thresholds of the checks"),
    _column("started_at", UtcDateTime, "When the run began (UTC)"),
    _column("finished_at", UtcDateTime, "When counting ended; its figures are known from then (UTC)"),
    _column("state", Text, "`completed`, or `stopped` by an error or a check: then it has no figures"),
    _column("stop_reason", Text, "Why the run was stopped; null where it completed", null=True),
    _column("data_from", Date, "First hearing day with landed statements in the period", null=True),
    _column("data_to", Date, "Last hearing day with landed statements in the period", null=True),
    _column("value", BigInteger, "The count for the whole period; null where the status says why", null=True),
    _column("status", Text, "`counted`, `no data` or `held`; null where the run was stopped", null=True),
    _column("weak_units", BigInteger, "Units that rest on a key that is not a true case key", null=True),
    _column("incomplete_statements", BigInteger, "Statements counted of which a part is in quarantine", null=True),
    UniqueConstraint("run_key"),
    _one_of("state", STATES),
    _one_of("status", STATUSES),
    CheckConstraint(f"(status IS NOT NULL AND status = '{COUNTED}') = (value IS NOT NULL)", name="value_status"),
    CheckConstraint("(state = 'completed') = (status IS NOT NULL)", name="state_status"),
    CheckConstraint("(state = 'completed') = (run_key IS NOT NULL)", name="state_run_key"),
    CheckConstraint("(state = 'completed') = (stop_reason IS NULL)", name="state_stop_reason"),
    Index(None, "question", "run_id"),
    comment="Runs: one answer to one question, as known at one time",
)

figure = Table(
    "figure",
    metadata,
    _column("figure_id", _BIG, "Number of the vintage, rising", key=True),
    _of_run(),
    _column("question", Text, "Id of the question"),
    _column("period", Text, "Label of the period, such as `2020Q1`"),
    _column("breakdown", Text, "Attributes of the cell, joined by commas; empty for the total"),
    _column("cell", Text, "Attributes and their categories as compact JSON with sorted keys; `{}` for the total"),
    _column("value", BigInteger, "The count; null where the status says why", null=True),
    _column("status", Text, "`counted`, `no data` or `held`"),
    _column("known_from", UtcDateTime, "From when this vintage was known (UTC)"),
    _column(
        "marks", Text, "Letters beside the value: `b` break in the series, `p` provisional; empty for none", default=""
    ),
    _column(
        "notes",
        JSON,
        "Places of the notes of the run that go with some of its figures only, this one among them",
        default="[]",
    ),
    _one_of("status", STATUSES),
    CheckConstraint(f"(status = '{COUNTED}') = (value IS NOT NULL)", name="value_status"),
    UniqueConstraint("run_id", "period", "cell"),
    Index(None, "question", "period"),
    comment="Figures as vintages: a new one stands beside the old, which is never changed",
)

attrition = Table(
    "attrition",
    metadata,
    _of_run(key=True),
    _position("step"),
    _column("step", Text, "Name of the step of the definition"),
    _column("rows", BigInteger, "Rows left after the step"),
    _column("units", BigInteger, "Units left after the step"),
    comment="What each step of the definition left over",
)

evidence = Table(
    "evidence",
    metadata,
    _of_run(key=True),
    _position("kind"),
    _column("name", Text, "Name of the kind of evidence"),
    _column("label", Text, "The kind of evidence in words"),
    _column("units", BigInteger, "Units of the figure that rest on it"),
    comment="On which results the units of a figure rest",
)

run_note = Table(
    "run_note",
    metadata,
    _of_run(key=True),
    _position("note"),
    _column("text", Text, "The note that goes with the figures"),
    comment="Notes that go with the figures of a run",
)

check_result = Table(
    "check_result",
    metadata,
    _column("check_id", _BIG, "Number of the check result, rising", key=True),
    _of_run(null=True),
    _column("batch", _BIG, "The landing that it belongs to", ForeignKey("landed_batch.batch"), null=True),
    _column("gate", Text, "The gate: after landing, after counting or after loading"),
    _column("rule", Text, "Id of the rule"),
    _column("severity", Text, "`critical` stops, `warning` is recorded"),
    _column("outcome", Text, "`passed`, `failed`, or `error` where the rule could not run"),
    _column("checked", BigInteger, "Rows that were checked; null where the rule does not count rows", null=True),
    _column("unexpected", BigInteger, "Rows that were not as expected; null where not counted", null=True),
    _column("sentence", Text, "The finding in words; never a value from a record"),
    _column("recorded_at", UtcDateTime, "When the run or the landing that it belongs to ended (UTC)"),
    _one_of("severity", SEVERITIES),
    _one_of("outcome", OUTCOMES),
    CheckConstraint("(run_id IS NULL) <> (batch IS NULL)", name="run_or_batch"),
    Index(None, "run_id"),
    comment="Results of the checks: counts only, never values",
)
