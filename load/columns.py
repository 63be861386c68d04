"""What columns of the warehouse are made of: kinds, comments, names of constraints."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    TypeDecorator,
)

from load.contract import in_utc


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

BIG = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers its rows only in a column declared INTEGER, which holds 64 bits there anyway."""


def column(
    name: str,
    kind: Any,
    comment: str,
    *more: ForeignKey,
    null: bool = False,
    key: bool = False,
    default: str | None = None,
) -> Column[Any]:
    """A column, with what it means; not null unless said."""
    return Column(name, kind, *more, nullable=null, primary_key=key, comment=comment, server_default=default)


def one_of(column: str, allowed: Iterable[str]) -> CheckConstraint:
    """Only these words are allowed in the column."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in allowed)})", name=f"{column}_known")


def of_run(*, key: bool = False, null: bool = False) -> Column[Any]:
    """The column that refers to a run."""
    return column("run_id", BIG, "The run that it belongs to", ForeignKey("run.run_id"), key=key, null=null)


def position(what: str) -> Column[Any]:
    """The column of the place among the rows of a run."""
    return Column("position", Integer, primary_key=True, autoincrement=False, comment=f"Place of the {what}, from 1")
