"""Alerts: what is due from the state of quality goes to the channels, and is remembered in the warehouse.

What a channel has accepted is noted at once, so that nothing is repeated and a channel that failed is tried again
alone. A crash between the two sends one alert twice: better than none.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from extract.contract import StageError
from pipelines.alert_causes import (
    Cause,
    DueAlert,
    Told,
    causes_of,
    due_alerts,
    nobody_is_told,
    told_of,
    whole,
)
from pipelines.alert_file import Alerts, Channel, alerts_of
from pipelines.alert_sending import AlertError, deliver
from pipelines.alert_text import gone, message_of, trial_message
from pipelines.quality_contract import QualityState
from pipelines.settings import Settings, SettingsError

if TYPE_CHECKING:
    from load.connecting import Warehouse

SECONDS_TO_WAIT = 120
"""How long another process may be sending before one gives up."""
MOST_FAULTS = 2
"""After so many failures in a row a channel is left for this time: a dead server costs a wait for each."""

Outcome = Literal["sent", "would be sent", "failed", "left"]


@dataclass(frozen=True, slots=True)
class Sent:
    """An alert and what became of it. `cause` is empty in a test; `fault` says why it failed or was left."""

    channel: str
    cause: str
    state: str
    subject: str
    outcome: Outcome
    fault: StageError | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One round of alerts: what became of each that was due, and causes of which no channel takes anything."""

    alerts: Alerts
    sent: tuple[Sent, ...] = ()
    to_nobody: tuple[Cause, ...] = ()


def send_alerts(settings: Settings, state: QualityState, *, dry_run: bool = False) -> list[Sent]:
    """Send what is due from a state of all questions; returns what was sent, or would be.

    Raises:
        ExceptionGroup[SettingsError]: alerts.toml has faults; nothing was sent.
        ExceptionGroup[StageError]: some could not be sent. The others were, and are remembered.
    """
    done = alert_round(settings, state, dry_run=dry_run)
    raise_faults(done.sent)
    return list(done.sent)


def raise_faults(sent: tuple[Sent, ...]) -> None:
    """Raise every different fault of a round at once, each with the alerts that wait for it."""
    faults = {str(one.fault): one.fault for one in sent if one.fault and one.outcome == "failed"}
    if faults:
        raise ExceptionGroup("alerts could not be sent", list(faults.values()))


def alert_round(settings: Settings, state: QualityState, *, dry_run: bool = False) -> Round:
    """As `send_alerts`, but faults are told with what they stopped and not raised."""
    alerts = alerts_of(settings)
    causes = causes_of(state.issues)
    if not whole(state):  # what is not in it could not be told from what is resolved
        if state.question is not None:
            raise ValueError("alerts need the state of all questions")
        return Round(alerts)
    nobody = tuple(nobody_is_told(alerts.channels, causes))
    if not alerts.channels:
        return Round(alerts, (), nobody)
    from pipelines import recording

    with recording.opened(settings) as warehouse:
        if dry_run:
            due = _due(warehouse, alerts, causes, state)
            planned = [Sent(d.channel.name, d.cause.key, _state(d), _subject(d, state), "would be sent") for d in due]
            return Round(alerts, tuple(planned), nobody)
        with _alone(settings, warehouse):
            due = _due(warehouse, alerts, causes, state)
            return Round(alerts, tuple(_sent(warehouse, alerts, due, state)), nobody)


def send_trial(settings: Settings) -> list[Sent]:
    """Send a test to each channel, by e-mail to each recipient alone; nothing is remembered. Faults are not raised."""
    alerts = alerts_of(settings)
    if not alerts.channels:
        remedy = "Describe one (docs/alerts.md)"
        raise SettingsError("there is no channel to test", where=str(alerts.file), remedy=remedy)
    return [
        _tried(channel, place, recipient)
        for channel in alerts.channels
        for place, recipient in enumerate(channel.recipients or ("",), 1)
    ]


def _tried(channel: Channel, place: int, recipient: str) -> Sent:
    message = trial_message(channel.name)
    several = f", recipient {place}" if len(channel.recipients) > 1 else ""
    name = f"{channel.name}{several}"  # which recipient, not who: addresses are personal data
    try:
        deliver(channel, message, alone=recipient)
    except StageError as fault:
        of = type(fault)
        told = of(fault.what, where=f"{fault.where}{several}", remedy=fault.remedy, passing=fault.passing)
        return Sent(name, "", "test", message.subject, "failed", told)
    return Sent(name, "", "test", message.subject, "sent")


def _state(due: DueAlert) -> str:
    return "worse" if due.worse else due.state


def _subject(due: DueAlert, state: QualityState) -> str:
    return message_of(due, state, "").subject


def _due(warehouse: "Warehouse", alerts: Alerts, causes: Mapping[str, Cause], state: QualityState) -> list[DueAlert]:
    from load.quality import alerts_sent

    told: dict[str, dict[str, Told]] = {}
    for last in alerts_sent(warehouse).values():
        told.setdefault(last.channel, {})[last.cause] = told_of(last.state, last.digest, last.sent_at)
    return [
        due
        for channel in alerts.channels
        for due in due_alerts(channel, causes, told.get(channel.name, {}), state.as_at)
    ]


def _sent(warehouse: "Warehouse", alerts: Alerts, due: list[DueAlert], state: QualityState) -> Iterator[Sent]:
    from load.quality import record_alert

    faults: dict[str, list[StageError]] = {}
    for one in due:
        channel = one.channel.name
        message = message_of(one, state, alerts.report_url)
        described = (channel, one.cause.key, _state(one), message.subject)
        failed = faults.setdefault(channel, [])
        if len(failed) == MOST_FAULTS:
            yield Sent(*described, "left", failed[-1])
            continue
        try:
            deliver(one.channel, message)
        except (AlertError, SettingsError) as fault:
            failed.append(fault)
            yield Sent(*described, "failed", fault)
            continue
        failed.clear()
        severity = "info" if one.state == "resolved" else one.cause.severity
        said = Told(one.state, state.as_at, severity, one.state != "resolved" and one.cause.holds)
        record_alert(
            warehouse,
            channel=channel,
            cause=one.cause.key,
            state=one.state,
            digest=said.digest,
            issues=[issue.id for issue in one.cause.issues or gone(one.cause, state.resolved)],
        )
        yield Sent(*described, "sent")


@contextmanager
def _alone(settings: Settings, warehouse: "Warehouse") -> Iterator[None]:
    """Nobody else sends from this warehouse meanwhile: two would both tell what is due.

    On SQLite that is a file beside it, for its own lock would keep every writer out while a mail server thinks.
    """
    from load.connecting import explained, sqlite_file, writing

    file = sqlite_file(settings.warehouse_url)
    if file is None:
        with explained(warehouse), writing(warehouse, "sending alerts"):
            yield
        return
    from filelock import FileLock, Timeout

    try:
        with FileLock(file.with_name(f".{file.name}.alerts.lock"), timeout=SECONDS_TO_WAIT):
            yield
    except Timeout:
        what = "another process has been sending alerts for two minutes"
        raise AlertError(what, where=f"warehouse {file}", remedy="Try again", passing=True) from None
