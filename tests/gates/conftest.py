"""Small record files and answers for the gates, each clean: a test then breaks one thing."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extract.contract import RECORDS

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

FILE_SCHEMA = pa.schema([field for field in RECORDS if field.name != "hearing_month"])
Row = dict[str, Any]


def made_row(**changes: Any) -> Row:
    """One result of a made statement; every field can be changed."""
    received = datetime(2020, 2, 5, 6, 0, tzinfo=UTC)
    return {
        "source_name": "spi",
        "source_format": "spi",
        "source_system": "B00LIBRA",
        "source_file": "made.xml",
        "envelope_id": None,
        "payload_hash": "a" * 64,
        "received_at": received,
        "landed_batch": 1,
        "landed_at": received,
        "statement_key": "spi|01AB1234520|2001AB01000000001A|2020-02-03|B01CE",
        "stated_at": received,
        "statement_complete": True,
        "hearing_date": date(2020, 2, 3),
        "hearing_date_basis": "message",
        "court_ou_code": "B01CE00",
        "lja_code": "2576",
        "police_force": "01",
        "police_force_basis": "urn",
        "case_key": "urn:01AB1234520",
        "case_key_strength": "strong",
        "case_urn": "01AB1234520",
        "application_key": None,
        "defendant_key": "asn:2001AB01000000001A",
        "case_index": 1,
        "offence_index": 1,
        "result_index": 1,
        "level": "OFFENCE",
        "offence_code_raw": "ST19501",
        "offence_code": "ST19501",
        "result_code": "3307",
        "result_short_code": None,
        "result_text": None,
        "result_text_digest": "d" * 64,
        "final_disposal": True,
        "finding": None,
        "conviction_date": date(2020, 1, 31),
    } | changes


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    return made_row


@pytest.fixture
def clean() -> list[Row]:
    """A statement of three results, one of another case with a weak key, and a day of a table without results."""
    weak = {"statement_key": "payload:b", "payload_hash": "b" * 64, "case_key": "payload:b#1"}
    empty = dict.fromkeys(("offence_index", "result_index", "level", "offence_code_raw", "offence_code"))
    empty |= {"result_code": None, "result_text_digest": None, "conviction_date": None, "final_disposal": None}
    many = [made_row(result_index=i, result_code=str(997 + i)) for i in range(4, 24)]  # each is in the official list
    return [
        made_row(),
        made_row(result_index=2, result_code=None, result_text="granted.", result_text_digest="e" * 64),
        made_row(offence_index=2, offence_code="TH68001", result_code="1002"),
        made_row(**weak, case_key_strength="weak"),
        made_row(**empty, statement_key="table:mi:2020-02-04", case_key="none:table:mi:2020-02-04")
        | {"case_key_strength": "weak", "hearing_date": date(2020, 2, 4), "source_format": "table"},
        *many,
    ]


@pytest.fixture
def land(tmp_path: Path) -> Callable[..., list[str]]:
    """Write rows as a file of the records store; `without` leaves columns out."""

    def write(rows: list[Row], *, without: tuple[str, ...] = (), name: str = "part-0.parquet") -> list[str]:
        folder = tmp_path / "hearing_month=2020-02"
        folder.mkdir(exist_ok=True)
        table = pa.Table.from_pylist(rows, schema=FILE_SCHEMA).drop_columns(list(without))
        pq.write_table(table, folder / name)
        return [str(folder / name)]

    return write


Answer = dict[str, pd.DataFrame]


def figures_frame(rows: list[tuple[str, str, int | None, str]]) -> pd.DataFrame:
    """Figures as the gates take them: a missing value is NA in a nullable integer column."""
    frame = pd.DataFrame(rows, columns=["period", "cell", "value", "status"])
    return frame.astype({"value": "Int64"})


@pytest.fixture
def figures() -> Callable[..., pd.DataFrame]:
    return figures_frame


@pytest.fixture
def answer() -> Answer:
    """A clean answer: 27 cases by month and by application type."""
    figures = figures_frame(
        [
            ("2020Q1", "{}", 27, "counted"),
            ("2020Q1", '{"month":"2020-01"}', 7, "counted"),
            ("2020Q1", '{"month":"2020-02"}', 20, "counted"),
            ("2020Q1", '{"month":"2020-03"}', 0, "counted"),
            ("2020Q1", '{"application_type":"new"}', 25, "counted"),
            ("2020Q1", '{"application_type":"vary"}', 2, "counted"),
        ]
    )
    attrition = pd.DataFrame(
        {"position": [1, 2, 3], "step": ["a", "b", "c"], "rows": [900, 60, 31], "units": [400, 40, 27]}
    )
    evidence = pd.DataFrame({"name": ["order", "granted"], "units": [20, 7]})
    return {"figures": figures, "attrition": attrition, "evidence": evidence}
