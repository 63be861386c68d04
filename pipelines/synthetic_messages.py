"""SPI result messages about invented people: templates for the message and for every wrapper it comes in.

Shaped like the messages of the magistrates' system (docs/method.md), written for the demo. Every file
says in an XML comment that it is synthetic, and every person is called SYNTHETIC PERSON.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

SYNTHETIC = "SYNTHETIC DATA: made up by courtstats for its demo; no real person, case or hearing"
LIBRA = "B00LIBRA"
COMMON_PLATFORM = "C00CommonPlatform"
DUMMY_URN = "00PP0000008"
DUMMY_ASN = "0800PP0100000000001H"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Court:
    """A court: organisation unit (7 characters), local justice area, police force (2 digits)."""

    ou: str
    lja: str
    force: str


COURTS = (
    Court("B01EF01", "2576", "01"),
    Court("B01LY00", "2577", "01"),
    Court("B05PK00", "1810", "05"),
    Court("B06IS00", "1720", "06"),
    Court("B13HT00", "2375", "13"),
    Court("B20BL00", "2922", "20"),
    Court("B20EB00", "2924", "20"),
    Court("B52CM00", "1450", "52"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """One result: CJS code or None, text, and the day of the next hearing where one was set."""

    code: str | None
    text: str
    next_hearing: date | None = None


@dataclass(frozen=True, slots=True)
class Offence:
    """One offence or application: code (None: the element is missing), wording, results."""

    code: str | None
    wording: str
    results: tuple[Result, ...]
    finding: str = ""
    final: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One Case of a message: always exactly one defendant; `person` numbers the invented person."""

    urn: str
    asn: str
    person: int
    offences: tuple[Offence, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to be delivered: in which of the SPI deliveries (from 0), what it says, how it is wrapped.

    `day` is a text where the date is no date. Two messages with one `envelope` are one delivery made
    twice. `keep` is the share of the file that arrived.
    """

    delivery: int
    court: str
    lja: str
    day: date | str
    cases: tuple[Case, ...]
    wrapper: str = "deliver"
    system: str = LIBRA
    envelope: str | None = None
    keep: float = 1.0


def urn(force: str, number: int) -> str:
    """A reference of force and unit SY; 4 characters and 7 digits, never in a dummy range."""
    return f"{force}SY{number:05d}20"


def asn(force: str, number: int) -> str:
    """An arrest/summons number; the check letter only looks like one."""
    return f"20{force}SY01{number:011d}{_CHECK_LETTERS[number % 23]}"


def person_name(number: int) -> str:
    """The name of an invented person."""
    return f"SYNTHETIC PERSON {number:05d}"


def render(message: Message, envelope: str) -> bytes:
    """The file of a message, UTF-8; `envelope` is its delivery identifier unless it has its own."""
    prefix = "" if message.wrapper == "bare" else "DC:"
    content = _content(message, prefix)
    identifier = message.envelope or envelope
    day = message.day if isinstance(message.day, date) else date(2020, 2, 28)
    if message.wrapper == "deliver":
        text = _XML + _comment() + _deliver(content, identifier)
    elif message.wrapper == "route":
        text = _XML + _comment() + _route(content, identifier, message.system, day)
    elif message.wrapper == "bare":
        text = _XML + _comment() + content
    elif message.wrapper == "soap":
        text = _XML + _comment() + _soap(_route(content, identifier, message.system, day))
    else:
        raise ValueError(f"no wrapper {message.wrapper!r}")
    data = text.encode()
    return data[: int(len(data) * message.keep)]


def _comment() -> str:
    return f"<!-- {SYNTHETIC} -->\n"


def _content(message: Message, p: str) -> str:
    name = f"xmlns:{p[:-1]}" if p else "xmlns"
    day = message.day.isoformat() if isinstance(message.day, date) else message.day
    cases = "".join(_case(case, p, message) for case in message.cases)
    return (
        f'<{p}ResultedCaseMessage {name}="http://www.dca.gov.uk/xmlschemas/libra" Flow="ResultedCasesForThePolice" '
        'Interface="LibraStandardProsecutorPolice" SchemaVersion="0.6g">\n'
        f"<{p}Session>\n<{p}CourtHearing>\n<{p}Hearing>\n"
        f"<{p}CourtHearingLocation>{message.court}</{p}CourtHearingLocation>\n"
        f"<{p}DateOfHearing>{day}</{p}DateOfHearing>\n<{p}TimeOfHearing>10:00:00</{p}TimeOfHearing>\n"
        f"</{p}Hearing>\n<{p}PSAcode>{message.lja}</{p}PSAcode>\n</{p}CourtHearing>\n"
        f"{cases}</{p}Session>\n</{p}ResultedCaseMessage>\n"
    )


def _case(case: Case, p: str, message: Message) -> str:
    born = date(1950, 1, 1) + timedelta(days=case.person * 37 % 18_000)
    offences = "".join(_offence(o, i, p, message) for i, o in enumerate(case.offences, start=1))
    return (
        f"<{p}Case>\n<{p}PTIURN>{case.urn}</{p}PTIURN>\n<{p}Defendant>\n"
        f"<{p}ProsecutorReference>{case.asn}</{p}ProsecutorReference>\n<{p}CourtIndividualDefendant>\n"
        f"<{p}PersonDefendant>\n<{p}BasePersonDetails>\n<{p}PersonName>\n"
        f"<{p}PersonGivenName1>SYNTHETIC</{p}PersonGivenName1>\n"
        f"<{p}PersonFamilyName>PERSON {case.person:05d}</{p}PersonFamilyName>\n"
        f"</{p}PersonName>\n<{p}Birthdate>{born}</{p}Birthdate>\n<{p}Gender>{case.person % 2 + 1}</{p}Gender>\n"
        f"</{p}BasePersonDetails>\n</{p}PersonDefendant>\n<{p}BailStatus>U</{p}BailStatus>\n"
        f"<{p}Address>\n<{p}SimpleAddress>\n<{p}AddressLine1>{case.person} Synthetic Street</{p}AddressLine1>\n"
        f"<{p}AddressLine2>Exampleton</{p}AddressLine2>\n</{p}SimpleAddress>\n</{p}Address>\n"
        f"<{p}PresentAtHearing>A</{p}PresentAtHearing>\n</{p}CourtIndividualDefendant>\n"
        f"{offences}</{p}Defendant>\n</{p}Case>\n"
    )


def _offence(offence: Offence, index: int, p: str, message: Message) -> str:
    # Common Platform numbers every offence 000.
    sequence = 0 if message.system == COMMON_PLATFORM else index
    code = f"<{p}OffenceCode>{offence.code}</{p}OffenceCode>\n" if offence.code else ""
    convicted = (
        f"<{p}ConvictionDate>{message.day}</{p}ConvictionDate>\n<{p}Finding>{offence.finding}</{p}Finding>\n"
        if offence.finding
        else ""
    )
    results = "".join(_result(r, p, message.court) for r in offence.results)
    return (
        f"<{p}Offence>\n<{p}BaseOffenceDetails>\n"
        f"<{p}OffenceSequenceNumber>{sequence:03d}</{p}OffenceSequenceNumber>\n{code}"
        f"<{p}OffenceWording>{escape(offence.wording)}</{p}OffenceWording>\n"
        f"<{p}OffenceTiming>\n<{p}OffenceDateCode>1</{p}OffenceDateCode>\n<{p}OffenceStart>\n"
        f"<{p}OffenceDateStartDate>2019-09-02</{p}OffenceDateStartDate>\n</{p}OffenceStart>\n</{p}OffenceTiming>\n"
        f"<{p}LocationOfOffence>Exampleton &amp; district</{p}LocationOfOffence>\n</{p}BaseOffenceDetails>\n"
        f"<{p}InitiatedDate>2019-09-16</{p}InitiatedDate>\n<{p}Plea>3</{p}Plea>\n<{p}ModeOfTrial>01</{p}ModeOfTrial>\n"
        f"<{p}FinalDisposalIndicator>{'Y' if offence.final else 'N'}</{p}FinalDisposalIndicator>\n"
        f"{convicted}{results}</{p}Offence>\n"
    )


def _result(result: Result, p: str, court: str) -> str:
    code = f"<{p}ResultCode>{result.code}</{p}ResultCode>\n" if result.code else ""
    later = (
        f"<{p}NextHearing>\n<{p}NextHearingDetails>\n<{p}CourtHearingLocation>{court}</{p}CourtHearingLocation>\n"
        f"<{p}DateOfHearing>{result.next_hearing}</{p}DateOfHearing>\n<{p}TimeOfHearing>14:00:00</{p}TimeOfHearing>\n"
        f"</{p}NextHearingDetails>\n</{p}NextHearing>\n"
        if result.next_hearing
        else ""
    )
    return f"<{p}Result>\n{code}<{p}ResultText>{escape(result.text)}</{p}ResultText>\n{later}</{p}Result>\n"


def _deliver(content: str, identifier: str) -> str:
    return (
        '<DeliverRequest xmlns="http://schemas.cjse.gov.uk/messages/deliver/2006-05" '
        'xmlns:mf="http://schemas.cjse.gov.uk/messages/format/2006-05" '
        'xmlns:mm="http://schemas.cjse.gov.uk/messages/metadata/2006-05" '
        'xmlns:msg="http://schemas.cjse.gov.uk/messages/messaging/2006-05">\n'
        f"<msg:MessageIdentifier>{identifier}</msg:MessageIdentifier>\n"
        "<msg:RequestingSystem><msg:Name>CJSE</msg:Name><msg:OrgUnitCode>Z000000</msg:OrgUnitCode>"
        "<msg:Environment>Synthetic</msg:Environment></msg:RequestingSystem>\n"
        "<msg:AckRequested>1</msg:AckRequested>\n"
        '<mf:MessageFormat SchemaVersion="1.0"><mf:MessageType><msg:Type>SPIResults</msg:Type>'
        "<msg:Version>1.200</msg:Version></mf:MessageType></mf:MessageFormat>\n"
        f"<Message>\n{content}</Message>\n</DeliverRequest>\n"
    )


def _route(content: str, identifier: str, system: str, day: date) -> str:
    """RouteData around a message as escaped text, with a comment before its XML declaration, as some have it."""
    return (
        '<RouteData xmlns="http://schemas.cjse.gov.uk/common/operations" VersionNumber="1.0" '
        'RequestResponse="Request">\n<RequestFromSystem VersionNumber="1.0">\n'
        f'<CorrelationID>{identifier}</CorrelationID>\n<SystemID literalvalue="String">{system}</SystemID>\n'
        '<DestinationID literalvalue="String">Z00CJSE</DestinationID>\n</RequestFromSystem>\n'
        f'<DataStream VersionNumber="1.0">\n<System literalvalue="String">\n  {system}\n</System>\n'
        '<DataStreamType literalvalue="String">SPIResults</DataStreamType>\n'
        f"<SystemDataStreamID>{identifier}</SystemDataStreamID>\n<Name>SPI Results SYNTHETIC</Name>\n"
        f"<Dated>{day}</Dated>\n<ContentType>text/plain</ContentType>\n"
        f"<DataStreamContent>{escape(_comment() + _XML + content)}</DataStreamContent>\n</DataStream>\n</RouteData>\n"
    )


def _soap(route: str) -> str:
    """A SOAP envelope around an escaped RouteData: the message inside is escaped twice."""
    return (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">\n<soap:Body>\n'
        f'<Submit xmlns="http://schemas.cjse.gov.uk/endpoint/">{escape(route)}</Submit>\n</soap:Body>\n</soap:Envelope>\n'
    )
