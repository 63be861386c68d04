"""Codes for a new question: which offences are meant, which results they can have, what kind each is.

Everything comes from the standing data or from the code lists at hand; a code that is in neither is refused.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from transform.code_advice import nearest_codes, words
from transform.codelists import CodeEntry, CodeList
from transform.contract import TransformError
from transform.standing import BASE_LENGTH, Offence, Standing, offence_in

APPLICATION_KINDS: dict[str, tuple[str, ...]] = {
    "breach": ("breach", "breaching", "breached"),
    "appeal": ("appeal",),
    "vary": ("vary", "variation", "amend"),
    "renew": ("renew", "extend", "extension"),
    "discharge": ("discharge", "terminate", "revoke"),
    "review": ("review",),
    "adjournment": ("adjournment",),
    "new": ("application", "complaint", "information", "consider", "consideration"),
}
"""Categories of applications by the words of their titles; one of several kinds has them joined (`vary-renew`)."""
OFFENCE, OTHER, INTERIM, ORDER = "offence", "other", "interim", "order"
RESULT_KINDS: dict[str, tuple[str, ...]] = {
    "refused": ("refused", "dismissed"),
    "withdrawn": ("withdrawn",),
    "discharged": ("discharged", "revoked", "terminated"),
    "varied": ("varied", "variation"),
    "granted": ("granted",),
    ORDER: ("order",),
}
"""Categories of results by the words of their titles, the first that applies."""
APPLICATION_CATEGORIES = frozenset(("VP", "CR", "B7"))
"""Categories of the offence codes under which applications are kept."""
LEAST_WORDS = 2
"""A result's title of fewer words than this says too little to be suggested."""
_RANGE = re.compile(r"([A-Z0-9]{7,8})-([A-Z0-9]{1,8})")
_PREFIX = re.compile(r"([A-Z0-9]{2,8})\*")
_RESULT = re.compile(r"[A-Z0-9]+")


def offences_of(patterns: Sequence[str], standing: Standing, *, base: bool) -> list[CodeEntry]:
    """The entries of an offence list from codes, beginnings (`OW195*`) and ranges (`OW19501-OW19507`), in order.

    `base`: each code stands for all its forms. Raises an `ExceptionGroup` with every pattern that means nothing.
    """
    found: dict[str, None] = {}
    faults: list[TransformError] = []
    for pattern in patterns:
        codes = _meant(pattern.strip().upper(), standing.offences, base)
        if not codes:
            faults.append(_unknown(pattern, "offence", tuple(standing.offences)))
        found |= dict.fromkeys(code[:BASE_LENGTH] if base else code for code in codes)
    if faults:
        raise ExceptionGroup("offence codes", faults)
    return [_offence_entry(code, standing, base) for code in sorted(found)]


def _meant(pattern: str, offences: Mapping[str, Offence], base: bool) -> list[str]:
    if found := _PREFIX.fullmatch(pattern):
        return [code for code in offences if code.startswith(found[1]) and len(code) <= 8]
    if found := _RANGE.fullmatch(pattern):
        first, last = found[1], found[2]
        last = first[: len(first) - len(last)] + last
        return [code for code in offences if first <= code <= last and len(code) == len(first)]
    whole = len(pattern) >= BASE_LENGTH if base else len(pattern) <= BASE_LENGTH + 1
    return [pattern] if whole and offence_in(offences, pattern) else []


def _unknown(code: str, kind: str, known: Sequence[str]) -> TransformError:
    near = nearest_codes(code.strip().upper().rstrip("*"), known)
    remedy = f"Did you mean {' or '.join(near)}?" if near else f'Look for it: courtstats codes find "{code}"'
    return TransformError(f"there is no {kind} code {code!r} in the standing data", remedy=remedy)


def _offence_entry(code: str, standing: Standing, base: bool) -> CodeEntry:
    offence = offence_in(standing.offences, code)
    assert offence is not None, code  # only known codes get here
    title = " ".join(offence.title.split())
    first = next((c.date for c in standing.changes if c.successor == code[:BASE_LENGTH]), None)
    last = next((c.date - timedelta(days=1) for c in standing.changes if c.code == code[:BASE_LENGTH]), None)
    match = "base" if base else "offence"
    return CodeEntry(code, match, title, offence_category(title, offence.category), first, last, "offence codes")


def offence_category(title: str, kind: str) -> str:
    """`new`, `vary`, `renew`, `discharge` and so on for applications (`interim-vary`: of an interim order), else
    `offence`."""
    said = set(words(re.sub(r"\(with [^)]*\)", " ", title)))
    kinds = [name for name, signs in APPLICATION_KINDS.items() if said & set(signs)]
    if "breach" in kinds:
        return "breach"
    if not kinds or (kind not in APPLICATION_CATEGORIES and kinds == ["new"]):
        return OFFENCE if kind not in APPLICATION_CATEGORIES else OTHER
    own = [name for name in kinds if name != "new"] or ["new"]
    return "-".join([INTERIM, *own] if INTERIM in said else own)


def results_of(codes: Sequence[str], standing: Standing, lists: Mapping[str, CodeList]) -> list[CodeEntry]:
    """The entries for result codes, CJS or short. Raises an `ExceptionGroup` with every unknown code.

    A short code that the standing data lack is known where another code list has it.
    """
    short = {code.upper(): found for code, found in standing.short_codes.items()}
    listed = {e.code: e for one in lists.values() for e in one.entries if e.match in ("cjs", "short")}
    found: list[CodeEntry] = []
    faults: list[TransformError] = []
    for asked in dict.fromkeys(code.strip().upper() for code in codes):
        if asked in standing.results:
            found.append(_result_entry(asked, "cjs", standing.results[asked].title, "result codes"))
        elif asked in short and _RESULT.fullmatch(asked):
            found.append(_result_entry(asked, "short", short[asked].label, "short codes"))
        elif asked in listed:
            found.append(_result_entry(asked, listed[asked].match, listed[asked].label, listed[asked].source))
        else:
            faults.append(_unknown(asked, "result", (*standing.results, *short)))
    if faults:
        raise ExceptionGroup("result codes", faults)
    return found


def suggested(offences: Sequence[CodeEntry], standing: Standing) -> list[CodeEntry]:
    """The results whose whole title (but the word interim) stands in the title of an offence or application.

    Of titles inside one another the longest is meant. With a CJS code come the short codes that mean it.
    """
    titles = [f" {' '.join(words(e.label))} " for e in offences]
    phrases: dict[str, list[CodeEntry]] = {}
    cjs = [_result_entry(c, "cjs", r.title, "result codes") for c, r in standing.results.items()]
    short = [
        _result_entry(c.upper(), "short", s.label, "short codes")
        for c, s in standing.short_codes.items()
        if _RESULT.fullmatch(c.upper()) and not c.isdigit()
    ]
    for entry in (*cjs, *short):
        said = [word for word in words(entry.label) if word != INTERIM]
        if len(said) >= LEAST_WORDS and "order" in said:
            phrases.setdefault(f" {' '.join(said)} ", []).append(entry)
    chosen: set[str] = set()
    for title in titles:
        inside = [phrase for phrase in phrases if phrase in title]
        chosen |= {p for p in inside if not any(p != other and p in other for other in inside)}
    return [entry for phrase, entries in phrases.items() if phrase in chosen for entry in entries]


def with_short_codes(entries: Sequence[CodeEntry], standing: Standing) -> list[CodeEntry]:
    """The entries with the short codes that stand for their CJS codes."""
    named = {e.code for e in entries}
    own = {e.code for e in entries if e.match == "cjs"}
    more = [
        _result_entry(code.upper(), "short", s.label, "short codes")
        for code, s in standing.short_codes.items()
        if s.cjs_code in own and code.upper() not in named and _RESULT.fullmatch(code.upper()) and not code.isdigit()
    ]
    return [*entries, *more]


def _result_entry(code: str, match: str, title: str, source: str) -> CodeEntry:
    said = set(words(title))
    kind = INTERIM if INTERIM in said else next((k for k, signs in RESULT_KINDS.items() if said & set(signs)), "result")
    return CodeEntry(code, match, " ".join(title.split()), kind, None, None, source)


def changed(offences: Sequence[CodeEntry], standing: Standing) -> list[str]:
    """What to know of codes that gave way to others, or took over from others, that are not among these."""
    held = {e.code[:BASE_LENGTH] for e in offences}
    return [
        f"{c.successor} took over from {c.code} on {c.date}: without --offence {missing} hearings are missed."
        for c in standing.changes
        for missing in (c.code, c.successor)
        if missing not in held and {c.code, c.successor} & held
    ]


def breaks(offences: Sequence[CodeEntry], standing: Standing) -> dict[date, str]:
    """The days on which codes among these gave way to others: figures before and after may not compare."""
    held = {e.code[:BASE_LENGTH] for e in offences}
    found: dict[date, list[str]] = {}
    for change in standing.changes:
        if change.code in held:
            found.setdefault(change.date, []).append(f"{change.code} gave way to {change.successor}")
    return {day: ", ".join(said) for day, said in sorted(found.items())}
