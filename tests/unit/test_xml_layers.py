"""Safe parsing of one document: what may come before it, what is found inside it, why it is refused."""

import pytest

from extract.contract import REASONS
from extract.xml import XmlRefusedError, carried_texts, parse_layer, unescape


def _refusal(data: bytes, *, decoded: bool = False) -> str:
    with pytest.raises(XmlRefusedError) as refused:
        parse_layer(data, decoded=decoded)
    assert refused.value.reason in REASONS
    assert str(refused.value) == refused.value.reason, "nothing of the content is in the error"
    return refused.value.reason


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b" \r\n\t",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf \xef\xbb\xbf",
        b"<?xml version='1.0'?>",
        b"\n<!-- one --> <!-- two --><?xml version='1.0' encoding='utf-8'?>\n",
        b"<?xml version='1.0'?><!-- after -->",
        b"<?xml-stylesheet href='a'?>",
    ],
)
def test_white_space_marks_comments_and_the_declaration_may_precede_the_root(before: bytes) -> None:
    assert parse_layer(before + b"<a>x</a>\n").text == "x"


def test_single_byte_encodings_are_read_as_declared() -> None:
    document = '<?xml version="1.0" encoding="ISO-8859-1"?><a>£40</a>'.encode("latin-1")
    assert parse_layer(document).text == "£40"
    assert _refusal(document.replace(b"ISO-8859-1", b"UTF-8")) == "bad-encoding"


def test_the_declared_encoding_of_a_text_taken_out_of_a_document_is_ignored() -> None:
    document = '<?xml version="1.0" encoding="utf-16"?><a>£40</a>'.encode()
    assert parse_layer(document, decoded=True).text == "£40"
    assert _refusal(document) == "bad-encoding"


def test_a_word_about_encoding_in_the_document_is_no_declaration() -> None:
    assert parse_layer(b"<?xml version='1.0'?><a b=' encoding=\"utf-7\"'>x</a>").text == "x"


def test_comments_do_not_split_a_text() -> None:
    assert parse_layer(b"<a>Gran<!-- c -->ted<?p i?>.</a>").text == "Granted."


def test_nothing_outside_the_file_is_read(tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    document = f'<!DOCTYPE a [<!ENTITY e SYSTEM "{secret.as_uri()}">]><a>&e;</a>'
    assert _refusal(document.encode()) == "doctype"
    included = f'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{secret.as_uri()}" parse="text"/></a>'
    assert "secret" not in "".join(map(str, parse_layer(included.encode()).itertext()))


def test_carried_documents_are_found_in_their_element_or_wherever_text_is_markup() -> None:
    named = parse_layer(b"<a><n>&lt;x/></n><DataStreamContent> &lt;y/> </DataStreamContent></a>")
    assert [text.strip() for text in carried_texts(named)] == [b"<y/>"]
    anywhere = parse_layer(b"<a><n>\n &lt;x/></n><m>1 &lt; 2</m><o/></a>")
    assert [text.strip() for text in carried_texts(anywhere)] == [b"<x/>"]


def test_one_escaping_too_many_is_taken_off() -> None:
    assert unescape(b" &lt;a b=&quot;1&quot;&gt;x &amp;amp; y&lt;/a&gt;") == b'<a b="1">x &amp; y</a>'
    assert unescape(b"<a>&lt;</a>") is None
    assert unescape(b"text") is None
