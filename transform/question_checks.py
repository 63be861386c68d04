"""What is wrong with a question file, every fault of it at once, each at its line and column with what to do."""

import tomllib
from collections.abc import Mapping

from pydantic import ValidationError

from transform.codelists import CodeList
from transform.contract import TransformError
from transform.published import PublishedTable, Selection, definition_faults
from transform.question_file import QuestionFile
from transform.question_meaning import meaning_faults
from transform.question_parts import PublishedPart
from transform.shape_faults import Found, not_toml, place_of, shape_faults
from transform.toml_places import places


def question_faults(
    text: str, shown: str, stem: str, lists: Mapping[str, CodeList]
) -> tuple[QuestionFile | None, list[TransformError]]:
    """The file's shape (`None` where it has none) and its faults in the order of their lines."""
    try:
        data = tomllib.loads(text)
    except RecursionError:
        return None, [TransformError("it is nested too deeply", where=f"{shown}:1:1", remedy="Close the brackets")]
    except tomllib.TOMLDecodeError as error:
        return None, [not_toml(text, shown, str(error))]
    shape: QuestionFile | None = None
    found: list[Found] = []
    try:
        shape = QuestionFile.model_validate(data)
    except ValidationError as error:
        found += shape_faults(error, QuestionFile)
    found += meaning_faults(data, stem, lists)
    if shape and shape.published:
        found += [(("published",), one.what, one.remedy) for one in definition_faults(published_of(shape.published))]
    where = places(text)
    at = sorted(((place_of(where, path), what, remedy) for path, what, remedy in found), key=lambda one: one[0])
    return shape, [
        TransformError(what, where=f"{shown}:{line}:{column}", remedy=remedy) for (line, column), what, remedy in at
    ]


def published_of(part: PublishedPart) -> PublishedTable:
    """The published table that a part of a file describes."""
    return PublishedTable(
        name=part.name,
        source=part.source,
        counts=part.counts,
        basis=part.basis,
        sheet=part.sheet,
        year=part.year,
        value=part.value,
        years_as_columns=part.years == "columns",
        select=tuple(Selection(s.column, tuple(s.any), s.compare == "home office class") for s in part.select),
    )
