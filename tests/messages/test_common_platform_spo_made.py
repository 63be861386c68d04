"""A Stalking Protection Order as it would be shared. No public message has one: these are made from their shape."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from extract.common_platform import read_common_platform
from extract.contract import Reading, Statement, Texts, normalise_text, text_digest

ReadMade = Callable[..., Reading]
KEY = b"key for tests only"
RECEIVED = datetime(2020, 2, 4, tzinfo=UTC)
TEXTS = Texts(frozenset({"stalking protection order"}), KEY)
"""What the lists of the question on these orders know."""


def _only(reading: Reading) -> Statement:
    assert reading.refusals == ()
    (statement,) = reading.statements
    return statement


def test_an_order_made_on_a_standalone_application(cp) -> None:
    result = cp.result(resultText="SPO - Stalking Protection Order\nMust not do something.")
    data = cp.share(cp.hearing(courtApplications=[cp.application([result])]))
    statement = _only(read_common_platform(data, file="made.json", received_at=RECEIVED, texts=TEXTS))
    key = f"app:cp:{cp.APPLICATION}"
    assert statement.statement_key == f"cp:{cp.HEARING}:2020-02-03"
    assert statement.stated_at == datetime(2020, 2, 3, 15, tzinfo=UTC)
    assert (statement.hearing_date, statement.hearing_date_basis) == (date(2020, 2, 3), "sitting-day")
    assert (statement.case_key, statement.case_key_strength, statement.application_key) == (key, "strong", key)
    assert (statement.case_urn, statement.defendant_key) == (None, f"cp:{cp.PERSON}")
    assert (statement.court_ou_code, statement.lja_code) == ("B01LY00", "2577")
    assert (statement.police_force, statement.police_force_basis) == ("42", "prosecutor")
    assert statement.statement_complete
    (read,) = statement.results
    assert (read.level, read.offence_code_raw, read.offence_code) == ("APPLICATION", "ST19501", "ST19501")
    assert (read.result_code, read.result_short_code) == ("3307", "SPO")
    assert read.result_text == "stalking protection order"
    assert read.result_text_digest == text_digest("stalking protection order", KEY)
    assert (read.final_disposal, read.finding, read.conviction_date) == (True, None, None)


def test_a_granted_application_has_no_code_and_is_known_by_short_code_and_text(cp, read_cp: ReadMade) -> None:
    """`Granted` has no CJS code: the short code before the dash and the whole label say it."""
    result = cp.result(None, "Granted", resultText="G - Granted\nApplication granted.")
    statement = _only(read_cp(cp.share(cp.hearing(courtApplications=[cp.application([result])]))))
    (read,) = statement.results
    assert (read.result_code, read.result_short_code, read.result_text) == (None, "G", "granted")


def test_an_interim_order_beside_granted_keeps_both_on_one_application(cp, read_cp: ReadMade) -> None:
    results = [cp.result("3306", "Interim order", category="ANCILLARY"), cp.result(None, "Granted", category="FINAL")]
    statement = _only(read_cp(cp.share(cp.hearing(courtApplications=[cp.application(results)]))))
    assert [(r.offence_index, r.result_index, r.result_code) for r in statement.results] == [
        (1, 1, "3306"),
        (1, 2, None),
    ]
    assert {r.final_disposal for r in statement.results} == {True}


def test_a_label_is_compared_without_regard_to_kinds_of_space_and_capitals(cp) -> None:
    label = " Stalking Protection\u00a0 ORDER"
    result = cp.result(label=label, resultText="SPO\u00a0-\u00a0Stalking\u00a0Protection Order\nMore")
    data = cp.share(cp.hearing(courtApplications=[cp.application([result])]))
    (read,) = _only(read_common_platform(data, file="made.json", received_at=RECEIVED, texts=TEXTS)).results
    assert read.result_short_code == "SPO"
    assert read.result_text_digest == text_digest(normalise_text("stalking protection order"), KEY)


def test_two_applications_with_one_human_reference_are_two_cases(cp, read_cp: ReadMade) -> None:
    second = cp.application(id=cp.APPLICATION.replace("3", "5"))
    reading = read_cp(cp.share(cp.hearing(courtApplications=[cp.application(), second])))
    assert len({s.case_key for s in reading.statements}) == 2
    assert len({s.statement_key for s in reading.statements}) == 1


def test_an_order_in_a_document_without_an_envelope_is_read_where_the_hearing_has_its_own_time(
    cp, read_cp: ReadMade
) -> None:
    hearing = cp.hearing(courtApplications=[cp.application()])
    enveloped = _only(read_cp(cp.share(hearing)))
    bare = _only(read_cp(cp.document({**hearing, "sharedTime": "2020-02-03T15:00:00.000Z"})))
    assert (bare.statement_key, bare.stated_at, bare.results) == (
        enveloped.statement_key,
        enveloped.stated_at,
        enveloped.results,
    )
    reading = read_cp(cp.document(hearing))
    assert [(r.reason, r.place) for r in reading.refusals] == [("bad-share-time", "hearing/sharedTime")]
    assert reading.statements == ()
