"""A slow, plain reading of the rules of counting, against which the engine is held.

It is written from docs/method.md and the descriptions in `transform.definition`, `transform.question_file`
and `transform.breakdowns`: one rule after the other, over lists of rows. With the engine it shares the
shape of a question, the table of police forces and the reading of a period's name, and no rule.

A row is a dict with every column of `extract.contract.RECORDS`, and with `text`, the normalised text of the
result (the engine sees only its digest).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from transform.codelists import CodeEntry, CodeList
from transform.definition import Question, Step, Window
from transform.periods import Period
from transform.standing import forces

Row = dict[str, Any]
STATEMENT = ("stated_at", "received_at", "landed_batch", "payload_hash", "case_index")
"""Of the statements of one key the greatest by these counts."""
TIE_BREAK = ("offence_code", "statement_key", "case_index", "offence_index", "result_index")
"""What settles it where several results date a unit on one day: the least."""


@dataclass(frozen=True)
class Knowledge:
    """What was known (by time of receipt, by batch) and the time at which holds are judged."""

    at: datetime
    newest_batch: int
    now: datetime


# --- codes -------------------------------------------------------------------------------------------


def offence_category(row: Row, listed: CodeList) -> str | None:
    """The category of its offence code; an entry for exactly this code goes before one for its base."""
    if row["offence_code"] is None:
        return None
    for match, code in (("offence", row["offence_code"]), ("base", row["offence_code"][:7])):
        for entry in listed.entries:
            if entry.match == match and entry.code == code:
                return entry.category
    return None


def result_entries(row: Row, listed: CodeList) -> list[CodeEntry]:
    """The entries that the result is on: by CJS code, then short code, then whole text where it is uncoded."""
    uncoded = row["result_code"] in (None, "1000")
    said = {"cjs": row["result_code"], "short": row["result_short_code"], "text": row["text"] if uncoded else None}
    return [e for match in said for e in listed.entries if e.match == match and said[match] == _plain(e)]


def _plain(entry: CodeEntry) -> str:
    return " ".join(entry.code.split()).casefold() if entry.match == "text" else entry.code


# --- steps -------------------------------------------------------------------------------------------


def _guilty(row: Row) -> bool:
    return (row["finding"] or "").upper() == "G"


def _convicted_by_the_hearing(row: Row) -> bool:
    if row["finding"] is not None:
        return _guilty(row)
    return row["conviction_date"] is not None and row["conviction_date"] <= row["hearing_date"]


def _convicted_at_the_hearing(row: Row) -> bool:
    if row["conviction_date"] is None:
        return _guilty(row)
    return row["conviction_date"] == row["hearing_date"] and (row["finding"] is None or _guilty(row))


NAMED_RULES: dict[str, Callable[[Row], bool]] = {
    "convicted-by-the-hearing@1": _convicted_by_the_hearing,
    "convicted-at-the-hearing@1": _convicted_at_the_hearing,
    "not-aiding-and-abetting@1": lambda row: row["offence_code"] is not None and row["offence_code"][7:] != "B",
    "heard-on-a-weekday@1": lambda row: row["hearing_date"].isoweekday() <= 5,
}


def _force(code: str | None) -> str | None:
    """The force of a code: several codes are one force, and what is none stands for itself."""
    known = forces().get(code) if code else None
    return known.force if known and known.force != "other" else code


def _within(day: date | None, window: Window) -> bool:
    if day is None:
        return False
    return (window.first is None or window.first <= day) and (window.last is None or day <= window.last)


def _meets(row: Row, step: Step, question: Question) -> bool:
    """Whether every condition of a step holds for a row; what a row does not say meets no condition."""
    said = {
        "level": row["level"],
        "source": row["source_name"],
        "system": row["source_system"],
        "court": row["court_ou_code"] and row["court_ou_code"][:5],
        "force": _force(row["police_force"]),
        "finding": row["finding"] and row["finding"].upper(),
    }
    asked = {name: getattr(step, name) for name in said} | {"force": [_force(code) for code in step.force]}
    if any(asked[name] and value not in asked[name] for name, value in said.items()):
        return False
    if step.offence and offence_category(row, question.lists[step.offence]) is None:
        return False
    if step.result and not result_entries(row, question.lists[step.result]):
        return False
    if step.final_disposal is not None and row["final_disposal"] is not step.final_disposal:
        return False
    if step.convicted is not None:
        convicted = _guilty(row) if row["finding"] is not None else row["conviction_date"] is not None
        if convicted is not step.convicted:
            return False
    if step.hearing and not _within(row["hearing_date"], step.hearing):
        return False
    if step.conviction and not _within(row["conviction_date"], step.conviction):
        return False
    return step.rule is None or NAMED_RULES[step.rule](row)


# --- units -------------------------------------------------------------------------------------------


def unit_of(row: Row, unit: str, question: Question) -> Any:
    """What makes two results one, by the words of `transform.definition.UNITS`."""
    if unit == "case":
        return row["case_key"]
    if unit == "defendant":
        return row["case_key"], row["defendant_key"]
    application = row["application_key"] or (row["case_key"], row["defendant_key"], row["offence_code"])
    if unit == "application":
        return application
    kept = [step.result for step in question.steps if step.result and not step.drop]
    entries = result_entries(row, question.lists[kept[-1]])
    return application, row["defendant_key"], entries[0].category if entries else None


def is_weak(row: Row, unit: str) -> bool:
    """Whether the key of its unit rests on a message alone, or on nothing."""
    case = row["case_key_strength"] == "weak"
    if unit == "case":
        return case
    defendant = case or row["defendant_key"] is None or row["defendant_key"].startswith("payload:")
    return defendant and (unit == "defendant" or row["application_key"] is None)


def _rank(row: Row, question: Question) -> int:
    """The place of its outcome in the order of preference; of several outcomes of one result, the first."""
    outcome = question.outcome
    if outcome is None:
        return 0
    return min(outcome.prefer.index(e.category) for e in result_entries(row, question.lists[outcome.list]))


def _chosen(rows: Sequence[Row], question: Question) -> Row:
    """The result that dates a unit and gives its categories."""
    best = min(_rank(row, question) for row in rows)
    rows = [row for row in rows if _rank(row, question) == best]
    days = [row["hearing_date"] for row in rows]
    day = max(days) if question.outcome and question.outcome.last else min(days)
    same_day = (r for r in rows if r["hearing_date"] == day)
    return min(same_day, key=lambda r: (r["offence_code"] is None, tuple(r[name] or "" for name in TIE_BREAK)))


def _same_offence(one: Row, other: Row) -> bool:
    """Of a message, the same offence of the statement; of a table, what case, defendant and code say."""
    place = ("case_key", "defendant_key", "offence_code") if one["source_format"] == "table" else ("offence_index",)
    return all(one[name] == other[name] for name in ("statement_key", "case_index", *place))


def _kind(rows: Sequence[Row], standing: Sequence[Row], question: Question) -> int:
    """The first kind of evidence that applies to any result of a unit; one more than there are for none."""

    def on(row: Row, name: str) -> bool:
        return bool(result_entries(row, question.lists[name]))

    for number, kind in enumerate(question.evidence):
        for row in rows:
            if not on(row, kind.has):
                continue
            offence = [other for other in standing if _same_offence(row, other)]
            if kind.without and any(on(other, kind.without) for other in offence):
                continue
            if kind.beside and not any(on(other, kind.beside) for other in offence):
                continue
            return number
    return len(question.evidence)


# --- cells -------------------------------------------------------------------------------------------

TIME: dict[str, Callable[[date], str]] = {
    "month": lambda d: f"{d.year}-{d.month:02}",
    "quarter": lambda d: f"{d.year}Q{1 + (d.month - 1) // 3}",
    "half_year": lambda d: f"{d.year}H{1 if d.month < 7 else 2}",
    "year": lambda d: f"{d.year}",
    "financial_year": lambda d: f"{d.year - (d.month < 4)}/{(d.year + (d.month >= 4)) % 100:02}",
}


def _category(row: Row, name: str, question: Question) -> str | None:
    """The category of a unit, read from the result that dates it."""
    if name in TIME:
        return TIME[name](row["hearing_date"])
    if name == "court":
        return row["court_ou_code"][:5] if row["court_ou_code"] else "unknown"
    if name == "source_system":
        return row["source_system"] or "unknown"
    if name in ("police_force", "region"):
        if row["police_force"] is None:
            return "unknown"
        force = forces().get(row["police_force"])
        return "other" if force is None else force.force if name == "police_force" else _slug(force.region)
    if name == "outcome" and question.outcome:
        return question.outcome.prefer[_rank(row, question)]
    return offence_category(row, question.lists[_list_of(name, question)])


def _slug(region: str) -> str:
    return region.lower().replace(" ", "-")


def _list_of(name: str, question: Question) -> str:
    return next(b.list for b in question.breakdowns.declared if b.name == name)


def _grid(name: str, question: Question, days: Sequence[date], counting: Sequence[Row]) -> list[str]:
    """The categories of a breakdown in their order, whatever was counted."""
    if name in TIME:
        return list(dict.fromkeys(TIME[name](day) for day in days))
    if name in ("court", "source_system"):
        return sorted({str(_category(row, name, question)) for row in counting})
    if name in ("police_force", "region"):
        in_order = sorted(forces().values(), key=lambda force: force.place)
        said = dict.fromkeys(f.force if name == "police_force" else _slug(f.region) for f in in_order)
        return [*(one for one in said if one != "other"), "other", "unknown"]
    if name == "outcome" and question.outcome:
        return list(question.outcome.prefer)
    return list(dict.fromkeys(e.category for e in question.lists[_list_of(name, question)].entries))


# --- the answer --------------------------------------------------------------------------------------


def days_between(first: date, last: date) -> list[date]:
    """Every day, both ends included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _source_counts(name: str, question: Question) -> bool:
    """Whether no step leaves a source out: keeps others alone, or drops this one and asks nothing else."""
    for step in question.steps:
        if step.source and (name not in step.source) is not step.drop:
            others = (
                "offence",
                "result",
                "level",
                "system",
                "court",
                "force",
                "finding",
                "rule",
                "hearing",
                "conviction",
            )
            plain = not any(getattr(step, c) for c in others) and step.final_disposal is None and step.convicted is None
            if not step.drop or plain:
                return False
    return True


def _sent_beside(row: Row, feed: Sequence[Row]) -> bool:
    """Common Platform's SPI, where its own feed speaks of the court and day, if only to say that nothing is left."""
    if row["source_format"] != "spi" or row["source_system"] != "C00CommonPlatform" or row["court_ou_code"] is None:
        return False
    return any(
        other["source_format"] == "common-platform"
        and other["hearing_date"] == row["hearing_date"]
        and (other["court_ou_code"] or "")[:5] == row["court_ou_code"][:5]
        for other in feed
    )


def expected(
    question: Question, rows: Sequence[Row], period: Period, unit: str, by: Sequence[tuple[str, ...]], seen: Knowledge
) -> dict[str, Any]:
    """Everything that the rules say about one period: figures in order, attrition, evidence, what was landed."""
    days = days_between(period.first, period.last)
    holds = [h for h in question.holds if seen.now < h.until]
    held = {day for day in days if any(h.period.first <= day <= h.period.last for h in holds)}

    received = [r for r in rows if r["received_at"] <= seen.at and r["landed_batch"] <= seen.newest_batch]
    latest: dict[str, tuple[Any, ...]] = {}
    for row in received:
        latest[row["statement_key"]] = max(latest.get(row["statement_key"], ()), tuple(row[c] for c in STATEMENT))
    known = [r for r in received if r["hearing_date"] in days and r["hearing_date"] not in held]
    counting = [r for r in known if tuple(r[c] for c in STATEMENT) == latest[r["statement_key"]]]
    stages = [
        (name, [r for r in some if r["result_index"] is not None])
        for name, some in (("Results known for the period", known), ("Results of the statements that count", counting))
    ]
    feed = [r for r in counting if _source_counts(r["source_name"], question)]
    counting = [r for r in counting if not _sent_beside(r, feed)]
    standing = [r for r in counting if r["result_index"] is not None]
    if len(standing) < len(stages[-1][1]):
        stages.append(("Without sources that give way to another one for the court and day", standing))
    for step in question.steps:
        left = [r for r in stages[-1][1] if _meets(r, step, question) is not step.drop]
        stages.append((step.name, left))

    of_unit: dict[Any, list[Row]] = {}
    for row in stages[-1][1]:
        of_unit.setdefault(unit_of(row, unit, question), []).append(row)
    chosen = {key: _chosen(some, question) for key, some in of_unit.items()}
    kinds = {key: _kind(some, standing, question) for key, some in of_unit.items()}

    def figure(value: int, span: Sequence[date]) -> int | str:
        if held.intersection(span):
            return "held"
        return value if any(r["hearing_date"] in span for r in known) else "no data"

    figures: list[tuple[Any, int | str]] = [((), figure(len(chosen), days))]
    for names in by:
        found = Counter(tuple(_category(r, name, question) for name in names) for r in chosen.values())
        spans: dict[str, list[date]] = {}
        clock = next((name for name in names if name in TIME), None)
        for day in days if clock else ():
            spans.setdefault(TIME[str(clock)](day), []).append(day)
        for cell in product(*(_grid(name, question, days, counting) for name in names)):
            span = spans[cell[names.index(clock)]] if clock else days
            figures.append((tuple(zip(names, cell, strict=True)), figure(found[cell], span)))

    answer: dict[str, Any] = {
        "unit": unit,
        "period": (period.first, period.last),
        "figures": figures,
        "data": (min(r["hearing_date"] for r in known), max(r["hearing_date"] for r in known))
        if known
        else (None, None),
    }
    if isinstance(figures[0][1], str):
        return answer | {
            "attrition": [],
            "evidence": [],
            "weak": None,
            "incomplete": None,
            "sources": {},
            "systems": [],
            "missing": [],
            "units": [],
        }
    names_of_kinds = [(k.name, k.label) for k in question.evidence] + [
        ("other", "Rests on results of no declared kind")
    ]
    totals = Counter(kinds.values())
    evidence = [(*name, totals[n]) for n, name in enumerate(names_of_kinds) if n < len(question.evidence) or totals[n]]
    sources = Counter(row["source_name"] for row in chosen.values())
    systems = {row["source_system"] for row in chosen.values()} - {None}
    bridged = sum(len({row["source_system"] for row in some} - {None}) > 1 for some in of_unit.values())
    apart = sum(not row["case_key"].startswith("urn:") for row in chosen.values())
    return answer | {
        "attrition": [
            *((name, len(left), len({unit_of(r, unit, question) for r in left})) for name, left in stages),
            (f"One per {unit} in the period", len(chosen), len(chosen)),
        ],
        "evidence": evidence if question.evidence else [],
        "weak": sum(is_weak(row, unit) for row in chosen.values()),
        "incomplete": len({r["statement_key"] for r in counting if not r["statement_complete"]}),
        "sources": dict(sources) if len(sources) > 1 else {},
        "systems": [len(systems), bridged, apart] if len(systems) > 1 else [],
        "missing": [
            m
            for m in dict.fromkeys(map(TIME["month"], days))
            if m not in {TIME["month"](r["hearing_date"]) for r in known}
        ],
        "units": sorted(
            (
                row["hearing_date"],
                row["case_key"],
                row["case_urn"] or "",
                "weak" if is_weak(row, unit) else "strong",
                names_of_kinds[kinds[key]][0],
            )
            for key, row in chosen.items()
        ),
    }
