"""Rules on what the warehouse holds after loading, against what was computed; nothing is committed before."""

from typing import ClassVar

from expectations.contract import Gate
from expectations.rule import Rule


class LoadedRule(Rule):
    """A rule on what was loaded; the tables are the frames `computed` and `stored` of `gates.check_loaded`."""

    gate: ClassVar[Gate] = "loaded"
    severity = "critical"
    over = "stored"
    remedy = "Nothing was committed; check the warehouse's schema and run again"


class NoCellMissing(LoadedRule):
    """No fewer cells than were computed."""

    id = "loaded.no-cell-missing"
    over = "computed"
    sentence = "Every cell that was computed is in the warehouse"
    broken = "(period, cell) not in (select (period, cell) from stored)"


class NoCellExtra(LoadedRule):
    """No more cells than were computed."""

    id = "loaded.no-cell-extra"
    sentence = "Every cell in the warehouse was computed"
    broken = "(period, cell) not in (select (period, cell) from computed)"


class StoredOnce(LoadedRule):
    """A cell stored twice would be two vintages of one run."""

    id = "loaded.one-row-per-cell"
    sentence = "Every cell is stored once"
    query = """
        select coalesce(sum(times), 0)::bigint as checked, coalesce(sum(times - 1), 0)::bigint as unexpected
        from (select count(*) as times from {batch} group by period, cell)
    """


def _differing(column: str) -> str:
    return f"""
        select count(*) as checked,
            count(*) filter (where stored_row.{column} is distinct from computed.{column}) as unexpected
        from (select * from {{batch}}) as stored_row join computed using (period, cell)
    """  # noqa: S608 - the rule's own column


class ValuesEqual(LoadedRule):
    """A null is equal to a null only: never to 0, -1 or a blank."""

    id = "loaded.values-equal"
    sentence = "Every value in the warehouse is the value that was computed"
    query = _differing("value")


class StatusesEqual(LoadedRule):
    """A held figure must not come out as counted."""

    id = "loaded.statuses-equal"
    sentence = "Every status in the warehouse is the status that was computed"
    query = _differing("status")


LOADED: tuple[type[Rule], ...] = (NoCellMissing, NoCellExtra, StoredOnce, ValuesEqual, StatusesEqual)
