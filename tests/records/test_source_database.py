"""A live database as a named source: only what changed is read, nothing is missed, and a narrow look is never a count.

On SQLite and on a real PostgreSQL. The rows are made.
"""

import importlib.util
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine, create_engine, text

from extract import database, quarantine, store
from extract.contract import ExtractError
from pipelines import database_landing, runs
from pipelines.pushed_codes import codes_of, kept_codes, landed_codes, pushed_codes_missing
from pipelines.settings import Settings, load_settings
from pipelines.source_checking import check_source
from pipelines.source_definition import Only
from pipelines.source_landing import land_source
from pipelines.source_state import read_state, state_file

_spec = importlib.util.spec_from_file_location("named_sources", Path(__file__).parents[1] / "named_sources.py")
assert _spec and _spec.loader
named = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(named)
SOURCES = named.HEAD + named.LIVE + named.CHANGED_AT
MAPPING = named.LIVE_MAPPING
ONLY = 'only = ["stalking-protection-orders"]\n'
WIDER = 'only = ["stalking-protection-orders", "breach-of-restraining-order-convictions"]\n'
ROWS = [
    ("c1", "2020-02-03", "ST19501", "3307", "2020-02-04T09:00:00"),
    ("c2", "2020-02-04", "ST19502", "3307", "2020-02-05T09:00:00"),
    ("c3", "2020-02-05", "PH97003", "3047", "2020-02-06T09:00:00"),
    ("c4", "2020-03-31", "ST19501", "4506", "2020-04-01T09:00:00"),
]
Write = Callable[..., None]


@pytest.fixture
def settings(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with one source, a database of four rows."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "a % folder").mkdir(exist_ok=True)  # where SQLite's file is
    (home / "sources.toml").write_text(SOURCES, encoding="utf-8")
    (home / "live.toml").write_text(MAPPING, encoding="utf-8")
    monkeypatch.setenv("COURTSTATS_SECRET_LIVE_URL", url)
    return load_settings({"COURTSTATS_HOME": str(home)})


@pytest.fixture
def engine(url: str, settings: Settings) -> Iterator[Engine]:
    made = create_engine(url)
    with made.begin() as con:
        con.execute(
            text(
                "create table hearing_result (case_no varchar(20), heard date, offence varchar(10), "
                "result varchar(20), updated_at timestamp, defendant_name varchar(50))"
            )
        )
    yield made
    made.dispose()


@pytest.fixture
def write(engine: Engine) -> Write:
    """Run statements in the source, as its own application does."""

    def go(*statements: str) -> None:
        with engine.begin() as con:
            for statement in statements:
                con.execute(text(statement))

    rows = ", ".join(f"({', '.join(map(repr, row))}, 'Somebody Made')" for row in ROWS)
    go(f"insert into hearing_result values {rows}")
    return go


@pytest.fixture
def read_days(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Which days were asked of the database, landing by landing: None is the whole window."""
    asked: list[object] = []
    real = database.read_database

    def read(*args: object, **options: object) -> object:
        asked.append(None if options["days"] is None else sorted(options["days"]))  # type: ignore[call-overload]
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "read_database", read)
    return asked


def current(settings: Settings) -> set[tuple[str, str, str, str]]:
    """Case, day, offence and result of what counts now, without the days that say that nothing is left."""
    query = """
        from read_parquet($f)
        select case_key, hearing_date::text, offence_code, result_code
        where result_index is not null
        qualify landed_batch = max(landed_batch) over (partition by statement_key)
    """
    empty = """
        (from read_parquet($f) select statement_key group by statement_key
        having arg_max(result_index is null, landed_batch))
    """
    query = query.replace("where result_index", f"where statement_key not in {empty} and result_index")
    with duckdb.connect() as con:
        return set(con.execute(query, {"f": list(store.known_files(settings.store))}).fetchall())


def shown(rows: list[tuple[str, ...]]) -> set[tuple[str, str, str, str]]:
    return {(f"case:live:{case}", day, offence, result) for case, day, offence, result, *_ in rows}


def test_the_whole_window_is_landed_first_with_its_days_without_rows(settings: Settings, write: Write) -> None:
    done = land_source(settings, "live").landing
    assert (done.batch, done.source_name, done.source_format) == (1, "live", "table")
    assert done.statements == 91  # January to March 2020
    assert current(settings) == shown(ROWS)


def test_no_name_is_read(settings: Settings, write: Write) -> None:
    land_source(settings, "live")
    held = b"".join(p.read_bytes() for p in settings.store.rglob("*") if p.is_file())
    assert b"Somebody" not in held


def test_days_that_did_not_change_are_not_read_again(settings: Settings, write: Write, read_days: list[object]) -> None:
    land_source(settings, "live")
    again = land_source(settings, "live").landing
    assert (again.batch, again.files, read_days) == (None, 0, [None])
    write("update hearing_result set result = '1029', updated_at = '2020-05-01T09:00:00' where case_no = 'c2'")
    write("delete from hearing_result where case_no = 'c3'")
    write("insert into hearing_result values ('c5', '2020-01-20', 'ST19501', '3306', '2019-01-01T00:00:00', 'M')")
    done = land_source(settings, "live").landing
    assert read_days[1:] == [[date(2020, 1, 20), date(2020, 2, 4), date(2020, 2, 5)]]
    assert (done.batch, done.statements) == (2, 3)
    c1, c2, _c3, c4 = ROWS
    assert current(settings) == shown([c1, (*c2[:3], "1029"), c4, ("c5", "2020-01-20", "ST19501", "3306")])


@pytest.mark.parametrize("harm", ["lost", "broken"])
def test_without_what_was_noted_all_is_read_and_nothing_is_landed_twice(
    harm: str, settings: Settings, write: Write, read_days: list[object]
) -> None:
    land_source(settings, "live")
    state_file(settings.store, "live").write_text("{" if harm == "broken" else "", encoding="utf-8")
    again = land_source(settings, "live").landing
    assert (again.batch, again.repeated, read_days) == (None, 91, [None, None])
    land_source(settings, "live")
    assert len(read_days) == 2  # it is noted again, though nothing was landed


def test_another_mapping_reads_everything_again(settings: Settings, write: Write, read_days: list[object]) -> None:
    land_source(settings, "live")
    (settings.home / "live.toml").write_text(MAPPING + '\n[constants]\ncourt_ou_code = "B01LY"\n', encoding="utf-8")
    done = land_source(settings, "live").landing
    assert (read_days, done.batch) == ([None, None], 2)


def test_all_reads_every_day_and_once_a_week_so_does_every_landing(
    settings: Settings, write: Write, read_days: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    land_source(settings, "live")
    assert land_source(settings, "live", everything=True).landing.batch is None
    assert timedelta(6) < database_landing.WHOLE_EVERY < timedelta(7)  # a landing each week is a little early at times
    monkeypatch.setattr(database_landing, "WHOLE_EVERY", timedelta(0))
    land_source(settings, "live")
    assert read_days == [None, None, None]


def test_what_somebody_else_landed_under_the_name_does_not_stay(
    settings: Settings, write: Write, read_days: list[object], tmp_path: Path
) -> None:
    """A file landed by hand restates its days; the next landing of the database states them as they are."""
    from pipelines import landings

    land_source(settings, "live")
    extract = tmp_path / "old.csv"
    extract.write_text("case_no,heard,offence,result\nold,2020-02-03,ST19501,3306\n", encoding="utf-8")
    request = landings.request_of([extract], None, settings.home / "live.toml", None, None)
    landings.land(settings, request, dry_run=False, waiting=lambda: None)
    land_source(settings, "live")
    assert read_days == [None, None]
    assert current(settings) == shown(ROWS)


def test_a_dry_run_writes_nothing_and_remembers_nothing(settings: Settings, write: Write, tmp_path: Path) -> None:
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    assert land_source(settings, "live", dry_run=True).landing.statements == 91
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


def test_a_time_of_receipt_is_not_for_a_database(settings: Settings, write: Write) -> None:
    with pytest.raises(ExtractError, match="a database says what it holds now"):
        land_source(settings, "live", received_at=datetime(2020, 1, 1, tzinfo=UTC))


def narrowed(settings: Settings, only: str) -> None:
    (settings.home / "sources.toml").write_text(SOURCES + only, encoding="utf-8")


def test_only_the_codes_of_questions_are_asked_for(settings: Settings, write: Write) -> None:
    narrowed(settings, ONLY)
    done = land_source(settings, "live").landing
    assert done.asked["offence_codes"] == "ST19501 ST19502"
    assert {offence for _, _, offence, _ in current(settings)} == {"ST19501", "ST19502"}


def test_more_codes_have_every_day_read_again_that_was_ever_landed(
    settings: Settings, write: Write, read_days: list[object]
) -> None:
    """A day that has left the window by now was landed without the new codes: its figure would stay too small."""
    narrowed(settings, ONLY)
    land_source(settings, "live")
    narrowed(settings, WIDER)
    described = settings.home / "sources.toml"
    moved = described.read_text(encoding="utf-8").replace("from = 2020-01-01", "from = 2020-03-01")
    described.write_text(moved, encoding="utf-8")
    land_source(settings, "live")
    asked = read_days[1]
    assert isinstance(asked, list)
    assert (asked[0], asked[-1], len(asked)) == (date(2020, 1, 1), date(2020, 3, 31), 91)
    assert current(settings) == shown(ROWS)
    land_source(settings, "live")
    assert len(read_days) == 2


def moved(settings: Settings, only: str, first: str = "2020-03-01", last: str = "2020-03-31") -> None:
    """Another window and other codes, as after some months."""
    window = f"from = {first}, to = {last}"
    described = (SOURCES + only).replace("from = 2020-01-01, to = 2020-03-31", window)
    (settings.home / "sources.toml").write_text(described, encoding="utf-8")


def test_days_that_the_database_has_purged_do_not_come_to_nothing_without_a_word(
    settings: Settings, write: Write
) -> None:
    """More codes have every day read again: what was removed by age is not there any more, but did happen."""
    narrowed(settings, ONLY)
    land_source(settings, "live")
    moved(settings, WIDER)
    write("delete from hearing_result where heard < '2020-02-05'")
    before = sorted(str(p) for p in settings.store.rglob("*"))
    for dry_run in (True, False):
        with pytest.raises(ExtractError) as refused:
            land_source(settings, "live", dry_run=dry_run)
        assert "2 hearing days outside its window, 2020-02-03 to 2020-02-04" in str(refused.value)
        assert "courtstats land --source live --all" in str(refused.value)
    assert sorted(str(p) for p in settings.store.rglob("*")) == before
    c1, c2, c3, c4 = ROWS
    assert current(settings) == shown([c1, c2, c4])
    assert len(pushed_codes_missing(settings, runs.question(settings, "breach-of-restraining-order-convictions"))) == 1
    land_source(settings, "live", everything=True)  # a person says that nothing is left of them
    assert current(settings) == shown([c3, c4])


def test_a_window_with_the_purged_days_in_it_says_that_nothing_is_left_of_them(
    settings: Settings, write: Write
) -> None:
    narrowed(settings, ONLY)
    land_source(settings, "live")
    write("delete from hearing_result where heard < '2020-02-05'")
    moved(settings, WIDER, first="2020-02-03")
    land_source(settings, "live")
    assert current(settings) == shown(ROWS[2:])


def test_codes_put_back_keep_what_was_landed(settings: Settings, write: Write) -> None:
    narrowed(settings, ONLY)
    land_source(settings, "live")
    moved(settings, WIDER)
    write("delete from hearing_result where heard < '2020-02-05'")
    with pytest.raises(ExtractError):
        land_source(settings, "live")
    moved(settings, ONLY)
    land_source(settings, "live")
    assert current(settings) == shown([ROWS[0], ROWS[1], ROWS[3]])


def test_days_between_the_window_and_what_was_landed_are_not_taken_for_read(settings: Settings, write: Write) -> None:
    """Neither landed before nor in the window: nobody asked for them, whatever kind of date the column holds."""
    moved(settings, ONLY, "2020-02-01", "2020-02-03")
    land_source(settings, "live")
    moved(settings, WIDER, "2020-03-30", "2020-03-31")
    write("insert into hearing_result values ('gap', '2020-03-01', 'ST19501', '3307', '2020-03-02T09:00:00', 'Made')")
    land_source(settings, "live")
    with duckdb.connect() as con:
        query = "select distinct hearing_date::text from read_parquet($f) order by all"
        days = [day for (day,) in con.execute(query, {"f": list(store.known_files(settings.store))}).fetchall()]
    assert days == ["2020-02-01", "2020-02-02", "2020-02-03", "2020-03-30", "2020-03-31"]


def test_history_landed_by_hand_under_the_name_does_not_stand_in_the_way_of_only(
    settings: Settings, write: Write, tmp_path: Path
) -> None:
    """It was landed whole, the database is asked for some codes: both hold, each of its days."""
    from pipelines import landings

    extract = tmp_path / "old.csv"
    extract.write_text("case_no,heard,offence,result\nh1,2019-05-03,PH97003,3047\n", encoding="utf-8")
    request = landings.request_of([extract], None, settings.home / "live.toml", None, None)
    landings.land(settings, request, dry_run=False, waiting=lambda: None)
    narrowed(settings, ONLY)
    land_source(settings, "live")
    assert current(settings) == shown([ROWS[0], ROWS[1], ROWS[3], ("h1", "2019-05-03", "PH97003", "3047")])


def test_a_question_is_refused_as_of_a_time_when_its_codes_were_not_landed(settings: Settings, write: Write) -> None:
    """Else the figure as known then would be too small without a word."""
    breach = runs.question(settings, "breach-of-restraining-order-convictions")
    narrowed(settings, ONLY)
    first = land_source(settings, "live").landing
    narrowed(settings, WIDER)
    second = land_source(settings, "live").landing
    then, now = first.received_at, second.received_at
    for batch, known, refused in ((2, now, 0), (2, then, 1), (1, now, 1), (1, then, 1)):
        missing = pushed_codes_missing(settings, breach, newest_batch=batch, known_at=known)
        assert len(missing) == refused, (batch, known)
    before = first.received_at - timedelta(seconds=1)
    assert pushed_codes_missing(settings, breach, newest_batch=2, known_at=before) == []  # the source was not there


def test_what_was_noted_without_a_new_record_is_known_with_the_newest_landing_alone(
    settings: Settings, write: Write
) -> None:
    write("delete from hearing_result where offence = 'PH97003'")
    narrowed(settings, ONLY)
    first = land_source(settings, "live").landing
    narrowed(settings, WIDER)
    land_source(settings, "live")
    breach = runs.question(settings, "breach-of-restraining-order-convictions")
    known = first.received_at
    assert pushed_codes_missing(settings, breach, newest_batch=1, known_at=known) == []
    write("insert into hearing_result values ('c9', '2020-02-07', 'ST19501', '3307', '2020-02-08T09:00:00', 'Made')")
    second = land_source(settings, "live").landing
    assert second.batch == 2
    assert pushed_codes_missing(settings, breach, newest_batch=2, known_at=second.received_at) == []
    assert len(pushed_codes_missing(settings, breach, newest_batch=1, known_at=known)) == 1


def test_a_row_without_a_date_is_of_no_day_outside_the_window(settings: Settings, write: Write) -> None:
    """It was asked for among the days of the window, and touches figures of those alone."""
    write("insert into hearing_result values ('c9', null, 'ST19501', '3307', '2020-02-08T09:00:00', 'Made')")
    done = land_source(settings, "live").landing
    assert done.asked["covers"] == "2020-01-01..2020-03-31"
    with duckdb.connect() as con:
        quarantine.look(con, settings.store, 1)
        line = "select place, whole, first_day, last_day, bounded from set_aside"
        found = con.execute(line).fetchall()
    assert found == [("row of the database", False, date(2020, 1, 1), date(2020, 3, 31), True)]


def test_an_equal_row_of_another_source_is_set_aside_too(settings: Settings, write: Write) -> None:
    write("insert into hearing_result values ('c9', '2020-02-07', '??', '3307', '2020-02-08T09:00:00', 'Made')")
    other = SOURCES[SOURCES.index("[source") :].replace("live", "other")
    other = other.replace('table = "hearing_result"', 'query = "other.sql"')
    (settings.home / "sources.toml").write_text(SOURCES + other, encoding="utf-8")
    (settings.home / "other.sql").write_text("select * from hearing_result", encoding="utf-8")
    (settings.home / "other.toml").write_text(MAPPING.replace('"live"', '"other"'), encoding="utf-8")
    for name in ("live", "other"):
        assert land_source(settings, name).landing.refused == {"bad-offence-code": 1}, name
    assert land_source(settings, "live", everything=True).landing.refused_again == 1


def test_a_question_whose_codes_were_not_asked_for_is_refused_and_never_counted_too_small(
    settings: Settings, write: Write
) -> None:
    granted, breach = (
        runs.question(settings, name)
        for name in ("stalking-protection-orders", "breach-of-restraining-order-convictions")
    )
    assert pushed_codes_missing(settings, breach) == []
    narrowed(settings, ONLY)
    land_source(settings, "live")
    assert pushed_codes_missing(settings, granted) == []
    (fault,) = pushed_codes_missing(settings, breach)
    assert "counts offence codes that this source was not asked for" in str(fault)
    assert "PH97003" in str(fault)
    assert "courtstats land --source live" in str(fault)


def test_a_question_that_counts_any_code_is_refused_too(settings: Settings, write: Write) -> None:
    narrowed(settings, ONLY)
    land_source(settings, "live")
    anything = runs.question(settings, "football-banning-orders")
    assert kept_codes(anything) == []
    (fault,) = pushed_codes_missing(settings, anything)
    assert "counts every offence code" in str(fault)
    with pytest.raises(ExceptionGroup) as refused:
        codes_of(settings, Only((anything.id, "stalking-protection-order")), "sources.toml: live")
    any_code, none = map(str, refused.value.exceptions)
    assert any_code.startswith("sources.toml: live: the question 'football-banning-orders' counts every offence code")
    assert none.startswith("sources.toml: live: there is no question 'stalking-protection-order'. Did you mean")


def test_which_codes_were_landed_is_known_without_what_was_noted(settings: Settings, write: Write) -> None:
    narrowed(settings, ONLY)
    land_source(settings, "live")
    state_file(settings.store, "live").unlink()
    assert landed_codes(settings) == {"live": frozenset({"ST19501", "ST19502"})}


def test_codes_are_known_where_more_of_them_brought_no_new_record(settings: Settings, write: Write) -> None:
    write("delete from hearing_result where offence = 'PH97003'")
    narrowed(settings, ONLY)
    land_source(settings, "live")
    narrowed(settings, WIDER)
    assert land_source(settings, "live").landing.batch is None
    breach = runs.question(settings, "breach-of-restraining-order-convictions")
    assert pushed_codes_missing(settings, breach) == []
    state_file(settings.store, "live").unlink()  # then nobody knows, and it has to be landed again
    assert len(pushed_codes_missing(settings, breach)) == 1
    land_source(settings, "live")
    assert pushed_codes_missing(settings, breach) == []


def test_codes_are_never_taken_away_by_a_question_that_is_gone(settings: Settings, write: Write) -> None:
    narrowed(settings, WIDER)
    land_source(settings, "live")
    narrowed(settings, ONLY)
    land_source(settings, "live")
    assert current(settings) == shown(ROWS)
    land_source(settings, "live", everything=True)
    assert {offence for _, _, offence, _ in current(settings)} == {"ST19501", "ST19502"}


def test_checking_says_what_maps_and_writes_nothing_here_or_there(
    settings: Settings, write: Write, engine: Engine, tmp_path: Path
) -> None:
    write("update hearing_result set offence = 'XX00001' where case_no = 'c1'")
    before = {str(p): p.read_bytes() for p in settings.home.rglob("*") if p.is_file()}
    found = check_source(settings, "live")
    assert (found.read, found.usable, found.can_be_used) == (4, 4, True)
    assert found.unmapped == ("defendant_name",)
    assert (found.offences.known, found.offences.unknown, found.results.known) == (3, 1, 4)
    assert (found.days[0], found.days[-1]) == (date(2020, 2, 3), date(2020, 3, 31))
    assert {str(p): p.read_bytes() for p in settings.home.rglob("*") if p.is_file()} == before
    assert read_state(settings.store, "live") is None
    with engine.connect() as con:
        assert con.execute(text("select count(*) from hearing_result")).scalar_one() == 4


def test_checking_warns_where_a_day_is_all_that_says_when_a_row_changed(settings: Settings, write: Write) -> None:
    assert check_source(settings, "live").notes == []
    by_day = SOURCES.replace('"updated_at"', '"heard"')
    (settings.home / "sources.toml").write_text(by_day, encoding="utf-8")
    (note,) = check_source(settings, "live").notes
    assert note.startswith("'heard' is a date: where a row changes twice in a day")


def test_checking_names_mapped_columns_that_are_not_there(settings: Settings, write: Write) -> None:
    (settings.home / "live.toml").write_text(MAPPING.replace('"offence"', '"offense"'), encoding="utf-8")
    found = check_source(settings, "live")
    assert not found.can_be_used
    assert "offense" in str(found.missing[0])
    assert "offence" in str(found.missing[0])
