"""XML from outside, parsed safely: one layer at a time, nothing expanded, nothing fetched, every size capped.

A layer is a document: the file itself, or the text of an element that carries another document as
escaped text. `parse_layer` reads one, `carried_texts` finds the ones inside it.
"""

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree
from lxml.etree import _Element

MAX_BYTES: Final = 20_000_000
"""A file above this is `too-large`; real messages have 4 to 15 kB."""
MAX_MARKUP: Final = 1_000_000
"""Most `<` in a layer (`too-large`): tags cost far more memory than their bytes."""
MAX_CARRIED: Final = 1_000
"""Most documents carried as text in one layer (`too-large`); real deliveries carry one."""
MAX_DEPTH: Final = 100
"""Deepest nesting of elements, the root being 1 (`too-deep`); real messages have about 15."""
MAX_TEXT: Final = 1_000_000
"""Longest text or attribute in characters (`text-too-long`), texts that carry a document excepted."""
MAX_LAYERS: Final = 4
"""Most layers of escaped text below the file (`too-deep`); a SOAP envelope has two."""

_LIBXML_TEXT = 10_000_000
"""libxml2 stops at texts of this length unless told that the tree may be huge."""
_BOM = b"\xef\xbb\xbf"
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}
_SINGLE_BYTE = {"iso-8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252"}
_TOO_DEEP = etree.XPath("boolean(" + "/".join("*" * MAX_DEPTH) + ")")
_LONG = etree.XPath(f"//*/text()[string-length() > {MAX_TEXT}] | //@*[string-length() > {MAX_TEXT}]")


class XmlRefusedError(Exception):
    """A document that is not read: `reason` is one of `extract.contract.REASONS`. Says nothing of the content."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _parser(*, huge: bool) -> etree.XMLParser:
    # The encoding is fixed because every layer is UTF-8 by the time it gets here, so that `<!DOCTYPE` can
    # be written in one way only. Comments and layout go, so that they make no difference to a payload hash.
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=huge,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
        collect_ids=False,
    )


_PARSER = _parser(huge=False)
_HUGE_PARSER = _parser(huge=True)


def parse_layer(data: bytes, *, decoded: bool = False) -> _Element:
    """The root element of one document.

    White space, a byte order mark or comments may precede the XML declaration. `decoded` says that the
    bytes are UTF-8 whatever the declaration says (text that was taken out of another document).
    Raises XmlRefusedError with the reason where the document is malformed or above a cap.
    """
    if len(data) > MAX_BYTES:
        raise XmlRefusedError("too-large")
    if b"\0" in data:
        raise XmlRefusedError("bad-encoding")
    body = _utf8_body(data, decoded=decoded)
    if b"<!DOCTYPE" in body:
        raise XmlRefusedError("doctype")
    if body.count(b"<") > MAX_MARKUP:
        raise XmlRefusedError("too-large")
    try:
        root = etree.fromstring(body, _PARSER if len(body) < _LIBXML_TEXT else _HUGE_PARSER)
    except etree.XMLSyntaxError as error:
        raise XmlRefusedError(_reason(error)) from None  # its message may quote the content
    if _TOO_DEEP(root):
        raise XmlRefusedError("too-deep")
    return root


def refuse_long_texts(root: _Element, *, carrier: bool) -> None:
    """Raise XmlRefusedError (`text-too-long`) for a text above the cap; in a carrier, escaped documents may be."""
    for text in _LONG(root):  # type: ignore[union-attr]
        if not (carrier and _is_document(str(text))):
            raise XmlRefusedError("text-too-long")


def carried_texts(root: _Element) -> Iterator[bytes]:
    """The documents (UTF-8) that a layer carries as text: in `DataStreamContent`, else wherever text is markup."""
    contents = [el for el in root.iter("{*}DataStreamContent") if el.text and not el.text.isspace()]
    for element in contents or root.iter("*"):
        text = element.text
        if text and (contents or _is_document(text)):
            yield text.encode()


def unescape(data: bytes) -> bytes | None:
    """A document that was escaped once more than its layers say, with one escaping taken off; None if it was not."""
    start = data.lstrip().removeprefix(_BOM)
    if not start.startswith(b"&lt;") or b"<" in start:
        return None
    return (parse_layer(b"<text>" + start + b"</text>", decoded=True).text or "").encode()


def _is_document(text: str) -> bool:
    return text[:1000].lstrip().lstrip("\ufeff").startswith(("<", "&lt;"))


def _utf8_body(data: bytes, *, decoded: bool) -> bytes:
    """The document from its first element or comment on, without the XML declaration, as UTF-8."""
    start = _skip_space(data, 0)
    while data.startswith(b"<!--", start):
        end = data.find(b"-->", start)
        if end < 0:
            raise XmlRefusedError("malformed-xml")
        start = _skip_space(data, end + 3)
    if not data.startswith((b"<?xml ", b"<?xml\t", b"<?xml\r", b"<?xml\n"), start):
        return data[start:]
    end = data.find(b"?>", start)
    if end < 0:
        raise XmlRefusedError("malformed-xml")
    declared = _ENCODING.search(data, start, min(end, start + 500))
    encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    body = data[end + 2 :]
    if decoded or encoding in _UTF8:
        return body
    if encoding not in _SINGLE_BYTE:
        raise XmlRefusedError("bad-encoding")
    try:
        return body.decode(encoding).encode()
    except UnicodeDecodeError:
        raise XmlRefusedError("bad-encoding") from None


_SPACE = re.compile(rb"(?:\s|\xef\xbb\xbf)*+")


def _skip_space(data: bytes, start: int) -> int:
    found = _SPACE.match(data, start)
    return found.end() if found else start


def _reason(error: etree.XMLSyntaxError) -> str:
    kind = etree.ErrorTypes
    code = getattr(error, "code", None)  # lxml's stubs do not know it
    if code == kind.ERR_INVALID_ENCODING:
        return "bad-encoding"
    if code == kind.ERR_NAME_TOO_LONG:
        return "text-too-long"
    if code == kind.ERR_RESOURCE_LIMIT:
        return "too-deep" if "depth" in str(error.msg) else "text-too-long"
    return "malformed-xml"
