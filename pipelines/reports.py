"""What each command prints when it is done: for people, or JSON for machines."""

import getpass
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import show
from pipelines.settings import Settings, the_key, unit_key
from pipelines.times import in_words

if TYPE_CHECKING:
    from expectations.contract import Outcome
    from load.contract import CheckRow, StoredFigure, StoredRun
    from pipelines.count_orders import Ran
    from pipelines.landings import Landed
    from pipelines.runs import Order
    from transform.questions import Definitions, Question


def write(text: str) -> None:
    """Print to standard output."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def landed(done: "Landed", *, dry_run: bool, as_json: bool) -> None:
    """What a landing did, what it set aside, what its checks found."""
    from pipelines.landings import landing_line

    landing = done.landing
    if as_json:
        write(show.to_json(asdict(landing) | {"dry_run": dry_run, "left": done.left, "checks": checks(done.checks)}))
        return
    write(landing_line(landing, dry_run) + ".")
    if landing.presumed:
        write(
            f"{landing.presumed:,} statements equal one that was replaced since, from a file of the same name: they "
            "were taken for that file again. If they are new, say when they were received with --received-at."
        )
    if landing.late:
        write(
            f"{landing.late:,} statements are older than one held already for the same hearing, so they do not count."
        )
    if landing.undecided:
        write(
            f"For {landing.undecided:,} hearings there were several different statements with one time of receipt: "
            "which counts was decided by a hash of their content. Land them in order with --received-at to decide it."
        )
    if done.left:
        write(f"{done.left:,} other files were left alone.")


def checks(outcomes: "Sequence[Outcome | CheckRow]") -> list[dict[str, Any]]:
    """Check results for JSON."""
    names = ("gate", "rule", "severity", "outcome", "checked", "unexpected", "sentence")
    return [{name: getattr(o, name) for name in names} for o in outcomes]


def questions(found: "Definitions", *, as_json: bool) -> None:
    """Each question with what it asks."""
    if as_json:
        listed = [
            {
                "id": q.id,
                "title": q.title,
                "asks": q.asks,
                "unit": q.unit,
                "owner": q.owner,
                "fingerprint": q.fingerprint,
            }
            for q in found.questions.values()
        ]
        write(show.to_json({"schema": "courtstats/questions@1", "questions": listed}))
        return
    for question in found.questions.values():
        write(f"{question.id}\n    {question.asks}")


def ran(settings: Settings, done: "Ran", *, as_json: bool) -> None:
    """The answer of a run, and where it is kept."""
    if as_json:
        extra = {
            "run": done.run_id,
            "already_there": done.already_there,
            "run_key": done.key,
            "checks": checks(done.checks),
        }
        write(show.to_json(show.answer_data(done.answer) | extra))
        return
    show.answer_text(done.answer)
    missed = [c for c in done.checks if c.outcome != "passed"]
    write(f"\nChecks: {len(done.checks)} made, {len(done.checks) - len(missed)} passed" + (":" if missed else "."))
    for check in missed:
        write(f"  {check.severity}: {check.sentence} ({check.unexpected} of {check.checked}) [{check.rule}]")
    if done.run_id is None:
        write("Dry run: nothing was loaded.")
    elif done.already_there:
        write(f"This run was in the warehouse already, as run {done.run_id}: nothing was changed.")
    else:
        write(f"Loaded as run {done.run_id}.")
    write(f"Warehouse: {place(settings)}")


def place(settings: Settings) -> str:
    """Where the warehouse is, without a password."""
    from load.connecting import connect

    with connect(settings.warehouse_url) as warehouse:
        return warehouse.place.removeprefix("warehouse ")


def figures(settings: Settings, question: str, period: str | None, *, as_json: bool) -> None:
    """The current figures of a question, as the warehouse holds them."""
    from load.reading import current_figures
    from pipelines import recording, runs

    known = runs.definitions(settings).question(question)
    with recording.opened(settings) as warehouse:
        found = [hide_held(f, known, datetime.now(UTC)) for f in current_figures(warehouse, known.id, period)]
    if as_json:
        write(
            show.to_json(
                {"schema": "courtstats/figures@1", "question": known.id, "figures": [_figure(f) for f in found]}
            )
        )
        return
    if not found:
        write(
            f"The warehouse holds no figure for {known.id}"
            + (f" and {period}" if period else "")
            + f": courtstats run {known.id}"
        )
        return
    lines = [
        (
            f.period + "".join(f"  {name}={value}" for name, value in json.loads(f.cell).items()),
            show.number(f.value, f.status),
            f"run {f.run_id}",
            in_words(f.as_known_at),
        )
        for f in found
    ]
    show.table(["period and cell", show.plural(found[0].unit, None), "from", "as known at"], lines)


def hide_held(figure: "StoredFigure", question: "Question", now: datetime) -> "StoredFigure":
    """A stored figure as it may be shown now: a hold set after it was loaded hides it too."""
    from transform.contract import HELD
    from transform.holds import holds_in_force
    from transform.periods import parse_period

    cell = json.loads(figure.cell)
    of_time = next((cell[name] for name in ("month", "quarter", "year") if name in cell), figure.period)
    if not holds_in_force(question, parse_period(of_time), now):
        return figure
    return replace(figure, value=None, status=HELD)


def _figure(figure: "StoredFigure") -> dict[str, Any]:
    return asdict(figure) | {"cell": json.loads(figure.cell)}


def units(settings: Settings, order: "Order", *, references: bool, as_json: bool) -> None:
    """The units behind a figure, by keyed names; references only when asked for, and that is logged."""
    from pipelines import runs

    key = the_key(settings)
    found = runs.units(settings, order)
    if references:
        log_access(settings.home, order, len(found))
    listed = []
    for unit in found:
        line: dict[str, Any] = {
            "unit": unit_key(key, unit.unit_key),
            "hearing_date": unit.hearing_date,
            "evidence": unit.evidence,
            "case_key": unit.strength,
        }
        listed.append(line | ({"case_urn": unit.case_urn} if references else {}))
    if as_json:
        write(
            show.to_json(
                {
                    "schema": "courtstats/units@1",
                    "question": order.question.id,
                    "period": order.period.label,
                    "units": listed,
                }
            )
        )
        return
    heads = ["unit", "first hearing", "evidence", "case key"] + (["reference"] if references else [])
    show.table(heads, [[str(v) if v is not None else "" for v in line.values()] for line in listed])
    write(f"{len(listed):,} {show.plural(order.question.unit, len(listed))}.")


def log_access(home: Path, order: "Order", number: int) -> None:
    """Write down who looked up references, of what and how many. Raises if it cannot be written: no log, no look."""
    home.mkdir(parents=True, exist_ok=True)
    line = {
        "at": datetime.now(UTC).isoformat(),
        "who": getpass.getuser(),
        "what": "case references",
        "question": order.question.id,
        "period": order.period.label,
        "units": number,
    }
    with os.fdopen(os.open(home / "access.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
        log.write(json.dumps(line) + "\n")


def status(settings: Settings, *, as_json: bool) -> None:
    """What is held in the records store, the quarantine and the warehouse."""
    from extract.store import state
    from load.reading import warehouse_status
    from pipelines import recording

    held = state(settings.store)
    with recording.opened(settings) as warehouse:
        loaded = warehouse_status(warehouse)
    runs = [_run(r) for r in loaded.last_runs]
    failed = [
        {"run": f.run_id, "batch": f.batch, "at": f.recorded_at} | checks([f.check])[0] for f in loaded.failed_checks
    ]
    if as_json:
        facts = {
            "records": asdict(held),
            "warehouse": {"place": loaded.place, "revision": loaded.revision, "rows": dict(loaded.rows)},
        }
        write(show.to_json({"schema": "courtstats/status@1"} | facts | {"last_runs": runs, "not_passed": failed}))
        return
    write(f"Records    {settings.store}")
    if held.newest_batch and held.newest_received_at:
        span = (
            f", hearings of {show.days(held.first_hearing, held.last_hearing)}"
            if held.first_hearing and held.last_hearing
            else ""
        )
        write(f"           {held.rows:,} rows in {held.files:,} files, {held.size / 1e6:,.1f} MB{span}")
        newest = in_words(held.newest_received_at)
        write(f"           {held.newest_batch} batches landed, newest receipt {newest}; {held.refused:,} set aside")
    else:
        write("           nothing landed yet: courtstats land PATH")
    write(f"Warehouse  {loaded.place.removeprefix('warehouse ')}, schema {loaded.revision}")
    for run in runs:
        write(
            f"           {run['question']} {run['period']}: run {run['run']}, {run['state']}"
            + (f" ({run['stop_reason']})" if run["stop_reason"] else "")
        )
    for check in failed:
        where = f"run {check['run']}" if check["run"] else f"batch {check['batch']}"
        write(f"Not passed {where}, {check['severity']}: {check['sentence']} [{check['rule']}]")


def _run(stored: "StoredRun") -> dict[str, Any]:
    """The facts of a run that are no figures."""
    return {
        "run": stored.run_id,
        "question": stored.run.question,
        "period": stored.run.period,
        "state": stored.state,
        "stop_reason": stored.stop_reason,
        "as_known_at": stored.run.as_known_at,
        "newest_batch": stored.run.newest_batch,
        "finished_at": stored.run.finished_at,
    }
