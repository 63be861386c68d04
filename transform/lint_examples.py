"""The linter's checks of a question's examples: the rule is changed a little, and an example has to notice."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from transform.breakdowns import OUTCOME
from transform.codelists import CodeEntry, CodeList
from transform.contract import TransformError
from transform.definition import Outcome, Question, Step
from transform.findings import ERROR, INFO, WARNING, Context, Hit, Kind, ListLine
from transform.lint_bench import Bench, Row, matches
from transform.lint_snippets import SPO, example_text, list_text, row_text
from transform.periods import Period
from transform.toml_places import Path

_NOBODY = "-"
"""A source that no row has."""
_OTHER_UNIT = {"case": "defendant", "defendant": "case", "application": "defendant", "order": "application"}


def example_hits(question: Question, context: Context) -> Iterator[tuple[str, Hit]]:
    """Every finding about the examples, with the id of its kind.

    Where an example fails as things stand, nothing can be said about what changed rules would do.
    """
    bench = Bench(question)
    failed = list(bench.disagreements(question))
    for n, key, expected, got in failed:
        what = f"example {question.examples[n].name!r} expects {expected} for {key!r} and gets {got}"
        yield "example-fails", Hit(("example", n, "expect", key), what)
    if failed:
        return
    if not any(isinstance(v, int) and v > 0 for e in question.examples for v in e.expect.values()):
        yield "nothing-counted", Hit(("example", 0), "every example expects zero")
    yield from (("step-without-example", hit) for hit in _steps(bench))
    yield from (("preference-without-example", hit) for hit in _preferences(bench))
    yield from (("tie-break-without-example", hit) for hit in _tie_breaks(bench))
    yield from (("unit-without-example", hit) for hit in _units(bench))
    yield from (("code-without-example", hit) for hit in _codes(bench, thorough=context.thorough))


def _noticed(
    bench: Bench, changed: Question, among: Collection[int] | None = None, *, cells_first: bool = False
) -> bool:
    try:
        return next(bench.disagreements(changed, among, cells_first=cells_first), None) is not None
    except TransformError:
        return True  # without it the question cannot be counted at all


def _steps(bench: Bench) -> Iterator[Hit]:
    """Steps, and conditions of a step with several, that can be left out unnoticed."""
    steps = bench.question.steps
    for n, step in enumerate(steps):
        path: Path = ("step", n, "drop" if step.drop else "keep")
        # It stays as a step that keeps all, because the statement needs a first step.
        idle = Step(step.name, source=(_NOBODY,), drop=True)
        if not _noticed(bench, _with_step(bench.question, n, idle)):
            yield Hit(path, f"no example would notice if the step {step.name!r} were left out")
            continue
        fields = [name for name in Step.__dataclass_fields__ if name not in ("name", "drop")]
        asked = [name for name in fields if getattr(step, name) not in (None, ())]
        for name in asked if len(asked) > 1 else ():
            without = replace(step, **_nothing_asked(name))
            if not _noticed(bench, _with_step(bench.question, n, without)):
                what = f"no example would notice if `{name}` of the step {step.name!r} were left out"
                yield Hit((*path, name), what)


def _nothing_asked(name: str) -> dict[str, Any]:
    """The field of a step as it is where nothing is asked of it."""
    return {name: Step.__dataclass_fields__[name].default}


def _with_step(question: Question, place: int, step: Step) -> Question:
    return replace(question, steps=(*question.steps[:place], step, *question.steps[place + 1 :]))


def _preferences(bench: Bench) -> Iterator[Hit]:
    """Neighbours of the outcomes' order that can be swapped unnoticed; only a case with both can notice."""
    outcome = bench.question.outcome
    if outcome is None:
        return
    entries = bench.question.lists[outcome.list].entries
    for n, (first, second) in enumerate(pairwise(outcome.prefer)):
        both = set()
        for place, rows in enumerate(bench.rows):
            seen: dict[str, set[str]] = defaultdict(set)
            for row in rows:
                seen[row["case_key"]] |= {e.category for e in entries if matches(e, row)}
            if any({first, second} <= categories for categories in seen.values()):
                both.add(place)
        order = (*outcome.prefer[:n], second, first, *outcome.prefer[n + 2 :])
        changed = replace(bench.question, outcome=replace(outcome, prefer=order))
        if not both or not _noticed(bench, changed, both, cells_first=True):
            what = f"no example shows that {first!r} comes before {second!r}"
            yield Hit(("outcome", "prefer", n + 1), what)


def _tie_breaks(bench: Bench) -> Iterator[Hit]:
    """The other hearing taken unnoticed, and breakdowns by a list without a unit of two categories on one day."""
    question = bench.question
    named = {name for combination in question.breakdowns.allowed for name in combination}
    if not named - {OUTCOME}:
        return  # no figure depends on which result is taken
    later = {place for place, rows in enumerate(bench.rows) if _days_of_a_case(rows) > 1}
    if question.outcome:
        changed = replace(question, outcome=replace(question.outcome, last=not question.outcome.last))
        path: Path = ("outcome", "tie_break")
    else:  # an outcome that nothing has, of which the last hearing is taken
        nothing = CodeList("lint-nothing", (CodeEntry("0000", "cjs", "", "none", None, None, ""),))
        changed = replace(
            question,
            outcome=Outcome(nothing.id, "", ("none",), last=True),
            lists={**question.lists, nothing.id: nothing},
        )
        path = ("count", "once")
    if not later or not _noticed(bench, changed, later, cells_first=True):
        which = "last" if question.outcome and question.outcome.last else "first"
        yield Hit(path, f"no example shows that the {which} of several hearings gives the breakdown")
    for place, declared in enumerate(question.breakdowns.declared):
        entries = question.lists[declared.list].entries
        if declared.name in named and len({e.category for e in entries}) > 1:
            using = {n for (n, _), asked in bench.asked.items() if declared.name in dict(asked.cell)}
            if not any(_tied(bench.rows[n], entries) for n in using):
                what = f"no example shows which {declared.name} a unit with two of them on one day gets"
                remedy = f"Add an example of one unit with two results on one day, and expect {declared.name}=..."
                yield Hit(("breakdown", place), what, remedy, INFO)


def _days_of_a_case(rows: list[Row]) -> int:
    days: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        days[row["case_key"]].add(row["hearing_date"])
    return max((len(found) for found in days.values()), default=0)


def _tied(rows: list[Row], entries: tuple[CodeEntry, ...]) -> bool:
    found: dict[tuple[str, date], set[str]] = defaultdict(set)
    for row in rows:
        found[row["case_key"], row["hearing_date"]] |= {e.category for e in entries if matches(e, row)}
    return any(len(categories) > 1 for categories in found.values())


def _units(bench: Bench) -> Iterator[Hit]:
    """Units whose figures would be the same in another unit: the main one, and those counted beside it."""
    question = bench.question
    for place, unit in enumerate(question.units):
        other = question.unit if place else _OTHER_UNIT[unit]
        if not _differs(bench, unit, other):
            path: Path = ("count", "also", place - 1) if place else ("count", "unit")
            yield Hit(path, f"no example gives another figure in {unit}s than in {other}s")


def _differs(bench: Bench, unit: str, other: str) -> bool:
    """Whether an expected figure in one unit would be another number in the other."""
    totals: dict[Period, Counter[int]] = {}
    for (n, key), asked in bench.asked.items():
        expected = bench.question.examples[n].expect[key]
        if (asked.unit or bench.question.unit) != unit or not isinstance(expected, int) or expected == 0:
            continue
        if asked.cell:
            got = bench.figures(bench.question, asked.period, other, [(n, key)], n)[n, key]
        else:
            if asked.period not in totals:
                totals[asked.period] = bench.total(bench.question, asked.period, other)
            got = totals[asked.period][n]
        if got != expected:
            return True
    return False


def _codes(bench: Bench, *, thorough: bool) -> Iterator[Hit]:
    """Codes of the steps' lists that no row of an example has; thoroughly: that can be left out unnoticed."""
    question = bench.question
    for name in dict.fromkeys(n for step in question.steps for n in (step.offence, step.result) if n):
        entries = question.lists[name].entries
        for entry in entries:
            having = {n for n, rows in enumerate(bench.rows) if any(matches(entry, row) for row in rows)}
            rest = CodeList(name, tuple(e for e in entries if e is not entry))
            changed = replace(question, lists={**question.lists, name: rest})
            if not having or (thorough and not _noticed(bench, changed, having)):
                yield Hit(ListLine(name, entry.line), f"no example would notice if {entry.code!r} were left out")


EXAMPLES = (
    Kind(
        "example-fails", ERROR,
        "An example does not come out as written",
        "The examples say what the rule means. Either the rule does something else, or the example is wrong; no figure "
        "goes out before they agree.",
        "See which step decides: courtstats test QUESTION",
        example_text("An interim order alone is not an order", '"2020Q1" = 1', row_text("3306")),
        example_text("An interim order alone is not an order", '"2020Q1" = 0', row_text("3306")),
        acceptable=False,
    ),
    Kind(
        "nothing-counted", WARNING,
        "Every example expects zero",
        "A rule that counts nothing would pass them all.",
        "Add an example of a unit that counts",
        example_text("A refusal does not count", '"2020Q1" = 0', row_text("RFSD")),
        example_text("An order counts", '"2020Q1" = 1', row_text("3307")),
    ),
    Kind(
        "step-without-example", WARNING,
        "No example would notice if a step, or one of its conditions, were left out",
        "Each was left out in turn and all examples came out the same. So nothing shows what it is for, and nothing "
        "would notice when it stops working.",
        "Add an example with a row that only this takes out, and expect that it is not counted",
        example_text("An order counts", '"2020Q1" = 1', row_text("3307")),
        example_text("A refusal does not count", '"2020Q1" = 0', row_text("RFSD")),
    ),
    Kind(
        "preference-without-example", WARNING,
        "No example shows which of two outcomes comes first",
        "Two neighbours of `prefer` were swapped and all examples came out the same. The order decides the outcome of "
        "every unit that has both.",
        "Add an example of one unit with both outcomes",
        example_text("Granted", '"2020Q1 outcome=granted" = 1', row_text("Granted")),
        example_text("Granted, then refused", '"2020Q1 outcome=granted" = 1', row_text("Granted"), row_text("RFSD")),
    ),
    Kind(
        "tie-break-without-example", WARNING,
        "No example shows which result decides the breakdown of a unit with several",
        "The last hearing was taken in place of the first (or the other way round) and all examples came out the same. "
        "It decides the month, the court and the type of every unit with several hearings.",
        "Add an example of one unit with two hearings in two months of a period, and expect figures by month",
        example_text("An order counts", '"2020Q1" = 1', row_text("3307")),
        example_text(
            "The first hearing gives the month", '"2020Q1 month=2020-02" = 1, "2020Q1 month=2020-03" = 0',
            row_text("3307"), row_text("3307", "2020-03-03"),
        ),
    ),
    Kind(
        "unit-without-example", WARNING,
        "No example shows what a unit is",
        "Counted in another unit all examples came out the same. A case with two defendants is one case and two "
        "defendants, and a reader has to see which is meant.",
        "Add an example in which the units differ: two defendants of one case, two applications, two orders",
        example_text("An order counts", '"2020Q1" = 1', row_text("3307")),
        example_text(
            "Two defendants are one case", '"2020Q1" = 1',
            row_text("3307"), row_text("3307", defendant="2"),
        ),
    ),
    Kind(
        "code-without-example", INFO,
        "No example would notice if a code were left out of its list",
        "A code that no example uses can be lost without anybody seeing it.",
        "Add a row with this code to an example, where the code is important",
        list_text(SPO), example_text("An order counts", '"2020Q1" = 1', row_text("3307")),
    ),
)  # fmt: skip
