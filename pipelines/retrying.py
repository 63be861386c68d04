"""Which failures of a task are tried again, and what of an unexpected one may reach Prefect's log."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import duckdb

from extract.contract import StageError

P = ParamSpec("P")
T = TypeVar("T")
OUTSIDE = (OSError, duckdb.IOException)
"""What the disk and the network raise where no stage has put it into words."""


class UnexpectedError(Exception):
    """An error that nobody foresaw, without its message: that may repeat what a record says."""


def may_pass(task: Any, task_run: Any, state: Any) -> bool:  # noqa: ARG001 - Prefect gives all three
    """Condition of a task's retries: true where every fault may pass by itself (a lock, a disk, a connection).

    What a person has to mend (an address, a definition, a check) and faults of the program are tried once.
    """
    error = getattr(state, "data", None)
    return isinstance(error, BaseException) and all(_passing(fault) for fault in _faults(error))


def without_values(work: Callable[P, T]) -> Callable[P, T]:
    """The same work; an unexpected error keeps its kind and its traceback, but not its message.

    Prefect writes the message of whatever a task raises into its log and its database, and that of a failed
    conversion, say, repeats the value. Errors of a stage, of the disk and of the network name no values.
    """

    @wraps(work)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except Exception as error:
            if all(isinstance(fault, StageError | OSError | duckdb.IOException) for fault in _faults(error)):
                raise
            kinds = ", ".join(sorted({type(fault).__name__ for fault in _faults(error)}))
            hidden = f"{kinds} (its message is left out, because it may repeat what a record says)"
            raise UnexpectedError(hidden).with_traceback(error.__traceback__) from None

    return call


def _passing(fault: BaseException) -> bool:
    return fault.passing if isinstance(fault, StageError) else isinstance(fault, OUTSIDE)


def _faults(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _faults(part)
    else:
        yield error
