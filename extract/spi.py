"""SPI result messages: the bytes of one file to statements and refusals.

One `Case` is one statement: what the court said, in this message, about one URN and ASN at one hearing.
The message carries no time of its own, so a statement is dated by its arrival. A dummy reference
identifies nobody, so such a statement is keyed by its own content and replaces nothing.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lxml.etree import _Element

from extract.contract import Reading, Refusal, Result, Statement, Texts, last_hearing_day
from extract.identifiers import fold_asn, fold_court, fold_urn, is_real_asn, is_real_urn, police_force
from extract.spi_envelope import LIBRA, DeliveryRefusedError, Wrapped, open_delivery
from extract.spi_offences import Fault, read_date, read_offences, text_of

_SESSION = f"{LIBRA}Session"
_COURT_HEARING = f"{LIBRA}CourtHearing"
_HEARING = f"{LIBRA}Hearing"
_LOCATION = f"{LIBRA}CourtHearingLocation"
_DATE = f"{LIBRA}DateOfHearing"
_PSA_CODE = f"{LIBRA}PSAcode"
_CASE = f"{LIBRA}Case"
_URN = f"{LIBRA}PTIURN"
_DEFENDANT = f"{LIBRA}Defendant"
_ASN = f"{LIBRA}ProsecutorReference"

_LJA_LENGTH: Final = 4
_COURT_LENGTH: Final = 5


@dataclass(frozen=True, slots=True)
class _Sender:
    """What every statement of one message has in common, before its content is read."""

    file: str
    source_name: str
    source_system: str
    envelope_id: str | None
    payload_hash: str
    received_at: datetime
    texts: Texts


@dataclass(frozen=True, slots=True)
class _Hearing:
    """Where and when the court sat; `court` is the code as sent, 5 to 7 characters."""

    day: date
    court: str
    lja: str | None


def read_spi(
    data: bytes,
    *,
    file: str,
    source_name: str = "spi",
    received_at: datetime,
    default_system: str = "B00LIBRA",
    texts: Texts,
) -> Reading:
    """Read the bytes of one SPI delivery.

    `file` is the name that rows and refusals carry, `received_at` (UTC) the time of arrival, which is also
    when the statements were made; `default_system` is the sender where the envelope names none. Never
    raises for bad content: a file or message that cannot be used gives refusals and no statements; a part
    of a Case that cannot be used gives a refusal, and the Case lands marked incomplete.
    """
    statements: list[Statement] = []
    faults: list[tuple[Fault, date | None]] = []
    try:
        deliveries = open_delivery(data)
    except DeliveryRefusedError as refused:
        deliveries = []
        faults.append((Fault(refused.reason, refused.place), None))
    for wrapped in deliveries:
        sender = _Sender(
            file=file,
            source_name=source_name,
            source_system=wrapped.envelope.source_system or default_system,
            envelope_id=wrapped.envelope.envelope_id,
            payload_hash=wrapped.payload_hash,
            received_at=received_at,
            texts=texts,
        )
        _read_message(wrapped, sender, statements, faults)
    if not faults:
        return Reading(tuple(statements), ())
    content_hash = hashlib.sha256(data).hexdigest()
    refusals = (Refusal(fault.reason, file, fault.place, content_hash, day) for fault, day in faults)
    return Reading(tuple(statements), tuple(refusals))


def _read_message(
    wrapped: Wrapped, sender: _Sender, statements: list[Statement], faults: list[tuple[Fault, date | None]]
) -> None:
    """Add the statements of one message, or, where its hearing or its cases are missing, only the faults."""
    cases: list[tuple[_Element, _Hearing]] = []
    unusable: list[tuple[Fault, date | None]] = []
    found_case = False
    for session in wrapped.message.iterchildren(_SESSION):
        hearing, missing, day = _read_hearing(session, last_hearing_day(sender.received_at))
        unusable += [(fault, day) for fault in missing]
        for case in session.iterchildren(_CASE):
            found_case = True
            if hearing:
                cases.append((case, hearing))
    if not found_case:
        unusable.append((Fault("no-case", "Session/Case"), None))
    if unusable:
        faults += unusable
        return
    for index, (case, hearing) in enumerate(cases, 1):
        statement, set_aside = _read_case(case, index, hearing, sender)
        statements.append(statement)
        faults += [(fault, hearing.day) for fault in set_aside]


def _read_hearing(session: _Element, last_day: date) -> tuple[_Hearing | None, list[Fault], date | None]:
    """The hearing of a session, or what it lacks; and the day where that much is known.

    Explicit steps down, because a result's NextHearing has a court and a date of the same names.
    """
    court_hearing = next(session.iterchildren(_COURT_HEARING), None)
    hearing = next(court_hearing.iterchildren(_HEARING), None) if court_hearing is not None else None
    day = court = None
    if hearing is not None:
        day = read_date(text_of(next(hearing.iterchildren(_DATE), None)))
        court = fold_court(text_of(next(hearing.iterchildren(_LOCATION), None)))
    if day and day > last_day:
        return None, [Fault("hearing-to-come", "Session/CourtHearing/Hearing/DateOfHearing")], day
    if day and court and court_hearing is not None:
        return _Hearing(day, court, _read_lja(court_hearing)), [], day
    faults = [] if day else [Fault("bad-date", "Session/CourtHearing/Hearing/DateOfHearing")]
    if not court:
        faults.append(Fault("no-court", "Session/CourtHearing/Hearing/CourtHearingLocation"))
    return None, faults, day


def _read_lja(court_hearing: _Element) -> str | None:
    code = text_of(next(court_hearing.iterchildren(_PSA_CODE), None))
    return code if 0 < len(code) <= _LJA_LENGTH and code.isascii() and code.isalnum() else None


def _read_case(case: _Element, index: int, hearing: _Hearing, sender: _Sender) -> tuple[Statement, list[Fault]]:
    place = f"Case {index}"
    defendant, faults = _only_defendant(case, place)
    results: list[Result] = []
    asn = None
    if defendant is not None:
        asn = fold_asn(text_of(next(defendant.iterchildren(_ASN), None)))
        results, set_aside = read_offences(defendant, place, sender.texts)
        faults += set_aside
    urn = fold_urn(text_of(next(case.iterchildren(_URN), None)))
    real_urn, real_asn = is_real_urn(urn), is_real_asn(asn)
    own = f"{sender.payload_hash}:{index}"
    force, force_basis = police_force(urn, asn, hearing.court)
    known = real_urn and real_asn
    statement = Statement(
        source_name=sender.source_name,
        source_format="spi",
        source_system=sender.source_system,
        source_file=sender.file,
        envelope_id=sender.envelope_id,
        payload_hash=sender.payload_hash,
        received_at=sender.received_at,
        statement_key=f"spi:{urn}:{asn}:{hearing.day}:{hearing.court[:_COURT_LENGTH]}" if known else f"spi:{own}",
        stated_at=sender.received_at,
        statement_complete=not faults,
        hearing_date=hearing.day,
        hearing_date_basis="message",
        court_ou_code=hearing.court,
        lja_code=hearing.lja,
        police_force=force,
        police_force_basis=force_basis,
        case_key=f"urn:{urn}" if real_urn else f"payload:{own}",
        case_key_strength="strong" if real_urn else "weak",
        case_urn=urn,
        application_key=None,
        defendant_key=f"asn:{asn}" if real_asn else f"payload:{own}",
        case_index=index,
        results=tuple(results),
    )
    return statement, faults


def _only_defendant(case: _Element, place: str) -> tuple[_Element | None, list[Fault]]:
    """The defendant of a Case. The format has exactly one; a further one is set aside, never merged into it."""
    defendants: Iterator[_Element] = case.iterchildren(_DEFENDANT)
    first = next(defendants, None)
    return first, [
        Fault("several-defendants", f"{place}/Defendant {position}") for position, _ in enumerate(defendants, 2)
    ]
