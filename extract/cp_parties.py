"""Whom and what a Common Platform result is about: the case or application, the defendant, the police force.

Only identifiers are read, and each only in the form that it has to have, so that no name gets into a key.
"""

import re
from dataclasses import dataclass
from typing import Final

from extract.cp_document import Part
from extract.identifiers import fold_asn, fold_court, fold_urn, is_real_asn, is_real_urn, police_force

_URN_LENGTH: Final = 11
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class About:
    """What a statement says about whom; fields are the columns of the same names. `case_key` is empty if unknown.

    `lacking` is the place of the identifier that is missing or malformed, where one is.
    """

    case_key: str
    case_key_strength: str = "strong"
    case_urn: str | None = None
    application_key: str | None = None
    defendant_key: str | None = None
    police_force: str | None = None
    police_force_basis: str | None = None
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A prosecution case: `key` is empty where nothing identifies it; `prosecutor` is an organisation unit."""

    place: str
    key: str
    urn: str | None
    prosecutor: str | None


def read_id(part: Part, key: str) -> str:
    """An identifier (UUID) in lower case; empty where there is none or it is malformed."""
    text = part.text(key) or ""
    return text.lower() if _UUID.fullmatch(text) else ""


def read_unit(part: Part | None, key: str) -> str | None:
    """The code of an organisation unit; None unless it is one: 5 to 7 letters and digits, and a digit among them."""
    return _with_digit(fold_court(part.text(key))) if part else None


def read_case(case: Part, id_key: str) -> Case:
    """A case by its URN where that is real, else by its id, which is under `id_key`.

    A URN of another length than every URN has is not even kept: it may be anything.
    """
    identifier = case.child("prosecutionCaseIdentifier")
    urn = _with_digit(fold_urn(identifier.text("caseURN"))) if identifier else None
    urn = urn if urn and len(urn) == _URN_LENGTH else None
    own = read_id(case, id_key)
    key = f"urn:{urn}" if is_real_urn(urn) else own and f"cp:{own}"
    return Case(case.place, key, urn, read_unit(identifier, "prosecutionAuthorityOUCode"))


def about_defendant(case: Case, defendant: Part, court: str) -> About:
    """A defendant in a case: by arrest/summons number where that is real, else by the id of the person."""
    person = defendant.child("personDefendant")
    sent = [person.text("arrestSummonsNumber") if person else None, defendant.text("prosecutionAuthorityReference")]
    asn = next((asn for asn in map(fold_asn, sent) if is_real_asn(asn)), None)
    own = read_id(defendant, "masterDefendantId") or read_id(defendant, "id")
    defendant_key = f"asn:{asn}" if asn else own and f"cp:{own}"
    force, basis = police_force(case.urn, asn, court, case.prosecutor)
    return About(
        case_key=case.key,
        case_urn=case.urn,
        defendant_key=defendant_key or None,
        police_force=force,
        police_force_basis=basis,
        lacking=f"{case.place}/id" if not case.key else "" if defendant_key else f"{defendant.place}/id",
    )


def about_application(application: Part, court: str) -> About:
    """An application: a case of its own if it stands alone, else of the case that it names, if it names just one.

    Of the cases that it names only the identifiers are read: their offences and results are copies. The force is
    that of the applicant, if an authority applies, else that of the case.
    """
    own = read_id(application, "id")
    if not own:
        return About("", lacking=f"{application.place}/id")
    key = f"app:cp:{own}"
    kind = application.child("type")
    alone = kind is not None and (kind.text("linkType") or "").upper() == "STANDALONE"
    named = [] if alone else [read_case(c, "prosecutionCaseId") for c in application.children("courtApplicationCases")]
    case = named[0] if len({c.key for c in named}) == 1 and named[0].key else Case("", key, None, None)
    applicant = application.child("applicant")
    prosecutor = read_unit(applicant.child("prosecutingAuthority"), "prosecutionAuthorityOUCode") if applicant else None
    force, basis = police_force(case.urn, None, court, prosecutor or case.prosecutor)
    subject = application.child("subject")
    person = _read_subject(subject) if subject else ""
    return About(
        case_key=case.key,
        case_urn=case.urn,
        application_key=key,
        defendant_key=f"cp:{person}" if person else None,
        police_force=force,
        police_force_basis=basis,
        lacking=f"{subject.place}/id" if subject and not person else "",
    )


def _read_subject(subject: Part) -> str:
    master = subject.child("masterDefendant")
    return (read_id(master, "masterDefendantId") if master else "") or read_id(subject, "id")


def _with_digit(code: str | None) -> str | None:
    """References have a digit; what has none may be a name."""
    return code if code and any(character.isdigit() for character in code) else None
