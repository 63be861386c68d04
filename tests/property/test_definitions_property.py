"""On random definitions and random histories the engine gives what a slow, plain reading of the rules gives.

A definition is drawn as the text of its file and of its code lists and read by the loader, so that what
fails here can be written into files as it stands. The reference is `slow_reference.py` beside this file.
"""

import importlib.util
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from extract.contract import RECORDS, text_digest
from transform.answers import SET_ASIDE
from transform.breakdowns import PLACE_BREAKDOWNS, SEEN_BREAKDOWNS, TIME_BREAKDOWNS
from transform.codelists import HEADER, parse_code_list
from transform.contract import Answer, TransformError
from transform.definition import UNITS, Question
from transform.engines.duckdb import Records, count, count_series, units
from transform.periods import SERIES, Period, parse_period, series
from transform.questions import read_question
from transform.rules import RULES

_spec = importlib.util.spec_from_file_location("slow_reference", Path(__file__).with_name("slow_reference.py"))
assert _spec and _spec.loader
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

KEY = b"a key for tests"
NOW = datetime(2021, 6, 1, tzinfo=UTC)
DAY_0 = datetime(2021, 5, 1, tzinfo=UTC)
LONG = os.environ.get("LONG_TESTS") == "1"

# --- definitions -------------------------------------------------------------------------------------

OFFENCE_ENTRIES = [
    ("ST19501", "offence"),
    ("ST19501", "base"),
    ("PH97010", "base"),
    ("ST19502", "offence"),
    ("PH97010E", "offence"),
    ("PH97010", "offence"),
]
RESULT_ENTRIES = [
    ("3307", "cjs"),
    ("Granted", "text"),
    ("G", "short"),
    ("3306", "cjs"),
    ("SPO", "short"),
    ("Stalking  Protection ORDER", "text"),
    ("1000", "cjs"),
    ("RFSD", "short"),
    ("g - granted", "text"),
]
CATEGORIES = ["one", "two", "one", "three"]
OFFENCE_LISTS, RESULT_LISTS = ["offences-a", "offences-b"], ["results-a", "results-b", "results-c"]
STEP_NAME = "Step {}: '$to', \"{{{{unit}}}}\" -- and so on; */"
"""A name is part of the statement's comments and must not be read as anything else."""
HOLDS = ["2020-02", "2020-01-10..2020-01-20", "2020-02-29", "2019", "2020Q1", "2020-03-31..2020-04-01"]
ENDS = [NOW + timedelta(hours=1), NOW, NOW - timedelta(days=1)]


@dataclass(frozen=True)
class Definition:
    """The text of a question file, those of its code lists, and the breakdowns to ask for (`None`: the default)."""

    text: str
    lists: dict[str, str]
    by: list[list[str]] | None

    def question(self) -> Question:
        """As the loader reads it; what the loader does not take is a failure of the test."""
        lists = {}
        for name, text in self.lists.items():
            lists[name], faults = parse_code_list(text, name, f"{name}.csv")
            assert not faults
        return read_question(self.text, "drawn", lists)


@st.composite
def code_list_texts(draw: st.DrawFn, entries: list[tuple[str, str]], few: bool = False) -> str:
    least, most = (1, 2) if few else (3, len(entries))
    chosen = draw(st.lists(st.sampled_from(entries), min_size=least, max_size=most, unique=True))
    rows = [f"{code},{match},A title,{draw(st.sampled_from(CATEGORIES))},,,a test" for code, match in chosen]
    return "\n".join([",".join(HEADER), *rows]) + "\n"


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml(one)}" for name, one in value.items()) + " }"
    return f"{value}" if isinstance(value, date) else json.dumps(value)


def some(values: list[str]) -> st.SearchStrategy[Any]:
    """One value, or a list of them."""
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


def windows(days: list[date]) -> st.SearchStrategy[Any]:
    first, last = days[: len(days) // 2], days[len(days) // 2 :]
    return (
        st.sampled_from(first).map(lambda d: {"from": d})
        | st.sampled_from(last).map(lambda d: {"to": d})
        | st.builds(lambda a, b: {"from": a, "to": b}, st.sampled_from(first), st.sampled_from(last))
    )


CONDITIONS: dict[str, st.SearchStrategy[Any]] = {
    "offence": st.sampled_from(OFFENCE_LISTS),
    "result": st.sampled_from(RESULT_LISTS),
    "level": some(["OFFENCE", "APPLICATION", "CASE"]),
    "source": some(["spi", "mi", "other"]),
    "system": some(["B00LIBRA", "C00CommonPlatform", "MI"]),
    "court": some(["B01DU", "B20AB"]),
    "force": some(["01", "02", "XX"]),
    "finding": some(["G", "NG"]),
    "final_disposal": st.booleans(),
    "convicted": st.booleans(),
    "hearing": windows([date(2020, 1, 31), date(2020, 2, 1), date(2020, 2, 29), date(2020, 12, 31)]),
    "conviction": windows([date(2019, 12, 31), date(2020, 1, 15), date(2020, 2, 29), date(2020, 3, 1)]),
    "rule": st.sampled_from(list(reference.NAMED_RULES)),
}

FEW: dict[str, st.SearchStrategy[Any]] = {
    "offence": st.just("few-offences"),
    "result": st.just("few-results"),
    "hearing": st.sampled_from([{"from": date(2020, 3, 1)}, {"to": date(2020, 1, 15)}]),
}
"""What is dropped where a condition that is as wide as what is kept would leave nothing."""


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """1 to 4 steps; the first says which codes are looked for, and mostly that is all it says."""
    first = draw(st.sampled_from([["offence"], ["offence"], ["result"], ["offence", "result"]]))
    kept = [("keep", {name: draw(CONDITIONS[name]) for name in first})]
    if draw(st.sampled_from([False, False, False, True])):
        name = draw(st.sampled_from(list(CONDITIONS)))
        kept[0][1].setdefault(name, draw(CONDITIONS[name]))
    if draw(st.sampled_from([True, True, False])):
        kept.append(("keep", {"result": draw(CONDITIONS["result"])}))
    for _ in range(draw(st.sampled_from([0, 1, 4 - len(kept)]))):
        names = draw(st.lists(st.sampled_from(list(CONDITIONS)[::-1]), min_size=1, max_size=2, unique=True))
        way = draw(st.sampled_from(["drop", "keep"]))
        ways = CONDITIONS | (FEW if way == "drop" else {})
        kept.append((way, {name: draw(ways[name]) for name in names}))
    return kept


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    lists = {name: draw(code_list_texts(OFFENCE_ENTRIES)) for name in OFFENCE_LISTS}
    lists |= {name: draw(code_list_texts(RESULT_ENTRIES)) for name in RESULT_LISTS}
    lists |= {"few-offences": draw(code_list_texts(OFFENCE_ENTRIES, few=True))}
    lists |= {"few-results": draw(code_list_texts(RESULT_ENTRIES, few=True))}
    rule = draw(steps())
    kept = {k: [c[k] for way, c in rule if way == "keep" and k in c] for k in ("offence", "result")}
    in_units = draw(st.permutations([u for u in UNITS if u != "order" or kept["result"]]))
    head = {"schema": "courtstats/question@1", "id": "drawn", "title": "Drawn", "asks": "?", "owner": "tests"}
    lines = [f"{name} = {toml(value)}" for name, value in head.items()]
    lines += ["[count]", f"unit = {toml(in_units[0])}", f"also = {toml(in_units[1:])}"]
    lines += ['date = "hearing_date"', 'once = "first in period"']
    for number, (way, condition) in enumerate(rule, 1):
        lines += ["[[step]]", f"name = {toml(STEP_NAME.format(number))}", f"{way} = {toml(condition)}"]
    names = [*TIME_BREAKDOWNS, *PLACE_BREAKDOWNS]
    if kept["result"] and draw(st.sampled_from([False, True, True])):
        chosen = draw(st.sampled_from(kept["result"]))
        prefer = draw(st.permutations(sorted({row.split(",")[3] for row in lists[chosen].splitlines()[1:]})))
        tie_break = draw(st.sampled_from(["first hearing", "last hearing"]))
        lines += ["[outcome]", f"list = {toml(chosen)}", f"prefer = {toml(prefer)}", f"tie_break = {toml(tie_break)}"]
        names.insert(0, "outcome")
    if kept["offence"]:
        lines += ["[[breakdown]]", 'name = "kind_of"', 'label = "Kind"', f"list = {toml(kept['offence'][-1])}"]
        names.insert(0, "kind_of")
    beside = list(rule[0][1]) == ["offence"]  # the loader asks for a first step that keeps offences alone
    for number in range(1, draw(st.integers(0, 3)) + 1):
        lines += ["[[evidence]]", f'name = "kind-{number}"', f'label = "Kind {number}"']
        lines.append(f"has = {toml(draw(CONDITIONS['result']))}")
        if beside and (other := draw(st.sampled_from(["beside", "without", None]))):
            lines.append(f"{other} = {toml(draw(CONDITIONS['result']))}")
    declared = draw(st.lists(combinations(names), min_size=2, max_size=5, unique_by=frozenset))
    at = draw(st.integers(0, len(declared)))
    lines += ["[breakdowns]", f"default = {toml(declared[:at])}", f"allowed = {toml(declared[at:])}"]
    for period in (
        draw(st.lists(st.sampled_from(HOLDS), max_size=2)) if draw(st.sampled_from([False, False, True])) else []
    ):
        until = draw(st.sampled_from(ENDS)).isoformat()
        lines += ["[[hold]]", f"period = {toml(period)}", f"until = {until}", 'basis = "a test"']
    lines += ["[[example]]", 'name = "Nothing landed"', "given = []", 'expect = { 2020 = "no data" }']
    asked = [draw(st.permutations(one)) for one in declared]
    return Definition("\n".join(lines) + "\n", lists, draw(st.sampled_from([asked, asked, asked, None])))


@st.composite
def combinations(draw: st.DrawFn, names: list[str]) -> list[str]:
    """One to three different breakdowns, at most one of them by time, and none where one is of what was seen."""
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    clocks = [name for name in chosen if name in TIME_BREAKDOWNS]
    return [name for name in chosen if name not in clocks[0 if {*SEEN_BREAKDOWNS} & {*chosen} else 1 :]]


# --- histories ---------------------------------------------------------------------------------------

NEAR = [date(2020, m, d) for m, d in ((2, 1), (1, 15), (1, 31), (2, 29), (3, 31), (1, 1), (4, 1))]
FAR = [date(2020, 6, 30), date(2020, 7, 1), date(2019, 12, 31), date(2020, 12, 31), date(2019, 4, 1), date(2019, 3, 31)]
DAYS = [*NEAR, *NEAR, *FAR]
OFFENCES = ["ST19501", "ST19501", "PH97010", "PH97010E", "ST19502", "ST19501A", "PH97010B", "XX001"]
RESULTS = [  # CJS code, short code, normalised text
    ("3307", None, None),
    (None, None, "granted"),
    (None, "G", "granted"),
    ("3306", None, "granted"),
    ("3307", "SPO", "stalking protection order"),
    ("1000", None, "g - granted"),
    ("1000", "SPO", None),
    (None, "RFSD", "refused"),
    (None, None, "bail granted"),
    ("4506", "G", "granted"),
    (None, None, None),
]
CASES = ["urn:A", "urn:A", "urn:A", "urn:B", "urn:B", "case:mi:C", "payload:D"]
STATEMENT = {
    "stated_at": st.integers(0, 2).map(lambda n: DAY_0 + timedelta(days=n)),
    "received_at": st.integers(0, 2).map(lambda n: DAY_0 + timedelta(days=n)),
    "landed_batch": st.integers(1, 3),
    "payload_hash": st.sampled_from(["aa", "ab"]),
    "case_index": st.integers(1, 2),
}
OF_SOURCE = {
    "source_name": st.sampled_from(["spi", "mi"]),
    "source_system": st.sampled_from(["B00LIBRA", "C00CommonPlatform", None]),
}
FORMATS = st.sampled_from(["spi", "table", "spi", "common-platform"])
OF_CASE = {
    "case_key": st.sampled_from(CASES),
    "court_ou_code": st.sampled_from(["B01DU00", "B20AB01", "B01DU", None]),
    "police_force": st.sampled_from(["01", "02", "01", "10", "93", "08", "XX", None]),
    "defendant_key": st.sampled_from(["asn:1", "asn:2", "payload:1", None]),
}
OF_OFFENCE = {
    "offence_code": st.sampled_from(OFFENCES),
    "application_key": st.sampled_from([None, None, "app:1", "app:2"]),
    "level": st.sampled_from(["OFFENCE", "OFFENCE", "APPLICATION", None]),
    "finding": st.sampled_from(["G", None, "NG", "g"]),
    "conviction_date": st.sampled_from([None, date(2020, 1, 15), date(2020, 3, 1), date(2019, 12, 31)]),
    "final_disposal": st.sampled_from([True, True, None, False]),
}


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Statements about a few keys: amendments, empty ones, weak cases, ties of every depth, late arrivals."""
    found: list[dict[str, Any]] = []
    for k in range(draw(st.sampled_from([3, 6, 9, 12, 1]))):
        source = draw(st.fixed_dictionaries(OF_SOURCE | {"source_format": FORMATS}))
        key = source | {"statement_key": f"key {k}", "hearing_date": draw(st.sampled_from(DAYS))}
        case = draw(st.fixed_dictionaries(OF_CASE))
        told: set[tuple[Any, ...]] = set()
        for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
            place = draw(st.fixed_dictionaries(STATEMENT))
            if tuple(place.values()) in told:
                continue  # the store never holds one statement twice
            told.add(tuple(place.values()))
            base = key | place | {"statement_complete": draw(st.integers(0, 4)) < 4}
            found += draw(statements(base, case))
    return draw(st.permutations(found))


@st.composite
def statements(draw: st.DrawFn, base: dict[str, Any], case: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of one statement. In a table and a shared hearing each row says its own case and defendant."""
    table, hearing = (base["source_format"] == name for name in ("table", "common-platform"))
    found: list[dict[str, Any]] = []
    for number in range(1, draw(st.sampled_from([1, 2, 3, 0])) + 1):
        offence = draw(st.fixed_dictionaries(OF_OFFENCE))
        if hearing and draw(st.integers(0, 3)) == 0:
            offence |= {"offence_code": None, "level": "HEARING_DEFENDANT"}
        for position, (cjs, short, text) in enumerate(
            draw(st.lists(st.sampled_from(RESULTS), min_size=1, max_size=1 if table else 3)), 1
        ):
            own = draw(st.fixed_dictionaries(OF_CASE)) if (table or hearing) and draw(st.booleans()) else case
            at = {"offence_index": number, "result_index": position}
            found.append(base | own | offence | at | {"result_code": cjs, "result_short_code": short, "text": text})
    return found or [base | case]


def filled(row: dict[str, Any]) -> dict[str, Any]:
    """A row with every column, and `text` for the reference."""
    weak = row["case_key"].startswith("payload:")
    empty = {f.name: "x" if f.type == pa.string() and not f.nullable else None for f in RECORDS}
    known = {
        "case_key_strength": "weak" if weak else "strong",
        "case_urn": None if weak else row["case_key"].rpartition(":")[2],
        "result_text_digest": text_digest(row["text"], KEY) if row.get("text") else None,
        "landed_at": DAY_0,
        "hearing_month": f"{row['hearing_date']:%Y-%m}",
    }
    return empty | known | {"text": None} | row


def as_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([{f.name: row[f.name] for f in RECORDS} for row in rows], schema=RECORDS)


# --- periods -----------------------------------------------------------------------------------------

ALONE = [
    "2020Q1",
    "2020",
    "2020Q1",
    "2019/20",
    "2020-02",
    "2020H1",
    "2020",
    "2019/20",
    "2020/21",
    "2020-02-29",
    "2020-01-15..2020-04-01",
    "2018-05",
]
SPANS = {
    "month": (date(2019, 12, 1), date(2020, 4, 30)),
    "quarter": (date(2019, 10, 1), date(2020, 6, 30)),
    "half-year": (date(2019, 7, 1), date(2020, 12, 31)),
    "year": (date(2019, 1, 1), date(2020, 12, 31)),
    "financial-year": (date(2018, 4, 1), date(2021, 3, 31)),
}
CUTS = sorted({*DAYS, date(2020, 2, 28), date(2020, 2, 15), date(2020, 5, 1)})


@st.composite
def gapped_windows(draw: st.DrawFn) -> tuple[Period, ...]:
    """Windows that do not overlap, in any order, some of one day, some next to each other."""
    cuts = sorted(draw(st.lists(st.sampled_from(CUTS), min_size=2, max_size=6, unique=True)))
    found = [Period(first, last) for first, last in list(pairwise(cuts))[::2]]
    if draw(st.booleans()) and all(one.last != cuts[-1] for one in found):
        found.append(Period(cuts[-1], cuts[-1]))
    return tuple(draw(st.permutations(found)))


PERIODS = (
    st.sampled_from(ALONE).map(lambda text: (parse_period(text),))
    | st.sampled_from(list(SERIES)).map(lambda every: series(every, *SPANS[every]))
    | gapped_windows()
)


# --- the engine against the reference ----------------------------------------------------------------

_SOURCES = re.compile(r"Counted from \d+ sources \((.*) \w+s\)")
_SYSTEMS = re.compile(
    r"Counted from (\d+) court systems: (\d+) \w+ known to several .* once; (\d+) \w+ without a real URN"
)
_MISSING = re.compile(r"No hearing records were landed for (.*): the figure")


def as_found(answer: Answer) -> dict[str, Any]:
    """An answer in the shape of the reference, without the list of its units."""
    said = " ".join(answer.notes)
    sources, missing = _SOURCES.search(said), _MISSING.search(said)
    shares = [share.rpartition(" ") for share in sources[1].split(", ")] if sources else []
    assert [(f.value is None) for f in answer.figures] == [f.status != "counted" for f in answer.figures]
    assert {f.period for f in answer.figures} == {answer.period}
    assert (answer.value, answer.status) == (answer.figures[0].value, answer.figures[0].status)
    return {
        "unit": answer.unit,
        "period": (answer.first, answer.last),
        "figures": [(f.cell, f.status if f.value is None else f.value) for f in answer.figures],
        "data": (answer.data_from, answer.data_to),
        "attrition": [(step.step, step.rows, step.units) for step in answer.attrition],
        "evidence": [(e.name, e.label, e.units) for e in answer.evidence],
        "weak": answer.weak_units,
        "incomplete": answer.incomplete_statements,
        "sources": {name: int(number) for name, _, number in shares},
        "systems": [int(n) for n in systems[0]] if (systems := _SYSTEMS.findall(said)) else [],
        "missing": missing[1].split(", ") if missing else [],
    }


def assert_sums(question: Question, answer: Answer) -> None:
    """Cells of every breakdown, kinds of evidence and the last step add up to the figure, where there is one."""
    if answer.value is None:
        return
    sums: Counter[tuple[str, ...]] = Counter()
    for figure in answer.figures[1:]:
        sums[tuple(name for name, _ in figure.cell)] += figure.value or 0
    assert sums == Counter({tuple(names): answer.value for names in answer.by})
    assert not question.evidence or sum(e.units for e in answer.evidence) == answer.value
    assert answer.attrition[-1].units == answer.attrition[-2].units == answer.value


def assert_units(question: Question, records: Records, period: Period, unit: str, expected: dict[str, Any]) -> None:
    """The list of units is the figure: as many, those that the rules give, in order; none where days are held."""
    if expected["figures"][0][1] == "held":
        with pytest.raises(TransformError, match="held until"):
            units(question, records, period, unit=unit, key=KEY, now=NOW)
        return
    listed = units(question, records, period, unit=unit, key=KEY, now=NOW)
    assert listed == sorted(listed, key=lambda u: (u.hearing_date, u.unit_key))
    assert len({u.unit_key for u in listed}) == len(listed)
    found = [(u.hearing_date, u.case_key, u.case_urn or "", u.strength, u.evidence) for u in listed]
    assert sorted(found) == expected["units"]


def features(question: Question, answer: Answer) -> Iterator[str]:
    """What an answer with at least one counted unit has exercised; the status of any other."""
    if not answer.value:
        yield answer.status if answer.value is None else "zero"
        return
    yield f"unit {answer.unit}"
    yield from (f"breakdown {name}" for f in answer.figures if f.value for name, _ in f.cell)
    yield from (f"{len(f.cell)} together" for f in answer.figures if f.value)
    yield from (f"evidence {'other' if e.name == 'other' else 'declared'}" for e in answer.evidence if e.units)
    for step in question.steps:
        yield "drop" if step.drop else "keep"
        yield from (f"condition {name}" for name in CONDITIONS if getattr(step, name) not in (None, ()))
    if question.outcome:
        yield f"outcome, {'last' if question.outcome.last else 'first'} hearing"
    if answer.weak_units:
        yield f"weak {answer.unit}"
    if answer.incomplete_statements:
        yield "incomplete"
    if _SOURCES.search(" ".join(answer.notes)):
        yield "sources"
    if any(step.step == SET_ASIDE for step in answer.attrition):
        yield "set aside"


UNIT_FEATURES = {f"unit {unit}" for unit in UNITS}
FEATURES = (
    UNIT_FEATURES
    | {f"weak {unit}" for unit in UNITS}
    | {"held", "no data", "zero", "incomplete", "sources"}
    | {"set aside"}
)
FEATURES |= {f"breakdown {name}" for name in (*TIME_BREAKDOWNS, *PLACE_BREAKDOWNS, "outcome", "kind_of")}
FEATURES |= {"keep", "drop"} | {f"condition {name}" for name in CONDITIONS}
FEATURES |= {"outcome, first hearing", "outcome, last hearing", "evidence declared", "evidence other"}
FEATURES |= {f"{number} together" for number in range(4)}


def compare(
    definition: Definition,
    rows: list[dict[str, Any]],
    periods: tuple[Period, ...],
    known_after: int,
    newest: int,
    pick: int,
) -> set[str]:
    """Hold the engine against the reference, in every unit and period; gives the features that were exercised.

    Of one answer, which `pick` chooses among those that count something, the period by itself and the
    list of units are held against it too: each costs a connection.
    """
    question = definition.question()
    known = reference.Knowledge(DAY_0 + timedelta(days=known_after), newest, NOW)
    filled_rows = [filled(row) for row in rows]
    records = Records(as_table(filled_rows), newest, known.at)
    seen: set[str] = set()
    compared = []
    for unit in question.units:
        answers = count_series(question, records, periods, definition.by, unit=unit, key=KEY, now=NOW)
        assert [parse_period(answer.period) for answer in answers] == list(periods)
        for period, answer in zip(periods, answers, strict=True):
            expected = reference.expected(question, filled_rows, period, unit, answer.by, known)
            assert as_found(answer) == {name: said for name, said in expected.items() if name != "units"}
            assert_sums(question, answer)
            seen.update(features(question, answer))
            compared.append((period, answer, expected))
    counted = [one for one in compared if one[1].value] or compared
    period, answer, expected = counted[pick % len(counted)]
    assert_units(question, records, period, answer.unit, expected)
    if len(periods) > 1:
        assert answer == count(question, records, period, definition.by, unit=answer.unit, key=KEY, now=NOW)
    return seen


@pytest.mark.long
def test_the_engine_counts_what_the_rules_say_whatever_the_definition() -> None:
    seen: set[str] = set()

    @settings(
        max_examples=1000 if LONG else 12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not LONG,
        database=None,
    )
    @given(
        definition=definitions(),
        rows=histories(),
        periods=PERIODS,
        known_after=st.sampled_from([2, 2, 2, 2, 2, 2, 1, 0, -1]),
        newest=st.sampled_from([3, 3, 3, 3, 2, 1]),
        pick=st.integers(0, 11),
    )
    def holds(**drawn: Any) -> None:
        note("\n".join([drawn["definition"].text, *drawn["definition"].lists.values()]))
        seen.update(compare(**drawn))

    holds()
    missed = (FEATURES if LONG else UNIT_FEATURES) - seen
    assert not missed, "no example counted a unit with these, so nothing was shown about them"


PLAIN = """
schema = "courtstats/question@1"
id = "drawn"
title = "Drawn"
asks = "?"
owner = "tests"
[count]
unit = "case"
date = "hearing_date"
once = "first in period"
[[step]]
name = "Step 1"
keep = {first}
[[step]]
name = "Step 2"
{second}
[[evidence]]
name = "beside"
label = "Beside an interim order"
has = "results-a"
beside = "results-b"
[[example]]
name = "Nothing landed"
given = []
expect = {{ 2020 = "no data" }}
"""


def plain(first: str, second: str) -> Definition:
    entries = {"offences-a": "ST19501,offence", "results-a": "3307,cjs", "results-b": "3306,cjs"}
    lists = {name: f"{','.join(HEADER)}\n{entry},A title,one,,,a test\n" for name, entry in entries.items()}
    return Definition(PLAIN.format(first=first, second=second), lists, None)


def test_every_named_rule_has_a_plain_reading_to_be_held_against() -> None:
    assert set(reference.NAMED_RULES) == set(RULES)


def test_a_named_rule_may_be_used_in_two_steps() -> None:
    twice = plain(
        '{ offence = "offences-a", rule = "heard-on-a-weekday@1" }', 'drop = { rule = "heard-on-a-weekday@1" }'
    )
    text = re.sub(r"(?m)^beside = .*\n", "", twice.text)
    period = parse_period("2020Q1")
    compare(Definition(text, twice.lists, None), [], (period,), 2, 3, 0)


@pytest.mark.parametrize("condition", ["final_disposal = true", 'finding = "G"', 'force = "01"'])
def test_evidence_beside_a_result_needs_a_first_step_that_keeps_offences_alone(condition: str) -> None:
    """A further condition of the first step would hide results of the same offence, of a table above all."""
    drawn = plain(f'{{ offence = "offences-a", {condition} }}', 'keep = { result = "results-a" }')
    with pytest.raises(ExceptionGroup) as refused:
        drawn.question()
    assert "need a first step that keeps offences alone" in str(refused.value.exceptions[0])
