"""Why a step kept or dropped a row of an example: its own conditions, each asked about that row alone."""

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

from transform.code_advice import nearest_codes
from transform.codelists import MATCHES, CodeEntry, CodeList
from transform.counting import FRAGMENTS, VALUE_CONDITIONS, WINDOW_CONDITIONS, conditions_of, relation
from transform.definition import Given, Question, Step

if TYPE_CHECKING:
    import duckdb

_LISTS = {"offence": "keep-offence", "result": "keep-result"}
"""Conditions that look into a code list, with their fragments."""
_SHOWN_CODES = 5

Key = tuple[str, int, int | None]
"""A record of an example: statement key, number of the statement, number of the result."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one step did with a row: its number from 1, its name, whether it kept the row, and why in words."""

    step: int
    name: str
    kept: bool
    because: str


class Asked:
    """The conditions of one step, each asked about each record alone."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", question: Question, number: int, step: Step) -> None:
        self.number, self.step, self.lists = number, step, question.lists
        self.names = [f.name for f in fields(Step) if f.name not in ("name", "drop") and _is_set(getattr(step, f.name))]
        alone = [Step(step.name, **{name: getattr(step, name)}) for name in self.names]
        holds = [f"coalesce({next(conditions_of(number, one))}, false)" for one in alone]
        values = [f"cast({VALUE_CONDITIONS.get(name, 'null')} as varchar)" for name in self.names]
        self.holds: dict[Key, dict[str, bool]] = {}
        self.values: dict[Key, dict[str, str | None]] = {}
        self.entries: dict[tuple[Key, str], CodeEntry] = {}
        asked = _asked_sql(holds, values)
        for *record, held, valued in connection.execute(asked).fetchall():
            self.holds[tuple(record)] = dict(zip(self.names, held, strict=True))
            self.values[tuple(record)] = dict(zip(self.names, valued, strict=True))
        for name in _LISTS.keys() & set(self.names):
            entries = question.lists[getattr(step, name)].entries
            for *record, place in connection.execute(_entries_sql(_LISTS[name], getattr(step, name))).fetchall():
                self.entries.setdefault((tuple(record), name), entries[place - 1])

    def reason(self, record: Key, given: Given, kept: bool) -> Reason:
        """Why the step kept or dropped a record."""
        holds = self.holds[record]
        wanted = self.names if all(holds.values()) else [name for name in self.names if not holds[name]]
        because = [self._because(name, record, given, holds[name]) for name in wanted]
        return Reason(self.number, self.step.name, kept, " and ".join(because))

    def _because(self, name: str, record: Key, given: Given, holds: bool) -> str:
        asked = getattr(self.step, name)
        if name in _LISTS:
            if holds:
                entry = self.entries[record, name]
                return f"{entry.code} on {asked} matches by {MATCHES[entry.match].partition(',')[0]}"
            return _unmatched(self.lists[asked], given, name)
        if name in VALUE_CONDITIONS:
            value = self.values[record][name]
            return f"{name} is {value or 'not said'}, {'one' if holds else 'none'} of {', '.join(asked)}"
        if name in WINDOW_CONDITIONS:
            day = given.hearing if name == "hearing" else given.convicted
            days = " ".join(
                f"{word} {shown_day(end)}" for word, end in (("from", asked.first), ("to", asked.last)) if end
            )
            return f"the {name} on {shown_day(day) if day else 'no day'} is {'' if holds else 'not '}in the days {days}"
        if name == "rule":
            return f"the rule {asked} {'holds' if holds else 'does not hold'}"
        said = {"final_disposal": "a final disposal", "convicted": "a conviction"}[name]
        return f"there is {said if asked == holds else 'no ' + said.removeprefix('a ')}"


def _asked_sql(holds: list[str], values: list[str]) -> str:
    """Of every record whether each condition holds, and the value that it looks at."""
    said = f"[{', '.join(holds)}], [{', '.join(values)}]"
    return f"select statement_key, landed_batch, result_index, {said} from records"  # noqa: S608 - the texts are ours


def _is_set(value: object) -> bool:
    return value is not None and value != ()


def _entries_sql(fragment: str, list_id: str) -> str:
    """Which entries of a list match a record: the engine's own condition, for each entry as a list of its own."""
    name = relation(list_id)
    alone = f"(select * from {name} where {name}.place = entry.place)"  # noqa: S608 - the names are ours
    condition = (FRAGMENTS / f"{fragment}.sql").read_text(encoding="utf-8").replace("{{list}}", alone)
    return f"""
        select statement_key, landed_batch, result_index, entry.place
        from records, {name} as entry
        where {condition}
        order by entry.place
    """  # noqa: S608 - the names are ours


def _unmatched(code_list: CodeList, given: Given, name: str) -> str:
    """That no entry matches, with the entry that was perhaps meant."""
    shown = (given.offence or "no offence") if name == "offence" else shown_result(given)
    sought = (given.offence or "") if name == "offence" else (given.result or given.text or "")
    said = f"no entry of {code_list.id} matches {shown}"
    texts = {e.code for e in code_list.entries if e.match == "text"}
    own_code = name == "result" and given.text and sought not in ("", "1000")
    if own_code and " ".join((given.text or "").split()).casefold() in texts:
        return f"{said}: its text is on the list, but a result with a code of its own is not known by its text"
    exact = next((e for e in code_list.entries if e.match == "offence" and e.code == sought[:7] != sought), None)
    if name == "offence" and exact:
        return f'{said}: {exact.code} is matched exactly; match "base" would take its forms too'
    near = nearest_codes(sought, [e.code for e in code_list.entries], 1)
    if near:
        entry = next(e for e in code_list.entries if e.code == near[0])
        return f"{said}; nearest: {entry.code} {entry.label}"
    codes = [e.code for e in code_list.entries]
    more = f" and {len(codes) - _SHOWN_CODES} more" if len(codes) > _SHOWN_CODES else ""
    return f"{said}; it holds {', '.join(codes[:_SHOWN_CODES])}{more}"


def shown_result(given: Given) -> str:
    """The result of a row: its code, its text, or both."""
    if given.result and given.text:
        return f"{given.result} {given.text!r}"
    return given.result or repr(given.text)


def shown_day(day: date) -> str:
    """A day in words, like 3 February 2020."""
    return f"{day:%-d %B %Y}"
