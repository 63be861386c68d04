"""The shape of alerts.toml: which keys each kind of channel has, and what their values are.

Nothing secret can stand in the file: passwords, addresses of webhooks (which let anybody post to them) and their
headers are given by the names of settings (`{ secret = "NAME" }`). Docstrings of fields are their documentation.
"""

import ipaddress
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.source_shape import SECRET
from transform.question_parts import Part
from transform.question_values import Line, listed, wrong

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""The usual port of each way to a mail server."""
LONGEST_WAIT = 365
_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
"""Narrower than the standard: apprise takes what stands after an apostrophe for the whole address."""
_SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


def is_this_machine(host: str) -> bool:
    """Whether what is sent to this host stays on this machine, so that nobody listens on the way."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _by_reference(value: Any) -> Any:
    if not isinstance(value, dict):  # what was written is not shown: it may be the secret
        raise wrong(
            "a secret is never written in this file",
            'Set COURTSTATS_SECRET_NAME to it and write { secret = "NAME" }',
        )
    return value


def _secret(text: str) -> str:
    if not SECRET.fullmatch(text):
        remedy = "Use capitals, digits and _: MAIL_PASSWORD for COURTSTATS_SECRET_MAIL_PASSWORD"
        raise wrong("this is not the name of a secret", remedy)
    return text


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise wrong(f"{text!r} is not an e-mail address", "Write it like ops@example.org, without a name")
    return text


def _server(text: str) -> str:
    if not _SERVER.fullmatch(text):  # not shown: somebody may have written user:password@server
        raise wrong("this is not the name of a mail server", "Write its name alone, like mail.example.org")
    return text


def _header(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise wrong("this is not the name of a header", "Use letters, digits and hyphens, like Authorization")
    return name


def _report_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isprintable() or " " in text:
        raise wrong("this is no address of a page", 'Write it like "https://reports.example.org/quality/"')
    if "@" in parts.netloc or parts.query or parts.fragment:  # not shown: it may hold a password or a token
        remedy = "It is written into every alert: leave out users, passwords and what follows ? or #"
        raise wrong("the address of the report holds more than a place", remedy)
    return text


class Secret(Part):
    """The name of a setting that holds a secret."""

    secret: Annotated[str, AfterValidator(_secret)]
    """`NAME` stands for the setting `COURTSTATS_SECRET_NAME`."""


Severity = Literal["critical", "warning", "info"]
_USUAL: tuple[Severity, ...] = ("critical", "warning")
ASecret = Annotated[Secret, BeforeValidator(_by_reference)]
Lines = Annotated[list[Line], BeforeValidator(listed), Field(min_length=1)]
Address = Annotated[str, AfterValidator(_address)]


class AnyChannel(Part):
    """What every channel has: what goes there."""

    kind: str
    """What it is: `email` or `webhook`."""
    severities: Annotated[list[Severity], BeforeValidator(listed), Field(min_length=1)] = Field(
        default_factory=lambda: list(_USUAL)
    )
    """Severities that go there: `critical`, `warning`, `info`; the first two unless said."""
    owners: Lines | None = None
    """Only what these owners answer for (expectations/thresholds.csv; `ops` where nobody is named). All unless said."""
    questions: Lines | None = None
    """Only what is about, or holds back, these questions (ids), or is about `sources`. All unless said."""
    sources: Lines | None = None
    """Only what is about these sources, or about `questions`. All unless said."""
    remind_after: Annotated[int, Field(ge=1, le=LONGEST_WAIT)] | None = None
    """Days after which what is still open is told again. Never unless said."""


class EmailChannel(AnyChannel):
    """E-mail, handed to an SMTP server."""

    server: Annotated[str, AfterValidator(_server)]
    """The mail server."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Its port; 587 for `starttls`, 465 for `tls`, 25 for `none` unless said."""
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: `starttls` unless said. `none` takes no password, except on this machine."""
    user: Line | None = None
    """Who signs in, where the server wants that."""
    password: ASecret | None = None
    """With what, by reference: `{ secret = "MAIL_PASSWORD" }`."""
    from_: Address = Field(alias="from")
    """Address of the sender."""
    to: Annotated[list[Address], BeforeValidator(listed), Field(min_length=1)]
    """Addresses of those who are told: one message goes to all of them."""


class WebhookChannel(AnyChannel):
    """A web address that takes JSON by POST."""

    url: ASecret
    """Its address, by reference: `{ secret = "OPS_HOOK" }`; https, except on this machine."""
    headers: dict[Annotated[str, AfterValidator(_header)], ASecret] = Field(default_factory=dict)
    """Headers to send, each by reference: `{ Authorization = { secret = "OPS_TOKEN" } }`."""


class AlertsFile(Part):
    """The whole file."""

    schema_: Literal["courtstats/alerts@1"] = Field(alias="schema")
    """Version of this form; always courtstats/alerts@1."""
    report_url: Annotated[str, AfterValidator(_report_url)] | None = None
    """Where the quality report can be seen; a link to it stands in every alert."""
    channel: dict[str, Any] = Field(default_factory=dict)
    """A table for each channel, `[channel.NAME]`."""


SHAPES: dict[str, type[AnyChannel]] = {"email": EmailChannel, "webhook": WebhookChannel}
"""The shape of each kind of channel."""
