"""What a landing let out of quarantine, told so that a revision can name it as the cause."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from extract import store
from extract.contract import Refusal, Statement
from extract.holding import Reread, SetAside
from extract.landing import Source, land
from extract.quarantine import Release
from extract.records import batches
from pipelines.released import released, released_from
from transform.engines.duckdb import Records
from transform.engines.revising import record_revisions
from transform.periods import parse_period
from transform.questions import load_definitions
from transform.revising import ReleasedFrom

NOW = datetime(2020, 6, 1, 12, tzinfo=UTC)
FEBRUARY = date(2020, 2, 1), date(2020, 2, 29)
DAY = date(2020, 2, 3)
Say = Callable[..., Statement]
At = Callable[[int], datetime]


def set_aside(**said: object) -> SetAside:
    """A message that landing 4 could read again, changed by `said`."""
    plain = SetAside(
        2, 1, "malformed-xml", "a.xml", "file", "hash", None, "/in/a.xml", "spi", "spi", NOW, True, None, None, False,
        4, "read-again", "",
    )  # fmt: skip
    return replace(plain, **said)  # type: ignore[arg-type]


TABLE = {"source_name": "mis", "source_format": "table", "file": "mis.csv", "why": "day-complete"}
SPAN = {"first_day": FEBRUARY[0], "last_day": FEBRUARY[1]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, [ReleasedFrom(4, "a.xml")]),
        ({"hearing_date": DAY}, [ReleasedFrom(4, "a.xml", DAY, DAY)]),
        ({"released_batch": None, "why": None}, []),
        ({"why": "by-hand"}, []),
        (TABLE | {"place": "row 7", "hearing_date": DAY}, [ReleasedFrom(4, None, DAY, DAY)]),
        (TABLE | {"place": "row 7"} | SPAN, []),
        (TABLE | {"bounded": True} | SPAN, [ReleasedFrom(4, None, *FEBRUARY)]),
        (TABLE | SPAN, [ReleasedFrom(4, "mis.csv")]),
    ],
    ids=[
        "a message",
        "a message of a day",
        "what is held",
        "what a person let go lets no statement in",
        "a row of a day",
        "a row without a day could be of any statement",
        "a file of an extract that said which days it covers",
        "a file of any other extract",
    ],
)
def test_what_was_let_out_is_told_by_file_or_day(said: dict[str, object], told: list[ReleasedFrom]) -> None:
    assert released_from([set_aside(**said), set_aside(**said)]) == told


@pytest.fixture
def lands(records: Path, received: At) -> Callable[..., None]:
    """Land what is said and refused as received on a day of March."""

    def go(*said: Statement, on: int, refused: tuple[Refusal, ...] = (), reread: Reread | None = None) -> None:
        origin = Source("spi", "spi", 1, received(on), given=True, by_name=False)
        land(
            records, origin, batches(enumerate(said)), lambda: list(refused), landed_at=NOW, asked={},
            reread=lambda: reread or Reread(),
        )  # fmt: skip

    return go


def causes(records: Path, before: int) -> list[tuple[str, int, int | None]]:
    """Why the number of cases in the first quarter is another one than after the landing with this number."""
    sql = Path(__file__).resolve().parents[2] / "sql"
    question = load_definitions(sql).question("stalking-protection-orders")
    newest = store.newest_batch(records)
    files = store.known_files(records, *FEBRUARY)
    states = [Records(files, batch, NOW) for batch in (before, newest)]
    out = released(records, newest, before)
    parts = record_revisions(question, *states, [parse_period("2020Q1")], [], key=b"key", now=NOW, released=out)
    return [(part.cause, part.by, part.batch) for part in parts]


def test_what_could_be_read_at_last_raises_the_figure_because_it_was_in_quarantine(
    records: Path, lands: Callable[..., None], statement: Say, received: At
) -> None:
    """The same landing brings another case, which was never set aside: that one is late."""
    lands(on=2, refused=(Refusal("malformed-xml", "cut.xml", "file", "bytes", origin="/in/cut.xml"),))
    mended = statement("cut", received(4), key="hearing 2", file="cut.xml")
    other = replace(statement("b", received(4), key="hearing 3", file="b.xml"), case_key="urn:01ZD0303209")
    lands(mended, other, on=4, reread=Reread({"bytes"}))
    assert causes(records, 1) == [("quarantine released", 1, 2), ("late result", 1, 2)]


def test_what_a_person_lets_go_is_no_cause(
    records: Path, lands: Callable[..., None], statement: Say, received: At
) -> None:
    lands(on=2, refused=(Refusal("malformed-xml", "cut.xml", "file", "bytes", origin="/in/cut.xml"),))
    by_hand = Reread(by_hand=[Release(1, 1, "by-hand", "known to be a test")])
    lands(statement("c", received(4), file="cut.xml"), on=4, reread=by_hand)
    assert causes(records, 1) == [("late result", 1, 2)]
