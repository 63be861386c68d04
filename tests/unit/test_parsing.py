"""Messages read by several processes: the same rows, numbers and refusals as by one, and no process left behind.

The messages are made.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from extract import parsing
from extract.contract import ExtractError, Refusal, Texts
from extract.deliveries import Delivery
from extract.parsing import Parsing, Reader

ROOT = Path(__file__).resolve().parents[2]
READER = Reader("spi", "libra", "B00LIBRA", datetime(2020, 3, 1, tzinfo=UTC), Texts(frozenset({"granted."}), b"a key"))
MESSAGE = """<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra"><DC:Session><DC:CourtHearing>
<DC:Hearing><DC:CourtHearingLocation>B01EF01</DC:CourtHearingLocation><DC:DateOfHearing>2020-02-03</DC:DateOfHearing>
</DC:Hearing></DC:CourtHearing><DC:Case><DC:PTIURN>01ZD{number:07d}</DC:PTIURN><DC:Defendant><DC:Offence>
<DC:BaseOffenceDetails><DC:OffenceCode>{code}</DC:OffenceCode></DC:BaseOffenceDetails><DC:Result>
<DC:ResultText>Granted.</DC:ResultText></DC:Result></DC:Offence></DC:Defendant></DC:Case></DC:Session>
</DC:ResultedCaseMessage>"""


def made(number: int) -> Delivery:
    """A message; every seventh is cut off, every eleventh lacks its code, every thirteenth could not be opened."""
    name = f"{number}.xml"
    if number % 13 == 0:
        return Delivery(name, f"/in/{name}", None, Refusal("unreadable", name, "the file", "0" * 64))
    text = MESSAGE.format(number=number, code="" if number % 11 == 0 else "ST19501")
    return Delivery(name, f"/in/{name}", text.encode()[: 90 if number % 7 == 0 else None])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks and batches, and few messages are enough for workers."""
    monkeypatch.setattr(parsing, "CHUNK_MESSAGES", 4)
    monkeypatch.setattr(parsing, "FEW_MESSAGES", 10)
    monkeypatch.setattr(parsing, "ROWS_PER_BATCH", 20)


def outcome(workers: int, count: int = 60) -> tuple[pa.Table, list[Refusal]]:
    work = Parsing(map(made, range(count)), READER, workers)
    return pa.Table.from_batches(work.batches(), parsing.STAGED), work.refusals


@pytest.mark.usefixtures("small")
def test_rows_order_numbers_and_refusals_are_those_of_one_process() -> None:
    alone, together = outcome(1), outcome(2)
    assert together[0].equals(alone[0])
    assert together[1] == alone[1]
    rows, refusals = alone
    assert rows.column("delivery").to_pylist() == sorted(rows.column("delivery").to_pylist())
    assert all(r["source_file"] == f"{r['delivery']}.xml" for r in rows.to_pylist())
    assert {r.reason for r in refusals} == {"unreadable", "malformed-xml", "no-offence-code"}
    assert all(r.origin == f"/in/{r.file}" for r in refusals)
    assert set(rows.column("source_name").to_pylist()) == {"libra"}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("workers", [1, 2])
def test_of_a_file_with_many_faults_one_stands_for_the_rest_and_what_is_good_is_read(monkeypatch, workers: int) -> None:
    """A file of a kilobyte can have millions of faults; each file on disk has its own limit."""
    monkeypatch.setattr(parsing, "MOST_FAULTS", 3)

    def of(name: str, many: int) -> list[Delivery]:
        inside = (replace(made(n), name=f"in/{name}!{n}.xml", origin=f"/put/in/{name}") for n in range(1, many))
        return [d for d in inside if d.data is not None]

    deliveries = of("a.zip", 40) + of("b.zip", 15)
    work = Parsing(deliveries, READER, workers)
    table = pa.Table.from_batches(work.batches(), parsing.STAGED)
    many = [r for r in work.refusals if r.origin == "/put/in/a.zip"]
    assert [r.reason for r in many] == ["malformed-xml", "no-offence-code", "malformed-xml", "too-many-faults"]
    assert (many[-1].file, many[-1].place) == ("in/a.zip", "after fault 3")
    assert work.refusals.index(many[-1]) == 3
    assert [r.reason for r in work.refusals if r.origin == "/put/in/b.zip"] == [r.reason for r in many[:3]]
    monkeypatch.setattr(parsing, "MOST_FAULTS", 1000)
    everything = Parsing(deliveries, READER)
    assert table.equals(pa.Table.from_batches(everything.batches(), parsing.STAGED))
    assert len(everything.refusals) > len(work.refusals)


@pytest.mark.usefixtures("small")
def test_few_messages_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "ProcessPoolExecutor", None)
    assert outcome(2, 9)[0].num_rows > 0


@pytest.mark.usefixtures("small")
def test_no_more_is_fetched_than_is_under_way() -> None:
    fetched = 0

    def deliveries():
        nonlocal fetched
        for number in range(1, 400):
            fetched += 1
            yield made(number)

    ahead = []
    work = Parsing(deliveries(), READER, 2, lambda: fetched, lambda mark: ahead.append(fetched - mark))
    assert sum(batch.num_rows for batch in work.batches())
    assert max(ahead) <= 4 * (2 * parsing.CHUNKS_AHEAD + 1)
    assert fetched == 399


@pytest.mark.usefixtures("small")
def test_large_messages_make_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "CHUNK_BYTES", 1_000)
    assert {len(c.deliveries) for c in parsing._chunks(map(made, range(1, 7)), lambda: 0)} <= {0, 1, 2}


@pytest.mark.usefixtures("small")
def test_it_works_in_a_thread_as_prefect_runs_its_tasks() -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(outcome(2)))
    thread.start()
    thread.join(60)
    assert found and found[0][0].equals(outcome(1)[0])


SCRIPT = """
import sys, time
sys.path.insert(0, sys.argv[1])
import test_parsing as t
t.parsing.CHUNK_MESSAGES, t.parsing.FEW_MESSAGES, t.parsing.ROWS_PER_BATCH = 4, 10, 20
"""
COUNTS = SCRIPT + "print(t.outcome(2)[0].num_rows, flush=True)\n"
ENDLESS = (
    SCRIPT
    + """
from itertools import count
from multiprocessing import active_children
work = t.Parsing((t.made(1) for _ in count()), t.READER, 2)
for number, batch in enumerate(work.batches()):
    if number == 0:
        print(*(child.pid for child in active_children()), flush=True)
"""
)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("how", ["from standard input", "as a script without a guard", "with -c"])
def test_it_works_whatever_the_main_module_is(tmp_path: Path, how: str) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(COUNTS)
    command = {"from standard input": ["-"], "with -c": ["-c", COUNTS]}.get(how, [str(script)])
    done = subprocess.run(
        [sys.executable, *command, str(Path(__file__).parent)], input=COUNTS if how == "from standard input" else None,
        capture_output=True, text=True, timeout=60, env=environment(),
    )  # fmt: skip
    assert done.stderr == ""
    assert int(done.stdout) == outcome(1)[0].num_rows


@pytest.fixture
def endless():
    """A process that reads for ever, and the processes that read for it."""
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(Path(__file__).parent)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield process, [int(pid) for pid in process.stdout.readline().split()]
        finally:
            process.kill()


def running(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be asked for its exit does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ended(pids: list[int]) -> bool:
    until = time.monotonic() + 20
    while any(map(running, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(running, pids))


def interrupt(process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C until it is heard, as a person would: Python drops one that arrives inside a destructor."""
    for _ in range(10):
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(6)
            return
        except subprocess.TimeoutExpired:
            pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_one_that_started_it(endless, how: signal.Signals) -> None:
    process, readers = endless
    assert len(readers) == 2 and all(map(running, readers))
    if how == signal.SIGINT:  # as Ctrl-C: all of them at once
        interrupt(process)
    else:
        process.kill()
    assert process.wait(30) != 0
    assert ended(readers)
    errors = process.stderr.read()
    assert errors.count("Traceback") == (how == signal.SIGINT), "the reading processes say nothing of their own"


def test_a_reading_process_that_dies_is_one_error_that_may_pass(endless) -> None:
    process, readers = endless
    os.kill(readers[0], signal.SIGKILL)
    assert process.wait(30) == 1
    assert ended(readers)
    said = process.stderr.read()
    assert "ExtractError" in said and "COURTSTATS_WORKERS=1" in said


@pytest.mark.usefixtures("small")
def test_a_dead_process_is_an_error_that_trying_again_may_mend() -> None:
    def deliveries():
        from multiprocessing import active_children

        for number in range(1, 200):
            if number == 100:
                os.kill(active_children()[0].pid, signal.SIGKILL)
            yield made(number)

    with pytest.raises(ExtractError) as error:
        list(Parsing(deliveries(), READER, 2).batches())
    assert error.value.passing


@pytest.mark.usefixtures("small")
def test_stopping_in_the_middle_ends_the_processes() -> None:
    from multiprocessing import active_children

    before = set(active_children())
    rows = Parsing(map(made, range(100_000)), READER, 2).batches()
    next(rows)
    mine = [child.pid for child in set(active_children()) - before]
    assert mine
    rows.close()
    assert ended(mine)
