"""The demo's data: about 2,000 invented cases in which 27 stalking protection orders are hidden among traps.

Made from a seed: the same seed and number of cases give the same bytes. Everything says that it is
synthetic: the messages in a comment, the table in its name, the folder in a README.txt.
"""

import csv
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from extract.contract import ExtractError
from pipelines.synthetic_cases import Row
from pipelines.synthetic_messages import COURTS, SYNTHETIC, Message, person_name, render
from pipelines.synthetic_ordinary import ordinary_messages, ordinary_rows, table_cases
from pipelines.synthetic_traps import traps

SCHEMA = "courtstats/synthetic@1"
MANIFEST = "manifest.json"
QUESTION = "stalking-protection-orders"
COVERED = (date(2020, 3, 2), date(2020, 3, 13))
SPI_RECEIVED = (
    datetime(2020, 4, 6, 6, tzinfo=UTC),
    datetime(2020, 4, 20, 6, tzinfo=UTC),
    datetime(2020, 5, 4, 6, tzinfo=UTC),
    datetime(2020, 7, 6, 6, tzinfo=UTC),
)
TABLE_RECEIVED = datetime(2020, 4, 14, 6, tzinfo=UTC)
SPI_FOLDERS = ("1-spi-first", "3-spi-amended", "4-spi-withdrawn", "5-spi-restored")
TABLE = f"2-table/SYNTHETIC-mi-extract-{COVERED[0]}-to-{COVERED[1]}.csv"
MAPPING = "mapping/SYNTHETIC-mi-extract.toml"
_TABLE_HEADER = (
    "Case Number",
    "URN",
    "Court",
    "Hearing Date",
    "Defendant No",
    "Defendant Name",
    "Offence Code",
    "Result Code",
    "Result Text",
)
_MAPPING_TEXT = f"""\
# {SYNTHETIC}.
schema      = "courtstats/mapping@1"
source      = "synthetic-mi-extract"
system      = "SYNTHETIC"
date_format = "%d/%m/%Y"

[columns]                       # our column = "theirs"; "Defendant Name" is not mapped, so it is never read
case_number   = "Case Number"
case_urn      = "URN"
court_ou_code = "Court"
hearing_date  = "Hearing Date"
defendant     = "Defendant No"
offence_code  = "Offence Code"
result        = "Result Code"
result_text   = "Result Text"

[filter]
declared = "magistrates' courts, every offence"
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One landing of the demo: what is landed, how, when it was received (UTC), which days it restates."""

    name: str
    path: Path
    format: str
    mapping: Path | None
    received_at: datetime
    covers: tuple[date, date] | None


@dataclass(frozen=True, slots=True)
class Trap:
    """A named trap: what it tests, how many units it adds under the right rule, its files (relative)."""

    name: str
    sentence: str
    counted: int
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What the demo lands, in order, and what it asks: the question and its first and last day."""

    deliveries: tuple[Delivery, ...]
    traps: tuple[Trap, ...]
    question: str = QUESTION
    first: date = date(2020, 1, 1)
    last: date = date(2020, 3, 31)


def write_demo(folder: Path, seed: int = 20200331, cases: int = 2000) -> DemoPlan:
    """Write the demo's data into a folder of its own, all of it or nothing; the same data again is left as it is.

    Args:
        folder: made if need be; must be empty, or hold what would be written.
        seed: of the ordinary cases; the traps are always the same.
        cases: how many cases in all, at least those of the traps.

    Raises:
        ExtractError: the folder holds something else, or too few cases were asked for.
    """
    content, plan = _contents(folder, seed, cases)
    listing = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    about = {"schema": SCHEMA, "note": SYNTHETIC, "seed": seed, "cases": cases, "files": listing}
    content[MANIFEST] = (json.dumps(about, indent=1) + "\n").encode()
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            if not _holds(folder, content):
                raise ExtractError(
                    "the folder holds something other than this demo's data; nothing was written",
                    where=str(folder),
                    remedy="Remove it, or choose another folder",
                )
            return plan
        _write(folder, content)
    except OSError as fault:
        raise ExtractError(
            f"the demo's data cannot be written ({fault.strerror or type(fault).__name__})", where=str(folder)
        ) from fault
    return plan


def _write(folder: Path, content: dict[str, bytes]) -> None:
    """Write the files beside the folder first, so that it never holds a part of them."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for place in sorted({(staging / name).parent for name in content}):
            place.mkdir(parents=True, exist_ok=True)
        for name, data in content.items():
            (staging / name).write_bytes(data)
        staging.chmod(0o755)
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _holds(folder: Path, content: dict[str, bytes]) -> bool:
    """Whether a folder holds exactly these files."""
    if not folder.is_dir():
        return False
    there = (
        {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if not p.is_dir()} if folder.is_dir() else {}
    )
    return there.keys() == content.keys() and all(there[name].read_bytes() == data for name, data in content.items())


def _contents(folder: Path, seed: int, cases: int) -> tuple[dict[str, bytes], DemoPlan]:
    """The files by name, and the plan that refers to them."""
    planned = traps()
    ordinary = cases - len({case for trap in planned for case in _case_names(trap.messages, trap.rows)})
    if ordinary < 0:
        raise ExtractError(f"{cases} cases are too few for the traps", remedy=f"Ask for {cases - ordinary} or more")
    rng = Random(seed)  # noqa: S311 - nothing secret: the same seed must give the same demo
    in_table = table_cases(ordinary)
    receipts = tuple(received.date() for received in SPI_RECEIVED)
    told = [(trap.name, message) for trap in planned for message in trap.messages]
    told += [("", message) for message in ordinary_messages(rng, ordinary - in_table, receipts)]
    rng.shuffle(told)  # so that the traps stand among ordinary messages
    told.sort(key=lambda item: item[1].delivery)
    content: dict[str, bytes] = {}
    files: dict[str, list[str]] = {trap.name: [TABLE] if trap.rows else [] for trap in planned}
    for number, (name, message) in enumerate(told, start=1):
        file = f"{SPI_FOLDERS[message.delivery]}/spi-{number:05d}.xml"
        content[file] = render(message, f"SYNTHETIC-{number:08d}")
        if name:
            files[name].append(file)
    rows = [row for trap in planned for row in trap.rows] + list(ordinary_rows(rng, in_table, *COVERED))
    content[TABLE] = _table(rows)
    content[MAPPING] = _MAPPING_TEXT.encode()
    found = tuple(Trap(t.name, t.sentence, t.counted, tuple(files[t.name])) for t in planned)
    content["README.txt"] = _readme(found, seed, cases).encode()
    content["2-table/README.txt"] = f"{SYNTHETIC}.\n".encode()
    return content, DemoPlan(_deliveries(folder), found)


def _case_names(messages: Sequence[Message], rows: Sequence[Row]) -> Iterable[str]:
    """What tells the cases of a trap apart: the URN, or with a dummy one the person; a table's own number."""
    for case in (case for message in messages for case in message.cases):
        yield str(case.person) if case.urn.startswith("00") else case.urn.upper()
    yield from (row.case_number or row.urn for row in rows)


def _deliveries(folder: Path) -> tuple[Delivery, ...]:
    found = [
        Delivery(name, folder / name, "spi", None, received, None)
        for name, received in zip(SPI_FOLDERS, SPI_RECEIVED, strict=True)
    ]
    found.append(Delivery("2-table", folder / TABLE, "table", folder / MAPPING, TABLE_RECEIVED, COVERED))
    return tuple(sorted(found, key=lambda delivery: delivery.received_at))


def _table(rows: Iterable[Row]) -> bytes:
    """The table extract as CSV, days written dd/mm/yyyy."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_TABLE_HEADER)
    for row in sorted(rows, key=lambda row: (row.day, row.case_number)):
        writer.writerow(
            (
                row.case_number,
                row.urn,
                COURTS[row.court].ou,
                row.day.strftime("%d/%m/%Y"),
                row.person,
                person_name(row.person),
                row.offence,
                row.code,
                row.text,
            )
        )
    return text.getvalue().encode()


def _readme(found: Sequence[Trap], seed: int, cases: int) -> str:
    lines = [
        f"{SYNTHETIC}.",
        "",
        f"About {cases} invented cases (seed {seed}), and these traps, with the number of cases that each adds:",
        "",
        *(f"{trap.counted}  {trap.name}: {trap.sentence}." for trap in found),
        "",
        f"{sum(trap.counted for trap in found)}  in all, 1 January to 31 March 2020.",
    ]
    return "\n".join(lines) + "\n"
