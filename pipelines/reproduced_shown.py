"""What `courtstats reproduce` prints: for people, or JSON for machines."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from load.contract import LoadError
from load.run_numbers import completed_runs, questions_with_runs
from pipelines import progress, recording, show
from pipelines.reproducing import (
    AS_READ,
    CANNOT,
    DIFFERS,
    HOLDS,
    Difference,
    Reproduced,
    Told,
    asked_runs,
    faults_of,
    reproduce,
)
from pipelines.settings import Settings
from pipelines.times import in_words

SCHEMA = "courtstats/reproduction@1"
WITHHELD = "differs; not shown, it is held now"


def report(
    settings: Settings, numbers: Sequence[int], *, question: str | None, everything: bool, as_json: bool
) -> None:
    """Count runs again and print what came of it: those of the numbers, or all, or all of one question.

    Raises:
        LoadError, ExceptionGroup: no warehouse, a question without runs, or numbers that have no figures; nothing was
            counted.
        ExceptionGroup: after everything was printed, an error for each run that does not hold or cannot be counted.
    """
    progress.show()
    if not recording.there_is_one(settings):
        raise LoadError("there is no warehouse yet", remedy="Load a run first: courtstats run QUESTION --period 2020Q1")
    with recording.opened(settings) as warehouse:
        if question or everything:
            numbers = completed_runs(warehouse, question)
        if question and not numbers:
            known = questions_with_runs(warehouse)
            raise LoadError(
                f"there is no run of {question!r} with figures",
                where=warehouse.place,
                remedy=f"The questions with runs are: {', '.join(known)}" if known else "Load a run: courtstats run",
            )
        asked = asked_runs(warehouse, numbers)
        with progress.track("Counting again", len(asked), "runs") as advance:
            found = reproduce(settings, warehouse, asked, datetime.now(UTC), advance)
    if as_json:
        show.write(show.to_json(as_plain(found)))
    else:
        print_all(found)
        if len(found) != 1:
            show.write(summary(found) if found else "There is nothing to count again: the warehouse has no run yet.")
    if faults := faults_of(found):
        raise ExceptionGroup("runs that were not reproduced", faults)


def as_plain(found: Sequence[Reproduced]) -> dict[str, Any]:
    """The outcomes as plain JSON values (`courtstats/reproduction@1`)."""
    return {"schema": SCHEMA, "runs": [_plain(one) for one in found]}


def _plain(one: Reproduced) -> dict[str, Any]:
    run = one.run.run
    return {
        "run": one.run.run_id,
        "question": run.question,
        "unit": run.unit,
        "period": run.period,
        "vintage": one.run.vintage,
        "as_known_at": run.as_known_at,
        "newest_batch": run.newest_batch,
        "outcome": one.outcome,
        "why": str(one.why) if one.why else None,
        "figures": one.figures,
        "differences": [
            {"cell": json.loads(d.cell), "then": _told(d.then), "now": _told(d.now), "withheld": d.withheld}
            for d in one.differences
        ],
        "versions": [{"name": name, "then": then, "now": now} for name, then, now in one.versions],
        "definition_is_todays": one.todays_definition,
    }


def _told(told: Told | None) -> dict[str, Any] | None:
    return None if told is None else dict(zip(("value", "status", "marks"), told, strict=True))


def print_all(found: Sequence[Reproduced]) -> None:
    """A line for each run, with what is another one now, and every cell that is not the same."""
    for one in found:
        _print(one)


def summary(found: Sequence[Reproduced]) -> str:
    """How many runs hold, differ, cannot be counted again; the last two only where there are any."""
    number = {outcome: sum(one.outcome == outcome for one in found) for outcome in (HOLDS, DIFFERS, CANNOT)}
    said = [f"{number[HOLDS]:,} {'holds' if number[HOLDS] == 1 else 'hold'}"]
    if number[DIFFERS]:
        said.append(f"{number[DIFFERS]:,} {'differs' if number[DIFFERS] == 1 else 'differ'}")
    if number[CANNOT]:
        said.append(f"{number[CANNOT]:,} {CANNOT}")
    return f"{len(found):,} {show.plural('run', len(found))} counted again: {', '.join(said)}."


def _print(one: Reproduced) -> None:
    run, figures = one.run.run, one.figures
    vintage = f"vintage {one.run.vintage}" if one.run.vintage else "no vintage"
    show.write(
        f"run {one.run.run_id}: {run.question} {run.period} in {show.plural(run.unit, None)}, {vintage}, as known at "
        f"{in_words(run.as_known_at)}"
    )
    if one.why:
        show.write(f"  {CANNOT}: {one.why.what}")
        return
    if one.outcome == HOLDS:
        said = "its figure is" if figures == 1 else f"its {figures:,} figures are"
        show.write(f"  holds: {said} the same")
    else:
        number = len(one.differences)
        show.write(f"  differs: {number:,} of {figures:,} figures {'is' if number == 1 else 'are'} not the same")
        show.table(["cell", "then", "now"], [_line(each) for each in one.differences])
    for line in _version_lines(one):
        show.write(f"  {line}")


def _line(one: Difference) -> tuple[str, str, str]:
    cell = ", ".join(f"{name}={value}" for name, value in json.loads(one.cell).items()) or "total"
    if one.withheld:
        return cell, WITHHELD, ""
    return cell, _shown(one.then), _shown(one.now)


def _shown(told: Told | None) -> str:
    if told is None:
        return "no such cell"
    value, status, marks = told
    return show.number(value, status) + (f" [{marks}]" if marks else "")


def _version_lines(one: Reproduced) -> list[str]:
    """What of then is another one today. Digests are only said to differ: nobody reads them."""
    lines = []
    for name, then, now in one.versions:
        if name == AS_READ:
            lines.append(
                "the definition of then means something else to this version: a rule that it names was changed"
            )
        elif max(len(then or ""), len(now or "")) > len("0" * 32):
            lines.append(f"{name}: changed since")
        else:
            lines.append(f"{name}: {then or 'not noted'} then, {now or 'none'} now")
    if one.run.run.counted_with is None:
        lines.append("which versions else it was counted with was not noted then")
    if one.todays_definition is False:
        lines.append("counted by the definition of then, which is not today's")
    elif one.todays_definition is None:
        lines.append("counted by the definition of then; there is no such question today")
    return lines
