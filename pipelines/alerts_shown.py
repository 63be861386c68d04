"""What `courtstats alerts` does and prints."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines import show
from pipelines.alert_text import named
from pipelines.alerting import Round, Sent, alert_round, raise_faults, send_trial

if TYPE_CHECKING:
    from pipelines.settings import Settings

SCHEMA = "courtstats/alerts-sent@1"
_OUTCOMES = {"sent": "sent", "would be sent": "would be sent", "failed": "not sent", "left": "not tried"}


def alerts(settings: "Settings", *, dry_run: bool, as_json: bool) -> None:
    """Look at the state of quality now and send what is due; print what became of it.

    Raises an ExceptionGroup[StageError] where something could not be sent, after everything has been tried and printed.
    """
    from pipelines.quality import quality_state

    state = quality_state(settings, as_at=datetime.now(UTC))
    done = alert_round(settings, state, dry_run=dry_run)
    if as_json:
        show.write(show.to_json({"schema": SCHEMA, "as_at": state.as_at, "dry_run": dry_run, **_round(done)}))
    else:
        _text(done, state.not_yet)
    raise_faults(done.sent)


def trial(settings: "Settings", *, as_json: bool) -> None:
    """Send a test to every channel and print what became of it. Raises as `alerts`."""
    sent = send_trial(settings)
    if as_json:
        show.write(show.to_json({"schema": SCHEMA, "test": True, "alerts": [_one(one) for one in sent]}))
    else:
        _table(sent)
    raise_faults(tuple(sent))


def _round(done: Round) -> dict[str, Any]:
    return {
        "channels": [channel.name for channel in done.alerts.channels],
        "alerts": [_one(one) for one in done.sent],
        "to_nobody": [cause.key for cause in done.to_nobody],
    }


def _one(one: Sent) -> dict[str, Any]:
    told = {"channel": one.channel, "cause": one.cause, "state": one.state, "subject": one.subject}
    return told | {"outcome": one.outcome, "fault": str(one.fault) if one.fault else None}


def _text(done: Round, not_yet: str) -> None:
    if not done.alerts.channels:
        show.write(f"No alerts are configured: there is no channel in {done.alerts.file} (docs/alerts.md).")
    elif not_yet:
        show.write(not_yet)
    elif not done.sent:
        show.write("Nothing is due: every channel knows of everything that goes to it.")
    else:
        _table(done.sent)
    for cause in done.to_nobody:
        show.write(f"No channel takes this: {named(cause)}, {cause.rule} ({cause.severity}).")


def _table(sent: Sequence[Sent]) -> None:
    show.table(["channel", "alert", "outcome"], [(one.channel, one.subject, _OUTCOMES[one.outcome]) for one in sent])
