"""A held year of a published table is not shown, and cannot be worked out from what is."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines import published
from pipelines.settings import DEFINITIONS, load_settings
from transform.definition import Hold
from transform.periods import parse_period
from transform.questions import load_question

BREACH = load_question(DEFINITIONS, "breach-of-restraining-order-convictions")
TABLE = """SYNTHETIC,,,
Year,Offence,Outcome,Count
2018,008/31 Breach,Convicted,100
2019,008/31 Breach,Convicted,4321
2018,008/39 Breach,Convicted,20
2018,066/38 Breach,Convicted,3
"""


@pytest.mark.parametrize(("until", "held"), [(9000, True), (2000, False)])
def test_a_held_year_is_not_told_by_its_own_figure_or_by_the_sums_over_all_years(
    until: int, held: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    hold = Hold(parse_period("2019"), datetime(until, 1, 1, tzinfo=UTC), "a test")
    question = replace(BREACH, holds=(hold,))
    settings = load_settings({}, home=tmp_path / "home")
    periods = [parse_period("2018"), parse_period("2019")]
    published.count(settings, question, periods, table, None, csv=None, as_json=True)
    text = capsys.readouterr().out
    values = {y["year"]: y["published"]["value"] for y in json.loads(text)["years"]}
    assert values == {2018: 123, 2019: None if held else 4321}
    assert ("4321" in text or "4444" in text) is not held
