"""`courtstats sources check`: connect or open, read a sample, say what maps and what does not. Writes nothing at all.

What is shown are names of columns, reasons, days and numbers: never a value of the source.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.contract import ExtractError, Refusal, Result, Texts, last_hearing_day, normalise_text
from extract.deliveries import Deliveries, SourceFile
from pipelines import runs
from pipelines.settings import DEFINITIONS, Settings
from pipelines.source_definition import NamedSource
from pipelines.source_landing import files_of, request_for, usable_source
from transform.standing import Standing, offence_in, standing

if TYPE_CHECKING:
    from extract.mapping import Mapping as TableMapping

SAMPLE_ROWS = 1_000
SAMPLE_MESSAGES = 200
SAMPLE_FILES = 20
"""Tables that are looked into; of more files as many are taken, from the first to the last."""


@dataclass(frozen=True, slots=True)
class Codes:
    """How many results of the sample bear codes that the standing data knows, and how many different ones there are."""

    known: int = 0
    unknown: int = 0
    different_unknown: int = 0


@dataclass(slots=True)
class Checked:
    """What a look at a source found.

    `read` and `usable` count `unit`s: messages, or rows. `columns` are theirs by ours; `missing` are mapped columns
    that are not there; `unmapped` are columns that the mapping does not name.
    """

    source: NamedSource
    unit: str
    files: int | None = None
    left: int = 0
    read: int = 0
    usable: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    missing: list[ExtractError] = field(default_factory=list)
    unmapped: tuple[str, ...] = ()
    refused: dict[str, int] = field(default_factory=dict)
    offences: Codes = field(default_factory=Codes)
    results: Codes = field(default_factory=Codes)
    days: tuple[date, ...] = ()
    window: tuple[date, date] | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def can_be_used(self) -> bool:
        """Whether landing it could bring anything: nothing is missing, and not all of what was read is refused."""
        return not self.missing and (self.usable > 0 or not self.read)


def check_source(settings: Settings, name: str) -> Checked:
    """Look at a source.

    Raises:
        SettingsError: its secret is not set.
        ExtractError, ExceptionGroup: sources.toml, or the source, cannot be used at all.
    """
    source = usable_source(settings, name)
    texts = runs.texts(settings, make_key=False)
    if source.kind == "database":
        return _database(settings, source, texts)
    files = files_of(source)
    unit = "rows" if source.kind == "table" else "messages"
    found = Checked(source, unit, files=len(files.files), left=files.left)
    if not files.files:
        found.notes.append("There is no file of its kind yet")
    elif source.kind == "table":
        _tables(found, _spread(files.files, SAMPLE_FILES), texts)
    else:
        _messages(settings, found, _spread(files.files, SAMPLE_MESSAGES), texts)
    return found


def _spread(files: Sequence[SourceFile], many: int) -> list[SourceFile]:
    """As many files as asked for, evenly from the first to the last."""
    if len(files) <= many:
        return list(files)
    return [files[round(n * (len(files) - 1) / (many - 1))] for n in range(many)]


def _messages(settings: Settings, found: Checked, files: Sequence[SourceFile], texts: Texts) -> None:
    from extract.parsing import read_delivery
    from pipelines.finding import Files
    from pipelines.sources import reader_of

    request = request_for(settings, found.source, Files(found.source.format, tuple(files), 0, chosen=True))
    reader = reader_of(request, datetime.now(UTC), settings.spi_system, texts)
    each = max(1, SAMPLE_MESSAGES // len(files))  # of an archive, or of a file with many messages
    refusals: list[Refusal] = []
    results: list[Result] = []
    days: set[date] = set()
    for file in files:
        for delivery in islice(Deliveries([file], reader.format, others_left=True), each):
            reading = read_delivery(delivery, reader)
            found.read += 1
            found.usable += bool(reading.statements)
            refusals += reading.refusals
            results += [result for statement in reading.statements for result in statement.results]
            days |= {statement.hearing_date for statement in reading.statements}
    found.refused = _by_reason(refusals)
    found.days = tuple(sorted(days))
    codes = [(r.offence_code, r.result_code, r.result_short_code, r.result_text, r.result_text_digest) for r in results]
    found.offences, found.results = known_codes(codes, standing(DEFINITIONS))


def _tables(found: Checked, files: Sequence[SourceFile], texts: Texts) -> None:
    from extract.mapping import load_mapping
    from extract.table_files import FileRefusedError, Rows, inspect, read
    from extract.table_rows import judge

    assert found.source.mapping is not None
    mapping = load_mapping(found.source.mapping)
    found.columns = mapping.columns
    last_day = last_hearing_day(datetime.now(UTC))
    mapped = set(mapping.columns.values())
    usable, refusals = [], []
    unmapped: set[str] = set()
    for file in files:
        if found.read >= SAMPLE_ROWS:
            break
        try:
            rows = next(read(inspect(file.path, file.name, mapping), mapping.delimiter, lambda _row: None), None)
        except FileRefusedError as refused:
            refusals.append(Refusal(refused.reason, file.name, "file"))
            found.read += 1
            continue
        except ExceptionGroup as group:
            said = {fault.what for fault in found.missing}
            found.missing += [f for f in group.exceptions if isinstance(f, ExtractError) and f.what not in said]
            rows = None
        unmapped |= set(_column_names(file.path, mapping)) - mapped
        if rows:
            some = Rows(rows.numbers[:SAMPLE_ROWS], {k: v[:SAMPLE_ROWS] for k, v in rows.columns.items()}, rows.native)
            judged = judge(some, file.name, mapping, found.source.covers, last_day, texts)
            found.read += len(some.numbers)
            usable.append(judged.usable)
            refusals += judged.refusals
    found.unmapped = tuple(sorted(unmapped))
    found.refused = _by_reason(refusals)
    _rows(found, [line for batch in usable for line in batch.to_pylist()])


def _column_names(path: Path, mapping: "TableMapping") -> list[str]:
    """The names of a table's columns, which are all of it that is shown; none of a first line that may be a row."""
    from extract.table_files import is_header

    with path.open("rb") as opened:
        parquet = opened.read(4) == b"PAR1"
    if parquet:
        import pyarrow.parquet as pq

        return list(pq.read_schema(path).names)
    with path.open(encoding="utf-8-sig", newline="") as text:
        names = next((row for row in csv.reader(text, delimiter=mapping.delimiter) if row), [])
    return names if is_header(names, mapping) else []


def _database(settings: Settings, source: NamedSource, texts: Texts) -> Checked:
    from extract.database import sample
    from pipelines.database_landing import database_of, mapping_of, window_of
    from pipelines.pushed_codes import codes_of

    now = datetime.now(UTC)
    mapping = mapping_of(source)
    where = f"{source.file}: only of [source.{source.name}]"
    codes = codes_of(settings, source.only, where) if source.only else None
    window = window_of(source, now)
    seen = sample(
        database_of(source, codes), mapping, window, received_at=now, texts=texts, rows=SAMPLE_ROWS,
        waiting=lambda _seconds: None,  # somebody looks on
    )  # fmt: skip
    found = Checked(source, "rows", read=seen.rows, columns=mapping.columns, window=window)
    found.missing = list(seen.missing)
    named = {*mapping.columns.values(), source.changed_at}
    found.unmapped = tuple(sorted(name for name in seen.columns if name not in named))
    found.refused = _by_reason(seen.refusals)
    if codes is not None:
        found.notes.append(f"Asks for {len(codes):,} offence codes of questions, and no others")
    if not source.changed_at:
        found.notes.append("No column says when a row changed: every landing reads the whole window")
    elif seen.changes_by_day:
        found.notes.append(
            f"{source.changed_at!r} is a date: where a row changes twice in a day, the second change is not seen until "
            "the whole window is read, once a week"
        )
    _rows(found, seen.usable.to_pylist())
    return found


def _rows(found: Checked, lines: Sequence[Mapping[str, Any]]) -> None:
    """What usable rows of a table hold: days, and codes known or not."""
    found.usable = len(lines)
    found.days = tuple(sorted({line["hearing_date"] for line in lines}))
    names = ("offence_code", "result_code", "result_short_code", "result_text", "result_text_hash")
    found.offences, found.results = known_codes(
        [tuple(line[name] for name in names) for line in lines], standing(DEFINITIONS)
    )


def known_codes(lines: Iterable[tuple[str | None, ...]], official: Standing) -> tuple[Codes, Codes]:
    """Offence codes and results, by whether the standing data knows them.

    A line is offence code, CJS code, short code, kept text, and anything that says that there was a text.
    """
    offences: Counter[str] = Counter()
    results: Counter[tuple[str | None, ...]] = Counter()
    for offence, *result in lines:
        if offence:
            offences[offence] += 1
        if any(result):
            results[tuple(result)] += 1
    short = {normalise_text(code) for code in official.short_codes}

    def known(result: tuple[str | None, ...]) -> bool:
        cjs, letters, text, _other = result
        if cjs and cjs != "1000":
            return cjs in official.results
        return bool(text) or bool(letters and normalise_text(letters) in short)

    return (
        _codes(offences, {code for code in offences if offence_in(official.offences, code)}),
        _codes(results, {result for result in results if known(result)}),
    )


def _codes(found: Mapping[Any, int], known: set[Any]) -> Codes:
    unknown = {code: many for code, many in found.items() if code not in known}
    return Codes(sum(found[code] for code in known), sum(unknown.values()), len(unknown))


def _by_reason(refusals: Iterable[Refusal]) -> dict[str, int]:
    return dict(Counter(r.reason for r in refusals).most_common())
