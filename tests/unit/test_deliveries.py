"""What lies in files of every packing: each message once, under a name of its own, or one refusal; nothing else.

Every file here is made.
"""

import gzip
import io
import json
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path

import pytest

from extract import deliveries as module
from extract import streams
from extract.deliveries import Deliveries, Delivery, SourceFile

ROOT = Path(__file__).resolve().parents[2]
XML = b"<made/>"


def read(path: Path, format: str = "spi", **options) -> list[Delivery]:
    return list(Deliveries([SourceFile(path, path.name)], format, **options))


def told(path: Path, format: str = "spi", **options) -> list[tuple[str, bytes | str]]:
    """Name, and content or reason, of everything in a file."""
    return [(d.name, d.refusal.reason if d.refusal else d.data or b"") for d in read(path, format, **options)]


def as_zip(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def as_tar(path: Path, *members: tuple[str, bytes] | tarfile.TarInfo, **options) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w", **options) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            head = tarfile.TarInfo(member[0])
            head.size = len(member[1])
            archive.addfile(head, io.BytesIO(member[1]))
    return path


def archive(path: Path, *members: tuple[str, bytes]) -> Path:
    return as_zip(path, *members) if path.suffix == ".zip" else as_tar(path, *members)


ARCHIVES = ("a.zip", "a.tar", "a.tar.gz", "a.tgz")
every_archive = pytest.mark.parametrize("name", ARCHIVES)


@pytest.fixture
def at(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, data: bytes) -> Path:
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


# Plain files


def test_a_file_is_one_message_by_its_own_name_and_place(at) -> None:
    path = at("one.xml", XML)
    (only,) = read(path)
    assert (only.name, only.origin, only.data, only.refusal) == ("one.xml", str(path), XML, None)


def test_a_compressed_file_is_the_message_in_it(at) -> None:
    assert told(at("one.XML.GZ", gzip.compress(XML))) == [("one.XML.GZ", XML)]


def test_a_json_file_is_one_document_or_an_array_of_them_by_its_first_byte(at) -> None:
    assert told(at("one.json", b' {"a": [1]}\n'), "common-platform") == [("one.json", b' {"a": [1]}\n')]
    several = at("several.json", b'\xef\xbb\xbf \n[{"a": 1}, {"b": "]},{"}\n]\n')
    assert told(several, "common-platform") == [("several.json#1", b'{"a": 1}'), ("several.json#2", b'{"b": "]},{"}')]
    assert told(at("none.json", b"[ ]"), "common-platform") == []


def test_json_lines_are_numbered_as_an_editor_numbers_them(at) -> None:
    path = at("x.jsonl", b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"b": 2}\n{"c": 3}')
    expected = [("x.jsonl#1", b'{"a": 1}'), ("x.jsonl#4", b'{"b": 2}'), ("x.jsonl#5", b'{"c": 3}')]
    assert told(path, "common-platform") == expected
    packed = at("x.ndjson.gz", gzip.compress(path.read_bytes()))
    assert told(packed, "common-platform") == [(n.replace("jsonl", "ndjson.gz"), d) for n, d in expected]


def test_a_file_that_is_gone_or_too_large_is_one_refusal(at, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(tmp_path / "gone.xml") == [("gone.xml", "unreadable")]
    monkeypatch.setattr(module, "MAX_BYTES", 5)
    for name, data in (("x.xml", XML), ("x.xml.gz", gzip.compress(XML)), ("x.json", b'{"a": 12345}')):
        (refused,) = read(at(name, data), "spi" if "xml" in name else "common-platform")
        assert refused.refusal and refused.refusal.reason == "too-large" and len(refused.refusal.content_hash) == 64


def test_a_long_line_or_element_is_passed_over_and_what_follows_is_read(at, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 20)
    long = b'{"a": "' + b"x" * 100_000 + b'"}'
    lines = at("x.jsonl", long + b'\n{"b": 2}\n')
    assert told(lines, "common-platform") == [("x.jsonl#1", "too-large"), ("x.jsonl#2", b'{"b": 2}')]
    array = at("x.json", b"[" + long + b',{"b": 2}]')
    assert told(array, "common-platform") == [("x.json#1", "too-large"), ("x.json#2", b'{"b": 2}')]


# Archives


@every_archive
def test_every_member_is_a_message_named_by_archive_and_place_in_it(tmp_path: Path, name: str) -> None:
    path = archive(
        tmp_path / name, ("inner/", b""), ("inner/1.xml", XML), ("2.xml.gz", gzip.compress(XML)), ("./é/3.XML", XML),
    )  # fmt: skip
    found = read(path)
    assert [d.name for d in found] == [f"{name}!{n}" for n in ("inner/1.xml", "2.xml.gz", "é/3.XML")]
    assert {d.data for d in found} == {XML} and {d.origin for d in found} == {str(path)}


@every_archive
def test_members_that_hold_several_documents_are_split_as_files_are(tmp_path: Path, name: str) -> None:
    lines, array = b'{"a": 1}\n{"b": 2}\n', b'[{"c": 3},{"d": 4}]'
    members = ("x.jsonl", lines), ("y.json", array), ("z.jsonl.gz", gzip.compress(lines)), ("w.json", b'{"e": 5}')
    path = archive(tmp_path / name, *members)
    assert [n.partition("!")[2] for n, _ in told(path, "common-platform")] == [
        "x.jsonl#1", "x.jsonl#2", "y.json#1", "y.json#2", "z.jsonl.gz#1", "z.jsonl.gz#2", "w.json",
    ]  # fmt: skip


@every_archive
def test_members_of_no_known_kind_are_counted_and_those_of_another_kind_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / name, ("READ.ME", b"?"), ("1.xml", XML), ("x.json", b"{}"), ("t.csv", b"a"))
    both = Deliveries([SourceFile(path, name)], "spi")
    assert [d.refusal.reason if d.refusal else "read" for d in both] == ["read", "unknown-kind", "unknown-kind"]
    assert both.left == 1
    chosen = Deliveries([SourceFile(path, name)], "spi", others_left=True)
    assert [d.name for d in chosen] == [f"{name}!1.xml"]
    assert chosen.left == 3


@every_archive
@pytest.mark.parametrize("member", ["../1.xml", "a/../../1.xml", "/etc/1.xml", "C:/1.xml", "a\\1.xml", "c:1.xml"])
def test_a_member_that_leads_out_of_its_archive_is_refused(tmp_path: Path, name: str, member: str) -> None:
    path = archive(tmp_path / name, (member, XML), ("2.xml", XML))
    assert [d.refusal.reason if d.refusal else d.name for d in read(path)] == ["unsafe-path", f"{name}!2.xml"]
    assert [p.name for p in tmp_path.rglob("*")] == [name], "nothing is unpacked to disk"


def test_links_and_devices_are_no_files(tmp_path: Path) -> None:
    members: list = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        member = tarfile.TarInfo(f"{kind.decode()}.xml")
        member.type, member.linkname = kind, "/etc/passwd"
        members.append(member)
    path = as_tar(tmp_path / "a.tar", *members, ("1.xml", XML))
    assert [r for _, r in told(path)] == ["unsafe-path"] * 4 + [XML]
    linked = tmp_path / "a.zip"
    with zipfile.ZipFile(linked, "w") as archive:
        info = zipfile.ZipInfo("link.xml")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert told(linked) == [("a.zip!link.xml", "unsafe-path")]


@every_archive
def test_an_archive_within_an_archive_is_refused(tmp_path: Path, name: str) -> None:
    inner = as_zip(tmp_path / "i.zip", ("1.xml", XML)).read_bytes()
    twice = gzip.compress(gzip.compress(XML))
    members = [("i.zip", inner), ("i.tar.gz", twice), ("1.xml.gz.gz", twice), ("2.xml.gz", twice), ("3.xml", inner)]
    path = archive(tmp_path / name, *members, ("4.xml", XML))
    assert [r for _, r in told(path)] == ["archive-in-archive"] * 5 + [XML]


def test_a_gzip_file_of_a_gzip_file_is_refused(at) -> None:
    assert told(at("x.xml.gz", gzip.compress(gzip.compress(XML)))) == [("x.xml.gz", "archive-in-archive")]


@every_archive
def test_two_members_of_one_name_are_two_messages(tmp_path: Path, name: str) -> None:
    with pytest.warns(UserWarning) if name == "a.zip" else nullcontext():
        path = archive(tmp_path / name, ("1.xml", b"<a/>"), ("1.xml", b"<b/>"))
    assert told(path) == [(f"{name}!1.xml", b"<a/>"), (f"{name}!1.xml", b"<b/>")]


@every_archive
def test_a_bad_name_is_shown_clean_and_short_and_apart_from_others(tmp_path: Path, name: str) -> None:
    path = archive(
        tmp_path / name, ("a\n\x1b[31m\u202e.xml", XML), ("a\n\x1b[32m\u202e.xml", XML), ("n" * 300 + ".xml", XML),
    )  # fmt: skip
    names = [d.name for d in read(path)]
    assert len(set(names)) == 3
    assert all(n.isprintable() and len(n) < 230 for n in names)


def test_a_name_in_another_encoding_still_tells_its_kind(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "a.zip", ("bXd.xml", XML))
    path.write_bytes(path.read_bytes().replace(b"bXd", b"b\xe9d"))
    ((name, data),) = told(path)
    assert data == XML and name.startswith("a.zip!b�d.xml~")
    tar = tmp_path / "a.tar"
    as_tar(tar, ("é.xml", XML), format=tarfile.USTAR_FORMAT, encoding="latin-1")
    assert [d for _, d in told(tar)] == [XML]


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("length", [90, 99, 100, 101, 140, 180])
def test_tar_names_of_every_writer_are_read_whole(tmp_path: Path, format: int, length: int) -> None:
    member = "d" * (length // 2) + "/" + "f" * (length - length // 2 - 5) + ".xml"
    path = as_tar(tmp_path / "a.tar", (member, XML), ("2.xml", XML), format=format)
    assert told(path) == [(f"a.tar!{member}", XML), ("a.tar!2.xml", XML)]


def test_joined_tar_files_are_both_read(at, tmp_path: Path) -> None:
    one, two = (as_tar(tmp_path / n, (n + ".xml", XML)).read_bytes() for n in ("1.tar", "2.tar"))
    assert [n for n, _ in told(at("a.tar", one + two))] == ["a.tar!1.tar.xml", "a.tar!2.tar.xml"]


# Damage


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tgz"])
def test_of_a_tar_that_is_cut_off_what_came_before_stays_and_the_rest_is_refused_once(tmp_path: Path, name) -> None:
    noise = [(f"{n}.xml", sha256(str(n).encode()).hexdigest().encode()) for n in range(200)]
    path = archive(tmp_path / name, *noise)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = read(path)
    (refused,) = [d for d in found if d.refusal]
    assert refused.refusal and refused.refusal.reason == "bad-archive" and refused.name == name
    assert refused.refusal.place.startswith("after member ")
    assert 0 < len(found) - 1 < 200
    assert [(d.name, d.data) for d in found[:-1]] == [(f"{name}!{n}", d) for n, d in noise[: len(found) - 1]]


def test_a_tar_that_ends_between_two_members_is_not_taken_for_whole(at, tmp_path: Path) -> None:
    path = as_tar(tmp_path / "a.tar", ("1.xml", XML), ("2.xml", XML))
    path.write_bytes(path.read_bytes()[:1024])
    assert told(path) == [("a.tar!1.xml", XML), ("a.tar", "bad-archive")]


def test_a_zip_without_its_directory_is_refused(at, tmp_path: Path) -> None:
    whole = as_zip(tmp_path / "b.zip", ("1.xml", XML)).read_bytes()
    for cut in (b"", b"PK", whole[:30], whole[:-23]):
        assert told(at("a.zip", cut)) == [("a.zip", "bad-archive")]


def test_a_zip_that_lists_fewer_members_than_it_counts_is_not_taken_for_whole(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "a.zip", ("1.xml", XML), ("2.xml", XML))
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\5\6")
    data[end + 12 : end + 16] = struct.pack("<L", 51)  # the size of the directory: one entry of a name of 5 letters
    del data[data.rindex(b"PK\1\2") : end]
    path.write_bytes(bytes(data))
    assert told(path) == [("a.zip!1.xml", XML), ("a.zip", "bad-archive")]


def test_a_zip_with_something_before_it_is_read(at, tmp_path: Path) -> None:
    whole = as_zip(tmp_path / "b.zip", ("1.xml", XML)).read_bytes()
    assert told(at("a.zip", b"#!/bin/sh\n" + whole)) == [("a.zip!1.xml", XML)]


def test_a_zip_of_the_large_kind_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("1.xml", "w", force_zip64=True) as member:
        member.write(XML)
    assert told(path) == [("a.zip!1.xml", XML)]


@pytest.mark.parametrize("many", [65_535, 65_536])
@pytest.mark.parametrize("before", [b"", b"#!/bin/sh\n"])
def test_a_zip_of_more_members_than_its_old_count_can_say_is_read_whole(tmp_path: Path, many: int, before: bytes):
    """From 65,536 on the count alone does not fit, and writers say it in a record of the large kind."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(many):
            archive.writestr(f"{number}.xml", XML)
    path.write_bytes(before + path.read_bytes())
    found = read(path)
    assert all(d.data == XML for d in found)
    assert [d.name for d in found] == [f"a.zip!{n}.xml" for n in range(many)]


HUGE = [2**64 - 1, 2**63, 2**63 - 1, 10**9]


@pytest.mark.parametrize("offset", HUGE)
def test_a_member_that_claims_to_lie_outside_its_zip_is_refused_and_the_others_are_read(
    tmp_path: Path, offset: int
) -> None:
    data = as_zip(tmp_path / "a.zip", ("1.xml", XML), ("2.xml", XML)).read_bytes()
    first, second, end = data.index(b"PK\1\2"), data.rindex(b"PK\1\2"), data.rindex(b"PK\5\6")
    extra = struct.pack("<HHQ", 1, 8, offset)
    entry = bytearray(data[first:second])
    entry[30:32], entry[42:46] = struct.pack("<H", len(extra)), b"\xff" * 4
    directory = bytes(entry) + extra + data[second:end]
    tail = bytearray(data[end:])
    tail[12:16] = struct.pack("<L", len(directory))
    (tmp_path / "a.zip").write_bytes(data[:first] + directory + tail)
    assert told(tmp_path / "a.zip") == [("a.zip!1.xml", "bad-archive"), ("a.zip!2.xml", XML)]


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("which", ["place of the end", "size of the directory", "place of the directory"])
def test_a_zip_of_the_large_kind_whose_end_lies_is_refused(tmp_path: Path, which: str, number: int) -> None:
    data = as_zip(tmp_path / "a.zip", ("1.xml", XML)).read_bytes()
    end = data.rindex(b"PK\5\6")
    size, place = struct.unpack_from("<LL", data, end + 12)
    size, place = number if "size" in which else size, number if which == "place of the directory" else place
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, place)
    record = record if "directory" in which else b""
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end if "directory" in which else number, 1)
    (tmp_path / "a.zip").write_bytes(data[:end] + record + locator + data[end:])
    assert told(tmp_path / "a.zip") == [("a.zip", "bad-archive")]


def _with_directory(path: Path, offset: int, value: bytes) -> None:
    """Change a field of the first entry of a ZIP's directory."""
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + len(value)] = value
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        pytest.param(24, struct.pack("<L", 3), id="a smaller size than it has"),
        pytest.param(24, struct.pack("<L", 3_000_000_000), id="a larger size than it has"),
        pytest.param(20, struct.pack("<L", 2), id="fewer compressed bytes"),
        pytest.param(16, b"\0\0\0\1", id="another check sum"),
        pytest.param(8, b"\1\0", id="encrypted"),
        pytest.param(10, b"\x63\0", id="an unknown method"),
        pytest.param(42, struct.pack("<L", 5), id="a place where it is not"),
    ],
)
def test_a_zip_member_that_lies_is_refused_and_the_others_are_read(tmp_path: Path, offset: int, value: bytes) -> None:
    path = as_zip(tmp_path / "a.zip", ("1.xml", XML * 10), ("2.xml", XML))
    _with_directory(path, offset, value)
    assert told(path) == [("a.zip!1.xml", "bad-archive"), ("a.zip!2.xml", XML)]


@pytest.mark.parametrize("tail", [b"garbage", b"\x1f\x8bgarbage"])
def test_a_gzip_file_with_something_behind_it_is_refused(at, tail: bytes) -> None:
    packed = gzip.compress(XML)
    assert told(at("x.xml.gz", packed + tail)) == [("x.xml.gz", "bad-archive")]
    lines = gzip.compress(b'{"a": 1}\n')
    read_first = [("x.jsonl.gz#1", b'{"a": 1}'), ("x.jsonl.gz", "bad-archive")]
    assert told(at("x.jsonl.gz", lines + tail), "common-platform") == read_first


def test_a_gzip_file_of_several_parts_or_with_padding_is_read(at) -> None:
    assert told(at("x.xml.gz", gzip.compress(XML[:3]) + gzip.compress(XML[3:]) + b"\0" * 600)) == [("x.xml.gz", XML)]


def test_a_gzip_file_that_is_cut_off_or_empty_is_refused(at) -> None:
    packed = gzip.compress(XML * 1000)
    for size in (0, 1, 12, len(packed) - 1):
        assert told(at("x.xml.gz", packed[:size])) == [("x.xml.gz", "bad-archive")], size


@pytest.mark.parametrize("piece", [1, 7, 300, streams.PIECE])
def test_what_is_inflated_does_not_depend_on_how_much_is_taken_at_a_time(at, monkeypatch, piece: int) -> None:
    monkeypatch.setattr(streams, "PIECE", piece)
    content = b"<made>" + bytes(range(32, 60)) * 40 + b"x" * 700 + b"</made>"
    assert told(at("x.xml.gz", gzip.compress(content))) == [("x.xml.gz", content)]


def test_an_array_that_is_cut_off_or_followed_by_something_says_so(at) -> None:
    one = b'[{"a": 1}'
    for rest in (b"", b",", b',{"b": "', b',{"b": 2', b"] trailing", b'] {"c": 3}', b"]]"):
        found = told(at("x.json", one + rest), "common-platform")
        assert found[0] == ("x.json#1", b'{"a": 1}')
        assert found[1:] == [("x.json#2", "malformed-json")], rest


def test_what_stands_between_elements_is_handed_to_the_reader_not_passed_over(at) -> None:
    found = told(at("x.json", b'[1, {"a": 1}, "text, [", {"b": 2} null]'), "common-platform")
    assert [d for _, d in found] == [b"1", b'{"a": 1}', b'"text, ["', b'{"b": 2}', b"null"]


# Limits


def test_more_members_than_the_limit_are_refused_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MEMBERS", 3)
    path = as_zip(tmp_path / "a.zip", *((f"{n}.xml", XML) for n in range(9)))
    assert [r for _, r in told(path)] == [XML] * 3 + ["too-many-members"]


def test_more_messages_in_a_file_than_its_size_allows_are_refused_once(at, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small compressed file can hold millions of lines; one of real messages has bytes enough for each."""
    monkeypatch.setattr(module, "FREE_MESSAGES", 3)
    packed = at("x.jsonl.gz", gzip.compress(b"{}\n" * 9))
    assert [r for _, r in told(packed, "common-platform")] == [b"{}"] * 3 + ["too-many-members"]
    assert told(packed, "common-platform")[-1][0] == "x.jsonl.gz"
    exactly = at("y.jsonl.gz", gzip.compress(b"{}\n" * 3))
    assert [r for _, r in told(exactly, "common-platform")] == [b"{}"] * 3
    large = at("z.jsonl", b"".join(b'{"made": "%s"}\n' % (b"x" * 200) for _ in range(9)))
    assert len(told(large, "common-platform")) == 9


def test_an_archive_that_inflates_beyond_its_bound_is_refused_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(streams, "FREE_BYTES", 1_000_000)
    monkeypatch.setattr(streams, "RATIO", 2)
    bomb = b"<a>" + b" " * 400_000 + b"</a>"
    for name in ARCHIVES[::2]:
        path = archive(tmp_path / name, *((f"{n}.xml", bomb) for n in range(9)))
        *before, last = [r for _, r in told(path)]
        assert last == "too-large"
        assert 1 <= len(before) <= 2 and set(before) == {bomb}


def test_a_tar_with_an_endless_name_is_refused_without_reading_it(at) -> None:
    head = tarfile.TarInfo("././@LongLink")
    head.type, head.size = tarfile.GNUTYPE_LONGNAME, 10**12
    assert told(at("a.tar", head.tobuf() + b"n" * 2048)) == [("a.tar", "bad-archive")]


MEASURE = """
import resource, sys
from pathlib import Path
from extract.deliveries import Deliveries, SourceFile
path, format = Path(sys.argv[1]), sys.argv[2]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = [(d.refusal.reason if d.refusal else "read") for d in Deliveries([SourceFile(path, path.name)], format)]
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(found), found.count("read"), found[-1], (after - before) // 1024)
"""


@pytest.mark.parametrize(
    "kind", ["bomb.zip", "bomb.tar.gz", "bomb.xml.gz", "bomb.jsonl.gz", "bomb.json.gz", "big.json"]
)
def test_memory_stays_bounded_whatever_the_content_inflates_to(tmp_path: Path, kind: str) -> None:
    """A member of 300 MB of zeros, an endless line, an endless element, an array of 150 MB: at most 100 MiB more."""
    path = tmp_path / kind
    million, format = b" " * 1_000_000, "spi" if "json" not in kind else "common-platform"
    if kind == "bomb.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("1.xml", "w") as member:
                for _ in range(300):
                    member.write(million)
            archive.writestr("2.xml", XML)
    elif kind == "bomb.tar.gz":
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:
            head = tarfile.TarInfo("1.xml")
            head.size = 150_000_000
            archive.addfile(head, io.BytesIO(b" " * head.size))
            head = tarfile.TarInfo("2.xml")
            head.size = len(XML)
            archive.addfile(head, io.BytesIO(XML))
    elif kind == "big.json":
        element = json.dumps({"made": "x" * 30_000}).encode()
        with path.open("wb") as sink:
            sink.write(b"[" + element)
            for _ in range(5_000):
                sink.write(b"," + element)
            sink.write(b"]")
    else:
        with gzip.open(path, "wb", compresslevel=1) as sink:
            sink.write(b"<a>" if "xml" in kind else b'[{"a": "' if kind == "bomb.json.gz" else b'{"a": "')
            for _ in range(150):
                sink.write(million)
            sink.write(b"</a>" if "xml" in kind else b'"}, {"b": 2}]' if kind == "bomb.json.gz" else b'"}\n{"b": 2}')
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), format], cwd=ROOT, capture_output=True, text=True, check=True
    )
    count, usable, last, more = done.stdout.split()
    expected = {"bomb.xml.gz": ("1", "0", "too-large"), "big.json": ("5001", "5001", "read")}
    assert (count, usable, last) == expected.get(kind, ("2", "1", "read"))
    assert int(more) < 100


# Which deliveries


def test_only_the_named_deliveries_are_read_and_a_container_stands_for_all_in_it(tmp_path: Path) -> None:
    as_zip(tmp_path / "a.zip", ("1.jsonl", b'{"a": 1}\n{"b": 2}\n'), ("2.json", b"{}"))
    (tmp_path / "b.json").write_bytes(b"{}")
    files = [SourceFile(tmp_path / n, n) for n in ("a.zip", "b.json")]

    def names(*only: str) -> list[str]:
        return [d.name for d in Deliveries(files, "common-platform", only=only)]

    assert names("a.zip!1.jsonl#2") == ["a.zip!1.jsonl#2"]
    assert names("a.zip!1.jsonl") == ["a.zip!1.jsonl#1", "a.zip!1.jsonl#2"]
    assert names("a.zip", "b.json") == ["a.zip!1.jsonl#1", "a.zip!1.jsonl#2", "a.zip!2.json", "b.json"]
    assert names("elsewhere.zip") == []


def test_refusals_hold_nothing_of_the_content(at, tmp_path: Path) -> None:
    path = as_zip(tmp_path / "a.zip", ("1.xml", b"SECRET NAME" * 99), ("2.json", b"SECRET NAME"), ("../3.xml", XML))
    _with_directory(path, 16, b"\0\0\0\1")
    refused = [d.refusal for d in read(path) if d.refusal]
    assert len(refused) == 3
    assert "SECRET" not in repr(refused)
    assert all(len(r.content_hash) == 64 for r in refused)
    assert len({r.content_hash for r in refused}) == 3


def test_progress_ends_at_the_size_of_the_files(tmp_path: Path) -> None:
    paths = [as_zip(tmp_path / "a.zip", ("1.xml", XML)), as_tar(tmp_path / "b.tgz", ("1.xml", XML))]
    whole = Deliveries([SourceFile(p, p.name) for p in paths], "spi")
    seen = [whole.bytes_read for _ in whole]
    assert seen == sorted(seen)
    assert (whole.bytes_read, whole.files_read) == (sum(p.stat().st_size for p in paths), 2)
