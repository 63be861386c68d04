"""Attack a parser with damaged and hostile inputs in a process of its own, and say what it took.

    python tests/fuzz/attacking.py spi|common-platform INPUTS SEED

prints JSON: inputs, how many were refused for which reason, the most processor time of one input (seconds), and
the memory above that of the process before (bytes). An input that breaks a rule is printed with its seed and
ends it: no exception ever, a statement or a refusal for every input, a known reason, less than a second.
"""

import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import orjson  # noqa: E402

from extract.common_platform import read_common_platform  # noqa: E402
from extract.contract import REASONS, Reading, Texts  # noqa: E402
from extract.spi import read_spi  # noqa: E402

RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = Texts(frozenset({"granted.", "granted"}), b"key for tests only")
MOST_SECONDS = 1.0
SHARED = ROOT.parent / "shared" / "messages"
BOMB_EVERY = 100

MADE_SPI = b"""<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra"><DC:Session><DC:CourtHearing>
<DC:Hearing><DC:CourtHearingLocation>B01EF01</DC:CourtHearingLocation><DC:DateOfHearing>2020-02-03</DC:DateOfHearing>
</DC:Hearing><DC:PSAcode>2576</DC:PSAcode></DC:CourtHearing><DC:Case><DC:PTIURN>01ZD0303208</DC:PTIURN><DC:Defendant>
<DC:ProsecutorReference>1101ZD0100000448754K</DC:ProsecutorReference><DC:Offence><DC:BaseOffenceDetails>
<DC:OffenceCode>ST19501</DC:OffenceCode></DC:BaseOffenceDetails><DC:Result><DC:ResultCode>3307</DC:ResultCode>
<DC:ResultText>Granted.</DC:ResultText></DC:Result></DC:Offence></DC:Defendant></DC:Case></DC:Session>
</DC:ResultedCaseMessage>"""

_RESULT = {
    "judicialResultId": "6e1bef55-7e13-4615-b3f6-0000000000a1",
    "cjsCode": "3307",
    "label": "Stalking Protection Order",
    "resultText": "SPO - Stalking Protection Order",
    "category": "FINAL",
    "orderedDate": "2020-02-03",
}
MADE_CP: dict[str, Any] = {
    "sharedTime": "2020-02-03T16:00:00.000Z",
    "hearingDay": "2020-02-03",
    "hearing": {
        "id": "6e1bef55-7e13-4615-b3f6-0000000000b1",
        "courtCentre": {"code": "B01LY00", "lja": {"ljaCode": "2577"}},
        "hearingDays": [{"sittingDay": "2020-02-03T10:00:00.000Z"}],
        "courtApplications": [
            {
                "id": "6e1bef55-7e13-4615-b3f6-0000000000c1",
                "applicationReference": "MADE1",
                "type": {"code": "ST19501", "linkType": "STANDALONE"},
                "subject": {"id": "6e1bef55-7e13-4615-b3f6-0000000000d1"},
                "applicant": {"prosecutingAuthority": {"prosecutionAuthorityOUCode": "0100000"}},
                "judicialResults": [_RESULT],
            }
        ],
        "prosecutionCases": [
            {
                "id": "6e1bef55-7e13-4615-b3f6-0000000000e1",
                "prosecutionCaseIdentifier": {"caseURN": "01ZD0303208", "prosecutionAuthorityOUCode": "0100000"},
                "defendants": [
                    {
                        "id": "6e1bef55-7e13-4615-b3f6-0000000000f1",
                        "masterDefendantId": "6e1bef55-7e13-4615-b3f6-0000000000f2",
                        "offences": [{"offenceCode": "PH97010", "judicialResults": [_RESULT]}],
                        "defendantCaseJudicialResults": [_RESULT],
                    }
                ],
            }
        ],
        "defendantJudicialResults": [
            {"masterDefendantId": "6e1bef55-7e13-4615-b3f6-0000000000f2", "judicialResult": _RESULT}
        ],
    },
}
"""Made messages, so that the test lives without the public ones."""

JUNK_BYTES = (
    b"\0", b"\xff", b"\xed\xa0\x80", b"<", b"]]>", b"&#0;", b"&x;", b"<!DOCTYPE a>", b"<!--", b"\xef\xbb\xbf", b'"',
    b"\\", b"\\ud800", b"{", b"[", b"}", b"]", b",", b":", b"1e999", b"-", b"null", b"{{ x }}", b"\r\n", b"&lt;",
)  # fmt: skip
JUNK_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**18, 1.5, "", " ", "\u00a0", "x" * 5000, "2020-13-45", "0000-00-00", "9999-12-31",
    "2020-02-03", "2020-02-03T25:00:00Z", "2020-03-29T01:30:00+01:00", "4583", "1000", "O457", "G - Granted", [], {},
    [[]], [None], [{}], {"id": {}}, "\ud7ff", "DATE_OF_HEARING", "00PP0000008", "urn", "ST19501A", "\u202e",
)  # fmt: skip
_ELEMENT = re.compile(rb"<([A-Za-z:]+)>[^<&]*</\1>|&lt;([A-Za-z:]+)&gt;[^<&]*&lt;/\2&gt;")
_TEXT = re.compile(rb"(>|&gt;)[^<&]*(<|&lt;)")
_SPOT = re.compile(rb"(?:>|&gt;)[^<&\s][^<&]*|(?:<|&lt;)/?[A-Za-z:]+")


def damaged_bytes(rng: random.Random, content: bytes) -> bytes:
    """Bytes flipped, cut off, repeated, taken out, junk put in, pieces swapped."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        end = min(len(content), at + rng.randint(1, 400))
        match rng.randrange(6):
            case 0 if at < len(content):
                content = content[:at] + bytes([content[at] ^ rng.randint(1, 255)]) + content[at + 1 :]
            case 1 if rng.random() < 0.3:
                content = content[:at]
            case 2:
                content = content[:at] + content[at:end] * 2 + content[end:]
            case 3:
                content = content[:at] + content[end:]
            case 4:
                content = content[:at] + rng.choice(JUNK_BYTES) * rng.choice((1, 1, 1, 50)) + content[at:]
            case _:
                spots = [m.span() for m in _SPOT.finditer(content)][:400]
                if spots:
                    (a, b), (c, d) = rng.choice(spots), rng.choice(spots)
                    content = content[:a] + content[c:d] + content[b:]
    return content


def damaged_values(rng: random.Random, content: bytes) -> bytes:
    """An XML message of the right form with wrong texts in it, and elements lost or repeated."""
    for _ in range(rng.randint(1, 5)):
        element = rng.choice([m.span() for m in _ELEMENT.finditer(content)] or [(0, 0)])
        start, end = element
        match rng.randrange(3):
            case 0:
                content = content[:start] + content[end:]
            case 1:
                content = content[:end] + content[start:end] + content[end:]
            case _:
                junk = str(rng.choice(JUNK_VALUES)).replace("&", "").replace("<", "").encode(errors="replace")
                new = _TEXT.sub(rb"\g<1>" + junk.replace(b"\\", b"") + rb"\g<2>", content[start:end], count=1)
                content = content[:start] + new + content[end:]
    return content


def damaged_json(rng: random.Random, seed: bytes) -> bytes:
    """A message of the right form with wrong things in it: values, keys and branches changed, lost, repeated."""
    whole = {"": orjson.loads(seed)}
    for _ in range(rng.randint(1, 5)):
        holder, key = _somewhere(rng, whole)
        match rng.randrange(5):
            case 0:
                holder[key] = rng.choice(JUNK_VALUES)
            case 1:
                del holder[key]
            case 2 if isinstance(holder, dict):
                holder[str(key) + rng.choice(("x", " ", "\u0000"))] = holder.pop(key)
            case 3 if isinstance(holder, list):
                holder.extend([holder[key]] * rng.choice((1, 2, 30)))
            case _:
                other, place = _somewhere(rng, whole)
                holder[key] = orjson.loads(_written(other[place]))
        if "" not in whole:
            return b""
    return _written(whole[""])


def _written(value: Any) -> bytes:
    """JSON; that of an empty object where branches were put into themselves too often to be written."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return b"{}"


def _somewhere(rng: random.Random, whole: Any) -> tuple[Any, Any]:
    holder: Any = whole
    key: Any = ""
    while rng.random() < 0.95:
        inside = holder[key]
        if isinstance(inside, dict) and inside:
            holder, key = inside, rng.choice(list(inside))
        elif isinstance(inside, list) and inside:
            holder, key = inside, rng.randrange(len(inside))
        else:
            break
    return holder, key


def _many_keys(number: int) -> bytes:
    return b",".join(b'"%d":0.1' % i for i in range(number))


def bombs(kind: str) -> list[Callable[[], bytes]]:
    """Inputs made to take time or memory, some just below a limit."""
    n = 19_000_000
    if kind == "spi":
        open_tag, close = MADE_SPI.split(b"3307")
        return [
            lambda: b"<a>" * (n // 3),
            lambda: b"<a " + b" ".join(b'b%d="1"' % i for i in range(100_000)) + b"/>",
            lambda: open_tag + b"3" * n + close,
            lambda: open_tag + b"&#51;" * (n // 5) + close,
            lambda: open_tag + b"<x/>" * (n // 4) + close,
            lambda: b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
            lambda: b"&lt;" * (n // 4),
            lambda: b"<!--" + b"-" * n,
            lambda: b" " * n,
            lambda: b"<a>" + b"&lt;a&gt;" * 100_000 + b"</a>",
        ]
    return [
        lambda: b"[" * n,
        lambda: b'{"a":' * (n // 5),
        lambda: b'{"hearing":{"id":"' + b"x" * n + b'"}}',
        lambda: b'{"hearing":[' + b"{}," * (n // 3) + b"{}]}",
        lambda: b'{"hearing":[' + b"1," * (n // 2) + b"1]}",
        lambda: b'{"hearing":[' + b'"a",' * (n // 4) + b"1]}",
        lambda: b'{"hearing":{' + b",".join(b'"%d":1' % i for i in range(1_500_000)) + b"}}",
        lambda: b'{"sharedTime":"2020-02-03T16:00:00Z","hearing":{"id":"x","a":{' + _many_keys(490_000) + b"}}}",
        lambda: b'{"sharedTime":"2020-02-03T16:00:00Z","hearing":{"id":"x","a":[' + b'{"":0.1},' * 99_000 + b"0]}}",
        lambda: b'{"sharedTime":"2020-02-03T16:00:00Z","hearing":{"id":"x","a":[' + b'"\xc3\xa9",' * 490_000 + b"0]}}",
        lambda: b'{"hearing":"' + b"\\u0041" * (n // 6) + b'"}',
        lambda: b" " * n,
        lambda: b'{"x":' + b"9" * n + b"}",
        lambda: b'"' + b"\\" * n,
    ]


def inputs(kind: str, count: int, seed: int, folder: Path) -> Iterator[bytes]:
    """`count` inputs, the same for the same seed; `folder` holds the bombs."""
    rng = random.Random(seed)
    if kind == "spi":
        seeds = [MADE_SPI, *(p.read_bytes() for p in sorted((SHARED / "spi").rglob("*.xml")))]
    else:
        seeds = [orjson.dumps(MADE_CP), *(p.read_bytes() for p in sorted((SHARED / "common-platform").rglob("*.json")))]
    hostile = sorted(folder.iterdir())
    for number in range(count):
        if number % BOMB_EVERY == 0:
            yield hostile[number // BOMB_EVERY % len(hostile)].read_bytes()
        elif rng.random() < 0.3:
            yield damaged_bytes(rng, rng.choice(seeds))
        else:
            yield (damaged_values if kind == "spi" else damaged_json)(rng, rng.choice(seeds))


def fault_of(reading: Reading) -> str:
    """What a reading does not keep of what every reading promises; empty where it keeps all."""
    if not (reading.statements or reading.refusals):
        return "passed over in silence"
    for refusal in reading.refusals:
        if refusal.reason not in REASONS or not re.fullmatch(r"[A-Za-z0-9/ ._\[\]-]{0,300}", refusal.place):
            return f"refusal without a known reason or a plain place: {refusal.reason}"
    keys = {s.statement_key: {(s.stated_at, s.payload_hash)} for s in reading.statements}
    for statement in reading.statements:
        if not statement.statement_complete and not reading.refusals:
            return "incomplete without a refusal"
        keys[statement.statement_key].add((statement.stated_at, statement.payload_hash))
    return "two statements of one key" if any(len(said) > 1 for said in keys.values()) else ""


def main(kind: str, count: int, seed: int) -> int:
    """Run the attack; 1 where an input breaks a rule."""
    with tempfile.TemporaryDirectory() as folder:
        # Made in another process, so that the memory measured here is that of reading.
        subprocess.run([sys.executable, __file__, f"bombs-{kind}", folder], check=True)
        return attack(kind, count, seed, Path(folder))


def attack(kind: str, count: int, seed: int, folder: Path) -> int:
    """See `main`; `folder` holds the bombs."""
    read = read_spi if kind == "spi" else read_common_platform
    first = MADE_SPI if kind == "spi" else orjson.dumps(MADE_CP)
    read(first, file="made", received_at=RECEIVED, texts=TEXTS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reasons: Counter[str] = Counter()
    slowest, refused = 0.0, 0
    for number, content in enumerate(inputs(kind, count, seed, folder)):
        started = time.process_time()  # of this process: a busy machine is no fault
        try:
            reading = read(content, file="made", received_at=RECEIVED, texts=TEXTS)
            fault = fault_of(reading)
        except Exception as error:
            fault, reading = f"raised {type(error).__name__}", Reading((), ())
        took = time.process_time() - started
        slowest = max(slowest, took)
        if fault or took > MOST_SECONDS:
            Path(f"/tmp/input-{kind}-{seed}-{number}").write_bytes(content)  # made content only
            sys.stderr.write(f"input {number} of seed {seed}: {fault or f'took {took:.1f} s'}; kept in /tmp\n")
            return 1
        refused += bool(reading.refusals)
        reasons.update(r.reason for r in reading.refusals)
    above = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    said = {"inputs": count, "refused": refused, "slowest": slowest, "memory": above, "reasons": dict(reasons)}
    sys.stdout.write(json.dumps(said) + "\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1].startswith("bombs-"):
        for position, bomb in enumerate(bombs(sys.argv[1].removeprefix("bombs-"))):
            (Path(sys.argv[2]) / f"{position:02}").write_bytes(bomb())
    else:
        sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
