"""Entries in the audit log about what is done outside the warehouse: exports, lookups, releases, backups."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from load.connecting import Warehouse
    from pipelines.settings import Settings


def noted(settings: "Settings", action: str, subject: str, **detail: Any) -> bool:
    """Note it where there is a warehouse; where it cannot be noted say so on standard error, and go on."""
    from load.contract import LoadError
    from pipelines import recording

    if not recording.there_is_one(settings):
        return False
    try:
        with recording.opened(settings) as warehouse:
            return note_in(warehouse, action, subject, **detail)
    except LoadError as fault:
        return _not_noted(fault)


def note_in(warehouse: "Warehouse", action: str, subject: str, **detail: Any) -> bool:
    """The same in an open warehouse."""
    from load.audit import note
    from load.contract import LoadError

    try:
        note(warehouse, action, subject, **detail)
    except LoadError as fault:
        return _not_noted(fault)
    return True


def must_be_noted(settings: "Settings", action: str, subject: str, **detail: Any) -> None:
    """Note it where there is a warehouse, before what is noted is done. Raises `LoadError` where it cannot be."""
    from load.audit import note
    from load.contract import LoadError
    from pipelines import recording

    if not recording.there_is_one(settings):
        return
    try:
        with recording.opened(settings) as warehouse:
            note(warehouse, action, subject, **detail)
    except LoadError as fault:
        said = f"the audit log can have no entry about this, so nothing is shown: {fault.what}"
        raise LoadError(said, where=fault.where, remedy=fault.remedy, passing=fault.passing) from None


def _not_noted(fault: Exception) -> bool:
    sys.stderr.write(f"The audit log has no entry about this: {fault}\n")
    return False
