"""Between the stages and the warehouse: batches, runs and checks in the warehouse's terms."""

import csv
import io
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.contract import Outcome
from expectations.gates import Arrived, check_landed
from expectations.thresholds import thresholds_hash
from extract import store
from extract.store import Landing
from load.connecting import is_missing
from load.contract import (
    AttritionRow,
    BatchRow,
    CheckRow,
    EvidenceRow,
    FigureRow,
    LoadError,
    QuestionVersion,
    RunRow,
    StoredRun,
    canonical_cell,
    run_key,
)
from load.reading import newest_batch
from load.warehouse import open_warehouse, record_batch
from pipelines.account import account
from pipelines.journal import note
from pipelines.settings import Settings, make_home
from transform import answers
from transform.codelists import HEADER, CodeList
from transform.contract import Answer, AttritionStep, Evidence, Figure
from transform.counting import count_sql, used_breakdowns
from transform.holds import holds_in_force
from transform.standing import SQL, read_sources

TRANSFORM = Path(answers.__file__).parent
COUNTING_CODE = (TRANSFORM / "answers.py", TRANSFORM / "holds.py", *sorted((TRANSFORM / "engines").glob("*.py")))
"""What decides figures, their statuses, marks and notes, and is not SQL: a change there is another run."""

if TYPE_CHECKING:
    import pandas as pd

    from load.connecting import Warehouse
    from pipelines.runs import Order


def opened(settings: Settings) -> "AbstractContextManager[Warehouse]":
    """The warehouse, migrated to this version; closed at the end of a `with`."""
    if settings.warehouse_url == f"sqlite:///{settings.home / 'warehouse.db'}":
        make_home(settings)
    return open_warehouse(settings.warehouse_url, who=account())


def there_is_one(settings: Settings) -> bool:
    """Whether there is a warehouse to look into: looking makes none."""
    return not is_missing(settings.warehouse_url)


def record_batches(settings: Settings) -> tuple[Outcome, ...]:
    """Check and record each landing of the store that the warehouse does not know."""
    landings = store.summaries(settings.store)
    outcomes: list[Outcome] = []
    with opened(settings) as warehouse:
        known = newest_batch(warehouse)
        if known and known.batch > len(landings):
            raise LoadError(
                f"it knows {known.batch} landings, the records store only {len(landings)}",
                where=warehouse.place,
                remedy="Each records store needs a warehouse of its own: set COURTSTATS_WAREHOUSE_URL",
            )
        for landing in landings:
            if landing.batch is None or (known and landing.batch < known.batch):
                continue
            if known and landing.batch == known.batch:
                record_batch(warehouse, batch_row(landing), [])  # refuses a warehouse of another records store
                continue
            note(f"Checking batch {landing.batch}")
            files = store.known_files(settings.store, batch=landing.batch) if landing.rows else ()
            checked = check_landed(
                files,
                newest_batch=landing.batch,
                batches=(landing.batch, landing.batch),
                arrived=arrived(landing),
                as_at=landing.landed_at.date(),
            )
            record_batch(warehouse, batch_row(landing), [check_row(c) for c in checked])
            note(checks_line(f"Batch {landing.batch}", checked))
            outcomes += checked
    return tuple(outcomes)


def arrived(landing: Landing) -> Arrived:
    """What a landing says of itself, for the checks on landings."""
    refused = sum(landing.refused.values())
    return Arrived(landing.source_name, landing.files, landing.statements, landing.rows, landing.repeated, refused)


def checks_line(what: str, checked: Sequence[Outcome]) -> str:
    """One line on the checks of a gate: how many, and the ones that were not passed by name."""
    missed = [c for c in checked if c.outcome != "passed"]
    said = f"{what}: {len(checked)} checks, " + (f"{len(missed)} not passed" if missed else "all passed")
    return said + "".join(f"\n            {c.severity}: {c.sentence} [{c.rule}: {c.outcome}]" for c in missed)


def batch_row(landing: Landing) -> BatchRow:
    """A landing as the warehouse's row of it."""
    return BatchRow(
        batch=landing.batch or 0,
        landed_at=landing.landed_at,
        source_name=landing.source_name,
        source_format=landing.source_format,
        received_at=landing.received_at,
        files=landing.files,
        statements=landing.statements,
        rows=landing.rows,
        repeated=landing.repeated,
        refused=sum(landing.refused.values()),
        refusals=landing.refused,
    )


def check_row(outcome: Outcome) -> CheckRow:
    """The outcome of a rule as the warehouse's row of it: counts only."""
    return CheckRow(
        gate=outcome.gate,
        rule=outcome.rule,
        severity=outcome.severity,
        outcome=outcome.outcome,
        checked=outcome.checked,
        unexpected=outcome.unexpected,
        sentence=outcome.sentence,
        segment=outcome.segment,
        limit_kind=outcome.limit_kind,
        limit=outcome.limit,
        detail=outcome.detail,
    )


def figure_rows(answer: Answer) -> list[FigureRow]:
    """The figures of an answer, each cell in its canonical spelling."""
    return [
        FigureRow(f.period, canonical_cell(dict(f.cell)), f.value, f.status, f.marks, f.notes) for f in answer.figures
    ]


def attrition_rows(answer: Answer) -> list[AttritionRow]:
    """The steps of an answer."""
    return [AttritionRow(s.step, s.rows, s.units) for s in answer.attrition]


def evidence_rows(answer: Answer) -> list[EvidenceRow]:
    """The kinds of evidence of an answer."""
    return [EvidenceRow(e.name, e.label, e.units) for e in answer.evidence]


def version_of(order: "Order") -> QuestionVersion:
    """The definition that an answer was counted by, whole, so that it can be read years later."""
    question = order.question
    lists = {name: list_text(codes) for name, codes in question.lists.items()}
    return QuestionVersion(question.fingerprint, question.id, question.title, question.text, lists)


def list_text(codes: CodeList) -> str:
    """A code list as CSV, entry by entry."""
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow(HEADER)
    sheet.writerows([getattr(entry, name) for name in HEADER] for entry in codes.entries)
    return text.getvalue()


def key_of(order: "Order") -> str:
    """What makes two runs one: see load.contract.run_key."""
    in_force = holds_in_force(order.question, order.period, order.now)
    return run_key(
        definition_hash=order.question.fingerprint,
        thresholds_hash=thresholds_hash(),
        period_from=order.period.first,
        period_to=order.period.last,
        breakdowns=order.by,
        as_known_at=order.as_known_at,
        newest_batch=order.newest_batch,
        store=order.store,
        code_version=f"{order.code_version} {_code_of(order)}",
        unit=order.unit,
        holds=[f"{h.period.label} {h.until.isoformat()} {h.basis}" for h in in_force],
    )


def _code_of(order: "Order") -> str:
    """A digest of what counts beside the definition: SQL, modules that read its rows, precedence of sources, forces."""
    said = count_sql(order.question, order.unit) + _counting_code() + repr(order.precedence)
    if {"police_force", "region"} & set(used_breakdowns(order.question)):
        said += _forces()
    return sha256(said.encode()).hexdigest()


@cache
def _forces() -> str:
    """The digest of the standing data that forces and regions are told by."""
    return read_sources(SQL / "standing")["forces.parquet"].sha256


@cache
def _counting_code() -> str:
    """What `COUNTING_CODE` says; a series asks for the key of each of its periods."""
    return "".join(file.read_text(encoding="utf-8") for file in COUNTING_CODE)


def run_row(order: "Order", answer: Answer | None, started_at: datetime, finished_at: datetime) -> RunRow:
    """A run as the warehouse's row of it; without an answer, what was asked when it stopped."""
    return RunRow(
        run_key=key_of(order),
        question=order.question.id,
        definition_hash=order.question.fingerprint,
        unit=order.unit,
        period=order.period.label,
        period_from=order.period.first,
        period_to=order.period.last,
        breakdowns=order.by,
        as_known_at=order.as_known_at,
        newest_batch=order.newest_batch,
        code_version=order.code_version,
        thresholds_hash=thresholds_hash(),
        started_at=started_at,
        finished_at=finished_at,
        data_from=answer.data_from if answer else None,
        data_to=answer.data_to if answer else None,
        value=answer.value if answer else None,
        status=answer.status if answer else None,
        weak_units=answer.weak_units if answer else None,
        incomplete_statements=answer.incomplete_statements if answer else None,
        store=order.store,
        precedence=tuple(asdict(rule) for rule in order.precedence),
        counted_with=counted_with(order),
    )


def counted_with(order: "Order") -> dict[str, str]:
    """What decides a count beside the definition and the records, by name: versions and digests."""
    found = {"courtstats": order.code_version, "duckdb": version("duckdb"), "counting code": _code_of(order)}
    if {"police_force", "region"} & set(used_breakdowns(order.question)):
        found["forces"] = _forces()
    return found


def stored_answer(order: "Order", stored: StoredRun) -> Answer:
    """The answer of a run that was loaded before, from the warehouse alone: nothing is counted again."""
    run = stored.run
    return Answer(
        question=run.question,
        title=order.question.title,
        unit=run.unit,
        first=run.period_from,
        last=run.period_to,
        period=run.period,
        by=run.breakdowns,
        as_known_at=run.as_known_at,
        newest_batch=run.newest_batch,
        data_from=run.data_from,
        data_to=run.data_to,
        value=run.value,
        status=run.status or "",
        figures=tuple(
            Figure(f.period, _cell(f.cell, run.breakdowns), f.value, f.status, f.marks, f.notes) for f in stored.figures
        ),
        attrition=tuple(AttritionStep(s.step, s.rows, s.units) for s in stored.attrition),
        evidence=tuple(Evidence(e.name, e.label, e.units) for e in stored.evidence),
        weak_units=run.weak_units,
        incomplete_statements=run.incomplete_statements,
        notes=stored.notes,
    )


def _cell(text: str, breakdowns: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, str], ...]:
    """A canonical cell with its names in the order in which the breakdown declares them."""
    cell = json.loads(text)
    order = next((c for c in breakdowns if set(c) == cell.keys()), tuple(cell))
    return tuple((name, cell[name]) for name in order)


def frames(answer: Answer) -> tuple["pd.DataFrame", "pd.DataFrame", "pd.DataFrame"]:
    """Figures, attrition and evidence of an answer as frames, for the second gate."""
    import pandas as pd

    figures = figures_frame(figure_rows(answer))
    steps = [(n, s.step, s.rows, s.units) for n, s in enumerate(answer.attrition)]
    attrition = pd.DataFrame(steps, columns=["position", "step", "rows", "units"])
    evidence = pd.DataFrame([(e.name, e.units) for e in answer.evidence], columns=["name", "units"])
    return figures, attrition, evidence


def figures_frame(figures: Sequence[FigureRow]) -> "pd.DataFrame":
    """Figures as a frame: period, cell (canonical), value (nullable whole number), status."""
    import pandas as pd

    frame = pd.DataFrame(
        [(f.period, f.cell, f.value, f.status) for f in figures], columns=["period", "cell", "value", "status"]
    )
    return frame.astype({"value": "Int64"})
