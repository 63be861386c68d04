"""Why a figure differs from the one that stands: what the program, holds, rules, lists and landings did, in parts.

The records are made up. What an earlier program counted is made up too: its answer is changed before it is stored.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extract import store
from extract.contract import Result, Statement
from extract.landing import Source, land
from extract.records import batches
from load.warehouse import current_figures, load_run, open_warehouse
from pipelines import loading, recording, revising, runs
from pipelines.settings import Settings, key_check, load_settings, the_key
from transform.contract import Answer
from transform.periods import parse_period

START = datetime(2020, 6, 1, tzinfo=UTC)
QUESTION = "made-up"
TOTAL, FEBRUARY, MARCH = "{}", '{"month":"2020-02"}', '{"month":"2020-03"}'
DEFINITION = """\
schema = "courtstats/question@1"
id = "made-up"
title = "Made up"
asks = "?"
owner = "tests"
[count]
unit = "case"
date = "hearing_date"
once = "first in period"
[[step]]
name = "Order"
keep = { result = "orders" }
[breakdowns]
default = [["month"]]
[[example]]
name = "None"
given = []
expect = { "2020" = "no data" }
"""
HOLD = '[[hold]]\nperiod = "2020-02"\nuntil = 2999-01-01T00:00:00Z\nbasis = "made up"\n'
HEAD = "code,match,label,category,valid_from,valid_to,source\n"


@dataclass
class World:
    """A records store, definitions, and an open warehouse."""

    settings: Settings
    warehouse: Any
    landings: int = 0

    def define(self, text: str = DEFINITION, codes: tuple[str, ...] = ("3307",)) -> None:
        folder = self.settings.definitions
        (folder / "questions").mkdir(parents=True, exist_ok=True)
        (folder / "codelists").mkdir(exist_ok=True)
        (folder / "questions" / f"{QUESTION}.toml").write_text(text)
        rows = "".join(f"{code},cjs,A result,,,,\n" for code in codes)
        (folder / "codelists" / "orders.csv").write_text(HEAD + rows)

    def land(self, *said: tuple[str, date, str], source: str = "spi") -> None:
        """Cases with the day of the hearing and the code of their one result."""
        self.landings += 1
        at = START + timedelta(days=self.landings)
        statements = [
            Statement(
                source, "spi", "B00LIBRA", f"{self.landings}.xml", None, f"{self.landings} {case}", at,
                f"{source} {case}", at, True, day, "message", "B01EF01", "2576", "01", "urn", f"urn:{case}", "strong",
                case, None, "asn:1", 1, (Result("OFFENCE", 1, 1, "ST19501", "ST19501", code),),
            )
            for case, day, code in said
        ]  # fmt: skip
        origin = Source(source, "spi", 1, at, given=False, by_name=False)
        land(self.settings.store, origin, batches((0, s) for s in statements), lambda: [], landed_at=at)

    def run(self, change: Callable[[Answer], Answer] = lambda answer: answer, now: datetime = START) -> Any:
        found = runs.question(self.settings, QUESTION)
        orders = runs.prepare_all(self.settings, found, [parse_period("2020Q1")], [], None, now)
        answer = change(runs.count_all(self.settings, orders)[0])
        return loading.load(self.settings, self.warehouse, orders[0], answer, [], lambda _figures: [], now)

    def parts(self) -> list[tuple[str, str, int, int | None]]:
        """Of the last run: cell, cause, by how much, landing."""
        with self.warehouse.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "select cell, cause, units, batch from revision_part where run_id = (select max(run_id) from run) "
                "order by cell, position"
            )
            return [tuple(row) for row in rows]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = replace(load_settings({}, home=tmp_path), definitions=tmp_path / "definitions")
    store.prepare(settings.store, key_check(the_key(settings)))
    with open_warehouse(settings.warehouse_url, who="a clerk") as warehouse:
        made = World(settings, warehouse)
        made.define()
        made.land(("A", date(2020, 2, 3), "3307"), ("B", date(2020, 3, 2), "3307"))
        yield made


def one_less(cell: str) -> Callable[[Answer], Answer]:
    """The answer of a program that missed one case in a month."""

    def change(answer: Answer) -> Answer:
        figures = tuple(
            replace(f, value=(f.value or 0) - 1) if (dict(f.cell) in ({}, {"month": cell})) else f
            for f in answer.figures
        )
        return replace(answer, value=figures[0].value, figures=figures)

    return change


def test_what_today_s_program_counts_otherwise_is_told_apart_from_what_was_landed(world: World) -> None:
    world.run(one_less("2020-03"))
    world.land(("C", date(2020, 3, 4), "3307"))
    world.run()
    expected = [("program change", 1, None), ("late result", 1, 2)]
    assert world.parts() == [(cell, *part) for cell in sorted((TOTAL, MARCH)) for part in expected]


def test_a_hold_that_is_new_hides_its_cells_and_their_parts_whatever_else_changed(world: World) -> None:
    """Else a difference of a withheld cell would be stored, or the run could not be."""
    world.run(one_less("2020-02"))
    world.define(DEFINITION + HOLD)
    world.land(("C", date(2020, 3, 4), "3307"))
    world.run()
    assert {part[0] for part in world.parts()} == {MARCH}
    stands = {f.cell: (f.value, f.status) for f in current_figures(world.warehouse, QUESTION)}
    assert (stands[TOTAL], stands[FEBRUARY], stands[MARCH]) == ((None, "held"), (None, "held"), (2, "counted"))


def test_a_hold_that_is_put_back_hides_the_figure_again_without_a_new_landing(world: World) -> None:
    """Set, taken away by mistake, set again: the same run as the first must not leave the figure standing."""
    world.define(DEFINITION + HOLD)
    world.run()
    world.define()
    world.run()
    assert {f.value for f in current_figures(world.warehouse, QUESTION) if f.cell == TOTAL} == {2}
    world.define(DEFINITION + HOLD)
    assert not world.run().already_there
    assert {f.status for f in current_figures(world.warehouse, QUESTION) if f.cell == TOTAL} == {"held"}


def test_periods_that_were_counted_before_and_after_a_hold_ended_are_each_compared_as_they_were(world: World) -> None:
    """The quarter was counted under the hold, its half-year after it: neither is taken for the other."""
    ends = DEFINITION + HOLD.replace("2999-01-01T00:00:00Z", "2020-06-05T00:00:00Z")
    world.define(ends)
    found = runs.question(world.settings, QUESTION)

    def count(label: str, now: datetime) -> None:
        orders = runs.prepare_all(world.settings, found, [parse_period(label)], [], None, now)
        answer = runs.count_all(world.settings, orders)[0]
        loading.load(world.settings, world.warehouse, orders[0], answer, [], lambda _figures: [], now)

    count("2020-03", START)
    count("2020-02", START + timedelta(days=9))
    world.land(("C", date(2020, 2, 4), "3307"), ("D", date(2020, 3, 4), "3307"))
    orders = runs.prepare_all(
        world.settings, found, [parse_period("2020-02"), parse_period("2020-03")], [], None, START + timedelta(days=9)
    )
    compared = revising.compare(world.settings, world.warehouse, orders, runs.count_all(world.settings, orders))
    assert [{(part.cause, part.units) for part in one.parts} for one in compared] == [{("late result", 1)}] * 2


def test_a_new_rule_of_precedence_is_a_source_change_that_no_landing_brought(world: World) -> None:
    world.land(("E", date(2020, 3, 2), "4506"), source="other")
    world.run()
    (world.settings.home / "sources.toml").write_text(
        'schema = "courtstats/sources@1"\n[source.other]\nkind = "spi"\nlocation = ["incoming"]\nover = ["spi"]\n'
        '[source.spi]\nkind = "spi"\nlocation = ["in"]\n'
    )
    world.run()
    assert set(world.parts()) == {(TOTAL, "source change", -1, None), (MARCH, "source change", -1, None)}


def test_an_entry_of_a_list_is_named_by_the_part_that_it_made(world: World) -> None:
    world.land(("C", date(2020, 3, 4), "4506"))
    world.run()
    world.define(codes=("3307", "4506"))
    world.run()
    with world.warehouse.engine.connect() as connection:
        said = connection.exec_driver_sql("select distinct cause, units, says from revision_part").all()
    assert [tuple(row) for row in said] == [("code-list change", 1, "4506 added to orders")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": {"definition": "no definition"}}, "its definition cannot be read by this version"),
        ({"row": {"store": "another"}}, "it was counted from another records store"),
    ],
)
def test_a_vintage_that_cannot_be_counted_again_says_so_in_one_part(
    world: World, change: dict[str, Any], why: str
) -> None:
    found = runs.question(world.settings, QUESTION)
    (order,) = runs.prepare_all(world.settings, found, [parse_period("2020Q1")], [], None, START)
    answer = runs.count_all(world.settings, [order])[0]
    version = replace(recording.version_of(order), definition_hash="old", **change.get("version", {}))
    row = replace(
        recording.run_row(order, answer, START, START), definition_hash="old", run_key="old", **change.get("row", {})
    )
    load_run(
        world.warehouse, version, row, recording.figure_rows(answer), [], [], answer.notes, [], lambda _figures: []
    )
    world.land(("C", date(2020, 3, 4), "3307"))
    (order,) = runs.prepare_all(world.settings, found, [parse_period("2020Q1")], [], None, START)
    (compared,) = revising.compare(world.settings, world.warehouse, [order], runs.count_all(world.settings, [order]))
    assert {part.cell for part in compared.parts} == {TOTAL, MARCH}
    assert {part.cause for part in compared.parts} == {"not recounted"}
    assert all(part.says.startswith(why) for part in compared.parts)
