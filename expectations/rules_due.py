"""What is watched of the schedules: runs that were due and were not made, and runs that do not come to an end.

Their table is `due`, one row for each deployment that Prefect knows: `deployment`, `overdue`, `hanging`.
"""

from expectations.rule import Rule


class RunOverdue(Rule):
    """A schedule whose latest time has passed without a run that ended."""

    id = "watched.run-overdue"
    gate = "watched"
    severity = "warning"
    over = "due"
    sentence = "Every run that was due has been made."
    remedy = "See that `courtstats serve` or a worker runs, then why the run ended: docs/operations.md"
    about = (
        "A figure that was due and was not counted looks like a figure that did not change. The usual causes are a "
        "machine that was off, a worker that is not running, and a run that was killed or that failed before it could "
        "be recorded."
    )
    broken = "overdue"


class RunHanging(Rule):
    """A run that takes far longer than those before it."""

    id = "watched.run-hanging"
    gate = "watched"
    severity = "warning"
    over = "due"
    sentence = "No run takes far longer than usual."
    remedy = "Look at its last stage in Prefect, cancel it there, and run it again: docs/operations.md"
    about = (
        "A run that hangs keeps its place, so that the next run of the same question or source waits for it. The usual "
        "causes are a database that does not answer, a lock that another process holds, and a worker that was "
        "killed while it ran."
    )
    broken = "hanging"


DUE: tuple[type[Rule], ...] = (RunOverdue, RunHanging)
