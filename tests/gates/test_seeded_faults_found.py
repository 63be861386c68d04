"""Seeded faults in landed records: each is found by the check that names it, and by no critical check besides.

The records are made. Each fault is a source of its own beside clean results, since every source is judged by
itself: one look of the gate finds them all, and shows that no fault hides in, or spills over to, another source.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.contract import Outcome, stops
from expectations.gates import Arrived, check_landed
from expectations.rules_landed import LANDED
from extract.contract import RECORDS

Row = dict[str, Any]
MakeRow = Callable[..., Row]
FILE_SCHEMA = pa.schema([field for field in RECORDS if field.name != "hearing_month"])
LATER = datetime(2020, 2, 9, 6, tzinfo=UTC)
NO_RESULT = dict.fromkeys(
    ("offence_index", "result_index", "level", "offence_code_raw", "offence_code", "result_code", "result_text_digest")
)
EMPTY: Row = NO_RESULT | {"case_key": "none:x", "case_key_strength": "weak"}
STALKING = {"offence_code": "PH97010"}

# The check that must find it, and the rows that are wrong: what is different from a clean result.
FAULTS: list[tuple[str, list[Row]]] = [
    ("offence-code-well-formed", [{"offence_code": "st 19501"}]),
    ("offence-code-well-formed", [{"offence_code": None}]),
    ("offence-code-well-formed", [{"offence_code": "ST19501XYZ"}]),
    ("offence-code-known", [{"offence_code": "XX001"}]),
    ("offence-code-known", [{"offence_code": "ZZ99999A"}]),
    ("offence-code-near-miss", [{"offence_code": "CJO3522"}]),
    ("offence-code-near-miss", [{"offence_code": "ST1950I"}]),
    ("offence-code-near-miss", [{"offence_code": "0W19501"}]),
    ("result-code-digits", [{"result_code": "SPO"}]),
    ("result-code-digits", [{"result_code": "33070"}]),
    ("result-code-known", [{"result_code": "9991"}]),
    ("result-uncoded", [{"result_code": None, "result_text_digest": "f" * 64}] * 2),
    ("result-says-nothing", [{"result_code": None, "result_text_digest": None}]),
    ("label-fits-code", [{"result_code": "3307", "result_text": "restraining order for period"}]),
    ("label-fits-code", [{"result_code": "1015", "result_text": "wdrn - withdrawn."}]),
    ("short-code-fits-code", [{"result_code": "1015", "result_short_code": "WDRN"}]),
    ("entered-in-error-removed", [{"result_code": "4583"}]),
    ("entered-in-error-removed", [{"result_code": "4583", "level": "APPLICATION", "source_format": "common-platform"}]),
    ("finding-is-a-code", [{"finding": "Guilty"}]),
    ("level-known", [{"level": "COUNT"}]),
    ("level-known", [{"level": None}]),
    ("hearing-date-plausible", [{"hearing_date": date(2120, 2, 3)}]),
    ("hearing-date-plausible", [{"hearing_date": date(1900, 1, 1)}]),
    (
        "hearing-on-new-years-day",
        [{"offence_code": "TH68001"}] * 200
        + [{"statement_key": "new year", "hearing_date": date(2020, 1, 1), "offence_code": "TH68001"}] * 4,
    ),
    (
        "hearings-spread",
        [{"result_index": n, "hearing_date": date(2019, 12, 2)} for n in range(300)]
        + [{"statement_key": f"other {n}", "hearing_date": date(2019, 12, 3 + n)} for n in range(12)],
    ),
    ("stalking-protection-before-act", [{"hearing_date": date(2020, 1, 19)}]),
    ("stalking-offence-before-act", [{"hearing_date": date(2012, 11, 24), "offence_code": "PH97006A"}]),
    ("conviction-after-hearing", [{"conviction_date": date(2020, 2, 4)}]),
    ("conviction-date-plausible", [{"conviction_date": date(1900, 1, 1)}]),
    ("stated-after-received", [{"stated_at": LATER}]),
    ("stated-before-hearing", [{"stated_at": datetime(2020, 2, 1, tzinfo=UTC)}]),
    ("case-key-strength-fits", [{"case_key_strength": "weak"}]),
    ("case-key-strength-fits", [{"case_key": "payload:x"}]),
    ("case-key-not-dummy", [{"case_key": "urn:00PP0000008"}]),
    ("case-key-not-dummy", [{"case_key": "urn:00NP0000008"}]),
    ("case-key-not-dummy", [{"case_key": "urn:52001234567"}]),
    ("case-key-well-formed", [{"case_key": "urn:70"}]),
    ("case-key-well-formed", [{"case_key": "urn:01ab1234520"}]),
    ("case-key-weak", [{"case_key": "payload:x", "case_key_strength": "weak"}] * 2),
    ("defendant-not-dummy", [{"defendant_key": "asn:0800PP0100000000001H"}]),
    ("defendant-not-dummy", [{"defendant_key": "asn:0800NP0100000000001H"}]),
    ("defendant-known", [{"defendant_key": None}]),
    ("case-of-few-defendants", [{"statement_key": f"d{n}", "defendant_key": f"d{n}"} for n in range(101)]),
    ("case-not-cloned", [{"statement_key": f"c{n}", "case_key": f"urn:01AB123452{n}"} for n in range(2)]),
    ("court-code-format", [{"court_ou_code": "BIRMINGHAM"}]),
    ("court-known", [{"court_ou_code": None}]),
    ("court-known", [{"court_ou_code": "B99ZZ00"}]),
    ("force-from-reference", [{"police_force_basis": "court"}] * 9),
    ("no-template-token", [{"court_ou_code": "{{ courtCode }}"}]),
    ("no-template-token", [{"case_urn": "PTI_URN"}]),
    ("statement-one-hearing-date", [{}, {"hearing_date": date(2020, 2, 4)}]),
    ("key-in-one-month", [{}, {"payload_hash": "c" * 64, "hearing_date": date(2020, 1, 31)}]),
    ("result-position-unique", [{"result_index": 1}, {"result_index": 1, "result_code": "1015"}]),
    ("empty-statement-alone", [{}, NO_RESULT]),
    ("statement-incomplete", [{"statement_complete": False}]),
    ("statement-empty", [{"statement_key": f"e{n}"} | (EMPTY if n < 3 else {}) for n in range(24)]),
    ("result-repeated", [{}, {}]),
    ("order-on-its-application", [STALKING | {"result_code": "3307"}, {"result_code": "1015"}]),
    ("order-with-application", [STALKING | {"result_code": "3307"}]),
    ("granted-or-refused", [{}, {"result_code": "2006"}]),
    ("restraining-order-fits-finding", [STALKING | {"result_code": "3047", "finding": "N"}]),
    ("restraining-order-fits-finding", [STALKING | {"result_code": "3260", "finding": "G"}]),
    ("adjourned-not-final", [{"result_code": "4506"}]),
]
"""A result without a result_index gets the next one."""
LANDINGS: list[tuple[str, Arrived]] = [
    ("landing-not-empty", Arrived("empty", files=3, statements=0, results=0, repeated=0, refused=0)),
    ("landing-refused", Arrived("refused", files=3, statements=60, results=80, repeated=10, refused=10)),
    ("landing-repeated", Arrived("repeated", files=3, statements=4, results=8, repeated=60, refused=0)),
]
ORDINARY = ("TH68001", "CJ88001", "RT88191", "CJ67002", "CD71039", "PU86004")


def source_of(number: int) -> str:
    return f"fault-{number:02}"


def rows_of(source: str, wrong: list[Row], row: MakeRow) -> list[Row]:
    """Three clean results of three cases of a source, then the wrong ones in a statement of their own."""
    clean = [
        row(
            source_name=source, statement_key=f"{source}|{n}", case_key=f"urn:01CD123452{n}", case_urn=f"01CD123452{n}",
            defendant_key=f"asn:2001CD0100000000000{n}B", offence_code=ORDINARY[n], result_code="1015",
        )
        for n in range(3)
    ]  # fmt: skip
    made = []
    for n, changes in enumerate(wrong, 1):
        one = row(source_name=source, result_index=n) | changes
        made.append(one | {"statement_key": f"{source}|{one['statement_key']}"})
    return clean + made


def write(path: Path, rows: list[Row]) -> str:
    pq.write_table(pa.Table.from_pylist(rows, schema=FILE_SCHEMA), path)
    return str(path)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, row: MakeRow) -> list[Outcome]:
    rows = [r for n, (_, wrong) in enumerate(FAULTS) for r in rows_of(source_of(n), wrong, row)]
    rows += rows_of("clean", [{}], row)
    return check_landed([write(tmp_path_factory.mktemp("faults") / "made.parquet", rows)], newest_batch=1)


def failed(outcomes: list[Outcome], source: str) -> dict[str, Outcome]:
    return {o.rule: o for o in outcomes if o.outcome != "passed" and o.segment == f"source={source}"}


def test_there_are_sixty_faults_and_one_or_more_for_every_check() -> None:
    seeded = [rule for rule, _ in FAULTS] + [rule for rule, _ in LANDINGS]
    assert len(seeded) >= 60
    assert {f"landed.{rule}" for rule in seeded} == {rule.id for rule in LANDED}


@pytest.mark.parametrize(("number", "rule"), [(n, rule) for n, (rule, _) in enumerate(FAULTS)])
def test_a_seeded_fault_is_found_by_the_check_that_names_it(number: int, rule: str, found: list[Outcome]) -> None:
    """With the severity of the catalogue, counted; and no critical check fails that does not name it."""
    of_source = failed(found, source_of(number))
    outcome = of_source[f"landed.{rule}"]
    assert outcome.outcome == "failed" and outcome.sentence and outcome.remedy
    assert outcome.severity == {r.id: r.severity for r in LANDED}[outcome.rule]
    assert outcome.checked and outcome.unexpected and outcome.unexpected <= outcome.checked
    assert {o.rule for o in of_source.values() if o.severity == "critical"} <= {outcome.rule}
    assert (outcome in stops(found)) == (outcome.severity == "critical")


def test_no_fault_spills_over_to_a_clean_source(found: list[Outcome]) -> None:
    assert failed(found, "clean") == {}
    assert not [o for o in found if o.outcome == "error"]


@pytest.mark.parametrize(("rule", "arrived"), LANDINGS)
def test_a_seeded_fault_of_a_landing_is_found(rule: str, arrived: Arrived) -> None:
    """A landing is judged by what it says of itself, even where nothing of it was new."""
    outcomes = check_landed([], newest_batch=1, arrived=arrived)
    assert {o.rule for o in outcomes} == {r.id for r in LANDED}
    assert {o.rule: o.segment for o in outcomes if o.outcome != "passed"} == {
        f"landed.{rule}": f"source={arrived.source_name}"
    }
    assert stops(outcomes) == []


def clean_year(source: str, results: int, seed: int, row: MakeRow) -> list[Row]:
    """A made year of one source: known courts and codes, and the small faults of real messages at ordinary rates."""
    rng = Random(seed)
    courts = ("B01EF01", "B01LY00", "B05PK00", "B06IS00", "B13HT00", "B20BL00", "B20EB00", "B52CM00")
    rows: list[Row] = []
    while len(rows) < results:
        number, court = len(rows), rng.choice(courts)
        day = date(2021, 1, 4) + timedelta(days=rng.randrange(360))
        day -= timedelta(days=max(0, day.weekday() - 4))
        weak = rng.random() < 0.03
        urn = f"{court[1:3]}SY{1000000 + seed * 100000 + number:07d}"
        received = datetime(day.year, day.month, day.day, 6, tzinfo=UTC) + timedelta(days=rng.randrange(1, 9))
        stalking = rng.random() < 0.03
        key = f"payload:{source}{number}" if weak else f"urn:{urn}"
        common = {
            "source_name": source, "statement_key": f"{source}|{number}", "payload_hash": f"{seed:04}{number:060}",
            "hearing_date": day, "court_ou_code": court, "received_at": received, "stated_at": received,
            "case_key": key, "case_key_strength": "weak" if weak else "strong", "case_urn": None if weak else urn,
            "defendant_key": f"asn:21{court[1:3]}SY01{number:011d}K", "police_force": court[1:3],
            "police_force_basis": "court" if weak else "urn", "landed_at": received,
            "statement_complete": rng.random() > 0.002,
        }  # fmt: skip
        offence = "ST19501" if stalking else rng.choice(ORDINARY)
        codes = (
            ["3307"] if stalking else rng.sample(("1015", "1002", "1116", "3012", "2006", "4047"), rng.randint(1, 3))
        )
        for place, code in enumerate(codes, 1):
            uncoded = not stalking and rng.random() < 0.08
            convicted = None if stalking else day + timedelta(days=1 if rng.random() < 0.002 else 0)
            said = {"offence_code": offence, "offence_code_raw": offence, "result_index": place, "finding": "G"}
            digest = f"{uncoded:d}{int(code):063}"
            said |= {"result_code": None if uncoded else code, "result_text_digest": digest}
            rows.append(row(**common, **said, conviction_date=convicted))
    return rows


def test_twenty_clean_years_raise_no_critical_and_at_most_one_warning(tmp_path: Path, row: MakeRow) -> None:
    """What is ordinary is not reported: a check that cries every morning is soon read by nobody. Made years."""
    results = 10_000 if os.environ.get("LONG_TESTS") else 600
    rows = [r for n in range(20) for r in clean_year(f"year-{n:02}", results, n, row)]
    outcomes = check_landed([write(tmp_path / "years.parquet", rows)], newest_batch=1)
    unwell = [(o.rule, o.segment) for o in outcomes if o.outcome != "passed" and o.severity != "info"]
    assert stops(outcomes) == [] and len(unwell) <= 1, unwell
    checked = Counter(o.rule for o in outcomes if o.checked)
    assert checked["landed.offence-code-known"] == checked["landed.order-with-application"] == 20
