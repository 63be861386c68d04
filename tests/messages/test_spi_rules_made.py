"""What a made message says, and what is set aside: the rules of reading, one by one."""

import hashlib
import re
from collections.abc import Callable
from datetime import date

import pytest

from extract.contract import Reading, normalise_text, text_digest

ReadMade = Callable[[bytes | str], Reading]


def _refused(reading: Reading) -> list[tuple[str, str]]:
    return [(refusal.reason, refusal.place) for refusal in reading.refusals]


def test_every_field_of_a_plain_message(made, read: ReadMade) -> None:
    (statement,) = read(made.message()).statements
    assert statement.statement_key == "spi:01ZD0303208:1101ZD0100000448754K:2020-02-03:B01EF"
    assert statement.stated_at == statement.received_at
    assert (statement.source_name, statement.source_format) == ("spi", "spi")
    assert (statement.hearing_date, statement.hearing_date_basis) == (date(2020, 2, 3), "message")
    assert (statement.court_ou_code, statement.lja_code) == ("B01EF01", "0576"), "leading zeros stay"
    assert (statement.case_key, statement.case_key_strength) == ("urn:01ZD0303208", "strong")
    assert (statement.defendant_key, statement.application_key) == ("asn:1101ZD0100000448754K", None)
    (result,) = statement.results
    assert (result.level, result.offence_index, result.result_index) == ("OFFENCE", 1, 1)
    assert (result.result_code, result.final_disposal, result.finding) == ("3307", True, "G")
    assert result.conviction_date == date(2020, 2, 3)
    assert result.result_short_code is None


def test_an_offence_entered_in_error_is_dropped_with_all_its_results(made, read: ReadMade) -> None:
    """4583 on an offence removes it, and is neither a refusal nor an incomplete statement."""
    wrong = made.offence(results=[made.result(), made.result(" 4583 ", "Entered in error.")])
    reading = read(made.message([made.case([wrong, made.offence("ST19502")])]))
    (statement,) = reading.statements
    assert [(r.offence_code, r.offence_index) for r in statement.results] == [("ST19502", 2)]
    assert statement.statement_complete
    assert reading.refusals == ()
    (empty,) = read(made.message([made.case([wrong])])).statements
    assert empty.results == ()
    assert empty.statement_complete


@pytest.mark.parametrize("day", ["DATE_OF_HEARING", "", "03/02/2020", "20200203", "2020-W06-1", "2020-02-30"])
def test_a_hearing_date_that_is_no_date_refuses_the_whole_file(made, read: ReadMade, day: str) -> None:
    """The date of a next hearing in the same message never stands in."""
    following = (
        "<DC:NextHearing><DC:NextHearingDetails><DC:DateOfHearing>2020-05-01</DC:DateOfHearing>"
        "</DC:NextHearingDetails></DC:NextHearing>"
    )
    offence = made.offence(results=[made.result(extra=following)])
    content = made.message([made.case([offence])], day=day)
    reading = read(content)
    assert reading.statements == ()
    assert _refused(reading) == [("bad-date", "Session/CourtHearing/Hearing/DateOfHearing")]
    assert reading.refusals[0].content_hash == hashlib.sha256(content.encode()).hexdigest()


@pytest.mark.parametrize(("element", "reason"), [("DateOfHearing", "bad-date"), ("CourtHearingLocation", "no-court")])
def test_date_and_court_of_a_next_hearing_never_stand_in_for_absent_ones(
    made, read: ReadMade, element: str, reason: str
) -> None:
    following = "<DC:NextHearing><DC:NextHearingDetails>@</DC:NextHearingDetails></DC:NextHearing>"
    content = made.message([made.case([made.offence(results=[made.result(extra=following)])])])
    whole = re.search(f"<DC:{element}>[^<]*</DC:{element}>", content)
    assert whole
    reading = read(content.replace(whole[0], "").replace("@", whole[0]))
    assert reading.statements == ()
    assert [found for found, _ in _refused(reading)] == [reason]


@pytest.mark.parametrize("court", ["", "B01", "B01EF012", "B01-EF", "COURT_LOCATION"])
def test_a_missing_or_malformed_court_refuses_the_whole_file(made, read: ReadMade, court: str) -> None:
    reading = read(made.message(court=court))
    assert reading.statements == ()
    assert _refused(reading) == [("no-court", "Session/CourtHearing/Hearing/CourtHearingLocation")]
    assert reading.refusals[0].hearing_date == date(2020, 2, 3), "the day is known even where the court is not"


def test_every_fault_of_the_hearing_is_named_at_once(made, read: ReadMade) -> None:
    assert [reason for reason, _ in _refused(read(made.message(day="x", court="x")))] == ["bad-date", "no-court"]


def test_lower_case_references_are_folded(made, read: ReadMade) -> None:
    upper, lower = (
        read(made.message([made.case(urn=urn, asn=asn)], court=court)).statements[0]
        for urn, asn, court in (
            ("01ZD0303208", "1101ZD0100000448754K", "B01EF01"),
            (" 01zd0303208 ", "11/01zd/01/00000448754k", "b01ef01"),
        )
    )
    assert lower.statement_key == upper.statement_key
    assert (lower.case_urn, lower.court_ou_code) == ("01ZD0303208", "B01EF01")


def test_a_message_without_a_case_is_refused(made, read: ReadMade) -> None:
    assert _refused(read(made.message([]))) == [("no-case", "Session/Case")]


def test_a_case_without_any_reference_is_weakly_keyed_but_read(made, read: ReadMade) -> None:
    (statement,) = read(made.message([made.case(urn=None, asn=None)])).statements
    assert (statement.case_urn, statement.case_key_strength) == (None, "weak")
    assert len(statement.results) == 1
    assert (statement.police_force, statement.police_force_basis) == ("01", "court")


@pytest.mark.parametrize(
    ("code", "reason"), [(None, "no-offence-code"), ("  ", "no-offence-code"), ("ST19501AB", "bad-offence-code")]
)
def test_an_offence_without_a_usable_code_is_set_aside_and_the_rest_lands(
    made, read: ReadMade, code: str | None, reason: str
) -> None:
    reading = read(made.message([made.case([made.offence(code), made.offence("ST19502")])]))
    (statement,) = reading.statements
    assert _refused(reading) == [(reason, "Case 1/Offence 1/OffenceCode")]
    assert [(r.offence_code, r.offence_index) for r in statement.results] == [("ST19502", 2)]
    assert not statement.statement_complete


@pytest.mark.parametrize("code", ["XX001", "CJO3522", "ST19501A", "st19501"])
def test_an_unknown_offence_code_is_kept_as_sent_and_folded_beside_it(made, read: ReadMade, code: str) -> None:
    (result,) = read(made.message([made.case([made.offence(f"\n {code} ")])])).statements[0].results
    assert (result.offence_code_raw, result.offence_code) == (code, code.upper())


@pytest.mark.parametrize("code", ["33O7", "33071", "RESULT_CODE", "٣٣٠٧"])
def test_a_result_code_that_is_no_code_sets_that_result_aside(made, read: ReadMade, code: str) -> None:
    reading = read(made.message([made.case([made.offence(results=[made.result(code), made.result("3306")])])]))
    (statement,) = reading.statements
    assert _refused(reading) == [("bad-result-code", "Case 1/Offence 1/Result 1/ResultCode")]
    assert [(r.result_code, r.result_index) for r in statement.results] == [("3306", 2)]
    assert not statement.statement_complete


@pytest.mark.parametrize(("sent", "kept"), [(None, None), ("", None), (" 1000 ", "1000"), ("0401", "0401")])
def test_a_result_code_is_text_and_may_be_absent(made, read: ReadMade, sent: str | None, kept: str | None) -> None:
    (result,) = read(made.message([made.case([made.offence(results=[made.result(sent)])])])).statements[0].results
    assert result.result_code == kept


def test_a_conviction_date_that_is_no_date_is_set_aside_alone(made, read: ReadMade) -> None:
    reading = read(made.message([made.case([made.offence(convicted="CONVICTION_DATE")])]))
    (statement,) = reading.statements
    assert _refused(reading) == [("bad-date", "Case 1/Offence 1/ConvictionDate")]
    assert statement.results[0].conviction_date is None
    assert not statement.statement_complete


def test_absent_details_are_null_without_a_fault(made, read: ReadMade) -> None:
    reading = read(made.message([made.case([made.offence(final="?", finding="FINDING", convicted="")])]))
    (result,) = reading.statements[0].results
    assert (result.final_disposal, result.finding, result.conviction_date) == (None, None, None)
    assert reading.refusals == ()


def test_a_text_is_kept_only_where_the_whole_of_it_is_known(made, read: ReadMade) -> None:
    """`Granted` passes with odd spaces and case; a sentence that contains it leaves only its keyed digest."""
    sentence = "Bail granted to a made person"
    sent = [made.result(None, " GRANTED.\u00a0 "), made.result(None, sentence), made.result(None, "")]
    known, unknown, empty = read(made.message([made.case([made.offence(results=sent)])])).statements[0].results
    assert known.result_text == "granted."
    assert unknown.result_text is None
    assert unknown.result_text_digest == text_digest(normalise_text(sentence), b"key for tests only")
    assert (empty.result_text, empty.result_text_digest) == (None, None)


def test_markup_inside_a_text_does_not_make_a_part_pass_for_the_whole(made, read: ReadMade) -> None:
    content = made.message([made.case([made.offence(results=[made.result(None, "Granted.@")])])])
    split = read(content.replace("@", "<b> Not</b>")).statements[0].results[0]
    assert split.result_text is None
    joined = read(content.replace("@", "").replace("Gran", "Gran<!-- made -->")).statements[0].results[0]
    assert joined.result_text == "granted."


def test_a_second_defendant_of_a_case_is_set_aside_not_merged(made, read: ReadMade) -> None:
    second = "</DC:Defendant><DC:Defendant>" + made.offence("ST19502")
    reading = read(made.message([made.case([made.offence(), second])]))
    (statement,) = reading.statements
    assert _refused(reading) == [("several-defendants", "Case 1/Defendant 2")]
    assert [r.offence_code for r in statement.results] == ["ST19501"]
    assert not statement.statement_complete
