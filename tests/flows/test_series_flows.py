"""A series, and two units, for the record: each period and unit a run of its own, once."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from extract.contract import StageError
from load.reading import current_figures, warehouse_status
from load.warehouse import open_warehouse
from pipelines.settings import DEFINITIONS

QUESTION = "stalking-protection-orders"
YEAR = (date(2020, 1, 1), date(2020, 12, 31))
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url")]
Land = Callable[..., None]


def test_a_series_is_a_run_for_each_period_and_the_same_series_again_changes_nothing(landed: Land, url: str) -> None:
    from pipelines.count_orders import count_orders

    landed()
    first = count_orders(QUESTION, *YEAR, every="quarter")
    every = [first, *first.beside]
    assert [(r.answer.period, r.answer.value, r.answer.status) for r in every] == [
        ("2020Q1", 1, "counted"),
        ("2020Q2", None, "no data"),
        ("2020Q3", None, "no data"),
        ("2020Q4", None, "no data"),
    ]
    again = count_orders(QUESTION, *YEAR, every="quarter")
    assert [r.already_there for r in (again, *again.beside)] == [True] * 4
    one = count_orders(QUESTION, date(2020, 1, 1), date(2020, 3, 31))
    assert one.already_there, "a period asked for alone is the run it was in the series"
    assert (one.run_id, one.answer) == (first.run_id, first.answer)
    with open_warehouse(url) as warehouse:
        assert warehouse_status(warehouse).rows["run"] == 4
        assert {f.period for f in current_figures(warehouse, QUESTION)} == {"2020Q1", "2020Q2", "2020Q3", "2020Q4"}


def test_a_question_in_two_units_is_loaded_in_both_with_its_marks(
    landed: Land, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.count_orders import count_orders

    for folder in ("questions", "codelists"):
        shutil.copytree(DEFINITIONS / folder, tmp_path / "sql" / folder)
    path = tmp_path / "sql" / "questions" / f"{QUESTION}.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace('unit = "case"\n', 'unit = "case"\nalso = ["defendant"]\n', 1)
    path.write_text(text.replace("[release]", "[provisional]\ndays = 90\n\n[release]", 1), encoding="utf-8")
    monkeypatch.setenv("COURTSTATS_DEFINITIONS", str(tmp_path / "sql"))
    landed()
    done = count_orders(QUESTION, date(2020, 1, 1), date(2020, 3, 31))
    assert [r.answer.unit for r in (done, *done.beside)] == ["case", "defendant"]
    again = count_orders(QUESTION, date(2020, 1, 1), date(2020, 3, 31))
    assert again.already_there
    assert again.answer == done.answer, "marks and notes come back as they were"
    with open_warehouse(url) as warehouse:
        totals = {f.unit: (f.value, f.marks) for f in current_figures(warehouse, QUESTION) if f.cell == "{}"}
    assert totals == {"case": (1, "p"), "defendant": (1, "p")}


def test_a_question_that_a_published_table_answers_is_not_counted_for_the_record(landed: Land, url: str) -> None:
    from pipelines.count_orders import count_orders

    landed()
    with pytest.raises(StageError, match="figures are in a published table"):
        count_orders("breach-of-restraining-order-convictions", *YEAR)
    with open_warehouse(url) as warehouse:
        assert warehouse_status(warehouse).rows["figure"] == 0
