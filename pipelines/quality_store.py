"""What of the state only the records store knows: quarantine, newest hearings, how complete last month usually is.

A store that cannot be read does not stop the state: these things are then not known, and `doctor` says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from extract import quarantine, store
from extract.contract import StageError
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class OfStore:
    """By source: things held in quarantine (None: not known), newest hearing day, usual share of last month."""

    held: Mapping[str, int] | None = None
    newest_hearing: Mapping[str, date] = field(default_factory=dict)
    complete: Mapping[str, float] = field(default_factory=dict)


def of_store(settings: Settings, as_at: datetime, *, deep: bool) -> OfStore:
    """What the store knows. `deep` reads the hearing days and receipts of all records too, which takes seconds."""
    if not settings.store.exists():
        return OfStore()
    import duckdb

    try:
        held = _held(settings)
        if not deep:
            return OfStore(held)
        from pipelines.inspecting import usually_complete

        return OfStore(held, _newest_hearings(settings), usually_complete(settings, as_at))
    except (OSError, StageError, duckdb.Error, ExceptionGroup):
        return OfStore()


def _held(settings: Settings) -> dict[str, int]:
    import duckdb

    if not quarantine.folder(settings.store).exists():
        return {}
    query = "select source_name, count(*) from set_aside where released_batch is null group by all order by all"
    with duckdb.connect() as con:
        quarantine.look(con, settings.store, store.newest_batch(settings.store))
        return dict(con.execute(query).fetchall())


def _newest_hearings(settings: Settings) -> dict[str, date]:
    import duckdb

    files = store.known_files(settings.store)
    if not files:
        return {}
    query = """
        select source_name, max(hearing_date)
        from read_parquet($files, union_by_name = true, hive_partitioning = false) group by all order by all
    """
    with duckdb.connect() as con:
        return dict(con.execute(query, {"files": list(files)}).fetchall())
