"""References that a message carries, and when they stand for nothing: URN, ASN, court, police force.

Common Platform sends dummy references for standalone applications, which stalking protection orders
are: treating them as real would merge unrelated people.
"""

import re
from typing import Final

_URN: Final = re.compile(r"[0-9A-Z]{4}[0-9]{7}")
_DUMMY_URN: Final = re.compile(r"00[NP]P|[0-9]{2}00")
_ASN: Final = re.compile(r"[0-9]{2}[0-9A-Z]{6}[0-9]{11}[A-Z]")
_DUMMY_ASN: Final = re.compile(r"0800[NP]P01")
_COURT: Final = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{5,7}")
_REFERENCE: Final = re.compile(r"(?=[A-Za-z]*[0-9])[0-9A-Za-z]{1,20}")  # without a digit it may be a name


def fold_urn(raw: str | None) -> str | None:
    """A PTIURN trimmed and in upper case.

    None where it is empty, or where it cannot be a reference at all (inner spaces, slashes, braces of a template,
    no digit, more than 20 characters), so that no name, date or free text is kept in its place.
    """
    text = (raw or "").strip()
    return text.upper() if _REFERENCE.fullmatch(text) else None


def fold_asn(raw: str | None) -> str | None:
    """An arrest/summons number without slashes and spaces, in upper case; None where empty or no reference."""
    text = "".join((raw or "").split()).replace("/", "")
    return text.upper() if _REFERENCE.fullmatch(text) else None


def fold_court(raw: str | None) -> str | None:
    """A court's organisation unit code in upper case; None unless it is 5 to 7 letters and at least one digit."""
    text = (raw or "").strip()
    return text.upper() if _COURT.fullmatch(text) else None


def is_real_urn(urn: str | None) -> bool:
    """Whether a folded URN identifies a case: 4 letters or digits and 7 digits, and none of the dummy ranges.

    `00PP...`, `00NP...` and any force followed by `00` are dummies.
    """
    return urn is not None and _URN.fullmatch(urn) is not None and _DUMMY_URN.match(urn) is None


def is_real_asn(asn: str | None) -> bool:
    """Whether a folded ASN identifies a defendant: year, force and unit, system, number, check letter; no dummy.

    `0800PP01...` and `0800NP01...` are dummies.
    """
    return asn is not None and _ASN.fullmatch(asn) is not None and _DUMMY_ASN.match(asn) is None


def police_force(
    urn: str | None, asn: str | None, court: str | None, prosecutor: str | None = None
) -> tuple[str | None, str | None]:
    """The force's two characters and where they were read: the prosecutor, else the URN if real, the ASN, the court.

    Arguments are folded; `prosecutor` is the organisation unit of the prosecuting authority, which Common Platform
    sends. A URN begins with the force; an ASN has it after the year; the code of an organisation unit after
    the character of its kind.
    """
    if prosecutor:
        return prosecutor[1:3], "prosecutor"
    if urn and is_real_urn(urn):
        return urn[0:2], "urn"
    if asn and is_real_asn(asn):
        return asn[2:4], "asn"
    if court:
        return court[1:3], "court"
    return None, None
