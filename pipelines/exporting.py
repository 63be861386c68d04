"""Files that figures are written to, and the entry about each in the audit log."""

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import show
from pipelines.noting import note_in

if TYPE_CHECKING:
    from load.connecting import Warehouse


def export(
    warehouse: "Warehouse | None",
    target: Path,
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    command: str,
    question: str,
    about: Mapping[str, object],
) -> None:
    """Write a CSV file as a whole or not at all, then note in the audit log which figures went out to it.

    `about` is what was asked for, by option. A warehouse that this user may only read cannot take the entry: that is
    said, and the file stays. Without a warehouse there were no figures, and nothing to note. Raises `OutputError` where
    the file cannot be written.
    """
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow(heads)
    sheet.writerows(rows)
    show.write_text(target, text.getvalue())
    sys.stderr.write(f"Written to {target}\n")
    if warehouse is not None:
        note_in(warehouse, "exported", question, command=command, file=target.name, **_given(about))


def _given(about: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in about.items() if value is not None}
