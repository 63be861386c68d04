"""Damaged archives: whatever happens to the bytes, reading ends, in time, and nothing is passed over in silence.

The archives are made.
"""

import bz2
import gzip
import io
import os
import re
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.contract import REASONS
from extract.deliveries import Deliveries, SourceFile

COUNT = 20_000 if os.environ.get("LONG_TESTS") == "1" else 300
MESSAGES = {
    "a/1.json": b'{"a": [1, 2]}',
    "b.jsonl": b'{"b": 1}\n{"c": "\xc3\xa9"}\n',
    "c.json": b'[{"d": 1}, {"e": 2}]',
}


def _zip(method: int) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in MESSAGES.items():
            archive.writestr(name, data)
    return sink.getvalue()


def _tar(mode: str, format: int) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode, format=format) as archive:
        for name, data in MESSAGES.items():
            head = tarfile.TarInfo(name if format == tarfile.USTAR_FORMAT else "n" * 120 + name)
            head.size = len(data)
            archive.addfile(head, io.BytesIO(data))
    return sink.getvalue()


SEEDS = [
    ("a.zip", _zip(zipfile.ZIP_DEFLATED)),
    ("a.zip", _zip(zipfile.ZIP_STORED)),
    ("a.tar", _tar("w", tarfile.USTAR_FORMAT)),
    ("a.tar", _tar("w", tarfile.GNU_FORMAT)),
    ("a.tar", _tar("w", tarfile.PAX_FORMAT)),
    ("a.tgz", _tar("w:gz", tarfile.PAX_FORMAT)),
    ("a.jsonl.gz", gzip.compress(MESSAGES["b.jsonl"] * 9)),
    ("a.json.gz", gzip.compress(MESSAGES["c.json"])),
    ("a.zip", bz2.compress(b"something else")),
]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """An archive after one to four accidents: bytes flipped, cut off, repeated, replaced by others."""
    name, content = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        accident = draw(st.sampled_from(["flip", "cut", "junk", "repeat", "ones"]))
        if accident == "flip" and content:
            content = content[:at] + bytes([content[at] ^ draw(st.integers(1, 255))]) + content[at + 1 :]
        elif accident == "cut":
            content = content[:at]
        elif accident == "junk":
            content = content[:at] + draw(st.binary(max_size=12)) + content[at:]
        elif accident == "ones":
            content = content[:at] + b"\xff" * 8 + content[at + 8 :]
        else:
            end = draw(st.integers(at, min(at + 600, len(content))))
            content = content[:end] + content[at:end] + content[end:]
    return name, content


@pytest.mark.long
@settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))
@given(damaged())
def test_a_damaged_archive_is_read_or_refused_but_never_breaks_the_reading(
    tmp_path_factory: pytest.TempPathFactory, archive: tuple[str, bytes]
) -> None:
    name, content = archive
    folder: Path = tmp_path_factory.getbasetemp() / "archives"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    start = time.process_time()  # of this process: a busy machine is no fault
    whole = Deliveries([SourceFile(folder / name, name)], "common-platform")
    found = list(whole)
    assert time.process_time() - start < 2
    if name in ("a.zip", "a.tgz", "a.tar"):
        assert found or whole.left or not content.strip(b"\0"), "a file is never passed over in silence"
    for delivery in found:
        assert (delivery.data is None) == (delivery.refusal is not None)
        assert delivery.name.isprintable() and delivery.name.startswith(name)
        if delivery.refusal:
            assert delivery.refusal.reason in REASONS
            assert re.fullmatch(r"[A-Za-z0-9/ ]+", delivery.refusal.place)
            assert re.fullmatch("[0-9a-f]{64}", delivery.refusal.content_hash)
