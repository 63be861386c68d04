"""Damaged hearings: whatever happens to bytes or values, reading gives a Reading, in time, with known reasons."""

import json
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.common_platform import read_common_platform
from extract.contract import REASONS, Texts

COUNT = 20_000 if os.environ.get("LONG_TESTS") == "1" else 300
RECEIVED = datetime(2026, 11, 1, tzinfo=UTC)
TEXTS = Texts(frozenset({"granted"}), b"key for tests only")
ID = "11111111-1111-4111-8111-11111111111"

RESULT: dict[str, str] = {
    "judicialResultId": f"{ID}1",
    "cjsCode": "3307",
    "label": "Order",
    "orderedDate": "2020-02-03",
    "category": "FINAL",
}
MADE: dict[str, Any] = {
    "sharedTime": "2020-02-03T15:00:00.000Z",
    "hearing": {
        "id": f"{ID}2",
        "courtCentre": {"code": "B01LY00", "lja": {"ljaCode": "2577"}},
        "hearingDays": [{"sittingDay": "2020-02-03T10:00:00.000Z"}, {"sittingDay": "2020-02-04T10:00:00.000Z"}],
        "prosecutionCases": [
            {
                "id": f"{ID}3",
                "prosecutionCaseIdentifier": {"caseURN": "01ZD0303220", "prosecutionAuthorityOUCode": "0420000"},
                "defendants": [
                    {
                        "id": f"{ID}4",
                        "masterDefendantId": f"{ID}4",
                        "personDefendant": {"arrestSummonsNumber": "1101ZD0100000448754K"},
                        "offences": [
                            {
                                "offenceCode": "PH97010",
                                "convictionDate": "2020-02-03",
                                "verdict": {"verdictType": {"cjsVerdictCode": "G"}},
                                "judicialResults": [RESULT, {**RESULT, "cjsCode": "4583"}],
                            },
                            {"offenceCode": "PH97008", "judicialResults": [RESULT]},
                        ],
                        "defendantCaseJudicialResults": [RESULT],
                    }
                ],
            }
        ],
        "courtApplications": [
            {
                "id": f"{ID}5",
                "type": {"code": "ST19501", "linkType": "LINKED"},
                "courtApplicationCases": [{"prosecutionCaseId": f"{ID}3"}],
                "subject": {"id": f"{ID}4", "masterDefendant": {"masterDefendantId": f"{ID}4"}},
                "judicialResults": [{"label": "Granted", "resultText": "G - Granted\nAll of it"}],
            }
        ],
        "defendantJudicialResults": [{"masterDefendantId": f"{ID}6", "judicialResult": RESULT}],
    },
}
_SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "messages" / "common-platform"
SEEDS = [json.dumps(MADE).encode(), *(path.read_bytes() for path in sorted(_SHARED.rglob("*hearing*.json")))]
"""The public hearings too, where they are at hand; the made one keeps the test alive without them."""

_JUNK = st.sampled_from(
    [b"\0", b"\xff", b"{", b"[", b"]", b'"', b"\\u0000", b"\\ud800", b"null", b"1e400", b"\xef\xbb\xbf", b'{"hearing":']
) | st.binary(max_size=12)
_VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.just([])
    | st.just({})
    | st.sampled_from(
        ["4583", "2020-02-30", "9999-12-31T23:59:59Z", "2099-01-01", "00PP0000008", f"{ID}9", "STANDALONE"]
    )
    | st.lists(st.integers() | st.text(max_size=3) | st.just({}), max_size=3)
    | st.dictionaries(st.sampled_from(["id", "code", "judicialResults", "hearing"]), st.integers(), max_size=2)
)


@st.composite
def damaged_bytes(draw: st.DrawFn) -> bytes:
    """A hearing after one to four accidents: bytes flipped, cut off, junk put in, a stretch repeated."""
    content = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        accident = draw(st.sampled_from(["flip", "cut", "junk", "repeat"]))
        if accident == "flip" and content:
            content = content[:at] + bytes([content[at] ^ draw(st.integers(1, 255))]) + content[at + 1 :]
        elif accident == "cut":
            content = content[:at]
        elif accident == "junk":
            content = content[:at] + draw(_JUNK) + content[at:]
        else:
            end = draw(st.integers(at, min(at + 400, len(content))))
            content = content[:end] + content[at:end] + content[end:]
    return content


@st.composite
def damaged_values(draw: st.DrawFn) -> bytes:
    """A hearing that is still JSON, with one to five of its values (or keys) replaced by others, gone or doubled."""
    document = json.loads(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 5))):
        holders = [document]
        for holder in holders:
            children = holder.values() if isinstance(holder, dict) else holder
            holders += [child for child in children if isinstance(child, dict | list) and child]
        holder = draw(st.sampled_from(holders))
        if not holder:
            continue
        key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        accident = draw(st.sampled_from(["replace", "drop", "double", "move"]))
        if accident == "replace":
            holder[key] = draw(_VALUES)
        elif accident == "drop":
            del holder[key]
        elif isinstance(holder, list):
            holder.append(json.loads(json.dumps(holder[key])))
        else:
            holder[draw(st.sampled_from(sorted(holder)))] = json.loads(json.dumps(holder[key]))
    return json.dumps(document).encode()


def _check(content: bytes) -> None:
    start = time.process_time()  # of this process: a busy machine is no fault
    reading = read_common_platform(content, file="made.json", received_at=RECEIVED, texts=TEXTS)
    assert time.process_time() - start < 1
    assert reading.statements or reading.refusals, "a file is never passed over in silence"
    assert len(set(reading.refusals)) == len(reading.refusals)
    for refusal in reading.refusals:
        assert refusal.reason in REASONS
        assert re.fullmatch(r"[A-Za-z0-9/ ]+", refusal.place)
        assert len(refusal.content_hash) == 64
    positions: dict[str, list[tuple[int, int]]] = {}
    keys = [s.statement_key for s in reading.statements]
    for statement in reading.statements:
        assert statement.court_ou_code and 5 <= len(statement.court_ou_code) <= 7
        assert statement.statement_complete is not bool(reading.refusals)
        assert re.fullmatch(r"cp:[0-9a-f-]{36}:[0-9]{4}-[0-9]{2}-[0-9]{2}", statement.statement_key)
        assert re.fullmatch(r"urn:[0-9A-Z]{11}|(app:)?cp:[0-9a-f-]{36}|payload:.*|none:cp:.*", statement.case_key)
        assert (statement.case_key_strength == "weak") is statement.case_key.startswith(("payload:", "none:"))
        assert re.fullmatch(r"asn:[0-9A-Z]{20}|cp:[0-9a-f-]{36}", statement.defendant_key or "asn:" + "0" * 20)
        assert statement.results or keys.count(statement.statement_key) == 1, "an empty statement stands alone"
        for result in statement.results:
            assert re.fullmatch("[A-Z0-9]{1,8}", result.offence_code or "0")
            assert (result.offence_code is None) is (result.level not in {"OFFENCE", "APPLICATION"})
            assert result.result_code is None or re.fullmatch("[0-9]{1,4}", result.result_code)
            assert result.result_code != "4583"
            assert result.result_short_code is None or re.fullmatch("[A-Z0-9]{1,16}", result.result_short_code)
            positions.setdefault(statement.statement_key, []).append((result.offence_index, result.result_index))
    assert all(len(found) == len(set(found)) for found in positions.values())


@pytest.mark.long
@settings(max_examples=COUNT, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(damaged_bytes())
def test_a_damaged_document_is_read_or_refused_but_never_breaks_the_reader(content: bytes) -> None:
    _check(content)


@pytest.mark.long
@settings(max_examples=COUNT, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(damaged_values())
def test_a_hearing_with_wrong_values_is_read_or_refused_but_never_breaks_the_reader(content: bytes) -> None:
    _check(content)


@pytest.mark.long
@settings(max_examples=COUNT, deadline=None)
@given(st.binary(max_size=2_000) | st.text(max_size=500).map(str.encode))
def test_any_bytes_are_refused_as_json_with_a_reason(content: bytes) -> None:
    _check(content)
