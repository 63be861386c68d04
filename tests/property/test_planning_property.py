"""On random pairs of definitions and random histories a plan's parts add up to what counting itself gives.

Definitions are written as files, in two layouts; both sides of a plan are compared with plain counts by the
two definitions, which know nothing of changes and versions.
"""

import os
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from transform.changes import WORDS, changes
from transform.codelists import parse_code_list
from transform.contract import Answer
from transform.definition import Example, Given, Question
from transform.engines.duckdb import Records, count_series, units
from transform.examples import example_records
from transform.periods import parse_period
from transform.planning import CellPlan, PeriodPlan, period_plan, shared, versions
from transform.questions import read_question

KEY = b"a key for tests"
NOW = datetime(2021, 1, 1, tzinfo=UTC)
KNOWN = datetime(9000, 1, 1, tzinfo=UTC)
LONG = os.environ.get("LONG_TESTS") == "1"
SEEDS = st.integers(0, 2**32)
PERIODS = [parse_period("2020Q1"), parse_period("2020Q2")]

OFFENCES = ["PH97007,offence", "PH97008,offence", "PH97010,offence", "PH97010,base", "PH97011,base"]
RESULTS = ["3047,cjs", "3260,cjs", "RFSD,short", "G,short", "granted,text"]
EXTRA = [
    ("Not this court", "drop", 'court = "B01LY"'),
    ("Guilty", "keep", 'finding = "G"'),
    ("Until May", "keep", "hearing = { to = 2020-05-10 }"),
    ("From February", "keep", "hearing = { from = 2020-02-01 }"),
    ("On a weekday", "keep", 'rule = "heard-on-a-weekday@1"'),
    ("No refusals", "drop", 'result = "refusals"'),
]
REFUSALS = "RFSD,short,Refused,,,,"


@dataclass(frozen=True)
class Written:
    """What a definition says; `read` writes it as files in one of two layouts and loads them."""

    offences: tuple[str, ...]
    results: tuple[str, ...]
    steps: tuple[tuple[str, str, str], ...]
    unit: str
    outcome: tuple[str, ...]
    last: bool
    title: str

    def read(self, layout: int = 0) -> Question:
        texts = {"offences": self.offences, "results": self.results, "refusals": (REFUSALS,)}
        lists = {}
        for name in sorted(texts, reverse=bool(layout)):
            lists[name], faults = parse_code_list(self._csv(texts[name], layout), name, name)
            assert faults == []
        return read_question(self._toml(layout), "q", lists)

    def _csv(self, lines: tuple[str, ...], layout: int) -> str:
        rows = ["code,match,label,category,valid_from,valid_to,source", *lines]
        if layout:
            rows = [",".join(f'"{part}"' for part in row.split(",")) + "\n" for row in rows]
        return "\n".join(rows) + "\n"

    def _toml(self, layout: int) -> str:
        gap = "   # a comment\n\n" if layout else "\n"
        lines = [
            'schema = "courtstats/question@1"',
            'id = "q"',
            f'title = "{self.title}"',
            'asks = "?"',
            'owner = "me"',
        ]
        count = [f'unit = "{self.unit}"', 'date = "hearing_date"', 'once = "first in period"']
        parts = [sorted(lines, reverse=bool(layout)), ["[count]", *sorted(count, reverse=bool(layout))]]
        for name, way, condition in self.steps:
            said = [f'name = "{name}"', f"{way} = {{ {condition} }}"]
            parts.append(["[[step]]", *sorted(said, reverse=bool(layout))])
        tie = "last" if self.last else "first"
        if self.outcome:
            prefer = f"prefer = [{', '.join(repr(c) for c in self.outcome)}]"
            parts.append(["[outcome]", 'list = "results"', prefer, f'tie_break = "{tie} hearing"'])
        parts.append(["[[breakdown]]", 'name = "harm"', 'label = "Harm"', 'list = "offences"'])
        outcome = ', ["outcome"]' if self.outcome else ""
        parts.append(["[breakdowns]", f'default = [["month"], ["harm"]{outcome}]'])
        parts.append(["[[example]]", 'name = "None"', "given = []", 'expect = { "2020" = "no data" }'])
        return gap.join(line for part in parts for line in part) + gap


def random_definition(rng: Random) -> Written:
    return Written(
        offences=entries(rng, OFFENCES, ["fear", "alarm"]),
        results=(results := entries(rng, RESULTS, ["made", "refused", "other"])),
        steps=random_steps(rng),
        unit=rng.choice(["case", "defendant", "application", "order"]),
        outcome=preference(rng, results) if rng.random() < 0.6 else (),
        last=rng.random() < 0.5,
        title="One",
    )


def entries(rng: Random, codes: list[str], categories: list[str]) -> tuple[str, ...]:
    chosen = rng.sample(codes, rng.randint(2, len(codes)))
    return tuple(f"{code},A title,{rng.choice(categories)},,," for code in chosen)


def random_steps(rng: Random) -> tuple[tuple[str, str, str], ...]:
    rest = [("Results", "keep", 'result = "results"'), *rng.sample(EXTRA, rng.choice([0, 0, 1, 1, 2]))]
    rng.shuffle(rest)
    return (("Offences", "keep", 'offence = "offences"'), *rest)


def preference(rng: Random, results: tuple[str, ...]) -> tuple[str, ...]:
    categories = list(dict.fromkeys(entry.split(",")[3] for entry in results))
    return tuple(rng.sample(categories, len(categories)))


def changed(rng: Random, one: Written) -> Written:
    """One to three parts of a definition written anew."""
    other = random_definition(rng)
    for part in rng.sample(["offences", "results", "steps", "unit", "outcome", "last", "title"], rng.randint(1, 3)):
        one = replace(one, **{part: getattr(other, part)})
    return replace(one, outcome=preference(rng, one.results)) if one.outcome else one


def random_history(rng: Random) -> Records:
    """Mostly rows that some definition counts; few cases, so that units have several results."""
    rows = [
        Given(
            case=rng.choice("ABCDEFGH"),
            hearing=date(2020, rng.randint(1, 6), rng.choice([1, 10, 20])),
            offence=rng.choice(["PH97007", "PH97008", "PH97010", "PH97010A", "PH97011E", "XX00001"]),
            result=rng.choice(["3047", "3047", "3260", "RFSD", "G", "granted", "4506"]),
            text=None,
            defendant=rng.choice("12"),
            stated=rng.choice([1, 1, 1, 2]),
            court=rng.choice([None, "B01LY", "B02LY"]),
            finding=rng.choice([None, "G", "G", "N"]),
        )
        for _ in range(rng.choice([0, 10, 25, 25, 40]))
    ]
    return Records(example_records(Example("made", tuple(rows), {}), KEY), newest_batch=2, as_known_at=KNOWN)


def counts(question: Question, records: Records, by) -> list[Answer]:
    return count_series(question, records, PERIODS, by, key=KEY, now=NOW)


def planned(old: Question, new: Question, records: Records, by) -> list[PeriodPlan]:
    made = versions(old, new, changes(old, new), (old.unit, new.unit), by)
    answers = [counts(version.question, records, by) for version in made]
    plans = []
    for place, period in enumerate(PERIODS):
        sides = None
        if old.unit == new.unit and answers[0][place].value is not None:
            first, last = (units(v.question, records, period, key=KEY, now=NOW) for v in (made[0], made[-1]))
            sides = frozenset(u.unit_key for u in first), frozenset(u.unit_key for u in last)
        plans.append(period_plan(made, [of_all[place] for of_all in answers], sides))
    return plans


def cells_of(answer: Answer) -> dict:
    return {figure.cell: (figure.value, figure.status) for figure in answer.figures}


def value_of(cells: dict, cell) -> int:
    return cells.get(cell, (0, ""))[0] or 0


@pytest.mark.long
@settings(
    max_examples=80 if LONG else 3,
    phases=[Phase.generate],  # a seed has nothing to shrink
    deadline=None,
    derandomize=not LONG,
    database=None,
)
@given(seed=SEEDS)
def test_the_parts_of_a_plan_add_up_to_what_the_two_definitions_count(seed: int) -> None:
    rng = Random(seed)
    before = random_definition(rng)
    old, new, records = before.read(), changed(rng, before).read(), random_history(rng)
    by = shared(old, new, old.breakdowns.default)
    plans = planned(old, new, records, by)
    was, now = counts(old, records, by), counts(new, records, by)
    for plan, one, other in zip(plans, was, now, strict=True):
        olds, news = cells_of(one), cells_of(other)
        planned_cells: dict[tuple, CellPlan] = {cell.cell: cell for cell in (plan.total, *plan.cells)}
        assert {c: (p.old.value, p.old.status) for c, p in planned_cells.items() if p.old} == olds
        assert {c: (p.new.value, p.new.status) for c, p in planned_cells.items() if p.new} == news
        for cell, found in planned_cells.items():
            if one.value is not None and {"no data"}.isdisjoint(
                {s for t in (olds, news) for _, s in [t.get(cell, (0, ""))]}
            ):
                assert sum(e.by for e in found.effects) == value_of(news, cell) - value_of(olds, cell)
        if plan.gained is not None:
            assert len(plan.gained) - len(plan.lost or ()) == (other.value or 0) - (one.value or 0)
            listed = [units(q, records, plan.period, key=KEY, now=NOW) for q in (old, new)]
            keys = [{u.unit_key for u in side} for side in listed]
            assert (plan.gained, plan.lost) == (keys[1] - keys[0], keys[0] - keys[1])


@settings(max_examples=400 if LONG else 30, deadline=None, derandomize=not LONG, database=None)
@given(seed=SEEDS)
def test_changes_applied_one_after_the_other_make_the_new_rule_and_depend_on_no_layout(seed: int) -> None:
    rng = Random(seed)
    before, after = random_definition(rng), random_definition(rng)
    old, new = before.read(), after.read()
    found = changes(old, new)
    state = old
    for change in found:
        state = change.apply(state)
    assert (state.steps, state.outcome, state.unit) == (new.steps, new.outcome, new.unit)
    for name in old.lists.keys() & new.lists.keys():
        assert {(e.match, e.code, e.category) for e in state.lists[name].entries} == {
            (e.match, e.code, e.category) for e in new.lists[name].entries
        }
    for layouts in ((0, 1), (1, 0), (1, 1)):
        again = changes(before.read(layouts[0]), after.read(layouts[1]))
        assert [(c.says, c.affects) for c in again] == [(c.says, c.affects) for c in found]
    turned = changes(new, old)
    assert {c.part for c in turned if c.affects != WORDS} == {c.part for c in found if c.affects != WORDS}


@settings(max_examples=400 if LONG else 20, deadline=None, derandomize=not LONG, database=None)
@given(seed=SEEDS)
def test_one_definition_in_two_layouts_has_one_fingerprint_and_no_change(seed: int) -> None:
    one = random_definition(Random(seed))
    assert one.read(0).fingerprint == one.read(1).fingerprint
    assert changes(one.read(0), one.read(1)) == ()
