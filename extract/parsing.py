"""Deliveries to rows, in this process or in several: the same rows in the same order whichever it is.

Reading a message takes far longer than fetching it, so this process fetches and hands out chunks of messages, and
worker processes read them. At any time a bounded number of chunks is under way, so memory does not grow with the
input. A worker gives back rows (Arrow) and refusals; the number of a delivery is its position in the landing.
"""

import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from multiprocessing import connection, get_context, parent_process
from os import _exit
from types import ModuleType
from typing import Final

import pyarrow as pa

from extract.contract import ExtractError, Reading, Refusal, Texts
from extract.deliveries import Delivery
from extract.kinds import name_inside
from extract.marks import mark_of
from extract.reasons import MORE_FAULTS
from extract.records import ROWS_PER_BATCH, STAGED, batches

CHUNK_MESSAGES: Final = 200
CHUNK_BYTES: Final = 1_000_000
FEW_MESSAGES: Final = 1_000
FEW_BYTES: Final = 5_000_000
"""Fewer messages than this, of fewer bytes, are read here: starting workers takes about a second."""
CHUNKS_AHEAD: Final = 3
"""Chunks under way for each worker: one that it reads, and what keeps it busy while this process is."""
MOST_FAULTS: Final = 10_000
"""Most faults of one file on disk that are kept one by one; a small file can have millions of them."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How the messages of one landing are read.

    `format` is `spi` or `common-platform`, `system` the court system of an SPI message that names none.
    """

    format: str
    source_name: str
    system: str
    received_at: datetime
    texts: Texts


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Messages that are read together; `mark` is how far the files were read when the last of them was fetched."""

    first: int
    deliveries: tuple[Delivery, ...]
    mark: int


@dataclass(frozen=True, slots=True)
class _Parsed:
    """What came of one chunk: rows (from a worker as an Arrow stream) and refusals."""

    rows: list[pa.RecordBatch] | bytes
    refusals: list[Refusal]


def read_delivery(delivery: Delivery, reader: Reader) -> Reading:
    """What one delivery says, each refusal with the file on this machine that it came from."""
    if delivery.data is None:
        return Reading((), (replace(delivery.refusal, origin=delivery.origin),) if delivery.refusal else ())
    if reader.format == "spi":
        from extract.spi import read_spi

        reading = read_spi(
            delivery.data,
            file=delivery.name,
            source_name=reader.source_name,
            received_at=reader.received_at,
            default_system=reader.system,
            texts=reader.texts,
        )
    else:
        from extract.common_platform import read_common_platform

        reading = read_common_platform(
            delivery.data,
            file=delivery.name,
            source_name=reader.source_name,
            received_at=reader.received_at,
            texts=reader.texts,
        )
    if not reading.refusals:
        return reading
    return Reading(reading.statements, tuple(replace(r, origin=delivery.origin) for r in reading.refusals))


class Parsing:
    """What some deliveries say; read once, by `batches`.

    Args:
        deliveries: fetched as they are needed.
        reader: how to read them.
        workers: processes to read with; 1 reads everything here.
        mark: how far the files are read; asked when a chunk is fetched.
        reached: told the mark of each chunk when it has been read.

    `refusals`, in the order of the deliveries, grows meanwhile. After `MOST_FAULTS` of one file on disk there is one
    more of it, which stands for all others; what can be read of the file is read nevertheless.
    """

    def __init__(
        self,
        deliveries: Iterable[Delivery],
        reader: Reader,
        workers: int = 1,
        mark: Callable[[], int] = lambda: 0,
        reached: Callable[[int], None] = lambda _mark: None,
    ) -> None:
        self._deliveries, self._reader, self._workers = deliveries, reader, workers
        self._mark, self._reached = mark, reached
        self.refusals: list[Refusal] = []
        self._faults: Counter[str] = Counter()

    def batches(self) -> Generator[pa.RecordBatch, None, None]:
        """Rows in schema `STAGED`, in the order of the deliveries.

        Raises:
            ExtractError: a worker process died.
        """
        waiting: list[pa.RecordBatch] = []
        with closing(self._parsed()) as parsed:
            for mark, found in parsed:
                self._keep(found.refusals)
                waiting += _batches_of(found.rows) if isinstance(found.rows, bytes) else found.rows
                if sum(batch.num_rows for batch in waiting) >= ROWS_PER_BATCH:
                    yield from _joined(waiting)
                    waiting = []
                self._reached(mark)
        if waiting:
            yield from _joined(waiting)

    def _keep(self, refusals: Iterable[Refusal]) -> None:
        for refusal in refusals:
            origin = refusal.origin
            self._faults[origin] += 1
            if self._faults[origin] <= MOST_FAULTS:
                self.refusals.append(refusal)
            elif self._faults[origin] == MOST_FAULTS + 1:
                file = refusal.file.removesuffix(name_inside(origin, refusal.file))
                place = f"after fault {MOST_FAULTS}"
                self.refusals.append(Refusal(MORE_FAULTS, file, place, mark_of(origin), origin=origin))

    def _parsed(self) -> Generator[tuple[int, _Parsed], None, None]:
        chunks = _chunks(self._deliveries, self._mark)
        few: list[_Chunk] = []
        messages = size = 0
        while self._workers > 1 and messages < FEW_MESSAGES and size < FEW_BYTES:
            chunk = next(chunks, None)
            if chunk is None:  # that was all
                break
            few.append(chunk)
            messages += len(chunk.deliveries)
            size += sum(len(delivery.data or b"") for delivery in chunk.deliveries)
        else:
            if self._workers > 1:
                yield from _in_workers(chain(few, chunks), self._reader, self._workers)
                return
        for chunk in chain(few, chunks):
            yield chunk.mark, _parse(chunk, self._reader)


def _chunks(deliveries: Iterable[Delivery], mark: Callable[[], int]) -> Iterator[_Chunk]:
    chunk: list[Delivery] = []
    first = size = 0
    for delivery in deliveries:
        chunk.append(delivery)
        size += len(delivery.data or b"")
        if len(chunk) >= CHUNK_MESSAGES or size >= CHUNK_BYTES:
            yield _Chunk(first, tuple(chunk), mark())
            first += len(chunk)
            chunk, size = [], 0
    yield _Chunk(first, tuple(chunk), mark())  # an empty one, where need be, says how far the files were read


def _parse(chunk: _Chunk, reader: Reader) -> _Parsed:
    readings = [read_delivery(delivery, reader) for delivery in chunk.deliveries]
    numbered = ((number, s) for number, r in enumerate(readings, chunk.first) for s in r.statements)
    return _Parsed(list(batches(numbered)), [refusal for r in readings for refusal in r.refusals])


def _in_workers(chunks: Iterable[_Chunk], reader: Reader, workers: int) -> Iterator[tuple[int, _Parsed]]:
    """The marks of the chunks with what was read in them, in their order, read by several processes.

    They are spawned, because the libraries of the records store do not survive a fork.
    """
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (reader,))
    under_way: deque[tuple[int, Future[_Parsed]]] = deque()
    try:
        for chunk in chunks:
            with _main_left_out():
                under_way.append((chunk.mark, pool.submit(_parse_there, chunk)))
            if len(under_way) >= workers * CHUNKS_AHEAD:
                mark, future = under_way.popleft()
                yield mark, future.result()
        while under_way:
            mark, future = under_way.popleft()
            yield mark, future.result()
    except BrokenProcessPool:
        raise ExtractError(
            "a process that read messages was ended from outside, or could not be started; nothing was changed",
            where="reading",
            remedy="Free some memory, or set COURTSTATS_WORKERS=1 to read in one process, then land the same again",
            passing=True,
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _joined(parts: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """Larger batches of small ones: each batch becomes a row group of the staging file."""
    return pa.Table.from_batches(parts, STAGED).combine_chunks().to_batches()


def _batches_of(rows: bytes) -> list[pa.RecordBatch]:
    with pa.ipc.open_stream(rows) as stream:
        return list(stream)


_reader: Reader | None = None
"""In a worker: how to read."""


def _start(reader: Reader) -> None:
    """Make this process a worker, which ends with the process that started it, however that ends."""
    global _reader
    _reader = reader
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the parent answers it
    parent = parent_process()
    if parent:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    _exit(1)


def _parse_there(chunk: _Chunk) -> _Parsed:
    assert _reader is not None
    found = _parse(chunk, _reader)
    assert isinstance(found.rows, list)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, STAGED) as writer:
        for batch in found.rows:
            writer.write_batch(batch)
    return _Parsed(sink.getvalue().to_pybytes(), found.refusals)


_changing_main = threading.Lock()


@contextmanager
def _main_left_out() -> Iterator[None]:
    """While workers are started, hide the main module, which a spawned process would otherwise import again.

    Whatever started us (the command, Prefect, a script without a guard, standard input) is none of their business,
    and takes seconds to import.
    """
    with _changing_main:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
