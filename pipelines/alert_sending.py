"""One message to one channel, through apprise: e-mail over SMTP, JSON to a web address.

apprise logs where it sends to, and with what; its log and that of its HTTP library are kept from everybody while it
works, and only known signs are taken from them, to say in our own words why a channel did not accept a message.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from extract.contract import StageError
from pipelines.alert_file import Channel
from pipelines.alert_shape import is_this_machine
from pipelines.settings import SECRET_PREFIX, secret

if TYPE_CHECKING:
    from apprise import NotifyBase

    from pipelines.alert_text import Message

SECONDS = 15
"""How long a server may take to connect, and for each answer."""
_QUIET = ("apprise", "urllib3", "requests")
_STATUS = re.compile(r"error=(\d{3})\b")
_HTTP = {
    "401": "Check the headers and their secrets",
    "403": "Check the headers and their secrets",
    "404": "Check the secret that holds its address",
    "413": "The receiver has to take messages of a few kilobytes",
    "429": "It is tried again next time",
}


class AlertError(StageError):
    """An alert that could not be sent. Nothing is undone by it, and the next time it is tried again."""

    exit_code = 7


@dataclass(frozen=True, slots=True)
class _Sign:
    """What a text in the log means, what to do, whether it may pass by itself."""

    text: str
    what: str
    remedy: str
    passing: bool = False


_SIGNS = (
    _Sign("CERTIFICATE_VERIFY_FAILED", "its certificate was not accepted", "Check the server's name and certificate; "
          "an authority of your own goes into SSL_CERT_FILE (e-mail) or REQUESTS_CA_BUNDLE (webhook)"),
    _Sign("WRONG_VERSION_NUMBER", "it does not speak that encryption at this port", "Check port and encryption"),
    _Sign("STARTTLS extension not supported", "the server offers no STARTTLS", 'Try encryption = "tls"'),
    _Sign("AUTH extension not supported", "the server takes no password", "Leave out user and password"),
    _Sign("(535", "the user or the password was refused", "Check `user` and the secret of `password`"),
    _Sign("(530", "the server wants a user and a password", "Give `user` and `password`"),
    _Sign("Name or service not known", "the host is not known", "Check its name"),
    _Sign("Temporary failure in name", "the host could not be looked up", "Check the network and its name", True),
    _Sign("No address associated", "the host is not known", "Check its name"),
    _Sign("refused", "nothing answers at that address", "Check that it runs, and host and port", True),
    _Sign("timed out", "it did not answer in time", "Check the network and that it runs", True),
    _Sign("unreachable", "it cannot be reached", "Check the network", True),
    _Sign("unexpectedly closed", "it closed the connection", "Check port and encryption, and that it runs", True),
    _Sign("RemoteDisconnected", "it closed the connection", "Check that it runs", True),
    _Sign("(4", "the server put it off", "It is tried again next time", True),
    _Sign("(5", "the server refused sender, recipients or message", "Check `from` and `to`"),
)  # fmt: skip


def deliver(channel: Channel, message: "Message", *, alone: str = "") -> None:
    """Hand one message to a channel; when this returns, its server has accepted it.

    Args:
        channel: where to.
        message: what.
        alone: of a channel of e-mail only this recipient, so that one who is refused can be told.

    Raises:
        AlertError: it was not accepted, or cannot be sent like this.
        SettingsError: a secret that the channel names is not set.
    """
    with _listening() as heard:
        try:
            plugin = _email(channel, alone) if channel.kind == "email" else _webhook(channel, message)
            from apprise import NotifyFormat, NotifyType

            accepted = plugin.notify(
                title=message.subject,
                body=message.body,
                notify_type=NotifyType(message.kind),
                body_format=NotifyFormat.TEXT,
            )
        except (ValueError, TypeError, OSError):  # what it says may hold an address
            accepted = False
    if not accepted:
        raise _explained(channel, heard)


def _email(channel: Channel, alone: str) -> "NotifyBase":
    """One message goes to all recipients at once, so that it is accepted once or not at all."""
    to = [alone] if alone else list(channel.recipients)
    described: dict[str, Any] = {
        "schema": "mailto" if channel.encryption == "none" else "mailtos",
        "secure_mode": {"none": "insecure", "tls": "ssl"}.get(channel.encryption, channel.encryption),
        "host": channel.server,
        "smtp_host": channel.server,
        "port": channel.port,
        "from_addr": channel.sender,
        "targets": to[:1],
        "cc": to[1:],
    }
    if channel.user:
        # apprise decodes what it is given as it would from a URL
        described |= {"user": quote(channel.user, safe=""), "password": quote(secret(channel.password), safe="")}
    plugin: Any = _plugin(channel, described)
    reached = {address for _name, address in plugin.targets} | set(plugin.cc)
    if reached != set(to):  # apprise reads some addresses as others: nobody else may get it
        raise AlertError("an address cannot be used", where=_where(channel), remedy="Correct `to`")
    return plugin  # type: ignore[no-any-return]


def _webhook(channel: Channel, message: "Message") -> "NotifyBase":
    name = SECRET_PREFIX + channel.url
    parts = urlsplit(secret(channel.url))
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise AlertError("it is no web address", where=name, remedy="Write it like https://host/path")
    if parts.scheme == "http" and not is_this_machine(host):
        raise AlertError("it is not encrypted", where=name, remedy="Write it with https://")
    described: dict[str, Any] = {
        "schema": "json" if parts.scheme == "http" else "jsons",
        "host": f"[{host}]" if ":" in host else host,
        "port": parts.port,
        "fullpath": (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        "headers": {header: secret(named) for header, named in channel.headers.items()},
        "payload": {"attachments": "", **message.facts},  # without apprise's empty list, with ours
    }
    if parts.username:
        described |= {"user": parts.username, "password": parts.password or ""}
    return _plugin(channel, described)


def _plugin(channel: Channel, described: dict[str, Any]) -> "NotifyBase":
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(app_id="courtstats", app_desc="courtstats", app_url="")
    limits = {"format": "text", "cto": SECONDS, "rto": SECONDS, "redirect": "no"}
    plugin = Apprise.instantiate(described | limits, asset=asset)
    if plugin is None:
        raise AlertError("it cannot be used as it is described", where=_where(channel), remedy="Check its keys")
    return plugin


def _where(channel: Channel) -> str:
    return f"channel {channel.name}"


@contextmanager
def _listening() -> Iterator[Callable[[], str]]:
    """Keep the logs that may hold addresses and passwords to ourselves; gives what was said in them."""
    said: list[str] = []

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    loggers = [logging.getLogger(name) for name in _QUIET]
    before = [(one.level, one.propagate, one.handlers, one.disabled) for one in loggers]
    for one in loggers:
        one.propagate, one.handlers, one.disabled = False, [logging.NullHandler()], False
        one.setLevel(logging.CRITICAL)
    loggers[0].handlers = [_Ear()]
    loggers[0].setLevel(logging.DEBUG)
    try:
        yield lambda: "\n".join(said)
    finally:
        for one, (level, propagate, handlers, disabled) in zip(loggers, before, strict=True):
            one.setLevel(level)
            one.propagate, one.handlers, one.disabled = propagate, handlers, disabled


def _explained(channel: Channel, heard: Callable[[], str]) -> AlertError:
    """Why it was not accepted, of known signs alone: what apprise said may hold addresses and secrets."""
    said = heard()
    if status := _STATUS.search(said):
        passing = status[1].startswith("5") or status[1] == "429"
        remedy = _HTTP.get(status[1], "See what the receiver says about it; it is tried again next time")
        return AlertError(f"it answered with {status[1]}", where=_where(channel), remedy=remedy, passing=passing)
    for sign in _SIGNS:
        if sign.text in said:
            return AlertError(sign.what, where=_where(channel), remedy=sign.remedy, passing=sign.passing)
    return AlertError("it did not accept the message", where=_where(channel), remedy="Check how it is described")
