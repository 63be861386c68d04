"""The views that an analyst can query from any SQL tool; the program asks the same texts its own questions."""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

FOLDER = Path(__file__).resolve().parents[1] / "sql" / "warehouse"
VIEWS: dict[str, str] = {
    "current_figure": "The figures that stand, each with what it was last published as",
    "figure_history": "Every vintage of every figure, with when the warehouse said so",
    "revision": "Why figures differ from the vintage before, part by part",
    "run_log": "Every run with its state and its checks, without figures",
}
"""Each view with what it shows; its text is `sql/warehouse/<name>.sql`."""
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8").rstrip("\n")


def view_sql(name: str, **conditions: str) -> str:
    """The text of a view; `conditions` are further ones for its parts, with bound parameters (`... = :question`).

    A part that is not named gets none. Raises `ValueError` for a part that the view does not have.
    """
    text = _text(name)
    if unknown := set(conditions) - set(_PLACEHOLDER.findall(text)):
        raise ValueError(f"sql/warehouse/{name}.sql has no part {', '.join(sorted(unknown))}")
    return _PLACEHOLDER.sub(lambda found: f"\n      and {more}" if (more := conditions.get(found[1])) else "", text)


def drop_views(connection: Connection) -> None:
    """Take the views away, so that a migration can change the tables under them."""
    for name in VIEWS:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def make_views(connection: Connection) -> None:
    """Make the views of this version."""
    for name, comment in VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS\n{view_sql(name)}")
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"COMMENT ON VIEW {name} IS '{comment}'")
