"""`read` and `land --dry-run` on every kind of file: the same lines as for the plain messages, nothing written."""

import gzip
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

MESSAGE = """<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra"><DC:Session><DC:CourtHearing>
<DC:Hearing><DC:CourtHearingLocation>B01EF01</DC:CourtHearingLocation><DC:DateOfHearing>2020-02-03</DC:DateOfHearing>
</DC:Hearing></DC:CourtHearing><DC:Case><DC:PTIURN>01ZD000000{n}</DC:PTIURN><DC:Defendant><DC:Offence>
<DC:BaseOffenceDetails><DC:OffenceCode>ST19501</DC:OffenceCode></DC:BaseOffenceDetails><DC:Result>
<DC:ResultCode>3307</DC:ResultCode><DC:ResultText>MADE</DC:ResultText></DC:Result></DC:Offence></DC:Defendant></DC:Case>
</DC:Session></DC:ResultedCaseMessage>"""
NOT_OF_THE_CONTENT = ("source_file", "received_at", "stated_at")


def hearing(number: int) -> dict:
    application = {
        "id": f"3333333{number}-3333-4333-8333-333333333333",
        "type": {"code": "ST19501", "linkType": "STANDALONE"},
        "subject": {"id": "44444444-4444-4444-8444-444444444444"},
        "judicialResults": [{"cjsCode": "3307", "label": "Stalking Protection Order", "orderedDate": "2020-02-03"}],
    }
    return {
        "hearing": {
            "id": f"1111111{number}-1111-4111-8111-111111111111",
            "courtCentre": {"code": "B01LY00"},
            "hearingDays": [{"sittingDay": "2020-02-03T10:00:00.000Z"}],
            "courtApplications": [application],
        },
        "sharedTime": "2020-02-03T15:00:00.000Z",
    }


@pytest.fixture(scope="module")
def inboxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of made messages: plain, and in every packing."""
    root = tmp_path_factory.mktemp("inboxes")
    kinds = {
        "spi": {f"{n}.xml": MESSAGE.format(n=n).encode() for n in (1, 2, 3)},
        "cp": {f"{n}.json": json.dumps(hearing(n)).encode() for n in (1, 2, 3)},
    }
    for kind, messages in kinds.items():
        for packing in ("plain", "zip", "tar.gz", "gz", "jsonl", "json"):
            (root / f"{kind} {packing}").mkdir()
        for name, data in messages.items():
            (root / f"{kind} plain" / name).write_bytes(data)
            (root / f"{kind} gz" / f"{name}.gz").write_bytes(gzip.compress(data))
        with zipfile.ZipFile(root / f"{kind} zip" / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in messages.items():
                archive.writestr(name, data)
        with tarfile.open(root / f"{kind} tar.gz" / "a.tar.gz", "w:gz") as archive:
            archive.add(root / f"{kind} plain", ".")
    (root / "cp jsonl" / "a.jsonl").write_bytes(b"\n".join(kinds["cp"].values()))
    (root / "cp json" / "a.json").write_bytes(b"[" + b",".join(kinds["cp"].values()) + b"]")
    return root


def records(out: str) -> list[str]:
    lines = [json.loads(line) for line in out.splitlines()]
    return sorted(repr({k: v for k, v in line.items() if k not in NOT_OF_THE_CONTENT}) for line in lines)


@pytest.mark.xdist_group("commands")
@pytest.mark.parametrize("kind", ["spi", "cp"])
def test_read_shows_the_same_records_of_every_packing(command, inboxes: Path, tmp_path: Path, kind: str) -> None:
    plain = command("read", inboxes / f"{kind} plain", home=tmp_path / "home")
    assert plain.code == 0 and len(records(plain.out)) == 3
    for packing in ["zip", "tar.gz", "gz"] + (["jsonl", "json"] if kind == "cp" else []):
        packed = command("read", inboxes / f"{kind} {packing}", home=tmp_path / "home")
        assert (packed.code, records(packed.out)) == (0, records(plain.out)), packing


@pytest.mark.xdist_group("commands")
def test_a_dry_run_says_what_an_archive_would_land_and_writes_nothing(
    command, inboxes: Path, tmp_path: Path, contents
) -> None:
    done = command("land", inboxes / "cp zip", "--dry-run", "--json", home=tmp_path / "home")
    said = json.loads(done.out)
    assert (said["statements"], said["source_format"], said["files"]) == (3, "common-platform", 1)
    assert contents(tmp_path) == {}


@pytest.mark.xdist_group("commands")
def test_a_format_that_is_not_read_is_refused_with_those_that_are(command, inboxes: Path, tmp_path: Path) -> None:
    done = command("read", inboxes / "cp zip", "--format", "xml", home=tmp_path / "home")
    assert done.code == 2
    assert "neither spi, common-platform nor table" in " ".join(done.err.split())


@pytest.mark.xdist_group("commands")
@pytest.mark.parametrize("option", ["--covers", "--mapping"])
def test_options_of_tables_have_no_use_for_hearings(command, inboxes: Path, tmp_path: Path, option: str) -> None:
    value = "2020-01-01..2020-01-02" if option == "--covers" else "m.toml"
    done = command("land", inboxes / "cp plain", option, value, "--dry-run", home=tmp_path / "home")
    assert done.code == 3
    assert done.faults == [f"{option}: is for table extracts, these are messages. Leave it out."]


@pytest.mark.xdist_group("commands")
def test_a_number_of_workers_that_is_none_is_a_setting_to_correct(command, inboxes: Path, tmp_path: Path) -> None:
    for value in ("0", "many", "65", "-1"):
        done = command("read", inboxes / "cp plain", home=tmp_path / "home", COURTSTATS_WORKERS=value)
        assert done.code == 2
        assert "COURTSTATS_WORKERS" in done.err and "from 1 to 64" in done.err
