"""A live database after old hearings were removed from the records: days before the month are not read any more.

The rows are made.
"""

import importlib.util
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from extract import database, store
from pipelines.keeping import retain_in_store
from pipelines.settings import Settings, load_settings
from pipelines.source_landing import land_source
from pipelines.source_state import read_state

_spec = importlib.util.spec_from_file_location("named_sources", Path(__file__).parents[1] / "named_sources.py")
assert _spec and _spec.loader
named = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(named)
SOURCES = named.HEAD + named.LIVE + named.CHANGED_AT
MAPPING = named.LIVE_MAPPING
Write = Callable[[str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def go(statement: str) -> None:
        with sqlite3.connect(tmp_path / "live.db") as con:
            con.execute(statement)

    go("create table hearing_result (case_no text, heard date, offence text, result text, updated_at timestamp)")
    for case, day in (("c1", "2020-01-31"), ("c2", "2020-03-01"), ("c3", "2020-03-31")):
        go(f"insert into hearing_result values ('{case}', '{day}', 'ST19501', '3307', '{day}T18:00:00')")
    return go


@pytest.fixture
def landed(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """All days of the window are landed, then those before March are removed."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "sources.toml").write_text(SOURCES, encoding="utf-8")
    (home / "live.toml").write_text(MAPPING, encoding="utf-8")
    monkeypatch.setenv("COURTSTATS_SECRET_LIVE_URL", f"sqlite:///{tmp_path / 'live.db'}")
    settings = load_settings({"COURTSTATS_HOME": str(home)})
    assert land_source(settings, "live").landing.statements == 91
    retain_in_store(settings, "2020-03", because="a test", dry_run=False, as_json=True)
    return settings


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The days that were asked of the database, landing by landing."""
    asked: list[object] = []
    real = database.read_database

    def read(*args: object, **options: object) -> object:
        asked.append(options["window"])
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "read_database", read)
    return asked


def test_days_before_the_month_are_not_read_again_and_a_change_on_them_lands_nothing(
    landed: Settings, write: Write, windows: list[object]
) -> None:
    write("update hearing_result set result = '1029', updated_at = '2020-05-01T09:00:00' where case_no = 'c1'")
    assert (land_source(landed, "live").landing.batch, windows) == (None, [])
    again = land_source(landed, "live", everything=True).landing
    assert (again.batch, again.statements, again.repeated, again.before_kept) == (None, 0, 31, 0)
    assert windows == [(date(2020, 3, 1), date(2020, 3, 31))]


def test_days_from_the_month_on_are_landed_as_before(landed: Settings, write: Write) -> None:
    write("update hearing_result set result = '1029', updated_at = '2020-05-01T09:00:00' where case_no = 'c2'")
    done = land_source(landed, "live").landing
    assert (done.batch, done.statements) == (2, 1)


def test_what_is_remembered_of_the_days_before_the_month_is_gone(landed: Settings) -> None:
    state = read_state(landed.store, "live")
    assert state is not None
    assert min(state.days) == date(2020, 3, 1)
    assert len(state.days) == 31


def test_a_window_that_lies_before_the_month_as_a_whole_reads_nothing(landed: Settings, windows: list[object]) -> None:
    sources = landed.home / "sources.toml"
    sources.write_text(SOURCES.replace("2020-03-31", "2020-02-20"), encoding="utf-8")
    done = land_source(landed, "live", everything=True).landing
    assert (done.batch, done.statements, windows) == (None, 0, [])
    assert store.newest_batch(landed.store) == 1
