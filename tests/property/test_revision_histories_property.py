"""Random histories of landings, counts and changed definitions: whatever the warehouse said can be said again.

A plain model keeps every answer whole. Held against it, on both databases: what stood at any moment, that the causes
of every revision add up to the difference, and that every run can be reproduced. The records are made up.
"""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from extract import store
from extract.contract import Result, Statement
from extract.landing import Source, land
from extract.records import batches
from load.contract import canonical_cell
from load.reading import current_figures
from load.warehouse import open_warehouse
from pipelines import loading, runs
from pipelines.reproducing import asked_runs, reproduce
from pipelines.settings import key_check, load_settings, the_key
from transform.contract import HELD, Answer
from transform.engines import duckdb as duckdb_engine
from transform.engines import revising as revising_engine
from transform.periods import series

pytestmark = pytest.mark.long
LONG = os.environ.get("LONG_TESTS") == "1"
SHARDS = 8
HISTORIES = 1000 // SHARDS if LONG else 2
CASES = ("A", "B", "C", "D")
DAYS = (date(2020, 1, 20), date(2020, 2, 3), date(2020, 3, 31), date(2020, 4, 1), date(2020, 5, 4))
COURTS = ("B01EF01", "B01LY01")
RESULTS = ("3307", "4506", "1002")
START = datetime(2020, 6, 1, tzinfo=UTC)
SPAN = (date(2020, 1, 1), date(2020, 6, 30))
BY = (["month"], ["source_system"], ["month", "outcome"], ["outcome"])


@dataclass(frozen=True)
class Told:
    """One run that was loaded: from when the warehouse says so, and the whole answer."""

    at: datetime
    run_id: int
    fingerprint: str
    answer: Answer

    @property
    def known(self) -> tuple[datetime, int]:
        return self.answer.as_known_at, self.answer.newest_batch

    @property
    def line(self) -> tuple[str, str]:
        return self.answer.unit, self.answer.period

    def cells(self) -> dict[str, tuple[int | None, str]]:
        return {canonical_cell(dict(f.cell)): (f.value, f.status) for f in self.answer.figures}

    def breakdowns(self) -> set[tuple[str, ...]]:
        return {(), *(tuple(sorted(names)) for names in self.answer.by)}


# --- the plain model ---------------------------------------------------------------------------


def vintages(log: Sequence[Told], line: tuple[str, str], at: datetime) -> list[Told]:
    """The runs that became current, one after the other."""
    found: list[Told] = []
    for told in log:
        if told.line == line and told.at <= at and (not found or told.known >= found[-1].known):
            found.append(told)
    return found


def stood(log: Sequence[Told], at: datetime) -> dict[tuple[str, str, str], tuple[int | None, str]]:
    """What the warehouse said at a time, worked out from whole answers."""
    said = {}
    for line in dict.fromkeys(told.line for told in log):
        if not (of_line := vintages(log, line, at)):
            continue
        last = of_line[-1]
        for breakdown in set().union(*(told.breakdowns() for told in of_line)):
            one = [told for told in of_line if breakdown in told.breakdowns()][-1]
            if (one.known, one.fingerprint) != (last.known, last.fingerprint):
                continue
            if one.answer.status == HELD != last.answer.status:
                continue  # counted under a hold that has ended
            for cell, (value, status) in one.cells().items():
                if _breakdown(cell) == breakdown:
                    said[(*line, cell)] = (value, status)
    return said


def _breakdown(cell: str) -> tuple[str, ...]:
    import json

    return tuple(sorted(json.loads(cell)))


def moved(log: Sequence[Told]) -> dict[tuple[int, str], int]:
    """By run and cell: the difference from what the breakdown's vintage before said; what is withheld has none."""
    found = {}
    for line in dict.fromkeys(told.line for told in log):
        of_line = vintages(log, line, datetime.max.replace(tzinfo=UTC))
        for place, told in enumerate(of_line):
            for breakdown in told.breakdowns():
                before = [one for one in of_line[:place] if breakdown in one.breakdowns()]
                if not before:
                    continue
                was, now = before[-1].cells(), told.cells()
                for cell in {c for c in (*was, *now) if _breakdown(c) == breakdown}:
                    old, new = was.get(cell, (None, "")), now.get(cell, (None, ""))
                    if HELD not in (old[1], new[1]) and (by := (new[0] or 0) - (old[0] or 0)):
                        found[told.run_id, cell] = by
    return found


# --- the histories -----------------------------------------------------------------------------


def definition(rng: random.Random, question: str) -> tuple[str, dict[str, str]]:
    """A definition and its lists, as texts."""
    rules = ['keep = { offence = "offences" }', 'keep = { result = "results" }']
    extra = ['drop = { court = "B01LY" }', "keep = { hearing = { from = 2020-02-01 } }", 'drop = { source = "other" }']
    rules += rng.sample(extra, rng.choice([0, 0, 0, 1, 2]))
    steps = "".join(f'[[step]]\nname = "Step {n}"\n{rule}\n' for n, rule in enumerate(rules, 1))
    until = rng.choice(["2999-01-01T00:00:00Z", *(f"2020-06-0{day}T12:00:00Z" for day in range(3, 9))])
    hold = f'[[hold]]\nperiod = "2020-02"\nuntil = {until}\nbasis = "made up"\n'
    text_ = (
        f'schema = "courtstats/question@1"\nid = "{question}"\ntitle = "Made up"\nasks = "?"\nowner = "tests"\n'
        f'[count]\nunit = "case"\nalso = ["defendant"]\ndate = "hearing_date"\nonce = "first in period"\n{steps}'
        '[outcome]\nlist = "results"\nprefer = ["made", "other"]\ntie_break = "first hearing"\n'
        '[breakdowns]\ndefault = [["month"]]\nallowed = [["source_system"], ["outcome"], ["month", "outcome"]]\n'
        f"{hold if rng.random() < 0.3 else ''}"
        '[[example]]\nname = "None"\ngiven = []\nexpect = { "2020" = "no data" }\n'
    )
    head = "code,match,label,category,valid_from,valid_to,source\n"
    codes = rng.sample(("3307", "4506", "1002"), rng.choice([1, 2, 2, 3]))
    results = [
        f"{code},cjs,A result,{'made' if code == '3307' else rng.choice(['made', 'other'])},,," for code in codes
    ]
    results += ["NEVERA,short,Never,other,,,", "NEVERB,short,Never,made,,,"]
    offences = rng.sample(("ST19501", "ST19502"), rng.choice([1, 2]))
    return text_, {
        "results": head + "\n".join(results) + "\n",
        "offences": head + "".join(f"{code},offence,An offence,,,,\n" for code in offences),
    }


def write_definition(folder: Path, question: str, texts: tuple[str, dict[str, str]]) -> None:
    (folder / "questions").mkdir(parents=True, exist_ok=True)
    (folder / "codelists").mkdir(exist_ok=True)
    (folder / "questions" / f"{question}.toml").write_text(texts[0])
    for name, lines in texts[1].items():
        (folder / "codelists" / f"{name}.csv").write_text(lines)


def write_sources(home: Path, *, over: bool) -> None:
    rule = 'over = ["spi"]\n' if over else ""
    (home / "sources.toml").write_text(
        f'schema = "courtstats/sources@1"\n[source.other]\nkind = "spi"\nlocation = ["incoming"]\n{rule}'
        '[source.spi]\nkind = "spi"\nlocation = ["in"]\n'
    )


def some_statements(rng: random.Random, number: int, received_at: datetime, source: str) -> Iterator[Statement]:
    for place in range(rng.randint(1, 5)):
        case = rng.choice(CASES)
        day = rng.choice(DAYS)
        taken = rng.choice([(), ("3307",), ("4506",), ("3307", "4506"), ("1002",)])
        merged = rng.random() < 0.2  # another statement of the key names another case
        results = tuple(Result("OFFENCE", 1, n, "ST19501", "ST19501", code) for n, code in enumerate(taken, 1))
        yield Statement(
            source, "spi", "B00LIBRA" if source == "spi" else "C00CommonPlatform", f"f{number}.xml", None,
            f"{number}-{place}", received_at, f"{source} {case} {day}", received_at, True, day, "message",
            rng.choice(COURTS) if rng.random() < 0.3 else COURTS[0], "2576", "01", "urn",
            f"urn:{'Z' if merged else case}", "strong", case, None, f"asn:{rng.choice('12')}", 1, results,
        )  # fmt: skip


def land_some(rng: random.Random, path: Path, number: int) -> None:
    now = START + timedelta(days=number)
    received = now - timedelta(days=rng.choice([0, 0, 0, 2]))
    source = rng.choice(["spi", "spi", "other"])
    told = list(some_statements(rng, number, received, source))
    origin = Source(source, "spi", 1, received, given=received != now, by_name=False)
    land(path, origin, batches((0, statement) for statement in told), lambda: [], landed_at=now)


def live(rng: random.Random, home: Path, question: str, warehouses: Sequence[Any]) -> list[tuple[Any, list[Told]]]:
    """One history on every warehouse: what was loaded, run by run."""
    folder = home / "definitions"
    settings = replace(load_settings({}, home=home), definitions=folder)
    store.prepare(settings.store, key_check(the_key(settings)))
    write_sources(home, over=False)
    versions = [definition(rng, question)]
    write_definition(folder, question, versions[0])
    logs: list[list[Told]] = [[] for _ in warehouses]
    land_some(rng, settings.store, 1)
    for number in range(2, rng.randint(5, 10)):
        what = rng.choice(["land", "land", "run", "run", "run", "define", "rules"])
        if what == "land":
            land_some(rng, settings.store, number)
        elif what == "define":
            if rng.random() < 0.7:
                versions.append(definition(rng, question))
            write_definition(folder, question, rng.choice(versions))  # also one of before
        elif what == "rules":
            write_sources(home, over=rng.random() < 0.7)
        else:
            count(rng, settings, question, warehouses, logs, number)
    count(rng, settings, question, warehouses, logs, 11)
    return [(settings, log) for log in logs]


def count(
    rng: random.Random, settings: Any, question: str, warehouses: Sequence[Any], logs: list[list[Told]], day: int
) -> None:
    found = runs.question(settings, question)
    by = rng.sample([",".join(names) for names in BY], rng.choice([0, 1, 2]))
    known = START + timedelta(days=rng.randint(0, 12)) if rng.random() < 0.25 else None
    periods = list(series(rng.choice(["quarter", "half-year", "half-year"]), *SPAN))
    now = START + timedelta(days=day, hours=1)  # decides which holds have ended
    try:
        orders = runs.prepare_all(settings, found, periods, by, known, now)
    except ExceptionGroup:  # nothing known by then
        return
    answers = runs.count_all(settings, orders)
    for warehouse, log in zip(warehouses, logs, strict=True):
        for order, answer in zip(orders, answers, strict=True):
            loaded = loading.load(settings, warehouse, order, answer, [], lambda _figures: [], now)
            if not loaded.already_there:
                at = loaded.run.run.finished_at
                log.append(Told(at, loaded.run.run_id, found.fingerprint, answer))


def check(settings: Any, warehouse: Any, question: str, log: list[Told]) -> None:
    moments = [told.at for told in log] + [log[0].at - timedelta(seconds=1), log[-1].at + timedelta(days=1)]
    for at in moments:
        said = {
            (f.unit, f.period, f.cell): (f.value, f.status)
            for f in current_figures(warehouse, question, as_stored_at=at)
        }
        assert said == stood(log, at)
    assert current_figures(warehouse, question) == current_figures(warehouse, question, as_stored_at=moments[-1])
    with warehouse.engine.connect() as connection:
        rows = connection.execute(
            text("select run_id, cell, cause, units, value_before, value_after from revision where question = :q"),
            {"q": question},
        ).all()
    sums: dict[tuple[int, str], int] = {}
    for row in rows:
        assert row.cause not in ("program change", "not recounted")
        sums[row.run_id, row.cell] = sums.get((row.run_id, row.cell), 0) + row.units
    assert {place: by for place, by in sums.items() if by} == moved(log)
    asked = asked_runs(warehouse, [told.run_id for told in log])
    again = reproduce(settings, warehouse, asked, datetime.now(UTC))
    assert [(one.run.run_id, one.outcome) for one in again] == [(told.run_id, "holds") for told in log]


@pytest.fixture
def counted_once(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """The second database of a step needs the same counts as the first: each is made once, until this is cleared."""
    kept: dict[Any, Any] = {}

    def once(module: Any, name: str) -> None:
        real = getattr(module, name)

        def call(*args: Any, **named: Any) -> Any:
            key = name, repr((args, named))
            if key not in kept:
                kept[key] = real(*args, **named)
            return kept[key]

        monkeypatch.setattr(module, name, call)

    once(duckdb_engine, "count_series")
    once(revising_engine, "record_revisions")
    return kept


@pytest.mark.parametrize("shard", range(SHARDS if LONG else 2))
def test_whatever_was_said_can_be_said_again_and_every_change_has_causes_that_add_up(
    shard: int, tmp_path: Path, postgresql_server: str, counted_once: dict[Any, Any]
) -> None:
    with (
        open_warehouse(f"sqlite:///{tmp_path / 'w.db'}") as embedded,
        open_warehouse(postgresql_server) as served,
    ):
        for number in range(HISTORIES):
            rng = random.Random(f"{shard} {number}")
            question = f"made-{shard}-{number}"
            home = tmp_path / question
            home.mkdir()
            told = live(rng, home, question, (embedded, served))
            counted_once.clear()  # what was stated is counted again
            for warehouse, (settings, log) in zip((embedded, served), told, strict=True):
                if log:
                    check(settings, warehouse, question, log)
            counted_once.clear()
