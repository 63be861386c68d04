"""Everything that is wrong with a folder of definitions, found in one run: files, lists, questions, examples.

Where a question's file cannot be loaded, the lists that it names are checked all the same.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from transform.code_checks import check_lists, counts_from, without_losses
from transform.codelists import CodeList, read_code_list
from transform.contract import TransformError
from transform.definition import Question
from transform.definition_files import list_files, question_files, read_text
from transform.findings import Context, Finding
from transform.lint import CATALOGUE, accept, in_order, lint, list_finding
from transform.questions import no_question, read_question
from transform.standing import Standing

_NAMED = re.compile(r"""["']([a-z][a-z0-9]*(?:-[a-z0-9]+)*)["']""")
"""A text in a question's file that may be the name of a list."""
_LIKELY = 0.85
"""How like a name has to be to one of a list to be taken for a slip of it."""


@dataclass(frozen=True, slots=True)
class Linted:
    """What a run looked at and found: the ids of the questions, and the findings in the order of files and lines."""

    questions: tuple[str, ...]
    findings: tuple[Finding, ...]


def lint_folder(sql_dir: Path, name: str | None, standing: Standing, *, thorough: bool = False) -> Linted:
    """Every finding about one question of `sql_dir/questions`, or about all of them and every list.

    Raises `TransformError` where there is no question of that name, with the nearest one.
    """
    paths = {path.stem: path for path in question_files(sql_dir)}
    if name is not None and name not in paths:
        raise no_question(name, paths)
    lists: dict[str, CodeList] = {}
    faults: dict[str, list[TransformError]] = {}
    for path in list_files(sql_dir):
        lists[path.stem], faults[path.stem] = read_code_list(path, f"codelists/{path.name}")
    context = Context(standing, lists, thorough=thorough)
    found: list[Finding] = []
    used: set[str] = set()
    for stem in paths if name is None else (name,):
        one, named = _lint_file(paths[stem], context, faults)
        found += one
        used |= named
    for unasked in sorted(lists.keys() - used) if name is None else ():
        found += [_cannot_load(fault) for fault in faults[unasked]]
        found += _unused(lists[unasked], standing)
    return Linted(tuple(paths) if name is None else (name,), tuple(sorted(_once(found), key=in_order)))


def _lint_file(
    path: Path, context: Context, faults: Mapping[str, list[TransformError]]
) -> tuple[list[Finding], set[str]]:
    """The findings about one question's file and its lists, and the names of those lists."""
    text, unreadable = read_text(path, f"questions/{path.name}")
    if unreadable:
        return [_cannot_load(unreadable)], set()
    question: Question | None = None
    found: list[Finding] = []
    try:
        question = read_question(text, path.stem, context.lists)
        names = set(question.lists)
    except ExceptionGroup as group:
        found += [_cannot_load(fault) for fault in group.exceptions if isinstance(fault, TransformError)]
        names = _named_lists(text, context.lists)
    of_lists = [fault for name in sorted(names) for fault in faults[name]]
    found += [_cannot_load(fault) for fault in of_lists]
    data = _parsed(text)
    in_force = data.get("in_force")
    begins = in_force if isinstance(in_force, date) else None
    codes = check_lists(
        {name: one for name, one in context.lists.items() if name in names},
        in_force=begins,
        counts_from=counts_from(question) if question else begins,
        standing=context.standing,
    )
    if question:
        codes = without_losses(question, codes)
        return found + lint(question, context, codes, examples=not of_lists), names
    return found + accept([list_finding(code) for code in codes], _accepted(data)), names


def _named_lists(text: str, lists: Mapping[str, CodeList]) -> set[str]:
    """The lists that a file names, or seems to mean, whatever else is wrong with it."""
    said = set(_NAMED.findall(text))
    near = {found for word in said for found in get_close_matches(word, lists, 1, cutoff=_LIKELY)}
    return (said & lists.keys()) | near


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _accepted(data: Mapping[str, Any]) -> dict[str, str]:
    """What a file accepts, as far as it can be read."""
    given = data.get("accept")
    entries = [a for a in given if isinstance(a, dict)] if isinstance(given, list) else []
    return {str(a.get("finding")): str(a.get("because")) for a in entries}


def _unused(one: CodeList, standing: Standing) -> Iterator[Finding]:
    """A list that no question uses. Which codes it should hold besides nobody can say."""
    kind = CATALOGUE["unused-list"]
    what = f"no question uses {one.id!r}"
    yield Finding(f"codelists/{one.id}.csv", 1, 1, kind.severity, kind.id, what, kind.remedy)
    codes = check_lists({one.id: one}, in_force=None, counts_from=None, standing=standing)
    yield from (list_finding(code) for code in codes if code.id != "looks-wanted")


def _cannot_load(fault: TransformError) -> Finding:
    kind = CATALOGUE["cannot-load"]
    file, _, place = fault.where.partition(":")
    line, _, column = place.partition(":")
    return Finding(file, int(line or 1), int(column or 1), kind.severity, kind.id, fault.what, fault.remedy)


def _once(found: list[Finding]) -> list[Finding]:
    """Findings about a list that several questions use, told once; it counts unless each of them accepts it."""
    best: dict[Finding, Finding] = {}
    for finding in found:
        plain = replace(finding, accepted=None)
        if plain not in best or finding.accepted is None:
            best[plain] = finding
    return list(best.values())
