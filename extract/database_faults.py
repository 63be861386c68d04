"""What a database says when it cannot be read, in our own words.

Driver messages are never repeated: they hold values of rows, and pieces of a password where an address
was mistyped. What a person needs of them is recognised by its code, or by a sign in the message.
"""

from dataclasses import dataclass
from typing import Any

from extract.contract import ExtractError


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, what to do, whether it may pass by itself, and whether to connect again at once for it."""

    what: str
    remedy: str
    passing: bool = False
    again: bool = False

    def error(self, place: str) -> ExtractError:
        """The fault as an error of a place."""
        return ExtractError(self.what, where=place, remedy=self.remedy, passing=self.passing)


_LATER = "Try again when the database is up"
_RIGHTS = "Ask for the right to read (SELECT) what the source names, and the schema it is in (USAGE)"
_ADDRESS = "Check the address of the source"
_LOST = Fault("the connection was lost", _LATER, passing=True, again=True)
_FULL = Fault("the database has no connection left", _LATER, passing=True, again=True)
_STARTING = Fault("the database is starting or stopping", _LATER, passing=True, again=True)
_SILENT = Fault("nothing answers at that address", f"{_ADDRESS}, and that the database runs", passing=True, again=True)
_TIMEOUT = Fault(
    "a statement was cancelled, or took longer than the statement timeout of the source",
    "Raise statement_timeout, put an index on the hearing date, or read a smaller window",
    passing=True,
)
_REFUSED = Fault("the user or the password was refused", "Check the secret that holds the address")
_NO_TABLE = Fault("there is no table or view of that name", "Check its name and schema, and the user's search path")
_NO_COLUMN = Fault("there is no such column", "Check the names in the query or the mapping")
_NO_RIGHT = Fault("the user may not read it", _RIGHTS)
_SYNTAX = Fault("it is not one SELECT that this database understands", "Run the query in the database's own client")
_VALUE = Fault(
    "a value cannot be turned into what the table, view or query makes of it",
    "Run the query in the database's own client and mend the value, or the view or query",
)
_TEXT = Fault("a text in it is not in the database's encoding", "Mend it in the database, or give a query that does")
_NO_FILE = Fault("the database file cannot be opened", "Check the path and your permissions")

_BY_CODE = {
    "57014": _TIMEOUT,
    "55P03": _TIMEOUT,
    "28P01": _REFUSED,
    "28000": _REFUSED,
    "3D000": Fault("there is no such database", _ADDRESS),
    "42P01": _NO_TABLE,
    "3F000": _NO_TABLE,
    "42883": Fault("there is no function of that name for such values", "Run the query in the database's own client"),
    "25006": Fault("it would write, and a source is only read", "Give a table, view or query that reads only"),
    "42703": _NO_COLUMN,
    "42501": _NO_RIGHT,
    "22P05": _TEXT,
    "22021": _TEXT,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": _STARTING,
    "53300": _FULL,
    "SQLITE_BUSY": Fault("a writer keeps it locked", "Try again", passing=True, again=True),
    "SQLITE_CANTOPEN": _NO_FILE,
    "SQLITE_NOTADB": Fault("the file is not a SQLite database", _ADDRESS),
    "SQLITE_CORRUPT": Fault("the file is damaged", "Restore it from a backup"),
    "SQLITE_IOERR": Fault("the disc could not be read", "Check the disc and try again", passing=True, again=True),
}
"""By SQLSTATE (PostgreSQL and others) or SQLite's name of an error."""
_BY_CLASS = {
    "08": _LOST,
    "22": _VALUE,
    "28": _REFUSED,
    "40": Fault("the database broke the reading off", _LATER, passing=True, again=True),
    "42": _SYNTAX,
    "53": Fault("the database has run out of something", _LATER, passing=True, again=True),
    "58": Fault("the database reports a fault of its system", _LATER, passing=True, again=True),
}
"""By the first two characters of an SQLSTATE."""
_BY_SIGN = (
    ("password authentication failed", _REFUSED),
    ("no password supplied", _REFUSED),
    ("no pg_hba.conf entry", _REFUSED),
    ("not permitted to log in", _REFUSED),
    ("does not exist", Fault("there is no such database or user", _ADDRESS)),
    ("starting up", _STARTING),
    ("shutting down", _STARTING),
    ("recovery", _STARTING),
    ("not yet accepting", _STARTING),
    ("too many clients", _FULL),
    ("remaining connection slots", _FULL),
    ("translate host", Fault("the host is not known", _ADDRESS)),
    ("resolve host", Fault("the host is not known", _ADDRESS)),
    ("Temporary failure in name", _SILENT),
    ("server closed the connection", _LOST),
    ("connection is lost", _LOST),
    ("connection is closed", _LOST),
    ("consuming input failed", _LOST),
    ("refused", _SILENT),
    ("No such file", _SILENT),
    ("timeout", _SILENT),
    ("decode to UTF-8", _TEXT),
    ("no such table", _NO_TABLE),
    ("unknown database", _NO_TABLE),
    ("no such column", _NO_COLUMN),
    ("syntax error", _SYNTAX),
    ("You can only execute one statement", _SYNTAX),
    ("unable to open database file", _NO_FILE),
)
"""By a sign in the message, for drivers that give no code (a failed connection has none); the first that fits."""


def explained(error: Exception, *, lost: bool) -> Fault:
    """What an error of the driver means; `lost` where the driver has given the connection up."""
    cause: Any = getattr(error, "orig", None) or error
    if isinstance(cause, UnicodeDecodeError):
        return _TEXT
    code = str(getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or "")
    if known := _BY_CODE.get(code) or _BY_CODE.get("_".join(code.split("_")[:2])):  # SQLITE_IOERR_READ and the like
        return known
    said = str(cause)
    fault = _BY_CLASS.get(code[:2]) or next((fault for sign, fault in _BY_SIGN if sign in said), None)
    if fault:
        return fault
    if lost:
        return _LOST
    reported = f"the database reported {type(cause).__name__} {code}".rstrip()
    return Fault(reported, "Try the same in the database's own client")
