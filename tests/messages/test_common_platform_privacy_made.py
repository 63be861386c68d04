"""No name, address, birth date, contact or wording of a hearing reaches anything that the reader returns."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from extract.common_platform import read_common_platform
from extract.contract import Reading, Texts
from extract.records import rows

ReadMade = Callable[..., Reading]

PLANTED = {
    "given": "Zebedee",
    "family": "Quillfeather",
    "title": "Lady",
    "line": "17 Marmalade Terrace",
    "postcode": "QX9 7ZZ",
    "birth": "1971-06-05",
    "email": "zebedee.q@example.test",
    "phone": "07700900123",
    "insurance": "QQ123456C",
    "wording": "Stalked Ottoline Pomfret past Gooseberry Heath",
    "order": "Barred from Ottoline Pomfret",
    "clerk": "Barnaby",
}


def _assert_private(reading: Reading) -> None:
    """Every planted text, and every word of it of more than three letters, in any case."""
    said = repr(dataclasses.asdict(reading)).casefold()
    said += repr([row for statement in reading.statements for row in rows(statement)]).casefold()
    for planted in PLANTED.values():
        for word in (planted, *planted.split()):
            if len(word) > 3:
                assert word.casefold() not in said, word


def _person(cp) -> dict[str, Any]:
    return {
        "firstName": PLANTED["given"],
        "lastName": PLANTED["family"],
        "title": PLANTED["title"],
        "dateOfBirth": PLANTED["birth"],
        "nationalInsuranceNumber": PLANTED["insurance"],
        "address": {"address1": PLANTED["line"], "postcode": PLANTED["postcode"]},
        "contact": {"primaryEmail": PLANTED["email"], "mobile": PLANTED["phone"]},
    }


def _full(cp) -> dict[str, Any]:
    """A hearing with something about a person wherever the real ones have it."""
    clerk = {"firstName": PLANTED["clerk"], "lastName": PLANTED["family"]}
    prompts = [{"label": "Person", "value": PLANTED["given"]}]
    more = {"courtClerk": clerk, "judicialResultPrompts": prompts, "resultWording": PLANTED["order"]}
    result = cp.result(resultText=f"SPO - Stalking Protection Order\n{PLANTED['order']}", **more)
    spoken = cp.result(None, PLANTED["order"], resultText=PLANTED["order"], **more)
    defendant = cp.defendant(
        [cp.offence(results=[result, spoken], wording=PLANTED["wording"], offenceTitle=PLANTED["wording"])],
        personDefendant={"personDetails": _person(cp), "bailConditions": PLANTED["order"]},
        judicialResults=[spoken],
        defendantCaseJudicialResults=[spoken],
    )
    application = cp.application(
        [result, spoken],
        applicationParticulars=PLANTED["wording"],
        subject={"id": cp.PERSON, "personDetails": _person(cp)},
        respondents=[{"id": cp.PERSON, "personDetails": _person(cp)}],
        applicationReference=PLANTED["family"],
    )
    return cp.hearing(
        prosecutionCases=[cp.case([defendant], caseMarkers=[{"markerTypeDescription": PLANTED["wording"]}])],
        courtApplications=[application],
        defendantJudicialResults=[{"masterDefendantId": cp.PERSON, "judicialResult": spoken}],
        judiciary=[_person(cp)],
    )


def test_a_good_hearing_gives_its_results_and_nothing_about_anybody(cp, read_cp: ReadMade) -> None:
    reading = read_cp(cp.share(_full(cp)))
    assert reading.refusals == ()
    results = [result for statement in reading.statements for result in statement.results]
    assert len(results) == 7
    assert all(result.result_text_digest for result in results)
    _assert_private(reading)


def _leaves(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(part, dict | list):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from _leaves(value, (*path, key))
        if path:
            yield path
    else:
        yield path


@pytest.mark.parametrize("planted", [*PLANTED, "reference"])
def test_a_name_in_the_place_of_any_value_is_never_repeated(cp, read_cp: ReadMade, planted: str) -> None:
    """Every value of the envelope and the hearing in turn, whole objects and lists too, is something personal.

    Codes, ids, dates, references and texts alike; `reference` is a name where a short code would be.
    """
    text = PLANTED.get(planted, f"{PLANTED['family']} - {PLANTED['order']}")
    document = {"hearing": _full(cp), "sharedTime": "2020-02-03T15:00:00Z", "hearingDay": "2020-02-03"}
    paths = list(_leaves(document))
    assert len(paths) > 150
    for path in paths:
        damaged = json.loads(cp.document(document))
        holder = damaged
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = text
        reading = read_cp(cp.document(damaged))
        assert reading.statements or reading.refusals
        if planted == "birth" and path[-1] in {"hearingDay", "orderedDate", "sittingDay", "convictionDate"}:
            continue  # a date in the place of a date is one
        if planted == "phone" and path[-1] == "caseURN":
            continue  # eleven digits are a reference like any other
        _assert_private(reading)


@pytest.mark.parametrize("broken", ['{"hearing": {"id": "%s"', "%s", '{"%s": 1}', '["%s"]', '{"hearing": {"%s": [}}'])
def test_a_broken_document_is_refused_without_repeating_what_it_says(read_cp: ReadMade, broken: str) -> None:
    for text in PLANTED.values():
        reading = read_cp((broken % text).encode())
        assert reading.refusals
        _assert_private(reading)


@pytest.mark.parametrize(
    ("text", "label", "code"),
    [
        ("SPO - Stalking Protection Order", "Stalking Protection Order", "SPO"),
        ("COSTS - Smith", "Smith", "COSTS"),
        ("JOHN - Smith", "Smith", None),
        ("john - smith", "smith", None),
        ("JOHN - Stalking Protection Order of Smith", "Stalking Protection Order of Smith", None),
    ],
)
def test_a_short_code_is_kept_only_beside_a_known_label_or_where_it_is_known_itself(cp, text, label, code) -> None:
    """Two words with a dash between them may be a name."""
    data = cp.share(cp.hearing(courtApplications=[cp.application([cp.result(None, label, resultText=text)])]))
    texts = Texts(frozenset({"stalking protection order", "costs"}), b"key for tests only")
    reading = read_common_platform(data, file="made.json", received_at=datetime(2020, 2, 4, tzinfo=UTC), texts=texts)
    ((result,),) = [statement.results for statement in reading.statements]
    assert result.result_short_code == code


@pytest.mark.parametrize(
    ("code", "label"),
    [("G", "Granted"), ("SPO", "Stalking Protection Order"), ("RFSD", "Refused"), ("RFSD", "Application refused")],
)
def test_the_short_codes_of_applications_are_kept_by_the_lists_that_come_with_courtstats(cp, tmp_path, code, label):
    """The vocabulary is that of a landing without any settings."""
    from pipelines.runs import texts
    from pipelines.settings import load_settings

    known = texts(load_settings({"COURTSTATS_HOME": str(tmp_path)}), make_key=False)
    data = cp.share(
        cp.hearing(courtApplications=[cp.application([cp.result(None, label, resultText=f"{code} - {label}\nMore")])])
    )
    reading = read_common_platform(data, file="made.json", received_at=datetime(2020, 2, 4, tzinfo=UTC), texts=known)
    ((result,),) = [statement.results for statement in reading.statements]
    assert result.result_short_code == code


@pytest.mark.parametrize(("code", "kept"), [("G", "G"), ("NG", "NG"), ("N2", "N2"), ("ANNE", None), ("JON", None)])
def test_a_finding_is_one_or_two_letters_or_digits(cp, read_cp: ReadMade, code: str, kept: str | None) -> None:
    """A longer one may be a name."""
    offence = cp.offence(verdict={"verdictType": {"cjsVerdictCode": code}})
    reading = read_cp(cp.share(cp.hearing(prosecutionCases=[cp.case([cp.defendant([offence])])])))
    assert [r.finding for s in reading.statements for r in s.results] == [kept]
    assert reading.refusals == ()


def test_names_of_keys_are_not_repeated_in_places(cp, read_cp: ReadMade) -> None:
    hearing = cp.hearing(courtApplications=[{**cp.application(), PLANTED["family"]: [5]}])
    hearing[PLANTED["given"]] = {"judicialResults": [1]}
    reading = read_cp(cp.share(hearing, **{PLANTED["clerk"]: 1}))
    assert reading.refusals == ()
    _assert_private(reading)
