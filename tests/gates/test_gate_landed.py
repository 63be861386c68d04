"""First gate: what each rule on landed records lets pass and what it does not."""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from expectations import running
from expectations.contract import Outcome, stops
from expectations.gates import check_landed
from expectations.rules_landed import LANDED

Row = dict[str, Any]
Land = Callable[..., list[str]]
NAME = "Zebedee Quixwood"

CHECKED = [rule.id for rule in LANDED if rule.over != "landing"]
"""The rules of a gate that is told nothing of a landing."""


def by_rule(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {o.rule: o for o in outcomes}


def test_clean_records_pass_every_rule(land: Land, clean: list[Row]) -> None:
    outcomes = check_landed(land(clean), newest_batch=1)
    assert [o.rule for o in outcomes] == CHECKED
    assert {o.outcome for o in outcomes} == {"passed"}
    found = by_rule(outcomes)
    assert found["landed.hearing-date-plausible"].checked == len(clean)
    assert found["landed.statement-one-hearing-date"].checked == 3
    assert found["landed.offence-code-well-formed"].checked == len(clean) - 1, "a day without results has no code"
    assert stops(outcomes) == []


def test_each_source_is_measured_and_judged_by_itself(land: Land, row: Callable[..., Row]) -> None:
    """A fault of a small source is not diluted by a large one; a rule that is about nothing there has one outcome."""
    large = [row(source_name="large", statement_key=f"l{n}", result_index=n) for n in range(200)]
    small = [
        row(source_name="small", statement_key="s", result_index=n, result_code=c) for n, c in enumerate(["1015", None])
    ]
    outcomes = check_landed(land([*large, *small]), newest_batch=1)
    found = {o.segment: o for o in outcomes if o.rule == "landed.result-uncoded"}
    assert {s: (o.outcome, o.checked, o.unexpected) for s, o in found.items()} == {
        "source=large": ("passed", 200, 0),
        "source=small": ("failed", 2, 1),
    }
    assert {(o.limit_kind, o.limit) for o in found.values()} == {("share", 0.2)}
    (nothing,) = [o for o in outcomes if o.rule == "landed.short-code-fits-code"]
    assert (nothing.segment, nothing.outcome, nothing.checked, nothing.unexpected) == ("", "passed", 0, 0)


def test_more_sources_than_great_expectations_fetches_rows_are_all_judged(land: Land, row: Callable[..., Row]) -> None:
    """GX keeps 200 rows of a query; the parts of a rule come in one."""
    rows = [
        row(source_name=f"s{n:03}", statement_key=f"k{n}", result_code=str(1015 + n // 249 * 8000)) for n in range(250)
    ]
    outcomes = [o for o in check_landed(land(rows), newest_batch=1) if o.rule == "landed.result-code-known"]
    assert len(outcomes) == 250
    assert [o.segment for o in outcomes if o.outcome == "failed"] == ["source=s249"]


def test_a_rule_about_one_question_is_left_out_before_another_is_counted(land: Land, clean: list[Row]) -> None:
    files = land(clean)
    for question, there in (("stalking-protection-orders", True), ("criminal-behaviour-orders", False), (None, True)):
        rules = {o.rule for o in check_landed(files, newest_batch=1, question=question)}
        assert ("landed.stalking-protection-before-act" in rules) is there
        assert "landed.offence-code-well-formed" in rules


def test_a_limit_that_has_expired_on_the_day_of_the_check_tolerates_nothing(
    land: Land, row: Callable[..., Row]
) -> None:
    """The day is given, so that the same check of the same records is judged alike whenever it is repeated."""
    rows = [row(result_index=n, statement_key=str(n), result_text="withdrawn", result_code="2063") for n in range(99)]
    files = land([*rows, row(result_text="withdrawn", result_code="1015")])
    verdicts = {
        day: by_rule(check_landed(files, newest_batch=1, as_at=day))["landed.label-fits-code"].outcome
        for day in (date(2027, 6, 30), date(2027, 7, 1), None)
    }
    assert verdicts == {date(2027, 6, 30): "passed", date(2027, 7, 1): "failed", None: "passed"}


def test_missing_codes_and_keys_are_faults_not_blanks(land: Land, clean: list[Row]) -> None:
    """A null is never taken for a pass: a result without an offence code breaks the rule on offence codes."""
    clean[0]["offence_code"] = None
    assert by_rule(check_landed(land(clean), newest_batch=1))["landed.offence-code-well-formed"].unexpected == 1


@pytest.mark.parametrize(("hours", "outcome"), [(24, "passed"), (25, "failed")])
def test_a_hearing_may_be_received_a_day_early_and_no_earlier(
    hours: int, outcome: str, land: Land, row: Callable[..., Row]
) -> None:
    received = datetime(2020, 2, 3, tzinfo=UTC) - timedelta(hours=hours)
    found = by_rule(check_landed(land([row(received_at=received)]), newest_batch=1))
    assert found["landed.hearing-date-plausible"].outcome == outcome


def test_only_the_batches_and_the_days_asked_for_are_checked(land: Land, row: Callable[..., Row]) -> None:
    """A fault in another batch, on another day, or received later does not fail this check."""
    rows = [
        row(result_code="SPO", landed_batch=3, statement_key="later batch"),
        row(result_code="SPO", landed_batch=1, statement_key="earlier batch"),
        row(result_code="SPO", landed_batch=2, hearing_date=date(2020, 2, 1), statement_key="day before"),
        row(result_code="SPO", landed_batch=2, hearing_date=date(2020, 2, 4), statement_key="day after"),
        row(landed_batch=2, received_at=datetime(2020, 3, 1, tzinfo=UTC), result_code="SPO", statement_key="late"),
        row(landed_batch=2),
    ]
    checked = check_landed(
        land(rows),
        newest_batch=2,
        batches=(2, 3),
        first=date(2020, 2, 2),
        last=date(2020, 2, 3),
        as_known_at=datetime(2020, 2, 28, tzinfo=UTC),
    )
    found = by_rule(checked)["landed.result-code-digits"]
    assert (found.outcome, found.checked, found.unexpected) == ("passed", 1, 0)
    assert by_rule(check_landed(land(rows), newest_batch=3))["landed.result-code-digits"].unexpected == 5


def test_only_what_counts_is_checked_before_counting(land: Land, row: Callable[..., Row]) -> None:
    """A fault that a later statement has put right is checked after its landing, and holds no figure back."""
    faulty = row(offence_code="ST19501 ", landed_batch=1, payload_hash="a" * 64)
    later = datetime(2020, 2, 6, 6, 0, tzinfo=UTC)
    mended = row(landed_batch=2, payload_hash="b" * 64, received_at=later, stated_at=later)
    files = land([faulty, mended])
    rule = "landed.offence-code-well-formed"
    found = {c: {o.rule: o for o in check_landed(files, newest_batch=2, counting=c)}[rule] for c in (False, True)}
    assert (found[False].outcome, found[False].unexpected) == ("failed", 1)
    assert (found[True].outcome, found[True].checked) == ("passed", 1)
    before = {o.rule: o for o in check_landed(files, newest_batch=1, counting=True)}[rule]
    assert before.outcome == "failed"


def test_nothing_landed_passes_without_loading_anything() -> None:
    outcomes = check_landed([], newest_batch=0)
    assert {(o.outcome, o.checked, o.unexpected) for o in outcomes} == {("passed", 0, 0)}
    assert [o.rule for o in outcomes] == CHECKED


def test_a_window_without_records_passes(land: Land, clean: list[Row]) -> None:
    outcomes = check_landed(land(clean), newest_batch=1, first=date(2030, 1, 1), last=date(2030, 1, 2))
    assert {(o.outcome, o.checked, o.unexpected) for o in outcomes} == {("passed", 0, 0)}


def test_a_rule_that_cannot_run_is_an_error_and_stops(land: Land, clean: list[Row]) -> None:
    """A column that is missing says nothing about the records: not passed, not failed."""
    outcomes = check_landed(land(clean, without=("court_ou_code",)), newest_batch=1)
    found = by_rule(outcomes)["landed.court-code-format"]
    assert (found.outcome, found.checked, found.unexpected) == ("error", None, None)
    wanting = {"landed.court-code-format", "landed.court-known", "landed.no-template-token"}
    assert {o.rule for o in stops(outcomes)} == wanting, "even though these rules are only warnings"


@pytest.mark.parametrize("column", ["statement_key", "landed_batch"])
def test_a_column_that_many_rules_need_makes_each_of_them_an_error(column: str, land: Land, clean: list[Row]) -> None:
    outcomes = check_landed(land(clean, without=(column,)), newest_batch=1)
    needing = {r.id for r in LANDED if r.over == "statements" or column in r.plain_sql()}
    wanting = set(CHECKED) if column == "landed_batch" else needing
    assert {o.rule for o in outcomes if o.outcome == "error"} == wanting


def test_a_file_that_is_gone_is_an_error_of_every_rule(tmp_path: Path) -> None:
    outcomes = check_landed([str(tmp_path / "gone.parquet")], newest_batch=1)
    assert {o.outcome for o in outcomes} == {"error"}


def test_a_quote_in_the_path_is_read(tmp_path: Path, land: Land, clean: list[Row]) -> None:
    moved = Path(land(clean)[0]).rename(tmp_path / "o'brien {batch}.parquet")
    assert stops(check_landed([str(moved)], newest_batch=1)) == []


def test_no_value_leaves_the_gate(
    land: Land,
    clean: list[Row],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A name in every text column breaks rules, and stands in no outcome, result of GX, log or output.

    The name of the source does: it is configuration, and the only text that a segment is made of.
    """
    caplog.set_level(logging.DEBUG)
    results: list[str] = []
    plain = running.validate

    def kept(*arguments: Any) -> Any:
        result = plain(*arguments)
        results.append(str(result.to_json_dict()))
        return result

    monkeypatch.setattr(running, "validate", kept)
    named = [
        {k: f"{NAME} {i}" if isinstance(v, str) and k != "source_name" else v for k, v in r.items()}
        for i, r in enumerate(clean)
    ]
    for r in named:
        r["result_text"] = NAME
    outcomes = check_landed(land(named), newest_batch=1)
    assert {"landed.offence-code-well-formed", "landed.result-code-digits", "landed.court-code-format"} <= {
        o.rule for o in outcomes if o.outcome == "failed"
    }
    out, err = capfd.readouterr()
    assert len(results) == 3
    for said in (repr(outcomes), *results, caplog.text, out, err):
        assert NAME not in said


def test_no_value_leaves_a_rule_that_could_not_run(
    land: Land, clean: list[Row], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    """The database's message holds the value that could not be converted; it is neither kept nor logged."""
    caplog.set_level(logging.DEBUG)
    clean[0]["result_text"] = NAME
    rule = next(r for r in LANDED if r.id == "landed.result-code-digits")
    monkeypatch.setattr(rule, "broken", "result_text::integer > 0")
    outcomes = check_landed(land(clean), newest_batch=1)
    assert by_rule(outcomes)[rule.id].outcome == "error"
    assert {o.outcome for o in outcomes if o.rule != rule.id} == {"passed"}, "the others still ran"
    for said in (repr(outcomes), caplog.text, *capfd.readouterr()):
        assert NAME not in said
