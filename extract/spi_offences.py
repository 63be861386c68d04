"""The offences and results of one defendant in a result message, and what of them cannot be used.

Only the elements named here are read. Names, addresses, birth dates and the wording of an offence are
never touched; the text of a result is kept as `extract.contract.Texts` decides.
"""

import re
from datetime import date
from typing import Final, NamedTuple

from lxml.etree import _Element

from extract.contract import Result, Texts
from extract.spi_envelope import LIBRA

ENTERED_IN_ERROR: Final = "4583"
"""CJS result code that takes its offence out of the record, with all its results."""

_OFFENCE = f"{LIBRA}Offence"
_DETAILS = f"{LIBRA}BaseOffenceDetails"
_OFFENCE_CODE = f"{LIBRA}OffenceCode"
_FINAL = f"{LIBRA}FinalDisposalIndicator"
_CONVICTION_DATE = f"{LIBRA}ConvictionDate"
_FINDING = f"{LIBRA}Finding"
_RESULT = f"{LIBRA}Result"
_RESULT_CODE = f"{LIBRA}ResultCode"
_RESULT_TEXT = f"{LIBRA}ResultText"
_FINAL_DISPOSAL = {"Y": True, "N": False}

_CODE_FORM = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{1,8}")  # without a digit it may be a name
_RESULT_CODE_FORM = re.compile(r"[0-9]{1,4}")
_DATE_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_FINDING = 4


class Fault(NamedTuple):
    """Something that was set aside: the reason code and the path of element names and positions."""

    reason: str
    place: str


def read_offences(defendant: _Element, place: str, texts: Texts) -> tuple[list[Result], list[Fault]]:
    """The results on the offences of a defendant, and the faults found; `place` is the path of the Case.

    Positions count every offence and result, those that are left out too, so that they point into the message.
    """
    results: list[Result] = []
    faults: list[Fault] = []
    for index, offence in enumerate(defendant.iterchildren(_OFFENCE), 1):
        _read_offence(offence, index, f"{place}/Offence {index}", texts, results, faults)
    return results, faults


def _read_offence(
    offence: _Element, index: int, place: str, texts: Texts, results: list[Result], faults: list[Fault]
) -> None:
    raw_code = final = finding = convicted = ""
    sent: list[tuple[str, str]] = []
    for child in offence:
        tag = child.tag
        if tag == _RESULT:
            sent.append(_read_result(child))
        elif tag == _DETAILS:
            raw_code = raw_code or text_of(next(child.iterchildren(_OFFENCE_CODE), None))
        elif tag == _FINAL:
            final = text_of(child)
        elif tag == _FINDING:
            finding = text_of(child)
        elif tag == _CONVICTION_DATE:
            convicted = text_of(child)
    if any(code == ENTERED_IN_ERROR for code, _ in sent):
        return
    if not _CODE_FORM.fullmatch(raw_code):
        faults.append(Fault("bad-offence-code" if raw_code else "no-offence-code", f"{place}/OffenceCode"))
        return
    conviction_date = read_date(convicted)
    if convicted and conviction_date is None:
        faults.append(Fault("bad-date", f"{place}/ConvictionDate"))
    for position, (code, text) in enumerate(sent, 1):
        if code and not _RESULT_CODE_FORM.fullmatch(code):
            faults.append(Fault("bad-result-code", f"{place}/Result {position}/ResultCode"))
            continue
        known, digest = texts.keep(text)
        results.append(
            Result(
                level="OFFENCE",
                offence_index=index,
                result_index=position,
                offence_code_raw=raw_code,
                offence_code=raw_code.upper(),
                result_code=code or None,
                result_text=known,
                result_text_digest=digest,
                final_disposal=_FINAL_DISPOSAL.get(final.upper()),
                finding=finding if 0 < len(finding) <= _LONGEST_FINDING else None,
                conviction_date=conviction_date,
            )
        )


def _read_result(result: _Element) -> tuple[str, str]:
    """The code and the text as sent, trimmed; empty where absent."""
    code = text = ""
    for child in result:
        if child.tag == _RESULT_CODE:
            code = code or text_of(child)
        elif child.tag == _RESULT_TEXT:
            text = text or text_of(child)
    return code, text


def text_of(element: _Element | None) -> str:
    """The whole trimmed text of an element, markup inside it ignored; empty where there is none."""
    if element is None:
        return ""
    # A text is compared as a whole, so a part of it before some stray markup must not pass for all of it.
    text = "".join(map(str, element.itertext())) if len(element) else element.text
    return text.strip() if text else ""


def read_date(text: str) -> date | None:
    """A calendar day written YYYY-MM-DD; None for anything else (other ISO forms, template tokens, 30 February)."""
    if not _DATE_FORM.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
