"""The linter: everything that can be said about a question beyond whether it can be loaded.

Its catalogue is the one list of findings: of the question itself, of its examples, of its code lists
(`code_checks`), of its file (the loader) and of what it accepts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from transform.code_checks import CodeFinding
from transform.definition import Question
from transform.findings import ERROR, INFO, WARNING, Context, Finding, Kind, ListLine
from transform.lint_examples import EXAMPLES, example_hits
from transform.lint_presentation import COMPANY
from transform.lint_rules import COUNTED
from transform.lint_snippets import APPLY, SPO, list_text
from transform.shape_faults import nearest, place_of
from transform.toml_places import places

ELSEWHERE = (
    Kind(
        "cannot-load", ERROR,
        "A definition or a code list cannot be used",
        "It is not read as something else than was meant: names, types, dates and lists have to be right first.",
        "Mend the line that is named",
        'titel = "Orders granted"\n', 'title = "Orders granted"\n', acceptable=False,
    ),
    Kind(
        "unknown-code", ERROR,
        "A code is not in the standing data",
        "Most often a letter stands for a digit, or a spreadsheet dropped a zero; then it matches nothing. Of short "
        "codes the standing data have an old list only, so there it is just something to know.",
        "Take the code that was meant, or refresh the standing data: courtstats codes refresh",
        list_text("ST195O1,offence,Application for a Stalking Protection Order,new"), list_text(APPLY),
    ),
    Kind(
        "title-differs", WARNING,
        "A code has another title than the official one",
        "The title shows readers which code was meant. Where it differs, one of the two is wrong.",
        "Check the code, then take the official title",
        list_text("3307,cjs,Restraining Order,order"), list_text(SPO),
    ),
    Kind(
        "code-ended", INFO,
        "A code went out of use before the question's first day",
        "Hearings can come long after, so it may be needed. Most often it is left over.",
        "Keep it if hearings may come long after; else take it out",
        list_text("PH97007,offence,Stalking,stalking,2012-11-25,2017-04-02"),
        list_text("PH97010,offence,Stalking,stalking,2017-04-03"),
    ),
    Kind(
        "predecessor-missing", WARNING,
        "The code that a listed one followed is not listed",
        "A list of today's codes silently loses all earlier years.",
        "Add the earlier code with its `valid_to`",
        list_text("PH97010,offence,Stalking,stalking,2017-04-03"),
        list_text("PH97007,offence,Stalking,stalking,2012-11-25,2017-04-02", "PH97010,offence,Stalking,stalking"),
    ),
    Kind(
        "successor-missing", WARNING,
        "The code that followed a listed one is not listed",
        "From the day of the change on the figures are too small.",
        "Add the later code with its `valid_from`",
        list_text("PH97007,offence,Stalking,stalking,2012-11-25,2017-04-02"),
        list_text("PH97007,offence,Stalking,stalking,2012-11-25,2017-04-02", "PH97010,offence,Stalking,stalking"),
    ),
    Kind(
        "looks-wanted", INFO,
        "A code that looks like the listed ones is in no list",
        "It has the same Home Office class, or the same words in its title. Most are rightly left out; now and then "
        "one was forgotten.",
        "Add it if the question means it",
        list_text(APPLY), list_text(APPLY, "ST19502,offence,Application to vary a Stalking Protection Order,vary"),
    ),
)  # fmt: skip

CATALOGUE: dict[str, Kind] = {kind.id: kind for kind in (*COUNTED, *COMPANY, *EXAMPLES, *ELSEWHERE)}
"""Every kind of finding, by id."""
_ONLY_THOROUGH = ("code-without-example",)
"""What is told in full only by a thorough run, so that a quick one cannot say that it is not there."""


def lint(question: Question, context: Context, codes: list[CodeFinding], *, examples: bool = True) -> list[Finding]:
    """Every finding about a question that was loaded, in the order of files and lines; accepted ones say why.

    `codes` are the findings about its lists. Without `examples` the engine does not run (where lists have
    faults, examples would fail for them).
    """
    hits = [(kind, hit) for kind in CATALOGUE.values() if kind.check for hit in kind.check(question, context)]
    if examples:
        hits += [(CATALOGUE[name], hit) for name, hit in example_hits(question, context)]
    where = places(question.text)
    file = f"questions/{question.id}.toml"
    found = [list_finding(one) for one in codes]
    for kind, hit in hits:
        if isinstance(hit.at, ListLine):
            place: tuple[str, int, int] = (f"codelists/{hit.at.list}.csv", hit.at.line, 1)
        else:
            place = (file, *place_of(where, hit.at))
        found.append(Finding(*place, hit.severity or kind.severity, kind.id, hit.what, hit.remedy or kind.remedy))
    told = accept(found, question.accepted)
    used = {f.id for f in told if f.accepted}
    for kind, position, what, remedy in _acceptance(question.accepted, used, context, examples=examples):
        place = (file, *place_of(where, ("accept", position, "finding")))
        told.append(Finding(*place, kind.severity, kind.id, what, remedy or kind.remedy))
    return sorted(dict.fromkeys(told), key=in_order)


def in_order(finding: Finding) -> tuple[str, int, int, str, str]:
    """Findings are told by file, line and column."""
    return finding.file, finding.line, finding.column, finding.id, finding.what


def accept(found: list[Finding], accepted: Mapping[str, str]) -> list[Finding]:
    """The findings, those that a question accepts with its reason."""
    return [
        replace(f, accepted=accepted[f.id])
        if f.id in accepted and f.id in CATALOGUE and CATALOGUE[f.id].acceptable
        else f
        for f in found
    ]


def _acceptance(
    accepted: Mapping[str, str], used: set[str], context: Context, *, examples: bool
) -> Iterator[tuple[Kind, int, str, str]]:
    """What a question accepts without need, or cannot accept: kind, place among what is accepted, what, remedy."""
    can = [kind.id for kind in CATALOGUE.values() if kind.acceptable]
    by_engine = {kind.id for kind in EXAMPLES}
    unknown, needless = CATALOGUE["accept-unknown"], CATALOGUE["accept-not-needed"]
    for position, name in enumerate(accepted):
        unsure = (name in _ONLY_THOROUGH and not context.thorough) or (name in by_engine and not examples)
        if name in CATALOGUE and name not in can:
            yield unknown, position, f"{name!r} cannot be accepted", "Mend it"
        elif name not in CATALOGUE:
            yield unknown, position, f"there is no finding {name!r}", nearest(name, can, "findings")
        elif name not in used and not unsure:
            yield needless, position, f"{name!r} is accepted, but was not found", ""


def list_finding(code: CodeFinding) -> Finding:
    """A finding about a code list; one about a code that is not in it stands at its first line."""
    return Finding(f"codelists/{code.list}.csv", code.line or 1, 1, code.severity, code.id, code.what, code.remedy)
