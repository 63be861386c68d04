"""The linter's checks of what a question counts: its steps and its code lists."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import combinations

from extract.contract import normalise_text
from transform.code_advice import words
from transform.codelists import OFFENCE_MATCHES, CodeEntry
from transform.definition import Question, Step
from transform.findings import ERROR, INFO, WARNING, Context, Hit, Kind, ListLine
from transform.lint_snippets import APPLY, INTERIM_ORDER, KEEP_OFFENCES, KEEP_RESULTS, SPO, list_text
from transform.standing import BASE_LENGTH, Standing, offence_in
from transform.toml_places import Path

GENERIC = frozenset(
    (
        *("adjourned", "adjournment", "allowed", "amended", "application", "discharged", "dismissed", "extended"),
        *("final", "granted", "made", "order", "other", "refused", "renewed", "result", "revoked", "text", "uncoded"),
        *("varied", "withdrawn"),
    )
)
"""A result of which every word is one of these says nothing about which order it is: Granted, Order Varied."""
INTERIM = "interim"
Listed = tuple[str, CodeEntry]
"""The id of a list and one of its entries."""


def official_title(entry: CodeEntry, standing: Standing) -> str:
    """The title of a code in the standing data, else what its list calls it."""
    if entry.match in OFFENCE_MATCHES:
        offence = offence_in(standing.offences, entry.code)
        return offence.title if offence else entry.label
    if entry.match == "cjs" and entry.code in standing.results:
        return standing.results[entry.code].title
    return entry.label


def is_generic(entry: CodeEntry, standing: Standing) -> bool:
    """Whether a result says nothing about which order it is."""
    return set(words(official_title(entry, standing))) <= GENERIC


def is_interim(entry: CodeEntry, standing: Standing) -> bool:
    """Whether a code is about an interim order."""
    return INTERIM in words(official_title(entry, standing)) or INTERIM in words(entry.label)


def counted(question: Question, kind: str) -> list[Listed]:
    """The entries (`offence` or `result`) that can count: on every list that is kept, and on none that is dropped."""
    kept = [name for step in question.steps if not step.drop and (name := getattr(step, kind))]
    dropped = [getattr(step, kind) for step in question.steps if step.drop and _only(step, kind)]
    if not kept:
        return []
    entries = [(kept[-1], e) for e in question.lists[kept[-1]].entries]
    others = [question.lists[name].entries for name in kept[:-1]]
    gone = [e for name in dropped for e in question.lists[name].entries]
    return [
        (name, e)
        for name, e in entries
        if all(any(covers(o, e) or covers(e, o) for o in other) for other in others)
        and not any(covers(g, e) for g in gone)
    ]


def _only(step: Step, kind: str) -> bool:
    """Whether a step asks for a list of this kind and for nothing else."""
    rest = (getattr(step, name) for name in Step.__dataclass_fields__ if name not in ("name", "drop", kind))
    return bool(getattr(step, kind)) and all(value in (None, ()) for value in rest)


def covers(one: CodeEntry, other: CodeEntry) -> bool:
    """Whether every result that the other entry matches is matched by this one."""
    if one.match == "base" and other.match in OFFENCE_MATCHES:
        return other.code[:BASE_LENGTH] == one.code
    if one.match != other.match:
        return False
    return normalise_text(one.code) == normalise_text(other.code) if one.match == "text" else one.code == other.code


def _line(listed: Listed) -> ListLine:
    return ListLine(listed[0], listed[1].line)


def _result_without_offence(question: Question, context: Context) -> Iterator[Hit]:
    if any(step.offence and not step.drop for step in question.steps):
        return
    generic = [e for _, e in counted(question, "result") if is_generic(e, context.standing)]
    place = next((p for p, step in enumerate(question.steps) if step.result and not step.drop), None)
    if generic and place is not None:
        codes = ", ".join(repr(e.code) for e in generic[:3]) + (", ..." if generic[3:] else "")
        yield Hit(("step", place, "keep", "result"), f"{codes} would count under every offence: no step keeps offences")


def _interim_as_final(question: Question, context: Context) -> Iterator[Hit]:
    found = counted(question, "result")
    interim = [one for one in found if is_interim(one[1], context.standing)]
    if len(interim) == len(found):
        return  # the question is about interim orders
    for name, entry in interim:
        if not _told_apart(question, entry, context.standing):
            title = official_title(entry, context.standing)
            yield Hit(ListLine(name, entry.line), f"{entry.code} ({title}) is counted like a final order")


def _told_apart(question: Question, entry: CodeEntry, standing: Standing) -> bool:
    """Whether an outcome category, or a kind of evidence, holds this interim order and only such."""
    groups: list[Sequence[CodeEntry]] = [question.lists[kind.has].entries for kind in question.evidence]
    if question.outcome:
        entries = question.lists[question.outcome.list].entries
        groups += [[e for e in entries if e.category == c] for c in question.outcome.prefer]
    return any(any(covers(e, entry) for e in group) and all(is_interim(e, standing) for e in group) for group in groups)


def _lists_overlap(question: Question, context: Context) -> Iterator[Hit]:
    for kind in ("offence", "result"):
        kept = [(name, e) for s in question.steps if not s.drop and (name := getattr(s, kind))
                for e in question.lists[name].entries]  # fmt: skip
        for step in question.steps:
            if not step.drop or not _only(step, kind):
                continue
            for entry in question.lists[getattr(step, kind)].entries:
                for name, other in kept:
                    if covers(entry, other):
                        what = f"{entry.code} is dropped here, and {name!r} keeps {other.code} (line {other.line})"
                        yield Hit(ListLine(getattr(step, kind), entry.line), what, f"Take it out of {name!r}, or here")
    yield from _evidence_overlap(question)
    yield from _categories_overlap(question, context.standing)


def _evidence_overlap(question: Question) -> Iterator[Hit]:
    """Codes of a kind of evidence that an earlier kind, which asks nothing more, has taken already.

    A later kind that holds all of an earlier one and more is the usual way to say "anything else".
    """
    for place, kind in enumerate(question.evidence):
        entries = question.lists[kind.has].entries
        for earlier in question.evidence[:place]:
            if earlier.without or earlier.beside:
                continue
            before = question.lists[earlier.has].entries
            taken = [e.code for e in entries if any(covers(o, e) for o in before)]
            rest = len(entries) > len(taken) and all(any(covers(e, o) for e in entries) for o in before)
            if taken and not rest:
                codes = ", ".join(taken[:3]) + (", ..." if taken[3:] else "")
                what = f"{codes} of {kind.has!r} is evidence {earlier.name!r} already, which comes first"
                yield Hit(("evidence", place, "has"), what, f"Take it out of {earlier.has!r}, or put this kind first")


def _categories_overlap(question: Question, standing: Standing) -> Iterator[Hit]:
    """One result in two categories of the outcomes: by its CJS code and its short code, or under one title."""
    name = question.outcome.list if question.outcome else None
    entries = question.lists[name].entries if name else ()
    for one, other in combinations(entries, 2):
        if name and one.category != other.category and _same_result(one, other, standing):
            what = f"{other.code} is {other.category!r} here, but {one.code} on line {one.line} is {one.category!r}"
            yield Hit(ListLine(name, other.line), what, "One result can be both: give them one category")


def _same_result(one: CodeEntry, other: CodeEntry, standing: Standing) -> bool:
    linked = {e.code: standing.short_codes[e.code].cjs_code for e in (one, other)
              if e.match == "short" and e.code in standing.short_codes}  # fmt: skip
    if {one.match, other.match} == {"cjs", "short"} and (linked.get(one.code), linked.get(other.code)) != (None, None):
        return one.code in linked.values() or other.code in linked.values()
    return one.match != other.match and words(one.label) == words(other.label)


def _list_matches_nothing(question: Question, context: Context) -> Iterator[Hit]:
    known = context.standing
    shorts = {code.upper() for code in known.short_codes}
    titles = [*(r.title for r in known.results.values()), *(s.label for s in known.short_codes.values())]
    labels = {words(title) for title in titles}
    bases = {code[:BASE_LENGTH] for code in known.offences}

    def is_known(entry: CodeEntry) -> bool:
        if entry.match in OFFENCE_MATCHES:
            return entry.code in known.offences or entry.code[:BASE_LENGTH] in bases
        if entry.match == "cjs":
            return entry.code in known.results
        # A short code or a text is known by its title too: the list of short codes is an old one.
        return entry.code in shorts or words(entry.label) in labels or words(entry.code) in labels

    for name, one in question.lists.items():
        if one.entries and not any(is_known(e) for e in one.entries):
            # Of short codes and texts the standing data know some only, so a list of these may well be right.
            sure = any(e.match in ("cjs", *OFFENCE_MATCHES) for e in one.entries)
            what = f"no code of {name!r} is in the standing data"
            yield Hit(ListLine(name, one.entries[0].line), what, "", "" if sure else INFO)


def _mark_missing(question: Question, _context: Context) -> Iterator[Hit]:
    breaks = {b.at for b in question.breaks}
    said = set()
    for kind in ("offence", "result"):
        for name, entry in counted(question, kind):
            last = entry.valid_to
            if last is None or (question.in_force and last < question.in_force):
                continue
            following = last + timedelta(days=1)
            if not {last, following} & breaks and following not in said:
                said.add(following)
                what = f"{entry.code} was in use until {last}, and no [[series_break]] says so"
                yield Hit(ListLine(name, entry.line), what, f"Add [[series_break]] with at = {following}")


def _rule_old_version(question: Question, context: Context) -> Iterator[Hit]:
    newest = {rule.name: rule for rule in sorted(context.rules.values(), key=lambda rule: rule.version)}
    for place, step in enumerate(question.steps):
        used = context.rules.get(step.rule) if step.rule else None
        if used and newest[used.name].version > used.version:
            path: Path = ("step", place, "drop" if step.drop else "keep", "rule")
            yield Hit(path, f"{used.id} has a newer version", f"See what {newest[used.name].id} changes, and use it")


def _text_match_unnormalised(question: Question, _context: Context) -> Iterator[Hit]:
    for name, one in question.lists.items():
        for entry in one.entries:
            normal = normalise_text(entry.code)
            if entry.match == "text" and entry.code != normal:
                yield Hit(ListLine(name, entry.line), f"{entry.code!r} is compared as {normal!r}", f"Write {normal!r}")


def _duplicate_list(question: Question, context: Context) -> Iterator[Hit]:
    held = {n: {(e.match, e.code, e.category) for e in one.entries} for n, one in context.lists.items() if one.entries}
    for one, other in combinations(sorted(held), 2):
        if held[one] == held[other] and {one, other} & question.lists.keys():
            line = context.lists[other].entries[0].line
            yield Hit(ListLine(other, line), f"{other!r} holds the same codes as {one!r}")


COUNTED = (
    Kind(
        "result-without-offence", ERROR,
        "A result that says nothing by itself is counted under every offence",
        'Results like "Granted" or "Withdrawn" are given on many kinds of application. Without a step that keeps '
        "offence codes, a bail or a licence that was granted is counted as an order.",
        'Add a step before it with keep = { offence = "..." }',
        KEEP_RESULTS, KEEP_OFFENCES + KEEP_RESULTS,
        _result_without_offence,
    ),
    Kind(
        "interim-as-final", WARNING,
        "An interim order is counted like a final one",
        "An interim order lasts until the application is decided, and many applications have both. Counted together "
        "without being told apart, the figure is not the number of orders that were made.",
        "Take the code out of the list, or give it an outcome category or a kind of evidence of its own",
        list_text(SPO, INTERIM_ORDER + ",order"),
        list_text(SPO, INTERIM_ORDER + ",interim"),
        _interim_as_final,
    ),
    Kind(
        "lists-overlap", WARNING,
        "One code is in two lists, or in two categories, that are alternatives",
        "A code that one step keeps and another drops is never counted; of two kinds of evidence only the first is "
        "ever given; a result in two categories gets the one that is preferred, whichever was meant.",
        "Keep the code in one of the two",
        list_text("2051,cjs,Withdrawn,withdrawn", "WDRN,short,Withdrawn,refused"),
        list_text("2051,cjs,Withdrawn,withdrawn", "WDRN,short,Withdrawn,withdrawn"),
        _lists_overlap,
    ),
    Kind(
        "list-matches-nothing", WARNING,
        "No code of a list is in the standing data",
        "A list of which no code is known officially is most often a list of the wrong kind, or one whose codes were "
        "changed by a spreadsheet. It would match nothing, and the figure would be a zero that is not true.",
        "Look the codes up: courtstats codes find WORDS",
        list_text("ST99501,offence,Application for an order,new"), list_text(APPLY),
        _list_matches_nothing,
    ),
    Kind(
        "mark-missing", WARNING,
        "A code in the list went out of use, and no break in the series says so",
        "When a code gives way to another, what is recorded under it often changes too. A reader who compares figures "
        "before and after has to be told.",
        "Add [[series_break]] with the first day without the code, or with that of its successor",
        list_text("PH97007,offence,Stalking,stalking,2012-11-25,2017-04-02"),
        '[[series_break]]\nat = 2017-04-03\ntext = "New offence codes from 3 April 2017."\n',
        _mark_missing,
    ),
    Kind(
        "rule-old-version", WARNING,
        "A named rule has a newer version",
        "A version is added when a rule was found wanting. The old one goes on working, so that figures can be given "
        "again, but new figures should rest on the new one.",
        "Name the newer version, and see what changes: courtstats plan QUESTION",
        '[[step]]\nname = "Convicted"\nkeep = { rule = "convicted-by-the-hearing@1" }\n',
        '[[step]]\nname = "Convicted"\nkeep = { rule = "convicted-by-the-hearing@2" }\n',
        _rule_old_version,
    ),
    Kind(
        "text-match-unnormalised", INFO,
        "A text of a list is not written as it is compared",
        "Texts are compared with white space collapsed and in small letters. It matches all the same, but a reader may "
        "think that capitals or spaces matter.",
        "Write it in small letters with single spaces",
        list_text("G - Granted,text,Granted,granted"), list_text("g - granted,text,Granted,granted"),
        _text_match_unnormalised,
    ),
    Kind(
        "duplicate-list", WARNING,
        "Two lists hold the same codes",
        "One of them will be corrected one day and the other forgotten; then two questions that should agree do not.",
        "Use one list for both",
        list_text(SPO), list_text(SPO, "SPO,short,Stalking Protection Order,order"),
        _duplicate_list,
    ),
    Kind(
        "unused-list", INFO,
        "No question uses a list",
        "Told when all questions are checked. It is a draft, or was left behind when a question changed.",
        "Use it, or remove the file",
        list_text(SPO), KEEP_RESULTS, acceptable=False,
    ),
)  # fmt: skip
