"""Every public Common Platform hearing says to the reader what it says to a person who reads it."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from extract.common_platform import read_common_platform
from extract.contract import Reading, Statement, Texts, normalise_text, text_digest

RECEIVED = datetime(2026, 11, 1, tzinfo=UTC)
KEY = b"key for tests only"
TEXTS = Texts(frozenset({"fine", "withdrawn", "application refused", "warrant of further detention"}), KEY)


def _read(messages: Path, name: str) -> Reading:
    return read_common_platform((messages / name).read_bytes(), file=name, received_at=RECEIVED, texts=TEXTS)


def _names(messages: Path) -> list[str]:
    return sorted(path.relative_to(messages).as_posix() for path in (messages / "common-platform").rglob("*.json"))


def _lines(messages: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, (messages / "expected_results.jsonl").read_text("utf-8").splitlines())
    return [line for line in lines if line["format"] == "common-platform"]


def _counted(messages: Path) -> list[dict[str, Any]]:
    """The results listed by plain reading, without the deleted ones and those of an offence entered in error."""
    lines = _lines(messages)
    in_error = {(r["file"], r["level"], r["offence_code_raw"]) for r in lines if r["result_code"] == "4583"}
    assert in_error == {
        ("common-platform/delete-and-add-offence/hearing-results-added-for-day-2.json", "OFFENCE", "TH68010")
    }
    kept = [
        r for r in lines if r["level"] != "DELETED" and (r["file"], r["level"], r["offence_code_raw"]) not in in_error
    ]
    assert len(lines) - len(kept) == 6, "one in error and five deleted"
    return kept


def _said(result: dict[str, Any]) -> tuple[object, ...]:
    return (
        result["file"],
        result["level"],
        result["hearing_id"],
        datetime.fromisoformat(result["shared_at"]),
        result["court_ou_code"],
        result["offence_code_raw"],
        result["result_code"],
        text_digest(normalise_text(result["result_label"]), KEY),
    )


def test_every_counted_result_of_every_real_hearing_is_read_and_no_other(shared_messages: Path) -> None:
    """Level, hearing, share, court, offence and result code, and the digest of the label, file by file."""
    found: Counter[tuple[object, ...]] = Counter()
    for name in _names(shared_messages):
        for statement in _read(shared_messages, name).statements:
            kind, hearing_id, day = statement.statement_key.split(":")
            assert (kind, day) == ("cp", statement.hearing_date.isoformat())
            assert statement.source_file == name
            found.update(
                (
                    name,
                    result.level,
                    hearing_id,
                    statement.stated_at,
                    statement.court_ou_code,
                    result.offence_code_raw,
                    result.result_code,
                    result.result_text_digest,
                )
                for result in statement.results
            )
    assert found == Counter(map(_said, _counted(shared_messages)))
    assert found.total() == 48


def test_results_of_real_hearings_belong_to_the_case_and_person_that_the_message_names(shared_messages: Path) -> None:
    """Where a statement names the case or the person by the identifiers that were listed, they are the listed ones."""
    expected = Counter(
        (r["file"], r["level"], r["offence_code_raw"], r["result_code"], r["reference"], r["defendant_id"])
        for r in _counted(shared_messages)
        if r["level"] == "OFFENCE"
    )
    found: Counter[tuple[object, ...]] = Counter()
    persons = {"asn:2391NX0000123629648D": "cp:47a5bce7-e932-4de7-8009-953251eaaca4"}
    for name in _names(shared_messages):
        for statement in _read(shared_messages, name).statements:
            person = persons.get(statement.defendant_key or "", statement.defendant_key or "").removeprefix("cp:")
            found.update(
                (name, r.level, r.offence_code_raw, r.result_code, statement.case_urn, person)
                for r in statement.results
                if r.level == "OFFENCE"
            )
    assert found == expected


def test_the_results_that_a_hearing_has_for_a_person_are_with_the_case_of_that_person(shared_messages: Path) -> None:
    levels: dict[str, set[tuple[str, str | None]]] = {}
    name = "common-platform/multi-case-when-case-resulted-second-share/hearing-results-added-for-day-2.json"
    for statement in _read(shared_messages, name).statements:
        for result in statement.results:
            levels.setdefault(result.level, set()).add((statement.case_key, statement.defendant_key))
    assert levels["HEARING_DEFENDANT"] == {("urn:28KE7588917", "cp:4d51757f-383c-4164-beaf-3edd63a55c58")}
    assert levels["HEARING_DEFENDANT"] < levels["OFFENCE"]


def test_every_real_hearing_is_read_whole_and_every_document_of_another_kind_is_refused(shared_messages: Path) -> None:
    """Commands, notifications and results for the police are no hearing; nothing else has anything set aside."""
    others = {"create-results", "police-notification-requested", "police-result-generated"}
    refused = 0
    for name in _names(shared_messages):
        reading = _read(shared_messages, name)
        if Path(name).name.rpartition("-")[0] in others:
            assert [(r.reason, r.place) for r in reading.refusals] == [("not-hearing-resulted", "file")], name
            assert reading.statements == ()
            refused += 1
        else:
            assert reading.refusals == () and reading.statements, name
            assert all(s.statement_complete for s in reading.statements)
    assert refused == 8


def test_no_two_results_of_a_real_hearing_have_one_position(shared_messages: Path) -> None:
    for name in _names(shared_messages):
        positions = [
            (r.offence_index, r.result_index) for s in _read(shared_messages, name).statements for r in s.results
        ]
        assert len(positions) == len(set(positions)), name


def _only(reading: Reading) -> Statement:
    (statement,) = reading.statements
    return statement


def test_a_real_standalone_application_is_a_case_of_its_own(shared_messages: Path) -> None:
    """Its human reference is shared between applications, so it is no key; the force is the applicant's."""
    name = "common-platform/standalone-application/standalone-application.json"
    statement = _only(_read(shared_messages, name))
    key = "app:cp:ade39f33-1c2d-4d05-a7f5-f84d0f496a0b"
    assert (statement.case_key, statement.case_key_strength, statement.application_key) == (key, "strong", key)
    assert statement.case_urn is None
    assert statement.defendant_key == "cp:5a39fe5a-c07f-4b1c-abfe-31c1bff71658"
    assert (statement.police_force, statement.police_force_basis) == ("93", "prosecutor")
    assert (statement.court_ou_code, statement.lja_code) == ("C01KT00", "2577")
    (result,) = statement.results
    assert (result.level, result.offence_code, result.result_short_code) == ("APPLICATION", "PL84501", "WFD")
    assert result.final_disposal is True
    assert (statement.hearing_date.isoformat(), statement.hearing_date_basis) == ("2024-09-25", "hearing-day")


def test_a_real_linked_application_is_of_the_case_that_it_names(shared_messages: Path) -> None:
    """Of the case only the identifiers are read: the copies of its offences under the application do not count."""
    name = "common-platform/refused-then-withdrawn/hearing_application_refused.json"
    statement = _only(_read(shared_messages, name))
    assert (statement.case_key, statement.case_urn) == ("urn:28NS5751349", "28NS5751349")
    assert statement.application_key == "app:cp:af79cc53-5df0-4088-8b63-760dcf5024b3"
    assert [(r.offence_code, r.result_short_code) for r in statement.results] == [("MC80524", "RFSD")]


def test_a_urn_that_is_none_leaves_the_case_to_its_id(shared_messages: Path) -> None:
    """The misspelt branch beside the real one repeats the results of the case and is not read."""
    statements = _read(shared_messages, "common-platform/with-court-application/hearing.json").statements
    assert {s.case_key for s in statements} == {"cp:ff0a7306-bd04-4815-b953-fb57039c7c40"}
    assert {s.case_urn for s in statements} == {"90GDAPPS314"}
    assert sorted(r.level for s in statements for r in s.results) == ["APPLICATION", "OFFENCE", "OFFENCE"]
    assert {s.hearing_date_basis for s in statements} == {"sitting-day"}
    assert {s.hearing_date.isoformat() for s in statements} == {"2021-03-10"}


def test_a_real_sitting_that_began_after_midnight_is_on_its_own_day_with_or_without_the_envelope_saying_so(
    shared_messages: Path,
) -> None:
    """23:30 on 15 May by the message's clock is half past midnight on 16 May in London."""
    name = "common-platform/sitting-after-midnight/hearing-case-resulted.json"
    document = json.loads((shared_messages / name).read_bytes())
    assert document["hearing"]["hearingDays"][0]["sittingDay"] == "2025-05-15T23:30:00.000Z"
    bases = {}
    for said in (document, {k: v for k, v in document.items() if k != "hearingDay"}):
        data = json.dumps(said).encode()
        reading = read_common_platform(data, file=name, received_at=RECEIVED, texts=TEXTS)
        (day,) = {s.hearing_date.isoformat() for s in reading.statements}
        (basis,) = {s.hearing_date_basis for s in reading.statements}
        bases[basis] = day
    assert bases == {"hearing-day": "2025-05-16", "sitting-day": "2025-05-16"}


def test_the_arrest_summons_number_identifies_a_defendant_where_it_is_real(shared_messages: Path) -> None:
    statements = _read(shared_messages, "common-platform/deleted-results/1_case_1_results_for_day.json").statements
    assert {s.defendant_key for s in statements} == {"asn:2391NX0000123629648D"}
    assert {s.police_force for s in statements} == {"48"}


def test_a_real_share_has_the_identifier_and_the_time_of_its_share(shared_messages: Path) -> None:
    for name in _names(shared_messages):
        for statement in _read(shared_messages, name).statements:
            hearing_id = statement.statement_key.split(":")[1]
            assert statement.envelope_id == f"{hearing_id}:{statement.stated_at.isoformat()}"
            assert statement.stated_at.tzinfo is UTC
            assert (statement.source_format, statement.source_system) == ("common-platform", "C00CommonPlatform")
            assert statement.received_at == RECEIVED
            assert statement.case_index == 1
