"""Hostile and broken documents: refused with a reason, quickly, in little memory."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extract.contract import Reading
from extract.cp_document import MAX_BYTES, MAX_COMMAS, MAX_CONTAINERS, MAX_DEPTH, MAX_FAULTS, MAX_TEXT

ReadMade = Callable[..., Reading]
ROOT = Path(__file__).resolve().parents[2]


def _only_reason(reading: Reading) -> str:
    assert reading.statements == ()
    (refusal,) = reading.refusals
    assert refusal.place == "file"
    assert len(refusal.content_hash) == 64
    return refusal.reason


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    """No document of at most 20 MB takes long: time rises with the size, not with its square."""
    start = time.process_time()  # of this process: another one on the machine does not count
    yield
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "data",
    [
        b'{"hearing": "\xff"}',
        b'{"hearing": "\xed\xa0\x80"}',
        b"\xff\xfe{\x00}\x00",
        '{"hearing": {}}'.encode("utf-16"),
        '{"hearing": {}}'.encode("utf-32"),
        b'{"hearing": "\0"}',
        b"\x1f\x8b\x08\x00",
    ],
)
def test_bytes_that_are_no_utf8_are_refused(read_cp: ReadMade, data: bytes) -> None:
    assert _only_reason(read_cp(data)) == "bad-encoding"


def test_a_byte_order_mark_makes_no_difference(cp, read_cp: ReadMade) -> None:
    plain, marked = read_cp(cp.share()), read_cp(b"\xef\xbb\xbf" + cp.share())
    assert plain == marked


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  ",
        b"{",
        b'{"hearing": {}',
        b"{}{}",
        b"<a/>",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": 1,}',
        b'["\\ud800"]',
        b"[1e999]",
    ],
)
def test_what_is_no_json_is_refused(read_cp: ReadMade, data: bytes) -> None:
    assert _only_reason(read_cp(data)) == "malformed-json"


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1_000, 2_000])
@pytest.mark.parametrize("around", ["[]", ('{"a":', "}")])
def test_nesting_above_the_cap_is_refused_and_at_the_cap_is_read(cp, read_cp: ReadMade, depth: int, around) -> None:
    opening, closing = around
    inner = MAX_DEPTH - 2  # in the hearing, in the envelope
    for levels, reason in ((inner, None), (depth - 2, "too-deep")):
        nested = (opening * levels + ("1" if opening != "[" else "") + closing * levels).encode()
        data = cp.share(cp.hearing(courtApplications=[cp.application()], extra=0))
        data = data.replace(b'"extra": 0', b'"extra": ' + nested)
        reading = read_cp(data)
        assert (_only_reason(reading) == reason) if reason else (reading.refusals == ())


@pytest.mark.parametrize(
    "content",
    [
        b" " * (MAX_BYTES + 1),
        b"[" + b"{}," * MAX_CONTAINERS + b"{}]",
        b"[" + b"1," * (MAX_COMMAS + 1) + b"1]",
        b"[" * (MAX_CONTAINERS + 1),
    ],
)
def test_a_document_above_a_cap_is_refused_before_it_is_decoded(read_cp: ReadMade, content: bytes) -> None:
    assert _only_reason(read_cp(content)) == "too-large"


@pytest.mark.parametrize("where", ["value", "key", "in a list"])
def test_a_text_above_the_cap_is_refused_and_at_the_cap_is_read(cp, read_cp: ReadMade, where: str) -> None:
    for length, reason in ((MAX_TEXT, None), (MAX_TEXT + 1, "text-too-long")):
        text = "\u00e9" * length
        more = {"value": {"x": text}, "key": {text: 1}, "in a list": {"x": [[text]]}}[where]
        reading = read_cp(cp.share(**more))
        assert (_only_reason(reading) == reason) if reason else (reading.refusals == ())


def test_a_document_that_is_all_faults_is_refused_as_a_whole(cp, read_cp: ReadMade) -> None:
    """The first ones are told one by one, and the whole is refused instead of a part of it landing."""
    wrong = cp.hearing(courtApplications=[cp.application(), *[5] * (MAX_FAULTS + 1)])
    reading = read_cp(cp.share(wrong))
    assert reading.statements == ()
    assert len(reading.refusals) == MAX_FAULTS + 1
    assert (reading.refusals[-1].reason, reading.refusals[-1].place) == ("bad-shape", "file")
    few = cp.hearing(courtApplications=[cp.application(), *[5] * MAX_FAULTS])
    assert len(read_cp(cp.share(few)).statements) == 1


def test_a_fault_that_is_met_twice_is_told_once_and_counted_once(cp, read_cp: ReadMade) -> None:
    """As many faults as are told one by one; the last is met again where its result is placed."""
    to_come = cp.application([cp.result(orderedDate="2020-02-24")])
    days = [{"sittingDay": f"2020-02-{day}T10:00:00Z"} for day in ("03", "24")]
    hearing = cp.hearing(courtApplications=[*[5] * (MAX_FAULTS - 1), to_come], hearingDays=days)
    reading = read_cp(cp.share(hearing))
    assert (len(reading.statements), len(reading.refusals)) == (1, MAX_FAULTS)
    assert reading.refusals[-1].reason == "hearing-to-come"


@pytest.mark.parametrize("number", [10**30, -(10**30), 1e308, 2**64, -1])
def test_numbers_of_any_size_are_no_codes(cp, read_cp: ReadMade, number: object) -> None:
    reading = read_cp(cp.share(cp.hearing(courtApplications=[cp.application([cp.result(number)])], extra=number)))
    assert {r.reason for r in reading.refusals} <= {"bad-shape", "bad-result-code"}
    assert not reading.statements[0].results


def test_a_key_that_is_there_twice_has_its_last_value(cp, read_cp: ReadMade) -> None:
    data = cp.share().replace(b'"cjsCode": "3307"', b'"cjsCode": "3306", "cjsCode": "3307"')
    assert read_cp(data).statements[0].results[0].result_code == "3307"


MEASURE = """
import sys
from datetime import UTC, datetime
from extract.common_platform import read_common_platform
from extract.contract import Texts
def uid(n): return f"{n:08x}-0000-4000-8000-{n:012x}"
def share(parts, day=',"hearingDay":"2020-02-03"'):
    said = f'{{"sharedTime":"2020-02-03T15:00:00Z"{day},"hearing":{{"id":"{uid(1)}","courtCentre":{{"code":"B01LY00"}},'
    return (said + ("" if "courtApplications" in parts else '"courtApplications":[],') + parts + "}}").encode()
def listed(key, item, count): return share(f'"{key}":[' + ",".join(map(item, range(count))) + "]")
made = {
    "many long keys": lambda: share(
        '"x":{' + ",".join(f'"k{n:06d}\U0001f600zzzzzzzzzz":"\U0001f600{n:06d}zzzzzz"' for n in range(299_980)) + "}"),
    "wide texts": lambda: share('"x":[' + ",".join('"\U0001f600' + "a" * 900_000 + '"' for _ in range(22)) + "]"),
    "many results": lambda: listed("courtApplications", lambda n: '{"id":"%s","type":{"code":"ST19501"},'
        '"judicialResults":[{"cjsCode":"3307","label":"order %d"}]}' % (uid(n), n), 12_400),
    "many people": lambda: listed("defendantJudicialResults", lambda n: '{"masterDefendantId":"%s",'
        '"judicialResult":{"cjsCode":"3307"}}' % uid(n), 24_900),
    "many days": lambda: share('"hearingDays":[' + ",".join('{"sittingDay":"%d-%02d-%02d"}' % (
        1900 + n // 336, n % 336 // 28 + 1, n % 28 + 1) for n in range(40_000)) + "]", ""),
}
data = made[sys.argv[1]]()
def used(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) / 1024
open("/proc/self/clear_refs", "w").write("5")
before = used("VmRSS")
reading = read_common_platform(
    data, file="x", received_at=datetime(2020, 2, 4, tzinfo=UTC), texts=Texts(frozenset(), b"key"))
assert reading.statements, reading.refusals
print(used("VmHWM") - before)
"""


@pytest.mark.parametrize("kind", ["many long keys", "wide texts", "many results", "many people", "many days"])
def test_what_may_be_read_takes_less_than_200_mb_above_its_own_size(kind: str) -> None:
    """Measured in a process of its own, at the caps."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("this system does not tell the peak of memory since a moment")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, kind], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    assert float(done.stdout) < 200
