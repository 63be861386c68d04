"""Questions as data: each file of `questions/` with the code lists it uses, loaded strictly.

Every fault of every file comes in one `ExceptionGroup`, each as `file:line:column: what. remedy`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from transform.codelists import CodeList, read_code_list
from transform.contract import TransformError
from transform.definition import (
    Breakdown,
    Breakdowns,
    EvidenceKind,
    Example,
    Given,
    Hold,
    Note,
    Outcome,
    Provisional,
    Question,
    Schedule,
    SeriesBreak,
    Step,
    Window,
)
from transform.definition_files import list_files, question_files, read_text
from transform.periods import parse_period
from transform.question_checks import published_of, question_faults
from transform.question_file import OutcomePart, QuestionFile, StepPart
from transform.question_parts import WindowPart
from transform.rules import RULES


@dataclass(frozen=True, slots=True)
class Definitions:
    """Every question and every code list, by id."""

    questions: Mapping[str, Question]
    lists: Mapping[str, CodeList]

    def question(self, name: str) -> Question:
        """The question of that id. Raises `TransformError` with the nearest name."""
        if name in self.questions:
            return self.questions[name]
        raise no_question(name, self.questions)


def load_definitions(sql_dir: Path) -> Definitions:
    """Questions of `sql_dir/questions/*.toml` with the lists of `sql_dir/codelists/*.csv`.

    Raises an `ExceptionGroup` of `TransformError`s: every fault of every file.
    """
    found, faults = sound_definitions(sql_dir)
    if faults:
        raise ExceptionGroup("questions or code lists that cannot be used", faults)
    return found


def sound_definitions(sql_dir: Path) -> tuple[Definitions, list[TransformError]]:
    """The questions that can be used, though others cannot, and every fault of every file."""
    lists, list_faults = _lists(sql_dir)
    faults = [fault for found in list_faults.values() for fault in found]
    questions: dict[str, Question] = {}
    for path in question_files(sql_dir):
        question, found, _ = _load(path, lists)
        faults += found
        if question and not any(list_faults[name] for name in question.lists):
            questions[question.id] = question
    return Definitions(questions, {name: one for name, one in lists.items() if not list_faults[name]}), faults


def load_question(sql_dir: Path, name: str) -> Question:
    """One question with its lists; a fault in another file, somebody's draft for example, does not stop it.

    Raises `TransformError` where there is no such question, with the nearest name, and an `ExceptionGroup`
    of every fault of its file and of the lists that it names.
    """
    path = sql_dir / "questions" / f"{name}.toml"
    names = [p.stem for p in question_files(sql_dir)]
    if name not in names:
        raise no_question(name, names)
    lists, list_faults = _lists(sql_dir)
    question, faults, text = _load(path, lists)
    # A list with faults has lost what is wrong in it, so it may not be used.
    used = question.lists if question else [one for one in lists if re.search(rf"""["']{one}["']""", text)]
    faults = [fault for one in used for fault in list_faults[one]] + faults
    if faults or question is None:
        raise ExceptionGroup("a question or code lists that cannot be used", faults)
    return question


def load_lists(sql_dir: Path) -> dict[str, CodeList]:
    """Every code list, whatever the questions look like. Raises an `ExceptionGroup` of every fault of every list."""
    lists, list_faults = _lists(sql_dir)
    if faults := [fault for found in list_faults.values() for fault in found]:
        raise ExceptionGroup("code lists that cannot be used", faults)
    return lists


def read_question(text: str, name: str, lists: Mapping[str, CodeList]) -> Question:
    """A question from its text, as stored with a run or typed just now. Raises an `ExceptionGroup` of every fault."""
    shape, faults = question_faults(text, f"questions/{name}.toml", name, lists)
    if faults or shape is None:
        raise ExceptionGroup("a question that cannot be used", faults)
    return _question(shape, text, lists)


def no_question(name: str, known: Iterable[str]) -> TransformError:
    """The error for a name that no question has, with the nearest one that some has."""
    names = list(known)
    near = get_close_matches(name, names, 1)
    remedy = f"Did you mean {near[0]!r}?" if near else f"The questions are: {', '.join(names) or 'none'}"
    return TransformError(f"there is no question {name!r}", remedy=remedy)


def _lists(sql_dir: Path) -> tuple[dict[str, CodeList], dict[str, list[TransformError]]]:
    """Every code list, and the faults of each."""
    lists: dict[str, CodeList] = {}
    faults: dict[str, list[TransformError]] = {}
    for path in list_files(sql_dir):
        lists[path.stem], faults[path.stem] = read_code_list(path, f"codelists/{path.name}")
    return lists, faults


def _load(path: Path, lists: Mapping[str, CodeList]) -> tuple[Question | None, list[TransformError], str]:
    """The question of one file (`None` where it has faults), its faults, its text."""
    shown = f"questions/{path.name}"
    text, fault = read_text(path, shown)
    if fault:
        return None, [fault], ""
    shape, faults = question_faults(text, shown, path.stem, lists)
    return (_question(shape, text, lists) if shape is not None and not faults else None), faults, text


def _question(shape: QuestionFile, text: str, lists: Mapping[str, CodeList]) -> Question:
    steps = tuple(_step(s) for s in shape.step)
    kept = [name for s in steps for name in (s.offence, s.result)]
    shown = [name for e in shape.evidence for name in (e.has, e.without, e.beside)]
    split = [b.list for b in shape.breakdown] + ([shape.outcome.list] if shape.outcome else [])
    used = {name: lists[name] for name in dict.fromkeys((*kept, *shown, *split)) if name}
    default = _different(shape.breakdowns.default)
    allowed = _different([*default, *shape.breakdowns.allowed])
    provisional = shape.provisional
    return Question(
        id=shape.id,
        title=shape.title,
        asks=shape.asks,
        owner=shape.owner,
        unit=shape.count.unit,
        also=tuple(shape.count.also),
        in_force=shape.in_force,
        act=shape.act,
        steps=steps,
        outcome=_outcome(shape.outcome) if shape.outcome else None,
        evidence=tuple(EvidenceKind(e.name, e.label, e.has, e.without, e.beside) for e in shape.evidence),
        breakdowns=Breakdowns(tuple(Breakdown(b.name, b.label, b.list) for b in shape.breakdown), default, allowed),
        schedule=Schedule(shape.schedule.cron, shape.schedule.period) if shape.schedule else None,
        release=shape.release.stream if shape.release else None,
        holds=tuple(Hold(parse_period(h.period), h.until, h.basis) for h in shape.hold),
        notes=tuple(_note(n.text, n.when) for n in shape.note),
        breaks=tuple(SeriesBreak(b.at, b.text) for b in shape.series_break),
        provisional=Provisional(provisional.days, provisional.text) if provisional else None,
        published=published_of(shape.published) if shape.published else None,
        accepted={a.finding: a.because for a in shape.accept},
        examples=tuple(
            Example(e.name, tuple(Given(**given.model_dump()) for given in e.given), e.expect) for e in shape.example
        ),
        lists=used,
        text=text,
        fingerprint=_fingerprint(shape, used),
    )


def _different(combinations: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Combinations without those that are there already in another order of their names."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for combination in map(tuple, combinations):
        found.setdefault(frozenset(combination), combination)
    return tuple(found.values())


def _step(part: StepPart) -> Step:
    condition = part.keep or part.drop
    assert condition is not None  # a step has one of the two; that was checked
    return Step(
        name=part.name,
        drop=part.keep is None,
        offence=condition.offence,
        result=condition.result,
        level=tuple(condition.level),
        source=tuple(condition.source),
        system=tuple(condition.system),
        court=tuple(condition.court),
        force=tuple(condition.force),
        finding=tuple(condition.finding),
        final_disposal=condition.final_disposal,
        convicted=condition.convicted,
        hearing=_window(condition.hearing),
        conviction=_window(condition.conviction),
        rule=condition.rule,
    )


def _outcome(part: OutcomePart) -> Outcome:
    return Outcome(part.list, part.label, tuple(part.prefer), part.tie_break == "last hearing")


def _window(part: WindowPart | None) -> Window | None:
    return Window(part.first, part.last) if part else None


def _note(text: str, when: Mapping[str, str]) -> Note:
    cell = tuple((name, value) for name, value in when.items() if name not in ("period", "unit"))
    return Note(text, parse_period(when["period"]) if "period" in when else None, cell, when.get("unit"))


def _fingerprint(shape: QuestionFile, lists: Mapping[str, CodeList]) -> str:
    """SHA-256 of what is said: keys in order of the alphabet, defaults left out, list entries in their order.

    Named rules take part with their code. What the linter was told to accept says nothing about the figures.
    """
    rules = [c.rule for s in shape.step for c in (s.keep, s.drop) if c and c.rule]
    said = {
        "rules": {name: RULES[name].identity for name in rules},
        "question": shape.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"accept"}),
        "lists": {
            name: [
                [e.code, e.match, e.label, e.category, str(e.valid_from), str(e.valid_to), e.source] for e in entries
            ]
            for name, entries in ((name, one.entries) for name, one in lists.items())
        },
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
