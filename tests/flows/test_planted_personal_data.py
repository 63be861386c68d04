"""A thousand made names, addresses, dates of birth and e-mail addresses go in; none may be found anywhere after.

Every person is planted where people stand in real inputs, and where they must never stand: in codes, dates,
references, free texts, broken files. Only a date of birth is not put in place of another date: nothing can tell them
apart there. Everything that courtstats keeps or says is searched: the records store
(Parquet read back too, because it is compressed), quarantine, the warehouse, Prefect's database and logs, what
every command prints.
"""

import gzip
import io
import json
import random
import re
import string
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.xdist_group("flows")
PEOPLE = 250  # of each four facts: a thousand
SHARED = PEOPLE * 2 // 5  # in one file of many lines, and in one array; the rest have files of their own
DATES = ("day", "convicted", "hearingDay", "orderedDate", "sharedTime")


@dataclass(frozen=True)
class Person:
    """A made person: no such person, place or address exists."""

    name: str
    address: str
    born: str
    email: str

    @property
    def facts(self) -> tuple[str, ...]:
        return self.name, self.address, self.born, self.email

    def instead_of(self, place: str, number: int) -> str:
        """A fact to put where `place` should stand."""
        fact = self.facts[number // 2 % 4]
        return self.name if fact == self.born and place in DATES else fact


def _word(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(length))


def people() -> list[Person]:
    rng = random.Random(20200120)
    found = []
    for number in range(PEOPLE):
        given, family, street = (_word(rng, 9).capitalize() for _ in range(3))
        born = f"{1901 + number // 12}-{1 + number % 12:02}-{rng.randint(1, 28):02}"
        email = f"{given.lower()}@{_word(rng, 8)}.example"
        found.append(Person(f"{given} {family}", f"{rng.randint(1, 99)} {street} Lane", born, email))
    return found


# --- inputs ------------------------------------------------------------------------------------------

SPI = """<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra"><DC:Session><DC:CourtHearing>
<DC:Hearing><DC:CourtHearingLocation>{court}</DC:CourtHearingLocation><DC:DateOfHearing>{day}</DC:DateOfHearing>
</DC:Hearing><DC:PSAcode>{lja}</DC:PSAcode></DC:CourtHearing><DC:Case><DC:PTIURN>{urn}</DC:PTIURN><DC:Defendant>
<DC:ProsecutorReference>{asn}</DC:ProsecutorReference><DC:CourtIndividualDefendant><DC:PersonDefendant>
<DC:BasePersonDetails><DC:PersonName><DC:PersonFamilyName>{name}</DC:PersonFamilyName></DC:PersonName>
<DC:Birthdate>{born}</DC:Birthdate></DC:BasePersonDetails></DC:PersonDefendant><DC:Address><DC:SimpleAddress>
<DC:AddressLine1>{address}</DC:AddressLine1></DC:SimpleAddress></DC:Address><DC:Contact>{email}</DC:Contact>
</DC:CourtIndividualDefendant><DC:Offence><DC:BaseOffenceDetails><DC:OffenceCode>{offence}</DC:OffenceCode>
<DC:OffenceWording>{name} of {address}</DC:OffenceWording></DC:BaseOffenceDetails>
<DC:ConvictionDate>{convicted}</DC:ConvictionDate><DC:Finding>{finding}</DC:Finding><DC:Result>
<DC:ResultCode>{code}</DC:ResultCode><DC:ResultText>{text}</DC:ResultText></DC:Result></DC:Offence></DC:Defendant>
</DC:Case></DC:Session></DC:ResultedCaseMessage>"""
SPI_GOOD = {
    "court": "B01EF01", "day": "2020-02-03", "lja": "2576", "asn": "1101ZD0100000448754K", "offence": "ST19501",
    "convicted": "2020-02-03", "finding": "G", "code": "3307",
}  # fmt: skip
SPI_PLACES = ("court", "day", "lja", "urn", "asn", "offence", "convicted", "finding", "code")


def spi(person: Person, number: int) -> bytes:
    """A good message; every other one with a personal fact in place of a code, a date or a reference, or cut off."""
    said = SPI_GOOD | {"urn": f"01ZD{number:07}", "text": f"Not to contact {person.name}, {person.email}"}
    if number % 2:
        place = SPI_PLACES[number // 2 % len(SPI_PLACES)]
        said[place] = person.instead_of(place, number)
    said |= {"name": person.name, "born": person.born, "address": person.address, "email": person.email}
    content = SPI.format(**{k: escape(v) for k, v in said.items()}).encode()
    return content[: -1 - 3 * number] if number % 10 == 9 else content


def common_platform(person: Person, number: int) -> dict[str, Any]:
    """A share of a standalone application; every other one with a personal fact where it must not stand."""
    details = {
        "firstName": person.name,
        "dateOfBirth": person.born,
        "address": {"address1": person.address},
        "contact": {"primaryEmail": person.email},
    }
    identifier = f"6e1bef55-7e13-4615-b3f6-{number:012}"
    result = {
        "judicialResultId": identifier,
        "cjsCode": "3307",
        "label": "Stalking Protection Order" if number % 3 else f"Order against {person.name}",
        "resultText": f"SPO - Stalking Protection Order\n{person.name} must not go to {person.address}",
        "category": "FINAL",
        "orderedDate": "2020-02-04",
        "judicialResultPrompts": [{"label": "Protected person", "value": person.name}],
    }
    application: dict[str, Any] = {
        "id": identifier,
        "applicationReference": f"MADE{number}",
        "applicationParticulars": f"{person.name}, born {person.born}",
        "type": {"code": "ST19501", "linkType": "STANDALONE"},
        "subject": {"id": identifier, "personDetails": details},
        "applicant": {"personDetails": details, "prosecutingAuthority": {"prosecutionAuthorityOUCode": "0100000"}},
        "judicialResults": [result],
    }
    hearing: dict[str, Any] = {
        "id": identifier,
        "courtCentre": {"code": "B01LY00", "name": person.address},
        "hearingDays": [{"sittingDay": "2020-02-04T10:00:00.000Z"}],
        "courtApplications": [application],
        "defendantAttendance": [{"defendantId": identifier, "name": person.name}],
    }
    share: dict[str, Any] = {"sharedTime": "2020-02-04T16:00:00.000Z", "hearingDay": "2020-02-04", "hearing": hearing}
    places: tuple[tuple[dict[str, Any], str], ...] = (
        (share, "sharedTime"), (share, "hearingDay"), (hearing, "id"), (hearing["courtCentre"], "code"),
        (application, "id"), (application["type"], "code"), (application["subject"], "id"), (result, "cjsCode"),
        (result, "judicialResultId"), (result, "category"), (result, "orderedDate"), (share, "hearing"),
        (application["applicant"]["prosecutingAuthority"], "prosecutionAuthorityOUCode"), (result, "resultText"),
    )  # fmt: skip
    if number % 2:
        holder, key = places[number // 2 % len(places)]
        holder[key] = person.instead_of(key, number)
    return share


HEAD = ["case", "urn", "court", "force", "day", "who", "offence", "result", "text", "finding", "convicted", "address"]
MAPPING = """schema = "courtstats/mapping@1"
source = "made-extract"
[columns]
case_number = "case"
case_urn = "urn"
court_ou_code = "court"
police_force = "force"
hearing_date = "day"
defendant = "who"
offence_code = "offence"
result_code = "result"
result_text = "text"
finding = "finding"
conviction_date = "convicted"
"""


def row(person: Person, number: int) -> list[str]:
    """A row; every other one with a personal fact in one of its columns."""
    cells = [
        f"{number:07}", f"01ZD{number:07}", "B01EF01", "01", "2020-02-05", f"{number}", "ST19501", "3307",
        f"Order against {person.name}", "G", "2020-02-05", person.address,
    ]  # fmt: skip
    if number % 2:
        place = number // 2 % (len(HEAD) - 1)
        cells[place] = person.instead_of(HEAD[place], number)
    return cells


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of messages, archives, JSON lines and an extract, with a thousand facts about people in them."""
    folder = tmp_path_factory.mktemp("deliveries")
    everybody = people()
    (folder / "spi").mkdir()
    (folder / "cp").mkdir()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        for number, person in enumerate(everybody):
            content = spi(person, number)
            if number % 5 == 0:
                members.writestr(f"message-{number}.xml", content)
            else:
                (folder / "spi" / f"message-{number}.xml").write_bytes(content)
    (folder / "spi" / "many.zip").write_bytes(archive.getvalue()[:-7])  # cut off as well
    (folder / "spi" / "whole.zip").write_bytes(archive.getvalue())
    shares = [json.dumps(common_platform(person, number)).encode() for number, person in enumerate(everybody)]
    (folder / "cp" / "many.jsonl.gz").write_bytes(gzip.compress(b"\n".join([*shares[:SHARED], shares[0][:-9]])))
    (folder / "cp" / "array.json").write_bytes(b"[" + b",".join(shares[SHARED : 2 * SHARED]) + b"]")
    for number, share in enumerate(shares[2 * SHARED :], 2 * SHARED):
        (folder / "cp" / f"share-{number}.json").write_bytes(share)
    (folder / "cp" / "command.json").write_text(json.dumps({"caseId": everybody[0].name, "defendant": "x"}))
    rows = [HEAD, *(row(person, number) for number, person in enumerate(everybody))]
    (folder / "extract.csv").write_text("\n".join(";".join(cells) for cells in rows) + "\n" + ";".join(rows[1][:3]))
    (folder / "mapping.toml").write_text('delimiter = ";"\n' + MAPPING)
    (folder / "wrong.toml").write_text('delimiter = ";"\n' + MAPPING.replace('"day"', '"address"'))
    return folder


# --- what is searched --------------------------------------------------------------------------------

COMMANDS = (
    ["land", "{spi}"],
    ["land", "{cp}"],
    ["land", "{table}", "--mapping", "{mapping}"],
    ["land", "{table}", "--mapping", "{wrong}"],
    ["land", "{cp}", "--dry-run", "--json"],
    ["read", "{spi}"],
    ["read", "{cp}"],
    ["read", "{table}", "--mapping", "{mapping}"],
    ["quarantine", "--json"],
    ["quarantine", "show", "--json"],
    ["quarantine", "replay"],
    ["store", "--json"],
    ["coverage", "--json"],
    ["status", "--json"],
    ["count", "stalking-protection-orders", "--period", "2020Q1", "--json"],
    ["run", "stalking-protection-orders", "--period", "2020Q1"],
    ["figures", "stalking-protection-orders", "--json"],
    ["units", "stalking-protection-orders", "--period", "2020Q1", "--json"],
    ["explain", "stalking-protection-orders"],
    ["quality", "--inspect", "--json"],
    ["quality", "--text", "--report", "{report}"],
    ["alerts", "--dry-run", "--json"],
    ["store", "compact"],
)


def kept(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file under a home, as it lies and, where it is Parquet, as it reads."""
    for path in sorted(p for p in home.rglob("*") if p.is_file()):
        yield str(path.relative_to(home)), path.read_bytes()
        if path.suffix == ".parquet":
            with duckdb.connect() as con:
                rows = con.execute("select * from read_parquet($file)", {"file": str(path)}).fetchall()
            yield f"{path.relative_to(home)} read", repr(rows).encode()


PIECE = re.compile(rb"(?=([a-z]{9}|[0-9]{4}-[0-9]{2}-[0-9]{2}))")
"""Every fact has a piece of this kind: a given or family name, a street (nine letters each), or a date."""


def pieces(content: bytes) -> set[bytes]:
    """Every such piece wherever it stands, in other words too."""
    return set(PIECE.findall(content.lower()))


def test_of_a_thousand_planted_facts_none_is_kept_or_said(
    command: Callable[..., Any], deliveries: Path, prefect_database: Path, tmp_path: Path
) -> None:
    places = {
        "spi": deliveries / "spi",
        "cp": deliveries / "cp",
        "table": deliveries / "extract.csv",
        "mapping": deliveries / "mapping.toml",
        "wrong": deliveries / "wrong.toml",
        "report": tmp_path / "home" / "report",
    }
    said: list[tuple[str, bytes]] = []
    for words in COMMANDS:
        done = command(*(word.format(**places) for word in words), home=tmp_path / "home")
        assert "Traceback" not in done.err, (words, done.err)
        said.append((" ".join(words), (done.out + done.err).encode()))
    said += kept(tmp_path / "home")
    said += kept(prefect_database.parent)

    facts = [fact for person in people() for fact in person.facts]
    assert len(set(facts)) == 4 * PEOPLE
    assert all(PIECE.search(fact.lower().encode()) for fact in facts)
    inputs = b"".join(p.read_bytes() for p in sorted(deliveries.rglob("*")) if p.suffix in (".xml", ".csv", ".json"))
    assert sum(fact.encode() in inputs for fact in facts) > 3.6 * PEOPLE, "the facts are in the inputs"
    planted = pieces("\n".join(facts).encode())
    found = {place: here for place, content in said if (here := planted & pieces(content))}
    assert not found, f"{sum(map(len, found.values()))} pieces of facts found in {list(found)[:10]}"

    landed = json.loads(dict(said)["count stalking-protection-orders --period 2020Q1 --json"])
    assert landed["value"], "what was good was landed and counted"
