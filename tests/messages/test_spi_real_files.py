"""Every public SPI message says to the reader what it says to a person who reads it."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from extract.contract import Reading, Texts
from extract.spi import read_spi

RECEIVED = datetime(2026, 11, 1, tzinfo=UTC)
TEXTS = Texts(frozenset({"granted", "granted."}), b"key for tests only")


def _read(messages: Path, name: str) -> Reading:
    return read_spi((messages / name).read_bytes(), file=name, received_at=RECEIVED, texts=TEXTS)


def _expected(messages: Path) -> Counter[tuple[str, str, str, str | None]]:
    """The results listed by plain reading, without offences entered in error and offences that have no code."""
    lines = (messages / "expected_results.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["format"] == "spi"]
    in_error = {(r["file"], r["offence_code_raw"]) for r in rows if r["result_code"] == "4583"}
    assert in_error == {("spi/105-ignored-offences/input-message.xml", "TH68010")}
    kept = Counter(
        (r["file"], r["hearing_date"], r["offence_code_raw"], r["result_code"])
        for r in rows
        if r["offence_code_raw"] is not None and r["result_code"] != "4583"
    )
    # The offence entered in error has that one result alone, and another offence of its code keeps its own.
    assert kept["spi/105-ignored-offences/input-message.xml", "2011-10-01", "TH68010", "1002"] == 1
    return kept


def test_every_result_of_every_real_message_is_read_and_no_other(shared_messages: Path) -> None:
    found: Counter[tuple[str, str, str, str | None]] = Counter()
    for path in sorted((shared_messages / "spi").rglob("*.xml")):
        name = path.relative_to(shared_messages).as_posix()
        for statement in _read(shared_messages, name).statements:
            assert statement.source_file == name
            found.update(
                (name, statement.hearing_date.isoformat(), result.offence_code_raw, result.result_code)
                for result in statement.results
            )
    assert found.total() == 77
    assert found == _expected(shared_messages)


def test_only_the_two_invalid_real_messages_have_anything_set_aside(shared_messages: Path) -> None:
    refused = {}
    for path in sorted((shared_messages / "spi").rglob("*.xml")):
        reading = _read(shared_messages, path.relative_to(shared_messages).as_posix())
        if reading.refusals:
            refused[path.name] = [(refusal.reason, refusal.place) for refusal in reading.refusals]
    assert refused == {
        "input-message-routedata-invalid-001.xml": [("malformed-xml", "file")],
        "input-message-routedata-invalid-002.xml": [("no-offence-code", "Case 1/Offence 3/OffenceCode")],
    }


def test_the_truncated_file_gives_no_statement(shared_messages: Path) -> None:
    assert _read(shared_messages, "spi/shapes/input-message-routedata-invalid-001.xml").statements == ()


def test_an_offence_without_a_code_is_set_aside_and_the_rest_lands_marked_incomplete(shared_messages: Path) -> None:
    reading = _read(shared_messages, "spi/shapes/input-message-routedata-invalid-002.xml")
    (statement,) = reading.statements
    assert [result.offence_code for result in statement.results] == ["SX03001A", "SX03001"]
    assert not statement.statement_complete
    assert reading.refusals[0].hearing_date == statement.hearing_date


def test_an_amended_message_speaks_of_the_same_key_as_the_one_before(shared_messages: Path) -> None:
    """401a to 401e: the second message replaces the first, so both must have one statement key."""
    folders = sorted((shared_messages / "spi").glob("401*"))
    assert len(folders) == 5
    keys = []
    for folder in folders:
        first, second = (
            _read(shared_messages, f"spi/{folder.name}/input-message-{number}.xml").statements[0] for number in (1, 2)
        )
        assert first.statement_key == second.statement_key
        assert first.payload_hash != second.payload_hash
        keys.append(first.statement_key)
    assert keys[1] == "spi:01ZD0305409:1101ZD0000001410793N:2011-09-25:B01EF"
    assert len(set(keys)) == 5


def test_dummy_references_of_real_messages_identify_nobody(shared_messages: Path) -> None:
    (statement,) = _read(shared_messages, "spi/281-single-civil-proceedings-trigger/input-message.xml").statements
    assert statement.case_urn == "00PP0000008"
    assert statement.case_key == f"payload:{statement.payload_hash}:1"
    assert statement.case_key_strength == "weak"
    assert statement.defendant_key == f"payload:{statement.payload_hash}:1"
    assert statement.statement_key == f"spi:{statement.payload_hash}:1"
    assert (statement.police_force, statement.police_force_basis) == ("01", "court")


def test_a_real_urn_beside_a_malformed_asn_is_a_case_but_not_a_statement_key(shared_messages: Path) -> None:
    (statement,) = _read(shared_messages, "spi/shapes/bare-root-secondary-codes.xml").statements
    assert (statement.case_key, statement.case_key_strength) == ("urn:21EU9147637", "strong")
    assert statement.statement_key == f"spi:{statement.payload_hash}:1"
    assert statement.hearing_date.isoformat() == "2020-05-26", "the date of a result's next hearing is never used"


def test_a_case_without_offences_is_an_empty_statement(shared_messages: Path) -> None:
    (statement,) = _read(shared_messages, "spi/shapes/input-message-no-offences.xml").statements
    assert statement.results == ()
    assert statement.statement_complete


def test_envelopes_of_real_messages(shared_messages: Path) -> None:
    """The stream's identifier is taken; the token that a template left in a DeliverRequest is not."""
    (routed,) = _read(shared_messages, "spi/shapes/input-message-routedata-001.xml").statements
    assert routed.envelope_id == "29_09_2021_105710_000000350512"
    (delivered,) = _read(shared_messages, "spi/401b-cp-amend-reshare/input-message-1.xml").statements
    assert delivered.envelope_id is None
    assert (routed.source_system, delivered.source_system) == ("B00LIBRA", "B00LIBRA")
