"""Damaged messages: whatever happens to the bytes, reading gives a Reading, in time, with known reasons."""

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.contract import REASONS, Texts
from extract.spi import read_spi

COUNT = 20_000 if os.environ.get("LONG_TESTS") == "1" else 300
RECEIVED = datetime(2020, 2, 4, 6, 0, tzinfo=UTC)
TEXTS = Texts(frozenset({"granted."}), b"key for tests only")

MADE = b"""<?xml version="1.0" encoding="UTF-8"?>
<DeliverRequest xmlns="urn:made"><MessageIdentifier>id-1</MessageIdentifier><Message>
<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra"><DC:Session><DC:CourtHearing><DC:Hearing>
<DC:CourtHearingLocation>B01EF01</DC:CourtHearingLocation><DC:DateOfHearing>2020-02-03</DC:DateOfHearing></DC:Hearing>
<DC:PSAcode>2576</DC:PSAcode></DC:CourtHearing><DC:Case><DC:PTIURN>01ZD0303208</DC:PTIURN><DC:Defendant>
<DC:ProsecutorReference>1101ZD0100000448754K</DC:ProsecutorReference><DC:Offence><DC:BaseOffenceDetails>
<DC:OffenceCode>ST19501</DC:OffenceCode></DC:BaseOffenceDetails><DC:FinalDisposalIndicator>Y</DC:FinalDisposalIndicator>
<DC:ConvictionDate>2020-02-03</DC:ConvictionDate><DC:Finding>G</DC:Finding><DC:Result><DC:ResultCode>3307</DC:ResultCode>
<DC:ResultText>Granted. \xc2\xa340</DC:ResultText></DC:Result></DC:Offence></DC:Defendant></DC:Case></DC:Session>
</DC:ResultedCaseMessage></Message></DeliverRequest>"""


def _escaped(content: bytes) -> bytes:
    return content.replace(b"&", b"&amp;").replace(b"<", b"&lt;")


SEEDS = [
    MADE,
    b"<RouteData><DataStream><DataStreamContent>" + _escaped(MADE) + b"</DataStreamContent></DataStream></RouteData>",
]
_SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "messages" / "spi"
SEEDS += [path.read_bytes() for path in sorted(_SHARED.rglob("*.xml"))]
"""The public messages too, where they are at hand; the made ones keep the test alive without them."""

_TAG = re.compile(rb"(?:<|&lt;)/?[A-Za-z:]+")
_VALUE = re.compile(rb"(?:>|&gt;)[^<&\s][^<&]*")
_JUNK = st.sampled_from(
    [b"\0", b"\xff", b"<", b"]]>", b"&#0;", b"&x;", b"<!DOCTYPE a>", b"<!--", b"<?xml ?>", b"\xef\xbb\xbf", b"{{ x }}"]
) | st.binary(max_size=12)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message after one to four accidents: bytes flipped, cut off, junk put in, tags swapped, values replaced."""
    content = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        accident = draw(st.sampled_from(["flip", "cut", "junk", "swap", "value", "repeat"]))
        if accident == "flip" and content:
            content = content[:at] + bytes([content[at] ^ draw(st.integers(1, 255))]) + content[at + 1 :]
        elif accident == "cut":
            content = content[:at]
        elif accident == "junk":
            content = content[:at] + draw(_JUNK) + content[at:]
        elif accident == "repeat":
            end = draw(st.integers(at, min(at + 400, len(content))))
            content = content[:end] + content[at:end] + content[end:]
        else:
            found = list((_TAG if accident == "swap" else _VALUE).finditer(content))
            if not found:
                continue
            target = draw(st.sampled_from(found))
            new = draw(st.sampled_from(found))[0] if accident == "swap" else target[0][:1] + draw(_JUNK)
            content = content[: target.start()] + new + content[target.end() :]
    return content


def _check(content: bytes) -> None:
    start = time.process_time()  # of this process: a busy machine is no fault
    reading = read_spi(content, file="made.xml", received_at=RECEIVED, texts=TEXTS)
    assert time.process_time() - start < 1
    assert reading.statements or reading.refusals, "a file is never passed over in silence"
    for refusal in reading.refusals:
        assert refusal.reason in REASONS
        assert re.fullmatch(r"[A-Za-z0-9/ ]+", refusal.place)
        assert len(refusal.content_hash) == 64
    for statement in reading.statements:
        assert statement.court_ou_code and 5 <= len(statement.court_ou_code) <= 7
        assert statement.statement_complete or reading.refusals
        for result in statement.results:
            assert re.fullmatch("[A-Z0-9]{1,8}", result.offence_code)
            assert result.result_code is None or re.fullmatch("[0-9]{1,4}", result.result_code)


@pytest.mark.long
@settings(max_examples=COUNT, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(damaged())
def test_a_damaged_message_is_read_or_refused_but_never_breaks_the_reader(content: bytes) -> None:
    _check(content)


@pytest.mark.long
@settings(max_examples=COUNT, deadline=None)
@given(st.binary(max_size=2_000) | st.text(max_size=500).map(str.encode))
def test_any_bytes_are_refused_with_a_reason(content: bytes) -> None:
    _check(content)
