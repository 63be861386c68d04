"""Questions as data: each file of `questions/` with the code lists it uses, loaded strictly.

Every fault of every file comes in one `ExceptionGroup`, each as `file:line: what. remedy`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path

from transform.codelists import CodeList, read_code_list
from transform.contract import TransformError
from transform.periods import Period, parse_period
from transform.question_checks import question_faults
from transform.question_file import QuestionFile


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the rule: it keeps the rows on the named lists (of offences, of results, or on both)."""

    name: str
    offence: str | None
    result: str | None


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """Units with a counted result on list `has`, with none (`without`) or one (`beside`) of another list beside it."""

    name: str
    label: str
    has: str
    without: str | None
    beside: str | None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A breakdown by the categories of an offence list."""

    name: str
    label: str
    list: str


@dataclass(frozen=True, slots=True)
class Breakdowns:
    """Declared breakdowns, the combinations counted by default, and all that may be asked for (default first)."""

    declared: tuple[Breakdown, ...]
    default: tuple[tuple[str, ...], ...]
    allowed: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the question is counted (cron) and which period is meant (`periods.SCHEDULED_PERIODS`)."""

    cron: str
    period: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A period whose figures are not given before `until`, and why."""

    period: Period
    until: datetime
    basis: str


@dataclass(frozen=True, slots=True)
class Given:
    """One row of an example; without a result it is a statement with nothing left."""

    case: str
    hearing: date
    offence: str | None
    result: str | None
    text: str | None
    defendant: str
    stated: int


@dataclass(frozen=True, slots=True)
class Example:
    """Rows, and the figures they give: `2020Q1` or `2020Q1 month=2020-01` to a number or a status."""

    name: str
    given: tuple[Given, ...]
    expect: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what it asks, its rule, and everything that goes with its figures.

    `text` is the file's text; `lists` are the code lists that it uses, by id; `fingerprint` is the
    SHA-256 (hex) of what the file and those lists say, whatever their layout and comments.
    """

    id: str
    title: str
    asks: str
    owner: str
    unit: str
    in_force: date | None
    act: str | None
    steps: tuple[Step, ...]
    evidence: tuple[EvidenceKind, ...]
    breakdowns: Breakdowns
    schedule: Schedule | None
    release: str | None
    holds: tuple[Hold, ...]
    notes: tuple[str, ...]
    examples: tuple[Example, ...]
    lists: Mapping[str, CodeList]
    text: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """Every question and every code list, by id."""

    questions: Mapping[str, Question]
    lists: Mapping[str, CodeList]

    def question(self, name: str) -> Question:
        """The question of that id. Raises `TransformError` with the nearest name."""
        if name in self.questions:
            return self.questions[name]
        near = get_close_matches(name, self.questions, 1)
        known = ", ".join(self.questions) or "none"
        remedy = f"Did you mean {near[0]!r}?" if near else f"The questions are: {known}"
        raise TransformError(f"there is no question {name!r}", remedy=remedy)


def load_definitions(sql_dir: Path) -> Definitions:
    """Questions of `sql_dir/questions/*.toml` with the lists of `sql_dir/codelists/*.csv`.

    Raises an `ExceptionGroup` of `TransformError`s: every fault of every file.
    """
    faults: list[TransformError] = []
    lists: dict[str, CodeList] = {}
    for path in sorted((sql_dir / "codelists").glob("*.csv")):
        lists[path.stem], found = read_code_list(path, f"codelists/{path.name}")
        faults += found
    questions: dict[str, Question] = {}
    for path in sorted((sql_dir / "questions").glob("*.toml")):
        shown = f"questions/{path.name}"
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            faults.append(TransformError("the file is not UTF-8 text", where=f"{shown}:1", remedy="Save it as UTF-8"))
            continue
        shape, found = question_faults(text, shown, path.stem, lists)
        faults += found
        if shape is not None and not found:
            questions[shape.id] = _question(shape, text, lists)
    if faults:
        raise ExceptionGroup("questions or code lists that cannot be used", faults)
    return Definitions(questions, lists)


def _question(shape: QuestionFile, text: str, lists: Mapping[str, CodeList]) -> Question:
    kept = [name for s in shape.step for name in (s.keep.offence, s.keep.result)]
    shown = [name for e in shape.evidence for name in (e.has, e.without, e.beside)]
    split = [b.list for b in shape.breakdown]
    used = {name: lists[name] for name in dict.fromkeys((*kept, *shown, *split)) if name}
    default = tuple(dict.fromkeys(tuple(c) for c in shape.breakdowns.default))
    allowed = tuple(dict.fromkeys((*default, *(tuple(c) for c in shape.breakdowns.allowed))))
    return Question(
        id=shape.id,
        title=shape.title,
        asks=shape.asks,
        owner=shape.owner,
        unit=shape.count.unit,
        in_force=shape.in_force,
        act=shape.act,
        steps=tuple(Step(s.name, s.keep.offence, s.keep.result) for s in shape.step),
        evidence=tuple(EvidenceKind(e.name, e.label, e.has, e.without, e.beside) for e in shape.evidence),
        breakdowns=Breakdowns(tuple(Breakdown(b.name, b.label, b.list) for b in shape.breakdown), default, allowed),
        schedule=Schedule(shape.schedule.cron, shape.schedule.period) if shape.schedule else None,
        release=shape.release.stream if shape.release else None,
        holds=tuple(Hold(parse_period(h.period), h.until, h.basis) for h in shape.hold),
        notes=tuple(n.text for n in shape.note),
        examples=tuple(
            Example(e.name, tuple(Given(**given.model_dump()) for given in e.given), e.expect) for e in shape.example
        ),
        lists=used,
        text=text,
        fingerprint=_fingerprint(shape, used),
    )


def _fingerprint(shape: QuestionFile, lists: Mapping[str, CodeList]) -> str:
    """SHA-256 of what is said: keys in order of the alphabet, defaults left out, list entries in their order."""
    said = {
        "question": shape.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "lists": {
            name: [
                [e.code, e.match, e.label, e.category, str(e.valid_from), str(e.valid_to), e.source] for e in entries
            ]
            for name, entries in ((name, one.entries) for name, one in lists.items())
        },
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
