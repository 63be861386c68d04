"""What `courtstats codes find`, `check` and `refresh` do and print."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.contract import StageError
from pipelines import progress, show
from transform import standing as standing_data
from transform.code_advice import Match, Titled, nearest, search
from transform.code_checks import (
    ERROR,
    SEVERITIES,
    CodeFinding,
    SeenCode,
    check_lists,
    counts_from,
    seen_codes,
    without_losses,
)

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from transform.codelists import CodeList
    from transform.definition import Question

KINDS = ("offence", "result", "court", "force", "short")
"""What `find` can be asked for."""
_AS_ENTRY = {"offence": ("offence", "base"), "result": ("cjs",), "short": ("short",)}
FAULTY = 4
"""Exit code of a check with an error, the one of questions and code lists."""
SHOWN_CODES = 10
NO_RECORDS = "Nothing has been landed, so no codes of records were looked at."


class AskedError(StageError):
    """Options that cannot be understood."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class TableChange:
    """What a refresh does to one table: its rows, and the keys added, removed, retitled or changed otherwise."""

    table: str
    before: int
    after: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    retitled: tuple[str, ...]
    changed: tuple[str, ...]


def find(settings: "Settings", asked: str, kind: str | None, limit: int, *, as_json: bool) -> None:
    """Print the codes that a search finds, best first, with the code lists that hold them.

    Raises AskedError for an empty search, another kind than `KINDS` or a limit below 1.
    """
    if kind not in (None, *KINDS):
        raise AskedError(f"{kind!r} is no kind of code", where="--kind", remedy=f"Use one of: {', '.join(KINDS)}")
    if limit < 1 or not asked.strip():
        raise AskedError("ask for a code or words of a title, and for at least one of them", where="codes find")
    known = _known(kind)
    matches = search(asked, known)
    holding = _holding(settings.definitions / "codelists")
    near = () if matches else nearest(asked, known)
    shown = [_shown(match, holding) for match in matches[:limit]]
    if as_json:
        said = {"schema": "courtstats/codes-find@1", "asked": asked, "found": len(matches)}
        show.write(show.to_json(said | {"matches": shown, "nearest": list(near)}))
        return
    if not matches:
        show.write(f"Nothing matches {asked!r}." + (f" Nearest: {', '.join(near)}." if near else ""))
        return
    lines = [[m["code"], m["kind"], m["title"], m["home_office_class"], ", ".join(m["lists"])] for m in shown]
    show.table(["code", "kind", "title", "Home Office class", "in lists"], lines)
    if len(matches) > len(shown):
        show.write(f"{len(shown):,} of {len(matches):,}, the best first: --limit {len(matches)} shows all.")


def _known(kind: str | None) -> list[Titled]:
    """The codes of a kind, or of all kinds, under the names of `KINDS`."""
    known: list[Titled] = []
    if kind in (None, "offence"):
        known += [Titled("offence", o.code, o.title, o.home_office_class) for o in standing_data.offences().values()]
    if kind in (None, "result"):
        known += [Titled("result", r.code, r.title) for r in standing_data.results().values()]
    if kind in (None, "court"):
        known += [
            Titled("court", c.code, f"{c.name}, {c.area_name} ({c.kind})") for c in standing_data.courts().values()
        ]
    if kind in (None, "force"):
        known += [
            Titled("force", f.code, f"{f.force_name}: {f.name}, {f.region}") for f in standing_data.forces().values()
        ]
    if kind in (None, "short"):
        known += [Titled("short", s.short_code, s.label) for s in standing_data.short_codes().values()]
    return known


def _holding(folder: Path) -> dict[tuple[str, str], list[str]]:
    """The lists that hold a code, by match and code. Faults of the lists are for `check` to tell."""
    from transform.codelists import read_code_list

    holding: dict[tuple[str, str], list[str]] = {}
    for path in sorted(folder.glob("*.csv")):
        for entry in read_code_list(path, path.name)[0].entries:
            holding.setdefault((entry.match, entry.code), []).append(path.stem)
    return holding


def _shown(match: Match, holding: Mapping[tuple[str, str], list[str]]) -> dict[str, Any]:
    kind, code = match.found.kind, match.found.code
    places = [(how, code.upper() if how == "short" else code) for how in _AS_ENTRY.get(kind, ())]
    if kind == "offence":
        places.append(("base", code[: standing_data.BASE_LENGTH]))
    lists = sorted({name for place in places for name in holding.get(place, ())})
    facts = {"code": code, "kind": kind, "title": match.found.title, "home_office_class": match.found.group}
    return facts | {"lists": lists, "how": match.how}


def check(settings: "Settings", question: str | None, *, records: bool, as_json: bool) -> int:
    """Check the code lists of one question, or of all; print what was found; the exit code.

    Raises StageErrors for definitions or standing data that cannot be read, and for records of another key.
    """
    from pipelines import runs

    definitions = runs.definitions(settings)
    asked = [definitions.question(question)] if question else list(definitions.questions.values())
    known = standing_data.standing()
    files, batch, key = _landed(settings) if records else ((), 0, b"")
    now = datetime.now(UTC)
    checked = []
    for one in asked:
        found = check_lists(one.lists, in_force=one.in_force, counts_from=counts_from(one), standing=known)
        found = without_losses(one, found)
        held = [(h.period.first, h.period.last) for h in one.holds if now < h.until]
        seen = seen_codes(one.lists, files, batch, held, key, known) if files else None
        checked.append((one, found, seen, held))
    why = None if files else (NO_RECORDS if records else "Records were not looked at.")
    if as_json:
        _check_json(checked, why)
    else:
        for one, found, seen, held in checked:
            _check_text(one, found, seen, held)
        if why:
            show.write(why)
    return FAULTY if any(f.severity == ERROR for _, found, _, _ in checked for f in found) else 0


def _landed(settings: "Settings") -> tuple[tuple[str, ...], int, bytes]:
    """The files of the records store, its newest batch and the key; no files where nothing was landed."""
    from extract.store import check_key, known_files, newest_batch
    from pipelines.settings import existing_key, key_check

    key = existing_key(settings)
    if key is None:
        return (), 0, b""
    check_key(settings.store, key_check(key))
    return known_files(settings.store), newest_batch(settings.store), key


_Checked = tuple["Question", list[CodeFinding], list[SeenCode] | None, list[tuple[date, date]]]


def _check_json(checked: Sequence[_Checked], why: str | None) -> None:
    listed = [
        {
            "question": one.id,
            "counts_from": counts_from(one),
            "lists": list(one.lists),
            "findings": [asdict(f) for f in found],
            "seen": None if seen is None else [asdict(s) for s in seen],
            "held_days_left_out": [{"from": first, "to": last} for first, last in held],
        }
        for one, found, seen, held in checked
    ]
    numbers = {s: sum(f.severity == s for _, found, _, _ in checked for f in found) for s in SEVERITIES}
    show.write(
        show.to_json({"schema": "courtstats/codes-check@1", "number": numbers, "questions": listed, "no_records": why})
    )


def _check_text(
    one: "Question", found: Sequence[CodeFinding], seen: Sequence[SeenCode] | None, held: Sequence[tuple[date, date]]
) -> None:
    """The findings by list, one line each, and what was seen in the records."""
    numbers = [(s, sum(f.severity == s for f in found)) for s in SEVERITIES]
    said = ", ".join(f"{n} {s}" + ("s" if n != 1 and s != "info" else "") for s, n in numbers if n)
    show.write(f"{one.id}: {said or 'nothing found'}")
    for code_list in one.lists.values():
        for finding in (f for f in found if f.list == code_list.id):
            show.write(f"  {_place(code_list, finding)}: {_sentence(finding)} [{finding.id}]")
    if seen is not None:
        _seen_text(seen, held)
    show.write("")


def _place(code_list: "CodeList", finding: CodeFinding) -> str:
    return f"codelists/{code_list.id}.csv" + (f":{finding.line}" if finding.line else "")


def _sentence(finding: CodeFinding) -> str:
    """What was found and what to do, ended as sentences."""
    parts = [f"{finding.severity}: {finding.what}", finding.remedy]
    return " ".join(part if part.endswith((".", "?", "!")) else part + "." for part in parts if part)


def _seen_text(seen: Sequence[SeenCode], held: Sequence[tuple[date, date]]) -> None:
    heads = {
        "result": "Results on listed offences that no list names",
        "offence": "Other offences on the cases with a listed one",
    }
    without = {"unkept": "texts that are not kept", "none": "results without code or text"}
    for part, head in heads.items():
        show.write(f"\n  {head}")
        lines = [
            [s.code or without[s.kind], s.kind if s.code else "", s.title, f"{s.results:,}", f"{s.cases:,}"]
            for s in seen
            if s.part == part
        ]
        if lines:
            show.table(["code", "kind", "title", "results", "cases"], lines)
        else:
            show.write("    none")
    days = ", ".join(show.days(first, last) for first, last in held)
    show.write(
        "  Statements that were replaced are left out" + (f", and so are the held days {days}." if held else ".")
    )


def refresh(package: Path | None, to: Path | None, short_codes: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Make the standing data again and print what changes.

    Raises AskedError where neither a package nor short codes are named, else what `standing_data.refresh` raises.
    """
    from pipelines.standing_data import PACKAGE
    from pipelines.standing_data import refresh as make

    if package is None and short_codes is None:
        remedy = f"Get it with `npm pack {PACKAGE}`, then: courtstats codes refresh FILE.tgz"
        raise AskedError("name the package to take the standing data from", where="codes refresh", remedy=remedy)
    progress.show()
    target = (to or standing_data.SQL / "standing").expanduser().absolute()
    done = make(package, target, dry_run, short_codes)
    changes = [table_change(name, done.before.get(name, {}), new) for name, new in done.after.items()]
    if as_json:
        said = {"schema": "courtstats/codes-refresh@1", "target": str(target), "dry_run": dry_run}
        versions = {"version_before": done.version_before or None, "version_after": done.version_after or None}
        show.write(show.to_json(said | versions | {"tables": [asdict(c) for c in changes]}))
        return
    show.write(f"{PACKAGE} {done.version_before or 'none'} -> {done.version_after or 'none'}")
    lines = [
        [c.table, f"{c.before:,}", f"{c.after:,}", *(f"{len(v):,}" for v in _differences(c).values())] for c in changes
    ]
    show.table(["table", "rows before", "after", *_differences(changes[0])], lines)
    for change in changes:
        for what, codes in _differences(change).items():
            if codes:
                more = f" and {len(codes) - SHOWN_CODES:,} more" if len(codes) > SHOWN_CODES else ""
                show.write(f"{change.table}, {what}: {', '.join(codes[:SHOWN_CODES])}{more}")
    show.write("Dry run: nothing was written." if dry_run else f"Written to {target}. Now: courtstats codes check")
    sys.stdout.flush()


def _differences(change: TableChange) -> dict[str, tuple[str, ...]]:
    names = ("added", "removed", "retitled", "changed")
    return {name: getattr(change, name) for name in names}


def table_change(table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> TableChange:
    """How a table changes; the second field of its rows is the title."""
    title = fields(standing_data.TABLES[table])[1].name
    both = [code for code in new if code in old and new[code] != old[code]]
    retitled = tuple(c for c in both if getattr(new[c], title) != getattr(old[c], title))
    added, removed = tuple(c for c in new if c not in old), tuple(c for c in old if c not in new)
    changed = tuple(c for c in both if c not in retitled)
    return TableChange(table, len(old), len(new), added, removed, retitled, changed)
