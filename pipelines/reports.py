"""What each command prints when it is done: for people, or JSON for machines."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import show
from pipelines.account import account
from pipelines.noting import must_be_noted
from pipelines.settings import HOME_REMEDY, Settings, SettingsError, unit_key, units_secret
from pipelines.times import in_words
from transform.contract import COUNTED, answer_json

SHOWN_REFUSALS = 5

if TYPE_CHECKING:
    from expectations.contract import Outcome
    from extract.store import StoreState
    from load.contract import CheckRow, StoredRun
    from pipelines.count_orders import Ran
    from pipelines.landings import Landed
    from pipelines.runs import Order
    from transform.questions import Definitions


def landed(settings: Settings, done: "Landed", *, dry_run: bool, as_json: bool) -> None:
    """What a landing did, what it set aside, what its checks found."""
    from pipelines.landings import landing_line

    landing = done.landing
    if as_json:
        more = {"dry_run": dry_run, "left": done.left, "checks": checks(done.checks)}
        show.write(show.to_json({"schema": "courtstats/landing@1"} | asdict(landing) | more))
        return
    show.write(landing_line(landing, dry_run) + ".")
    if landing.batch and landing.refused:
        set_aside(settings, landing.batch)
    if landing.presumed:
        show.write(
            f"{landing.presumed:,} statements equal one that was replaced since, from a file of the same name: they "
            "were taken for that file again. If they are new, say when they were received with --received-at."
        )
    if landing.late:
        show.write(
            f"{landing.late:,} statements are older than one held already for the same hearing, so they do not count."
        )
    if landing.undecided:
        show.write(
            f"Hearings of which several different statements have the same time: {landing.undecided:,}. Which of them "
            "counts was decided by a hash of their content; SPI messages can be landed in order with --received-at."
        )
    if left := done.left + landing.left:
        show.write(f"{left:,} other files were left alone.")


def set_aside(settings: Settings, batch: int) -> None:
    """The first things that a landing set aside: where they are and why."""
    from extract import quarantine
    from extract.contract import REASONS

    held = [r for r in quarantine.read(settings.store, batch).to_pylist() if r["landed_batch"] == batch]
    for refusal in held[:SHOWN_REFUSALS]:
        show.write(f"  {refusal['file']}: {refusal['place']}: {REASONS[refusal['reason']]} [{refusal['reason']}]")
    if len(held) > SHOWN_REFUSALS:
        show.write(f"  and {len(held) - SHOWN_REFUSALS:,} more: courtstats quarantine show")


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
                "also": list(q.also),
                "owner": q.owner,
                "fingerprint": q.fingerprint,
            }
            for q in found.questions.values()
        ]
        show.write(show.to_json({"schema": "courtstats/questions@1", "questions": listed}))
        return
    for question in found.questions.values():
        show.write(f"{question.id}\n    {question.asks}")


def ran(settings: Settings, done: "Ran", *, as_json: bool) -> None:
    """The answers of a run, and where they are kept."""
    from pipelines import runs, show_series

    every = [done, *done.beside]
    question = runs.question(settings, done.answer.question)
    if as_json:
        said = [answer_json(one.answer) | _run_facts(one) for one in every]
        whole = {"schema": show_series.ANSWERS_SCHEMA, "question": question.id, "answers": said}
        show.write(show.to_json(said[0] if len(said) == 1 else whole))
        return
    show_series.answers_text(question, [one.answer for one in every])
    made = [c for one in every for c in one.checks]
    missed = [c for c in made if c.outcome != "passed"]
    show.write(f"\nChecks: {len(made)} made, {len(made) - len(missed)} passed" + (":" if missed else "."))
    for check in dict.fromkeys(
        f"  {c.severity}: {c.sentence} ({c.unexpected} of {c.checked}) [{c.rule}]" for c in missed
    ):
        show.write(check)
    loaded = [str(one.run_id) for one in every if one.run_id is not None and not one.already_there]
    there = [str(one.run_id) for one in every if one.already_there]
    if done.run_id is None:
        show.write("Dry run: nothing was loaded.")
    if there:
        what = "This run was in the warehouse already, as run" if len(every) == 1 else "In the warehouse already: runs"
        show.write(f"{what} {', '.join(there)}: nothing was changed.")
    if loaded:
        show.write(f"Loaded as run{'s' if len(loaded) > 1 else ''} {', '.join(loaded)}.")
    show.write(f"Warehouse: {place(settings)}")


def _run_facts(done: "Ran") -> dict[str, Any]:
    return {
        "run": done.run_id,
        "already_there": done.already_there,
        "run_key": done.key,
        "checks": checks(done.checks),
    }


def place(settings: Settings) -> str:
    """Where the warehouse is, without a password."""
    from load.connecting import connect

    with connect(settings.warehouse_url) as warehouse:
        return warehouse.place.removeprefix("warehouse ")


def units(settings: Settings, order: "Order", *, references: bool, as_json: bool) -> None:
    """The units behind a figure, by keyed names; references only when asked for, and that is logged."""
    from pipelines import runs

    key = units_secret(settings)
    found = runs.units(settings, order)
    status = COUNTED if found else runs.count(settings, order).status  # none is not always a true zero
    if references:
        about = {"period": order.period.label, "units": len(found)}
        must_be_noted(settings, "references looked up", order.question.id, **about)
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
        show.write(
            show.to_json(
                {
                    "schema": "courtstats/units@1",
                    "question": order.question.id,
                    "period": order.period.label,
                    "status": status,
                    "units": listed,
                }
            )
        )
        return
    heads = ["unit", "first hearing", "evidence", "case key"] + (["reference"] if references else [])
    show.table(heads, [[str(v) if v is not None else "" for v in line.values()] for line in listed])
    if status == COUNTED:
        show.write(f"{len(listed):,} {show.plural(order.unit, len(listed))}.")
    else:
        show.write(f"{show.number(None, status)}: there is no figure for {order.question.id} and {order.period.label}.")


def log_access(home: Path, order: "Order", number: int) -> None:
    """Write down who looked up references, of what and how many. Raises if it cannot be written: no log, no look."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = {
        "at": datetime.now(UTC).isoformat(),
        "who": account(),
        "what": "case references",
        "question": order.question.id,
        "period": order.period.label,
        "units": number,
    }
    try:
        with os.fdopen(os.open(home / "access.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
            log.write(json.dumps(line) + "\n")
    except OSError as fault:
        said = f"cannot be written ({fault.strerror}), so no reference is shown"
        raise SettingsError(said, where=str(home / "access.log"), remedy=HOME_REMEDY) from None


def status(settings: Settings, *, as_json: bool) -> None:
    """What is held in the records store, the quarantine and the warehouse, as far as this account may know."""
    from extract.store import state
    from load.reading import warehouse_status
    from pipelines import recording

    held = state(settings.store)
    loaded = None
    if recording.there_is_one(settings):
        with recording.opened(settings) as warehouse:
            loaded = warehouse_status(warehouse, exact=False)
    runs = [_run(r) for r in loaded.last_runs] if loaded else []
    told = loaded is None or "check_result" in loaded.rows
    failed = [
        {"run": f.run_id, "batch": f.batch, "inspection": f.inspection_id, "at": f.recorded_at} | checks([f.check])[0]
        for f in (loaded.failed_checks if loaded else ())
    ]
    if as_json:
        kept = {"place": loaded.place, "revision": loaded.revision, "rows": dict(loaded.rows)} if loaded else None
        facts = {"schema": "courtstats/status@1", "records": asdict(held), "warehouse": kept}
        show.write(show.to_json(facts | {"last_runs": runs, "not_passed": failed if told else None}))
        return
    _status_of_records(settings, held)
    if not loaded:
        show.write("Warehouse  none yet: the first landing or run makes it")
        return
    show.write(f"Warehouse  {loaded.place.removeprefix('warehouse ')}, schema {loaded.revision}")
    for run in runs:
        why = f" ({run['stop_reason']})" if run["stop_reason"] else ""
        show.write(f"           {run['question']} {run['period']}: run {run['run']}, {run['state']}{why}")
    for check in failed:
        where = next(f"{kind} {check[kind]}" for kind in ("run", "batch", "inspection") if check[kind] is not None)
        show.write(f"Not passed {where}, {check['severity']}: {check['sentence']} [{check['rule']}]")
    if not told:
        show.write("Not passed this account may not know which checks were not passed")


def _status_of_records(settings: Settings, held: "StoreState") -> None:
    show.write(f"Records    {settings.store}")
    if held.newest_received_at:
        span = f", kept from {held.kept_from}" if held.kept_from else ""
        if held.first_hearing and held.last_hearing:
            span = f", hearings of {show.days(held.first_hearing, held.last_hearing)}{span}"
        show.write(f"           {held.rows:,} rows in {held.files:,} files, {held.size / 1e6:,.1f} MB{span}")
        newest = in_words(held.newest_received_at)
        show.write(f"           {held.newest_batch} batches, newest receipt {newest}")
    else:
        show.write("           nothing landed yet: courtstats land PATH")
    if held.held:
        show.write(f"           {held.held:,} set aside and held: courtstats quarantine")
    if gone := held.refused - held.held:
        show.write(f"           {gone:,} set aside once and read since")


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
