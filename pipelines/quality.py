"""The state of quality: read from the warehouse, judged by the limits of today, put together for whoever shows it.

Nothing is counted or checked here, and nothing is written: a warehouse of an older schema is not raised.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.quality_contract import SCHEMA, WARNINGS, Issue, QualityState
from pipelines.quality_issues import WINDOW, Tracked, line_of, told, track, trend_of
from pipelines.settings import Settings, definitions_of

if TYPE_CHECKING:
    from load.connecting import Warehouse
    from load.measured import Measured
    from pipelines.quality_judged import Limits
    from pipelines.quality_store import OfStore

RESOLVED_SHOWN = timedelta(days=7)
NOTHING_YET = "Nothing has been checked yet"


def quality_state(
    settings: Settings,
    question: str | None = None,
    as_at: datetime | None = None,
    *,
    stored_until: datetime | None = None,
    deep: bool = False,
) -> QualityState:
    """The state of quality of everything, or of one question with what was landed for all.

    Args:
        settings: where the warehouse is.
        question: id of a question.
        as_at: aware; decides which limits have expired and how old things are (None: now).
        stored_until: leave out what the warehouse was told later (None: nothing is left out).
        deep: look through the records store too, for newest hearings and how complete last month usually is.

    Raises:
        TransformError: there is no such question; with the nearest name.
        LoadError: the warehouse does not answer, or a newer version made it.
        ExceptionGroup: of GateError, where thresholds.csv cannot be used.
    """
    from load.connecting import connect, is_missing
    from load.landings_logged import schema_found
    from load.schema import REVISION
    from pipelines.quality_store import of_store

    as_at = as_at or datetime.now(UTC)
    if question:
        known_question(settings, question)
    if is_missing(settings.warehouse_url):
        return _not_yet(as_at, question, "There is no warehouse yet: the first landing or run makes it.")
    with connect(settings.warehouse_url) as warehouse:
        found = schema_found(warehouse)
        if found != REVISION:
            what = f"is of schema {found}" if found else "has no tables yet"
            said = f"The warehouse {what}; this version needs {REVISION}. The next landing or run raises it."
            return _not_yet(as_at, question, said, found)
        known = of_store(settings, as_at, deep=deep)
        return _state(warehouse, known, question, as_at, stored_until or datetime.max.replace(tzinfo=UTC))


def known_question(settings: Settings, name: str) -> None:
    """Raises TransformError with the nearest name where no file describes the question; the files are not read."""
    names = sorted(path.stem for path in (definitions_of(settings) / "questions").glob("*.toml"))
    if name not in names:
        from transform.questions import no_question

        raise no_question(name, names)


def _state(
    warehouse: "Warehouse", known: "OfStore", question: str | None, as_at: datetime, until: datetime
) -> QualityState:
    from load.landings_logged import empty_landings
    from load.quality import measurements, runs_of
    from load.schema import REVISION
    from load.stopped_runs import stopped_runs
    from pipelines import quality_judged as meaning
    from pipelines import quality_parts as parts

    limits = meaning.limits_at(as_at)
    read = [m for m in measurements(warehouse, question=question, last=WINDOW) if m.recorded_at <= until]
    read = [m for m in read if meaning.is_about(m, question, limits)]
    runs = [r for r in runs_of(warehouse, question=question, last=WINDOW) if r.finished_at <= until]
    measured = told(read, empty_landings(warehouse))
    made = _issues(warehouse, measured, limits, as_at)
    issues = [i for i in made if i.state == "open"]
    stopped = [r for r in stopped_runs(warehouse, question) if r.finished_at <= until]
    issues = sorted([*issues, *meaning.stopped_issues(stopped, issues)], key=meaning.order_of)
    resolved = sorted((i for i in made if i.resolved_at), key=lambda i: (i.resolved_at or as_at, i.id), reverse=True)
    shares = parts.shares_of(warehouse, runs)
    checks = parts.check_states(measured, limits)
    nothing = not read and not runs
    verdict = WARNINGS if nothing else meaning.verdict_of(issues)
    return QualityState(
        as_at=as_at,
        question=question,
        verdict=verdict,
        headline=f"{NOTHING_YET}." if nothing else meaning.headline_of(verdict, issues, checks, question),
        issues=tuple(issues),
        resolved=tuple(resolved),
        checks=checks,
        runs=parts.run_states(runs, measured, issues, limits, shares),
        sources=parts.source_states(warehouse, known, issues, as_at),
        funnels=parts.funnels_of(shares),
        volumes=parts.volumes_of(warehouse, as_at),
        due=parts.due_of(issues),
        held_in_quarantine=None if known.held is None else sum(known.held.values()),
        inspected_at=max((m.recorded_at for m in read if m.owner_kind == "inspection"), default=None),
        schemas=(("state", SCHEMA), ("warehouse", REVISION)),
        not_yet=_nothing(question) if nothing else "",
    )


def _issues(warehouse: "Warehouse", measured: "list[Measured]", limits: "Limits", as_at: datetime) -> list[Issue]:
    """Every open issue, and what was resolved lately."""
    from load.quality import failing_since
    from pipelines.quality_judged import issue_of

    tracked = [t for t in track(measured, limits.passes) if t.resolved_at is None or _lately(t, as_at)]
    wanted = {line_of(t.newest) for t in tracked}
    lines: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    for m in measured:
        if line_of(m) in wanted:
            lines[line_of(m)].append(m)
    found = []

    def fails(measurement: "Measured") -> bool:
        return not limits.passes(measurement)

    for one in tracked:
        since = failing_since(warehouse, *one.key, fails) if one.cut and one.resolved_at is None else None
        trend = trend_of(one.newest, lines[line_of(one.newest)], limits.passes)
        found.append(issue_of(one, limits, since or one.first_seen, trend))
    return found


def _lately(one: Tracked, as_at: datetime) -> bool:
    """Resolved within the last days; where the window hides when, by when it failed last."""
    start = as_at - RESOLVED_SHOWN
    return one.resolved_at is not None and (one.newest.recorded_at if one.cut_after else one.resolved_at) >= start


def _nothing(question: str | None) -> str:
    if question:
        return f"Nothing of {question} was run yet, and nothing was landed: courtstats run {question}"
    return "The warehouse holds no landing and no run yet: courtstats land PATH"


def _not_yet(as_at: datetime, question: str | None, said: str, schema: str | None = None) -> QualityState:
    schemas = (("state", SCHEMA), *((("warehouse", schema),) if schema else ()))
    return QualityState(as_at, question, WARNINGS, f"{NOTHING_YET}.", not_yet=said, schemas=schemas)
