"""Made SPI messages (about nobody) in the shape of the real ones, and every wrapper that they arrive in."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from extract.contract import Reading, Texts
from extract.spi import read_spi

LIBRA = "http://www.dca.gov.uk/xmlschemas/libra"
RECEIVED = datetime(2020, 2, 4, 6, 0, tzinfo=UTC)
TEXTS = Texts(frozenset({"granted", "granted."}), b"key for tests only")
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "messages"


class Made:
    """Builds messages. Every text is made; the elements and their order are those of the real messages."""

    @staticmethod
    def result(code: str | None = "3307", text: str = "Stalking Protection Order", extra: str = "") -> str:
        coded = "" if code is None else f"<DC:ResultCode>{code}</DC:ResultCode>"
        return f"<DC:Result>{coded}<DC:ResultText>{escape(text)}</DC:ResultText>{extra}</DC:Result>"

    @classmethod
    def offence(
        cls,
        code: str | None = "ST19501",
        results: Sequence[str] | None = None,
        *,
        final: str = "Y",
        finding: str = "G",
        convicted: str = "2020-02-03",
        wording: str = "Application for an order",
    ) -> str:
        coded = "" if code is None else f"<DC:OffenceCode>{code}</DC:OffenceCode>"
        return (
            "<DC:Offence><DC:BaseOffenceDetails><DC:OffenceSequenceNumber>000</DC:OffenceSequenceNumber>"
            f"{coded}<DC:OffenceWording>{wording}</DC:OffenceWording></DC:BaseOffenceDetails>"
            f"<DC:FinalDisposalIndicator>{final}</DC:FinalDisposalIndicator>"
            f"<DC:ConvictionDate>{convicted}</DC:ConvictionDate><DC:Finding>{finding}</DC:Finding>"
            f"{''.join([cls.result()] if results is None else results)}</DC:Offence>"
        )

    @classmethod
    def case(
        cls,
        offences: Sequence[str] | None = None,
        *,
        urn: str | None = "01ZD0303208",
        asn: str | None = "1101ZD0100000448754K",
        person: str = "",
    ) -> str:
        urn_element = "" if urn is None else f"<DC:PTIURN>{urn}</DC:PTIURN>"
        asn_element = "" if asn is None else f"<DC:ProsecutorReference>{asn}</DC:ProsecutorReference>"
        return (
            f"<DC:Case>{urn_element}<DC:Defendant>{asn_element}{person}"
            f"{''.join([cls.offence()] if offences is None else offences)}</DC:Defendant></DC:Case>"
        )

    @classmethod
    def message(cls, cases: Sequence[str] | None = None, *, day: str = "2020-02-03", court: str = "B01EF01") -> str:
        return (
            f'<DC:ResultedCaseMessage xmlns:DC="{LIBRA}" Flow="ResultedCasesForThePolice" SchemaVersion="0.6g">'
            "<DC:Session><DC:CourtHearing><DC:Hearing>"
            f"<DC:CourtHearingLocation>{court}</DC:CourtHearingLocation><DC:DateOfHearing>{day}</DC:DateOfHearing>"
            "<DC:TimeOfHearing>10:00:00</DC:TimeOfHearing></DC:Hearing><DC:PSAcode>0576</DC:PSAcode>"
            f"</DC:CourtHearing>{''.join([cls.case()] if cases is None else cases)}</DC:Session>"
            "</DC:ResultedCaseMessage>"
        )

    @staticmethod
    def in_deliver_request(message: str, identifier: str = "EXTERNAL_CORRELATION_ID") -> bytes:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<DeliverRequest xmlns="http://schemas.cjse.gov.uk/messages/deliver/2006-05"'
            ' xmlns:msg="http://schemas.cjse.gov.uk/messages/messaging/2006-05">'
            f"<msg:MessageIdentifier>{identifier}</msg:MessageIdentifier><Message>{message}</Message></DeliverRequest>"
        ).encode()

    @staticmethod
    def in_route_data(content: str, *, system: str = "B00LIBRA", stream_id: str = "29_09_2021_000000350512") -> bytes:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<RouteData xmlns="http://schemas.cjse.gov.uk/common/operations" VersionNumber="1.0">'
            "<RequestFromSystem><CorrelationID>\n  CID-test-001\n</CorrelationID></RequestFromSystem>"
            f"<DataStream><System>\n  {system}\n</System><SystemDataStreamID>\n  {stream_id}\n</SystemDataStreamID>"
            f"<DataStreamContent>\n  {escape(content)}\n</DataStreamContent></DataStream></RouteData>"
        ).encode()

    @classmethod
    def in_soap(cls, content: str) -> bytes:
        inner = cls.in_route_data(content, system="C00CommonPlatform").decode()
        return (
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
            f'<submit xmlns="urn:made"><request>{escape(inner)}</request></submit></s:Body></s:Envelope>'
        ).encode()


@pytest.fixture
def made() -> type[Made]:
    return Made


@pytest.fixture
def read() -> Callable[[bytes | str], Reading]:
    def read_made(data: bytes | str) -> Reading:
        content = data.encode() if isinstance(data, str) else data
        return read_spi(content, file="made.xml", received_at=RECEIVED, texts=TEXTS)

    return read_made


@pytest.fixture
def shared_messages() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the public test messages are not at {SHARED}")
    return SHARED
