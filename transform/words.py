"""A question in plain words, for people who check the rule without reading its file.

Every condition that the model of a question allows has its words here. Values stand in the words as they
stand in the file, free texts in quotes with a quote inside them doubled, so that two different steps never
read the same. Titles, names of courts and names of forces are those of the standing data.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from transform import standing
from transform.codelists import OFFENCE_MATCHES, CodeEntry, CodeList
from transform.definition import EvidenceKind, Hold, Note, Question, SeriesBreak, Step, Window
from transform.periods import Period
from transform.periods import day_in_words as day
from transform.published import PublishedTable
from transform.rules import RULES

LONDON = ZoneInfo("Europe/London")
NAMED = 5
"""So many titles of a list are named in a sentence, and so many codes of a title; the rest is a number."""
LEVELS = {
    "OFFENCE": "an offence",
    "APPLICATION": "an application",
    "CASE": "a case as a whole",
    "DEFENDANT": "a defendant as a whole",
}
SYSTEMS = {"B00LIBRA": "Libra", "C00CommonPlatform": "Common Platform"}
FINDINGS = {"G": "guilty"}
AMENDED = (
    "Where a court has since amended or withdrawn what it recorded about a hearing, only its latest word counts, "
    "as known at the time of the count"
)
Lists = Mapping[str, CodeList]
Named = Callable[[str], str]
"""What is on the list of an id, in words."""


def moment(one: datetime) -> str:
    """`21 May 2020 at 09:30 London time`."""
    there = one.astimezone(LONDON)
    return f"{day(there)} at {there:%H:%M:%S}".removesuffix(":00") + " London time"


def span(period: Period) -> str:
    """`2019`, `February 2020`, `January to March 2020`, `April 2019 to March 2020`, `5 January 2020 to 1 May 2020`."""
    first, last = period.first, period.last
    if first == last:
        return day(first)
    if first.day != 1 or last.day != monthrange(last.year, last.month)[1]:
        return f"{day(first)} to {day(last)}"
    if (first.month, last.month) == (1, 12) and first.year == last.year:
        return f"{first.year}"
    end = f"{last:%B} {last.year}"
    if (first.year, first.month) == (last.year, last.month):
        return end
    return f"{first:%B} to {end}" if first.year == last.year else f"{first:%B} {first.year} to {end}"


def either(values: Sequence[str], last: str = "or") -> str:
    """`a, b or c`."""
    return f" {last} ".join(part for part in (", ".join(values[:-1]), *values[-1:]) if part)


def quoted(value: str) -> str:
    """A free text in quotes; a closing quote in it is doubled, so that where it ends is certain."""
    return f"“{value.replace('”', '””')}”"


def sentence(text: str) -> str:
    """A text that starts with a capital and ends with a full stop."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def official_title(entry: CodeEntry) -> str | None:
    """The title of a code in the standing data, where it is there; a text has none."""
    if entry.match in OFFENCE_MATCHES:
        offence = standing.offence(entry.code)
        return offence.title if offence else None
    if entry.match == "cjs":
        result = standing.results().get(entry.code)
        return result.title if result else None
    short = standing.short_codes().get(entry.code) if entry.match == "short" else None
    return short.label if short else None


def codes(one: CodeList, brief: bool = False) -> str:
    """What is on a list: titles with their codes, of a long list the first and how many others.

    `brief` leaves out how each is compared and the spellings of texts.
    """
    titles: dict[str, list[CodeEntry]] = {}
    for entry in one.entries:
        titles.setdefault(official_title(entry) or entry.label, []).append(entry)
    named = [f"{title} ({(_briefly if brief else _ways)(entries)})" for title, entries in list(titles.items())[:NAMED]]
    if others := len(titles) - len(named):
        return f"one of {', '.join(named)} and {others} other{'s' * (others > 1)}, all listed under {quoted(one.id)}"
    return either(named)


def _some(codes: Sequence[str]) -> list[str]:
    """A few codes of many, and how many others."""
    others = len(codes) - NAMED
    return [*codes[:NAMED], f"{others} others"] if others > 1 else list(codes)


def _briefly(entries: Sequence[CodeEntry]) -> str:
    text = ["in words alone"] if any(e.match == "text" for e in entries) else []
    found = [e.code + " in any form" * (e.match == "base") for e in entries if e.match != "text"]
    return either([*_some(found), *text])


def _ways(entries: Sequence[CodeEntry]) -> str:
    """Codes of one title, by the way in which they are compared."""
    leads = {"cjs": "CJS code ", "short": "short code ", "text": "where there is no CJS code, the whole text "}
    ends = {"base": " in any form (attempted, aided)"}
    said = []
    for match in dict.fromkeys(e.match for e in entries):
        found = [quoted(e.code) if match == "text" else e.code for e in entries if e.match == match]
        said.append(leads.get(match, "") + either(_some(found)) + ends.get(match, ""))
    return "; ".join(said)


def window(one: Window) -> str:
    """Days of a window, as the end of `the hearing is ...`."""
    if one.first and one.last:
        return f"from {day(one.first)} to {day(one.last)}, both days included"
    return f"on or after {day(one.first)}" if one.first else f"on or before {day(one.last)}" if one.last else "any day"


def _coded(values: Sequence[str], names: Mapping[str, str]) -> str:
    return either([f"{names[v]} ({v})" if v in names else v for v in values])


def _system(step: Step, _: Named) -> str:
    named = [f"{SYSTEMS[v]} ({v})" if v in SYSTEMS else quoted(v) for v in step.system]
    return f"the court system that sent the record is {either(named)}" if named else ""


def _court(step: Step, _: Named) -> str:
    known = standing.courts() if step.court else {}
    return f"the court is {_coded(step.court, {c: known[c].name for c in step.court if c in known})}" if known else ""


def _force(step: Step, _: Named) -> str:
    known = standing.forces() if step.force else {}
    names = {c: known[c].name for c in step.force if c in known}
    return f"the police force is {_coded(step.force, names)}" if known else ""


def _finding(step: Step, _: Named) -> str:
    return f"the finding on the offence is {_coded(step.finding, FINDINGS)}" if step.finding else ""


def _final_disposal(step: Step, _: Named) -> str:
    said = {True: "the offence is finally disposed of", False: "the offence is recorded as not finally disposed of"}
    return said[step.final_disposal] if step.final_disposal is not None else ""


def _convicted(step: Step, _: Named) -> str:
    said = {
        True: "there is a conviction: a finding of guilty or, where no finding was sent, a date of conviction",
        False: "there is no conviction: another finding than guilty or, where no finding was sent, no date of "
        "conviction",
    }
    return said[step.convicted] if step.convicted is not None else ""


def _rule(step: Step, _: Named) -> str:
    if not step.rule:
        return ""
    says = RULES[step.rule].says
    return f"the rule {quoted(step.rule)} is met, which {says[:1].lower()}{says[1:]}"


CONDITIONS: dict[str, Callable[[Step, Named], str]] = {
    "offence": lambda s, named: f"the offence or application is {named(s.offence)}" if s.offence else "",
    "result": lambda s, named: f"the result is {named(s.result)}" if s.result else "",
    "level": lambda s, _: f"the result is recorded on {either([LEVELS[v] for v in s.level])}" if s.level else "",
    "source": lambda s, _: f"the record came from {either([quoted(v) for v in s.source])}" if s.source else "",
    "system": _system,
    "court": _court,
    "force": _force,
    "finding": _finding,
    "final_disposal": _final_disposal,
    "convicted": _convicted,
    "hearing": lambda s, _: f"the hearing is {window(s.hearing)}" if s.hearing else "",
    "conviction": lambda s, _: f"the date of conviction is {window(s.conviction)}" if s.conviction else "",
    "rule": _rule,
}
"""Every condition of a step by its field, with its words: a clause, empty where it is not asked for."""


def conditions(step: Step, lists: Lists, brief: bool = False) -> str:
    """What must hold for a result, as the end of a sentence."""
    clauses = [said for words in CONDITIONS.values() if (said := words(step, lambda i: codes(lists[i], brief)))]
    return f"where {clauses[0]}" if len(clauses) == 1 else f"for which all of this holds: {'; '.join(clauses)}"


def step_words(step: Step, lists: Lists) -> str:
    """A step as one sentence, with the names of its lists, under which all codes are shown."""
    named = [quoted(name) for name in (step.offence, step.result) if name]
    where = f" The codes are shown under {either(named, 'and')}." if named else ""
    return sentence(f"{'take out' if step.drop else 'keep'} the results {conditions(step, lists)}") + where


def unit_words(question: Question, unit: str) -> str:
    """What is counted, as the end of `It counts ...`."""
    kept = [s.result for s in question.steps if s.result and not s.drop]
    kinds = [quoted(c) for c in question.lists[kept[-1]].categories if c] if kept else []
    sorts = f" ({either(kinds)})" if kinds else ""
    return {
        "case": "cases, not people: a case counts once however many defendants it has",
        "defendant": "defendants, each once for each case: somebody with two cases counts twice",
        "application": "applications, not people: several on one case count each. Where the records do not name the "
        "application, everything on one case, defendant and offence code is taken as one",
        "order": f"orders, not people: one for each defendant, application and kind of order result{sorts}",
    }[unit]


def paragraph(question: Question) -> str:
    """The rule in one paragraph, which can be checked against a letter or an Act without reading code."""
    said = [*_published(question.published)] if question.published else []
    said.append(f"It counts {unit_words(question, question.unit)}")
    said.append("It looks at court hearings in the period asked for, first and last day included")
    for number, step in enumerate(question.steps):
        lead = "It leaves out those" if step.drop else "Of these it keeps those" if number else "It takes results"
        said.append(f"{lead} {conditions(step, question.lists, brief=True)}")
    said += [AMENDED, *counted_once(question)]
    if question.in_force:
        said.append(f"The law is in force from {day(question.in_force)} ({question.act})")
        said.append("A figure that includes earlier days says so")
    said += [hold_words(hold) for hold in question.holds]
    said += [break_words(one) for one in question.breaks]
    if question.provisional:
        said.append(provisional_words(question))
    said += [f"Beside this it counts {unit_words(question, unit)}" for unit in question.also]
    return " ".join(sentence(one) for one in said)


def counted_once(question: Question) -> Iterator[str]:
    """How a unit with several results is counted and dated, sentence by sentence."""
    unit, outcome = question.unit, question.outcome
    first = f"dated by its first hearing there {'with that outcome' if outcome else 'that qualifies'}"
    if outcome:
        order = either([quoted(c) for c in outcome.prefer], "then")
        yield f"Each {unit} has one outcome, the first of these that any of its results in the period has: {order}"
        first = first.replace("first", "last") if outcome.last else first
    yield f"Each {unit} counts once in a period, however many such results it has, {first}"
    yield f"Each period is counted on its own: with such results in two periods the {unit} counts in both"


def hold_words(hold: Hold) -> str:
    """What is held, until when and why."""
    return f"No figure that includes a day of {span(hold.period)} is given before {moment(hold.until)}: {hold.basis}"


def break_words(one: SeriesBreak) -> str:
    """A break in the series."""
    return f"Figures from {day(one.at)} on do not compare with those before: {one.text}"


def provisional_words(question: Question) -> str:
    """When a figure is provisional."""
    rule = question.provisional
    if not rule:
        return "No figure is provisional"
    days = f"{rule.days} day{'s' * (rule.days > 1)}"
    return f"A figure is provisional while the records do not reach {days} past its last day. {sentence(rule.text)}"


def _published(table: PublishedTable) -> Iterator[str]:
    yield f"The figure is read from a published table, {table.name} ({table.source}), not counted from court records"
    yield f"The table counts {table.counts}"
    yield table.basis
    yield published_rows(table)
    yield "What follows is the same count from court records, which stands beside it as a check"


def published_rows(table: PublishedTable) -> str:
    """Which rows of a published table are summed."""
    asked = [
        f"{quoted(s.column)} is {'of Home Office class ' if s.home_office_class else ''}"
        f"{either([quoted(value) for value in s.any])}"
        for s in table.select
    ]
    return f"Its rows are summed by calendar year where {' and '.join(asked)}" if asked else "Its rows are summed"


def evidence_words(kind: EvidenceKind, lists: Lists) -> str:
    """On what a unit of this kind rests."""
    has = f"A result that counts is {codes(lists[kind.has])}"
    if kind.without:
        return f"{has}. No result on the same offence is {codes(lists[kind.without])}."
    return f"{has}. A result on the same offence is {codes(lists[kind.beside])}." if kind.beside else f"{has}."


def note_words(note: Note) -> str:
    """With which figures a note goes."""
    only = [f"include a day of {span(note.period)}"] if note.period else []
    only += [f"are for {name.replace('_', ' ')} {quoted(category)}" for name, category in note.cell]
    only += [f"are counted in {note.unit}s"] if note.unit else []
    return f"only with figures that {either(only, 'and')}" if only else "with every figure"


def tie_break(question: Question) -> str:
    """Which result dates a unit and gives its breakdowns, to the last tie."""
    outcome, unit = question.outcome, question.unit
    lead = f"preferred outcome, then the {'last' if outcome.last else 'first'} " if outcome else ""
    return (
        f"Where several results of one {unit} qualify, the first by {lead}hearing date, then by offence code, "
        f"statement, case, offence and result, dates the {unit} and gives its breakdowns"
    )
