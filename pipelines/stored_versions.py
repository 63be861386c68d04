"""A definition as a run stored it, read as a question again."""

from load.contract import QuestionVersion
from transform.codelists import parse_code_list
from transform.definition import Question
from transform.questions import read_question


def as_loaded(version: QuestionVersion) -> tuple[Question | None, tuple[str, ...]]:
    """A stored definition as a question, or why this version of the program does not accept it."""
    parsed = {n: parse_code_list(text, n, f"codelists/{n}.csv as loaded") for n, text in version.lists.items()}
    faults: list[Exception] = [fault for _, of_list in parsed.values() for fault in of_list]
    try:
        old = read_question(version.definition, version.question, {name: one for name, (one, _) in parsed.items()})
    except ExceptionGroup as group:
        faults += group.exceptions
    return (None, tuple(str(f) for f in faults)) if faults else (old, ())
