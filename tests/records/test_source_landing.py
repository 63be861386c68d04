"""A named source is landed by its name: what is new of it, under its own name, and never anything twice."""

import json
import os
import shutil
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from extract import store
from extract.contract import ExtractError
from pipelines import landings, source_landing
from pipelines.settings import Settings, load_settings
from pipelines.source_checking import check_source
from pipelines.source_landing import land_source, landed_line
from pipelines.source_reports import checked
from pipelines.source_state import file_mark, read_state, state_file
from pipelines.synthetic import COVERED, write_demo

SOURCES = """\
schema = "courtstats/sources@1"

[source.libra]
kind = "spi"
location = "spi"
system = "MADE"

[source.feed]
kind = "common-platform"
location = ["cp"]

[source.synthetic-mi-extract]
kind = "table"
location = ["table"]
mapping = "mapping.toml"
covers = "2020-03-02..2020-03-13"
"""
HEARING = {
    "sharedTime": "2020-02-03T12:00:00.000Z",
    "hearingDay": "2020-02-03",
    "hearing": {
        "id": "11111111-1111-4111-8111-111111111111",
        "jurisdictionType": "MAGISTRATES",
        "courtCentre": {"id": "22222222-2222-4222-8222-222222222222", "code": "B01LY00"},
        "hearingDays": [{"sittingDay": "2020-02-03T10:00:00.000Z"}],
        "courtApplications": [
            {
                "id": "33333333-3333-4333-8333-333333333333",
                "applicationReference": "MADE",
                "applicationReceivedDate": "2020-01-20",
                "type": {"code": "ST19501", "linkType": "STANDALONE"},
                "subject": {"id": "44444444-4444-4444-8444-444444444444"},
                "judicialResults": [
                    {
                        "judicialResultId": "55555555-5555-4555-8555-555555555555",
                        "cjsCode": "3307",
                        "label": "Stalking Protection Order",
                        "resultText": "SPO - Stalking Protection Order",
                        "category": "FINAL",
                        "orderedDate": "2020-02-03",
                    }
                ],
            }
        ],
    },
}
"""A made hearing about nobody, in the shape of the real ones."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic deliveries of the demo."""
    folder = tmp_path_factory.mktemp("source-landing") / "deliveries"
    write_demo(folder)
    return folder


@pytest.fixture
def settings(tmp_path: Path, demo: Path) -> Settings:
    """An installation with three sources: eight SPI messages, one Common Platform hearing, one table extract."""
    home = tmp_path / "home"
    for name in ("spi", "cp", "table"):
        (home / name).mkdir(parents=True)
    for file in sorted((demo / "1-spi-first").glob("*.xml"))[:8]:
        shutil.copy(file, home / "spi")
    (home / "cp" / "hearing.json").write_text(json.dumps(HEARING), encoding="utf-8")
    for file in (demo / "2-table").iterdir():
        shutil.copy(file, home / "table")
    shutil.copy(next((demo / "mapping").iterdir()), home / "mapping.toml")
    (home / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return load_settings({"COURTSTATS_HOME": str(home)})


def records(settings: Settings, *without: str) -> list[tuple[object, ...]]:
    """What the store holds, whenever it was landed."""
    files = list(store.known_files(settings.store))
    left_out = ", ".join(["landed_batch", "landed_at", "received_at", "stated_at", *without])
    with duckdb.connect() as con:
        return con.execute(f"select * exclude ({left_out}) from read_parquet($f) order by all", {"f": files}).fetchall()


def names(settings: Settings) -> set[str]:
    """The sources of which the store holds something."""
    with duckdb.connect() as con:
        found = con.execute(
            "select distinct source_name from read_parquet($f)", {"f": list(store.known_files(settings.store))}
        )
        return {name for (name,) in found.fetchall()}


def contents(folder: Path) -> dict[str, str]:
    """Every file and folder below a folder, with the hash of what it holds."""
    return {str(p): sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder" for p in folder.rglob("*")}


def test_messages_are_landed_under_the_name_of_their_source(settings: Settings) -> None:
    done = land_source(settings, "libra").landing
    assert (done.batch, done.source_name, done.source_format, done.files) == (1, "libra", "spi", 8)
    assert done.asked["source"] == "libra"
    assert names(settings) == {"libra"}


def test_common_platform_hearings_are_landed_under_the_name_of_their_source(settings: Settings) -> None:
    done = land_source(settings, "feed").landing
    assert (done.batch, done.source_name, done.source_format, done.statements) == (1, "feed", "common-platform", 1)
    assert names(settings) == {"feed"}


def test_a_table_landed_by_name_and_by_hand_is_one_source(settings: Settings) -> None:
    """Otherwise the rows of one extract would count twice."""
    by_name = land_source(settings, "synthetic-mi-extract").landing
    request = landings.request_of([settings.home / "table"], None, settings.home / "mapping.toml", None, COVERED)
    by_hand = landings.land(settings, request, dry_run=False, waiting=lambda: None)
    assert by_name.statements == 12  # the covered days, with rows or without
    assert (by_hand.statements, by_hand.batch) == (0, None)


def test_only_files_that_are_new_or_changed_are_read(settings: Settings, demo: Path) -> None:
    land_source(settings, "libra")
    again = land_source(settings, "libra")
    assert (again.landing.files, again.known, again.landing.batch) == (0, 8, None)
    assert landed_line(again) == "Nothing of libra is new; 8 landed before and left out"
    shutil.copy(demo / "1-spi-first" / "spi-00009.xml", settings.home / "spi")
    first = min((settings.home / "spi").iterdir())
    os.utime(first, ns=(1, 1))
    more = land_source(settings, "libra")
    assert (more.landing.files, more.known) == (2, 7)
    assert (more.landing.statements > 0, more.landing.repeated > 0) == (True, True)


def test_all_reads_again_what_was_landed_already_and_lands_nothing_twice(settings: Settings) -> None:
    first = land_source(settings, "libra")
    held = records(settings)
    again = land_source(settings, "libra", everything=True)
    assert (again.landing.files, again.landing.statements, again.landing.repeated) == (8, 0, first.landing.statements)
    assert records(settings) == held


@pytest.mark.parametrize("harm", ["lost", "broken", "of another store"])
def test_without_what_was_noted_more_is_read_and_the_records_are_the_same(settings: Settings, harm: str) -> None:
    land_source(settings, "libra")
    held = records(settings)
    noted = state_file(settings.store, "libra")
    if harm == "lost":
        noted.unlink()
    elif harm == "broken":
        noted.write_text('{"format": 1, "batch": []', encoding="utf-8")
    else:
        noted.write_text(noted.read_text().replace('"batch": 1', '"batch": 7'), encoding="utf-8")
    again = land_source(settings, "libra")
    assert (again.landing.files, again.landing.statements) == (8, 0)
    assert records(settings) == held


def test_another_system_reads_everything_again(settings: Settings) -> None:
    land_source(settings, "libra")
    (settings.home / "sources.toml").write_text(SOURCES.replace("MADE", "C00CommonPlatform"), encoding="utf-8")
    assert land_source(settings, "libra", dry_run=True).landing.files == 8


def test_nothing_is_noted_of_a_landing_that_did_not_happen(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise ExtractError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(landings, "land", full)
        with pytest.raises(ExtractError):
            land_source(settings, "libra")
    assert read_state(settings.store, "libra") is None
    assert land_source(settings, "libra").landing.files == 8


def test_a_dry_run_writes_nothing(settings: Settings, tmp_path: Path) -> None:
    before = contents(tmp_path)
    assert land_source(settings, "libra", dry_run=True).landing.statements > 0
    assert land_source(settings, "synthetic-mi-extract", dry_run=True).landing.statements == 12
    assert contents(tmp_path) == before


def test_a_file_that_cannot_be_opened_is_tried_again_next_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing about it changes when somebody mends its permissions."""
    closed = min((settings.home / "spi").iterdir())

    def mark(path: Path) -> str:
        if path == closed:
            raise PermissionError
        return file_mark(path)

    with monkeypatch.context() as before:
        before.setattr(source_landing, "file_mark", mark)
        land_source(settings, "libra")
    again = land_source(settings, "libra")
    assert (again.landing.files, again.known) == (1, 7)


def test_an_empty_folder_is_nothing_new_and_a_missing_one_is_a_fault(settings: Settings) -> None:
    shutil.rmtree(settings.home / "spi")
    with pytest.raises(ExceptionGroup) as missing:
        land_source(settings, "libra")
    assert "there is no such file or folder" in str(missing.value.exceptions[0])
    (settings.home / "spi").mkdir()
    (settings.home / "spi" / "README.txt").write_text("what will come here", encoding="utf-8")
    assert landed_line(land_source(settings, "libra")) == "Nothing of libra is new"


def test_checking_a_table_without_a_header_shows_nothing_of_its_first_row(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in (settings.home / "table").iterdir():
        file.unlink()
    row = "M1,2020-03-03,ST19501,3307,Planted Person,1980-02-01,12 Planted Street\n"
    (settings.home / "table" / "rows.csv").write_text(row, encoding="utf-8")
    found = check_source(settings, "synthetic-mi-extract")
    for as_json in (False, True):
        checked(found, as_json=as_json)
    said = capsys.readouterr().out
    assert (found.can_be_used, found.unmapped) == (False, ())
    assert "No mapped column is in its first line: see that it has a header" in said
    assert not any(cell in said for cell in ("M1", "2020-03-03", "Planted", "1980"))


def test_the_time_of_receipt_can_be_given(settings: Settings) -> None:
    when = datetime(2020, 4, 6, 6, tzinfo=UTC)
    assert land_source(settings, "libra", received_at=when).landing.received_at == when
