"""What `courtstats audit` and `courtstats warehouse roles` do and print."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from load.contract import LoadError
from pipelines import progress, recording, show
from pipelines.times import in_words

if TYPE_CHECKING:
    from pipelines.settings import Settings

ROLES = Path(__file__).resolve().parents[1] / "sql" / "warehouse" / "roles.sql"


def show_entries(settings: "Settings", *, last: int, as_json: bool) -> None:
    """Print the last entries of the audit log. Raises `LoadError` where there is no warehouse or it may not be read."""
    from load import audit

    with _opened(settings) as warehouse:
        found = audit.entries(warehouse, last=last)
    if as_json:
        plain = [asdict(one) | {"detail": _shown(one.detail)} for one in found]
        show.write(show.to_json({"schema": "courtstats/audit@1", "entries": plain}))
        return
    if not found:
        show.write("The audit log is empty.")
        return
    lines = [[str(e.entry), in_words(e.at), e.who, e.action, e.subject, _detail(_shown(e.detail))] for e in found]
    show.table(["entry", "when", "who", "what", "of", "more"], lines)


def verify(settings: "Settings", head: str | None, *, as_json: bool) -> bool:
    """Print whether the audit log is whole; true where it is. `head` is `NUMBER:DIGEST` as noted earlier."""
    from load import audit

    with _opened(settings) as warehouse:
        newest = audit.entries(warehouse, last=1)
        total = newest[0].entry if newest else None
        with progress.track("Verifying the audit log", total, "entries") as advance:
            found = audit.verify(warehouse, head, advance)
    if as_json:
        facts = {"whole": not found.faults, "entries": found.entries, "head": found.last, "faults": found.faults}
        facts["figures_compared"] = found.figures_compared
        show.write(show.to_json({"schema": "courtstats/audit-verify@1"} | facts))
        return not found.faults
    for fault in found.faults:
        show.write(f"Fault: {fault}")
    state = "NOT whole" if found.faults else "whole"
    show.write(f"The audit log is {state}: {found.entries:,} {'entry' if found.entries == 1 else 'entries'}.")
    if not found.figures_compared:
        show.write("This account may not read figures, so they were not compared with what the log says of them.")
    if found.last and not found.faults:
        show.write(f"Head {found.last}\nKeep it elsewhere: courtstats audit verify --head {found.last}")
    return not found.faults


def is_head(text: str) -> bool:
    """Whether a text is `NUMBER:DIGEST`, as `verify` prints it."""
    from load import audit

    return audit.is_head(text)


def print_roles() -> None:
    """Print the statements that give rights on PostgreSQL, for psql."""
    show.write(ROLES.read_text(encoding="utf-8"))


def _opened(settings: "Settings") -> Any:
    if not recording.there_is_one(settings):
        raise LoadError("there is no warehouse yet", where="audit log", remedy="The first landing or run makes it")
    return recording.opened(settings)


def _shown(detail: Any) -> dict[str, Any]:
    """More about an entry without the digest of a run's figures, which is for verifying alone."""
    return {name: value for name, value in detail.items() if name != "figures"}


def _detail(detail: Any) -> str:
    """More about an entry in one line; digests are in the JSON."""
    return ", ".join(f"{name} {value}" for name, value in detail.items() if value is not None and len(str(value)) <= 32)
