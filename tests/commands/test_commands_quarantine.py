"""`courtstats quarantine`: what is held, read again after a fix, let go; and never what it says."""

import gzip
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from extract import holding, store
from extract.contract import STATEMENT_ORDER, Reading, Refusal
from extract.reasons import REASONS, REMEDIES
from extract.store import Landing
from pipelines import landings, quarantine, replaying
from pipelines.quarantine import Wanted
from pipelines.replaying import Replayed
from pipelines.settings import Settings, load_settings

pytestmark = pytest.mark.xdist_group("commands")
ROOT = Path(__file__).resolve().parents[2]
PERSON = "PLANTED-PERSON"
"""Stands for a name, wherever a message or row can hold one."""
MESSAGE = """<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra">
<DC:Session><DC:CourtHearing><DC:Hearing><DC:CourtHearingLocation>{court}</DC:CourtHearingLocation>
<DC:DateOfHearing>2020-02-03</DC:DateOfHearing></DC:Hearing><DC:PSAcode>0576</DC:PSAcode></DC:CourtHearing>
<DC:Case><DC:PTIURN>01ZD0303208</DC:PTIURN><DC:Defendant><DC:PersonGivenName1>PLANTED-PERSON</DC:PersonGivenName1>
<DC:ProsecutorReference>1101ZD0100000448754K</DC:ProsecutorReference><DC:Offence><DC:BaseOffenceDetails>
<DC:OffenceCode>{offence}</DC:OffenceCode></DC:BaseOffenceDetails><DC:Result><DC:ResultCode>{code}</DC:ResultCode>
<DC:ResultText>PLANTED-PERSON</DC:ResultText></DC:Result></DC:Offence></DC:Defendant></DC:Case></DC:Session>
</DC:ResultedCaseMessage>"""
MAPPING = """schema = "courtstats/mapping@1"
source = "mis"
[columns]
case_number = "Case"
hearing_date = "Day"
offence_code = "Offence"
result = "Result"
"""
HEADER = "Case,Day,Offence,Result\n"
GOOD, BAD = "C1,2020-02-03,ST19501,3307\n", "C2,2020-02-03,PLANTED-PERSON,3307\n"
FIRST, SECOND = datetime(2020, 3, 1, 9, tzinfo=UTC), datetime(2020, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return load_settings({"COURTSTATS_HOME": str(tmp_path / "home")})


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "mis.toml").write_text(MAPPING)
    return tmp_path / "inbox"


@pytest.fixture
def land(here: Settings, inbox: Path) -> Callable[..., Landing]:
    """Land files as the command does, as received at a time."""

    def go(
        *paths: Path,
        at: datetime | None = None,
        covers: tuple[date, date] | None = None,
        format: str | None = None,
    ) -> Landing:
        table = any(p.suffix == ".csv" for path in paths for p in ([path] if path.is_file() else path.iterdir()))
        mapping = inbox.parent / "mis.toml" if table else None
        request = landings.request_of(paths or [inbox], format, mapping, at, covers)
        return landings.land(here, request, dry_run=False, waiting=lambda: None)

    return go


def message(path: Path, code: str = "3307", court: str = "B01EF01", offence: str = "ST19501") -> Path:
    """A made message."""
    path.write_text(MESSAGE.format(code=code, court=court, offence=offence))
    return path


def cut(path: Path) -> Path:
    """A made message of which the end was lost."""
    path.write_text(MESSAGE.format(code="3307", court="B01EF01", offence="ST19501")[:-20])
    return path


def replay(settings: Settings, wanted: Wanted | None = None) -> Replayed:
    """What the flow does, without Prefect and the checks."""
    entries = quarantine.record(settings, wanted or Wanted())
    planned = replaying.plan(settings, entries)
    made, faults = [], []
    for portion in planned.portions:
        try:
            made.append(landings.land(settings, portion.request, dry_run=False, waiting=lambda: None))
        except Exception as fault:
            faults += replaying.said(fault)
    return replaying.outcome(settings, planned, entries, made, faults)


def held(settings: Settings) -> list[str]:
    return [s.reason for s in quarantine.record(settings, Wanted())]


def counting_codes(settings: Settings) -> list[str | None]:
    """Result code of the statement that counts, for each key."""
    with duckdb.connect() as con:
        files = list(store.known_files(settings.store))
        order = f"row({', '.join(STATEMENT_ORDER)})"
        query = f"select arg_max(result_code, {order}) from read_parquet($files) group by statement_key order by all"
        return [code for (code,) in con.execute(query, {"files": files}).fetchall()]


def reads_more(monkeypatch: pytest.MonkeyPatch, court: str) -> None:
    """Stand in for a new version of the reader: a message without a court is of this one."""
    from extract import spi

    usual = spi.read_spi

    def better(data: bytes, **how) -> Reading:
        text = data.replace(b"<DC:CourtHearingLocation></", f"<DC:CourtHearingLocation>{court}</".encode())
        return usual(text, **how)

    monkeypatch.setattr(spi, "read_spi", better)


def reads_no_court(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for an older version of the reader, which found no court in any message."""
    from extract import spi

    def worse(data: bytes, *, file: str, **_how) -> Reading:
        content_hash = sha256(data).hexdigest()
        return Reading((), (Refusal("no-court", file, "Session/CourtHearing", content_hash, date(2020, 2, 3)),))

    monkeypatch.setattr(spi, "read_spi", worse)


# --- what the commands say ------------------------------------------------------------------------


def test_nothing_is_held_where_nothing_was_landed(command, tmp_path: Path) -> None:
    for words in (["quarantine"], ["quarantine", "show"], ["quarantine", "replay", "--dry-run"]):
        done = command(*words, home=tmp_path / "home")
        assert done.code == 0, done.err
    assert not (tmp_path / "home").exists()


def test_the_summary_counts_by_reason_source_and_day_and_says_what_to_do(command, here, land, inbox: Path) -> None:
    cut(inbox / "1.xml")
    message(inbox / "2.xml", offence="")
    land(at=FIRST)
    done = command("quarantine", home=here.home)
    assert done.code == 0
    assert f"malformed-xml: 1 held. {REASONS['malformed-xml']}. {REMEDIES['malformed-xml']}." in done.out
    said = json.loads(command("quarantine", "--json", home=here.home).out)
    assert (said["schema"], said["held"], said["let_go"]) == ("courtstats/quarantine@1", 2, 0)
    assert [(g["reason"], g["source"], g["hearing_day"], g["held"]) for g in said["groups"]] == [
        ("malformed-xml", "spi", None, 1), ("no-offence-code", "spi", "2020-02-03", 1),
    ]  # fmt: skip
    assert said["groups"][0]["first_received_at"].startswith("2020-03-01T09:00")
    status = command("status", home=here.home)
    assert "2 set aside and held: courtstats quarantine" in status.out
    assert json.loads(command("status", "--json", home=here.home).out)["records"]["held"] == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], 2),
        (["--reason", "malformed-xml"], 1),
        (["--source", "spi"], 2),
        (["--source", "other"], 0),
        (["--day", "2020-02-03"], 1),
        (["--day", "unknown"], 1),
        (["--reason", "malformed-xml", "--day", "2020-02-03"], 0),
        (["--limit", "1"], 1),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_show_lists_what_is_chosen_by_file_and_place(
    words: list[str], expected: int, command, here, land, inbox: Path
) -> None:
    cut(inbox / "1.xml")
    message(inbox / "2.xml", offence="")
    land(at=FIRST)
    said = json.loads(command("quarantine", "show", *words, "--json", home=here.home).out)
    assert len(said["entries"]) == expected
    assert said["not_shown"] == (1 if "--limit" in words else 0)
    places = {"1.xml": "file", "2.xml": "Case 1/Offence 1/OffenceCode"}
    for entry in said["entries"]:
        assert entry["place"] == places[entry["file"]]
        assert entry["origin"] == str(inbox / entry["file"])


def test_content_chooses_by_the_beginning_of_the_hash_that_show_shows(command, here, land, inbox: Path) -> None:
    cut(inbox / "1.xml")
    message(inbox / "2.xml", court="")
    land(at=FIRST)
    short = command("quarantine", "show", "--reason", "no-court", home=here.home).out.split("no-court")[1].split()[0]
    said = json.loads(command("quarantine", "show", "--content", short, "--json", home=here.home).out)
    assert [e["file"] for e in said["entries"]] == ["2.xml"]


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["--reason", "malformed-xlm"], 3, "malformed-xml"),
        (["--day", "soon"], 2, "is no date"),
        (["show", "--day", "2020-02-30"], 2, "is no date"),
        (["--source", "spi", "show"], 2, "after `show`"),
        (["release", "--because", "x"], 3, "everything would be let go"),
        (["release", "--because", " ", "--day", "unknown"], 3, "no reason is given"),
        (["release", "--because", "x", "--day", "unknown"], 3, "nothing of that is held"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_what_is_asked_wrongly_is_said_with_what_to_do(words, code: int, expected: str, command, tmp_path) -> None:
    done = command("quarantine", *words, home=tmp_path / "home")
    assert (done.code, expected in done.err) == (code, True), done.err


def test_nothing_of_what_was_refused_is_shown_or_kept(command, here, land, inbox: Path) -> None:
    cut(inbox / "1.xml")
    message(inbox / "2.xml", offence=PERSON)
    land(at=FIRST)
    table = inbox.parent / "mis.csv"
    table.write_text(HEADER + GOOD + BAD + f"C3,{PERSON},ST19501,3307\n" + f"{PERSON}\n")
    land(table, at=SECOND)
    assert len(held(here)) == 5
    for words in (["quarantine"], ["quarantine", "show"], ["quarantine", "replay", "--dry-run"]):
        for form in ([], ["--json"]):
            done = command(*words, *form, home=here.home)
            assert PERSON not in done.out + done.err
            assert "bad-offence-code" in done.out or "held" in done.out
    for file in (p for p in here.home.rglob("*") if p.is_file()):
        assert PERSON.encode() not in file.read_bytes(), file.name
    files = [str(p) for p in (here.store / "quarantine").glob("*.parquet")]
    assert PERSON not in str(duckdb.connect().execute("from read_parquet($files)", {"files": files}).fetchall())


# --- reading it again -----------------------------------------------------------------------------


def test_a_better_reader_reads_what_was_held_and_a_second_replay_finds_nothing(
    here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message(inbox / "1.xml", court="")
    land(at=FIRST)
    still = replay(here)
    assert (still.let_go, still.still_held, store.newest_batch(here.store)) == (0, 1, 1)  # nothing is new as yet
    reads_more(monkeypatch, "B01EF01")
    done = replay(here)
    assert (done.let_go, done.still_held, held(here)) == (1, 0, [])
    assert (done.landings[0].statements, done.landings[0].received_at) == (1, FIRST)
    again = replay(here)
    assert (again.landings, again.let_go, store.newest_batch(here.store)) == ((), 0, 2)


def test_what_is_read_again_does_not_come_before_an_amendment_received_meanwhile(
    here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of the first is refused, the one of the second, which withdraws the order, is not."""
    land(message(inbox / "1.xml", code="3307", court=""), at=FIRST)
    land(message(inbox / "2.xml", code="2051"), at=SECOND)
    reads_more(monkeypatch, "B01EF01")
    assert replay(here).let_go == 1
    assert counting_codes(here) == ["2051"]


def test_a_part_that_can_be_read_now_makes_its_statement_whole(
    here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extract import spi_offences

    land(message(inbox / "1.xml", code="XYZ"), at=FIRST)
    assert (held(here), counting_codes(here)) == (["bad-result-code"], [None])
    import re

    monkeypatch.setattr(spi_offences, "_RESULT_CODE_FORM", re.compile("[0-9A-Z]{1,4}"))
    done = replay(here)
    assert (done.let_go, done.landings[0].statements, counting_codes(here)) == (1, 1, ["XYZ"])
    assert replay(here).landings == ()


def test_replay_reads_only_what_is_held_of_an_archive(here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(inbox / "all.zip", "w") as archive:
        for name, court in (("a/1.xml", "B01EF01"), ("a/2.xml", "")):
            archive.writestr(name, MESSAGE.format(code="3307", court=court, offence="ST19501"))
    first = land(inbox / "all.zip", at=FIRST)
    assert (first.statements, first.refused) == (1, {"no-court": 1})
    reads_more(monkeypatch, "B02EF01")
    done = replay(here)
    assert (done.let_go, done.landings[0].statements, done.landings[0].repeated) == (1, 1, 0)
    assert len(counting_codes(here)) == 2


def test_a_line_that_was_cut_short_is_let_go_once_its_file_is_fetched_again_and_landed(here, land, inbox) -> None:
    """Made Common Platform hearings without results, a line each."""
    shares = [
        json.dumps(
            {
                "hearing": {
                    "id": f"0b9d6a7e-7d0f-4c9e-8f6b-0000000000{n:02}",
                    "courtCentre": {"code": "B01EF00"},
                    "hearingDays": [{"sittingDay": "2020-02-03T10:00:00Z"}],
                    "prosecutionCases": [],
                },
                "sharedTime": "2020-02-03T16:00:00Z",
                "hearingDay": "2020-02-03",
            }
        )
        for n in range(4)
    ]
    feed = inbox / "feed.jsonl"
    feed.write_text("\n".join([*shares[:2], shares[2][:-9], shares[3]]))
    first = land(feed, at=FIRST)
    assert (first.statements, first.refused) == (3, {"malformed-json": 1})
    (line,) = quarantine.record(here, Wanted())
    assert (line.file, line.source_format) == ("feed.jsonl#3", "common-platform")
    assert replay(here).let_go == 0
    feed.write_text("\n".join(shares))
    done = replay(here)
    assert (done.let_go, done.landings, done.plan.changed) == (0, (), (str(feed),))
    done = land(feed, at=SECOND)
    assert (done.released, done.statements, done.repeated) == (1, 1, 3)
    assert land(inbox).batch is None


def test_files_that_are_gone_are_named_and_stay_held(command, here, land, inbox: Path) -> None:
    cut(inbox / "1.xml").rename(inbox / "2.xml")
    land(at=FIRST)
    (inbox / "2.xml").rename(inbox / "3.xml")
    done = command("quarantine", "replay", home=here.home)
    assert done.code == 3
    assert f"{inbox / '2.xml'} is gone" in done.out
    assert held(here) == ["malformed-xml"]


def test_a_file_that_has_changed_is_named_and_left_to_a_landing_which_lets_it_go(here, land, inbox: Path) -> None:
    cut(inbox / "1.xml")
    land(at=FIRST)
    message(inbox / "1.xml")
    done = replay(here)
    assert (done.plan.changed, done.landings, done.let_go) == ((str(inbox / "1.xml"),), (), 0)
    assert held(here) == ["malformed-xml"]
    corrected = land(at=SECOND)
    assert (corrected.released, corrected.received_at, held(here)) == (1, SECOND, [])


PACKINGS = ("1.xml", "1.xml.gz", "all.zip", "all.tar")


def pack(path: Path, *messages: bytes) -> Path:
    """A file with the messages, packed as its name says: one alone, or an archive of `1.xml`, `2.xml` and so on."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for number, data in enumerate(messages, 1):
                archive.writestr(f"{number}.xml", data)
    elif path.suffix == ".tar":
        with tarfile.open(path, "w") as archive:
            for number, data in enumerate(messages, 1):
                head = tarfile.TarInfo(f"{number}.xml")
                head.size = len(data)
                archive.addfile(head, io.BytesIO(data))
    else:
        path.write_bytes(gzip.compress(messages[0], mtime=0) if path.suffix == ".gz" else messages[0])
    return path


def text_of(code: str = "3307", court: str = "B01EF01", urn: str = "01ZD0303208") -> bytes:
    return MESSAGE.format(code=code, court=court, offence="ST19501").replace("01ZD0303208", urn).encode()


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_a_file_says_now_never_counts_as_received_when_an_earlier_one_at_its_place_was_set_aside(
    packing: str, here, land, inbox: Path
) -> None:
    """A cut message of the first; the grant, elsewhere, of the second; then the withdrawal where the cut one lay.

    Dated of the first, the withdrawal would lose to the grant, and landed later it would be a repeat.
    """
    place = pack(inbox / packing, text_of()[:400])
    land(place, at=FIRST)
    land(message(inbox / "grant.xml"), at=SECOND)
    pack(place, text_of(code="2051"))
    done = replay(here)
    assert (done.landings, done.plan.changed) == ((), (str(place),))
    assert land(place, at=SECOND.replace(day=3)).statements == 1
    assert counting_codes(here) == ["2051"]


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_lies_unchanged_in_a_packed_file_is_read_again(
    packing: str, here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(pack(inbox / packing, text_of(court="")), at=FIRST)
    reads_more(monkeypatch, "B01EF01")
    done = replay(here)
    assert (done.let_go, done.plan.changed, done.landings[0].received_at) == (1, (), FIRST)
    assert (held(here), counting_codes(here)) == ([], ["3307"])


def test_of_an_archive_that_has_changed_only_the_messages_that_have_not_are_read_again(
    here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made archive: of two messages without a court one stays as it is, one is corrected, and a third is new."""
    urns = ("01ZD0303201", "01ZD0303202", "01ZD0303203")
    place = pack(inbox / "all.zip", text_of(court="", urn=urns[0]), text_of(court="", urn=urns[1]))
    land(place, at=FIRST)
    pack(place, text_of(court="", urn=urns[0]), text_of(urn=urns[1]), text_of(urn=urns[2]))
    reads_more(monkeypatch, "B02EF01")
    done = replay(here)
    assert (done.let_go, done.still_held, done.plan.changed) == (1, 1, (str(place),))
    assert (done.landings[0].statements, done.landings[0].received_at) == (1, FIRST)
    landed = land(place, at=SECOND)
    assert (landed.released, landed.statements, landed.repeated) == (1, 2, 1)
    assert held(here) == []


@pytest.mark.parametrize("changed", [False, True], ids=["as it was", "another one"])
def test_an_archive_that_was_broken_is_read_again_as_a_whole_only_as_the_file_that_it_was(
    changed: bool, here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made: the first member can be read by a newer reader; of the second the end is missing."""
    urns = ("01ZD0303201", "01ZD0303202")
    place = pack(inbox / "all.tar", text_of(court="", urn=urns[0]), text_of(urn=urns[1]))
    whole = place.read_bytes()
    place.write_bytes(whole[:2600])
    assert land(place, at=FIRST).refused == {"no-court": 1, "bad-archive": 1}
    if changed:
        place.write_bytes(whole[:2700])
    reads_more(monkeypatch, "B01EF01")
    done = replay(here)
    assert done.plan.changed == ((str(place),) if changed else ())
    assert (done.let_go, held(here)) == (1, ["bad-archive"])
    assert done.landings[0].refused == {}, "a fault of the file as it is now was not received then"


def test_an_archive_is_judged_again_by_its_bytes_while_it_is_read(here, land, inbox: Path) -> None:
    """It may be replaced after it was looked at: what has replaced it does not pass for it."""
    from extract.deliveries import Deliveries
    from extract.rereading import unchanged

    place = pack(inbox / "all.tar", text_of(), text_of(urn="01ZD0303202"))
    whole = place.read_bytes()
    place.write_bytes(whole[:2600])
    land(place, at=FIRST)
    found = unchanged(quarantine.record(here, Wanted()), "spi")

    def passed() -> list[str]:
        return [d.name for d in found.content.of(Deliveries(found.files, "spi", only=found.content.names))]

    assert passed() == ["all.tar!1.xml", "all.tar"]
    place.write_bytes(whole)
    assert passed() == []


# --- what is known again, and what is another fault ------------------------------------------------


BROKEN = {
    "all.zip": "bad-archive", "all.tar.gz": "bad-archive", "1.xml.gz": "bad-archive", "1.xml": "too-large",
}  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message may have more than a few bytes, so that a made one is too large."""
    from extract import deliveries

    monkeypatch.setattr(deliveries, "MAX_BYTES", 20)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("name", "reason"), BROKEN.items())
def test_another_broken_file_at_the_same_place_is_another_fault_and_figures_say_so(
    name: str, reason: str, here, land, inbox: Path
) -> None:
    """Made files that cannot be read, delivered under one name in March, in May and, after a release, in July."""
    from extract.quarantine import Held, held_for

    def deliver(content: bytes, month: int) -> Landing:
        start = b"PK\x03\x04" if name.endswith(".zip") else b"\x1f\x8b" if name.endswith("gz") else b"<made>"
        (inbox / name).write_bytes(start + content * 20)
        return received(month)

    def received(month: int) -> Landing:
        return land(at=datetime(2020, month, 15, tzinfo=UTC), format="spi")

    def of(month: int) -> Held:
        days = [(date(2020, month, 1), date(2020, month, 28))]
        return held_for(here.store, store.newest_batch(here.store), datetime.now(UTC), days)[0]

    assert deliver(b"first", 3).refused == {reason: 1}
    again = received(4)
    assert (again.batch, again.refused_again) == (None, 1), "the same file is the same fault"
    assert of(5) == Held(0, 0)
    assert deliver(b"second", 5).refused == {reason: 1}
    assert (of(3), of(5)) == (Held(0, 2), Held(0, 1))
    quarantine.release(here, Wanted(reason=reason), "damaged for good", dry_run=False, as_json=True)
    assert received(6).batch is None, "the same file was let go by a person"
    assert deliver(b"third", 7).refused == {reason: 1}
    assert of(7) == Held(0, 1)


def test_a_dry_run_says_what_a_replay_would_do_and_writes_nothing(command, here, land, inbox: Path, contents) -> None:
    """Two made messages that an older reader took for messages without a court; one of them has changed since."""
    for number in (1, 2):
        message(inbox / f"{number}.xml", code=f"330{number}")
    with pytest.MonkeyPatch.context() as older:
        reads_no_court(older)
        land(at=FIRST)
    message(inbox / "2.xml", code="2051")
    before = contents(here.home)
    done = command("quarantine", "replay", "--dry-run", "--json", home=here.home)
    said = json.loads(done.out)
    assert (done.code, said["let_go"], said["still_held"], said["changed"]) == (0, 1, 1, [str(inbox / "2.xml")])
    assert contents(here.home) == before
    done = command("quarantine", "replay", "--dry-run", home=here.home)
    assert f"{inbox / '2.xml'} has changed since it was set aside: land it as it is now (courtstats land)" in done.out


def test_a_landing_of_the_corrected_folder_lets_go_and_says_so(here, land, inbox: Path) -> None:
    cut(inbox / "1.xml")
    message(inbox / "2.xml")
    land()
    message(inbox / "1.xml", code="2051")
    done = land()
    assert done.released == 1
    assert "1 set aside earlier no longer held" in landings.landing_line(done, dry_run=False)


def test_an_unreadable_file_is_let_go_once_it_can_be_opened(here, land, inbox: Path) -> None:
    if os.geteuid() == 0:
        from extract.marks import marks_of

        message(inbox / "1.xml")  # whoever runs this may open anything
        _content, mark = marks_of(str(inbox / "1.xml"))
        fault = Refusal("unreadable", "1.xml", "the file", mark, origin=str(inbox / "1.xml"))
        from extract.landing import Source
        from extract.landing import land as land_it
        from pipelines.settings import key_check, the_key

        store.prepare(here.store, key_check(the_key(here)))
        source = Source("spi", "spi", 1, FIRST, given=True, by_name=False)
        land_it(here.store, source, [], lambda: [fault], landed_at=SECOND)
    else:
        message(inbox / "1.xml").chmod(0)
        land(at=FIRST)
        (inbox / "1.xml").chmod(0o600)
    assert held(here) == ["unreadable"]
    assert replay(here).let_go == 1


# --- tables ---------------------------------------------------------------------------------------


def test_rows_go_when_the_corrected_extract_is_landed(here, land, inbox: Path) -> None:
    table = inbox.parent / "mis.csv"
    table.write_text(HEADER + GOOD + BAD)
    land(table, at=FIRST)
    assert held(here) == ["bad-offence-code"]
    table.write_text(HEADER + GOOD + BAD.replace(PERSON, "ST19502"))
    assert land(table, at=SECOND).released == 1
    assert held(here) == []


def test_an_extract_is_read_again_as_a_whole_after_its_mapping_was_mended(here, land, inbox: Path) -> None:
    """The mapping named a column in which there are no codes. A later extract of one of the days still counts."""
    mapping = inbox.parent / "mis.toml"
    mapping.write_text(MAPPING.replace('"Offence"', '"Result"'))
    for name, day in (("1.csv", "2020-02-03"), ("2.csv", "2020-02-04")):
        (inbox / name).write_text(HEADER + f"C1,{day},ST19501,Stalking order\n")
    land(inbox, at=FIRST)
    assert held(here) == ["bad-offence-code"] * 2
    mapping.write_text(MAPPING)
    later = inbox.parent / "later.csv"
    later.write_text(HEADER + "C1,2020-02-04,ST19501,2051\n")
    land(later, at=SECOND)
    assert len(held(here)) == 1
    done = replay(here)
    assert (done.let_go, held(here), done.landings[0].received_at) == (1, [], FIRST)
    assert (done.landings[0].statements, done.landings[0].late) == (2, 1)
    assert set(counting_codes(here)) == {None, "2051"}
    assert replay(here).landings == ()


def test_a_newer_extract_under_the_same_name_is_not_taken_for_the_one_that_is_held(here, land, inbox: Path) -> None:
    table = inbox.parent / "mis.csv"
    table.write_text(HEADER + GOOD + BAD)
    land(table, at=FIRST)
    table.write_text(HEADER + GOOD.replace("3307", "2051"))
    done = replay(here)
    assert (done.landings, done.plan.changed, done.still_held) == ((), (str(table),), 1)
    assert "land the corrected one" in done.plan.left[0]
    assert counting_codes(here) == ["3307"]


def test_an_extract_of_which_a_file_is_gone_is_not_read_in_part(here, land, inbox: Path) -> None:
    (inbox / "1.csv").write_text(HEADER + GOOD)
    (inbox / "2.csv").write_text(HEADER + BAD)
    land(inbox, at=FIRST)
    (inbox / "1.csv").unlink()
    done = replay(here)
    assert (done.landings, done.plan.gone, done.still_held) == ((), (str(inbox / "1.csv"),), 1)


def test_a_mapping_that_is_gone_stops_its_own_landing_and_no_other(
    here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox.parent / "mis.csv").write_text(HEADER + GOOD + BAD)
    land(inbox.parent / "mis.csv", at=FIRST)
    land(message(inbox / "1.xml", court=""), at=SECOND)
    (inbox.parent / "mis.toml").unlink()
    reads_more(monkeypatch, "B01EF01")
    done = replay(here)
    assert (done.let_go, done.still_held, len(done.faults)) == (1, 1, 1)
    assert "mis.toml" in done.faults[0]


# --- by hand --------------------------------------------------------------------------------------


def test_a_person_lets_go_for_a_reason_which_is_kept_and_holds(command, here, land, inbox: Path) -> None:
    cut(inbox / "1.xml")
    message(inbox / "2.xml", court="")
    land(at=FIRST)
    words = ["quarantine", "release", "--reason", "malformed-xml", "--because", "a test message of the supplier"]
    assert json.loads(command(*words, "--dry-run", "--json", home=here.home).out)["batches"] == []
    assert held(here) == ["malformed-xml", "no-court"]
    done = command(*words, home=here.home)
    assert done.code == 0, done.err
    assert done.out.startswith("Let go 1 of quarantine, as batch 2;")
    assert held(here) == ["no-court"]
    said = json.loads(command("quarantine", "show", "--all", "--json", home=here.home).out)["entries"]
    assert [(e["why"], e["because"]) for e in said] == [("by-hand", "a test message of the supplier"), (None, None)]
    assert land(at=FIRST).batch is None  # the same bytes are not set aside again
    assert held(here) == ["no-court"]


def test_what_a_person_let_go_counts_as_held_for_whoever_does_not_know_of_it_yet(here, land, inbox: Path) -> None:
    from extract.quarantine import Held, held_for

    cut(inbox / "1.xml")
    land(at=FIRST)
    quarantine.release(here, Wanted(day="unknown"), "known to be a test", dry_run=False, as_json=True)
    days = [(date(2020, 1, 1), date(2020, 3, 31))]
    assert held_for(here.store, 2, SECOND, days) == (Held(0, 1),)
    assert held_for(here.store, 2, datetime.now(UTC), days) == (Held(0, 0),)
    assert held_for(here.store, 1, datetime.now(UTC), days) == (Held(0, 1),)


def test_the_page_on_quarantine_lists_every_reason_with_what_to_do() -> None:
    page = (ROOT / "docs" / "quarantine.md").read_text("utf-8")
    for reason, sentence in REASONS.items():
        assert f"| `{reason}` | {sentence} | {REMEDIES[reason]} |" in page
    for why in ("read again", "by hand"):
        assert why in page.lower()
    assert set(holding.WHY) == {"read-again", "corrected", "day-complete", "extract-complete", "by-hand"}


# --- files with odd names, and many faults ----------------------------------------------------------


def test_a_file_whose_name_is_not_utf_8_is_landed_held_and_found_again(
    here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(os.fsdecode(os.fsencode(inbox) + b"/Andr\xe9.xml"))
    try:
        message(path, court="")
    except OSError:
        pytest.skip("this file system takes no such name")
    message(inbox / "2.xml", offence="")
    assert land(at=FIRST).refused == {"no-court": 1, "no-offence-code": 1}
    with monkeypatch.context() as newer:
        reads_more(newer, "B01EF01")
        done = replay(here, Wanted(reason="no-court"))
    assert (done.let_go, done.plan.gone) == (1, ())
    cut(path)
    land(at=SECOND)
    path.unlink()
    (gone,) = replay(here, Wanted(reason="malformed-xml")).plan.gone
    assert gone.endswith("Andr%E9.xml")


def test_a_broken_file_beside_an_incomplete_one_of_the_same_name_stays_a_thing_of_its_own(here, land, inbox) -> None:
    (inbox / "f1").mkdir()
    (inbox / "f2").mkdir()
    cut(inbox / "f1" / "a.xml")
    message(inbox / "f2" / "a.xml", offence="")
    land(inbox / "f1", inbox / "f2", at=FIRST)
    record = holding.on_record(here.store, 1)
    assert {(s.file, s.reason, s.whole) for s in record} == {
        ("f1/a.xml", "malformed-xml", True), ("f2/a.xml", "no-offence-code", False),
    }  # fmt: skip
    message(inbox / "f1" / "a.xml", code="4506")
    assert land(inbox / "f1", inbox / "f2", at=SECOND).released == 1
    assert held(here) == ["no-offence-code"]


def test_the_faults_of_a_file_beyond_the_limit_are_held_until_all_of_it_is_read_again(
    here, land, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extract import parsing

    monkeypatch.setattr(parsing, "MOST_FAULTS", 2)
    with zipfile.ZipFile(inbox / "a.zip", "w") as archive:
        for number in range(5):
            text = MESSAGE.format(code="3307", court="B01EF01" if number == 4 else "", offence="ST19501")
            archive.writestr(f"{number}.xml", text.replace("0303208", f"030320{number}"))
    first = land(at=FIRST)
    assert (first.statements, first.refused) == (1, {"no-court": 2, "too-many-faults": 1})
    again = land(at=FIRST)
    assert (again.batch, again.refused_again) == (None, 3)
    assert replay(here).let_go == 0
    reads_more(monkeypatch, "B01EF01")
    assert replay(here, Wanted(reason="no-court")).let_go == 2
    assert held(here) == ["too-many-faults"], "of the others nothing was read yet"
    assert replay(here).let_go == 1
    assert (held(here), len(counting_codes(here))) == ([], 5)
