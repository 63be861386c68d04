"""Values that a database driver gives, as the text columns that every table extract becomes."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pyarrow as pa

from extract.contract import ExtractError
from extract.table_files import Array, FileRefusedError, as_text


def text_column(values: Sequence[object], name: str, theirs: str) -> tuple[Array, bool]:
    """One column of a batch as text, and whether it held dates (theirs is ISO text, of the day in London).

    A number is written exactly, a whole one without decimals, so that codes kept as numbers read as codes.

    Args:
        values: of one column; null is None.
        name: of the table, for errors.
        theirs: name of the column, for errors.

    Raises:
        ExtractError: a value is of a type that has no text, or its text is not UTF-8 or holds NUL.
    """
    kinds = set(map(type, values)) - {type(None)}
    try:
        if kinds == {datetime} or kinds == {date}:
            return as_text(pa.array(values), name, theirs)
        if kinds == {int}:
            return as_text(_whole(values), name, theirs)
        texts = values if kinds <= {str} else [_text(value, name, theirs) for value in values]
        return as_text(pa.array(texts, pa.string()), name, theirs)
    except (FileRefusedError, UnicodeEncodeError):
        raise not_text(name, theirs) from None


def not_text(name: str, theirs: str) -> ExtractError:
    """What is raised for bytes that are no text."""
    return ExtractError(
        f"the column {theirs!r} holds a text that is not UTF-8, or NUL",
        where=name,
        remedy="Mend it in the database, or give a query that does",
    )


def _whole(values: Sequence[object]) -> Array:
    """Whole numbers: as they are where they fit, since that is much quicker."""
    try:
        return pa.array(values, pa.int64())
    except (OverflowError, pa.ArrowInvalid):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _text(value: object, name: str, theirs: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        exact = Decimal(repr(value)) if isinstance(value, float) else value
        if not exact.is_finite():
            return str(exact)
        return format(exact.to_integral_value() if exact == exact.to_integral_value() else exact, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | UUID):
        return str(value)
    raise ExtractError(
        f"the column {theirs!r} holds values of a type that has no text",
        where=name,
        remedy="Map another column, or give a query that makes it a text",
    )
