"""The reader of Common Platform hearings alone, nothing landed: FOLDER."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from extract.common_platform import read_common_platform
from extract.contract import Texts

TEXTS = Texts(frozenset({"granted", "withdrawn", "dismissed"}), b"a key for measuring")


def main(folder: Path) -> None:
    now = datetime.now(UTC)
    start = time.perf_counter()
    rows = 0
    for file in sorted(folder.glob("*.json")):
        reading = read_common_platform(file.read_bytes(), file=file.name, received_at=now, texts=TEXTS)
        rows += sum(len(statement.results) for statement in reading.statements)
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
