"""The rules for results, codes and keys of Common Platform, and the traps seen in real ones, in made hearings."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from extract.common_platform import read_common_platform
from extract.contract import Reading, Result, Texts, normalise_text

ReadMade = Callable[..., Reading]
OTHER = "99999999-9999-4999-8999-999999999999"
CASE = "22222222-2222-4222-8222-222222222222"
PERSON = "44444444-4444-4444-8444-444444444444"


def _results(reading: Reading) -> list[Result]:
    return [result for statement in reading.statements for result in statement.results]


def _reasons(reading: Reading) -> list[tuple[str, str]]:
    return [(r.reason, r.place) for r in reading.refusals]


def _of_application(cp, results: object, **more: object) -> bytes:
    return cp.share(cp.hearing(courtApplications=[cp.application(results, **more)]))


def _of_offence(cp, *results: object, **more: object) -> bytes:
    return cp.share(cp.hearing(prosecutionCases=[cp.case([cp.defendant([cp.offence(results=results, **more)])])]))


# --- what counts, and at which level


def test_every_level_is_read_and_every_carrier_has_its_own_number(cp, read_cp: ReadMade) -> None:
    """Positions are unique in the whole hearing, whatever the level; only offences and applications have a code."""
    defendant = cp.defendant(
        [cp.offence(), cp.offence(results=[])],
        judicialResults=[cp.result("1")],
        defendantCaseJudicialResults=[cp.result("2"), cp.result("3")],
    )
    of_hearing = [{"masterDefendantId": cp.PERSON, "judicialResult": cp.result("4")}]
    hearing = cp.hearing(
        prosecutionCases=[cp.case([defendant])],
        courtApplications=[cp.application()],
        defendantJudicialResults=of_hearing,
    )
    found = _results(read_cp(cp.share(hearing)))
    assert [(r.level, r.offence_index, r.result_index, r.offence_code) for r in found] == [
        ("OFFENCE", 1, 1, "PH97010"),
        ("DEFENDANT", 3, 1, None),
        ("DEFENDANT_CASE", 4, 1, None),
        ("DEFENDANT_CASE", 4, 2, None),
        ("HEARING_DEFENDANT", 6, 1, None),
        ("APPLICATION", 5, 1, "ST19501"),
    ]
    assert all(r.final_disposal is None for r in found if not r.offence_code)


def test_copies_and_deletions_are_never_read(cp, read_cp: ReadMade) -> None:
    """Clones under an application's cases and court order, deleted results, and a branch of another spelling."""
    clone = cp.case([cp.defendant([cp.offence("CLONE01")])], offences=[cp.offence("CLONE02")])
    deleted = {"judicialResult": cp.result("9999"), "offenceId": OTHER}
    application = cp.application(
        courtApplicationCases=[{"prosecutionCaseId": cp.CASE, **clone}],
        courtOrder={"courtOrderOffences": [{"offence": cp.offence("CLONE03"), "prosecutionCaseId": cp.CASE}]},
        judicialResultsDeleted=[cp.result("9998")],
    )
    hearing = cp.hearing(
        courtApplications=[application],
        prosectionCases=[cp.case()],
        deletedJudicialResults={"prosecutionCaseResults": [deleted], "courtApplicationResults": [deleted]},
        judicialResults=[cp.result("9997")],
    )
    reading = read_cp(cp.share(hearing, judicialResults=[cp.result("9996")]))
    assert [(r.level, r.offence_code, r.result_code) for r in _results(reading)] == [("APPLICATION", "ST19501", "3307")]
    assert reading.refusals == ()


def test_marks_of_deletion_and_amendment_are_not_believed(cp, read_cp: ReadMade) -> None:
    """Both are unreliable: a share says by what it leaves out what is gone."""
    result = cp.result(isDeleted=True, amendmentDate="2020-02-04")
    assert len(_results(read_cp(_of_application(cp, [result])))) == 1


# --- entered in error


@pytest.mark.parametrize("level", ["offence", "application"])
def test_an_offence_or_application_entered_in_error_is_removed_with_all_its_results(cp, read_cp, level) -> None:
    results = [cp.result("1015", "Fine"), cp.result("4583", "Entered in error")]
    error = {"offence": _of_offence(cp, *results), "application": _of_application(cp, results)}[level]
    reading = read_cp(error)
    assert [s.results for s in reading.statements] == [()]
    assert reading.statements[0].statement_complete


def test_an_offence_entered_in_error_leaves_the_offence_beside_it(cp, read_cp: ReadMade) -> None:
    offences = [cp.offence("TH68010", [cp.result(4583, "Entered in error")]), cp.offence("TH68010")]
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=[cp.case([cp.defendant(offences)])])))
    assert [(r.offence_index, r.result_code) for r in _results(reading)] == [(2, "1015")]


@pytest.mark.parametrize("more", [{"label": {}}, {"label": ["x"]}, {"resultText": 1.5}, {"label": None}])
@pytest.mark.parametrize("level", ["offence", "application"])
def test_entered_in_error_counts_also_where_the_rest_of_the_result_is_malformed(cp, read_cp, level, more) -> None:
    results = [cp.result("1015", "Fine"), {"cjsCode": "4583", **more}]
    error = {"offence": _of_offence(cp, *results), "application": _of_application(cp, results)}[level]
    reading = read_cp(error)
    assert [s.results for s in reading.statements] == [()]
    assert [reason for reason, _ in _reasons(reading)] == ["bad-shape"] * (next(iter(more.values())) is not None)
    assert reading.statements[0].statement_complete is not bool(reading.refusals)


def test_entered_in_error_on_a_defendant_removes_nothing_but_itself(cp, read_cp: ReadMade) -> None:
    """It does not say which of the results it means."""
    defendant = cp.defendant(judicialResults=[cp.result("4583"), cp.result("3117", "Surcharge")])
    of_hearing = [{"masterDefendantId": cp.PERSON, "judicialResult": cp.result(code)} for code in ("4583", "3117")]
    hearing = cp.hearing(prosecutionCases=[cp.case([defendant])], defendantJudicialResults=of_hearing)
    found = [(r.level, r.result_code) for r in _results(read_cp(cp.share(hearing)))]
    assert found == [("OFFENCE", "1015"), ("DEFENDANT", "3117"), ("HEARING_DEFENDANT", "3117")]


# --- results


def test_an_exact_repeat_of_a_result_is_one_result_and_two_without_an_id_are_two(cp, read_cp: ReadMade) -> None:
    same = cp.result("1015", "Fine", judicialResultId=OTHER)
    other = cp.result("1018", "Conditional discharge", judicialResultId=OTHER)
    assert [r.result_code for r in _results(read_cp(_of_offence(cp, same, same, other)))] == ["1015", "1018"]
    without = cp.result("1015", "Fine")
    assert [r.result_index for r in _results(read_cp(_of_offence(cp, without, without)))] == [1, 2]


def test_one_result_sent_with_two_dates_is_one_where_both_give_it_the_same_day(cp, read_cp: ReadMade) -> None:
    """The day is that of the envelope, or the only sitting day; among several sitting days the date tells it."""
    results = [
        cp.result(judicialResultId=OTHER, orderedDate=day) for day in ("2020-02-03", "2020-02-02", "2020-01-15", None)
    ]
    both = [{"sittingDay": f"2020-02-0{day}T10:00:00Z"} for day in (2, 3)]

    def days_of(sitting: object, **more: object) -> list[tuple[str, int]]:
        hearing = cp.hearing(courtApplications=[cp.application(results)], hearingDays=sitting)
        statements = read_cp(cp.share(hearing, **more)).statements
        return sorted((s.hearing_date.isoformat(), len(s.results)) for s in statements)

    assert days_of(both[1:]) == [("2020-02-03", 1)]
    assert days_of(both, hearingDay="2020-02-02") == [("2020-02-02", 1)]
    assert days_of(both) == [("2020-02-02", 1), ("2020-02-03", 1)]


def test_a_result_on_two_offences_is_two_results(cp, read_cp: ReadMade) -> None:
    result = cp.result("1015", "Fine", judicialResultId=OTHER)
    offences = [cp.offence(results=[result]), cp.offence(results=[result])]
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=[cp.case([cp.defendant(offences)])])))
    assert [r.offence_index for r in _results(reading)] == [1, 2]


@pytest.mark.parametrize(
    ("text", "label", "code"),
    [
        ("G - Granted\nmore", "Granted", "G"),
        ("Legal Aid Transfer Granted\nGrant", "Legal Aid Transfer Granted", None),
        ("RFSD - Application refused", "Application  Refused", "RFSD"),
        ("dead - Deceased", "Deceased", "DEAD"),
        (
            "LUMSI - Payment terms - Lump sum plus instalments\r\nMore",
            "Payment terms - Lump sum plus instalments",
            "LUMSI",
        ),
        ("G - Granted to somebody", "Granted", None),
        ("G-Granted", "Granted", None),
        ("Somebody - Granted", "Granted", None),
        ("ABCDEFGHIJKLMNOPQ - Granted", "Granted", None),
        ("More\nG - Granted", "Granted", None),
        ("G - ", "", None),
        ("", "Granted", None),
    ],
)
def test_the_short_code_is_what_stands_before_the_label_in_the_first_line(cp, text, label, code) -> None:
    """Every label is known here."""
    data = _of_application(cp, [cp.result(label=label, resultText=text)])
    texts = Texts(frozenset({normalise_text(label)}), None)
    received = datetime(2020, 2, 4, tzinfo=UTC)
    (result,) = _results(read_common_platform(data, file="made.json", received_at=received, texts=texts))
    assert result.result_short_code == code


def test_a_result_whose_code_is_none_is_set_aside_and_the_rest_stays(cp, read_cp: ReadMade) -> None:
    results = [cp.result("XX001"), cp.result("33077"), cp.result("9991", "Unknown to everybody"), cp.result("")]
    reading = read_cp(_of_application(cp, results))
    assert [(r.result_index, r.result_code) for r in _results(reading)] == [(3, "9991"), (4, None)]
    place = "hearing/courtApplications 1/judicialResults"
    assert _reasons(reading) == [("bad-result-code", f"{place} {n}/cjsCode") for n in (1, 2)]
    assert not reading.statements[0].statement_complete


def test_a_result_that_says_nothing_is_set_aside(cp, read_cp: ReadMade) -> None:
    reading = read_cp(_of_application(cp, [cp.result(None, " "), cp.result()]))
    assert [r.result_index for r in _results(reading)] == [2]
    assert _reasons(reading) == [("bad-shape", "hearing/courtApplications 1/judicialResults 1/label")]


@pytest.mark.parametrize(
    ("categories", "final"),
    [
        (["FINAL", "ANCILLARY"], True),
        (["ANCILLARY", "INTERMEDIARY"], False),
        (["ANCILLARY", None], False),
        ([None, None], None),
        (["SOMETHING_ELSE"], False),
    ],
)
def test_an_offence_is_disposed_of_where_one_of_its_results_is_final(cp, read_cp, categories, final) -> None:
    results = [cp.result(category=category) for category in categories]
    assert {r.final_disposal for r in _results(read_cp(_of_offence(cp, *results)))} == {final}


def test_a_result_that_is_set_aside_disposes_of_nothing(cp, read_cp: ReadMade) -> None:
    results = [cp.result("no code", category="FINAL"), cp.result(category="ANCILLARY")]
    assert [r.final_disposal for r in _results(read_cp(_of_offence(cp, *results)))] == [False]


def test_the_finding_is_the_code_of_the_verdict_and_the_conviction_has_its_day(cp, read_cp: ReadMade) -> None:
    verdict = {"verdictDate": "2020-01-30", "verdictType": {"cjsVerdictCode": "G", "description": "Guilty"}}
    (result,) = _results(read_cp(_of_offence(cp, cp.result(), verdict=verdict, convictionDate="2020-02-09")))
    assert (result.finding, result.conviction_date) == ("G", date(2020, 2, 9)), "a day after the hearing is kept"
    (result,) = _results(read_cp(_of_offence(cp, cp.result(), verdict={"verdictType": {"category": "Guilty"}})))
    assert (result.finding, result.conviction_date) == (None, None)


def test_a_conviction_date_that_is_none_is_set_aside_alone(cp, read_cp: ReadMade) -> None:
    reading = read_cp(_of_offence(cp, cp.result(), convictionDate="CONVICTION_DATE"))
    assert [r.conviction_date for r in _results(reading)] == [None]
    place = "hearing/prosecutionCases 1/defendants 1/offences 1"
    assert _reasons(reading) == [("bad-date", f"{place}/convictionDate")]


# --- codes


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, "no-offence-code"),
        ("  ", "no-offence-code"),
        ("ST195012X", "bad-offence-code"),
        ("ST-19501", "bad-offence-code"),
    ],
)
def test_results_without_a_usable_offence_code_are_set_aside(cp, read_cp, code, reason) -> None:
    offences = [cp.offence(code), cp.offence("XX001"), cp.offence("cjo3522")]
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=[cp.case([cp.defendant(offences)])])))
    assert [(r.offence_code_raw, r.offence_code) for r in _results(reading)] == [
        ("XX001", "XX001"),
        ("cjo3522", "CJO3522"),
    ]
    assert _reasons(reading) == [(reason, "hearing/prosecutionCases 1/defendants 1/offences 1/offenceCode")]
    assert not any(s.statement_complete for s in reading.statements)


@pytest.mark.parametrize("kind", [None, {}, {"code": None}])
def test_an_application_without_a_code_is_set_aside(cp, read_cp: ReadMade, kind: object) -> None:
    reading = read_cp(_of_application(cp, [cp.result()], type=kind))
    assert _results(reading) == []
    assert _reasons(reading) == [("no-offence-code", "hearing/courtApplications 1/type/code")]


def test_offences_and_cases_without_results_need_nothing(cp, read_cp: ReadMade) -> None:
    """A hearing lists everything that was before it; what was not resulted has nothing to set aside."""
    cases = [
        cp.case(
            [{"offences": [{}, {"judicialResults": None}, {"judicialResults": []}]}, {"offences": []}, {}],
            id=None,
            urn="70",
        ),
        {},
    ]
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=cases, courtApplications=[{}])))
    assert reading.refusals == ()
    assert [s.results for s in reading.statements] == [()]


# --- keys


@pytest.mark.parametrize("urn", ["70", "", "00PP0000008", "0100ZD0303220", "{{ caseURN }}", "XXXXXXXXX"])
def test_a_case_without_a_real_urn_is_known_by_its_id(cp, read_cp: ReadMade, urn: str) -> None:
    (statement,) = read_cp(cp.share(cp.hearing(prosecutionCases=[cp.case(urn=urn)]))).statements
    assert (statement.case_key, statement.case_key_strength) == (f"cp:{cp.CASE}", "strong")


def test_cases_with_one_urn_are_one_case_and_a_lower_case_urn_is_the_same(cp, read_cp: ReadMade) -> None:
    cases = [cp.case(id=cp.CASE), cp.case(id=OTHER, urn="01zd0303220")]
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=cases)))
    assert {s.case_key for s in reading.statements} == {"urn:01ZD0303220"}
    assert len(_results(reading)) == 2


def test_a_urn_beside_an_authoritys_own_reference_is_the_case(cp, read_cp: ReadMade) -> None:
    identifier = {
        "caseURN": "01ZD0303220",
        "prosecutionAuthorityReference": "MADE-1",
        "prosecutionAuthorityOUCode": None,
    }
    (statement,) = read_cp(
        cp.share(cp.hearing(prosecutionCases=[cp.case(prosecutionCaseIdentifier=identifier)]))
    ).statements
    assert statement.case_key == "urn:01ZD0303220"
    assert (statement.police_force, statement.police_force_basis) == ("01", "urn")


@pytest.mark.parametrize("own", [None, "", "case of somebody", 7, "2222"])
def test_results_of_a_case_or_application_that_nothing_identifies_are_set_aside(cp, read_cp, own) -> None:
    cases, applications = [cp.case(id=own, urn="70")], [cp.application(), cp.application(id=own)]
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=cases, courtApplications=applications)))
    assert [s.case_key for s in reading.statements] == [f"app:cp:{cp.APPLICATION}"]
    assert _reasons(reading) == [
        ("no-key", "hearing/prosecutionCases 1/id"),
        ("no-key", "hearing/courtApplications 2/id"),
    ]
    assert not reading.statements[0].statement_complete


@pytest.mark.parametrize(
    ("person", "key"),
    [
        ({"personDefendant": {"arrestSummonsNumber": "11/01ZD/01/00000448754K"}}, "asn:1101ZD0100000448754K"),
        (
            {
                "personDefendant": {"arrestSummonsNumber": "TFL1"},
                "prosecutionAuthorityReference": "1101zd0100000448754k",
            },
            "asn:1101ZD0100000448754K",
        ),
        ({"personDefendant": {"arrestSummonsNumber": "0800PP0100000000001H"}}, f"cp:{PERSON}"),
        ({"masterDefendantId": OTHER}, f"cp:{OTHER}"),
        ({"masterDefendantId": OTHER.upper()}, f"cp:{OTHER}"),
        ({"masterDefendantId": None}, f"cp:{PERSON}"),
    ],
)
def test_a_defendant_is_known_by_arrest_summons_number_or_by_id(cp, read_cp, person, key) -> None:
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=[cp.case([cp.defendant(**person)])])))
    assert [s.defendant_key for s in reading.statements] == [key]
    assert reading.refusals == ()


def test_results_on_a_person_whom_nothing_identifies_count_for_the_case_and_are_marked(cp, read_cp: ReadMade) -> None:
    defendant = cp.defendant(id="nobody", masterDefendantId=None)
    application = cp.application(subject={"id": "nobody"})
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=[cp.case([defendant])], courtApplications=[application])))
    assert [(s.defendant_key, len(s.results)) for s in reading.statements] == [(None, 1), (None, 1)]
    assert _reasons(reading) == [
        ("no-key", "hearing/prosecutionCases 1/defendants 1/id"),
        ("no-key", "hearing/courtApplications 1/subject/id"),
    ]


def test_an_application_without_a_subject_is_read(cp, read_cp: ReadMade) -> None:
    reading = read_cp(_of_application(cp, [cp.result()], subject=None))
    assert [(s.defendant_key, s.statement_complete) for s in reading.statements] == [(None, True)]


def test_the_person_of_an_application_is_the_one_that_cases_know(cp, read_cp: ReadMade) -> None:
    subject = {"id": cp.PERSON, "masterDefendant": {"masterDefendantId": OTHER}}
    (statement,) = read_cp(_of_application(cp, [cp.result()], subject=subject)).statements
    assert statement.defendant_key == f"cp:{OTHER}"


@pytest.mark.parametrize(
    ("link", "named", "key"),
    [
        ("LINKED", [(CASE, "01ZD0303220")], "urn:01ZD0303220"),
        ("LINKED", [(CASE, "70")], f"cp:{CASE}"),
        ("LINKED", [(OTHER, "01ZD0303220"), (CASE, "01ZD0303220")], "urn:01ZD0303220"),
        ("LINKED", [(OTHER, "01ZD0303220"), (CASE, "01ZD0303231")], None),
        ("LINKED", [(OTHER, "01ZD0303220"), ("nothing", "70")], None),
        ("LINKED", [("nothing", "")], None),
        ("LINKED", [], None),
        ("EITHER_WAY", [(OTHER, "70")], f"cp:{OTHER}"),
        ("STANDALONE", [(OTHER, "01ZD0303220")], None),
    ],
)
def test_an_application_is_of_the_one_case_that_it_names_or_a_case_of_its_own(cp, read_cp, link, named, key) -> None:
    cases = [{"prosecutionCaseId": own, "prosecutionCaseIdentifier": {"caseURN": urn}} for own, urn in named]
    reading = read_cp(
        _of_application(cp, [cp.result()], type={"code": "ST19501", "linkType": link}, courtApplicationCases=cases)
    )
    (statement,) = reading.statements
    assert statement.case_key == (key or f"app:cp:{cp.APPLICATION}")
    assert (statement.case_key_strength, statement.application_key) == ("strong", f"app:cp:{cp.APPLICATION}")


def test_results_that_a_hearing_has_for_a_stranger_stand_for_themselves(cp, read_cp: ReadMade) -> None:
    """A person in a case of the hearing has them with the first such case; for anybody else the payload is the case."""
    cases = [cp.case(id=cp.CASE), cp.case(id=OTHER, urn="01ZD0303231")]
    entries = [
        {"masterDefendantId": who, "judicialResult": cp.result("3117", "Surcharge")}
        for who in (cp.PERSON, OTHER, cp.PERSON, "nobody", None)
    ]
    entries.append({"masterDefendantId": cp.PERSON})
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=cases, defendantJudicialResults=entries)))
    found = [
        (s.case_key, s.case_key_strength, s.defendant_key, r.offence_index, r.result_index)
        for s in reading.statements
        for r in s.results
        if r.level == "HEARING_DEFENDANT"
    ]
    payload = f"payload:{reading.statements[0].payload_hash}:2"
    assert found == [
        ("urn:01ZD0303220", "strong", f"cp:{cp.PERSON}", 7, 1),
        ("urn:01ZD0303220", "strong", f"cp:{cp.PERSON}", 7, 2),
        (payload, "weak", f"cp:{OTHER}", 8, 1),
    ]
    assert _reasons(reading) == [
        ("no-key", "hearing/defendantJudicialResults 4/masterDefendantId"),
        ("no-key", "hearing/defendantJudicialResults 5/masterDefendantId"),
        ("bad-shape", "hearing/defendantJudicialResults 6/judicialResult"),
    ]


@pytest.mark.parametrize(
    ("applicant", "force"),
    [
        ({"prosecutingAuthority": {"prosecutionAuthorityOUCode": "0930000"}}, ("93", "prosecutor")),
        ({"prosecutingAuthority": {"prosecutionAuthorityOUCode": "g94dv00"}}, ("94", "prosecutor")),
        ({"prosecutingAuthority": {"prosecutionAuthorityOUCode": "Somebody"}}, ("01", "court")),
        ({"prosecutingAuthority": {}}, ("01", "court")),
        ({}, ("01", "court")),
        (None, ("01", "court")),
    ],
)
def test_the_force_is_the_applicants_or_else_the_courts(cp, read_cp, applicant, force) -> None:
    (statement,) = read_cp(_of_application(cp, [cp.result()], applicant=applicant)).statements
    assert (statement.police_force, statement.police_force_basis) == force


def test_the_force_of_a_linked_application_of_a_person_is_that_of_its_case(cp, read_cp: ReadMade) -> None:
    """Real ones that a defendant makes name no authority as applicant; the case names its prosecutor."""
    case = {"caseURN": "01ZD0303220", "prosecutionAuthorityOUCode": "0930000"}
    application = {
        "type": {"code": "ST19502", "linkType": "LINKED"},
        "applicant": {"masterDefendant": {"masterDefendantId": PERSON}},
        "courtApplicationCases": [{"prosecutionCaseId": CASE, "prosecutionCaseIdentifier": case}],
    }
    (statement,) = read_cp(_of_application(cp, [cp.result()], **application)).statements
    assert (statement.police_force, statement.police_force_basis) == ("93", "prosecutor")


# --- the hearing


@pytest.mark.parametrize("centre", [None, {}, {"code": ""}, {"code": "Court"}, {"code": "B01LY0000"}, {"code": [1]}])
def test_a_hearing_without_a_court_is_refused(cp, read_cp: ReadMade, centre: object) -> None:
    reading = read_cp(
        cp.share(cp.hearing(courtCentre=centre, courtApplications=[cp.application()]), hearingDay="2020-02-03")
    )
    assert reading.statements == ()
    assert ("no-court", "hearing/courtCentre/code") in _reasons(reading)
    assert {r.hearing_date for r in reading.refusals} == {date(2020, 2, 3)}


@pytest.mark.parametrize(
    ("area", "code"),
    [({"ljaCode": "0576"}, "0576"), ({"ljaCode": 2577}, "2577"), ({"ljaCode": "Lady"}, None), (None, None)],
)
def test_a_local_justice_area_is_four_digits(cp, read_cp, area, code) -> None:
    hearing = cp.hearing(courtCentre={"code": "b01ly00", "lja": area}, courtApplications=[cp.application()])
    (statement,) = read_cp(cp.share(hearing)).statements
    assert (statement.court_ou_code, statement.lja_code) == ("B01LY00", code)


@pytest.mark.parametrize("own", [None, "", "hearing one", 12, ["x"]])
def test_a_hearing_that_nothing_identifies_is_refused(cp, read_cp: ReadMade, own: object) -> None:
    reading = read_cp(cp.share(cp.hearing(id=own, courtApplications=[cp.application()])))
    assert reading.statements == ()
    assert ("no-key", "hearing/id") in _reasons(reading)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"prosecutionCases": None, "courtApplications": None},
        {"prosecutionCases": {}, "courtApplications": "none"},
        {"courtApplication": [{"id": OTHER}], "prosecutionCase": []},
        {"defendantJudicialResults": [{"masterDefendantId": PERSON, "judicialResult": {"cjsCode": "1015"}}]},
    ],
)
def test_a_hearing_that_lists_neither_cases_nor_applications_is_refused(cp, read_cp: ReadMade, parts) -> None:
    """Its keys have changed: as an empty statement it would take back what an earlier share had granted."""
    reading = read_cp(cp.share(cp.hearing(**parts)))
    assert (reading.statements, _reasons(reading)) == ((), [("bad-shape", "hearing/prosecutionCases")])
    assert reading.refusals[0].hearing_date == date(2020, 2, 3)


@pytest.mark.parametrize("key", ["prosecutionCases", "courtApplications"])
def test_a_hearing_whose_list_is_empty_says_that_nothing_is_left(cp, read_cp: ReadMade, key: str) -> None:
    reading = read_cp(cp.share(cp.hearing(**{key: []})))
    assert ([s.results for s in reading.statements], reading.refusals) == ([()], ())
    assert reading.statements[0].statement_complete


def test_everything_that_a_hearing_lacks_is_said_at_once(cp, read_cp: ReadMade) -> None:
    reading = read_cp(cp.share({}, at="now", hearingDay="today"))
    assert _reasons(reading) == [
        ("no-key", "hearing/id"),
        ("bad-share-time", "envelope/sharedTime"),
        ("no-court", "hearing/courtCentre/code"),
        ("bad-date", "envelope/hearingDay"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "not-hearing-resulted"),
        (5, "not-hearing-resulted"),
        ("hearing", "not-hearing-resulted"),
        ({}, "not-hearing-resulted"),
        ({"hearing": None}, "not-hearing-resulted"),
        ({"hearing": [], "sharedTime": "2020-02-03T15:00:00Z"}, "bad-shape"),
        ({"session": {}, "cases": [], "hearingDay": "2020-02-03", "courtApplications": []}, "not-hearing-resulted"),
        ({"id": OTHER, "courtCentre": "B01LY00", "hearingDays": []}, "not-hearing-resulted"),
    ],
)
def test_documents_of_another_kind_are_refused(cp, read_cp: ReadMade, content: object, reason: str) -> None:
    reading = read_cp(cp.document(content))
    assert (reading.statements, [r.reason for r in reading.refusals]) == ((), [reason])


@pytest.mark.parametrize("wrong", [5, "text", True, {"a": 1}, [["nested"]], [5]])
@pytest.mark.parametrize(
    "path",
    [
        "prosecutionCases",
        "prosecutionCases 1/prosecutionCaseIdentifier",
        "prosecutionCases 1/defendants",
        "prosecutionCases 1/defendants 1/personDefendant",
        "prosecutionCases 1/defendants 1/offences",
        "prosecutionCases 1/defendants 1/offences 1/judicialResults",
        "prosecutionCases 1/defendants 1/offences 1/verdict",
        "prosecutionCases 1/defendants 1/judicialResults",
        "prosecutionCases 1/defendants 1/defendantCaseJudicialResults",
        "courtApplications",
        "courtApplications 1/type",
        "courtApplications 1/applicant",
        "courtApplications 1/subject",
        "courtApplications 1/judicialResults",
        "defendantJudicialResults",
        "hearingDays",
    ],
)
def test_a_part_of_another_kind_is_said_with_its_place_and_the_hearing_is_incomplete(cp, read_cp, path, wrong) -> None:
    """A list where an object should be, and the other way round, at every step of the paths that are walked."""
    hearing = cp.hearing(prosecutionCases=[cp.case()], courtApplications=[cp.application()])
    steps = path.split("/")
    holder = hearing
    for step in steps[:-1]:
        key, _, position = step.partition(" ")
        holder = holder[key][int(position) - 1] if position else holder[key]
    holds_object = steps[-1] in (
        "prosecutionCaseIdentifier",
        "personDefendant",
        "verdict",
        "type",
        "applicant",
        "subject",
    )
    if holds_object and isinstance(wrong, dict):
        wrong = [wrong]
    holder[steps[-1]] = wrong
    reading = read_cp(cp.share(hearing, hearingDay=None if path == "hearingDays" else "2020-02-03"))
    shaped = [r.place for r in reading.refusals if r.reason == "bad-shape"]
    if isinstance(wrong, list) and not holds_object:
        assert shaped == [f"hearing/{path} 1"]
    else:
        assert shaped == [f"hearing/{path}"]
    assert not any(s.statement_complete for s in reading.statements)


def test_unknown_keys_and_illegal_values_make_no_difference(cp, read_cp: ReadMade) -> None:
    plain = read_cp(cp.share())
    hearing = cp.hearing(
        courtApplications=[
            cp.application([cp.result(level="?", qualifier=7, nextHearing={"hearingDays": 3})], somethingNew=[[1]])
        ],
        jurisdictionType="NO_SUCH",
        hearingLanguage=[],
        anything={"judicialResults": [cp.result("9999")]},
    )
    full = read_cp(cp.share(hearing, isReshare="maybe", _metadata={"name": 1}))
    assert [s.results for s in full.statements] == [s.results for s in plain.statements]
    assert full.refusals == ()


def test_the_payload_hash_is_of_the_share_and_what_it_says(cp, read_cp: ReadMade) -> None:
    def hash_of(**more: object) -> str:
        return read_cp(cp.share(**more)).statements[0].payload_hash

    assert hash_of() == hash_of(isReshare=True)
    assert hash_of() == hash_of(at="2020-02-03T16:00:00+01:00"), "the same moment"
    others = [hash_of(at="2020-02-03T15:00:01Z"), hash_of(hearing=cp.hearing(courtApplications=[cp.application([])]))]
    assert len({hash_of(), *others}) == 3
