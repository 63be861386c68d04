"""Made messages (about nobody) in the shape of the real ones: SPI in every wrapper, and Common Platform hearings."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from extract.common_platform import read_common_platform
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


class MadeHearing:
    """Builds Common Platform hearings about nobody; keys and their nesting are those of the real ones."""

    HEARING = "11111111-1111-4111-8111-111111111111"
    CASE = "22222222-2222-4222-8222-222222222222"
    APPLICATION = "33333333-3333-4333-8333-333333333333"
    PERSON = "44444444-4444-4444-8444-444444444444"

    @staticmethod
    def result(code: str | None = "3307", label: str = "Stalking Protection Order", **more: object) -> dict[str, Any]:
        coded = {} if code is None else {"cjsCode": code}
        return {"label": label, "orderedDate": "2020-02-03", "category": "FINAL", **coded, **more}

    @classmethod
    def offence(cls, code: str | None = "PH97010", results: Sequence[object] | None = None, **more: object) -> Any:
        coded = {} if code is None else {"offenceCode": code}
        return {"judicialResults": [cls.result("1015", "Fine")] if results is None else results, **coded, **more}

    @classmethod
    def defendant(cls, offences: Sequence[object] | None = None, **more: object) -> dict[str, Any]:
        offences = [cls.offence()] if offences is None else offences
        return {"id": cls.PERSON, "masterDefendantId": cls.PERSON, "offences": offences, **more}

    @classmethod
    def case(cls, defendants: Sequence[object] | None = None, urn: str = "01ZD0303220", **more: object) -> Any:
        identifier = {"caseURN": urn, "prosecutionAuthorityOUCode": "0420000"}
        defendants = [cls.defendant()] if defendants is None else defendants
        return {"id": cls.CASE, "prosecutionCaseIdentifier": identifier, "defendants": defendants, **more}

    @classmethod
    def application(cls, results: Sequence[object] | None = None, code: str = "ST19501", **more: object) -> Any:
        return {
            "id": cls.APPLICATION,
            "applicationReference": "MADE000001",
            "type": {"code": code, "linkType": "STANDALONE"},
            "applicant": {"prosecutingAuthority": {"prosecutionAuthorityOUCode": "0420000"}},
            "subject": {"id": cls.PERSON},
            "judicialResults": [cls.result()] if results is None else results,
            **more,
        }

    @classmethod
    def hearing(cls, **parts: object) -> dict[str, Any]:
        return {
            "id": cls.HEARING,
            "courtCentre": {"code": "B01LY00", "lja": {"ljaCode": "2577"}},
            "hearingDays": [{"sittingDay": "2020-02-03T10:00:00.000Z"}],
            **parts,
        }

    @staticmethod
    def document(content: object) -> bytes:
        return json.dumps(content).encode()

    @classmethod
    def share(cls, hearing: object = None, at: str = "2020-02-03T15:00:00.000Z", **more: object) -> bytes:
        """One envelope around a hearing, which has one standalone application unless another one is given."""
        hearing = cls.hearing(courtApplications=[cls.application()]) if hearing is None else hearing
        return cls.document({"hearing": hearing, "sharedTime": at, **more})


@pytest.fixture
def cp() -> type[MadeHearing]:
    return MadeHearing


@pytest.fixture
def read_cp() -> Callable[..., Reading]:
    def read_made(data: bytes, received: datetime = RECEIVED) -> Reading:
        return read_common_platform(data, file="made.json", received_at=received, texts=TEXTS)

    return read_made
