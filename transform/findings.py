"""Findings about definitions: what a finding is, what a kind of finding is, and what a check of a kind is given."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from transform.code_checks import ERROR, INFO, SEVERITIES, WARNING
from transform.codelists import CodeList
from transform.definition import Question
from transform.rules import RULES, Rule
from transform.standing import Standing
from transform.toml_places import Path

__all__ = ["ERROR", "INFO", "SEVERITIES", "WARNING", "Check", "Context", "Finding", "Hit", "Kind", "ListLine"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the file (below the folder of definitions), line and column from 1, what it is, what to do.

    `accepted` is the reason given by the question that accepts it; an accepted finding counts for nothing.
    """

    file: str
    line: int
    column: int
    severity: str
    id: str
    what: str
    remedy: str
    accepted: str | None = None

    def __str__(self) -> str:
        said = " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in (self.what, self.remedy))
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {said} [{self.id}]"


@dataclass(frozen=True, slots=True)
class ListLine:
    """A line of a code list."""

    list: str
    line: int


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check found: a path into the question's file or a line of a list, and what is wrong.

    `remedy` and `severity` stand in for those of the kind, where this one is special.
    """

    at: Path | ListLine
    what: str
    remedy: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What a question is checked against: official codes, every code list of the folder, the named rules.

    `thorough`: with what takes longer; what it finds besides is only to be known, never a warning.
    """

    standing: Standing
    lists: Mapping[str, CodeList]
    rules: Mapping[str, Rule] = field(default_factory=lambda: RULES)
    thorough: bool = False


Check = Callable[[Question, Context], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding. Its id never changes its meaning, because definitions accept findings by id.

    `bad` and `good` are parts of a definition (or a code list) that has it, and that has not. `check` finds
    it in a question; where it is `None` another part of the linter does. `acceptable`: `[[accept]]` may name it.
    """

    id: str
    severity: str
    title: str
    why: str
    remedy: str
    bad: str
    good: str
    check: Check | None = None
    acceptable: bool = True
