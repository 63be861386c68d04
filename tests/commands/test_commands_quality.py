"""`courtstats quality`: the verdict, the issues with what to do, and the exit codes that a monitor relies on.

The warehouse is made: landings and runs with checks that say what a test needs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from load.contract import BatchRow, CheckRow, QuestionVersion, RunRow
from load.landings_logged import SourceLogged, sources_logged, volumes_logged
from load.quality import record_inspection
from load.warehouse import load_run, open_warehouse, record_batch, record_stopped_run

pytestmark = pytest.mark.xdist_group("commands")
QUESTION = "stalking-protection-orders"
OTHER = "stalking-protection-applications"
CODE, WEAK = "landed.offence-code-well-formed", "landed.case-key-weak"
DAY_1 = datetime(2026, 3, 2, 9, tzinfo=UTC)
VERSIONS = {q: QuestionVersion(f"def of {q}", q, "Made", 'id = "made"', {}) for q in (QUESTION, OTHER)}
Warehouse = Any


def at(day: int) -> datetime:
    return DAY_1 + timedelta(days=day - 1)


def check(rule: str, unexpected: int | None, *, checked: int = 410, segment: str = "source=spi") -> CheckRow:
    severity = "critical" if rule == CODE else "warning"
    outcome = "error" if unexpected is None else "failed" if unexpected else "passed"
    counted = None if unexpected is None else checked
    return CheckRow("landed", rule, severity, outcome, counted, unexpected, "As it was worded then", segment)


def landing(warehouse: Warehouse, batch: int, *checks: CheckRow, rows: int = 10, source: str = "spi") -> None:
    row = BatchRow(batch, at(batch), source, "spi", at(batch), 1, 5, rows, 0, 2, {"made": 2})
    record_batch(replace(warehouse, clock=lambda: at(batch)), row, list(checks))


def a_run(
    warehouse: Warehouse, day: int, *checks: CheckRow, question: str = QUESTION, year: int = 2025, stopped: str = ""
) -> None:
    now = at(day) + timedelta(hours=1)
    row = RunRow(
        run_key=f"{question} {day} {year}", question=question, definition_hash=f"def of {question}", unit="case",
        period=f"{year}", period_from=date(year, 1, 1), period_to=date(year, 12, 31), breakdowns=(), as_known_at=now,
        newest_batch=1, code_version="1", thresholds_hash="t", started_at=now, finished_at=now, value=None,
        status="no data",
    )  # fmt: skip
    then = replace(warehouse, clock=lambda: now)
    if stopped:
        record_stopped_run(then, VERSIONS[question], row, stopped, list(checks))
    else:
        load_run(then, VERSIONS[question], row, [], [], [], [], list(checks), lambda _: [])


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., str]:
    """The address of a warehouse that is filled by the functions given, in their order."""

    def go(*steps: Callable[[Warehouse], None]) -> str:
        url = f"sqlite:///{tmp_path / 'warehouse.db'}"
        with open_warehouse(url) as warehouse:
            for step in steps:
                step(warehouse)
        return url

    return go


@pytest.fixture
def quality(command: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    def go(url: str, *words: str) -> Any:
        return command("quality", *words, home=tmp_path / "home", COURTSTATS_WAREHOUSE_URL=url)

    return go


def faulty(warehouse: Warehouse) -> None:
    landing(warehouse, 1, check(CODE, 0))
    a_run(warehouse, 1, check(CODE, 3))
    a_run(warehouse, 2, check(CODE, 3))
    a_run(warehouse, 3, check(CODE, 7), stopped="the records did not pass their checks")


def warned(warehouse: Warehouse) -> None:
    landing(warehouse, 1, check(WEAK, 300))


def clean(warehouse: Warehouse) -> None:
    landing(warehouse, 1, check(CODE, 0), check(WEAK, 3))  # within the share that is tolerated today
    a_run(warehouse, 2, check(CODE, 0))


def test_a_held_back_figure_ends_in_exit_code_2_with_everything_that_ops_need(made, quality) -> None:
    said = quality(made(faulty))
    assert (said.code, said.err) == (2, "")
    first, *rest = said.out.splitlines()
    assert first.startswith("HELD BACK: Figures are held back: 1 critical issue is open, the oldest since 2 March 2026")
    out = " ".join(" ".join(rest).split())
    for part in (
        f"[{CODE}]",
        "7 of 410 (1.7 %), tolerated none",
        "Since 2 March 2026, in 3 measurements in a row.",
        "3, 3, 7 of 410 in the last three.",
        f"Holds back: {QUESTION} 2025 (case)",
        "What to do: ",
        f"More: docs/checks/{CODE}.md",
        "spi (spi): landed",
        "1 landing, 2 set aside",
        "stopped (the records did not pass their checks), held back",
    ):
        assert part in out, part


def test_warnings_end_in_exit_code_1_only_where_they_are_asked_for(made, quality) -> None:
    url = made(warned)
    assert (quality(url).code, quality(url, "--warnings").code) == (0, 1)
    assert quality(url).out.startswith("WARNINGS: No figure is held back; 1 warning is open.")


def test_nothing_wrong_ends_in_exit_code_0_with_warnings_asked_for_too(made, quality) -> None:
    said = quality(made(clean), "--warnings")
    assert said.code == 0
    assert said.out.startswith("FINE: Nothing is wrong")


def test_a_fixed_rerun_releases_the_figure_and_is_told_as_resolved(made, quality) -> None:
    url = made(faulty, lambda w: a_run(w, 4, check(CODE, 0)))
    said = quality(url, "--as-at", "2026-03-06")
    assert said.code == 0
    out = " ".join(said.out.split())
    assert "resolved 5 March 2026, open since 2 March 2026." in out
    assert "Resolved" not in quality(url, "--as-at", "2026-03-20").out  # a week is enough


def test_as_it_was_then_leaves_out_what_came_later(made, quality) -> None:
    url = made(faulty, lambda w: a_run(w, 4, check(CODE, 0)))
    assert quality(url, "--as-at", "2026-03-04").code == 2
    assert quality(url, "--as-at", "2026-03-01").out.startswith("WARNINGS: Nothing has been checked yet.")


def test_a_question_is_told_with_what_was_landed_for_all_and_without_other_questions(made, quality) -> None:
    url = made(faulty, lambda w: a_run(w, 4, check(CODE, 0), question=OTHER))
    assert (quality(url, QUESTION).code, quality(url, OTHER).code) == (2, 0)
    url = made(lambda w: landing(w, 2, check(CODE, 1)))
    said = quality(url, OTHER)
    assert said.code == 2
    assert "Holds back: every figure of hearings landed in batch 2 (spi)" in said.out


def test_an_unknown_question_is_answered_with_the_nearest_name(made, quality) -> None:
    said = quality(made(clean), "stalking-protection-order")
    assert (said.code, said.out) == (4, "")
    assert f"Did you mean '{QUESTION}'?" in said.err


def test_a_fault_of_many_periods_is_told_once_with_how_many_there_are(made, quality) -> None:
    url = made(*(lambda w, y=y: a_run(w, 1, check(WEAK, 300), year=y) for y in range(2016, 2026)))
    out = quality(url).out
    assert out.count(f"[{WEAK}]") == 1
    assert "and 5 more: --json has them all" in out
    assert len(json.loads(quality(url, "--json").out)["issues"]) == 10


def test_a_limit_that_was_loosened_since_is_said(made, quality) -> None:
    """3 of 410 failed when nothing was tolerated; today 10 % are."""
    url = made(lambda w: landing(w, 1, check(WEAK, 3)))
    said = quality(url, "--as-at", "2026-03-03")
    assert said.code == 0
    assert "it passes by those of today" in " ".join(said.out.split())


def test_a_check_that_could_not_run_holds_back(made, quality) -> None:
    said = quality(made(lambda w: a_run(w, 1, check(WEAK, None), stopped="a check could not run")))
    assert said.code == 2
    assert "Critical, could not run: " in said.out


def test_text_for_mail_has_72_columns_and_no_colour_and_json_the_whole_state(made, quality) -> None:
    url = made(faulty)
    text = quality(url, "--text")
    assert text.code == 2
    assert "\x1b" not in text.out
    assert all(len(line) <= 72 or " " not in line.strip() for line in text.out.splitlines())
    told = json.loads(quality(url, "--json").out)
    assert (told["schema"], told["verdict"], told["schemas"]["warehouse"]) == (
        "courtstats/quality@1",
        "held back",
        "0004",
    )
    (issue,) = [i for i in told["issues"] if i["critical"]]
    assert (issue["rule"], issue["checked"], issue["unexpected"], issue["runs_failing"]) == (CODE, 410, 7, 3)
    assert [p["unexpected"] for p in issue["trend"]] == [3, 3, 7]
    assert len(issue["id"]) == 8
    assert quality(url, "--json", "--text").code == 2


def test_without_a_warehouse_it_is_said_and_none_is_made(quality, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    said = quality(url)
    assert said.code == 0
    assert said.out.startswith("WARNINGS: Nothing has been checked yet.")
    assert "the first landing or run makes it" in said.out
    assert quality(url, "--warnings").code == 1
    assert not (tmp_path / "none.db").exists()


def test_an_empty_warehouse_says_what_comes_first(made, quality) -> None:
    said = quality(made())
    assert "courtstats land PATH" in said.out


def test_a_warehouse_of_an_older_schema_is_said_and_is_not_raised(quality, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE warehouse_revision (version_num TEXT)")
        connection.exec_driver_sql("INSERT INTO warehouse_revision VALUES ('0003')")
    said = quality(url)
    assert "The warehouse is of schema 0003; this version needs 0004." in said.out
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM warehouse_revision").scalar() == "0003"
        connection.exec_driver_sql("DROP TABLE warehouse_revision")
        connection.exec_driver_sql("CREATE TABLE warehouse_revision (version_num TEXT)")
        connection.exec_driver_sql("INSERT INTO warehouse_revision VALUES ('9999')")
    newer = quality(url)
    assert (newer.code, newer.out) == (6, "")
    engine.dispose()


def test_an_inspection_is_told_with_when_it_was(made, quality) -> None:
    late = CheckRow("watched", "watched.source-late", "warning", "failed", 1, 1, "made", "source=spi", detail="Made.")

    def look(warehouse: Warehouse) -> None:
        clean(warehouse)
        record_inspection(replace(warehouse, clock=lambda: at(5)), at(5), 1, [late])

    url = made(look)
    out = " ".join(quality(url).out.split())
    assert "The whole was looked at last on 6 March 2026" in out
    (source,) = json.loads(quality(url, "--json").out)["sources"]
    assert (source["late"], source["name"]) == (True, "spi")
    assert "late: Made." in source["fresh"]


def test_the_plain_command_imports_nothing_that_takes_seconds(made, shell, tmp_path: Path) -> None:
    """Ops and monitors ask often: no pandas, Great Expectations, Prefect, scipy or charts for it."""
    heavy = ("pandas", "great_expectations", "prefect", "scipy", "pygal", "jinja2", "apprise")
    program = (
        "import sys\nfrom pipelines import cli\nsys.argv = ['courtstats', 'quality']\n"
        f"try:\n    cli.app()\nexcept SystemExit:\n    pass\nprint([m for m in {heavy!r} if m in sys.modules])"
    )
    environment = shell(tmp_path / "home", COURTSTATS_WAREHOUSE_URL=made(faulty))
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_exit_code_is_the_same_where_the_reader_has_seen_enough(made, shell, tmp_path: Path) -> None:
    """`courtstats quality | head -1` in a script with `pipefail`: whoever reads closes the pipe at once."""
    environment = shell(tmp_path / "home", COURTSTATS_WAREHOUSE_URL=made(faulty))
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "pipelines.cli", "quality"]
    done = subprocess.run(words, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(writing)
    assert (done.returncode, done.stderr) == (2, "")


def test_sources_and_volumes_are_read_on_both_databases(url: str) -> None:
    """Of a source all landings count; volumes are by month of receipt; newest format wins."""
    with open_warehouse(url) as warehouse:
        landing(warehouse, 1, rows=4)
        landing(warehouse, 2, rows=0)
        landing(warehouse, 40, rows=5, source="feed")
        assert sources_logged(warehouse) == [
            SourceLogged("feed", "spi", 1, 2, at(40), at(40)),
            SourceLogged("spi", "spi", 2, 4, at(2), at(2)),
        ]
        assert volumes_logged(warehouse, at(1)) == [("2026-03", "spi", 4, 2), ("2026-04", "feed", 5, 1)]
        assert volumes_logged(warehouse, at(3)) == [("2026-04", "feed", 5, 1)]
