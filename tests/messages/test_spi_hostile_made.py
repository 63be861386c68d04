"""Hostile and broken deliveries: refused with a reason, quickly, with nothing expanded or fetched."""

import time
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

import pytest

from extract.contract import Reading
from extract.xml import MAX_BYTES, MAX_DEPTH, MAX_LAYERS, MAX_TEXT

ReadMade = Callable[[bytes | str], Reading]

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)
EXTERNAL = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


def _only_reason(reading: Reading) -> str:
    assert reading.statements == ()
    (refusal,) = reading.refusals
    assert len(refusal.content_hash) == 64
    return refusal.reason


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    """No input of at most 20 MB takes long: time rises with the size, not with its square."""
    start = time.process_time()  # of this process: another one on the machine does not count
    yield
    assert time.process_time() - start < 20


@pytest.mark.parametrize("doctype", [LAUGHS, EXTERNAL, "<!DOCTYPE l>"])
@pytest.mark.parametrize("wrapper", ["bare", "RouteData", "SOAP"])
def test_a_document_type_is_refused_in_any_layer(made, read: ReadMade, doctype: str, wrapper: str) -> None:
    message = doctype + made.message().replace("Stalking Protection Order", "&a;")
    content = {"bare": str.encode, "RouteData": made.in_route_data, "SOAP": made.in_soap}[wrapper](message)
    assert _only_reason(read(content)) == "doctype"


def test_an_entity_that_nobody_declared_is_malformed(made, read: ReadMade) -> None:
    assert _only_reason(read(made.message().replace("Stalking", "&a;"))) == "malformed-xml"


def test_a_document_type_cannot_hide_in_another_encoding(made, read: ReadMade) -> None:
    utf7 = LAUGHS.replace("<", "+ADw-").replace("&", "+ACY-")
    content = f'<?xml version="1.0" encoding="UTF-7"?>{utf7}{made.message()}'
    assert _only_reason(read(content)) == "bad-encoding"
    assert _only_reason(read((LAUGHS + made.message()).encode("utf-16"))) == "bad-encoding"


@pytest.mark.parametrize(
    "content",
    [
        b"<a>\xff</a>",
        b"<a>\xc0\xbcb/></a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>\0</a>",
        b'<?xml version="1.0" encoding="windows-1252"?><a>\x81</a>',
    ],
)
def test_bytes_that_are_not_in_their_encoding_are_refused(read: ReadMade, content: bytes) -> None:
    assert _only_reason(read(content)) == "bad-encoding"


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"\xef\xbb\xbf", b"no markup", b"{}", b"<a>", b"<a/><b/>", b"<?xml version", b"<!-- "]
)
def test_what_is_not_xml_is_malformed(read: ReadMade, content: bytes) -> None:
    assert _only_reason(read(content)) == "malformed-xml"


def test_a_truncated_message_is_refused_at_every_length(made, read: ReadMade) -> None:
    """No prefix of a message gives a statement: half a hearing must never pass for the whole."""
    for content in (made.message().encode(), made.in_route_data(made.message())):
        for length in range(0, len(content), 7):
            assert read(content[:length]).statements == ()


def test_xml_of_another_kind_is_no_result_message(made, read: ReadMade) -> None:
    assert _only_reason(read("<feed><entry>1</entry></feed>")) == "not-a-result-message"
    other = made.message().replace("dca.gov.uk", "example.test")
    assert _only_reason(read(other)) == "not-a-result-message"
    assert _only_reason(read(made.in_route_data(other))) == "not-a-result-message"


def test_nesting_beyond_the_limit_is_too_deep(made, read: ReadMade) -> None:
    for depth in (MAX_DEPTH, 300, 200_000):
        nested = "<x>" * depth + "</x>" * depth
        assert _only_reason(read(made.message().replace("<DC:Session>", "<DC:Session>" + nested))) == "too-deep"
    allowed = "<x>" * (MAX_DEPTH - 2) + "</x>" * (MAX_DEPTH - 2)
    assert len(read(made.message().replace("<DC:Session>", "<DC:Session>" + allowed)).statements) == 1


def test_layers_of_escaping_beyond_the_limit_are_too_deep(made, read: ReadMade) -> None:
    content = made.message()
    for _ in range(MAX_LAYERS):
        content = f"<layer>{escape(content)}</layer>"
    assert len(read(content).statements) == 1
    assert _only_reason(read(f"<layer>{escape(content)}</layer>")) == "too-deep"


def test_content_beyond_the_size_limit_is_too_large(read: ReadMade) -> None:
    assert _only_reason(read(b"<a>" + b" " * MAX_BYTES + b"</a>")) == "too-large"


def test_a_text_beyond_the_limit_is_refused_but_a_large_message_is_not(made, read: ReadMade) -> None:
    """The text that carries an escaped message may be long; a text of the message may not."""
    long_text = made.message([made.case([made.offence(results=[made.result(None, "x" * (MAX_TEXT + 1))])])])
    assert _only_reason(read(long_text)) == "text-too-long"
    assert _only_reason(read(made.in_route_data(long_text))) == "text-too-long"
    long_attribute = made.message().replace(' SchemaVersion="', ' SchemaVersion="' + "x" * (MAX_TEXT + 1))
    assert _only_reason(read(long_attribute)) == "text-too-long"
    many = made.message([made.case([made.offence(wording="y" * 900)] * 1500)])
    assert len(many) > MAX_TEXT
    assert len(read(made.in_route_data(many)).statements[0].results) == 1500


def test_a_message_of_more_than_ten_megabytes_is_read(made, read: ReadMade) -> None:
    """The XML library's own limit for one text is 10 MB; an escaped message may pass it."""
    cases = [made.case([made.offence(wording="y" * 90_000)])] * 120
    content = made.in_route_data(made.message(cases))
    assert 10_000_000 < len(content) < MAX_BYTES
    assert len(read(content).statements) == 120


def _slow(name: str) -> str:
    """Content that a careless reader takes seconds, minutes or gigabytes over."""
    match name:
        case "empty elements":
            return "<a/>" * 4_900_000
        case "attributes":
            return "<a " + " ".join(f'a{i}=""' for i in range(1_500_000)) + "/>"
        case "namespaces":
            declared = " ".join(f'xmlns:a{i}="u{i}"' for i in range(500_000))
            return f"<a {declared}>" + "<b/>" * 400_000 + "</a>"
        case "comments":
            return "<!---->" * 900_000
        case "comments that do not end":
            return "<!--" * 4_900_000
        case "white space":
            return " " * 19_000_000
        case "escaped angle brackets":
            return "&lt;" * 4_800_000
        case "texts that look like documents":
            return "<a>&lt;b/></a>" * 400_000
        case _:
            raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "in_message", "in_wrapper"),
    [
        ("empty elements", "too-large", "too-large"),
        ("attributes", None, "not-a-result-message"),
        ("namespaces", None, "not-a-result-message"),
        ("comments", None, "not-a-result-message"),
        ("comments that do not end", "too-large", "too-large"),
        ("white space", "text-too-long", "text-too-long"),
        ("escaped angle brackets", "text-too-long", "too-large"),
        ("texts that look like documents", None, "too-large"),
    ],
)
def test_content_made_to_be_slow_is_dealt_with_in_time(
    made, read: ReadMade, name: str, in_message: str | None, in_wrapper: str
) -> None:
    """Inside a message, where it may be ignored, and inside a wrapper, where a message is looked for."""
    inside = _slow(name)
    reading = read(made.message().replace("<DC:Session>", "<DC:Session>" + inside))
    assert [refusal.reason for refusal in reading.refusals] == ([in_message] if in_message else [])
    assert len(reading.statements) == (0 if in_message else 1)
    assert _only_reason(read(f"<wrapper>{inside}</wrapper>")) == in_wrapper


def test_very_many_cases_are_read_in_time(made, read: ReadMade) -> None:
    cases = [made.case([made.offence(None)])] * 20_000
    reading = read(made.message(cases))
    assert len(reading.statements) == len(reading.refusals) == 20_000
