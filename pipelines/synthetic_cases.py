"""Building blocks of the demo's traps: invented cases, their hearings, rows of the table extract."""

from dataclasses import dataclass, replace
from datetime import date

from pipelines.synthetic_messages import (
    COMMON_PLATFORM,
    COURTS,
    DUMMY_ASN,
    DUMMY_URN,
    Case,
    Message,
    Offence,
    Result,
    asn,
    urn,
)

FIRST, AMENDED, WITHDRAWN, RESTORED = range(4)
"""The SPI deliveries."""
NEW, VARY = "ST19501", "ST19502"
WORDINGS = {
    NEW: "Application for a Stalking Protection Order",
    VARY: "Application to vary a Stalking Protection Order",
    "ST19503": "Application to renew a Stalking Protection Order",
    "ST19504": "Application to discharge a Stalking Protection Order",
    "ST19505": "Application to vary an Interim Stalking Protection Order",
    "ST19001": "Breach of a stalking protection order",
    "CD98510": "Application to discharge a parenting order",
    "CJ88001": "Common assault",
}
ORDER = Result("3307", "Stalking Protection Order made in respect of SYNTHETIC PERSON for 2 years.")
INTERIM = Result("3306", "Interim Stalking Protection Order made until the next hearing.")
GRANTED = Result(None, "Granted.")
REFUSED = Result(None, "Refused.")
WITHDRAWN_BY_APPLICANT = Result("2063", "Withdrawn")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table extract; `court` and `person` are numbers of invented ones."""

    day: date
    case_number: str
    urn: str
    court: int
    person: int
    offence: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class PlannedTrap:
    """A trap before it has files: name, sentence, how many units it adds, what is delivered for it."""

    name: str
    sentence: str
    counted: int
    messages: tuple[Message, ...] = ()
    rows: tuple[Row, ...] = ()


def on(code: str | None, *results: Result) -> Offence:
    """An offence or application (None: its code is missing) with its results."""
    return Offence(code, WORDINGS.get(code or "", "An offence of which the code is missing"), results)


def case_of(n: int, *offences: Offence, defendant: int = 0) -> Case:
    """The Case of trap case `n` (1 to 99) for one of its defendants."""
    force, number = COURTS[n % len(COURTS)].force, n * 10 + defendant
    return Case(urn(force, 90_000 + n), asn(force, 900_000 + number), 90_000 + number, offences)


def heard(n: int, day: date | str, *offences: Offence, delivery: int = FIRST, wrapper: str = "deliver") -> Message:
    """One message with the one Case of trap case `n`."""
    court = COURTS[n % len(COURTS)]
    return Message(delivery, court.ou, court.lja, day, (case_of(n, *offences),), wrapper)


def standalone(n: int, day: date, *results: Result, dummy: str = DUMMY_URN) -> Message:
    """A standalone application as Common Platform sends it: without references of its own."""
    message = heard(n, day, on(NEW, *results), wrapper="route")
    case = replace(message.cases[0], urn=dummy, asn=DUMMY_ASN)
    return replace(message, court="B01LY00", lja="2577", cases=(case,), system=COMMON_PLATFORM)
