"""DuckDB alone copies the same columns of an extract to Parquet; nothing is checked: EXTRACT TARGET."""

import json
import sys
import time
from pathlib import Path

import duckdb

COPY = """
copy (
    select "Case Number", "URN", "Court", "Hearing Date", "Defendant No", "Offence Code", "Result Code", "Result Text"
    from {read}('{source}')
) to '{target}' (format parquet)
"""


def main(source: Path, target: Path) -> None:
    read = "read_parquet" if source.suffix == ".parquet" else "read_csv"
    start = time.perf_counter()
    with duckdb.connect() as connection:
        rows = connection.execute(COPY.format(read=read, source=source, target=target)).fetchall()[0][0]
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
