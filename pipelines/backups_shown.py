"""What `courtstats backup` and `courtstats restore` print: for people, or JSON for machines."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import progress, reproduced_shown, show
from pipelines.backing_up import back_up
from pipelines.backup_manifest import Manifest
from pipelines.reproducing import HOLDS
from pipelines.restoring import Restored, checked, restore, to_compare
from pipelines.settings import Settings
from pipelines.times import in_words

BACKUP_SCHEMA = "courtstats/backup@1"
RESTORE_SCHEMA = "courtstats/restore@1"


def backed_up(settings: Settings, folder: Path, *, as_json: bool) -> None:
    """Make a backup and print what is in it. Raises as `pipelines.backing_up.back_up`."""
    progress.show()
    place = folder.expanduser().absolute()
    made = back_up(settings, place, datetime.now(UTC))
    key = "COURTSTATS_KEY" if settings.key else str(settings.home / "key")
    if as_json:
        show.write(show.to_json({"schema": BACKUP_SCHEMA, "place": str(place)} | _facts(made) | {"key": key}))
        return
    show.write(f"Backed up to {place}: {_contents_line(made)}.")
    if made.head:
        show.write(f"Last entry of the audit log in it: {made.head}")
    for left in made.left_out:
        show.write(f"Not in it: {left}")
    show.write(f"The key is not in it either: keep a copy of it ({key}) in another safe place.")


def restored(settings: Settings, folder: Path, *, every_run: bool, dry_run: bool, as_json: bool) -> None:
    """Restore a backup and print what came of it. Raises as `checked` and `restore`.

    Raises:
        ExceptionGroup: after everything was printed, an error for each run that does not come out, and each fault of
            the audit log.
    """
    progress.show()
    place = folder.expanduser().absolute()
    now = datetime.now(UTC)
    manifest = checked(settings, place, now)
    if dry_run:
        done = Restored(manifest, to_compare=to_compare(settings, place, manifest))
    else:
        done = restore(settings, place, manifest, every_run=every_run, now=now)
    if as_json:
        show.write(show.to_json({"schema": RESTORE_SCHEMA, "dry_run": dry_run, "place": str(place)} | _plain(done)))
    else:
        _print(place, done, dry_run=dry_run)
    if done.faults:
        raise ExceptionGroup("a restored warehouse that does not hold", done.faults)


def _contents_line(made: Manifest) -> str:
    said = []
    if made.schema:
        said.append(f"a warehouse (schema {made.schema}) with {made.runs:,} {show.plural('run', made.runs)}")
    if made.store:
        said.append(f"a records store with {made.landings:,} {show.plural('landing', made.landings)}")
    return f"{' and '.join(said)}, in {len(made.files):,} files, {made.size / 1e6:,.1f} MB"


def _facts(made: Manifest) -> dict[str, Any]:
    """The manifest without its list of files; `schema` there is the warehouse's."""
    said = {name: value for name, value in asdict(made).items() if name not in ("files", "schema", "key_check")}
    return said | {"warehouse_schema": made.schema, "files": len(made.files), "size": made.size}


def _plain(done: Restored) -> dict[str, Any]:
    runs = reproduced_shown.as_plain(done.runs)["runs"]
    return {
        "backup": _facts(done.manifest),
        "sources": str(done.sources) if done.sources else None,
        "to_compare": [str(path) for path in done.to_compare],
        "runs": runs,
        "audit": {"entries": done.audit.entries, "last": done.audit.last, "faults": list(done.audit.faults)}
        if done.audit
        else None,
    }


def _print(place: Path, done: Restored, *, dry_run: bool) -> None:
    made = done.manifest
    begin = "Would restore" if dry_run else "Restored"
    show.write(f"{begin} {place}, made on {in_words(made.made_at)} by courtstats {made.courtstats}:")
    show.write(f"  {_contents_line(made)}; every file is as it was backed up.")
    if done.sources:
        show.write(f"  {done.sources} was put back.")
    if done.to_compare:
        show.write("  Not as in use here, so compare them:")
        for path in done.to_compare:
            show.write(f"    {path}")
    for left in made.left_out:
        show.write(f"  Not in the backup: {left}")
    if done.audit:
        reproduced_shown.print_all([one for one in done.runs if one.outcome != HOLDS])
        show.write(reproduced_shown.summary(done.runs))
        whole = "whole" if not done.audit.faults else "not whole"
        show.write(f"The audit log of {done.audit.entries:,} entries is {whole}.")
