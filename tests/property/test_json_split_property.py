"""Arrays and JSON lines, cut wherever the bytes happen to arrive: the same documents as a whole reading gives."""

import io
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract import json_split
from extract.json_split import elements, lines

COUNT = 20_000 if os.environ.get("LONG_TESTS") == "1" else 300
TEXTS = st.text(alphabet='a"\\{}[],: \n\u00e9\u2028', max_size=12)
DOCUMENTS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)
LAYOUTS = st.sampled_from([(",", ":", ""), (", ", ": ", " "), (" ,\r\n", " : ", "\n\t")])
quick = settings(max_examples=COUNT, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Trickle(io.RawIOBase):
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = io.BytesIO(data), size

    def readable(self) -> bool:
        return True

    def readinto(self, target) -> int:
        data = self._data.read(min(self._size, len(target)))
        target[: len(data)] = data
        return len(data)


def trickled(data: bytes, size: int) -> io.BufferedReader:
    return io.BufferedReader(Trickle(data, size), max(size, 1))


@pytest.mark.long
@quick
@given(st.lists(DOCUMENTS, max_size=5), LAYOUTS, st.integers(1, 9), st.booleans())
def test_an_array_gives_its_elements_however_it_arrives(documents: list, layout, size: int, ascii: bool) -> None:
    comma, colon, space = layout
    body = comma.join(json.dumps(d, separators=(comma, colon), ensure_ascii=ascii) for d in documents)
    found = list(elements(trickled(f"{space}[{space}{body}{space}]{space}".encode(), size), 10_000))
    assert [json.loads(p.data) for p in found] == documents
    assert [p.number for p in found] == list(range(1, len(documents) + 1))


@pytest.mark.long
@quick
@given(st.lists(DOCUMENTS, max_size=5), st.sampled_from(["\n", "\r\n", "\n\n", "\n \r\n"]), st.integers(1, 9))
def test_lines_give_their_documents_however_they_arrive(documents: list, end: str, size: int) -> None:
    found = list(lines(trickled(end.join(map(json.dumps, documents)).encode(), size), 10_000))
    assert [json.loads(p.data) for p in found] == documents


@pytest.mark.long
@quick
@given(st.lists(DOCUMENTS, min_size=1, max_size=5), st.data())
def test_an_array_cut_anywhere_gives_what_came_whole_and_one_refusal(documents: list, data: st.DataObject) -> None:
    whole = json.dumps(documents).encode()
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    *found, last = elements(trickled(cut, 3), 10_000)
    assert [json.loads(p.data) for p in found] == documents[: len(found)]
    assert last.reason == "malformed-json"


@pytest.mark.long
@quick
@given(st.binary(max_size=300), st.integers(1, 7))
def test_any_bytes_are_split_without_an_error_and_none_of_them_is_held_above_the_cap(junk: bytes, size: int) -> None:
    for split in (elements, lines):
        for piece in split(trickled(b"[" + junk, size), 20):
            assert piece.data is None or len(piece.data) <= 20
            assert piece.data is not None or (piece.reason and len(piece.content_hash) == 64)


def test_the_cap_is_of_one_document_and_its_hash_of_all_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    from hashlib import sha256

    monkeypatch.setattr(json_split, "CHUNK", 8)
    long = json.dumps({"made": "x" * 500}).encode()
    found = list(elements(io.BufferedReader(io.BytesIO(b"[" + long + b', {"a":1}]')), 40))
    assert [p.reason for p in found] == ["too-large", ""]
    assert found[0].content_hash == sha256(long).hexdigest()
