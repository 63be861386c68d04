"""The audit log: everything done has an entry, and whatever is changed afterwards is found and named.

Tampering takes an owner who removes the triggers first: that is what these tests do.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from load import audit
from load.connecting import connect, explained, reading, writing
from load.contract import LoadError
from load.reading import newest_batch, warehouse_status
from load.schema import NEVER_CHANGED
from load.stated import stated_by_run
from load.vintages import stated_figures
from load.warehouse import record_batch, record_stopped_run


@pytest.fixture
def busy(warehouse, sample):
    """A warehouse in which six things were done; two runs of them with figures, one was stopped."""
    record_batch(warehouse, sample.batch(), [])
    sample.load(warehouse)
    later = sample.run(as_known_at=sample.when + timedelta(days=1))
    sample.load(
        warehouse,
        later,
        figures=(sample.figures[0], sample.figures[1].__class__("2020Q1", '{"month":"2020-01"}', 1, "counted")),
    )
    record_stopped_run(warehouse, sample.version(), sample.run(), "a check", [])
    audit.note(warehouse, "exported", "spo", file="spo.csv")
    assert audit.verify(warehouse).faults == ()
    return warehouse


def tamper(warehouse, *statements):
    """What somebody does who may do anything: the triggers off, the rows changed."""
    with warehouse.engine.connect().execution_options(writes=True) as connection, connection.begin():
        for table in NEVER_CHANGED:
            if connection.dialect.name == "sqlite":
                for verb in ("update", "delete"):
                    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
            else:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_never_changed ON {table}")
        for statement in statements:
            connection.execute(text(statement))


def test_what_is_done_is_in_the_log_signed_and_in_order(busy):
    found = audit.entries(busy)
    done = ["schema raised", "landed", "definition recorded", "ran", "ran", "ran", "exported"]
    assert [one.action for one in found] == done
    assert [one.entry for one in found] == [1, 2, 3, 4, 5, 6, 7]
    assert {one.who for one in found} == {"a clerk"}
    assert [one.entry for one in audit.entries(busy, last=2)] == [6, 7]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'2020-05-20 09:30:00.000001'"), ("who", "'somebody else'"), ("action", "'looked'"),
        ("subject", "'batch 9'"), ("detail", "'{}'"), ("previous", "'00'"), ("digest", "'00'"),
    ],
)  # fmt: skip
def test_a_changed_field_of_an_entry_is_found(busy, column, value):
    tamper(busy, f"UPDATE audit_entry SET {column} = {value} WHERE entry = 2")
    faults = audit.verify(busy).faults
    assert "entry 2 is not as it was written" in faults or "entry 2 does not follow on the one before it" in faults


def test_whoever_reads_the_log_cannot_find_the_figures_of_a_run_by_trying(busy, sample):
    """The digest is salted for each run: the same figures have another one, and no entry tells the salt."""
    with reading(busy) as connection:
        salts = list(connection.scalars(text("SELECT salt FROM run WHERE state = 'completed' ORDER BY run_id")))
    assert len(set(salts)) == 2
    assert all(len(salt) == 32 for salt in salts)
    (told, *_rest) = [one.detail["figures"] for one in audit.entries(busy) if "figures" in one.detail]
    assert told == audit.figures_digest(sample.figures, salts[0])
    assert told != audit.figures_digest(sample.figures, salts[1])
    assert not [one for one in audit.entries(busy) for salt in salts if salt in json.dumps(dict(one.detail))]


def test_another_salt_is_found_like_another_figure(busy):
    tamper(busy, "UPDATE run SET salt = 'ab' WHERE run_id = 1")
    assert audit.verify(busy).faults == ("the figures of run 1 are not those that entry 4 speaks of",)


def test_a_changed_entry_whose_digest_was_made_anew_breaks_the_chain_at_the_next(busy):
    second = next(one for one in audit.entries(busy) if one.entry == 2)
    values = {name: getattr(second, name) for name in ("entry", "at", "who", "action", "subject", "detail", "previous")}
    digest = audit.digest_of(values | {"who": "somebody else"})
    tamper(busy, f"UPDATE audit_entry SET who = 'somebody else', digest = '{digest}' WHERE entry = 2")
    assert audit.verify(busy).faults == ("entry 3 does not follow on the one before it",)


def test_an_entry_removed_in_the_middle_is_found(busy):
    tamper(busy, "DELETE FROM audit_entry WHERE entry = 3")
    faults = audit.verify(busy).faults
    assert "entry 3 is missing: 4 follows on 2" in faults
    assert "entry 4 does not follow on the one before it" in faults


def test_entries_removed_and_the_rest_numbered_anew_is_found(busy):
    tamper(
        busy,
        "DELETE FROM audit_entry WHERE entry = 3",
        *(f"UPDATE audit_entry SET entry = {n - 1} WHERE entry = {n}" for n in (4, 5, 6, 7)),
    )
    assert "entry 3 does not follow on the one before it" in audit.verify(busy).faults


def test_entries_cut_off_at_the_end_are_found_by_the_head_that_was_kept(busy):
    head = audit.verify(busy).last
    tamper(busy, "DELETE FROM audit_entry WHERE entry = 7")
    assert audit.verify(busy).faults == (), "the chain itself is whole: only somebody who kept its head can know"
    (fault,) = audit.verify(busy, head).faults
    assert fault == "entry 7 is not there with the digest given: entries were cut off or made anew"


def test_an_earlier_head_holds_however_much_was_added_since(busy):
    head = audit.verify(busy).last
    audit.note(busy, "exported", "spo")
    assert audit.verify(busy, head).faults == ()


def test_an_entry_cut_off_that_speaks_of_a_run_is_found_without_a_head(busy):
    tamper(busy, "DELETE FROM audit_entry WHERE entry >= 6")
    assert audit.verify(busy).faults == ("run 3 has no entry",)


def test_an_entry_slipped_in_is_found(busy):
    tamper(
        busy,
        "UPDATE audit_entry SET entry = 8 WHERE entry = 7",
        "INSERT INTO audit_entry (entry, at, who, action, subject, detail, previous, digest) "
        "SELECT 7, at, who, 'looked', subject, detail, digest, 'made up' FROM audit_entry WHERE entry = 6",
    )
    faults = audit.verify(busy).faults
    assert "entry 7 is not as it was written" in faults
    assert "entry 8 does not follow on the one before it" in faults


def test_entries_in_another_order_are_found(busy):
    tamper(
        busy,
        "UPDATE audit_entry SET entry = 99 WHERE entry = 2",
        "UPDATE audit_entry SET entry = 2 WHERE entry = 3",
        "UPDATE audit_entry SET entry = 3 WHERE entry = 99",
    )
    faults = audit.verify(busy).faults
    assert {"entry 2 is not as it was written", "entry 3 is not as it was written"} <= set(faults)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE figure SET value = 26 WHERE cell = '{}' AND run_id = 1",
        "DELETE FROM figure WHERE cell <> '{}' AND run_id = 1",
        "UPDATE figure SET status = 'held', value = NULL WHERE cell = '{}' AND run_id = 1",
    ],
)
def test_a_figure_changed_behind_the_log_is_found(busy, statement):
    tamper(busy, statement)
    assert "the figures of run 1 are not those that entry 4 speaks of" in audit.verify(busy).faults


def test_a_run_that_nobody_noted_is_found(busy):
    names = "question, definition_hash, unit, period, period_from, period_to, breakdowns, as_known_at, newest_batch, "
    names += "code_version, thresholds_hash, started_at, finished_at, state, stop_reason"
    tamper(busy, f"INSERT INTO run (run_id, {names}) SELECT 99, {names} FROM run WHERE state = 'stopped'")
    assert audit.verify(busy).faults == ("run 99 has no entry",)


@pytest.mark.parametrize("run_id", [1, 2, 3])
def test_a_run_removed_with_all_its_rows_is_found(busy, run_id):
    """What verifying is for: it must name the run, and not break off over it."""
    free(busy)
    tables = ("revision_part", "tabulation", "attrition", "evidence", "run_note", "check_result", "figure", "run")
    tamper(busy, *(f"DELETE FROM {table} WHERE run_id = {run_id}" for table in tables))
    assert f"run {run_id}, of which entry {run_id + 3} speaks, is gone" in audit.verify(busy).faults


def test_figures_left_of_a_run_that_was_removed_are_found(busy):
    free(busy)
    tamper(busy, "DELETE FROM run WHERE run_id = 2")
    faults = audit.verify(busy).faults
    assert "run 2, of which entry 5 speaks, is gone" in faults
    assert "there are figures of run 2, which is gone" in faults


def free(warehouse):
    """Take away what keeps the rows of a run together."""
    if warehouse.engine.dialect.name == "sqlite":
        raw = warehouse.engine.raw_connection()
        raw.dbapi_connection.execute("PRAGMA foreign_keys = OFF")
        raw.close()
        return
    with warehouse.engine.begin() as connection:
        found = connection.exec_driver_sql("SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f'")
        for table, name in found.all():
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def test_a_figure_slipped_under_a_run_that_was_stopped_or_is_of_another_vintage_is_found(busy):
    names = "question, unit, period, breakdown, place, value, status, known_from, marks, notes"
    slipped = (
        f"INSERT INTO figure (figure_id, run_id, vintage, cell, {names}) SELECT 9{{0}}, {{0}}, {{1}}, '{{2}}', {names} "
    )
    slipped += "FROM figure WHERE run_id = 1 AND cell = '{{}}'"
    tamper(busy, slipped.format(3, "NULL", "{}"), slipped.format(2, 1, '{"month"\\:"2020-03"}'))
    faults = audit.verify(busy).faults
    assert "figures of run 3 say that they belong to another run" in faults
    assert "the figures of run 2 are not those that entry 5 speaks of" in faults


def test_an_entry_that_is_not_even_one_is_a_fault_and_no_end(busy):
    tamper(busy, "UPDATE audit_entry SET detail = '[]' WHERE action = 'ran'")
    (fault, *_) = audit.verify(busy).faults
    assert fault == "entry 4 is not as it was written"
    assert "an entry after 4 cannot be read, and so what follows on it was not verified" in audit.verify(busy).faults


def test_a_second_entry_about_a_run_does_not_take_the_place_of_the_first(busy):
    """Somebody who changes a figure and appends an entry of the right form about it is found out."""
    tamper(busy, "UPDATE figure SET value = 26 WHERE cell = '{}' AND run_id = 1")
    audit.note(busy, "ran", "spo 2020Q1", run=1, figures="00" * 32)
    faults = audit.verify(busy).faults
    assert "entry 8 speaks of run 1, of which entry 4 speaks already" in faults
    assert "the figures of run 1 are not those that entry 4 speaks of" in faults


def test_without_the_figures_the_entries_alone_are_verified_and_it_says_so(busy):
    tamper(busy, "UPDATE figure SET value = 26 WHERE cell = '{}' AND run_id = 1")
    assert audit.verify(busy).figures_compared
    found = audit.verify(busy, figures=False)
    assert (found.faults, found.figures_compared) == ((), False)


@pytest.mark.parametrize("head", ["", "7", "7:", ":00", "7:xyz", "a:" + "0" * 64, "-1:" + "0" * 64])
def test_a_head_that_is_none_is_refused_and_not_taken_for_no_head(busy, head):
    with pytest.raises(LoadError, match="not NUMBER:DIGEST"):
        audit.verify(busy, head)


def test_a_head_is_met_by_its_number_however_that_is_written(busy):
    number, _, digest = audit.verify(busy).last.partition(":")
    assert audit.verify(busy, f"000{number}:{digest}").faults == ()


@pytest.fixture
def long(warehouse, sample):
    """Runs of a line in which cells change, come, go and come back, breakdowns are left out, and one run knows less."""
    figure, month = sample.figures[0].__class__, sample.figures[1]
    kind = figure("2020Q1", '{"application_type":"spo"}', 5, "counted")
    other = figure("2020Q1", '{"month":"2020-02"}', 7, "counted")
    total = sample.figures[0]
    every = [
        (0, (total, month, kind)), (1, (total, other, kind)), (2, (total,)), (3, (total, month)), (3, (total, kind)),
        (1, (total, month, other)), (4, (replace(total, value=28), month, other, kind)), (5, (total,)),
    ]  # fmt: skip
    for number, (days, figures) in enumerate(every, 2):
        asked = tuple(sorted({tuple(json.loads(one.cell)) for one in figures} - {()}))
        run = sample.run(as_known_at=sample.when + timedelta(days=days), breakdowns=asked, thresholds_hash=f"t{number}")
        sample.load(warehouse, run, figures=figures)
        sample.load(warehouse, replace(run, period="2020", run_key=f"other {number}"), figures=tuple(
            replace(one, period="2020") for one in figures
        ))  # fmt: skip
    return warehouse


def test_what_runs_stated_is_the_same_told_one_by_one_or_line_by_line(long):
    with reading(long) as connection:
        told = {run_id: lines for run_id, _salt, lines in stated_by_run(connection)}
        assert len(told) == 16
        for run_id, lines in told.items():
            one = [(r.period, r.cell, r.value, r.status, r.marks) for r in stated_figures(connection, run_id)]
            assert sorted(lines) == sorted(one), run_id
    assert audit.verify(long).faults == ()


def test_verifying_asks_as_often_of_many_runs_as_of_a_few(long, busy_statements):
    """The figures of a warehouse with 200,000 runs are read through once and not run by run."""
    asked = busy_statements(long)
    advanced = []
    audit.verify(long, advance=advanced.append)
    assert len(asked) < 12, "there are 16 runs"
    assert sum(advanced) == len(audit.entries(long))


@pytest.fixture
def busy_statements():
    """A list to which every statement is added from now on."""

    def watch(warehouse):
        asked = []
        event.listen(warehouse.engine, "before_cursor_execute", lambda c, cursor, sql, *_: asked.append(sql))
        return asked

    return watch


def test_going_back_to_an_earlier_definition_is_a_change_of_it(warehouse, sample):
    for number, name in enumerate(("A", "B", "A", "A", "B")):
        version = sample.version(definition_hash=name)
        sample.load(warehouse, sample.run(definition_hash=name, newest_batch=number), version=version)
    found = [one for one in audit.entries(warehouse) if one.action.startswith("definition")]
    assert [(one.action, one.detail["before"], one.detail["version"]) for one in found] == [
        ("definition recorded", None, "A"),
        ("definition changed", "A", "B"),
        ("definition changed", "B", "A"),
        ("definition changed", "A", "B"),
    ]


def test_the_status_counts_no_rows_where_it_need_not_be_exact(busy, busy_statements):
    exact = warehouse_status(busy).rows
    asked = busy_statements(busy)
    rows = warehouse_status(busy, exact=False).rows
    counted = [sql for sql in asked if "count(" in sql]
    assert len(counted) == 1
    assert "question_version" in counted[0]
    assert rows == {name: exact[name] for name in rows}
    assert {"figure", "run", "audit_entry"} <= rows.keys()


def test_the_newest_landing_is_one_look(warehouse, sample, busy_statements):
    assert newest_batch(warehouse) is None
    record_batch(warehouse, sample.batch(), [])
    record_batch(warehouse, sample.batch(batch=2), [])
    asked = busy_statements(warehouse)
    assert newest_batch(warehouse) == sample.batch(batch=2)
    assert len([sql for sql in asked if "SELECT" in sql and "landed_batch" in sql]) == 1
    assert not [sql for sql in asked if "figure" in sql]


def test_a_connection_that_was_lost_may_have_been_so_while_committing(warehouse):
    if warehouse.engine.dialect.name == "sqlite":
        pytest.skip("a file has no connection to lose")
    with (
        pytest.raises(
            LoadError, match=r"connection was lost.*may or may not be stored: the same command again"
        ) as told,
        explained(warehouse),
        writing(warehouse, "a made thing") as connection,
    ):
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert told.value.passing


def test_a_log_made_anew_from_the_start_is_found_by_a_head_that_was_kept(busy):
    head = audit.verify(busy).last
    old = audit.entries(busy)
    statements, previous = [], ""
    for one in old:
        values = {name: getattr(one, name) for name in ("entry", "at", "action", "subject", "detail")}
        values |= {"who": "somebody else", "previous": previous}
        previous = audit.digest_of(values)
        statements.append(
            f"UPDATE audit_entry SET who = 'somebody else', previous = '{values['previous']}', digest = '{previous}' "
            f"WHERE entry = {one.entry}"
        )
    tamper(busy, *statements)
    assert audit.verify(busy).faults == ()
    assert len(audit.verify(busy, head).faults) == 1


def test_entries_of_twelve_writers_at_once_have_no_gap_and_none_is_lost(url, sample):
    """Each with a handle of its own; on SQLite they wait for the file, on PostgreSQL for each other's lock."""
    from load.warehouse import open_warehouse

    with open_warehouse(url, clock=lambda: sample.when):
        pass

    def write(number):
        with connect(url) as own:
            for turn in range(5):
                audit.note(own, "exported", f"{number} {turn}")

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write, range(12)))
    with connect(url) as warehouse:
        found = audit.entries(warehouse)
        assert [one.entry for one in found] == list(range(1, 62))
        assert len({one.subject for one in found}) == 61
        assert audit.verify(warehouse).faults == ()


def test_nothing_of_an_entry_is_left_where_what_it_speaks_of_failed(warehouse, sample):
    before = len(audit.entries(warehouse))
    with pytest.raises(Exception, match="broke off"):
        sample.load(warehouse, verify=lambda rows: 1 / 0)
    assert len(audit.entries(warehouse)) == before


def test_entries_hold_no_value_of_a_figure(busy):
    assert [
        one for one in audit.entries(busy) if "27" in json.dumps(dict(one.detail)).replace(one.digest, "").split()
    ] == []
