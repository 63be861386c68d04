"""`courtstats plan`: what a changed definition does to the figures that are loaded, before it does. Writes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from extract.contract import ExtractError
from extract.kept import kept_from
from extract.store import known_files
from pipelines import progress, runs, show
from pipelines.plan_text import plan_json, plan_text
from pipelines.settings import Settings, existing_key, units_secret
from pipelines.source_file import precedence
from pipelines.stored_versions import as_loaded
from transform.changes import FIGURES, Change, changes
from transform.contract import HELD, Answer, Figure, TransformError
from transform.definition import Question
from transform.periods import Period
from transform.planning import CellPlan, PeriodPlan, Version, period_plan, shared, versions
from transform.precedence import precedence_of
from transform.questions import load_question

if TYPE_CHECKING:
    from load.planned import LoadedFigure
    from transform.engines.duckdb import Records


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure to plan for: its period, the unit before and after (`None`: counted no more), what was known.

    `by` are the combinations whose cells are compared. `stored` is the figure as loaded, `run_id` the run it is from.
    """

    period: Period
    units: tuple[str, str | None]
    by: tuple[tuple[str, ...], ...]
    as_known_at: datetime
    newest_batch: int
    stored: Figure | None = None
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One figure planned, with the day of every unit that counts before or after (by key)."""

    asked: Asked
    plan: PeriodPlan
    days: dict[str, date]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An old version beside the new one, and the figures counted by it. `refused` says why it cannot be read.

    `removed` are figures that cannot be compared: records of hearings of their periods were removed for good.
    """

    fingerprint: str
    old: Question | None
    changes: tuple[Change, ...]
    asked: tuple[Asked, ...]
    refused: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    removed: tuple[Asked, ...] = ()


def plan(
    settings: Settings,
    name: str,
    periods: Sequence[Period] = (),
    against: Path | None = None,
    *,
    cells: bool = False,
    units: bool = False,
    as_json: bool = False,
    now: datetime | None = None,
) -> None:
    """Compare the definition on disk with that of the loaded figures, or with the one in a folder, and print.

    Args:
        settings: which definitions, records and warehouse.
        name: id of the question.
        periods: only these; needed with `against`, which needs no loaded figure.
        against: folder with `questions/` and `codelists/`, or a checkout with both in its `sql/`.
        cells: show the changed cells of the breakdowns that were loaded and that both versions declare.
        units: list the units gained and lost, by key.
        as_json: print JSON (`courtstats/plan@1`).
        now: aware; decides which holds have ended (default: the clock).

    Raises:
        TransformError, ExceptionGroup: a definition that cannot be used, or periods that nothing is loaded for.
        ExtractError: nothing was landed, or less than the figures were counted from. LoadError: the warehouse.
    """
    at = now or datetime.now(UTC)
    new = runs.question(settings, name)
    found = _against(settings, new, against, periods, at) if against else _loaded(settings, new, periods)
    changed = [c.old for c in found if c.fingerprint != new.fingerprint]
    if changed and any(q and (q.published or not q.steps) for q in (new, *changed)):
        remedy = "Count it from the table with each version of the definition: courtstats count --table FILE"
        raise TransformError("a published table answers it, not a count of records", where=new.id, remedy=remedy)
    done = [c if c.fingerprint == new.fingerprint else _counted(settings, c, new, at, cells=cells) for c in found]
    key = units_secret(settings) if units else None
    if as_json:
        show.write(show.to_json(plan_json(new, done, cells=cells, key=key)))
    else:
        plan_text(new, done, cells=cells, key=key)


# --- what is compared --------------------------------------------------------------------------


def _loaded(settings: Settings, new: Question, periods: Sequence[Period]) -> list[Comparison]:
    """The figures in the warehouse, by the version of the definition that each was counted by."""
    from load.planned import loaded_question

    loaded = loaded_question(settings.warehouse_url, new.id)
    figures = [f for f in loaded.figures if not periods or Period(f.period_from, f.period_to) in periods]
    if periods and (missing := set(periods) - {Period(f.period_from, f.period_to) for f in figures}):
        raise TransformError(
            f"nothing is loaded for {', '.join(p.label for p in sorted(missing, key=lambda p: p.first))}",
            where=new.id,
            remedy="Compare with an earlier version of the definitions: --against FOLDER",
        )
    found, kept = [], kept_from(settings.store)
    for fingerprint in dict.fromkeys(f.definition_hash for f in figures):
        old, refused = as_loaded(loaded.versions[fingerprint])
        asked = tuple(_asked(f, old, new) for f in figures if f.definition_hash == fingerprint)
        # A period that was asked for is refused where it is counted; of all figures the others are still compared.
        recounted = fingerprint != new.fingerprint and not periods
        removed = tuple(a for a in asked if recounted and kept and a.period.first < kept)
        asked = tuple(a for a in asked if a not in removed)
        found.append(Comparison(fingerprint, old, changes(old, new) if old else (), asked, refused, removed=removed))
    return found


def _asked(figure: "LoadedFigure", old: Question | None, new: Question) -> Asked:
    main = old.unit if old else figure.unit
    after = figure.unit if figure.unit in new.units else new.unit if figure.unit == main else None
    return Asked(
        period=Period(figure.period_from, figure.period_to),
        units=(figure.unit, after),
        by=shared(old, new, figure.breakdowns) if old else (),
        as_known_at=figure.as_known_at,
        newest_batch=figure.newest_batch,
        stored=Figure(figure.period, (), figure.value, figure.status),
        run_id=figure.run_id,
    )


def _against(
    settings: Settings, new: Question, folder: Path, periods: Sequence[Period], now: datetime
) -> list[Comparison]:
    """The definition in a folder, for the periods given, as known now."""
    if not periods:
        remedy = "Give --period, --from and --to, or --every year --from --to"
        raise TransformError("no period was given to compare the two definitions for", where=new.id, remedy=remedy)
    place = folder if (folder / "questions").is_dir() else folder / "sql"
    if not (place / "questions").is_dir():
        remedy = "Name a folder with questions/ and codelists/, or a checkout with both in sql/"
        raise TransformError("there are no definitions in it", where=str(folder), remedy=remedy)
    old = load_question(place, new.id)
    if old.fingerprint == new.fingerprint:
        return [Comparison(old.fingerprint, old, (), ())]
    known = runs.prepare_all(settings, new, periods, [], None, now)[0]
    by = shared(old, new, old.breakdowns.default)
    units = [(old.unit, old.unit if old.unit in new.units else new.unit), *((u, u) for u in old.also if u in new.units)]
    asked = tuple(Asked(p, pair, by, known.as_known_at, known.newest_batch) for p in periods for pair in units)
    return [Comparison(old.fingerprint, old, changes(old, new), asked)]


# --- counting ----------------------------------------------------------------------------------


def _counted(settings: Settings, one: Comparison, new: Question, now: datetime, *, cells: bool) -> Comparison:
    """Every figure of a comparison, counted by each version on the records that it was counted from."""
    wanted = [a if cells else replace(a, by=()) for a in one.asked if a.units[1]]
    if not wanted:
        return one
    orders = runs.prepare_all(settings, new, [a.period for a in wanted], [], None, now)
    newest = orders[0].newest_batch
    if newest < max(a.newest_batch for a in wanted):
        what = f"it holds {newest} landings, but figures were counted from {max(a.newest_batch for a in wanted)}"
        remedy = "Plan with the records store that the figures were counted from: set COURTSTATS_STORE"
        raise ExtractError(what, where=str(settings.store), remedy=remedy)
    work = [(batch, _versions(one, new, batch[0])) for batch in _batches(wanted)]
    progress.show()
    rows: list[Row] = []
    total = sum(len(made) + len(batch) for batch, made in work)
    with runs.still_there(settings, orders), progress.track("Counting", total, "counts") as advance:
        for batch, made in work:
            first = batch[0]
            periods = [a.period for a in batch]
            records = _records(settings, first, periods)
            answers: list[list[Answer]] = []
            for version in made:
                answers.append(_count(settings, version, first, records, periods, now))
                advance(1)
            for place, asked in enumerate(batch):
                rows.append(_row(settings, one, asked, records, made, [of_all[place] for of_all in answers], now))
                advance(1)
    return replace(one, rows=tuple(sorted(rows, key=lambda r: (r.asked.period.first, r.asked.period.last))))


def _versions(one: Comparison, new: Question, asked: Asked) -> tuple[Version, ...]:
    before, after = asked.units[0], asked.units[1] or new.unit
    if one.old is None:
        return versions(new, new, (), (after, after))
    return versions(one.old, new, one.changes, (before, after), asked.by)


def _batches(asked: Sequence[Asked]) -> Iterator[list[Asked]]:
    """Figures that one pass can count: alike but for their periods, which do not overlap."""

    def alike(one: Asked) -> tuple[object, ...]:
        return one.units[0], one.units[1] or "", one.as_known_at, one.newest_batch, one.by

    for _, group in groupby(sorted(asked, key=lambda a: (*alike(a), a.period.first)), alike):
        batches: list[list[Asked]] = []
        for one in group:
            fits = next((b for b in batches if b[-1].period.last < one.period.first), None)
            if fits is None:
                batches.append([one])
            else:
                fits.append(one)
        yield from batches


def _records(settings: Settings, asked: Asked, periods: Sequence[Period]) -> "Records":
    from transform.engines.duckdb import Records

    files = known_files(settings.store, min(p.first for p in periods), max(p.last for p in periods))
    return Records(files, asked.newest_batch, asked.as_known_at, precedence_of(precedence(settings)))


def _count(
    settings: Settings, version: Version, asked: Asked, records: "Records", periods: Sequence[Period], now: datetime
) -> list[Answer]:
    from transform.engines.duckdb import count_series

    key = existing_key(settings) or b""
    return count_series(version.question, records, periods, asked.by, key=key, now=now)


def _row(
    settings: Settings,
    one: Comparison,
    asked: Asked,
    records: "Records",
    made: Sequence[Version],
    answers: Sequence[Answer],
    now: datetime,
) -> Row:
    """One figure from the answers of all versions; its units are listed only where a change could move them."""
    from transform.engines.duckdb import units

    if one.old is None and asked.stored:  # nothing to recount by: the old side is what was loaded
        after = period_plan(made, answers, None)
        held = after.total.new is not None and after.total.new.status == HELD
        before = replace(asked.stored, value=None, status=HELD) if held else asked.stored
        total = CellPlan((), before, after.total.new, ())
        return Row(asked, replace(after, units=(asked.units[0], after.units[1]), total=total), {})
    alike = answers[0].unit == answers[-1].unit and answers[0].value is not None and answers[-1].value is not None
    days: dict[str, date] = {}
    keys: tuple[frozenset[str], frozenset[str]] | None = (frozenset(), frozenset()) if alike else None
    if alike and any(one.changes[number].affects == FIGURES for version in made for number in version.applied):
        key = existing_key(settings) or b""
        sides = [units(v.question, records, asked.period, key=key, now=now) for v in (made[0], made[-1])]
        days = {unit.unit_key: unit.hearing_date for side in sides for unit in side}
        keys = (frozenset(u.unit_key for u in sides[0]), frozenset(u.unit_key for u in sides[1]))
    return Row(asked, period_plan(made, answers, keys), days)
