"""Common Platform hearings with their results: the bytes of one document to statements and refusals.

A share is a snapshot: all results of a hearing day as they were when it was shared, and what a later share leaves
out is gone. So a statement is about one hearing on one day and is dated by its share, not by its arrival. What it
says of several cases, applications or people are several `Statement`s, which together are the statement.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import orjson

from extract.contract import Reading, Refusal, Result, Statement, Texts, last_hearing_day
from extract.cp_days import Days, read_day, read_days, read_time
from extract.cp_document import DocumentRefusedError, Fault, Faults, Part, decode
from extract.cp_parties import About, read_id, read_unit
from extract.cp_results import find_carriers, read_results

SYSTEM: Final = "C00CommonPlatform"

_LJA_LENGTH: Final = 4
_HOLDERS_OF_RESULTS: Final = ("prosecutionCases", "courtApplications")
_PARTS_OF_A_HEARING: Final = ("hearingDays", *_HOLDERS_OF_RESULTS)
Found = dict[tuple[date, str], dict[About, list[Result]]]
"""Results by day, with how it was found, and by what they are about."""


@dataclass(frozen=True, slots=True)
class _Share:
    """What every statement of one share has in common."""

    file: str
    source_name: str
    received_at: datetime
    texts: Texts
    hearing: Part
    hearing_id: str
    shared_at: datetime
    court: str
    lja: str | None
    days: Days
    payload_hash: str


def read_common_platform(
    data: bytes, *, file: str, source_name: str = "common-platform", received_at: datetime, texts: Texts
) -> Reading:
    """Read the bytes of one document: `{hearing, sharedTime[, hearingDay]}`, or a hearing that has a `sharedTime`.

    `file` is the name that rows and refusals carry, `received_at` (UTC) the time of arrival. Never raises for bad
    content: a document that cannot be used gives refusals and no statements; a part of a hearing that cannot be
    used gives a refusal, and the statements of the hearing land marked incomplete. Other documents, and lists of
    documents, are `not-hearing-resulted`; without a time of sharing, or with one more than a day after its
    receipt, nothing can be put in order, and a hearing is refused as `bad-share-time`.

    Without a `hearingDay` a share speaks of every sitting day up to the day of the share, so that each has a
    statement, if need be an empty one; a later day has one if it has results. Where the hearing names no sitting
    day, the days are those on which its results were ordered. A result, or a sitting day, that moves to another day
    leaves the earlier one behind. What a share says does not depend on its receipt, but `hearing-to-come` does.

    A hearing that has a list neither of cases nor of applications is in a format that is not known: `bad-shape`.
    """
    faults = Faults()
    statements: list[Statement] = []
    day = None
    try:
        envelope, hearing = _open(decode(data), faults)
        share = _read_share(envelope, hearing, file, source_name, received_at, texts)
        if isinstance(share, _Share):
            day = share.days.only
            statements = _read_statements(share)
        else:
            day = share
    except DocumentRefusedError as refused:
        statements = []
        faults.found[Fault(refused.reason, refused.place)] = None
    content_hash = hashlib.sha256(data).hexdigest() if faults.found else ""
    refusals = (Refusal(fault.reason, file, fault.place, content_hash, day) for fault in faults.found)
    return Reading(tuple(statements), tuple(refusals))


def _open(document: Any, faults: Faults) -> tuple[Part, Part]:
    """The envelope and the hearing in it; a bare hearing is its own envelope.

    Commands, notifications and results for the police have a hearing day, cases and a court of their own, but none
    has a `hearing`, or an id with a court centre and the parts of a hearing.
    """
    if not isinstance(document, dict):
        raise DocumentRefusedError("not-hearing-resulted")
    envelope = Part(document, "envelope", faults)
    if isinstance(document.get("hearing"), dict):
        return envelope, Part(document["hearing"], "hearing", faults)
    bare = isinstance(document.get("courtCentre"), dict) and any(key in document for key in _PARTS_OF_A_HEARING)
    if bare and "id" in document:
        hearing = Part(document, "hearing", faults)
        return hearing, hearing
    if "hearing" in document and "sharedTime" in document:
        raise DocumentRefusedError("bad-shape", "envelope/hearing")
    raise DocumentRefusedError("not-hearing-resulted")


def _read_share(
    envelope: Part, hearing: Part, file: str, source_name: str, received_at: datetime, texts: Texts
) -> _Share | date | None:
    """The share, or, where it lacks something that every statement needs, its day if that much is known."""
    faults = hearing.faults
    last_day = last_hearing_day(received_at)
    hearing_id = read_id(hearing, "id")
    if not hearing_id:
        faults.add("no-key", "hearing/id")
    time_holder = envelope if envelope.values.get("sharedTime") is not None else hearing
    shared_at = read_time(time_holder.text("sharedTime") or "")
    if shared_at is None or shared_at.date() > last_day:
        faults.add("bad-share-time", f"{time_holder.place}/sharedTime")
    centre = hearing.child("courtCentre")
    court = read_unit(centre, "code")
    if not court:
        faults.add("no-court", "hearing/courtCentre/code")
    sent_day = envelope.text("hearingDay")
    envelope_day = read_day(sent_day) if sent_day else None
    if sent_day != "" and envelope_day is None:
        faults.add("bad-date", f"{envelope.place}/hearingDay")
    if faults.found or not (shared_at and court):
        return envelope_day
    days = read_days(hearing, envelope_day, shared_at)
    if days.only and days.only > last_day:
        faults.add("hearing-to-come", "envelope/hearingDay" if envelope_day else "hearing/hearingDays")
        return days.only
    if not any(isinstance(hearing.values.get(key), list) for key in _HOLDERS_OF_RESULTS):
        faults.add("bad-shape", f"hearing/{_HOLDERS_OF_RESULTS[0]}")  # empty, it would take earlier results back
        return days.only
    return _Share(
        file=file,
        source_name=source_name,
        received_at=received_at,
        texts=texts,
        hearing=hearing,
        hearing_id=hearing_id,
        shared_at=shared_at,
        court=court,
        lja=_read_lja(centre),
        days=days,
        payload_hash=_hash_share(hearing, shared_at, envelope_day),
    )


def _read_lja(centre: Part | None) -> str | None:
    area = centre.child("lja") if centre else None
    code = (area.text("ljaCode") or "") if area else ""
    return code if len(code) == _LJA_LENGTH and code.isascii() and code.isdigit() else None


def _hash_share(hearing: Part, shared_at: datetime, envelope_day: date | None) -> str:
    """SHA-256 (hex) of when the hearing was shared, for which day, and of all it says, whatever the order of keys.

    The time is in it because it is what one share has and no other: the same results shared again are a new statement.
    """
    said = orjson.dumps([shared_at, envelope_day, hearing.values], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()


def _read_statements(share: _Share) -> list[Statement]:
    faults = share.hearing.faults
    last_day = last_hearing_day(share.received_at)
    found: Found = {}
    spoken_of = share.days.spoken_of()
    for index, carrier in enumerate(find_carriers(share.hearing, share.court, share.payload_hash), 1):
        for read in read_results(carrier, index, share.texts, share.days):
            placed = share.days.of_result(read.ordered)
            if placed and placed[0] <= last_day:
                spoken_of.setdefault(*placed)
                if read.result:
                    found.setdefault(placed, {}).setdefault(carrier.about, []).append(read.result)
            elif placed or read.result:
                faults.add("hearing-to-come" if placed else "bad-date", f"{read.place}/orderedDate")
    if any(day > last_day for day in spoken_of):
        faults.add("hearing-to-come", "hearing/hearingDays")
    with_results = {day for day, _ in found}
    empty = {day: basis for day, basis in spoken_of.items() if day <= last_day and day not in with_results}
    if not found and not empty and not faults.found:
        faults.add("hearing-to-come" if share.days.listed else "bad-date", "hearing/hearingDays")
    said = [
        _statement(share, day, basis, about, results)
        for (day, basis), abouts in found.items()
        for about, results in abouts.items()
    ]
    return said + [_empty_statement(share, day, basis) for day, basis in empty.items()]


def _statement_key(share: _Share, day: date) -> str:
    return f"cp:{share.hearing_id}:{day}"


def _empty_statement(share: _Share, day: date, basis: str) -> Statement:
    """That nothing is left on a day: it is about no case, so the statement itself stands for one."""
    return _statement(share, day, basis, About(f"none:{_statement_key(share, day)}", "weak"), [])


def _statement(share: _Share, day: date, basis: str, about: About, results: list[Result]) -> Statement:
    return Statement(
        source_name=share.source_name,
        source_format="common-platform",
        source_system=SYSTEM,
        source_file=share.file,
        envelope_id=f"{share.hearing_id}:{share.shared_at.isoformat()}",
        payload_hash=share.payload_hash,
        received_at=share.received_at,
        statement_key=_statement_key(share, day),
        stated_at=share.shared_at,
        statement_complete=not share.hearing.faults.found,
        hearing_date=day,
        hearing_date_basis=basis,
        court_ou_code=share.court,
        lja_code=share.lja,
        police_force=about.police_force,
        police_force_basis=about.police_force_basis,
        case_key=about.case_key,
        case_key_strength=about.case_key_strength,
        case_urn=about.case_urn,
        application_key=about.application_key,
        defendant_key=about.defendant_key,
        case_index=1,
        results=tuple(results),
    )
