"""From the bytes of a delivery to the result messages inside it, whatever wraps them.

Met so far: `DeliverRequest/Message` with the message as elements; `RouteData/DataStream/DataStreamContent`
with the message as escaped text; a bare message; a SOAP envelope around an escaped `RouteData` whose
content is escaped again. Nothing here depends on which: layers of escaped text are opened until a
`ResultedCaseMessage` is found. Names are matched on namespace and local name, never on a prefix.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from lxml.etree import _Element

from extract.xml import (
    MAX_CARRIED,
    MAX_LAYERS,
    MAX_TEXT,
    XmlRefusedError,
    carried_texts,
    parse_layer,
    refuse_long_texts,
    unescape,
)

LIBRA: Final = "{http://www.dca.gov.uk/xmlschemas/libra}"
MESSAGE: Final = f"{LIBRA}ResultedCaseMessage"

_DELIVERY_ID = re.compile(r"(?=[^0-9]*[0-9])[0-9A-Za-z/_:{}-]{1,128}")
"""Identifiers have a digit (a template token has none), and neither the `@` nor the `.` of an address."""
_SYSTEM = re.compile(r"B00LIBRA|C00CommonPlatform")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the wrappers say: the delivery's identifier and the system that spoke, None where they do not."""

    envelope_id: str | None = None
    source_system: str | None = None


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One ResultedCaseMessage and its envelope. `payload_hash` is the same however the message was wrapped."""

    message: _Element
    envelope: Envelope
    payload_hash: str


class DeliveryRefusedError(Exception):
    """A delivery without a message that can be read: the reason (of `extract.contract.REASONS`) and the layer."""

    def __init__(self, reason: str, place: str) -> None:
        self.reason, self.place = reason, place
        super().__init__(reason)


def open_delivery(data: bytes) -> list[Wrapped]:
    """The result messages in the bytes of one file, at least one, exact repeats within the file left out.

    Raises DeliveryRefusedError where any layer is malformed or above a cap, or no layer holds a message.
    """
    found: dict[str, Wrapped] = {}
    pending = [(data, Envelope())]
    for layer in range(MAX_LAYERS + 1):
        inside: list[tuple[bytes, Envelope]] = []
        try:
            for text, outer in pending:
                inside += _open_layer(text, outer, found, decoded=layer > 0)
                if len(inside) > MAX_CARRIED:
                    raise XmlRefusedError("too-large")
        except XmlRefusedError as refused:
            raise DeliveryRefusedError(refused.reason, f"escaped layer {layer}" if layer else "file") from None
        if not inside:
            break
        pending = inside
    else:
        raise DeliveryRefusedError("too-deep", f"escaped layer {MAX_LAYERS + 1}")
    if not found:
        raise DeliveryRefusedError("not-a-result-message", "file")
    return list(found.values())


def _open_layer(
    text: bytes, outer: Envelope, found: dict[str, Wrapped], *, decoded: bool
) -> list[tuple[bytes, Envelope]]:
    """Put the messages of one layer into `found`; the documents that it carries, if it holds no message itself."""
    plain = unescape(text)
    if plain is not None:
        return [(plain, outer)]
    root = parse_layer(text, decoded=decoded)
    messages = list(root.iter(MESSAGE))
    if len(text) > MAX_TEXT:
        refuse_long_texts(root, carrier=not messages)
    envelope = outer if root.tag == MESSAGE else _read_envelope(root, outer)
    for message in messages:
        payload_hash = hash_payload(message)
        found.setdefault(payload_hash, Wrapped(message, envelope, payload_hash))
    return [] if messages else [(carried, envelope) for carried in carried_texts(root)]


def _read_envelope(root: _Element, outer: Envelope) -> Envelope:
    """What one layer says about the delivery; what it does not say holds as the layer around it said it.

    The stream's own identifier comes before that of the request; an identifier without any digit is a
    token that a template left behind (`EXTERNAL_CORRELATION_ID`, `String`).
    """
    identifier: str | None = None
    system: str | None = None
    stream = next(root.iter("{*}DataStream"), None)
    if stream is not None:
        identifier = _matching(_DELIVERY_ID, next(stream.iterchildren("{*}SystemDataStreamID"), None))
        system = _matching(_SYSTEM, next(stream.iterchildren("{*}System"), None))
    if identifier is None:
        request = next(root.iter("{*}RequestFromSystem", "{*}DeliverRequest"), None)
        if request is not None:
            own = next(request.iterchildren("{*}CorrelationID", "{*}MessageIdentifier"), None)
            identifier = _matching(_DELIVERY_ID, own)
    return Envelope(identifier or outer.envelope_id, system or outer.source_system)


def _matching(pattern: re.Pattern[str], element: _Element | None) -> str | None:
    text = (element.text or "").strip() if element is not None else ""
    return text if pattern.fullmatch(text) else None


def hash_payload(message: _Element) -> str:
    """SHA-256 (hex) of what a message says: its elements in document order with their number of children and texts.

    Names are namespace and local name, texts are trimmed, attributes are left out (none carries a result), so
    wrapper, escaping, prefix, declaration, comments and layout make no difference. Not canonical XML, because
    that keeps prefixes, fails on relative namespaces, and takes time with the square of the attributes.
    """
    # A text cannot contain NUL, and the numbers of children in document order fix the tree.
    said = [
        f"{element.tag}\0{len(element)}\0{(element.text or '').strip()}\0{(element.tail or '').strip()}"
        for element in message.iter("*")
    ]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()
