"""A question explained: the rule in plain words, codes with their titles, and the statement that counts."""

from typing import Any

from transform.codelists import MATCHES, CodeList
from transform.counting import count_sql
from transform.definition import EvidenceKind, Question

TIE_BREAK = (
    "Where several results of a unit qualify, the first by hearing date, offence code, statement, case, offence and "
    "result dates the unit and gives its breakdowns"
)
MEMORY = (
    "Of each statement key the latest statement counts, as known at the asked time; what it leaves out is withdrawn. "
    "This is settled before any code is looked at"
)


def explain(question: Question) -> dict[str, Any]:
    """The explanation as plain JSON values."""
    return {
        "question": question.id,
        "title": question.title,
        "asks": question.asks,
        "owner": question.owner,
        "unit": question.unit,
        "in_force": {"date": question.in_force.isoformat(), "act": question.act} if question.in_force else None,
        "rule": _rule(question),
        "steps": [{"name": s.name, "offence": s.offence, "result": s.result} for s in question.steps],
        "codes": {name: _codes(one) for name, one in question.lists.items()},
        "evidence": [{"name": e.name, "label": e.label, "rule": _evidence(e)} for e in question.evidence],
        "breakdowns": {
            "default": [list(c) for c in question.breakdowns.default],
            "allowed": [list(c) for c in question.breakdowns.allowed],
            "labels": {b.name: b.label for b in question.breakdowns.declared},
        },
        "schedule": {"cron": question.schedule.cron, "period": question.schedule.period} if question.schedule else None,
        "release": question.release,
        "notes": list(question.notes),
        "holds": [{"period": h.period.label, "until": h.until.isoformat(), "basis": h.basis} for h in question.holds],
        "tie_break": TIE_BREAK + ".",
        "examples": [e.name for e in question.examples],
        "fingerprint": question.fingerprint,
        "sql": count_sql(question),
    }


def explain_text(question: Question) -> str:
    """The explanation to read: headings, indented lines, the SQL at the end."""
    said = explain(question)
    lines = [question.title, "=" * len(question.title), "", question.asks, f"Owner: {question.owner}"]
    if question.in_force:
        lines.append(f"In force from {question.in_force}: {question.act}")
    lines += _section("The rule", [f"{n}. {sentence}" for n, sentence in enumerate(said["rule"], 1)])
    for name, one in question.lists.items():
        lines += _section(f"Codes of {name}", [_code_line(code) for code in _codes(one)])
    lines += _section("On what a unit rests", [f"{e.name}: {e.label}. {_evidence(e)}" for e in question.evidence])
    default = set(question.breakdowns.default)
    combinations = [", ".join(c) + (" (always shown)" if c in default else "") for c in question.breakdowns.allowed]
    lines += _section("Breakdowns", combinations)
    if question.schedule:
        lines += _section("Schedule", [f"{question.schedule.cron}, for the {question.schedule.period}"])
    lines += _section("Notes that go with the figure", [f"- {note}" for note in question.notes])
    held = [f"{h.period.label} until {h.until.isoformat()}: {h.basis}" for h in question.holds]
    lines += _section("Held", held or ["nothing"])
    lines += _section("Shown by these examples", [f"- {example.name}" for example in question.examples])
    return "\n".join([*lines, "", "The statement", "-------------", "", said["sql"]])


def _rule(question: Question) -> list[str]:
    steps = []
    for step in question.steps:
        lists = [f"{kind} is on {name}" for kind, name in (("offence", step.offence), ("result", step.result)) if name]
        steps.append(f"{step.name}: keep where the {' and the '.join(lists)}.")
    return [
        "Take the results of hearings from the first to the last day of the period, both included.",
        MEMORY + ".",
        *steps,
        f"Count each {question.unit} once in the period, dated by its first hearing that qualifies there. "
        "Each period is answered on its own.",
        TIE_BREAK + ".",
    ]


def _codes(one: CodeList) -> list[dict[str, Any]]:
    return [
        {
            "code": e.code,
            "match": e.match,
            "compared": MATCHES[e.match],
            "label": e.label,
            "category": e.category,
            "valid_from": e.valid_from.isoformat() if e.valid_from else None,
            "valid_to": e.valid_to.isoformat() if e.valid_to else None,
            "source": e.source,
        }
        for e in one.entries
    ]


def _code_line(code: dict[str, Any]) -> str:
    return f"{code['code']:<12} {code['label']} ({code['compared']}; {code['category'] or 'no category'})"


def _evidence(kind: EvidenceKind) -> str:
    has = f"Some counted result is on {kind.has}"
    if kind.without:
        return f"{has}, with no result of {kind.without} on the same offence."
    if kind.beside:
        return f"{has}, with a result of {kind.beside} on the same offence."
    return f"{has}."


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, "-" * len(title), *(f"  {line}" for line in lines)] if lines else []
