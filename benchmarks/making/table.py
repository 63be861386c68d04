"""Write a synthetic table extract (CSV, Parquet) and its mapping: FOLDER ROWS. One row per result, days of 2023."""

import json
import sys
from pathlib import Path

import duckdb

MAPPING = """\
schema      = "courtstats/mapping@1"
source      = "synthetic-extract"
date_format = "%d/%m/%Y"

[columns]
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
ROWS = """
with drawn as (
    select
        i // 3 as case_number,
        cast(hash(i // 3) >> 1 as bigint) as of_case,
        cast(hash(i, 'row') >> 1 as bigint) as of_row
    from range($rows) made(i)
)
select
    format('SY-{:08d}', case_number) as "Case Number",
    format('{:02d}SY{:07d}', of_case % 40 + 1, case_number) as "URN",
    format('B{:02d}EF{:02d}', of_case % 40 + 1, of_case % 7) as "Court",
    strftime(date '2023-01-01' + cast(of_case % 365 as integer), '%d/%m/%Y') as "Hearing Date",
    case_number + of_row % 20 // 19 as "Defendant No",
    format('SYNTHETIC PERSON {:08d}', case_number) as "Defendant Name",
    case when of_row % 1000 = 0 then 'ST19501'
        else ['TH68010', 'CJ88001', 'TH68006', 'RT88191', 'CJ67002', 'CD71039', 'PU86004'][of_row % 7 + 1]
    end as "Offence Code",
    case when of_row % 1000 = 0 then 'SPO' else ['FO', 'FCOST', 'CD', 'WDRN', 'FCOMP', '1002'][of_row % 6 + 1] end
        as "Result Code",
    format('Fined {} pounds, to be paid within {} days.', of_row % 400, of_row % 28) as "Result Text"
from drawn
"""


def main(folder: Path, rows: int) -> None:
    folder.mkdir(parents=True)
    target, parquet = folder / "extract.csv", folder / "extract.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({ROWS}) to '{target}' (header)", {"rows": rows})
        connection.execute(f"copy ({ROWS}) to '{parquet}' (format parquet)", {"rows": rows})
    (folder / "mapping.toml").write_text(MAPPING)
    print(json.dumps({"rows": rows, "bytes": target.stat().st_size, "parquet_bytes": parquet.stat().st_size}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
