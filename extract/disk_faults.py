"""What a disk refused, in words: Python, pyarrow, DuckDB and Delta each raise errors of their own about it."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import duckdb
from deltalake.exceptions import DeltaError

from extract.contract import ExtractError

P = ParamSpec("P")
T = TypeVar("T")
KINDS = (OSError, duckdb.IOException, duckdb.OutOfMemoryException, DeltaError)
_KNOWN = tuple(
    os.strerror(number)
    for number in (
        errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOENT,
        errno.EMFILE,
    )
)  # fmt: skip

LASTING = frozenset(map(os.strerror, (errno.EROFS, errno.EACCES, errno.EPERM)))
"""What does not pass by itself, so that trying again makes no sense."""


def in_words(fault: BaseException) -> str | None:
    """What was refused, as the system says it; None for an error of one of the `KINDS` that is not about the disk."""
    said = str(fault).casefold()
    if known := next((text for text in _KNOWN if text.casefold() in said), None):
        return known
    if isinstance(fault, DeltaError):
        return None
    return getattr(fault, "strerror", None) or type(fault).__name__


@contextmanager
def told(what: str, where: str, remedy: str) -> Iterator[None]:
    """Turn what a disk refuses inside into an ExtractError; `{}` in `what` is filled with what the system said."""
    try:
        yield
    except KINDS as fault:
        if (refused := in_words(fault)) is None:
            raise
        passing = refused not in LASTING
        raise ExtractError(what.format(refused), where=where, remedy=remedy, passing=passing) from fault


@contextmanager
def of_input(name: str) -> Iterator[None]:
    """The same for what is landed: inside it is read, and nothing is written to the store."""
    try:
        yield
    except KINDS as fault:
        if (refused := in_words(fault)) is None:
            raise
        raise ExtractError(
            f"it could not be read to its end ({refused}); nothing was changed",
            where=str(getattr(fault, "filename", None) or name),
            remedy="See that the files are there and may be read, and that temporary files have room, then land them "
            "again",
            passing=refused not in LASTING,
        ) from fault


def read(batches: Iterable[T], name: str) -> Iterator[T]:
    """What a reader gives, with its faults told as those of the input."""
    with of_input(name):
        yield from batches


def looked_again(look: Callable[Concatenate[Path, P], T]) -> Callable[Concatenate[Path, P], T]:
    """Look through a store once more where files went meanwhile: they were merged, or removed for good.

    The first argument is the store's folder. Raises ExtractError where a file cannot be read the second time either.
    """

    @wraps(look)
    def again(path: Path, /, *words: P.args, **named: P.kwargs) -> T:
        try:
            return look(path, *words, **named)
        except (FileNotFoundError, duckdb.IOException):
            pass
        remedy = "Check the disk and who may read the folder; if a file is missing, restore a backup"
        try:
            return look(path, *words, **named)
        except (FileNotFoundError, duckdb.IOException) as fault:
            raise ExtractError("a file of the records could not be read", where=str(path), remedy=remedy) from fault

    return again
