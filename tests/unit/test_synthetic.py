"""The demo's data: made from a seed, whole or not at all, and labelled as synthetic wherever it shows."""

import csv
from pathlib import Path
from time import process_time

import pytest

from extract.contract import ExtractError
from extract.mapping import load_mapping
from pipelines.synthetic import MAPPING, TABLE, DemoPlan, write_demo


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoPlan]:
    folder = tmp_path_factory.mktemp("written") / "demo"
    return folder, write_demo(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_seed_gives_the_same_bytes(written: tuple[Path, DemoPlan], tmp_path: Path) -> None:
    """Two people who run the demo see the same files."""
    began = process_time()
    write_demo(tmp_path / "again")
    assert process_time() - began < 5
    assert files(tmp_path / "again") == files(written[0])


def test_another_seed_gives_other_cases_and_the_same_traps(written: tuple[Path, DemoPlan], tmp_path: Path) -> None:
    """The seed moves the ordinary cases only, so 27 does not hang on it."""
    folder = tmp_path / "other"
    plan = write_demo(folder, seed=7, cases=300)
    assert files(folder).keys() != files(written[0]).keys()
    assert [(t.name, t.counted, len(t.files)) for t in plan.traps] == [
        (t.name, t.counted, len(t.files)) for t in written[1].traps
    ]


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    """The same plan in the same folder is recognised and left as it is."""
    folder = tmp_path / "demo"
    plan = write_demo(folder, cases=100)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    assert write_demo(folder, cases=100) == plan
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


@pytest.mark.parametrize("what", ["a stranger's file", "another seed", "a changed file", "a missing file", "a file"])
def test_a_folder_that_holds_something_else_is_refused(what: str, tmp_path: Path) -> None:
    """Nothing is overwritten and nothing is landed that the plan does not know."""
    folder = tmp_path / "demo"
    if what == "a file":
        folder.write_text("mine")
    else:
        write_demo(folder, seed=2 if what == "another seed" else 1, cases=100)
    if what == "a stranger's file":
        (folder / "1-spi-first" / "mine.xml").write_text("<mine/>")
    if what == "a changed file":
        (folder / MAPPING).write_text("schema = 1")
    if what == "a missing file":
        (folder / TABLE).unlink()
    before = files(tmp_path)
    with pytest.raises(ExtractError, match="nothing was written"):
        write_demo(folder, seed=1, cases=100)
    assert files(tmp_path) == before


def test_too_few_cases_for_the_traps_are_refused(tmp_path: Path) -> None:
    """The error says how many are needed, and that many do."""
    with pytest.raises(ExtractError, match="too few") as refused:
        write_demo(tmp_path / "demo", cases=10)
    needed = next(int(word) for word in refused.value.remedy.split() if word.isdigit())
    assert write_demo(tmp_path / "demo", cases=needed).traps


def test_everything_says_that_it_is_synthetic(written: tuple[Path, DemoPlan]) -> None:
    """Messages in a comment, the table in its name, folders in a README, the manifest in a note."""
    for name, data in files(written[0]).items():
        assert b"SYNTHETIC DATA" in data or "SYNTHETIC" in name, name


def test_every_wrapper_occurs(written: tuple[Path, DemoPlan]) -> None:
    """The four shapes in which messages arrive, and both systems that send them."""
    everything = [data for name, data in files(written[0]).items() if name.endswith(".xml")]
    for mark in (b"<DeliverRequest", b"\n<RouteData", b"\n<ResultedCaseMessage", b"<soap:Envelope"):
        assert any(mark in data for data in everything), mark
    for system in (b"B00LIBRA", b"C00CommonPlatform"):
        assert any(system in data for data in everything), system


def test_deliveries_are_in_the_order_of_receipt(written: tuple[Path, DemoPlan]) -> None:
    """Landed in this order, with these times, the statements replace each other as planned."""
    folder, plan = written
    received = [delivery.received_at for delivery in plan.deliveries]
    assert received == sorted(set(received))
    assert all(time.utcoffset() is not None for time in received)
    assert all(delivery.path.exists() for delivery in plan.deliveries)
    assert all((folder / file).is_file() for trap in plan.traps for file in trap.files)
    assert all(trap.files for trap in plan.traps)


def test_the_mapping_leaves_names_unread(written: tuple[Path, DemoPlan]) -> None:
    """The table has a column of names, the mapping has not, and every column that it names is there."""
    mapping = load_mapping(written[0] / MAPPING)
    with (written[0] / TABLE).open(encoding="utf-8", newline="") as lines:
        header = next(csv.reader(lines))
    assert set(header) - set(mapping.columns.values()) == {"Defendant Name"}
    assert set(mapping.columns.values()) <= set(header)
