"""Which faults may pass by themselves: a lock, a disk, a connection; nothing that a person has to mend."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from extract import landing, store
from extract.contract import ExtractError, Refusal
from load.connecting import reading, writing
from load.contract import LoadError
from load.warehouse import open_warehouse
from pipelines.retrying import UnexpectedError, may_pass, without_values

NOW = datetime(2020, 6, 1, tzinfo=UTC)
PASSING, LASTING = ExtractError("locked", passing=True), ExtractError("no mapping")


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (PASSING, True),
        (LASTING, False),
        (OSError(5, "Input/output error"), True),
        (TypeError("a fault of the program"), False),
        (ExceptionGroup("both pass", [PASSING, ExceptionGroup("inner", [OSError(), PASSING])]), True),
        (ExceptionGroup("one stays", [PASSING, LASTING]), False),
        (None, False),
    ],
)
def test_a_task_is_tried_again_where_every_fault_may_pass(error: Exception | None, again: bool) -> None:
    assert may_pass(None, None, SimpleNamespace(data=error)) is again


def test_faults_that_a_person_or_the_disk_made_keep_their_words_and_others_lose_their_message() -> None:
    def fail(error: Exception) -> None:
        raise error

    for said in (PASSING, OSError(28, "No space left on device"), ExceptionGroup("both", [PASSING, LASTING])):
        with pytest.raises(type(said)) as kept:
            without_values(fail)(said)
        assert kept.value is said
    for unforeseen in (KeyError("a name"), ExceptionGroup("both", [PASSING, KeyError("a name")])):
        with pytest.raises(UnexpectedError, match="KeyError") as hidden:
            without_values(fail)(unforeseen)
        assert "a name" not in str(hidden.value)
        assert hidden.value.__cause__ is None
        assert hidden.value.__suppress_context__


@pytest.mark.parametrize(
    ("address", "again"),
    [
        ("postgresql://clerk@127.0.0.1:1/statistics", True),
        ("postgresql://clerk@127.0.0.1:port/statistics", False),
        ("mysql://clerk@127.0.0.1/statistics", False),
        ("no address", False),
        ("sqlite://", False),
    ],
)
def test_a_database_that_does_not_answer_may_answer_later_but_an_address_does_not_mend_itself(
    address: str, again: bool
) -> None:
    with pytest.raises(LoadError) as fault:
        open_warehouse(address)
    assert fault.value.passing is again


def test_a_file_that_is_no_database_stays_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("minutes of the meeting\n" * 100)
    with pytest.raises(LoadError) as fault:
        open_warehouse(f"sqlite:///{tmp_path / 'notes.txt'}")
    assert not fault.value.passing


def test_another_writers_lock_on_the_warehouse_may_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("load.connecting.BUSY_SECONDS", 1)
    address = f"sqlite:///{tmp_path / 'w.db'}"
    with open_warehouse(address) as one, open_warehouse(address) as other, writing(one, "a test"):
        with pytest.raises(LoadError, match="kept it locked") as fault, reading(other) as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        assert fault.value.passing


def source() -> landing.Source:
    return landing.Source("spi", "spi", 1, NOW, given=True, by_name=False)


def test_another_landing_that_holds_the_store_may_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "LOCK_SECONDS", 0.1)
    store.prepare(tmp_path, "check")
    waited: list[str] = []
    with FileLock(tmp_path / "landing.lock"), pytest.raises(ExtractError, match="half an hour") as fault:
        landing.land(tmp_path, source(), [], lambda: [], landed_at=NOW, waiting=lambda: waited.append("waiting"))
    assert fault.value.passing
    assert waited == ["waiting"]


def test_a_disk_that_refused_a_landing_may_take_it_later_and_nothing_is_left_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    store.prepare(tmp_path, "check")
    found = [Refusal("malformed-xml", "cut.xml", "the file", "h")]
    with monkeypatch.context() as patched:
        patched.setattr(landing.appending, "commit", full)
        with pytest.raises(ExtractError, match=r"No space left on device.*nothing was changed") as fault:
            landing.land(tmp_path, source(), [], lambda: found, landed_at=NOW)
    assert fault.value.passing
    assert store.summaries(tmp_path) == []
    assert landing.land(tmp_path, source(), [], lambda: found, landed_at=NOW).batch == 1
