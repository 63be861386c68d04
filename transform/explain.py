"""A question explained: plain words, codes with their titles, steps, notes and the statement that counts.

`explain` gives it as JSON values, `sections` as headed parts that a terminal or a page can show,
`question_page` as Markdown. None of them looks at a clock or a warehouse: what the last run left after each
step is handed in as a `LastRun`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

from extract.contract import normalise_text
from transform import standing, words
from transform.breakdowns import OUTCOME, PLACE_BREAKDOWNS, SEEN_BREAKDOWNS, TIME_BREAKDOWNS
from transform.codelists import MATCHES, OFFENCE_MATCHES, CodeEntry
from transform.contract import AttritionStep
from transform.counting import count_sql, used_breakdowns
from transform.definition import UNITS, Given, Note, Question, Schedule, Step
from transform.periods import day_in_words
from transform.rules import RULES

if TYPE_CHECKING:
    from transform.questions import Definitions

EXPLAIN_SCHEMA = "courtstats/explain@1"
COUNTED_RUN, HELD_RUN, NO_RUN, UNKNOWN_RUN = "counted", "held", "not run yet", "unknown"
MADE = "<!-- Made from sql/questions/{id}.toml by `make docs`; change it there. -->"
LEFT_OPEN = "A result that leaves open what a step asks for is not kept by it, and not taken out by it"
WEAK = "Where a record has no real case reference, its message stands for the case, so two hearings of it count twice"


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the newest completed run of a question reached its figure.

    `state` is one of the constants above, `said` its sentence; where there are no steps to show, the rest is empty.
    """

    state: str
    said: str
    run: int | None = None
    unit: str | None = None
    period: str | None = None
    as_known_at: str | None = None
    same_definition: bool | None = None
    steps: tuple[AttritionStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part: texts, then items (numbered or not), then a table, then SQL; any of them may be empty."""

    title: str
    texts: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    numbered: bool = False
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    sql: str = ""

    @property
    def empty(self) -> bool:
        """Nothing is under the heading."""
        return not (self.texts or self.items or self.rows or self.sql)


def explain(question: Question, last: LastRun | None = None) -> dict[str, Any]:
    """The explanation as plain JSON values (`courtstats/explain@1`)."""
    q = question
    return {
        "schema": EXPLAIN_SCHEMA,
        "question": q.id,
        "title": q.title,
        "asks": q.asks,
        "owner": q.owner,
        "paragraph": words.paragraph(q),
        "unit": q.unit,
        "units": [{"unit": u, "main": u == q.unit, "words": UNITS[u]} for u in q.units],
        "in_force": {"date": q.in_force.isoformat(), "act": q.act} if q.in_force else None,
        "rule": rule(q),
        "steps": [_step(q, step) for step in q.steps],
        "attrition": asdict(last) if last else None,
        "codes": {name: [_code(e) for e in one.entries] for name, one in q.lists.items()},
        "outcome": asdict(q.outcome) | {"prefer": list(q.outcome.prefer)} if q.outcome else None,
        "evidence": [{"name": e.name, "label": e.label, "rule": words.evidence_words(e, q.lists)} for e in q.evidence],
        "breakdowns": {
            "default": [list(c) for c in q.breakdowns.default],
            "allowed": [list(c) for c in q.breakdowns.allowed],
            "labels": {b.name: b.label for b in q.breakdowns.declared},
            "words": {name: breakdown_words(q, name) for name in used_breakdowns(q)},
        },
        "schedule": asdict(q.schedule) | {"words": schedule_words(q.schedule)} if q.schedule else None,
        "release": q.release,
        "notes": [{"text": n.text, "when": _when(n), "words": words.note_words(n)} for n in q.notes],
        "breaks": [{"at": b.at.isoformat(), "text": b.text} for b in q.breaks],
        "provisional": asdict(q.provisional) if q.provisional else None,
        "holds": [{"period": h.period.label, "until": h.until.isoformat(), "basis": h.basis} for h in q.holds],
        "published": asdict(q.published) if q.published else None,
        "rules": [{"id": r.id, "says": r.says} for r in dict.fromkeys(RULES[s.rule] for s in q.steps if s.rule)],
        "accepted": dict(q.accepted),
        "tie_break": words.sentence(words.tie_break(q)),
        "examples": [
            {"name": e.name, "given": [_given(g) for g in e.given], "expect": dict(e.expect)} for e in q.examples
        ],
        "fingerprint": q.fingerprint,
        "sql": count_sql(q),
    }


def rule(question: Question) -> list[str]:
    """How it is counted, sentence by sentence, in the order in which it is done."""
    return [
        "Take the results of hearings from the first to the last day of the period, both included.",
        f"{words.sentence(words.AMENDED)} This is settled before any code is looked at.",
        *(f"{words.sentence(s.name)} {words.step_words(s, question.lists)}" for s in question.steps),
        *(words.sentence(one) for one in words.counted_once(question)),
        *(words.sentence(one) for one in (words.tie_break(question), LEFT_OPEN, WEAK)),
    ]


def breakdown_words(question: Question, name: str) -> str:
    """What a breakdown goes by, and which lines it has."""
    if name in TIME_BREAKDOWNS:
        part = name.replace("_", "-" if name == "half_year" else " ")
        year = ". A financial year runs from April to March" if name == "financial_year" else ""
        return f"by the {part} of the hearing that counts; one line for each in the period, zeros included{year}"
    if name in PLACE_BREAKDOWNS:
        said = f"by the {PLACE_BREAKDOWNS[name].lower()} of the record that counts"
        if name in SEEN_BREAKDOWNS:
            return f"{said}; one line for each that sent records in the period, zeros included, and none for others"
        return f"{said}; one line for each there is, zeros included, then “other”, and “unknown” where it is not said"
    if name == OUTCOME and question.outcome:
        label, categories = question.outcome.label, question.outcome.prefer
        said = f"by the outcome of the {question.unit}"
    else:
        own = next(b for b in question.breakdowns.declared if b.name == name)
        label, categories = own.label, question.lists[own.list].categories
        said = "by the offence or application of the record that counts"
    lines = words.either([words.quoted(c) for c in categories], "and")
    return f"{label}, {said}; one line each for {lines}, zeros included"


def schedule_words(schedule: Schedule) -> str:
    """When it is counted, and for which period: `Mondays at 06:00 London time, for the last complete quarter`."""
    return f"{cron_words(schedule.cron)}, for the {schedule.period}"


def cron_words(cron: str) -> str:
    """A schedule by weekdays, or by days of the month, in words; any other as it is written."""
    minute, hour, days, months, weekdays = cron.split()
    at = f"at {hour:0>2}:{minute:0>2} London time"
    if minute.isdigit() and hour.isdigit() and months == "*" and "/" not in days + weekdays:
        if days == "*":
            usual = {"*": "Every day", "1-5": "Mondays to Fridays"}.get(weekdays)
            return f"{usual or words.either([_WEEKDAYS[n] for n in _numbers(weekdays)], 'and')} {at}"
        if weekdays == "*":
            return f"Monthly, on day {words.either([str(n) for n in _numbers(days)], 'and')}, {at}"
    return f"At the times {words.quoted(cron)} (minute, hour, day, month, weekday), London time"


_WEEKDAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def _numbers(field: str) -> list[int]:
    """The numbers of a field like `1,3-5`, in order."""
    spans = [part.partition("-") for part in field.split(",")]
    return sorted({n for first, _, last in spans for n in range(int(first), int(last or first) + 1)})


def _step(question: Question, step: Step) -> dict[str, Any]:
    """A step with every condition that it has, its two lists always."""
    asked = {f.name: getattr(step, f.name) for f in fields(Step) if getattr(step, f.name) not in (None, ())}
    for name in asked.keys() & {"hearing", "conviction"}:
        asked[name] = [one and one.isoformat() for one in (asked[name].first, asked[name].last)]
    lists = {"offence": step.offence, "result": step.result}
    return asked | lists | {"words": words.step_words(step, question.lists)}


def _given(given: Given) -> dict[str, Any]:
    """A row of an example without what it leaves at the default."""
    said = {f.name: getattr(given, f.name) for f in fields(Given) if getattr(given, f.name) is not None}
    usual = {"defendant": "1", "stated": 1}
    return {n: v.isoformat() if isinstance(v, date) else v for n, v in said.items() if usual.get(n) != v}


def _when(note: Note) -> dict[str, str] | None:
    period = {"period": note.period.label} if note.period else {}
    return (period | dict(note.cell) | ({"unit": note.unit} if note.unit else {})) or None


def _code(entry: CodeEntry) -> dict[str, Any]:
    known = standing.offence(entry.code) if entry.match in OFFENCE_MATCHES else None
    return {
        "code": entry.code,
        "match": entry.match,
        "compared": MATCHES[entry.match],
        "official": words.official_title(entry),
        "home_office_class": known.home_office_class or None if known else None,
        "label": entry.label,
        "category": entry.category,
        "valid_from": entry.valid_from.isoformat() if entry.valid_from else None,
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else None,
        "source": entry.source,
    }


def sections(question: Question, last: LastRun | None = None) -> list[Section]:
    """Everything there is to say after the title, in the order in which people read it; the SQL comes last."""
    q, said = question, explain(question)
    always = set(q.breakdowns.default)
    asked = [(" and ".join(c), "always" if c in always else "when asked for") for c in q.breakdowns.allowed]
    steps = tuple((s.step, f"{s.rows:,}", f"{s.units:,}") for s in last.steps) if last else ()
    notes = [n["text"] + (f" ({n['words']})" if n["when"] else "") for n in said["notes"]]
    left = f"{last.unit if last else q.unit}s left"
    table = {n.replace("_", " "): v for n, v in (said["published"] or {}).items() if v and n != "select"}
    rows = [words.published_rows(q.published)] if q.published else []
    published = (*(f"{n}: {v}" for n, v in table.items()), *rows)
    found = [
        Section("In plain words", (said["paragraph"],)),
        Section("How it is counted", items=tuple(said["rule"]), numbered=True),
        Section("The last run", (last.said,) if last else (), (), False, ("step", "results left", left), steps),
        *(_codes(q, name, entries) for name, entries in said["codes"].items()),
        Section("Units side by side", items=tuple(f"{u['unit']}: {u['words']}" for u in said["units"] if q.also)),
        Section(
            "On what a unit rests",
            ("Each takes the first that applies.",) if q.evidence else (),
            tuple(f"{e['name']}: {words.sentence(e['label'])} {e['rule']}" for e in said["evidence"]),
        ),
        Section(
            "Breakdowns",
            items=tuple(f"{name}: {words.sentence(text)}" for name, text in said["breakdowns"]["words"].items()),
            heads=("combination", "shown"),
            rows=tuple(asked),
        ),
        Section("Notes that go with the figure", items=tuple(notes)),
        Section("Breaks in the series", items=tuple(words.sentence(words.break_words(b)) for b in q.breaks)),
        Section("Provisional figures", (words.provisional_words(q),) if q.provisional else ()),
        Section("Held", tuple(words.sentence(words.hold_words(h)) for h in q.holds) or ("Nothing.",)),
        Section("The published table", items=published),
        Section("Schedule", (f"{schedule_words(q.schedule)}.",) if q.schedule else ()),
        Section("Release", (f"The figures go out with {q.release}.",) if q.release else ()),
        Section("Rules", items=tuple(f"{r['id']}: {words.sentence(r['says'])}" for r in said["rules"])),
        Section("Findings that are right as they are", items=tuple(f"{f}: {why}" for f, why in q.accepted.items())),
        Section("Examples", heads=("it shows", "given", "expected"), rows=tuple(_example(e) for e in said["examples"])),
        Section("Fingerprint", (q.fingerprint,)),
        Section("The statement", sql=said["sql"]),
    ]
    return [one for one in found if not one.empty]


def _codes(question: Question, name: str, entries: Sequence[dict[str, Any]]) -> Section:
    """The table of a list; the list's own title stands beside the official one only where they differ."""
    used = [f"step “{s.name}”" for s in question.steps if name in (s.offence, s.result)]
    used += [f"kind of evidence “{e.name}”" for e in question.evidence if name in (e.has, e.without, e.beside)]
    used += [f"breakdown “{b.name}”" for b in question.breakdowns.declared if b.list == name]
    used += ["the outcome"] if question.outcome and question.outcome.list == name else []
    rows = []
    for e in entries:
        same = e["official"] and normalise_text(e["official"]) == normalise_text(e["label"])
        days = (("from", e["valid_from"]), ("until", e["valid_to"]))
        ends = [f"{way} {day_in_words(date.fromisoformat(on))}" for way, on in days if on]
        missing = "" if e["match"] == "text" else "not in the standing data"
        titles = (e["official"] or missing, "" if same else e["label"], e["home_office_class"] or "")
        rows.append((e["code"], *titles, e["category"], e["compared"], " ".join(ends)))
    heads = ("code", "official title", "title in the list", "Home Office class", "category", "compared by", "in use")
    shown = [n for n in range(len(heads)) if any(row[n] for row in rows)]
    cells = tuple(tuple(row[n] for n in shown) for row in rows)
    return Section(
        f"Codes of {name}", (f"Used by {'; '.join(used)}.",), (), False, tuple(heads[n] for n in shown), cells
    )


def _example(example: dict[str, Any]) -> tuple[str, str, str]:
    given = [", ".join(f"{n.replace('_', ' ')} {v}" for n, v in row.items()) for row in example["given"]]
    return example["name"], "\n".join(given), "\n".join(f"{cell}: {n}" for cell, n in example["expect"].items())


def question_page(question: Question, last: LastRun | None = None) -> str:
    """The reference page of a question in Markdown; without a last run it depends on the definition alone."""
    q, lists = question, ", ".join(f"[{n}](../../sql/codelists/{n}.csv)" for n in question.lists)
    head = f"# {_md(q.title)}\n\n{MADE.format(id=q.id)}\n\n{_md(q.asks)}\n\nOwner: {_md(q.owner)}."
    parts = [f"{head} [Definition](../../sql/questions/{q.id}.toml), code lists {lists}, [method](../method.md)."]
    for one in sections(q, last):
        parts.append(f"## {_md(one.title)}")
        parts += map(_md, one.texts)
        if one.items:
            parts.append("\n".join(f"{f'{n}.' if one.numbered else '-'} {_md(i)}" for n, i in enumerate(one.items, 1)))
        if one.rows:
            parts.append(_table(one.heads, one.rows))
        if one.sql:
            parts.append(f"```sql\n{one.sql.strip()}\n```")
    return "\n\n".join(parts) + "\n"


def questions_index(definitions: "Definitions") -> str:
    """The page that lists the questions, each with a link to its own."""
    rows = [
        (f"[{_md(q.title)}]({q.id}.md)", _md(q.asks), words.either([f"{u}s" for u in q.units], "and"), _md(q.owner))
        for q in definitions.questions.values()
    ]
    table = _table(("question", "asks", "counts", "owner"), rows, str)
    return f"# Questions\n\n{MADE.format(id='*')}\n\n{table}\n"


def _md(text: str) -> str:
    """A text as Markdown that shows it as it is, also in a cell of a table."""
    return re.sub(r"^(\d+)(?=[.)])|^(?=[#>+-])|(?=[\\`*_<\[\]|])", r"\1\\", text)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], cell: Callable[[str], str] = _md) -> str:
    lines = [heads, ["---"] * len(heads), *([cell(c).replace("\n", "<br>") for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
