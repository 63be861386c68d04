"""The question that figures in the warehouse answer, and what to say where none are found."""

import sys
from typing import TYPE_CHECKING

from pipelines.times import in_words
from transform.contract import TransformError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from load.connecting import Warehouse
    from pipelines.settings import Settings
    from transform.definition import Question


def question_of(settings: "Settings", name: str) -> "Question":
    """A question as defined today; one that was removed as its last run defined it, with the holds of then.

    Standard error says where it is the last. Raises as `runs.question`; a question whose file has faults is not shown,
    as what cannot be read could be a hold.
    """
    from pipelines import recording, runs

    try:
        return runs.question(settings, name)
    except TransformError:
        if not recording.there_is_one(settings):
            raise
        with recording.opened(settings) as warehouse:
            stored = _as_last_run(warehouse, name)
        if stored is None:
            raise
        sys.stderr.write(f"There is no question {name} any more: shown by the definition, and holds, of its last run\n")
        return stored
    except ExceptionGroup as faults:
        if not _has_runs(settings, name):
            raise
        stay = TransformError(
            f"figures of {name} are not shown meanwhile, for what cannot be read could be a hold",
            where="warehouse",
            remedy="What the warehouse holds is there and stays; mend the file",
        )
        raise ExceptionGroup(faults.message, [*faults.exceptions, stay]) from None


def _has_runs(settings: "Settings", name: str) -> bool:
    from load.run_numbers import newest_version
    from pipelines import recording

    if not recording.there_is_one(settings):
        return False
    with recording.opened(settings) as warehouse:
        return newest_version(warehouse, name) is not None


def _as_last_run(warehouse: "Warehouse", name: str) -> "Question | None":
    from load.run_numbers import newest_version
    from pipelines.stored_versions import as_loaded

    version = newest_version(warehouse, name)
    if version is None:
        return None
    question, refused = as_loaded(version)
    if question is None:
        what = f"there is no question {name} any more, and this version cannot read its last definition: {refused[0]}"
        raise TransformError(what, remedy="Put its file back; what the warehouse holds of it is there and stays")
    return question


def none_found(
    warehouse: "Warehouse | None",
    question: str,
    *,
    period: str | None = None,
    unit: str | None = None,
    within: str = "",
    by: "Sequence[str]" = (),
    at: "datetime | None" = None,
) -> str:
    """That there is no figure: which filter left none, and what there is without it; else how to have one.

    `within` is the bounds of the periods, as they were given.
    """
    from load.run_numbers import counted_lines

    lines = counted_lines(warehouse, question) if warehouse else []
    if not lines:
        return f"The warehouse holds no figure for {question}: courtstats run {question} --period {period or '2020Q1'}"
    filters = [f"at {in_words(at)}" if at else "", f"within {within}" if within else "", period and f"for {period}"]
    filters += [unit and f"counted by {unit}", f"by {', '.join(by)}" if by else ""]
    periods = list(dict.fromkeys(of for _, of in lines))
    span = periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"
    units = " and ".join(sorted({of for of, _ in lines}))
    verb, now = ("held", " now") if at else ("holds", "")
    said = " ".join([f"The warehouse {verb} no figure for {question}", *(text for text in filters if text)])
    return f"{said}; it holds {span}, counted by {units}{now}"
