"""What differs between two versions of a question, as single changes in a fixed order.

The order: entries of code lists (lists by name; in each those removed, added, changed, in the order of
the file), then steps (removed, added, changed), the outcome, the unit, the lists of breakdowns, and last
what says something else but counts the same. Each change is applied on top of those before it, so the
effects of all changes add up to the whole difference. In another order single effects could differ,
where two changes act on the same results; their sum could not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import SequenceMatcher
from typing import Any

from transform.codelists import HEADER, CodeEntry, CodeList
from transform.definition import Hold, Note, Question, Step, Window

FIGURES, CELLS, WORDS = "figures", "cells", "words"
AFFECTS: dict[str, str] = {
    FIGURES: "can change every figure",
    CELLS: "can move units between the cells of a breakdown, never in or out of the total",
    WORDS: "says or shows something else, counts the same",
}
"""How far a change reaches."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the part of the definition, what of it, the change in words, and how far it reaches (`AFFECTS`)."""

    part: str
    subject: str
    says: str
    affects: str
    apply: Callable[[Question], Question] = field(default=lambda question: question, compare=False, repr=False)
    """The definition with this change, from the one with all changes before it."""


def changes(old: Question, new: Question) -> tuple[Change, ...]:
    """Every change from the old to the new version of a question, in the order of this module's head."""
    return (
        *_list_changes(old, new),
        *_step_changes(old, new),
        *_outcome_changes(old, new),
        *_unit_changes(old, new),
        *_breakdown_changes(old, new),
        *_word_changes(old, new),
    )


# --- code lists --------------------------------------------------------------------------------


def _list_changes(old: Question, new: Question) -> Iterator[Change]:
    both = sorted(old.lists.keys() & new.lists.keys())
    for name in both:
        yield from _entry_changes(old.lists[name], new.lists[name], _reach_of(name, old, new))


def _reach_of(name: str, old: Question, new: Question) -> Callable[[set[str]], str]:
    """How far a change of these fields of an entry of the list reaches, by what the list is used for."""
    steps = (*old.steps, *new.steps)
    in_rule = any(name in (step.offence, step.result) for step in steps)
    kept_result = any(name == step.result and not step.drop for step in steps)
    outcomes = [q.outcome.list for q in (old, new) if q.outcome]
    splits = name in outcomes or any(b.list == name for q in (old, new) for b in q.breakdowns.declared)
    orders = "order" in (*old.units, *new.units)

    def reach(changed: set[str]) -> str:
        if changed & {"code", "match"} and in_rule:
            return FIGURES
        if "category" in changed and orders and kept_result:  # orders are told apart by category
            return FIGURES
        return CELLS if changed & {"code", "match", "category"} and splits else WORDS

    return reach


def _entry_changes(old: CodeList, new: CodeList, reach: Callable[[set[str]], str]) -> Iterator[Change]:
    name = new.id
    was, now = _paired(old, new)
    current = dict(was)

    def change(entry: CodeEntry, says: str, differ: set[str]) -> Change:
        after = CodeList(name, tuple(current.values()))
        return Change("list", entry.code, says, reach(differ), lambda q: replace(q, lists={**q.lists, name: after}))

    for key, entry in was.items():
        if key not in now:
            del current[key]
            yield change(entry, f"{_code(entry)} removed from {name}", {"code"})
    for key, entry in now.items():
        if key not in was:
            current[key] = entry
            yield change(entry, f"{_code(entry)} added to {name}", {"code"})
    for key, entry in was.items():
        if key in now and now[key] != entry:
            current[key] = now[key]
            differ = [f for f in HEADER if getattr(entry, f) != getattr(now[key], f)]
            told = [_instead(f, getattr(now[key], f), getattr(entry, f)) for f in differ]
            yield change(entry, f"{_code(entry)} in {name}: {'; '.join(told)}", set(differ))
    if [key for key in was if key in now] != [key for key in now if key in was]:
        yield Change("list", name, f"the entries of {name} stand in another order", WORDS)


_Key = tuple[str, str]


def _paired(old: CodeList, new: CodeList) -> tuple[dict[_Key, CodeEntry], dict[_Key, CodeEntry]]:
    """The entries of both, in their order, under the same key where they are the same code, matched alike or not."""
    was = {(e.match, e.code): e for e in old.entries}
    now = {(e.match, e.code): e for e in new.entries}
    gone = [key for key in was if key not in now]
    renamed: dict[_Key, _Key] = {}
    for key in now:
        if key not in was and (match := next((k for k in gone if k[1] == key[1]), None)):
            gone.remove(match)
            renamed[key] = match
    return was, {renamed.get(key, key): entry for key, entry in now.items()}


def _code(entry: CodeEntry) -> str:
    return f"“{entry.code}”" if entry.match == "text" else entry.code


# --- steps -------------------------------------------------------------------------------------

_Slot = tuple[Step | None, Step | None]
"""A place in the rule: the step that the old version has there, and the one that the new version has."""


def _step_changes(old: Question, new: Question) -> Iterator[Change]:
    slots, moved = _slots(old.steps, new.steps)
    orders = "order" in (*old.units, *new.units)
    switched: set[int] = set()

    def change(places: set[int], subject: str, says: str, affects: str = FIGURES) -> Change:
        switched.update(places)
        steps = tuple(step for n, slot in enumerate(slots) if (step := slot[n in switched]) is not None)
        return Change("step", subject, says, affects, lambda q: replace(q, steps=steps))

    alone = {n: slot for n, slot in enumerate(slots) if not any(n in places for places in moved)}
    for n, (was, now) in alone.items():
        if was and now is None:
            yield change({n}, was.name, f"step removed: {_step(was)}")
    for n, (was, now) in alone.items():
        if now and was is None:
            yield change({n}, now.name, f"step added: {_step(now)}")
    for n, (was, now) in alone.items():
        if was and now and was != now:
            yield change({n}, now.name, *_changed_step(was, now))
    for places in moved:
        was, now = (next(step for n in places if (step := slots[n][side])) for side in (0, 1))
        says, affects = _changed_step(was, now) if was != now else ("", WORDS)
        affects = FIGURES if orders else affects  # the last step that keeps results tells orders apart
        says = f"step “{was.name}” stands at another place" + (f"; {says}" if says else "")
        yield change(places, now.name, says, affects)


def _changed_step(was: Step, now: Step) -> tuple[str, str]:
    """A changed step in words, and how far that reaches."""
    if replace(was, name=now.name) == now:
        return f"step “{was.name}” is named “{now.name}”", WORDS
    if was.name != now.name:
        return f"step “{was.name}” replaced by {_step(now)}", FIGURES
    differ = [name for name in _CONDITIONS if getattr(was, name) != getattr(now, name)]
    told = [_instead(_CONDITIONS[name], getattr(now, name), getattr(was, name)) for name in differ]
    if was.drop != now.drop:
        told.insert(0, "drops what it kept" if now.drop else "keeps what it dropped")
    return f"step “{now.name}”: {'; '.join(told)}", FIGURES


def _slots(old: Sequence[Step], new: Sequence[Step]) -> tuple[list[_Slot], list[set[int]]]:
    """The places of both rules in one order that keeps the order of each; and the two places of each moved step."""
    names, keys = [step.name for step in old], _keys(old, new)
    slots: list[_Slot] = []
    of_slot: list[str] = []

    def place(was: Step | None, now: Step | None, key: str) -> None:
        slots.append((was, now))
        of_slot.append(key)

    for _, i, k, j, m in SequenceMatcher(None, names, keys, autojunk=False).get_opcodes():
        mine, theirs = list(range(i, k)), list(range(j, m))
        if names[i:k] == keys[j:m]:
            partner = dict(zip(theirs, mine, strict=True))
        else:  # steps of either version alone that stand at one place: the one replaces the other
            gone = [n for n in mine if names[n] not in keys]
            partner = dict(zip((n for n in theirs if keys[n] not in names), gone, strict=False))
        for n in theirs:
            while n in partner and mine[0] != partner[n]:
                place(old[mine[0]], None, names[mine.pop(0)])
            if n in partner:
                place(old[mine[0]], new[n], names[mine.pop(0)])
            else:
                place(None, new[n], keys[n])
        for n in mine:
            place(old[n], None, names[n])
    moved = [{n for n, k in enumerate(of_slot) if k == key} for key in names if of_slot.count(key) > 1]
    return slots, moved


def _keys(old: Sequence[Step], new: Sequence[Step]) -> list[str]:
    """By which name of an old step each new step goes: its own, or where it was only renamed the old one."""
    keys = [step.name for step in new]
    names = {step.name for step in old}
    for was in old:
        same = [n for n, step in enumerate(new) if keys[n] not in names and replace(step, name=was.name) == was]
        if was.name not in keys and same:
            keys[same[0]] = was.name
    return keys


_CONDITIONS = {f.name: f.name.replace("_", " ") for f in fields(Step) if f.name not in ("name", "drop")} | {
    "offence": "offence list",
    "result": "result list",
    "force": "police force",
}


def _step(step: Step) -> str:
    """A step in words: its name and what it keeps or drops."""
    asked = {words: getattr(step, name) for name, words in _CONDITIONS.items()}
    told = ", ".join(f"{words} {_text(value)}" for words, value in asked.items() if value not in (None, ()))
    return f"“{step.name}” ({'drops' if step.drop else 'keeps'} {told})"


# --- the rest of the rule, and what counts the same ---------------------------------------------

_OUTCOME = {"list": "list", "prefer": "preference", "last": "last of several hearings", "label": "heading"}


def _outcome_changes(old: Question, new: Question) -> Iterator[Change]:
    was, now = old.outcome, new.outcome
    if was == now:
        return
    says, affects = f"outcomes are {'' if now else 'no longer '}told apart", CELLS
    if was and now:
        differ = [name for name in _OUTCOME if getattr(was, name) != getattr(now, name)]
        told = [_instead(_OUTCOME[name], getattr(now, name), getattr(was, name)) for name in differ]
        says, affects = f"outcome: {'; '.join(told)}", WORDS if differ == ["label"] else CELLS
    yield Change("outcome", "outcome", says, affects, lambda q: replace(q, outcome=now))


def _unit_changes(old: Question, new: Question) -> Iterator[Change]:
    if old.unit != new.unit:
        says = f"counted in {new.unit}s instead of {old.unit}s"
        yield Change("unit", new.unit, says, FIGURES, lambda q: replace(q, unit=new.unit))


def _breakdown_changes(old: Question, new: Question) -> Iterator[Change]:
    was = {b.name: b.list for b in old.breakdowns.declared}
    now = {b.name: b.list for b in new.breakdowns.declared}
    if told := [_instead(f"list of {n}", now[n], was[n]) for n in now if n in was and now[n] != was[n]]:
        says = f"breakdowns: {'; '.join(told)}"
        yield Change("breakdowns", "declared", says, CELLS, lambda q: replace(q, breakdowns=new.breakdowns))


_SHOWN: dict[str, str] = {
    "title": "title",
    "asks": "what it asks",
    "owner": "owner",
    "act": "Act",
    "in_force": "in force from",
    "also": "counted besides in",
    "release": "release stream",
    "schedule": "schedule",
    "breakdowns": "declaration of breakdowns",
    "provisional": "provisional days",
    "published": "published table",
    "accepted": "accepted findings of the linter",
    "examples": "examples",
    "evidence": "kinds of evidence",
}
"""What a question says besides its rule, with the words for it."""
_TOLD_IN_FULL = ("title", "asks", "owner", "act", "in_force", "also", "release")


def _word_changes(old: Question, new: Question) -> Iterator[Change]:
    for name in sorted(new.lists.keys() ^ old.lists.keys()):
        yield Change("list", name, f"the list {name} is {'used now' if name in new.lists else 'no longer used'}", WORDS)
    for part in ("holds", "notes", "breaks"):
        was, now = getattr(old, part), getattr(new, part)
        yield from (Change(part, "", f"added: {_said(one)}", WORDS) for one in now if one not in was)
        yield from (Change(part, "", f"removed: {_said(one)}", WORDS) for one in was if one not in now)
        if was != now and set(was) == set(now):
            yield Change(part, "", f"the {part} stand in another order", WORDS)
    for name, words in _SHOWN.items():
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            says = _instead(words, now, was) if name in _TOLD_IN_FULL else f"other {words}"
            yield Change(name, "", says, WORDS)


def _said(one: Any) -> str:
    """A hold, note or break in words."""
    if isinstance(one, Hold):
        return f"figures that touch {one.period.label} are held until {one.until.isoformat()} ({one.basis})"
    return f"note “{one.text}”" if isinstance(one, Note) else f"break in the series at {one.at} (“{one.text}”)"


def _instead(what: str, now: Any, was: Any) -> str:
    return f"{what} {_text(now)} instead of {_text(was)}"


def _text(value: Any) -> str:
    """A value of a definition as a person would write it."""
    if isinstance(value, Window):
        return f"{value.first or ''}..{value.last or ''}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(value) if isinstance(value, tuple) else str(value or "")) or "none"
