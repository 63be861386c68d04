"""`courtstats read`: what files say, as an engineer sees it. Parses only; nothing is stored."""

import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from extract.contract import Refusal
from extract.records import rows
from pipelines import runs
from pipelines.settings import Settings
from pipelines.sources import LandRequest, check_request, deliveries_of, find_files, mapping_of, reader_of


def read(
    settings: Settings,
    paths: Sequence[Path],
    format: str | None,
    mapping: Path | None,
    covers: tuple[date, date] | None,
) -> int:
    """Print a JSON line per record to standard output and a line per refusal to standard error.

    Returns how many things were refused.
    """
    request = check_request(LandRequest(find_files(paths, format), mapping, None, covers))
    files = request.files
    texts = runs.texts(settings, make_key=False)
    now = datetime.now(UTC)
    if files.format != "table":
        from extract.parsing import read_delivery

        reader = reader_of(request, now, settings.spi_system, texts)
        refused = 0
        for delivery in deliveries_of(request):
            reading = read_delivery(delivery, reader)
            for statement in reading.statements:
                _print_rows(rows(statement))
            refused += _print_refusals(reading.refusals)
        return refused

    from extract.tables import read_tables

    found = mapping_of(request)
    with tempfile.TemporaryDirectory(prefix="courtstats-") as spool:
        table = read_tables(
            [f.path for f in files.files], [f.name for f in files.files], found,
            covers=covers, received_at=now, texts=texts, spool=Path(spool),
        )  # fmt: skip
        for batch in table.batches:
            _print_rows(batch.to_pylist())
        return _print_refusals(table.refusals)


def _print_rows(lines: Iterable[dict[str, Any]]) -> None:
    for line in lines:
        if line["result_index"] is not None:
            sys.stdout.write(json.dumps(line, default=lambda v: v.isoformat(), ensure_ascii=False) + "\n")


def _print_refusals(refusals: Sequence[Refusal]) -> int:
    from extract.contract import REASONS

    for refusal in refusals:
        sys.stderr.write(f"{refusal.file}: {refusal.place}: {REASONS[refusal.reason]} [{refusal.reason}]\n")
    return len(refusals)
