"""Two made landings of one store, and every answer that a store gives. Not a test itself: the crash tests read it."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from extract import compaction, holding, quarantine, store
from extract.contract import Refusal, Texts
from pipelines.sources import LandRequest, find_files, land_files

FIRST, SECOND, LATER = (datetime(2020, 6, day, 9, tzinfo=UTC) for day in (1, 2, 9))
TEXTS = Texts(frozenset(), b"key for tests only")
MESSAGE = """<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra">
<DC:Session><DC:CourtHearing><DC:Hearing><DC:CourtHearingLocation>B01EF01</DC:CourtHearingLocation>
<DC:DateOfHearing>{day}</DC:DateOfHearing></DC:Hearing><DC:PSAcode>0576</DC:PSAcode></DC:CourtHearing>
<DC:Case><DC:PTIURN>01ZD{number:07}</DC:PTIURN><DC:Defendant>
<DC:ProsecutorReference>1101ZD0100000448754K</DC:ProsecutorReference><DC:Offence><DC:BaseOffenceDetails>
<DC:OffenceCode>ST19501</DC:OffenceCode></DC:BaseOffenceDetails><DC:Result><DC:ResultCode>{code}</DC:ResultCode>
</DC:Result></DC:Offence></DC:Defendant></DC:Case></DC:Session></DC:ResultedCaseMessage>"""
BROKEN = "2020-99-99"
MAPPING = """schema = "courtstats/mapping@1"
source = "made"
[columns]
case_number = "Case"
hearing_date = "Day"
offence_code = "Offence"
result = "Result"
"""


ROWS = "Case,Day,Offence,Result\nC1,2020-02-03,ST19501,3307\n"


def messages(inbox: Path, **said: tuple[str, str]) -> None:
    for number, (name, (day, code)) in enumerate(said.items()):
        (inbox / f"{name}.xml").write_text(MESSAGE.format(day=day, code=code, number=number))


def deliver_first(inbox: Path, format: str) -> None:
    """What the store holds already: a fault is among it."""
    inbox.mkdir(parents=True)
    if format == "spi":
        messages(inbox, a=("2020-02-03", "3307"), b=("2020-02-04", "3307"), c=(BROKEN, "3307"))
    else:
        (inbox.parent / "made.toml").write_text(MAPPING)
        (inbox / "made.csv").write_text(ROWS + "C2,2020-02-04,TOO LONG A CODE,3307\n")


def deliver_second(inbox: Path, format: str) -> None:
    """Repeats, news of two months, a correction that lets the fault go, and a fault of its own."""
    if format == "spi":
        said = {"a": ("2020-02-03", "3307"), "b": ("2020-02-04", "4506"), "c": ("2020-02-05", "3307")}
        messages(inbox, **said, d=("2020-03-04", "3307"), e=(BROKEN, "4506"))
    else:
        news = "C2,2020-02-04,ST19501,3307\nC3,2020-03-04,ST19501,4506\nC4,2020-03-05,TOO LONG A CODE,3307\n"
        (inbox / "made.csv").write_text(ROWS + news)


def land(
    inbox: Path,
    path: Path,
    now: datetime = SECOND,
    *,
    received_at: datetime | None = None,
    merge: bool = True,
    dry_run: bool = False,
) -> store.Landing:
    """Land what is in a folder as the command does, and merge small files as if there were many."""
    mapping = inbox.parent / "made.toml"
    request = LandRequest(find_files([inbox]), mapping if mapping.exists() else None, received_at, None)
    store.prepare(path, "check")
    landed = land_files(request, path, system="B00LIBRA", texts=TEXTS, landed_at=now, dry_run=dry_run)
    if merge:
        compaction.compact(path, now=now)
    return landed


def fault(file: str) -> Refusal:
    return Refusal("bad-date", file, "the file", "a hash")


# --- what is looked at -----------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """Every answer of a store: its rows by landing, what it says of its landings, what is in quarantine."""

    newest: int
    rows: list[Any]
    of_newest: list[Any]
    summaries: list[store.Landing]
    set_aside: list[holding.SetAside]
    held: tuple[int, int]


def rows(path: Path, batch: int | None = None) -> list[Any]:
    if not (files := list(store.known_files(path, batch=batch))):
        return []
    query = "select * from read_parquet($files) where $batch is null or landed_batch = $batch order by all"
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        return con.execute(query, {"files": files, "batch": batch}).fetchall()


def state_of(path: Path) -> State:
    newest = store.newest_batch(path)
    return State(
        newest, rows(path), rows(path, newest), store.summaries(path), holding.on_record(path, newest),
        quarantine.on_record(path, newest),
    )  # fmt: skip


def files_of(path: Path) -> list[tuple[str, int]]:
    """Months and rows of the files that the table names."""
    return [(f.month, f.rows) for f in compaction.data_files(path)]


def rows_left(path: Path) -> list[str]:
    """Files of rows that the table does not name."""
    named = {Path(file).name for file in store.known_files(path)}
    return [f.name for f in (path / "records").glob("hearing_month=*/*") if f.name not in named]


def left_in(path: Path) -> list[str]:
    """What lies in a store and is no part of it."""
    summaries = {f"{landing.batch:09d}" for landing in store.summaries(path)}
    numbered = [*(path / "batches").iterdir(), *(path / "quarantine").rglob("*.*")]
    others = [f for f in numbered if f.stem not in summaries or f.suffix == ".tmp"]
    known = {"store.json", "landing.lock", "staging", "records", "batches", "quarantine"}
    stray = [f for f in path.iterdir() if f.name not in known]
    log = path / "records" / "_delta_log"
    logged = [f for f in log.iterdir() if f.suffix not in (".json", ".parquet") and f.name != "_last_checkpoint"]
    return rows_left(path) + [f.name for f in (*others, *stray, *logged, *(path / "staging").iterdir())]


def grown_old(path: Path) -> None:
    """As if what lies in the store were of some days ago."""
    for file in path.rglob("*"):
        os.utime(file, (LATER.timestamp() - 7 * 24 * 3600,) * 2)
