"""orjson alone: parse each file, find the fields of every result that counts; nothing is checked: FOLDER."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson


def results(hearing: dict[str, Any]) -> Iterator[tuple[str | None, str | None, str | None]]:
    """Offence code, result code and label of every result on an offence or application."""
    for case in hearing.get("prosecutionCases", ()):
        for defendant in case["defendants"]:
            for offence in defendant["offences"]:
                for result in offence.get("judicialResults", ()):
                    yield offence.get("offenceCode"), result.get("cjsCode"), result.get("label")
    for application in hearing.get("courtApplications", ()):
        for result in application.get("judicialResults", ()):
            yield application["type"].get("code"), result.get("cjsCode"), result.get("label")


def main(folder: Path) -> None:
    start = time.perf_counter()
    rows = 0
    for file in sorted(folder.glob("*.json")):
        rows += len(list(results(orjson.loads(file.read_bytes())["hearing"])))
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
