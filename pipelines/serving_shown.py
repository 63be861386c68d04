"""What `courtstats serve --dry-run` and `courtstats backfill` print."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines import show
from pipelines.due import next_time
from pipelines.settings import Settings
from pipelines.times import in_words

if TYPE_CHECKING:
    from pipelines.backfilling import Backfill

_SAYS = {
    "there": "there already",
    "missing": "is missing",
    "loaded": "loaded",
    "failed": "FAILED: nothing of it was loaded",
    "not begun": "not begun",
}
_FLOWS = {"count_orders": "question", "land_hearings": "source", "check_quality": "check"}


def planned(settings: Settings, only: Sequence[str], *, as_json: bool) -> None:
    """Print what would be served, and when each is due next."""
    from pipelines.serving_plan import planned as served

    now = datetime.now(UTC)
    found = [(one, next_time(one.cron, now)) for one in served(settings, only)]
    if as_json:
        said = [
            {"name": one.name, "kind": _FLOWS[one.module], "schedule": one.cron, "next_at": at.isoformat()}
            for one, at in found
        ]
        show.write(show.to_json({"schema": "courtstats/serve@1", "deployments": said}))
        return
    lines = [(_FLOWS[one.module], one.name, one.cron, in_words(at)) for one, at in found]
    show.table(["kind", "name", "schedule", "next"], lines)


def filled(done: "Backfill", *, dry_run: bool, as_json: bool) -> None:
    """Print a line for each period; no figure, so that a range can be watched by whoever runs it."""
    if as_json:
        periods = [
            {
                "period": one.period.label,
                "from": one.period.first.isoformat(),
                "to": one.period.last.isoformat(),
                "state": one.state,
                "runs": dict(one.runs),
            }
            for one in done.periods
        ]
        said = {"schema": "courtstats/backfill@1", "question": done.question, "every": done.every, "periods": periods}
        show.write(show.to_json(said | {"complete": not done.count("missing", "failed", "not begun")}))
        return
    for one in done.periods:
        runs = ", ".join(f"{unit} run {number}" for unit, number in one.runs)
        show.write(f"  {one.period.label:<10} {_SAYS[one.state]}" + (f" ({runs})" if runs else ""))
    left = done.count("missing", "failed", "not begun")
    if dry_run:
        show.write(f"{left} of {len(done.periods)} periods would be counted" if left else "Nothing is missing")
    elif left:
        show.write(f"{left} of {len(done.periods)} periods are missing; the same command goes on with them")
    else:
        show.write(f"All {len(done.periods)} periods are in the warehouse")
