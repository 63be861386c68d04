"""No name, address, birth date or wording of a message reaches anything that the reader returns."""

import dataclasses
from collections.abc import Callable

import pytest

from extract.contract import Reading

ReadMade = Callable[[bytes | str], Reading]

PLANTED = {
    "title": "Lady",
    "given": "Zebedee",
    "family": "Quillfeather",
    "line": "17 Marmalade Terrace",
    "birth": "1971-06-05",
    "wording": "Followed Ottoline Pomfret home",
    "place": "Gooseberry Common",
    "email": "zebedee@example.test",
    "text": "Must not contact Ottoline Pomfret",
    "bail": "To live at Marmalade Terrace",
}

PERSON = (
    "<DC:CourtIndividualDefendant><DC:PersonDefendant><DC:BasePersonDetails><DC:PersonName>"
    "<DC:PersonTitle>{title}</DC:PersonTitle><DC:PersonGivenName1>{given}</DC:PersonGivenName1>"
    "<DC:PersonFamilyName>{family}</DC:PersonFamilyName></DC:PersonName><DC:Birthdate>{birth}</DC:Birthdate>"
    "</DC:BasePersonDetails><DC:BailConditions>{bail}</DC:BailConditions></DC:PersonDefendant><DC:Address>"
    "<DC:SimpleAddress><DC:AddressLine1>{line}</DC:AddressLine1></DC:SimpleAddress></DC:Address>"
    "<DC:Contact>{email}</DC:Contact></DC:CourtIndividualDefendant>"
).format(**PLANTED)


def _said(reading: Reading) -> str:
    """Everything in a reading as one text, in lower case."""
    return repr(dataclasses.asdict(reading)).casefold()


def _assert_private(reading: Reading) -> None:
    said = _said(reading)
    for planted in PLANTED.values():
        for word in (planted, *planted.split()):
            if len(word) > 3:
                assert word.casefold() not in said, word


@pytest.fixture
def personal(made) -> str:
    offence = made.offence(wording=PLANTED["wording"], results=[made.result(None, PLANTED["text"])])
    offence = offence.replace(
        "</DC:BaseOffenceDetails>",
        f"<DC:LocationOfOffence>{PLANTED['place']}</DC:LocationOfOffence></DC:BaseOffenceDetails>",
    )
    return made.message([made.case([offence], person=PERSON)])


def test_a_good_message_gives_its_result_and_nothing_about_the_person(personal: str, read: ReadMade) -> None:
    reading = read(personal)
    assert len(reading.statements[0].results) == 1
    assert reading.statements[0].results[0].result_text_digest
    _assert_private(reading)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</DC:Session>", ""),
        ("2020-02-03</DC:DateOfHearing>", "{family}</DC:DateOfHearing>"),
        ("B01EF01", "{family}"),
        ("<DC:CourtHearingLocation>B01EF01", "<DC:CourtHearingLocation>{line}"),
        ("ST19501", "{family}"),
        ("ST19501", "{wording}"),
        ("<DC:Finding>G", "<DC:Finding>{given}"),
        ("<DC:ConvictionDate>2020-02-03", "<DC:ConvictionDate>Born {family}"),
        ("<DC:PSAcode>0576", "<DC:PSAcode>{family}"),
        ("01ZD0303208", "{given} {family}"),
        ("1101ZD0100000448754K", "{given} {family} of 17 {line}"),
        ("<DC:Result>", "<DC:Result><DC:ResultCode>{family}</DC:ResultCode>"),
        ("<DC:Session>", "<DC:Session>&{family};"),
        ("<DC:Session>", "<{family}>"),
    ],
)
def test_a_bad_message_is_refused_without_repeating_what_it_says(
    personal: str, read: ReadMade, old: str, new: str
) -> None:
    """Names in the place of codes, dates and references, and broken markup around them."""
    content = personal.replace(old, new.format(**PLANTED), 1)
    assert content != personal
    _assert_private(read(content))


def test_names_in_the_envelope_are_not_taken_for_identifiers(made, personal: str, read: ReadMade) -> None:
    envelope = made.in_route_data(personal, system=PLANTED["family"], stream_id=f"{PLANTED['line']} 2")
    reading = read(envelope)
    assert len(reading.statements) == 1
    _assert_private(reading)


def test_no_fault_of_the_parser_is_shown(personal: str, read: ReadMade, capfd: pytest.CaptureFixture[str]) -> None:
    """The XML library's own messages quote the document; none reaches the output."""
    read(personal.replace("</DC:PersonFamilyName>", ""))
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""
