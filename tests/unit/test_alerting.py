"""Which alerts are due and what they say: one for each cause, nothing while nothing changes, no figure. Made data."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.alert_causes import (
    Cause,
    DueAlert,
    Told,
    about,
    cause_of,
    causes_of,
    due_alerts,
    nobody_is_told,
    told_of,
)
from pipelines.alert_file import Channel
from pipelines.alert_text import MOST_IN_A_SUBJECT, WIDTH, message_of
from pipelines.quality_contract import CheckState, Issue, QualityState

START = datetime(2026, 11, 2, 6, tzinfo=UTC)
OPS = Channel("ops", "email")


def issue(
    rule: str = "landed.made-keys", subject: str = "source:libra", segment: str = "", severity: str = "warning",
    *, holds_back: tuple[str, ...] = (), owner: str = "ops", outcome: str = "failed", unexpected: int = 3,
) -> Issue:  # fmt: skip
    """A made open issue."""
    return Issue(
        f"{abs(hash((rule, subject, segment))) % 16**8:08x}", rule, "landed", subject, segment, severity, outcome,
        "The case keys are no dummies", "of 41907 looked at 7351 were dummies", "Ask the source", "Dummies count twice",
        41907, unexpected, "share", 0.01, START, START, 1, (), holds_back, False, owner, "open",
    )  # fmt: skip


def state(issues: Sequence[Issue] = (), *, as_at: datetime = START, **more: object) -> QualityState:
    return replace(QualityState(as_at, None, "fine", "Made", tuple(issues)), **more)  # type: ignore[arg-type]


class Memory(dict[str, Told]):
    """What a channel remembers; `look` is a look at some issues, and gives what is told then."""

    def __init__(self, channel: Channel = OPS) -> None:
        super().__init__()
        self.channel, self.at = channel, START

    def look(self, *issues: Issue, days: float = 1) -> list[str]:
        self.at += timedelta(days=days)
        due = due_alerts(self.channel, causes_of(issues), self, self.at)
        for one in due:
            gone = one.state == "resolved"
            said = Told(one.state, self.at, "info" if gone else one.cause.severity, not gone and one.cause.holds)
            self[one.cause.key] = told_of(one.state, said.digest, self.at)  # as the warehouse gives it back
        return [f"{'worse' if one.worse else one.state} {one.cause.key}" for one in due]


def test_ten_courts_and_ten_periods_of_one_check_are_one_cause_each() -> None:
    courts = [issue("watched.court-silent", "all", f"source=libra;court=B01C{n}") for n in range(10)]
    periods = [issue("counted.keeps-fewer", f"question:spo;unit=case;period=202{n}Q1") for n in range(10)]
    assert Memory().look(*courts, *periods) == [
        "opened counted.keeps-fewer|question:spo",
        "opened watched.court-silent|source:libra",
    ]


def test_a_cause_is_told_when_it_opens_and_when_it_is_resolved_and_not_between() -> None:
    told = Memory()
    assert told.look(issue()) == ["opened landed.made-keys|source:libra"]
    assert told.look(issue()) == []
    assert told.look(issue(unexpected=300), issue(segment="court=B01CN")) == []  # counts and courts are no news
    assert told.look() == ["resolved landed.made-keys|source:libra"]
    assert told.look() == []
    assert told.look(issue()) == ["opened landed.made-keys|source:libra"]


@pytest.mark.parametrize(
    "worse",
    [
        issue(severity="critical"),
        issue(outcome="error"),  # a check that could not run holds back like a critical one
        issue(holds_back=("stalking-protection-orders 2020 Q1",)),
    ],
)
def test_a_cause_that_becomes_more_severe_or_begins_to_hold_figures_back_is_told_again_once(worse: Issue) -> None:
    told = Memory()
    assert told.look(issue())
    assert told.look(worse) == ["worse landed.made-keys|source:libra"]
    assert told.look(worse) == []
    assert told.look(issue()) == []  # that it is better is no alert until it is resolved
    assert told.look() == ["resolved landed.made-keys|source:libra"]


def test_what_is_still_open_is_told_again_only_where_reminders_are_asked_for() -> None:
    told = Memory(replace(OPS, remind_after=7))
    assert told.look(issue())
    assert [told.look(issue()) for _day in range(6)] == [[]] * 6
    assert told.look(issue()) == ["reminded landed.made-keys|source:libra"]
    assert told.look(issue()) == []
    silent = Memory()
    assert silent.look(issue()) and silent.look(issue(), days=400) == []


def test_a_look_from_before_the_last_message_says_nothing_new() -> None:
    """Two processes at once: the one that looked earlier but sends later does not take back what the other said."""
    told = Memory()
    told.look(issue())
    assert told.look(days=-1) == []
    assert told.look(issue(severity="critical"), days=-1) == []


@pytest.mark.parametrize(
    ("channel", "taken"),
    [
        (OPS, {"source", "question", "store"}),
        (replace(OPS, severities=("critical",)), {"store"}),
        (replace(OPS, severities=("info",)), {"note"}),
        (replace(OPS, owners=("statistics",)), {"question"}),
        (replace(OPS, sources=("libra",)), {"source"}),
        (replace(OPS, questions=("spo",)), {"question", "store"}),  # what holds figures back concerns each question
        (replace(OPS, questions=("other",), sources=("libra",)), {"source", "store"}),
    ],
)
def test_a_channel_is_told_what_it_takes_and_of_that_alone(channel: Channel, taken: set[str]) -> None:
    issues = {
        "source": issue("landed.a"),
        "question": issue("counted.b", "question:spo;unit=case;period=2020Q1", owner="statistics"),
        "store": issue("watched.c", "all", severity="critical"),
        "note": issue("watched.d", "all", "source=mis", severity="info"),
    }
    told = {name for name, one in issues.items() if Memory(channel).look(one)}
    assert told == taken


def test_a_cause_that_a_channel_no_longer_takes_is_not_called_resolved_while_it_is_open() -> None:
    told = Memory()
    told.look(issue())
    told.channel = replace(OPS, sources=("mis",))
    assert told.look(issue()) == []
    assert told.look() == ["resolved landed.made-keys|source:libra"]


def test_what_no_channel_takes_is_found_unless_it_is_a_note() -> None:
    causes = causes_of([issue(), issue("watched.d", severity="info")])
    assert [cause.rule for cause in nobody_is_told([replace(OPS, sources=("mis",))], causes)] == ["landed.made-keys"]
    assert nobody_is_told([OPS], causes) == []


def test_what_holds_figures_back_comes_first_and_what_is_resolved_last() -> None:
    told = Memory()
    told.look(issue("landed.gone"))
    said = told.look(issue("landed.a"), issue("landed.b", severity="critical"))
    assert [one.split("|")[0] for one in said] == ["opened landed.b", "opened landed.a", "resolved landed.gone"]


@pytest.mark.parametrize(
    ("subject", "segment", "expected"),
    [
        ("source:libra", "", ("source", "libra")),
        ("question:spo;unit=case;period=2020Q1", "", ("question", "spo")),
        ("all", "court=B01CN;month=2020-03", ("all", "")),
        ("all", "source=spi;court=B01CN", ("source", "spi")),
        ("all", "source=spi;question=spo", ("question", "spo")),
        ("all", "deployment=count-spo", ("deployment", "count-spo")),
    ],
)
def test_what_a_cause_is_about_is_its_subject_or_what_the_segment_names(
    subject: str, segment: str, expected: tuple[str, str]
) -> None:
    found = issue(subject=subject, segment=segment)
    assert about(found) == expected
    (key,) = causes_of([found])
    assert (cause_of(key).kind, cause_of(key).name) == expected  # told as resolved when the issue is gone


def test_a_check_that_only_watches_and_could_not_run_is_a_warning_even_if_it_is_a_note_otherwise() -> None:
    watched = replace(issue("watched.d", "all", severity="info", outcome="error"), gate="watched")
    assert Memory().look(watched) == ["opened watched.d|all:"]


def test_a_memory_that_cannot_be_read_repeats_nothing() -> None:
    assert told_of("opened", "0123abcd", START) == Told("opened", START, "critical", True)


def due(*issues: Issue, **how: object) -> DueAlert:
    (cause,) = causes_of(issues).values()
    return DueAlert(OPS, cause, **({"state": "opened"} | how))  # type: ignore[arg-type]


def test_an_alert_says_in_words_what_fails_where_since_when_what_it_holds_back_and_what_to_do() -> None:
    held = issue(subject="question:spo;unit=case;period=2020Q1", severity="critical", holds_back=("spo 2020 Q1",))
    said = message_of(due(held), state([held]), "https://reports.example.org/quality/")
    assert said.subject == "courtstats: held back: question spo (landed.made-keys)"
    assert said.body.splitlines()[0] == "Figures are held back: question spo."
    for line in (
        "What failed: The case keys are no dummies", "Where: unit case, period 2020Q1", "Holds back: spo 2020 Q1",
        "Since: 2 November 2026 06:00:00 GMT", "Why it matters: Dummies count twice", "What to do: Ask the source",
        "Owner: ops", "Report: https://reports.example.org/quality/",
    ):  # fmt: skip
        assert line in said.body.splitlines()
    assert (said.kind, said.facts["alert"]["verdict"]) == ("failure", "held back")
    assert json.loads(json.dumps(said.facts))["alert"]["since"] == "2026-11-02T06:00:00+00:00"


def test_ten_issues_are_counted_and_listed_and_more_than_ten_are_only_counted() -> None:
    courts = [issue(segment=f"court=B01C{n:02}") for n in range(13)]
    said = message_of(due(*courts), state(courts), "")
    assert "13 issues of one cause" in said.body
    text = " ".join(said.body.split())
    assert "court B01C09; and 3 more" in text and "B01C10" not in text
    assert said.facts["alert"]["issues"] == 13


def test_a_webhook_is_sent_no_list_without_end() -> None:
    courts = [issue(segment=f"court=B{n:04}", holds_back=(f"period {n}",)) for n in range(500)]
    said = message_of(due(*courts), state(courts), "")
    alert = said.facts["alert"]
    assert (alert["issues"], len(alert["where"]), len(alert["holds_back"])) == (500, 100, 100)
    assert "and 490 more" in " ".join(said.body.split())


def test_no_figure_no_count_of_records_and_no_detail_is_in_any_alert() -> None:
    one = issue()
    for told in (due(one), due(one, worse=True), due(one, state="reminded")):
        said = message_of(told, state([one]), "")
        everything = said.subject + said.body + json.dumps(said.facts)
        assert not [number for number in ("41907", "7351", "0.01") if number in everything]


def test_a_resolved_alert_says_what_had_failed_by_the_issue_that_is_gone_or_by_the_catalogue() -> None:
    gone = replace(issue(), state="resolved", resolved_at=START)
    told = DueAlert(OPS, Cause("landed.made-keys", "source", "libra"), "resolved")
    check = CheckState("landed.made-keys", "landed", "warning", "From the catalogue", 1, 0, START)
    for known, says in ({"resolved": (gone,)}, "The case keys"), ({"checks": (check,)}, "From the catalogue"), ({}, ""):
        said = message_of(told, state(**known), "")  # type: ignore[arg-type]
        assert said.subject == "courtstats: resolved: source libra (landed.made-keys)"
        assert says in said.body
        assert (said.kind, said.facts["alert"]["severity"]) == ("success", None)


def test_no_name_can_break_out_of_the_subject_or_make_it_endless() -> None:
    odd = issue(subject="source:a\r\nBcc: x@example.org\u2028\x1b[31m" + "x" * 300)
    said = message_of(due(odd), state([odd]), "")
    assert said.subject.isprintable() and len(said.subject) <= MOST_IN_A_SUBJECT
    assert not [c for c in said.body if not c.isprintable() and c != "\n"]


def test_lines_are_short_enough_for_any_mail_reader() -> None:
    long = replace(issue(holds_back=("a figure of a period",) * 3), remedy="Ask the source for it. " * 20)
    said = message_of(due(long), state([long]), "")
    assert max(map(len, said.body.splitlines())) <= WIDTH
