"""The demo's files read a second time, slowly and in plain Python, for the rule written out anew beside this.

Nothing of extract, transform or sql takes part. Every part of the rule is a field of `Rule`, so that it
can be broken.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from pipelines.synthetic import Delivery, DemoPlan, write_demo

LIBRA = "{http://www.dca.gov.uk/xmlschemas/libra}"
TABLE_TRAPS = {
    "SY-900001": "table-spo-and-granted",
    "SY-900002": "table-word-granted-and-day-first",
    **dict.fromkeys((f"SY-90000{n}" for n in (3, 4, 5, 6)), "table-not-granted"),
    **dict.fromkeys((f"SY-90000{n}" for n in (7, 8)), "table-short-codes-alone"),
    "": "table-and-message",
}
READING = (
    *("entered_in_error", "next_hearing", "salvage", "drop_incomplete", "cases", "wrappers"),
    *("table", "month_first", "covers"),
)
"""Fields of `Rule` that matter when files are read; files are read once for each choice of them."""


@dataclass(frozen=True)
class Rule:
    """The letter's rule, and the ways of getting each part of it wrong."""

    first: date = date(2020, 1, 1)
    last: date = date(2020, 3, 31)
    unit: str = "case"
    spo: bool = True
    interim: bool = False
    granted: str = "whole text"
    every_result: bool = False
    offences: str = "exact"
    tie: str = "offence code"
    beside_interim: bool = True
    scope: str = "period"
    dated_by: str = "first"
    known_at: datetime | None = None
    amendments: str = "last"
    repeats: str = "skipped"
    court_length: int = 5
    entered_in_error: bool = True
    fold_urn: bool = True
    next_hearing: bool = False
    salvage: bool = False
    drop_incomplete: bool = False
    cases: str = "all"
    wrappers: tuple[str, ...] = ("deliver", "route", "bare", "soap")
    table: bool = True
    month_first: bool = False
    covers: bool = True
    short_codes: tuple[str, ...] = ("SPO", "G", "GRANTED")
    dummy_asn: bool = True
    fold_offence: bool = True
    table_own_cases: bool = False


@dataclass(frozen=True)
class Said:
    """One statement as read: who, where, when, and (offence code, result code, short code, text) per result."""

    trap: str
    file: str
    received_at: datetime
    envelope: str
    content: str
    day: date
    court: str
    urn: str
    case_number: str
    person: str
    results: tuple[tuple[str, str, str, str], ...]


def text(element: Any, path: str) -> str:
    found = element.find("/".join(LIBRA + step for step in path.split("/")))
    return (found.text or "").strip() if found is not None else ""


def plain(element: Any) -> Any:
    """An element without its prefixes, comments and layout."""
    children = [plain(child) for child in element if isinstance(child.tag, str)]
    return etree.QName(element).localname, (element.text or "").strip(), children


def parse(content: bytes, rule: Rule) -> Any:
    return etree.fromstring(content, etree.XMLParser(recover=rule.salvage, resolve_entities=False))


def unwrap(data: bytes, rule: Rule) -> tuple[str, str, Any]:
    """(wrapper, envelope id, ResultedCaseMessage) of a file."""
    root, wrapper = parse(data, rule), ""
    kind = etree.QName(root).localname
    if kind == "Envelope":
        wrapper, kind = "soap", "RouteData"
        root = parse(next(e.text for e in root.iter() if e.text and e.text.strip().startswith("<")).encode(), rule)
    if kind == "RouteData":
        carried = next(root.iter("{*}DataStreamContent")).text
        carried = re.sub(r"^\s*<!--.*?-->\s*", "", carried, flags=re.DOTALL)
        return wrapper or "route", next(root.iter("{*}SystemDataStreamID")).text, parse(carried.encode(), rule)
    if kind == "DeliverRequest":
        return "deliver", next(root.iter("{*}MessageIdentifier")).text, next(root.iter(LIBRA + "ResultedCaseMessage"))
    return "bare", "", root


def read_messages(folder: Path, delivery: Delivery, traps: dict[str, str], rule: Rule) -> Iterator[Said]:
    for path in sorted(delivery.path.glob("*.xml")):
        name = path.relative_to(folder).as_posix()
        try:
            wrapper, envelope, message = unwrap(path.read_bytes(), rule)
        except etree.XMLSyntaxError:
            continue
        if wrapper not in rule.wrappers:
            continue
        session = message.find(LIBRA + "Session")
        written = text(session, "CourtHearing/Hearing/DateOfHearing")
        dates = [e.text for e in message.iter(LIBRA + "DateOfHearing")]
        if rule.next_hearing or (rule.salvage and not written[:1].isdigit()):
            written = dates[-1]
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", written):
            continue
        content = hashlib.sha256(repr(plain(message)).encode()).hexdigest()
        cases = session.findall(LIBRA + "Case")
        for index, case in enumerate(cases if rule.cases == "all" else cases[:1]):
            defendant = case.find(LIBRA + "Defendant")
            results, complete = [], True
            for offence in defendant.findall(LIBRA + "Offence"):
                code = text(offence, "BaseOffenceDetails/OffenceCode")
                complete = complete and bool(code)
                found = [
                    (code, text(r, "ResultCode"), "", text(r, "ResultText")) for r in offence.findall(LIBRA + "Result")
                ]
                if code and not (rule.entered_in_error and any(r[1] == "4583" for r in found)):
                    results += found
            if complete or not rule.drop_incomplete:
                yield Said(
                    trap=traps.get(name, ""),
                    file=name,
                    received_at=delivery.received_at,
                    envelope=envelope,
                    content=f"{content}:{index}",
                    day=date.fromisoformat(written),
                    court=text(session, "CourtHearing/Hearing/CourtHearingLocation"),
                    urn=text(case, "PTIURN"),
                    case_number="",
                    person=text(defendant, "ProsecutorReference"),
                    results=tuple(results),
                )


def read_table(folder: Path, delivery: Delivery, rule: Rule) -> Iterator[Said]:
    assert delivery.covers
    with delivery.path.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            one, two, year = (int(part) for part in row["Hearing Date"].split("/"))
            day = date(year, one, two) if rule.month_first and one <= 12 else date(year, two, one)
            if rule.covers and not rule.month_first and not delivery.covers[0] <= day <= delivery.covers[1]:
                continue
            words = row["Result Text"] or row["Result Code"]
            yield Said(
                trap=TABLE_TRAPS.get(row["Case Number"], ""),
                file=delivery.path.relative_to(folder).as_posix(),
                received_at=delivery.received_at,
                envelope="",
                content=f"row {number}",
                day=day,
                court=row["Court"],
                urn=row["URN"],
                case_number=row["Case Number"],
                person=row["Defendant No"],
                results=((row["Offence Code"], "", row["Result Code"].upper(), words),),
            )


def read(demo: tuple[Path, DemoPlan], rule: Rule) -> list[Said]:
    """Everything that the files say, in the order of receipt."""
    folder, plan = demo
    traps = {file: trap.name for trap in plan.traps for file in trap.files if file.endswith(".xml")}
    said: list[Said] = []
    for delivery in plan.deliveries:
        if delivery.format == "spi":
            said += read_messages(folder, delivery, traps, rule)
        elif rule.table:
            said += read_table(folder, delivery, rule)
    return said


@dataclass(frozen=True)
class Facts:
    """What the letter's quarter of the demo is, stated once for every way of counting it.

    `known` is the number after each delivery; `weak` says how many rest on a message's own key (dummy references).
    """

    months: dict[str, int]
    types: dict[str, int]
    evidence: dict[str, int]
    weak: int
    known: dict[str, int]


@pytest.fixture(scope="session")
def facts() -> Facts:
    """27 cases, and how they fall."""
    return Facts(
        months={"2020-01": 5, "2020-02": 8, "2020-03": 14},
        types={"new": 25, "vary": 2},
        evidence={"order": 18, "granted-alone": 8, "granted-beside-interim": 1},
        weak=3,
        known={"1-spi-first": 25, "2-table": 29, "3-spi-amended": 28, "4-spi-withdrawn": 26, "5-spi-restored": 27},
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoPlan]:
    """The demo's folder and plan."""
    folder = tmp_path_factory.mktemp("synthetic") / "demo"
    return folder, write_demo(folder)


@pytest.fixture(scope="session")
def reading(demo: tuple[Path, DemoPlan]) -> Callable[..., tuple[Rule, list[Said]]]:
    """The right rule but for the changes given, and what the files say when read by it."""
    said: dict[Any, list[Said]] = {}

    def read_by(**changes: Any) -> tuple[Rule, list[Said]]:
        rule = Rule(**changes)
        choice = tuple(getattr(rule, name) for name in READING)
        if choice not in said:
            said[choice] = read(demo, rule)
        return rule, said[choice]

    return read_by
