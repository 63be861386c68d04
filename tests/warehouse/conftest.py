"""A fresh warehouse on each database, and made-up runs to load into it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from load.contract import AttritionRow, BatchRow, CheckRow, EvidenceRow, FigureRow, QuestionVersion, RunRow
from load.contract import run_key as key_of
from load.warehouse import load_run, open_warehouse

WHEN = datetime(2020, 5, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def warehouse(url):
    with open_warehouse(url, who="a clerk", clock=lambda: WHEN) as opened:
        yield opened


def a_version(**changes):
    version = QuestionVersion("def-1", "spo", "Stalking Protection Orders", 'id = "spo"', {"granted": "code\n3307\n"})
    return replace(version, **changes)


def a_run(holds=(), **changes):
    """A completed run of the letter's quarter; its key follows from what is changed."""
    run = RunRow(
        run_key=None,
        question="spo",
        definition_hash="def-1",
        unit="case",
        period="2020Q1",
        period_from=date(2020, 1, 1),
        period_to=date(2020, 3, 31),
        breakdowns=(("month",), ("application_type",)),
        as_known_at=WHEN,
        newest_batch=1,
        code_version="0.1.0",
        thresholds_hash="thr-1",
        started_at=WHEN,
        finished_at=WHEN,
        data_from=date(2020, 1, 20),
        data_to=date(2020, 3, 31),
        value=27,
        status="counted",
        weak_units=3,
        incomplete_statements=0,
    )
    run = replace(run, **changes)
    if "run_key" in changes:
        return run
    return replace(
        run,
        run_key=key_of(
            definition_hash=run.definition_hash,
            thresholds_hash=run.thresholds_hash,
            period_from=run.period_from,
            period_to=run.period_to,
            breakdowns=run.breakdowns,
            as_known_at=run.as_known_at,
            newest_batch=run.newest_batch,
            store="a store",
            code_version=run.code_version,
            unit=run.unit,
            holds=holds,
        ),
    )


def a_batch(**changes):
    batch = BatchRow(1, WHEN, "spi", "spi", WHEN, 10, 9, 20, 1, 2, {"bad-date": 2})
    return replace(batch, **changes)


def a_check(**changes):
    return replace(CheckRow("after-loading", "same-figures", "critical", "passed", 2, 0, "2 of 2 are equal"), **changes)


FIGURES = (FigureRow("2020Q1", "{}", 27, "counted"), FigureRow("2020Q1", '{"month":"2020-01"}', 0, "counted"))


def load(warehouse, run=None, *, version=None, figures=FIGURES, checks=(), verify=lambda rows: [a_check()]):
    """Load a run with one attrition step, one kind of evidence and two notes."""
    return load_run(
        warehouse,
        version or a_version(),
        run or a_run(),
        figures,
        [AttritionRow("Result is SPO or Granted", 40, 27)],
        [EvidenceRow("spo", "Rests on 3307 or SPO", 20)],
        ["Figures can change over time.", "Management information."],
        checks,
        verify,
    )


@pytest.fixture
def sample():
    """The makers above, by short names."""
    return SimpleNamespace(
        version=a_version, run=a_run, batch=a_batch, check=a_check, load=load, figures=FIGURES, when=WHEN
    )
