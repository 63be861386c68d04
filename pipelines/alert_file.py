"""alerts.toml: who is alerted of what, and how; loaded strictly, every fault at once as `file:line:column`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.alert_shape import PORTS, SHAPES, AlertsFile, AnyChannel, EmailChannel, WebhookChannel, is_this_machine
from pipelines.settings import Settings, SettingsError
from transform.definition_files import read_text
from transform.shape_faults import Found, nearest, not_toml, place_of, shape_faults
from transform.toml_places import places

OPS = "ops"
"""Who answers for a check of which the thresholds name nobody."""
CHANNEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Channel:
    """One `[channel.NAME]`: what goes there and how. Empty filters take everything; secrets are names of settings.

    What does not belong to the kind is empty. `remind_after` is in days.
    """

    name: str
    kind: str
    severities: tuple[str, ...] = ("critical", "warning")
    owners: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    remind_after: int | None = None
    server: str = ""
    port: int = 0
    encryption: str = ""
    user: str = ""
    password: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alerts:
    """All of an alerts.toml (`file`, which may not exist: then there is no channel)."""

    file: Path
    channels: tuple[Channel, ...] = ()
    report_url: str = ""


def alerts_of(settings: Settings) -> Alerts:
    """The channels of this installation; none where there is no file. Raises as `load_alerts`."""
    from expectations.thresholds import load_thresholds

    questions = sorted(path.stem for path in (settings.definitions / "questions").glob("*.toml"))
    owners = sorted({OPS} | {limit.owner for limit in load_thresholds().values() if limit.owner})
    return load_alerts(settings.alerts, {"questions": questions, "owners": owners})


def load_alerts(path: Path, known: Mapping[str, list[str]]) -> Alerts:
    """The channels of a file; `known` are the ids of questions and the names of owners that there are.

    Raises:
        ExceptionGroup[SettingsError]: every fault of the file.
    """
    if not path.exists():
        return Alerts(path)
    text, unread = read_text(path, str(path))
    if unread:
        raise _group(path, [SettingsError(unread.what, where=unread.where, remedy=unread.remedy)])
    try:
        data = tomllib.loads(text)
    except RecursionError:
        what = "it is nested too deeply"
        raise _group(path, [SettingsError(what, where=f"{path}:1:1", remedy="Close the brackets")]) from None
    except tomllib.TOMLDecodeError as error:
        fault = not_toml(text, str(path), str(error))
        raise _group(path, [SettingsError(fault.what, where=fault.where, remedy=fault.remedy)]) from None
    found, channels = _whole(data, known)
    where = places(text)
    at = sorted(((place_of(where, way), what, remedy) for way, what, remedy in found), key=lambda one: one[0])
    if at:
        raise _group(path, [SettingsError(w, where=f"{path}:{li}:{co}", remedy=r) for (li, co), w, r in at])
    return Alerts(path, channels, data.get("report_url", ""))


def _group(path: Path, faults: list[SettingsError]) -> ExceptionGroup[SettingsError]:
    return ExceptionGroup(f"{path}: the alerts cannot be used", faults)


def _whole(data: dict[str, Any], known: Mapping[str, list[str]]) -> tuple[list[Found], tuple[Channel, ...]]:
    found: list[Found] = []
    try:
        AlertsFile.model_validate(data)
    except ValidationError as error:
        found += shape_faults(error, AlertsFile)
    tables = data.get("channel")
    channels: list[Channel] = []
    for name, table in (tables if isinstance(tables, dict) else {}).items():
        at = ("channel", name)
        if not CHANNEL_NAME.fullmatch(name):
            remedy = "Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit"
            found.append((at, "this is not a name for a channel", remedy))
        if not isinstance(table, dict):
            found.append((at, f"`{name}` is not a table", f"Write it under a header [channel.{name}]"))
            continue
        shape, faults = _shaped(table)
        found += [((*at, *way), what, remedy) for way, what, remedy in faults]
        for key, names in known.items():
            for place, one in enumerate(getattr(shape, key, None) or []):
                if one not in names:  # such a channel would be told of nothing, and nobody would see why
                    what = f"there is no {key.removesuffix('s')} {one!r}"
                    found.append(((*at, key, place), what, nearest(one, names, key)))
        if shape:
            channels.append(_channel(name, shape))
    return found, tuple(channels)


def _shaped(table: Mapping[str, Any]) -> tuple[AnyChannel | None, list[Found]]:
    """The shape of one channel (None where it has faults) and its faults; the kind decides which keys it has."""
    kind = table.get("kind")
    if kind is None:
        return None, [((), "`kind` is missing", f"Add kind = {' or '.join(map(repr, SHAPES))}")]
    if kind not in SHAPES:
        near = get_close_matches(kind, SHAPES, 1) if isinstance(kind, str) else []
        remedy = f"Did you mean {near[0]!r}?" if near else f"Use one of: {', '.join(SHAPES)}"
        return None, [(("kind",), f"`kind` cannot be {kind!r}", remedy)]
    try:
        shape = SHAPES[kind].model_validate(table)
    except ValidationError as error:
        return None, shape_faults(error, SHAPES[kind])
    found: list[Found] = []
    if isinstance(shape, EmailChannel):
        if bool(shape.user) != bool(shape.password):
            given, other = ("user", "password") if shape.user else ("password", "user")
            found.append(((given,), f"`{given}` without `{other}`", "Give both, or neither"))
        if shape.encryption == "none" and shape.password and not is_this_machine(shape.server):
            what = "the password would cross the network unencrypted"
            found.append((("encryption",), what, 'Write "starttls" or "tls", or leave out user and password'))
    return (None if found else shape), found


def _channel(name: str, shape: AnyChannel) -> Channel:
    described: dict[str, Any] = {}
    if isinstance(shape, EmailChannel):
        described = {
            "server": shape.server,
            "port": shape.port or PORTS[shape.encryption],
            "encryption": shape.encryption,
            "user": shape.user or "",
            "password": shape.password.secret if shape.password else "",
            "sender": shape.from_,
            "recipients": tuple(dict.fromkeys(shape.to)),
        }
    elif isinstance(shape, WebhookChannel):
        described = {"url": shape.url.secret, "headers": {header: one.secret for header, one in shape.headers.items()}}
    return Channel(
        name=name,
        kind=shape.kind,
        severities=tuple(dict.fromkeys(shape.severities)),
        owners=tuple(dict.fromkeys(shape.owners or ())),
        questions=tuple(dict.fromkeys(shape.questions or ())),
        sources=tuple(dict.fromkeys(shape.sources or ())),
        remind_after=shape.remind_after,
        **described,
    )
