"""The examples of a new question, made from its own codes so that they hold at once.

One for each part of the rule: every offence and every result that counts, what each step drops, once per
unit, the first hearing, the ends of a period, an amendment.
"""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from transform.codelists import CodeEntry
from transform.periods import Period, months, parse_period
from transform.standing import BASE_LENGTH, Standing

USUAL = parse_period("2024Q1")
"""The quarter of the examples where it is not said since when the law is in force."""
_OTHER_RESULTS = ("4506", "2063", "2051", "2006", "1030", "1029")
"""Results that hardly any question counts, the likeliest first: adjourned, withdrawn, dismissed, varied, revoked."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the examples are made from: the entries of the lists, the unit, and whether types are broken down."""

    offences: Sequence[CodeEntry]
    results: Sequence[CodeEntry]
    interim: Sequence[CodeEntry]
    unit: str
    breakdown: str | None
    in_force: date | None


def quarter_of(in_force: date | None) -> Period:
    """The quarter in which the examples are heard: the first that begins after the law came into force."""
    if in_force is None:
        return USUAL
    number = in_force.year * 4 + (in_force.month - 1) // 3 + 1
    return parse_period(f"{number // 4:04}Q{number % 4 + 1}")


def examples(parts: Parts, standing: Standing) -> Iterator[str]:
    """Every example as TOML. The definition is the simple one that `scaffold` writes: offences, then results."""
    quarter = quarter_of(parts.in_force)
    first, second, third = months(quarter)
    day, label = second.first + timedelta(days=5), quarter.label
    offence, result = parts.offences[0].code, parts.results[0].code
    yield example(
        "Every result of the list counts",
        [_row(f"{n}", day, offence, e.code) for n, e in enumerate(parts.results, 1)],
        {label: len(parts.results)},
    )
    by = parts.breakdown
    types = dict.fromkeys(e.category for e in parts.offences)
    cells = {f"{label} {by}={t}": sum(e.category == t for e in parts.offences) for t in types} if by else {}
    yield example(
        "Every code of the offence list counts" + (", under its type" if by else ""),
        [_row(f"{n}", day, e.code, result) for n, e in enumerate(parts.offences, 1)],
        {label: len(parts.offences)} | cells,
    )
    yield example(
        "A result that is not on the list does not count",
        [_row("1", day, offence, other_result(parts, standing))],
        {label: 0},
    )
    yield example(
        "The same result under another offence does not count",
        [_row("1", day, other_offence(parts, standing), result)],
        {label: 0},
    )
    yield from _forms(parts, day, label, result)
    yield from _interim(parts, day, label, offence, result)
    unit = parts.unit
    yield example(
        f"Counted once in a period, by the first hearing that qualifies: one {unit} is one",
        [
            _row("1", first.last - timedelta(days=3), offence, other_result(parts, standing)),
            _row("1", day, offence, result),
            _row("1", third.first + timedelta(days=9), offence, result),
        ],
        {label: 1} | {f"{label} month={m.label}": int(m == second) for m in (first, second, third)} | {third.label: 1},
    )
    yield from _units(unit, day, label, offence, result)
    yield from _tie(parts, day, label, result)
    around = (quarter.first - timedelta(days=1), quarter.first, quarter.last, quarter.last + timedelta(days=1))
    yield example(
        "Both ends of the period are inside, the days around it are not",
        [_row(f"{n}", d, offence, result) for n, d in enumerate(around, 1)],
        {label: 2},
    )
    yield example(
        "A later statement that withdraws the result counts",
        [_row("1", day, offence, result), _row("1", day, stated=2)],
        {label: 0},
    )


def _units(unit: str, day: date, label: str, offence: str, result: str) -> Iterator[str]:
    """What makes two results one unit, or two."""
    both = 1 if unit == "case" else 2
    yield example(
        f"Two defendants on one case are {'one case' if both == 1 else f'two {unit}s'}",
        [_row("1", day, offence, result), _row("1", day, offence, result, defendant="2")],
        {label: both},
    )
    if unit == "application":
        rows = [_row("1", day, offence, result, application=number) for number in ("1", "2")]
        yield example("Two applications about one defendant are two applications", rows, {label: 2})
    if unit == "order":
        rows = [_row("1", day, offence, result, application="1", defendant=number) for number in ("1", "2")]
        yield example("One application about two defendants is two orders", rows, {label: 2})


def _forms(parts: Parts, day: date, label: str, result: str) -> Iterator[str]:
    listed = {e.code for e in parts.offences}
    entry = next((e for e in parts.offences if len(e.code) == BASE_LENGTH and e.code + "A" not in listed), None)
    if entry:
        counts = entry.match == "base"
        name = "A code stands for its forms, like an attempt" if counts else "Codes match exactly: an attempt does not"
        yield example(f"{name} ({entry.code}A)", [_row("1", day, entry.code + "A", result)], {label: int(counts)})


def _interim(parts: Parts, day: date, label: str, offence: str, result: str) -> Iterator[str]:
    if not parts.interim:
        return
    interim = [_row(f"{n}", day, offence, e.code) for n, e in enumerate(parts.interim, 1)]
    yield example("An interim order alone does not count", interim, {label: 0})
    beside = [_row("1", day, offence, parts.interim[0].code), _row("1", day, offence, result)]
    yield example("An order beside an interim order counts once", beside, {label: 1})


def _tie(parts: Parts, day: date, label: str, result: str) -> Iterator[str]:
    """Which type a unit has that has two on one day: that of the lower code."""
    lower = min(parts.offences, key=lambda e: e.code)
    higher = next((e for e in parts.offences if e.category != lower.category), None)
    if not parts.breakdown or higher is None:
        return
    more = {"application": "1"} if parts.unit in ("application", "order") else {}
    yield example(
        "On one day the lower offence code gives the type",
        [_row("1", day, higher.code, result, **more), _row("1", day, lower.code, result, **more)],
        {label: 1} | {f"{label} {parts.breakdown}={e.category}": int(e is lower) for e in (lower, higher)},
    )


def other_result(parts: Parts, standing: Standing) -> str:
    """A result code that is on none of the lists."""
    listed = {e.code for e in (*parts.results, *parts.interim)}
    return next(
        code for code in (*_OTHER_RESULTS, *standing.results) if code in standing.results and code not in listed
    )


def other_offence(parts: Parts, standing: Standing) -> str:
    """The offence code next to the listed ones that none of them matches."""
    listed = {e.code[:BASE_LENGTH] for e in parts.offences}
    codes = sorted(code for code in standing.offences if len(code) == BASE_LENGTH)
    start = bisect_left(codes, parts.offences[-1].code)
    return next(code for code in (*codes[start:], *codes) if code not in listed)


def _row(case: str, hearing: date, offence: str = "", result: str = "", **more: str | int) -> str:
    values: Mapping[str, str | int] = {"case": case} | {k: v for k, v in more.items() if k == "defendant"}
    said = [f"{name} = {json.dumps(value)}" for name, value in values.items()] + [f"hearing = {hearing}"]
    coded = {"offence": offence, "result": result} if offence else {}
    rest = coded | {k: v for k, v in more.items() if k != "defendant"}
    return "{ " + ", ".join([*said, *(f"{name} = {json.dumps(value)}" for name, value in rest.items())]) + " }"


def example(name: str, rows: Sequence[str], expect: Mapping[str, int]) -> str:
    """One example as TOML."""
    figures = ", ".join(f"{json.dumps(key)} = {value}" for key, value in expect.items())
    given = "".join(f"  {row},\n" for row in rows)
    said = json.dumps(name, ensure_ascii=False)
    return f"[[example]]\nname   = {said}\ngiven  = [\n{given}]\nexpect = {{ {figures} }}\n"
