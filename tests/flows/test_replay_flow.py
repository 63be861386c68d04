"""`courtstats quarantine replay` as a flow: landed, checked and recorded like any landing, dated as it was at first."""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from extract.contract import Reading, Refusal
from pipelines.settings import load_settings

pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url", "home")]
MESSAGE = """<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra">
<DC:Session><DC:CourtHearing><DC:Hearing><DC:CourtHearingLocation>B01EF01</DC:CourtHearingLocation>
<DC:DateOfHearing>2020-02-03</DC:DateOfHearing></DC:Hearing><DC:PSAcode>0576</DC:PSAcode></DC:CourtHearing>
<DC:Case><DC:PTIURN>01ZD0303208</DC:PTIURN><DC:Defendant>
<DC:ProsecutorReference>1101ZD0100000448754K</DC:ProsecutorReference><DC:Offence><DC:BaseOffenceDetails>
<DC:OffenceCode>ST19501</DC:OffenceCode></DC:BaseOffenceDetails><DC:Result><DC:ResultCode>{code}</DC:ResultCode>
</DC:Result></DC:Offence></DC:Defendant></DC:Case></DC:Session></DC:ResultedCaseMessage>"""
QUESTION, QUARTER = "stalking-protection-orders", (date(2020, 1, 1), date(2020, 3, 31))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


def older_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for an older version of the reader, which found no court in messages of a grant."""
    from extract import spi

    usual = spi.read_spi

    def worse(data: bytes, *, file: str, **how) -> Reading:
        if b">3307<" not in data:
            return usual(data, file=file, **how)
        return Reading((), (Refusal("no-court", file, "Session/CourtHearing", sha256(data).hexdigest()),))

    monkeypatch.setattr(spi, "read_spi", worse)


def land(path: Path, mapping: Path | None = None) -> None:
    from pipelines import landings
    from pipelines.times import parse_time

    request = landings.request_of([path], None, mapping, parse_time("2020-03-01", ""), None)
    landings.land(load_settings(), request, dry_run=False, waiting=lambda: None)


def test_a_message_that_a_newer_version_reads_is_counted_and_the_landing_is_recorded(
    command, home: Path, url: str, tmp_path: Path
) -> None:
    """Made messages: one was set aside by an older version; the amendment received later than it still wins."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    said = {"COURTSTATS_WAREHOUSE_URL": url}
    (inbox / "1.xml").write_text(MESSAGE.format(code="3307"))
    (inbox / "other.xml").write_text(MESSAGE.format(code="4506").replace("0303208", "0303209"))
    with pytest.MonkeyPatch.context() as older:
        older_reader(older)
        land(inbox)
    count = ("count", QUESTION, "--from", "2020-01-01", "--to", "2020-03-31", "--json")
    answer = json.loads(command(*count, home=home, **said).out)
    assert answer["value"] == 0
    assert any("quarantine" in note for note in answer["notes"])

    done = command("quarantine", "replay", home=home, **said)
    assert done.code == 0, done.err
    assert "Let go 1 of quarantine; 0 of what was meant held still." in done.out
    answer = json.loads(command(*count, home=home, **said).out)
    assert answer["value"] == 1
    assert not any("quarantine" in note for note in answer["notes"])
    status = json.loads(command("status", "--json", home=home, **said).out)
    assert status["records"]["held"] == 0
    assert status["warehouse"]["rows"]["landed_batch"] == 2

    again = command("quarantine", "replay", home=home, **said)
    assert (again.code, again.out) == (0, "Let go 0 of quarantine; 0 of what was meant held still.\n")

    (inbox / "2.xml").write_text(MESSAGE.format(code="2051"))
    command("land", inbox / "2.xml", "--received-at", "2020-03-02", home=home, **said)
    assert json.loads(command(*count, home=home, **said).out)["value"] == 0


def test_a_landing_that_cannot_be_repeated_stops_no_other(home: Path, tmp_path: Path) -> None:
    from pipelines.replay_quarantine import replay_quarantine

    mapping = tmp_path / "mis.toml"
    columns = "".join(f'{c} = "{c}"\n' for c in ("case_number", "hearing_date", "offence_code", "result"))
    mapping.write_text(f'schema = "courtstats/mapping@1"\nsource = "mis"\n[columns]\n{columns}')
    table = tmp_path / "mis.csv"
    table.write_text("case_number,hearing_date,offence_code,result\nC1,2020-02-03,?,3307\nC2,2020-02-03,ST19501,3307\n")
    message = tmp_path / "1.xml"
    message.write_text(MESSAGE.format(code="3307"))
    with pytest.MonkeyPatch.context() as older:
        older_reader(older)
        land(table, mapping)
        land(message)
    mapping.unlink()
    done = replay_quarantine()
    assert (done.let_go, done.still_held, len(done.faults)) == (1, 1, 1)
    assert "mis.toml" in done.faults[0]
