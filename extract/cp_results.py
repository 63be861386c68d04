"""The results in a Common Platform hearing, read from the places where they count and from no other.

The paths are walked one by one. A search for every `judicialResults` would count the copies under an application's
cases and court order, and results that were deleted or repeated in a branch of another name. Neither `isDeleted`
nor `amendmentDate` is looked at: both are unreliable, and a share says by what it leaves out what is gone.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from extract.contract import Result, Texts, normalise_text
from extract.cp_days import Days, read_day
from extract.cp_document import Part
from extract.cp_parties import About, about_application, about_defendant, read_case, read_id
from extract.identifiers import police_force

ENTERED_IN_ERROR: Final = "4583"
"""CJS result code that takes its offence or application out of the record, with all its results."""

_CODE_FORM: Final = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{1,8}")
"""An offence code; every one has a digit, and what has none may be a name."""
_RESULT_CODE_FORM: Final = re.compile(r"[0-9]{1,4}")
_FINDING_FORM: Final = re.compile(r"[A-Z0-9]{1,2}")
"""A code of a verdict; anything longer may be a name."""
_SHORT_CODE: Final = re.compile(r"([A-Z0-9]{1,16}|[a-z0-9]{1,16})\s+-\s+(.+)")
"""Short codes are all capitals or all small letters; a word with one capital may be a name."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """Something that carries results: an offence, an application, or a defendant as a whole.

    `code_key` is the key of its code; empty on the levels of defendants, which have none.
    """

    level: str
    about: About
    part: Part
    code_key: str
    results: tuple[Part, ...]


class Read(NamedTuple):
    """One result, its `orderedDate` as sent and its place; no result where it is left out, though its day is known."""

    result: Result | None
    ordered: str
    place: str


class _Sent(NamedTuple):
    place: str
    position: int
    own_id: str
    code: str
    label: str
    first_line: str
    category: str
    ordered: str


def find_carriers(hearing: Part, court: str, payload_hash: str) -> Iterator[Carrier]:
    """Everything in a hearing that can carry results, in the order of the levels below and of the message.

    Levels: `OFFENCE`, `DEFENDANT` and `DEFENDANT_CASE` of each defendant of each case; `APPLICATION`; and
    `HEARING_DEFENDANT`, the results that the hearing has for a person, each person being one carrier.
    """
    people: dict[str, About] = {}
    for prosecution in hearing.children("prosecutionCases"):
        case = read_case(prosecution, "id")
        for defendant in prosecution.children("defendants"):
            about = about_defendant(case, defendant, court)
            if about.case_key:
                people.setdefault(read_id(defendant, "masterDefendantId") or read_id(defendant, "id"), about)
            for offence in defendant.children("offences"):
                yield _carrier("OFFENCE", about, offence, "judicialResults", "offenceCode")
            yield _carrier("DEFENDANT", about, defendant, "judicialResults")
            yield _carrier("DEFENDANT_CASE", about, defendant, "defendantCaseJudicialResults")
    for application in hearing.children("courtApplications"):
        yield _carrier("APPLICATION", about_application(application, court), application, "judicialResults", "code")
    yield from _of_hearing(hearing, people, court, payload_hash)


def _carrier(level: str, about: About, part: Part, key: str, code_key: str = "") -> Carrier:
    return Carrier(level, about, part, code_key, tuple(part.children(key)))


def _of_hearing(hearing: Part, people: dict[str, About], court: str, payload_hash: str) -> Iterator[Carrier]:
    """The results that a hearing has for its defendants; each is in an entry that names the person.

    They belong to the first case in which the person is; the payload stands for the case of anybody else.
    """
    said: dict[str, list[Part]] = {}
    for entry in hearing.children("defendantJudicialResults"):
        result = entry.child("judicialResult")
        person = read_id(entry, "masterDefendantId")
        if result is None:
            if entry.values.get("judicialResult") is None:
                hearing.faults.add("bad-shape", f"{entry.place}/judicialResult")
        elif person:
            said.setdefault(person, []).append(result)
        else:
            hearing.faults.add("no-key", f"{entry.place}/masterDefendantId")
    force, basis = police_force(None, None, court)
    for number, (person, results) in enumerate(said.items(), 1):
        nowhere = About(
            case_key=f"payload:{payload_hash}:{number}",
            case_key_strength="weak",
            defendant_key=f"cp:{person}",
            police_force=force,
            police_force_basis=basis,
        )
        yield Carrier("HEARING_DEFENDANT", people.get(person, nowhere), hearing, "", tuple(results))


def read_results(carrier: Carrier, index: int, texts: Texts, days: Days) -> list[Read]:
    """The results of a carrier; `index` is its position among all carriers of the hearing.

    Positions count every carrier and result, those that are left out too, so that they point into the message.
    What cannot be used is a fault. An exact repeat (in all that is read of it, its own id included) is one result;
    of the date on which it was ordered only the day counts that it gives the result, by the `days` of the share.
    `4583` takes an offence or application with all its results; on a defendant it takes nothing but itself, because
    it does not say which of the results it means.
    """
    sent = [one for position, result in enumerate(carrier.results, 1) if (one := _read_sent(result, position))]
    coded = bool(carrier.code_key)
    left_out = [Read(None, one.ordered, one.place) for one in sent]
    if not carrier.results or (coded and any(one.code == ENTERED_IN_ERROR for one in sent)):
        return left_out
    if carrier.about.lacking:
        carrier.part.faults.add("no-key", carrier.about.lacking)
    raw_code = _read_offence_code(carrier) if coded else None
    if not carrier.about.case_key or raw_code == "":
        return left_out
    finding = conviction_date = None
    if carrier.level == "OFFENCE":
        finding, conviction_date = _read_finding(carrier.part), _read_conviction(carrier.part)
    usable = (one for one in sent if one.code != ENTERED_IN_ERROR and _is_usable(one, carrier.part))
    kept = _without_repeats(usable, days)
    categories = {one.category for one in kept} - {""}
    for one in kept:
        known, digest = texts.keep(one.label)
        result = Result(
            level=carrier.level,
            offence_index=index,
            result_index=one.position,
            offence_code_raw=raw_code,
            offence_code=raw_code.upper() if raw_code else None,
            result_code=one.code or None,
            result_short_code=_read_short_code(one, texts, is_known=known is not None),
            result_text=known,
            result_text_digest=digest,
            final_disposal="FINAL" in categories if coded and categories else None,
            finding=finding,
            conviction_date=conviction_date,
        )
        left_out.append(Read(result, one.ordered, one.place))
    return left_out


def _read_sent(result: Part, position: int) -> _Sent | None:
    """What a result says, trimmed, empty where absent; None where a part of it that is needed is no text.

    `4583` needs nothing beside it.
    """
    code, label, text = result.text("cjsCode"), result.text("label"), result.text("resultText")
    if code is None or ((label is None or text is None) and code != ENTERED_IN_ERROR):
        return None
    return _Sent(
        place=result.place,
        position=position,
        own_id=result.text("judicialResultId") or "",
        code=code,
        label=label or "",
        first_line=(text or "").split("\n", 1)[0].strip(),
        category=(result.text("category") or "").upper(),
        ordered=result.text("orderedDate") or "",
    )


def _without_repeats(sent: Iterable[_Sent], days: Days) -> list[_Sent]:
    kept: dict[object, _Sent] = {}
    for one in sent:
        placed = days.of_result(one.ordered)
        day = placed[0] if placed else one.ordered
        said = (one.own_id, one.code, one.label, one.first_line, one.category, day)
        # Without an id of their own, two that look alike are two.
        kept.setdefault(said if one.own_id else one.place, one)
    return list(kept.values())


def _is_usable(one: _Sent, part: Part) -> bool:
    if one.code and not _RESULT_CODE_FORM.fullmatch(one.code):
        part.faults.add("bad-result-code", f"{one.place}/cjsCode")
        return False
    if not one.code and not one.label:
        part.faults.add("bad-shape", f"{one.place}/label")  # nothing says what was ordered
        return False
    return True


def _read_short_code(one: _Sent, texts: Texts, *, is_known: bool) -> str | None:
    """The code before the dash in the first line of the text, if the label is all that follows it.

    Only beside a label that `is_known`, or where the code itself is in the vocabulary: else both may be a name.
    """
    found = _SHORT_CODE.fullmatch(one.first_line)
    if not found or normalise_text(found[2]) != normalise_text(one.label):
        return None
    return found[1].upper() if is_known or normalise_text(found[1]) in texts.vocabulary else None


def _read_offence_code(carrier: Carrier) -> str:
    """The code of an offence or application as sent; empty, and a fault, where it is missing or malformed."""
    holder: Part | None = carrier.part
    if carrier.level == "APPLICATION":
        holder = carrier.part.child("type")
    code = holder.text(carrier.code_key) if holder else ""
    if code and _CODE_FORM.fullmatch(code):
        return code
    place = holder.place if holder else f"{carrier.part.place}/type"
    if code is not None:
        carrier.part.faults.add("bad-offence-code" if code else "no-offence-code", f"{place}/{carrier.code_key}")
    return ""


def _read_finding(offence: Part) -> str | None:
    verdict = offence.child("verdict")
    kind = verdict.child("verdictType") if verdict else None
    code = (kind.text("cjsVerdictCode") or "") if kind else ""
    return code if _FINDING_FORM.fullmatch(code) else None


def _read_conviction(offence: Part) -> date | None:
    sent = offence.text("convictionDate")
    day = read_day(sent) if sent else None
    if sent and day is None:
        offence.faults.add("bad-date", f"{offence.place}/convictionDate")
    return day
