"""What can be said about code lists from the standing data, and from codes that were seen beside theirs.

A finding is an error where a list cannot be right, a warning where a figure is probably too small or a
title misleads, and else something to know. Nothing here changes what a question counts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from extract.contract import normalise_text, text_digest
from transform.code_advice import Titled, alike, nearest_codes, same_title
from transform.codelists import OFFENCE_MATCHES, CodeEntry, CodeList
from transform.definition import Question
from transform.standing import BASE_LENGTH, CodeChange, Standing, offence_in

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)
LOSSES = ("predecessor-missing", "successor-missing", "looks-wanted")
"""Findings by which figures are too small: they say nothing of a list that takes results out."""
MOST_WANTED = 10
"""At most so many suggestions of offences, and of results."""
MOST_SEEN = 20
"""At most so many result codes, and offence codes, that were seen beside the listed ones."""
SEEN_SQL = Path(__file__).resolve().parents[1] / "sql" / "counting" / "seen-codes.sql"
_SHOWN = {"offence": "offence", "base": "offence", "cjs": "CJS result", "short": "short"}


@dataclass(frozen=True, slots=True)
class CodeFinding:
    """One finding: which kind (`id`), how grave, in which list and where, what it is and what to do.

    `line` is that of the list's file, none where the finding is about a code that is not in it.
    """

    id: str
    severity: str
    list: str
    code: str
    line: int | None
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class SeenCode:
    """A code that records hold and no list names. `part` is `result` or `offence`, `kind` how a list would name it.

    Beside the kinds of entries there are `unkept` (texts that are not kept, all together; no code) and `none`
    (results without code or text). `results` and `cases` count where it was seen.
    """

    part: str
    kind: str
    code: str | None
    title: str
    results: int
    cases: int


def check_lists(
    lists: Mapping[str, CodeList], *, in_force: date | None, counts_from: date | None, standing: Standing
) -> list[CodeFinding]:
    """Every finding about the lists of one question: by list, in the order of its lines, suggestions last.

    `counts_from` is the earliest day that the question can speak about; without it `in_force` is taken, and
    without both any day. A code that any of the lists names is not suggested for another one.
    """
    begins = counts_from or in_force
    found: list[CodeFinding] = []
    for one in lists.values():
        for entry in one.entries:
            found += _unknown(one, entry, standing)
            found += _other_title(one, entry, standing)
            found += _ended(one, entry, begins)
            found += _changed(one, entry, begins, standing.changes)
    return found + _wanted(lists, standing)


def _finding(kind: str, severity: str, one: CodeList, entry: CodeEntry, what: str, remedy: str) -> CodeFinding:
    return CodeFinding(kind, severity, one.id, entry.code, getattr(entry, "line", 0) or None, what, remedy)


def _unknown(one: CodeList, entry: CodeEntry, standing: Standing) -> Iterator[CodeFinding]:
    """A code that the standing data lack, with the nearest ones that they have."""
    if entry.match in OFFENCE_MATCHES:
        codes: Sequence[str] = tuple(standing.offences)
        known = offence_in(standing.offences, entry.code) is not None
        known = known or (entry.match == "base" and any(c[:BASE_LENGTH] == entry.code for c in codes))
    elif entry.match == "cjs":
        codes, known = tuple(standing.results), entry.code in standing.results
    elif entry.match == "short":
        codes, known = tuple(standing.short_codes), entry.code in _short_titles(standing)
    else:
        return
    if known:
        return
    kind = _SHOWN[entry.match]
    near = nearest_codes(entry.code, codes)
    if entry.match == "short":  # the list of short codes is old, so that a code may well be newer than it
        severity = INFO if entry.source else WARNING
        remedy = "Nothing to do while its source is sure" if entry.source else "Write where it is from in `source`"
    else:
        severity, remedy = ERROR, f"Did you mean {' or '.join(near)}?" if near else "Look for it: courtstats codes find"
    what = f"{entry.code} is not among the {kind} codes of the standing data"
    if entry.match == "short" and near and not entry.source:
        what += f" (nearest: {', '.join(near)})"
    yield _finding("unknown-code", severity, one, entry, what, remedy)


def _short_titles(standing: Standing) -> dict[str, str]:
    """Titles of short codes in capitals, as records hold the codes."""
    return {code.upper(): found.label for code, found in standing.short_codes.items()}


def _other_title(one: CodeList, entry: CodeEntry, standing: Standing) -> Iterator[CodeFinding]:
    """A label that is not the official title. A form of an offence has no title of its own to compare with."""
    official = None
    if entry.match in OFFENCE_MATCHES and entry.code in standing.offences:
        official = standing.offences[entry.code].title
    elif entry.match == "cjs" and entry.code in standing.results:
        official = standing.results[entry.code].title
    elif entry.match == "short":
        official = _short_titles(standing).get(entry.code)
    if official and not same_title(official, entry.label):
        what = f"{entry.code} is called {entry.label!r} here, but its title is {official!r}"
        yield _finding("title-differs", WARNING, one, entry, what, "Check the code, then take the official title")


def _ended(one: CodeList, entry: CodeEntry, begins: date | None) -> Iterator[CodeFinding]:
    if entry.valid_to and begins and entry.valid_to < begins:
        what = f"{entry.code} was in use until {entry.valid_to}, before the question's first day, {begins}"
        remedy = "Keep it if hearings may come long after; else take it out"
        yield _finding("code-ended", INFO, one, entry, what, remedy)


def _changed(
    one: CodeList, entry: CodeEntry, begins: date | None, changes: Sequence[CodeChange]
) -> Iterator[CodeFinding]:
    """A code of which the one before it, or the one after it, is not in the same list."""
    if entry.match not in OFFENCE_MATCHES:
        return
    held = {e.code[:BASE_LENGTH] for e in one.entries}
    base = entry.code[:BASE_LENGTH]
    for change in changes:
        if change.successor == base and change.code not in held and (begins is None or begins < change.date):
            what = f"until {change.date} {change.successor} was {change.code}, which is not in the list"
            remedy = f"Add {change.code}, or every figure before {change.date} is too small"
            yield _finding("predecessor-missing", WARNING, one, entry, what, remedy)
        if change.code == base and change.successor not in held:
            what = f"on {change.date} {change.code} gave way to {change.successor}, which is not in the list"
            remedy = f"Add {change.successor}, or every figure from {change.date} on is too small"
            yield _finding("successor-missing", WARNING, one, entry, what, remedy)


def _wanted(lists: Mapping[str, CodeList], standing: Standing) -> list[CodeFinding]:
    """The unlisted codes most like the listed ones."""
    entries = [(one, entry) for one in lists.values() for entry in one.entries]
    named = {(e.match, e.code) for _, e in entries}
    bases = {e.code for _, e in entries if e.match == "base"}

    def free(one: Titled) -> bool:
        return (one.kind, one.code.upper()) not in named and one.code[:BASE_LENGTH] not in bases

    offences = [(one, e) for one, e in entries if e.match in OFFENCE_MATCHES]
    results = [(one, e) for one, e in entries if e.match in ("cjs", "short")]
    return _suggested(offences, _offences(standing), free) + _suggested(results, _results(standing), free)


def _offences(standing: Standing) -> list[Titled]:
    """The offences, grouped by their Home Office class."""
    return [Titled("offence", o.code, o.title, o.home_office_class) for o in standing.offences.values()]


def _results(standing: Standing) -> list[Titled]:
    """The CJS results and the short codes, grouped by CJS code."""
    short = [Titled("short", s.short_code, s.label, s.cjs_code) for s in standing.short_codes.values()]
    return [Titled("cjs", r.code, r.title, r.code) for r in standing.results.values()] + short


def _suggested(
    entries: Sequence[tuple[CodeList, CodeEntry]], known: Sequence[Titled], free: Callable[[Titled], bool]
) -> list[CodeFinding]:
    official = {(k.kind, k.code): k for k in known}
    listed: dict[Titled, CodeList] = {}
    for one, entry in entries:
        kind = "offence" if entry.match in OFFENCE_MATCHES else entry.match
        listed.setdefault(official.get((kind, entry.code), Titled(kind, entry.code, entry.label)), one)
    found = []
    for near in alike(list(listed), known, free, MOST_WANTED):
        group = "Home Office class" if near.found.kind == "offence" else "CJS code"
        why = f"shares {group} {near.found.group} with" if near.by_group else "has a title like that of"
        what = f"{near.found.code} ({near.found.title}) is in no list; it {why} {near.listed.code}"
        remedy = "Add it if the question means it"
        found.append(CodeFinding("looks-wanted", INFO, listed[near.listed].id, near.found.code, None, what, remedy))
    return sorted(found, key=lambda f: list(dict.fromkeys(o.id for o, _ in entries)).index(f.list))


def seen_codes(
    lists: Mapping[str, CodeList],
    files: Sequence[str],
    newest_batch: int,
    held: Sequence[tuple[date, date]],
    key: bytes,
    standing: Standing,
) -> list[SeenCode]:
    """Codes seen on the cases of a question that none of its lists names, most cases first; counts and codes only.

    Looks at the results of the statements that count among those landed up to `newest_batch`, of all days but
    the `held` ones (first and last day). Without a list of offences nothing says which cases are meant: none.
    """
    import duckdb

    offences = [(e.code, e.match) for one in lists.values() for e in one.entries if e.match in OFFENCE_MATCHES]
    results = [
        (text_digest(normalise_text(e.code), key) if e.match == "text" else e.code, e.match)
        for one in lists.values()
        for e in one.entries
        if e.match not in OFFENCE_MATCHES
    ]
    if not offences or not files:
        return []
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False}) as connection:
        connection.read_parquet(list(files), hive_partitioning=False).create_view("records")
        connection.execute("create temp table held_days (first_day date, last_day date)")
        for name in ("listed_offence", "listed_result"):
            connection.execute(f"create temp table {name} (code varchar, match varchar)")
        for name, rows in (("listed_offence", offences), ("listed_result", results), ("held_days", held)):
            if rows:
                connection.executemany(f"insert into {name} values (?, ?)", [list(row) for row in rows])  # noqa: S608
        bound = {"newest_batch": newest_batch, "most": MOST_SEEN}
        found = connection.execute(SEEN_SQL.read_text(encoding="utf-8"), bound).fetchall()
    return [SeenCode(part, kind, code, _title(kind, code, standing), n, cases) for part, kind, code, n, cases in found]


def _title(kind: str, code: str | None, standing: Standing) -> str:
    """The official title of a code, empty where there is none."""
    if kind == "offence" and code:
        offence = offence_in(standing.offences, code)
        return offence.title if offence else ""
    if kind == "cjs" and code:
        result = standing.results.get(code)
        return result.title if result else ""
    return _short_titles(standing).get(code or "", "") if kind == "short" else ""


def counts_from(question: Question) -> date | None:
    """The earliest day that the question can speak about: its law's, or a later one that a step asks for.

    None where it may be asked about any day. A hold says nothing here: the days before it can be asked for too.
    """
    kept = [step.hearing.first for step in question.steps if step.hearing and not step.drop]
    return max((day for day in (question.in_force, *kept) if day), default=None)


def without_losses(question: Question, found: Sequence[CodeFinding]) -> list[CodeFinding]:
    """The findings without those by which figures are too small on lists that only take results out."""
    steps = question.steps
    kept = {name for step in steps if not step.drop for name in (step.offence, step.result)}
    dropped = {name for step in steps if step.drop for name in (step.offence, step.result)} - kept
    return [one for one in found if one.list not in dropped or one.id not in LOSSES]
