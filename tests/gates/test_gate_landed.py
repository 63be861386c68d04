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

# One fault for each rule: fields of the first row that are changed, and of a row that is added, if any.
FAULTS: dict[str, tuple[Row, Row | None]] = {
    "landed.offence-code-well-formed": ({"offence_code": "st 19501"}, None),
    "landed.result-code-digits": ({"result_code": "SPO"}, None),
    "landed.hearing-date-plausible": ({"hearing_date": date(2120, 2, 3)}, None),
    "landed.statement-one-hearing-date": ({"hearing_date": date(2020, 2, 4)}, None),
    "landed.key-in-one-month": ({}, {"payload_hash": "c" * 64, "hearing_date": date(2020, 1, 31)}),
    "landed.result-position-unique": ({}, {"result_code": "9999"}),
    "landed.empty-statement-alone": ({}, {"offence_index": None, "result_index": None}),
    "landed.case-key-strength-fits": ({"case_key_strength": "weak"}, None),
    "landed.court-code-format": ({"court_ou_code": "BIRMINGHAM"}, None),
    "landed.case-key-weak": ({}, None),
    "landed.result-uncoded": ({}, None),
    "landed.stalking-protection-before-act": ({"hearing_date": date(2020, 1, 19)}, None),
    "landed.conviction-after-hearing": ({"conviction_date": date(2020, 2, 4)}, None),
    "landed.statement-incomplete": ({"statement_complete": False}, None),
    "landed.result-repeated": ({}, {"result_index": 99}),
}


def faulty(rule: str, clean: list[Row], row: Callable[..., Row]) -> list[Row]:
    if rule == "landed.case-key-weak":
        return [row(result_index=i, case_key="payload:x", case_key_strength="weak") for i in (1, 2)]
    if rule == "landed.result-uncoded":
        return [row(result_index=i, result_code=None, result_text_digest=str(i)) for i in (1, 2)]
    changes, added = FAULTS[rule]
    return [clean[0] | changes, *clean[1:], *([row(**added)] if added is not None else [])]


def by_rule(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {o.rule: o for o in outcomes}


def test_every_rule_has_a_seeded_fault() -> None:
    assert list(FAULTS) == [rule.id for rule in LANDED]


def test_clean_records_pass_every_rule(land: Land, clean: list[Row]) -> None:
    outcomes = check_landed(land(clean), newest_batch=1)
    assert [o.rule for o in outcomes] == [rule.id for rule in LANDED]
    assert {o.outcome for o in outcomes} == {"passed"}
    found = by_rule(outcomes)
    assert found["landed.hearing-date-plausible"].checked == len(clean)
    assert found["landed.statement-one-hearing-date"].checked == 3
    assert found["landed.offence-code-well-formed"].checked == len(clean) - 1, "a day without results has no code"
    assert stops(outcomes) == []


@pytest.mark.parametrize("rule", FAULTS)
def test_a_seeded_fault_fails_its_rule_and_is_counted(
    rule: str, land: Land, clean: list[Row], row: Callable[..., Row]
) -> None:
    outcomes = check_landed(land(faulty(rule, clean, row)), newest_batch=1)
    found = by_rule(outcomes)[rule]
    assert found.outcome == "failed"
    assert found.unexpected == (2 if rule in ("landed.case-key-weak", "landed.result-uncoded") else 1)
    assert found.checked is not None and found.checked >= found.unexpected
    assert (found in stops(outcomes)) == (found.severity == "critical")
    assert found.sentence and found.remedy


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
    assert len(outcomes) == len(LANDED)


def test_a_window_without_records_passes(land: Land, clean: list[Row]) -> None:
    outcomes = check_landed(land(clean), newest_batch=1, first=date(2030, 1, 1), last=date(2030, 1, 2))
    assert {(o.outcome, o.checked, o.unexpected) for o in outcomes} == {("passed", 0, 0)}


def test_a_rule_that_cannot_run_is_an_error_and_stops(land: Land, clean: list[Row]) -> None:
    """A column that is missing says nothing about the records: not passed, not failed."""
    outcomes = check_landed(land(clean, without=("court_ou_code",)), newest_batch=1)
    found = by_rule(outcomes)["landed.court-code-format"]
    assert (found.outcome, found.checked, found.unexpected) == ("error", None, None)
    assert stops(outcomes) == [found], "even though the rule is only a warning"


@pytest.mark.parametrize("column", ["statement_key", "landed_batch"])
def test_a_column_that_many_rules_need_makes_each_of_them_an_error(column: str, land: Land, clean: list[Row]) -> None:
    outcomes = check_landed(land(clean, without=(column,)), newest_batch=1)
    wanting = {r.id for r in LANDED if column == "landed_batch" or r.over != "records"}
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
    """A name in every text column breaks rules, and stands in no outcome, result of GX, log or output."""
    caplog.set_level(logging.DEBUG)
    results: list[str] = []
    plain = running.validate

    def kept(*arguments: Any) -> Any:
        result = plain(*arguments)
        results.append(str(result.to_json_dict()))
        return result

    monkeypatch.setattr(running, "validate", kept)
    named = [
        {k: f"{NAME} {i}" if isinstance(v, str) and k != "hearing_month" else v for k, v in r.items()}
        for i, r in enumerate(clean)
    ]
    for r in named:
        r["result_text"] = NAME
    outcomes = check_landed(land(named), newest_batch=1)
    assert {"landed.offence-code-well-formed", "landed.result-code-digits", "landed.court-code-format"} <= {
        o.rule for o in outcomes if o.outcome == "failed"
    }
    out, err = capfd.readouterr()
    assert len(results) == 2
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
