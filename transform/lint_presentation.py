"""The linter's checks of what goes with a question's figures: dates, breakdowns, notes, the words around them."""

import re
from collections.abc import Iterator
from datetime import date

from transform.breakdowns import OUTCOME
from transform.definition import Question
from transform.examples import expected_cell
from transform.findings import INFO, WARNING, Context, Hit, Kind
from transform.lint_rules import counted, is_generic
from transform.lint_snippets import KEEP_RESULTS
from transform.toml_places import Path

UNIT_WORDS: dict[str, tuple[str, ...]] = {
    "case": ("case", "cases"),
    "defendant": ("defendants", "offenders", "people", "persons", "subjects", "men", "women", "respondents"),
    "application": ("applications",),
    "order": ("orders",),
}
"""What a sentence calls each unit."""
_LONG = ("year", "financial_year")
_MANY = 3
"""So many breakdowns at once make small cells, whichever they are."""


def _period_before_act(question: Question, _context: Context) -> Iterator[Hit]:
    begins = question.in_force
    if begins is None:
        return
    spoken: list[tuple[Path, str, date]] = []
    spoken += [(("hold", n, "period"), "the hold", hold.period.last) for n, hold in enumerate(question.holds)]
    spoken += [(("note", n, "when", "period"), "the note", note.period.last)
               for n, note in enumerate(question.notes) if note.period]  # fmt: skip
    spoken += [(("series_break", n, "at"), "the break", one.at) for n, one in enumerate(question.breaks)]
    for n, step in enumerate(question.steps):
        way = "drop" if step.drop else "keep"
        if step.hearing and step.hearing.last:
            spoken.append((("step", n, way, "hearing"), f"step {step.name!r}", step.hearing.last))
        if step.hearing and step.hearing.first and not step.drop:
            spoken.append((("step", n, way, "hearing"), f"step {step.name!r}", step.hearing.first))
    for n, example in enumerate(question.examples):
        for key, figure in example.expect.items():
            if isinstance(figure, int) and figure > 0:
                last = expected_cell(key).period.last
                spoken.append((("example", n, "expect", key), f"the figure of {key!r}", last))
    for path, what, day in spoken:
        if day < begins:
            yield Hit(path, f"{what} is about {day}, before {question.act} was in force ({begins})")


def _in_force_missing(question: Question, _context: Context) -> Iterator[Hit]:
    days = [entry.valid_from for _, entry in counted(question, "offence")]
    if question.in_force is None and days and all(days):
        earliest = min(day for day in days if day)
        what = f"every offence code has a first day, the earliest is {earliest}, but there is no `in_force`"
        yield Hit(("id",), what)


def _small_group(question: Question, _context: Context) -> Iterator[Hit]:
    default = question.breakdowns.default
    for group, combinations in (("default", default), ("allowed", question.breakdowns.allowed)):
        for combination in combinations:
            if group == "allowed" and combination in default:
                continue
            if not _small(combination):
                continue
            counted_always = group == "default" and question.release is not None
            path = _combination_path(question, group, combination)
            what = f"by {' and '.join(combination)} most cells are small"
            remedy = "" if group == "default" else "Such cells must pass disclosure control before they go out"
            yield Hit(path, what, remedy, WARNING if counted_always else INFO)


def _small(combination: tuple[str, ...]) -> bool:
    by_force = "police_force" in combination and any(n not in ("police_force", *_LONG) for n in combination)
    return "court" in combination or by_force or len(combination) >= _MANY


def _combination_path(question: Question, group: str, combination: tuple[str, ...]) -> Path:
    """Where a combination stands; the loader has taken out repetitions and put the default ones first."""
    import tomllib

    written = [tuple(names) for names in tomllib.loads(question.text)["breakdowns"].get(group, [])]
    return ("breakdowns", group, written.index(combination))


def _breakdown_unused(question: Question, _context: Context) -> Iterator[Hit]:
    used = {name for combination in question.breakdowns.allowed for name in combination}
    for place, declared in enumerate(question.breakdowns.declared):
        if declared.name not in used:
            what = f"no combination of [breakdowns] names {declared.name!r}"
            yield Hit(("breakdown", place), what, f'Add ["{declared.name}"] to `default` or `allowed`')
    if question.outcome and OUTCOME not in used:
        what = "units have outcomes, and no combination of [breakdowns] names them"
        yield Hit(("outcome",), what, 'Add ["outcome"] to `default` or `allowed`')


def _note_never_shown(question: Question, _context: Context) -> Iterator[Hit]:
    for place, note in enumerate(question.notes):
        if note.unit and note.unit not in question.units:
            what = f"the question is not counted in {note.unit}s"
            yield Hit(("note", place, "when", "unit"), what, f"Its units are: {', '.join(question.units)}")
        names = {name for name, _ in note.cell}
        if names and not any(names <= set(combination) for combination in question.breakdowns.allowed):
            yield Hit(("note", place, "when"), f"the question is not broken down by {' and '.join(sorted(names))}")


def _no_notes(question: Question, _context: Context) -> Iterator[Hit]:
    if not any(not note.bound for note in question.notes):
        what = "no note goes with every figure" if question.notes else "no note goes with the figures"
        yield Hit(("note", 0) if question.notes else ("id",), what)


def _no_schedule(question: Question, _context: Context) -> Iterator[Hit]:
    if question.schedule is None:
        yield Hit(("id",), "there is no [schedule], so it is counted by hand only")


def _evidence_missing(question: Question, context: Context) -> Iterator[Hit]:
    if question.evidence or question.outcome:
        return
    found = [(name, e) for name, e in counted(question, "result")]
    generic = [(name, e) for name, e in found if is_generic(e, context.standing)]
    if generic and len(generic) < len(found):
        place = next(p for p, s in enumerate(question.steps) if s.result == generic[0][0])
        what = f"{generic[0][1].code!r} counts beside the order's own codes, and nothing says how often it decides"
        yield Hit(("step", place), what)


def _asks_other_unit(question: Question, _context: Context) -> Iterator[Hit]:
    called = {word: unit for unit, some in UNIT_WORDS.items() for word in some}
    for pair in re.findall(r"how many (\w+)(?: (\w+))?", question.asks.casefold()):
        word = next((word for word in pair if word in called), None)
        if word and called[word] not in question.units:
            yield Hit(("asks",), f"`asks` speaks of {word}, but {question.unit}s are counted")


def _owner_is_a_person(question: Question, _context: Context) -> Iterator[Hit]:
    if "@" in question.owner:
        yield Hit(("owner",), "the owner is an address")


COMPANY = (
    Kind(
        "period-before-act", WARNING,
        "Something speaks of days before the Act was in force",
        "Before its Act was in force no such order could be made. A record that says so is wrong, and a hold, note or "
        "example about such days is a slip in a date.",
        "Correct the date, or `in_force`",
        'in_force = 2020-01-20\nact = "Stalking Protection Act 2019"\n\n'
        '[[hold]]\nperiod = "2019"\nuntil = 2020-05-21T09:30:00+01:00\nbasis = "FOIA s.22"\n',
        'in_force = 2020-01-20\nact = "Stalking Protection Act 2019"\n\n'
        '[[hold]]\nperiod = "2020Q1"\nuntil = 2020-05-21T09:30:00+01:00\nbasis = "FOIA s.22"\n',
        _period_before_act,
    ),
    Kind(
        "in-force-missing", WARNING,
        "The codes say since when they are used, but the question does not say since when there are such orders",
        "`in_force` keeps figures from being asked about days on which there could be none, and is shown to readers.",
        "Add in_force = and act =, most often with the earliest valid_from of the offence list",
        'title = "Orders granted"\n', 'title = "Orders granted"\nin_force = 2020-01-20\nact = "The Act"\n',
        _in_force_missing,
    ),
    Kind(
        "small-group", WARNING,
        "A breakdown would give figures about a few people",
        "By court, by police force and month, or by three breakdowns at once most cells are below 5, and a figure of 1 "
        "or 2 can tell a neighbour who it was. Such cells must pass disclosure control before they go out.",
        "Count it on request only (`allowed`), or by a longer time or a larger area",
        '[breakdowns]\ndefault = [["court", "month"]]\n\n[release]\nstream = "management-information"\n',
        '[breakdowns]\ndefault = [["region", "quarter"]]\n\n[release]\nstream = "management-information"\n',
        _small_group,
    ),
    Kind(
        "breakdown-unused", WARNING,
        "A breakdown is declared and can never be asked for",
        "Only combinations in [breakdowns] are counted. What none of them names is never shown.",
        "Name it in `default` or `allowed`, or remove it",
        '[[breakdown]]\nname = "application_type"\nlabel = "Type"\nlist = "spo-applications"\n',
        '[[breakdown]]\nname = "application_type"\nlabel = "Type"\nlist = "spo-applications"\n\n'
        '[breakdowns]\ndefault = [["application_type"]]\n',
        _breakdown_unused,
    ),
    Kind(
        "note-never-shown", WARNING,
        "A note goes with figures that are never counted",
        "Its condition names categories that no combination of breakdowns has together, a unit that is not counted or "
        "days that never come, so nobody would ever read it.",
        "Correct the condition, or allow the breakdown",
        '[breakdowns]\ndefault = [["month"]]\n\n[[note]]\ntext = "Few."\nwhen = { police_force = "01" }\n',
        '[breakdowns]\ndefault = [["police_force"]]\n\n[[note]]\ntext = "Few."\nwhen = { police_force = "01" }\n',
        _note_never_shown,
    ),
    Kind(
        "no-notes", WARNING,
        "No note goes with the figures",
        "A figure from a live system without its caveats is taken for an official statistic. At the least say what is "
        "counted and that later counts can differ.",
        "Add [[note]] with what a reader must know",
        'title = "Orders granted"\n', '[[note]]\ntext = "Taken from a live system; figures can change over time."\n',
        _no_notes,
    ),
    Kind(
        "no-schedule", INFO,
        "The question is counted by hand only",
        "Without [schedule] it is in no deployment and its figures age unseen.",
        "Add [schedule], where it is to be counted regularly",
        'title = "Orders granted"\n', '[schedule]\ncron = "0 6 * * 1"\nperiod = "last complete quarter"\n',
        _no_schedule,
    ),
    Kind(
        "evidence-missing", INFO,
        "Sure and unsure results are counted together, and nothing says how many rest on which",
        'A result code of the order itself is sure; "Granted" is what the court said about something. Readers ask how '
        "many units rest on the second alone.",
        "Add [[evidence]]: one kind for the order's own codes, one for the others",
        KEEP_RESULTS, '[[evidence]]\nname = "order"\nlabel = "The order was recorded"\nhas = "spo-order"\n',
        _evidence_missing,
    ),
    Kind(
        "asks-other-unit", WARNING,
        "The question asks for one unit and another is counted",
        "One order can be about two defendants, and one case can hold two orders. A number of cases read as a number "
        "of people is a wrong answer.",
        "Change `asks`, or the unit",
        'asks = "How many offenders were given an order?"\n\n'
        '[count]\nunit = "case"\ndate = "hearing_date"\nonce = "first in period"\n',
        'asks = "In how many cases was an order made?"\n\n'
        '[count]\nunit = "case"\ndate = "hearing_date"\nonce = "first in period"\n',
        _asks_other_unit,
    ),
    Kind(
        "owner-is-a-person", WARNING,
        "The owner is an address of a person",
        "People move on and definitions stay; and definitions go out to the public.",
        "Name the team",
        'owner = "a.person@example.org"\n', 'owner = "courts-mi"\n',
        _owner_is_a_person,
    ),
    Kind(
        "accept-not-needed", WARNING,
        "A finding is accepted that is not there",
        "It was mended, or never was. Left in place it would hide the finding when it comes back for another reason.",
        "Remove this [[accept]]",
        '[[accept]]\nfinding = "no-notes"\nbecause = "None is needed."\n\n[[note]]\ntext = "Provisional."\n',
        '[[note]]\ntext = "Provisional."\n', acceptable=False,
    ),
    Kind(
        "accept-unknown", WARNING,
        "A finding is accepted that does not exist or cannot be accepted",
        "Faults of the file, and what has nothing to do with one question, have to be mended.",
        "Name a finding of this page",
        '[[accept]]\nfinding = "no-note"\nbecause = "A draft."\n',
        '[[accept]]\nfinding = "no-notes"\nbecause = "A draft."\n', acceptable=False,
    ),
)  # fmt: skip
