"""Messages of both formats landed in every packing give the records of the plain files; repeats are told apart.

All messages are made.
"""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract import quarantine, store
from extract.contract import STATEMENT_ORDER, ExtractError, Texts
from extract.rereading import Content
from extract.store import Landing
from pipelines.sources import LandRequest, find_files, land_files

TEXTS = Texts(frozenset({"granted", "granted."}), b"key for tests only")
RECEIVED = datetime(2020, 3, 1, 9, tzinfo=UTC)
OF_THE_LANDING = ("source_file", "landed_batch", "landed_at")
Land = Callable[..., Landing]


@pytest.fixture
def records(tmp_path: Path) -> Path:
    store.prepare(tmp_path / "records", "check")
    return tmp_path / "records"


@pytest.fixture
def land(records: Path) -> Land:
    def go(*paths: Path, into: Path = records, received: datetime | None = RECEIVED, format=None, **more) -> Landing:
        store.prepare(into, "check")
        request = LandRequest(find_files(paths, format), None, received, None, **more)
        return land_files(request, into, system="B00LIBRA", texts=TEXTS, landed_at=datetime.now(UTC), dry_run=False)

    return go


def rows(records: Path) -> list[dict[str, Any]]:
    files = list(store.known_files(records))
    if not files:
        return []
    with duckdb.connect() as con:
        found = con.execute("from read_parquet($files, union_by_name=true)", {"files": files})
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def said(records: Path) -> list[str]:
    """The records without what is of the landing and the file alone."""
    return sorted(repr({n: v for n, v in row.items() if n not in OF_THE_LANDING}) for row in rows(records))


def spi_messages(made) -> dict[str, bytes]:
    """Four messages, the last cut off."""
    messages = {f"{n}.xml": made.in_deliver_request(made.message(day=f"2020-02-0{n}"), f"id-{n}") for n in (1, 2, 3)}
    return messages | {"4.xml": messages["1.xml"][:300]}


def shares(cp) -> dict[str, bytes]:
    """Three hearings, and a document of another kind."""
    hearings = [cp.hearing(id=f"0000000{n}-1111-4111-8111-111111111111") for n in (1, 2, 3)]
    full = [h | {"courtApplications": [cp.application()], "prosecutionCases": [cp.case()]} for h in hearings]
    return {f"{n}.json": cp.share(h) for n, h in enumerate(full, 1)} | {"4.json": b'{"another": "kind"}'}


def pack(folder: Path, messages: dict[str, bytes], packing: str) -> Path:
    """The messages in one file or folder of a packing."""
    folder.mkdir()
    path = folder / f"packed.{packing}"
    if packing == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in messages.items():
                archive.writestr(f"day/{name}", data)
    elif packing in ("tar", "tar.gz"):
        with tarfile.open(path, "w:gz" if packing == "tar.gz" else "w") as archive:
            for name, data in messages.items():
                head = tarfile.TarInfo(name)
                head.size = len(data)
                archive.addfile(head, io.BytesIO(data))
    elif packing == "json":
        path.write_bytes(b"[" + b",\n".join(messages.values()) + b"]")
    elif packing in ("jsonl", "jsonl.gz"):
        lines = b"\r\n".join(json.dumps(json.loads(data)).encode() for data in messages.values())
        path.write_bytes(gzip.compress(lines) if packing == "jsonl.gz" else lines)
    else:
        for name, data in messages.items():
            whole = folder / (f"{name}.gz" if packing == "gz" else name)
            whole.write_bytes(gzip.compress(data) if packing == "gz" else data)
        return folder
    return path


FOR_ALL = ("zip", "tar", "tar.gz", "gz")


@pytest.mark.parametrize("packing", FOR_ALL)
def test_packed_spi_messages_give_the_records_of_the_plain_files(
    tmp_path: Path, records: Path, land: Land, made, packing: str
) -> None:
    messages = spi_messages(made)
    plain = land(pack(tmp_path / "plain", messages, "files"), into=tmp_path / "beside")
    packed = land(pack(tmp_path / "packed", messages, packing))
    assert (plain.statements, plain.refused) == (3, {"malformed-xml": 1})
    assert (packed.statements, packed.rows, packed.refused) == (plain.statements, plain.rows, plain.refused)
    assert said(records) == said(tmp_path / "beside")


@pytest.mark.parametrize("packing", [*FOR_ALL, "json", "jsonl", "jsonl.gz"])
def test_packed_common_platform_hearings_give_the_records_of_the_plain_files(
    tmp_path: Path, records: Path, land: Land, cp, packing: str
) -> None:
    messages = shares(cp)
    plain = land(pack(tmp_path / "plain", messages, "files"), into=tmp_path / "beside")
    packed = land(pack(tmp_path / "packed", messages, packing))
    assert (plain.source_name, plain.source_format) == ("common-platform", "common-platform")
    assert (plain.statements, plain.refused) == (3, {"not-hearing-resulted": 1})
    assert (packed.statements, packed.rows, packed.refused) == (plain.statements, plain.rows, plain.refused)
    assert said(records) == said(tmp_path / "beside")


@pytest.mark.parametrize("packing", ["zip", "tar.gz"])
def test_what_was_landed_plain_is_a_repeat_when_it_comes_packed(
    tmp_path: Path, land: Land, made, cp, packing: str
) -> None:
    for number, messages in enumerate((spi_messages(made), shares(cp))):
        land(pack(tmp_path / f"plain {number}", messages, "files"))
        again = land(pack(tmp_path / f"packed {number}", messages, packing))
        assert (again.batch, again.statements, again.repeated, again.refused_again) == (None, 0, 3, 1)


def test_each_record_and_refusal_names_its_message_and_the_file_on_this_machine(
    tmp_path: Path, records: Path, land: Land, cp
) -> None:
    path = pack(tmp_path / "packed", shares(cp), "zip")
    land(path)
    assert {r["source_file"] for r in rows(records)} == {f"packed.zip!day/{n}.json" for n in (1, 2, 3)}
    (refused,) = quarantine.read(records, 1).to_pylist()
    assert (refused["file"], refused["origin"]) == ("packed.zip!day/4.json", str(path))


def test_a_damaged_archive_lands_what_came_before_and_is_set_aside_once(
    tmp_path: Path, records: Path, land: Land, made
) -> None:
    path = pack(tmp_path / "packed", spi_messages(made), "tar")
    path.write_bytes(path.read_bytes()[:2_000])
    landing = land(path)
    assert landing.statements >= 1
    assert landing.refused == {"bad-archive": 1}


def test_of_a_packed_landing_only_what_is_asked_for_is_read(tmp_path: Path, records: Path, land: Land, made) -> None:
    messages = spi_messages(made)
    path = pack(tmp_path / "packed", messages, "zip")
    hashes = {n: hashlib.sha256(messages[f"{n}.xml"]).hexdigest() for n in (1, 2)}
    asked = {(str(path), "packed.zip!day/2.xml", hashes[2]), (str(path), "packed.zip!day/3.xml", hashes[1])}
    landing = land(path, only=Content(frozenset(asked), {}))
    assert (landing.statements, landing.refused) == (1, {})
    assert {r["source_file"] for r in rows(records)} == {"packed.zip!day/2.xml"}


def test_a_landing_keeps_how_it_was_asked_for(tmp_path: Path, records: Path, land: Land, made, cp) -> None:
    land(pack(tmp_path / "1", spi_messages(made), "files"), source_name="north", system="C00CommonPlatform")
    land(pack(tmp_path / "2", shares(cp), "files"))
    asked = [landing.asked for landing in store.summaries(records)]
    assert asked == [{"system": "C00CommonPlatform", "source": "north"}, {}]
    of_north = [r for r in rows(records) if r["source_name"] == "north"]
    assert of_north and {r["source_system"] for r in of_north} == {"C00CommonPlatform"}


def test_members_that_are_no_messages_are_counted_with_the_landing(tmp_path: Path, land: Land, made) -> None:
    landing = land(pack(tmp_path / "packed", spi_messages(made) | {"READ.ME": b"?"}, "zip"))
    assert landing.left == 1


# Which share counts


def share(cp, at: int, code: str = "3307") -> bytes:
    """What was shared about one hearing at an hour of 3 February 2020."""
    hearing = cp.hearing(courtApplications=[cp.application([cp.result(code)])])
    return cp.share(hearing, at=f"2020-02-03T{at:02d}:00:00.000Z")


@pytest.fixture
def arrive(tmp_path: Path, land: Land) -> Callable[..., Landing]:
    """Land one share, in a file of its own name, received on a day of March."""
    count = 0

    def go(data: bytes, day: int | None = None, name: str | None = None) -> Landing:
        nonlocal count
        count += 1
        path = tmp_path / str(count) / (name or f"{count}.json")
        path.parent.mkdir()
        path.write_bytes(data)
        return land(path, received=None if day is None else datetime(2020, 3, day, tzinfo=UTC))

    return go


def counting(records: Path) -> set[str]:
    """The result codes of the statement that counts."""
    found = rows(records)
    newest = max(tuple(r[n] for n in STATEMENT_ORDER) for r in found)
    return {r["result_code"] for r in found if tuple(r[n] for n in STATEMENT_ORDER) == newest}


@pytest.mark.parametrize("given", [True, False])
def test_a_share_landed_twice_is_one_statement_whatever_its_file_is_called(
    records: Path, arrive, cp, given: bool
) -> None:
    first = arrive(share(cp, 10), 1 if given else None)
    again = arrive(share(cp, 10), 2 if given else None)
    assert (first.statements, again.statements, again.repeated, again.batch) == (1, 0, 1, None)


def test_another_share_under_the_same_file_name_is_another_statement(records: Path, arrive, cp) -> None:
    """Files of a feed are often called after the hearing, so a name marks no delivery."""
    for hour in (10, 11, 12):
        assert arrive(share(cp, hour), name="hearing.json").statements == 1


def test_an_older_share_that_arrives_late_is_kept_and_does_not_count(records: Path, arrive, cp) -> None:
    arrive(share(cp, 12, "3307"), 1)
    late = arrive(share(cp, 10, "3306"), 2)
    assert (late.statements, late.late) == (1, 1)
    assert counting(records) == {"3307"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (0, 2, 1), (1, 0, 2)])
def test_said_and_unsaid_and_said_again_are_three_statements_in_any_order_of_arrival(
    records: Path, arrive, cp, order: tuple[int, ...]
) -> None:
    """A at ten, B at eleven, A again at twelve: a late B between two equal shares does not win."""
    said_then = [share(cp, 10, "3307"), share(cp, 11, "3306"), share(cp, 12, "3307")]
    landings = [arrive(said_then[n], day) for day, n in enumerate(order, 1)]
    assert [landing.statements for landing in landings] == [1, 1, 1]
    assert counting(records) == {"3307"}
    assert [arrive(said_then[n], 9).repeated for n in order] == [1, 1, 1], "each of them again is a repeat"


def test_shares_in_one_file_are_as_many_statements_as_in_their_own(records: Path, arrive, cp) -> None:
    lines = b"\n".join(share(cp, hour, code) for hour, code in ((12, "3307"), (10, "3306"), (12, "3307")))
    landing = arrive(lines, 1, "feed.jsonl")
    assert (landing.statements, landing.repeated) == (2, 1)
    assert counting(records) == {"3307"}


# Which files


def test_an_archive_is_of_the_kind_of_its_first_member_with_a_known_ending(tmp_path: Path, made, cp) -> None:
    for packing in ("zip", "tar", "tar.gz"):
        folder = tmp_path / packing
        folder.mkdir()
        first = {"READ.ME": b"?", **shares(cp)}
        assert find_files([pack(folder / "cp", first, packing)]).format == "common-platform"
        assert find_files([pack(folder / "spi", spi_messages(made), packing)]).format == "spi"


def test_an_archive_of_which_nothing_can_be_read_is_an_error_unless_its_format_is_said(tmp_path: Path, land) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK broken")
    with pytest.raises(ExceptionGroup) as refused:
        find_files([path])
    assert "--format spi" in str(refused.value.exceptions[0])
    assert land(path, format="spi").refused == {"bad-archive": 1}


def test_a_broken_archive_in_a_folder_of_messages_is_set_aside(tmp_path: Path, land: Land, made) -> None:
    folder = pack(tmp_path / "inbox", spi_messages(made), "files")
    (folder / "broken.tgz").write_bytes(b"\x1f\x8b broken")
    assert land(folder).refused == {"malformed-xml": 1, "bad-archive": 1}


@pytest.mark.parametrize("name", ["tables.zip", "table.csv.gz", "table.parquet.gz"])
@pytest.mark.parametrize("format", [None, "table"])
def test_tables_in_compressed_files_are_refused_with_what_to_do(tmp_path: Path, name: str, format: str | None) -> None:
    path = tmp_path / name
    if name == "tables.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("t.csv", "a")
    else:
        path.write_bytes(gzip.compress(b"a"))
    for where in (path, tmp_path):
        with pytest.raises(ExceptionGroup) as refused:
            find_files([where], format)
        (fault,) = refused.value.exceptions
        assert isinstance(fault, ExtractError) and "Unpack it first" in str(fault)


def test_of_a_folder_with_several_kinds_the_one_that_is_said_is_read(tmp_path: Path, made, cp) -> None:
    folder = pack(tmp_path / "inbox", spi_messages(made) | shares(cp), "files")
    with pytest.raises(ExceptionGroup, match="files") as refused:
        find_files([folder])
    assert "common-platform and spi are mixed" in str(refused.value.exceptions[0])
    found = find_files([folder], "common-platform")
    assert ([f.name for f in found.files], found.left) == ([f"{n}.json" for n in (1, 2, 3, 4)], 4)
