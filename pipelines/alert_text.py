"""What an alert says: a subject, a plain text for e-mail, the same as JSON for webhooks.

It names checks, questions, sources, courts and periods. It holds no figure, no count of records or persons, no value
from a record, and nothing of the details of an issue: these are in the quality report.
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.alert_causes import Cause, DueAlert, about, pairs
from pipelines.quality_contract import CheckState, Issue, QualityState
from pipelines.times import in_words

SCHEMA = "courtstats/alert@1"
WIDTH = 72
MOST_LISTED = 10
MOST_IN_JSON = 100
MOST_IN_A_SUBJECT = 150
_KINDS = {"critical": "failure", "warning": "warning", "info": "info"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `kind` is apprise's: failure, warning, info or success. `facts` go to webhooks beside the text."""

    subject: str
    body: str
    kind: str
    facts: dict[str, Any]


def message_of(due: DueAlert, state: QualityState, report_url: str) -> Message:
    """The text of an alert that is due; `state` is that of the look in which it was found."""
    cause, resolved = due.cause, due.state == "resolved"
    check = next((one for one in state.checks if one.rule == cause.rule), None)
    sentence = next(
        (i.sentence for i in (*cause.issues, *gone(cause, state.resolved))), check.sentence if check else ""
    )
    verdict = "resolved" if resolved else "held back" if cause.holds else _words_of(cause.severity)
    places = _places(cause)
    facts = {
        "state": "worse" if due.worse else due.state,
        "verdict": verdict,
        "severity": None if resolved else cause.severity,
        "check": cause.rule,
        "question": cause.name if cause.kind == "question" else None,
        "source": cause.name if cause.kind == "source" else None,
        "deployment": cause.name if cause.kind == "deployment" else None,
        "failed": _line(sentence),
        "issues": len(cause.issues),
        "where": places[:MOST_IN_JSON],
        "since": min((i.first_seen for i in cause.issues), default=None),
        "holds_back": [_line(one) for one in cause.holds_back[:MOST_IN_JSON]],
        "why_it_matters": _line(_said(cause, check, "about")),
        "what_to_do": "" if resolved else _line(_said(cause, check, "remedy")),
        "owners": list(cause.owners),
        "as_at": state.as_at,
        "report": report_url or None,
    }
    return Message(
        _subject(due, verdict),
        _resolved(facts, cause, state) if resolved else _body(facts, due, cause),
        "success" if resolved else _KINDS[cause.severity],
        {"schema": SCHEMA, "alert": {k: v.isoformat() if isinstance(v, datetime) else v for k, v in facts.items()}},
    )


def trial_message(channel: str) -> Message:
    """What tells people that a channel works."""
    subject = "courtstats: this is a test"
    said = f"This is a test of the channel {channel} of courtstats. Alerts would come like this. Nothing is wrong."
    alert = {"state": "test", "verdict": "test"}
    return Message(subject, _wrapped(said) + "\n", "info", {"schema": SCHEMA, "alert": alert})


def named(cause: Cause) -> str:
    """What a cause is about, in words."""
    return f"{cause.kind} {cause.name}" if cause.name else "the whole"


def _words_of(severity: str) -> str:
    return {"critical": "held back", "warning": "warning", "info": "note"}[severity]


def _subject(due: DueAlert, verdict: str) -> str:
    still = {"opened": "", "reminded": "still ", "resolved": ""}[due.state]
    now = "now " if due.worse else ""
    text = _line(f"courtstats: {now or still}{verdict}: {named(due.cause)} ({due.cause.rule})")
    return text if len(text) <= MOST_IN_A_SUBJECT else text[: MOST_IN_A_SUBJECT - 1] + "…"


def _body(facts: dict[str, Any], due: DueAlert, cause: Cause) -> str:
    verdict = facts["verdict"]
    head = {"held back": "Figures are held back", "warning": "Warning", "note": "For information"}[verdict]
    told = "; this was told before and is worse now" if due.worse else ""
    still = "; it was told before and is still open" if due.state == "reminded" else ""
    of = _line(named(cause)) + (f", {facts['issues']} issues of one cause" if facts["issues"] > 1 else "")
    return _lines(
        [
            ("", f"{head}: {of}{told}{still}."),
            ("What failed", facts["failed"]),
            ("Check", cause.rule),
            ("Where", _some(_places(cause), "; ")),
            ("Since", in_words(facts["since"]) if facts["since"] else ""),
            ("Holds back", _some([_line(one) for one in cause.holds_back], "; ") or "nothing"),
            ("Why it matters", facts["why_it_matters"]),
            ("What to do", facts["what_to_do"]),
            ("Owner", ", ".join(facts["owners"])),
            ("More about it", f"{cause.issues[0].docs}, courtstats quality"),
        ],
        facts["report"],
    )


def _resolved(facts: dict[str, Any], cause: Cause, state: QualityState) -> str:
    how = "The check no longer fails there."
    if (lately := gone(cause, state.resolved)) and all(issue.by_limits for issue in lately):
        how = "It passes by the limits of today; nothing was measured again."
    return _lines(
        [
            ("", f"Resolved: {_line(named(cause))}. {how}"),
            ("What had failed", facts["failed"]),
            ("Check", cause.rule),
            ("As at", in_words(state.as_at)),
        ],
        facts["report"],
    )


def _said(cause: Cause, check: CheckState | None, name: str) -> str:
    return str(getattr(next(iter(cause.issues), check), name, ""))


def gone(cause: Cause, resolved: Sequence[Issue]) -> tuple[Issue, ...]:
    """Those of the issues resolved lately that belonged to a cause."""
    return tuple(i for i in resolved if (i.rule, *about(i)) == (cause.rule, cause.kind, cause.name))


def _places(cause: Cause) -> list[str]:
    """Where it fails, each once: what subjects and segments name beside what the cause is about."""
    found = []
    for issue in cause.issues:
        at = pairs(issue.subject.partition(";")[2]) | pairs(issue.segment)
        at.pop(cause.kind, None)
        found.append(_line(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in at.items())))
    return [place for place in dict.fromkeys(found) if place]


def _some(texts: Sequence[str], between: str) -> str:
    more = len(texts) - MOST_LISTED
    return between.join(texts[:MOST_LISTED]) + (f"{between}and {more} more" if more > 0 else "")


def _lines(parts: Iterable[tuple[str, str]], report: str | None) -> str:
    said = [_wrapped(f"{head}: {text}" if head else text) for head, text in parts if text]
    link = [f"Report: {report}"] if report else []  # never wrapped, so that it can be followed
    return "\n\n".join([*said, *link]) + "\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _line(text: str) -> str:
    """One line, nothing in it that a terminal or a mail server could take for anything but text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
