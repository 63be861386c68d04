"""A warehouse can be copied whole, into a file and from a file into either database, and is the same warehouse then."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from alembic import command
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from load import audit, copying
from load.connecting import at_file, connect, reading, use_write_ahead_log, writing
from load.contract import FigureRow, LoadError
from load.copying import contents, copy_in, copy_out, same_as
from load.migrating import configuration
from load.quality import measurements, record_alert, record_inspection
from load.run_numbers import completed_runs, standing_runs
from load.schema import figure, metadata, question_version
from load.warehouse import current_figures, open_warehouse, record_batch, run_details


def rows_of(warehouse):
    """Every row of every table."""
    with reading(warehouse) as connection:
        return {
            t.name: [tuple(row) for row in connection.execute(select(t).order_by(*t.primary_key))]
            for t in metadata.sorted_tables
        }


@pytest.fixture
def full(tmp_path, sample):
    """A warehouse in a file: two landings, a run, one that replaced one figure and took one away, a stopped one."""
    with open_warehouse(f"sqlite:///{tmp_path / 'full.db'}", who="a clerk", clock=lambda: sample.when) as made:
        fill(made, sample)
        yield made


def fill(warehouse, sample):
    record_batch(warehouse, sample.batch(), [sample.check()])
    record_batch(warehouse, sample.batch(batch=2), [])
    sample.load(warehouse)
    sample.load(
        warehouse, sample.run(newest_batch=2, value=28), figures=(FigureRow("2020Q1", "{}", 28, "counted", "p"),)
    )
    from load.warehouse import record_stopped_run

    record_stopped_run(warehouse, sample.version(), sample.run(newest_batch=3), "a check", [])
    record_inspection(warehouse, sample.when, 2, [sample.check(segment="source=spi", limit=0.5, limit_kind="share")])
    record_alert(warehouse, channel="mail", cause="c", state="opened", digest="d", issues=["1f"])


def test_a_warehouse_goes_from_a_file_into_either_database_and_back_with_every_row(url, full, sample, tmp_path):
    first, second, third = (tmp_path / name for name in ("first.db", "second.db", "third.db"))
    out = copy_out(full, first)
    with connect(url) as other:
        assert contents(other) is None
        assert copy_in(first, other) == out
        assert rows_of(other) == rows_of(full)
        assert copy_out(other, second) == out
    with at_file(third) as back:
        assert copy_in(second, back) == out
        assert rows_of(back) == rows_of(full)


def test_what_was_copied_goes_on_as_if_it_had_never_moved(url, full, sample, tmp_path):
    """Numbers go on, figures stand, the log is whole from its first entry on, and nothing can be changed."""
    out = copy_out(full, tmp_path / "copy.db")
    stood = current_figures(full, "spo")
    with connect(url) as moved:
        copy_in(tmp_path / "copy.db", moved)
    with open_warehouse(url, who="a clerk", clock=lambda: sample.when) as moved:
        assert current_figures(moved, "spo") == stood
        loaded = sample.load(
            moved, sample.run(newest_batch=4, value=30), figures=(FigureRow("2020Q1", "{}", 30, "counted"),)
        )
        assert loaded.run.run_id == max(completed_runs(full)) + 2  # the stopped one has a number too
        assert record_inspection(moved, sample.when, 4, [sample.check()]) == 2
        assert [one.owner_id for one in measurements(moved) if one.owner_kind == "inspection"] == [2, 1]
        assert loaded.run.vintage == 3
        verified = audit.verify(moved, out.head)
        assert verified.faults == ()
        assert verified.entries == int(out.head.partition(":")[0]) + 1
        with pytest.raises(DBAPIError, match="never changed"), writing(moved, "a trick") as connection:
            connection.execute(update(figure).values(value=1))


def test_the_copy_is_of_one_moment_whatever_is_stored_meanwhile(url, warehouse, sample, tmp_path):
    fill(warehouse, sample)
    before, meanwhile = rows_of(warehouse), []

    def store_more(_rows):
        if not meanwhile:
            with open_warehouse(url, who="another", clock=lambda: sample.when) as other:
                meanwhile.append(sample.load(other, sample.run(newest_batch=9)))

    out = copy_out(warehouse, tmp_path / "copy.db", store_more)
    assert (len(completed_runs(warehouse)), len(meanwhile), out.rows["run"]) == (3, 1, 3)  # one of these was stopped
    with at_file(tmp_path / "copy.db") as copy:
        assert rows_of(copy) == before


def test_a_warehouse_that_holds_something_is_not_touched(url, full, sample, tmp_path):
    copy_out(full, tmp_path / "copy.db")
    with open_warehouse(url, who="somebody else") as other:
        record_batch(other, sample.batch(source_name="elsewhere"), [])
        before = rows_of(other)
        with pytest.raises(LoadError, match="holds something already"):
            copy_in(tmp_path / "copy.db", other)
        assert rows_of(other) == before


def test_one_that_was_only_looked_into_is_filled_and_filling_it_again_changes_nothing(url, full, tmp_path):
    out = copy_out(full, tmp_path / "copy.db")
    with open_warehouse(url) as other:
        assert contents(other).bare
        assert copy_in(tmp_path / "copy.db", other) == out
        assert same_as(tmp_path / "copy.db", contents(other))
        assert copy_in(tmp_path / "copy.db", other) == out
        audit.note(other, "exported", "a file")
        assert not same_as(tmp_path / "copy.db", contents(other))
        with pytest.raises(LoadError, match="holds something already"):
            copy_in(tmp_path / "copy.db", other)


def test_a_run_that_is_stored_while_a_copy_is_put_in_is_not_taken_away(url, full, sample, tmp_path, monkeypatch):
    """It is stored before, and then the copy is refused; or it waits until the copy is there."""
    copy_out(full, tmp_path / "copy.db")
    with open_warehouse(url, who="another", clock=lambda: sample.when) as other, ThreadPoolExecutor() as threads:
        began, stored = [], Event()
        look = copying._contents

        def looked(connection, warehouse):
            found = look(connection, warehouse)
            if warehouse is other and not began:
                began.append(threads.submit(sample.load, other, sample.run(newest_batch=9)))
                began[0].add_done_callback(lambda _done: stored.set())
                assert not stored.wait(1), "nobody stores a run between looking and putting in"
            return found

        monkeypatch.setattr(copying, "_contents", looked)
        copy_in(tmp_path / "copy.db", other)
        run_id = began[0].result(30).run.run_id
        assert run_id in completed_runs(other)
        assert set(completed_runs(full)) < set(completed_runs(other))
        assert audit.verify(other).faults == ()


def test_a_copy_that_breaks_off_leaves_nothing(url, full, tmp_path):
    out = copy_out(full, tmp_path / "copy.db")
    seen = []

    def broken(rows):
        seen.append(rows)
        if sum(seen) > out.all_rows / 2:
            raise KeyboardInterrupt

    with connect(url) as other:
        with pytest.raises(KeyboardInterrupt):
            copy_in(tmp_path / "copy.db", other, broken)
        assert contents(other) is None
        assert copy_in(tmp_path / "copy.db", other) == out


def test_a_copy_with_an_earlier_schema_is_raised_on_its_way_and_stays_as_it_was(url, sample, tmp_path):
    old = tmp_path / "old.db"
    with at_file(old) as made:
        use_write_ahead_log(made)
        with writing(made, "schema") as connection:
            command.upgrade(configuration(connection), "0002")
            version = sample.version()
            values = {name: getattr(version, name) for name in ("definition_hash", "question", "title", "definition")}
            connection.execute(
                insert(question_version), values | {"lists": dict(version.lists), "recorded_at": sample.when}
            )
    before = old.read_bytes()
    with connect(url) as other:
        copy_in(old, other)
        found = contents(other)
        assert found.rows["question_version"] == 1
        assert found.rows["audit_entry"] == 1  # that it was raised
    assert old.read_bytes() == before


def test_the_runs_that_figures_rest_on_are_of_each_breakdown_the_last(warehouse, sample):
    """The third counts no breakdown, so the months still rest on the second; the fourth knows less than both."""
    first = sample.load(warehouse).run.run_id
    second = sample.load(warehouse, sample.run(newest_batch=2)).run.run_id
    total = (FigureRow("2020Q1", "{}", 28, "counted"),)
    third = sample.load(warehouse, sample.run(newest_batch=3, value=28, breakdowns=()), figures=total).run.run_id
    fourth = sample.load(warehouse, sample.run(newest_batch=0, value=28, breakdowns=()), figures=total).run.run_id
    assert run_details(warehouse, fourth).vintage is None
    assert standing_runs(warehouse) == [second, third]
    assert completed_runs(warehouse) == completed_runs(warehouse, "spo") == [first, second, third, fourth]
    assert completed_runs(warehouse, "another") == []


def test_a_newer_warehouse_is_not_copied(full, tmp_path):
    with at_file(tmp_path / "newer.db") as newer, writing(newer, "schema") as connection:
        connection.exec_driver_sql("CREATE TABLE warehouse_revision (version_num TEXT)")
        connection.exec_driver_sql("INSERT INTO warehouse_revision VALUES ('9999')")
    with pytest.raises(LoadError, match="newer courtstats"):
        copy_in(tmp_path / "newer.db", replace(full))
