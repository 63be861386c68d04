"""What loading takes and gives: the rows of the warehouse as frozen dataclasses, their keys, and the load error.

Times are aware (any zone; kept as UTC to the microsecond), dates are hearing days with both ends of a
period included. A value is missing (None) exactly where its status is not `counted`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

from extract.contract import StageError
from transform.contract import HELD

STATES = ("completed", "stopped")
GONE = "gone"
"""Status of a cell that its breakdown has no longer: the tombstone of the figure before."""
SEVERITIES = ("critical", "warning", "info")
OUTCOMES = ("passed", "failed", "error")
"""Of a check; `error` is a rule that could not run, which is not a rule that failed."""


@dataclass(frozen=True, slots=True)
class QuestionVersion:
    """One version of a question: the full text of its definition and of its code lists (name to text)."""

    definition_hash: str
    question: str
    title: str
    definition: str
    lists: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One landing: what came in, what was a repeat, what was refused (`refusals`: count by reason code)."""

    batch: int
    landed_at: datetime
    source_name: str
    source_format: str
    received_at: datetime
    files: int
    statements: int
    rows: int
    repeated: int
    refused: int
    refusals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RunRow:
    """One answer to one question: what was asked, as known when, and what came out.

    `run_key` (see the function of that name) is null only in what is read back of a stopped run.
    `value` counts the units (`unit`) of the whole period; `breakdowns` are lists of attribute names. `finished_at` is
    when it was stored: loading sets it. `store`, `precedence` (rules as mappings) and `counted_with` (version or digest
    by name) are `None` in runs of schema 0002 and earlier.
    """

    run_key: str | None
    question: str
    definition_hash: str
    unit: str
    period: str
    period_from: date
    period_to: date
    breakdowns: tuple[tuple[str, ...], ...]
    as_known_at: datetime
    newest_batch: int
    code_version: str
    thresholds_hash: str
    started_at: datetime
    finished_at: datetime
    data_from: date | None = None
    data_to: date | None = None
    value: int | None = None
    status: str | None = None
    weak_units: int | None = None
    incomplete_statements: int | None = None
    store: str | None = None
    precedence: tuple[Mapping[str, str | None], ...] | None = None
    counted_with: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure: a count of units in one cell (`canonical_cell`) of one period, or why there is none.

    `marks` are letters beside the value; `notes` are places (from 1) of those notes of the run that go with it alone.
    """

    period: str
    cell: str
    value: int | None
    status: str
    marks: str = ""
    notes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One part of the difference between a cell and the vintage before it (`previous_run_id` stated that).

    `units` is by how much `cause` (one of `transform.contract.CAUSES`) raised the figure, `batch` the landing that
    brought it, `says` the change in words where a list or the definition was changed.
    """

    cell: str
    previous_run_id: int
    cause: str
    units: int
    batch: int | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class AttritionRow:
    """Rows and units left after one step of the definition, in the order of the steps."""

    step: str
    rows: int
    units: int


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """How many units of the figure rest on one kind of evidence; `label` is its sentence."""

    name: str
    label: str
    units: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What one rule of one gate found: counts and a sentence, never values."""

    gate: str
    rule: str
    severity: str
    outcome: str
    checked: int | None
    unexpected: int | None
    sentence: str
    segment: str = ""
    limit_kind: str = "count"
    limit: float = 0.0
    detail: str = ""

    @property
    def stops(self) -> bool:
        """Whether a run may not go on: a critical rule failed, or a rule could not run."""
        return self.outcome == "error" or (self.outcome == "failed" and self.severity == "critical")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as the warehouse holds it, with everything that was stored with it, each in its order."""

    run_id: int
    vintage: int | None
    state: str
    stop_reason: str | None
    run: RunRow
    figures: tuple[FigureRow, ...]
    attrition: tuple[AttritionRow, ...]
    evidence: tuple[EvidenceRow, ...]
    notes: tuple[str, ...]
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The run as stored; `already_there` where it had been loaded before and nothing was changed."""

    run: StoredRun
    already_there: bool


@dataclass(frozen=True, slots=True)
class StoredFigure:
    """One figure that stands: the run that stated or confirmed it last, and since when the warehouse says so.

    `published_value` is what was last given out of the cell; `marks` holds an `r` where the value is another one.
    """

    figure_id: int
    run_id: int
    question: str
    unit: str
    period: str
    breakdown: str
    cell: str
    value: int | None
    status: str
    vintage: int
    known_from: datetime
    as_known_at: datetime
    newest_batch: int
    definition_hash: str
    marks: str = ""
    published_value: int | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A check result with the run, the batch or the inspection that it belongs to."""

    run_id: int | None
    batch: int | None
    inspection_id: int | None
    recorded_at: datetime
    check: CheckRow


@dataclass(frozen=True, slots=True)
class WarehouseStatus:
    """What the warehouse holds: rows by table, the last run of each question, what was not passed lately."""

    place: str
    revision: str
    rows: Mapping[str, int]
    last_runs: tuple[StoredRun, ...]
    newest_batch: BatchRow | None
    failed_checks: tuple[StoredCheck, ...]


class LoadError(StageError):
    """The warehouse cannot be used, or what was to be loaded may not stay there.

    `checks` are the results of the checks that stopped it, for the record of the stopped run.
    """

    exit_code = 6

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", passing: bool = False, checks: Sequence[CheckRow] = ()
    ) -> None:
        super().__init__(what, where=where, remedy=remedy, passing=passing)
        self.checks = tuple(checks)


class OvertakenError(LoadError):
    """Another run became current since the figures were compared with what stood: compare again."""


def canonical(value: object) -> str:
    """The one spelling of plain values as compact JSON with sorted keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_cell(cell: Mapping[str, str | int | bool | None]) -> str:
    """The one spelling of a cell: compact JSON with sorted keys; `{}` is the total."""
    return canonical(dict(cell))


def breakdown_name(names: Iterable[str]) -> str:
    """The one name of a breakdown: its attributes in order, joined by commas; empty for the total."""
    return ",".join(sorted(names))


def breakdown_of(cell: str) -> str:
    """Names of the attributes of a canonical cell, joined by commas; empty for the total."""
    return ",".join(json.loads(cell))


def counts_as(value: int | None, status: str | None) -> int | None:
    """A figure in a difference: what has no value counts as none (0), what is held cannot be told (`None`)."""
    return None if status == HELD else value if value is not None else 0


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises `ValueError` for a time without a zone, which could mean two moments."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return moment.astimezone(UTC)


def run_key(
    *,
    definition_hash: str,
    thresholds_hash: str,
    period_from: date,
    period_to: date,
    breakdowns: Iterable[Iterable[str]],
    as_known_at: datetime,
    newest_batch: int,
    store: str,
    code_version: str,
    unit: str,
    holds: Iterable[str],
) -> str:
    """SHA-256 (hex) of everything that decides the figures of a run: equal keys mean equal figures.

    `store` tells the records store from others, and `code_version` changes with the SQL that counts.
    `holds` names the holds in force: when one ends, the same question is a new run. The order of
    breakdowns, of the attributes in one, and of holds makes no difference.
    """
    parts = {
        "definition": definition_hash,
        "thresholds": thresholds_hash,
        "from": period_from.isoformat(),
        "to": period_to.isoformat(),
        "breakdowns": sorted({breakdown_name(names) for names in breakdowns}),
        "as_known_at": in_utc(as_known_at).isoformat(timespec="microseconds"),
        "newest_batch": newest_batch,
        "store": store,
        "code": code_version,
        "unit": unit,
        "holds": sorted(set(holds)),
    }
    return sha256(canonical(parts).encode()).hexdigest()


def key_again(key: str, after: int) -> str:
    """The key of a run that is stored once more, because other figures have stood since: after which vintage it is."""
    return sha256(canonical([key, after]).encode()).hexdigest()
