"""`courtstats plan`: what a changed definition would do to loaded figures; nothing is written."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from extract.contract import ExtractError
from load.warehouse import load_run, record_batch
from pipelines import landings, plan_text, planning, recording, runs
from pipelines.settings import DEFINITIONS, Settings, load_settings
from transform.contract import TransformError
from transform.periods import Period, parse_period

pytestmark = pytest.mark.xdist_group("commands")

NAME = "orders-for-stalking"
NOW = datetime(2021, 1, 4, tzinfo=UTC)
YEARS = range(2012, 2020)
CHANGED_ON = date(2017, 4, 3)
HEADER = "code,match,label,category,valid_from,valid_to,source\n"
NEW_CODES = (
    "PH97010,offence,Stalking from 2017,fear,2017-04-03,,test\nPH97011,offence,Stalking,alarm,2017-04-03,,test\n"
)
OLD_CODES = (
    "PH97007,offence,Stalking,fear,2012-11-25,2017-04-02,test\nPH97008,offence,Stalking,alarm,,2017-04-02,test\n"
)
RESULTS = HEADER + "3047,cjs,Restraining order on conviction,,,,test\n"
DEFINITION = """
schema = "courtstats/question@1"
id     = "orders-for-stalking"
title  = "Restraining orders for stalking"
asks   = "In how many cases was a restraining order made for stalking?"
owner  = "courts-mi"
[count]
unit = "case"
date = "hearing_date"
once = "first in period"
[[step]]
name = "Stalking"
keep = { offence = "stalking-offences" }
[[step]]
name = "Restraining order"
keep = { result = "restraining-orders" }
[[breakdown]]
name  = "harm"
label = "Harm"
list  = "stalking-offences"
[breakdowns]
default = [["harm"]]
allowed = [["quarter"]]
[[example]]
name   = "One case"
given  = [{ case = "A", hearing = 2018-02-03, offence = "PH97010", result = "3047" }]
expect = { "2018" = 1 }
"""
MAPPING = """
schema = "courtstats/mapping@1"
source = "made"
[columns]
case_number  = "case"
hearing_date = "day"
offence_code = "offence"
result_code  = "result"
"""


@dataclass(frozen=True)
class World:
    """A home with landed records and loaded figures, and the folder of the definitions they were counted by."""

    settings: Settings
    definitions: Path


def made_cases() -> list[tuple[str, date, str, str]]:
    """(case, day, offence, result): from 15 January 2012 a case every nine days; the codes change on 3 April 2017."""
    rows = []
    day, number = date(2012, 1, 15), 0
    while day.year <= 2019:
        before = day < CHANGED_ON
        code = ("PH97007" if before else "PH97010") if number % 3 else ("PH97008" if before else "PH97011")
        rows.append((f"case-{number}", day, code, "4506" if number % 10 == 9 else "3047"))
        if number % 7 == 0:  # under an old and a new code: counted by either
            rows.append((f"case-{number}", day, "PH97010", "3047"))
        day, number = day + timedelta(days=9), number + 1
    return rows


def write_definitions(folder: Path, codes: str = NEW_CODES, definition: str = DEFINITION) -> Path:
    (folder / "questions").mkdir(parents=True, exist_ok=True)
    (folder / "codelists").mkdir(exist_ok=True)
    (folder / "questions" / f"{NAME}.toml").write_text(definition)
    (folder / "codelists" / "stalking-offences.csv").write_text(HEADER + codes)
    (folder / "codelists" / "restraining-orders.csv").write_text(RESULTS)
    return folder


def load_years(settings: Settings, years: range = YEARS) -> None:
    question = runs.question(settings, NAME)
    for year in years:
        order = runs.prepare(settings, question, parse_period(str(year)), [], None, NOW)
        answer = runs.count(settings, order)
        with recording.opened(settings) as warehouse:
            load_run(
                warehouse,
                recording.version_of(order),
                recording.run_row(order, answer, NOW, NOW),
                recording.figure_rows(answer),
                recording.attrition_rows(answer),
                recording.evidence_rows(answer),
                answer.notes,
                [],
                lambda _stored: [],
            )


def land(settings: Settings, folder: Path, rows: list[tuple[str, date, str, str]], received: datetime) -> None:
    extract, mapping = folder / f"extract-{received:%Y%m%d}.csv", folder / "made.toml"
    with extract.open("w", newline="") as sink:
        csv.writer(sink).writerows([("case", "day", "offence", "result"), *rows])
    mapping.write_text(MAPPING)
    request = landings.request_of([extract], "table", mapping, received, None)
    landing = landings.land(settings, request, dry_run=False, waiting=lambda: None)
    with recording.opened(settings) as warehouse:
        record_batch(warehouse, recording.batch_row(landing), [])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Restraining orders for stalking, 2012 to 2019, counted by a list that lacks the codes of before April 2017."""
    folder = tmp_path_factory.mktemp("plan")
    definitions = write_definitions(folder / "definitions")
    settings = load_settings({"COURTSTATS_HOME": str(folder / "home"), "COURTSTATS_DEFINITIONS": str(definitions)})
    land(settings, folder, made_cases(), datetime(2020, 6, 1, tzinfo=UTC))
    load_years(settings)
    return World(settings, definitions)


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """A copy of it all, to change."""
    shutil.copytree(made.settings.home, tmp_path / "home")
    shutil.copytree(made.definitions, tmp_path / "definitions")
    names = {"HOME": tmp_path / "home", "DEFINITIONS": tmp_path / "definitions"}
    settings = load_settings({f"COURTSTATS_{name}": str(path) for name, path in names.items()})
    return World(settings, tmp_path / "definitions")


@pytest.fixture
def planned(world: World, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict]:
    """The plan as JSON."""

    def run(*periods: Period, **options) -> dict:
        capsys.readouterr()
        planning.plan(world.settings, NAME, periods, as_json=True, now=options.pop("now", NOW), **options)
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def said(world: World, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The plan as a person reads it."""

    def run(*periods: Period, **options) -> str:
        capsys.readouterr()
        planning.plan(world.settings, NAME, periods, now=options.pop("now", NOW), **options)
        return capsys.readouterr().out

    return run


def expected(codes: set[str]) -> dict[str, set[str]]:
    """The cases of each year by a plain reading of the made rows."""
    found: dict[str, set[str]] = {str(year): set() for year in YEARS}
    for case, day, offence, result in made_cases():
        if offence in codes and result == "3047":
            found[str(day.year)].add(case)
    return found


def test_nothing_to_do_where_the_definition_is_the_one_that_was_counted(world, planned, said) -> None:
    assert planned()["nothing_to_do"] is True
    assert "Nothing to do" in said()
    text = "# a comment\n" + DEFINITION.replace('owner  = "courts-mi"', 'owner="courts-mi"   # who')
    write_definitions(world.definitions, "".join(reversed(NEW_CODES.splitlines(keepends=True))), text)
    assert planned()["nothing_to_do"] is False  # another order of entries is said, and changes nothing
    write_definitions(world.definitions, NEW_CODES, text)
    assert planned() == planned() | {"nothing_to_do": True, "comparisons": [], "loaded": len(YEARS)}


def test_adding_retired_codes_changes_2012_to_2017_only_and_the_parts_add_up(world, planned, said) -> None:
    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    (one,) = planned()["comparisons"]
    figures = {f["period"]: f for f in one["figures"]}
    before, after = expected({"PH97010", "PH97011"}), expected({"PH97007", "PH97008", "PH97010", "PH97011"})
    assert set(figures) == set(before)
    for year, figure in figures.items():
        assert figure["old"] == figure["stored"] == {"value": len(before[year]), "status": "counted"}
        assert figure["new"] == {"value": len(after[year]), "status": "counted"}
        assert (figure["gained"], figure["lost"]) == (len(after[year] - before[year]), 0)
        assert sum(e["by"] for e in figure["effects"]) == len(after[year]) - len(before[year])
        assert figure["changed"] is (int(year) <= 2017)
    says = [c["says"] for c in one["changes"]]
    assert says == ["PH97007 added to stalking-offences", "PH97008 added to stalking-offences"]
    for row in one["effects"]:
        first = expected({"PH97007", "PH97010", "PH97011"})[row["period"]]
        assert row["by"] == [len(first - before[row["period"]]), len(after[row["period"]] - first)]
    text = said()
    assert "No change: 2018, 2019 (cases)." in text
    table, causes = text.split("Which change does it")
    assert [line.split()[0] for line in table.splitlines() if line.startswith(" 201")] == [
        str(y) for y in range(2012, 2018)
    ]
    by = len(expected({"PH97007", "PH97010", "PH97011"})["2015"] - before["2015"])
    assert any(line.split() == ["2015", "case", f"+{by}", *says[0].split()] for line in causes.splitlines())


def test_a_plan_writes_nothing(world, said, planned, contents) -> None:
    write_definitions(world.definitions, OLD_CODES)
    before = contents(world.settings.home.parent)
    said(parse_period("2017"), cells=True, units=True)
    planned(parse_period("2017"), cells=True, units=True)
    assert contents(world.settings.home.parent) == before


def test_a_plan_makes_no_home_key_or_warehouse(tmp_path, capsys) -> None:
    definitions = write_definitions(tmp_path / "definitions")
    names = {"COURTSTATS_HOME": str(tmp_path / "home"), "COURTSTATS_DEFINITIONS": str(definitions)}
    planning.plan(load_settings(names), NAME)
    assert "Nothing is loaded" in capsys.readouterr().out
    assert not (tmp_path / "home").exists()


def test_units_are_keyed_and_carry_their_day_and_no_reference(world, planned, said) -> None:
    write_definitions(world.definitions, OLD_CODES)  # the new codes are gone: units gained and lost in 2017
    (one,) = planned(parse_period("2017"), units=True)["comparisons"]
    (figure,) = one["figures"]
    before, after = expected({"PH97010", "PH97011"})["2017"], expected({"PH97007", "PH97008"})["2017"]
    listed = figure["units"]
    assert (len(listed["gained"]), len(listed["lost"])) == (len(after - before), len(before - after))
    assert figure["new"]["value"] - figure["old"]["value"] == figure["gained"] - figure["lost"]
    days = sorted(str(day) for case, day, *_ in {r[0]: r for r in made_cases()}.values() if case in before - after)
    assert [u["hearing_date"] for u in listed["lost"]] == days
    assert all(len(u["unit"]) == 16 for w in listed.values() for u in w)
    assert "case-" not in said(parse_period("2017"), units=True) + json.dumps(one)


def test_long_lists_of_units_are_cut_for_people_and_whole_for_machines(world, said, planned, monkeypatch) -> None:
    monkeypatch.setattr(plan_text, "SHOWN_UNITS", 5)
    write_definitions(world.definitions, OLD_CODES)
    year = parse_period("2018")
    text = said(year, units=True).split("Units gained and lost")[1]
    lost = planned(year, units=True)["comparisons"][0]["figures"][0]["units"]["lost"]
    assert sum(" lost " in line for line in text.splitlines()) == 5
    assert f"and {len(lost) - 5:,} more: --json lists all of them" in text


def test_cells_that_were_loaded_are_compared_and_a_category_only_moves_cells(world, planned, said) -> None:
    write_definitions(world.definitions, NEW_CODES.replace("Stalking from 2017,fear", "Stalking from 2017,terror"))
    (one,) = planned(parse_period("2018"), cells=True)["comparisons"]
    (figure,) = one["figures"]
    assert one["changes"][0]["affects"] == "cells"
    assert figure["old"] == figure["new"]
    assert (figure["effects"], figure["gained"], figure["lost"]) == ([], 0, 0)
    cells = {
        c["cell"]["harm"]: (c["old"] and c["old"]["value"], c["new"] and c["new"]["value"]) for c in figure["cells"]
    }
    moved = cells["fear"][0]
    assert moved > 0 and cells == {"fear": (moved, None), "terror": (None, moved)}
    assert [[e["by"] for e in c["effects"]] for c in figure["cells"]] == [[-moved], [moved]]
    assert "category terror instead of fear" in " ".join(said(parse_period("2018"), cells=True).split())
    assert "harm=terror" not in said(parse_period("2018"))


def test_steps_and_lists_changed_at_once_each_have_their_part(world, planned) -> None:
    step = '[[step]]\nname = "Until June 2018"\nkeep = { hearing = { to = 2018-06-30 } }\n[[breakdown]]'
    text = DEFINITION.replace("[[breakdown]]", step).replace("title  =", 'release = { stream = "mi" }\ntitle  =')
    write_definitions(world.definitions, NEW_CODES.splitlines(keepends=True)[0], text)
    (one,) = planned()["comparisons"]
    parts = {c["part"]: c["says"] for c in one["changes"]}
    assert [c["part"] for c in one["changes"]] == ["list", "step", "release"]
    assert parts["list"] == "PH97011 removed from stalking-offences"
    assert parts["step"] == "step added: “Until June 2018” (keeps hearing ..2018-06-30)"
    of_2018 = next(f for f in one["figures"] if f["period"] == "2018")
    assert [e["changes"] for e in of_2018["effects"]] == [[1], [2]]
    assert all(e["by"] < 0 for e in of_2018["effects"])
    assert all(f["new"]["value"] == 0 for f in one["figures"] if f["period"] == "2019")


def test_words_alone_change_no_figure_and_are_said(world, planned, said) -> None:
    write_definitions(world.definitions, definition=DEFINITION + '[[note]]\ntext = "Stalking only."\n')
    (one,) = planned()["comparisons"]
    assert not any(f["changed"] for f in one["figures"])
    assert "note “Stalking only.”" in said(parse_period("2014"))


def test_a_held_period_gives_neither_figures_nor_units_nor_effects(world, planned, said) -> None:
    hold = '[[hold]]\nperiod = "2015"\nuntil = 2021-02-01T09:30:00+00:00\nbasis = "FOIA s.44(1)(a)"\n'
    write_definitions(world.definitions, OLD_CODES + NEW_CODES, DEFINITION + hold)
    before = {f["period"]: f for f in planned(units=True, cells=True)["comparisons"][0]["figures"]}
    held = before["2015"]
    assert {held[name]["status"] for name in ("stored", "old", "new")} == {"held"}
    assert {held[name]["value"] for name in ("stored", "old", "new")} == {None}
    assert (held["gained"], held["lost"], held["effects"], held["units"]) == (
        None,
        None,
        [],
        {"gained": [], "lost": []},
    )
    assert before["2014"]["changed"]
    assert any(line.split() == ["2015", "case", "[held]", "[held]", "[held]", "[held]"] for line in said().splitlines())
    ended = {f["period"]: f for f in planned(now=datetime(2021, 3, 1, tzinfo=UTC))["comparisons"][0]["figures"]}
    assert ended["2015"]["gained"] > 0


def test_a_figure_that_was_loaded_while_held_is_not_taken_for_a_changed_record(world, said, monkeypatch) -> None:
    from load import planned as loading

    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    real = loading.LoadedFigure
    monkeypatch.setattr(loading, "LoadedFigure", lambda **v: real(**(v | {"value": None, "status": "held"})))
    text = said(parse_period("2018"))
    count = len(expected({"PH97010", "PH97011"})["2018"])
    assert f"2018 (cases): held when it was loaded, and no longer; by the old definition it is {count}." in text
    assert "changed too" not in text


def test_each_figure_is_recounted_on_the_records_it_was_counted_from(world, planned, tmp_path) -> None:
    more = [(f"late-{n}", date(2013, 3, 1 + n), "PH97010", "3047") for n in range(5)]
    land(world.settings, tmp_path, more, datetime(2020, 9, 1, tzinfo=UTC))
    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    figures = {f["period"]: f for f in planned()["comparisons"][0]["figures"]}
    assert figures["2013"]["old"]["value"] == len(expected({"PH97010", "PH97011"})["2013"])
    write_definitions(world.definitions)
    load_years(world.settings, range(2013, 2014))
    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    figures = {f["period"]: f for f in planned()["comparisons"][0]["figures"]}
    assert figures["2013"]["old"]["value"] == len(expected({"PH97010", "PH97011"})["2013"]) + 5
    assert figures["2013"]["as_known_at"] > figures["2014"]["as_known_at"]


def test_a_recount_that_differs_from_what_was_stored_is_said_apart(world, said, monkeypatch) -> None:
    from load import planned as loading

    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    year = parse_period("2018")
    assert "changed too" not in said(year)
    real = loading.LoadedFigure

    def other(**values):
        return real(**(values | {"value": values["value"] + 1}))

    monkeypatch.setattr(loading, "LoadedFigure", other)
    count = len(expected({"PH97010", "PH97011"})["2018"])
    line = f"2018 (cases): the records or the code changed too: stored {count + 1}, recounted {count}"
    assert line in said(year)


def test_a_period_counted_by_the_new_definition_already_is_done(world, planned, said) -> None:
    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    load_years(world.settings, range(2012, 2016))
    found = planned()
    assert found["loaded"] == len(YEARS)
    assert [f["period"] for f in found["comparisons"][0]["figures"]] == ["2016", "2017", "2018", "2019"]
    assert "Figures that were counted by this definition already: 1." in said(*map(parse_period, ("2014", "2016")))


def test_an_old_definition_that_is_refused_today_is_planned_without_causes(world, planned, said, monkeypatch) -> None:
    from load import planned as loading

    real = loading.QuestionVersion

    def old_key(fingerprint, question, title, definition, lists):
        return real(fingerprint, question, title, definition.replace("owner ", "holder "), lists)

    monkeypatch.setattr(loading, "QuestionVersion", old_key)
    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    (one,) = planned(parse_period("2014"))["comparisons"]
    assert any("holder" in fault for fault in one["refused"])
    assert one["changes"] == []
    of_2014 = next(f for f in one["figures"] if f["period"] == "2014")
    assert of_2014["old"] == of_2014["stored"]
    assert of_2014["new"]["value"] > of_2014["old"]["value"] and of_2014["effects"] == []
    assert "is not accepted today" in said(parse_period("2014"))


def test_the_unit_is_a_cause_and_its_units_are_not_compared(world, planned, said) -> None:
    write_definitions(world.definitions, definition=DEFINITION.replace('unit = "case"', 'unit = "application"'))
    (one,) = planned(parse_period("2014"))["comparisons"]
    (figure,) = one["figures"]
    assert (figure["unit"], figure["new_unit"], figure["gained"]) == ("case", "application", None)
    assert one["changes"][0]["says"] == "counted in applications instead of cases"
    assert sum(e["by"] for e in figure["effects"]) == figure["new"]["value"] - figure["old"]["value"]


def test_a_period_that_is_not_loaded_is_refused_with_what_to_do(planned) -> None:
    with pytest.raises(TransformError, match=r"nothing is loaded for 2011, 2020.*--against"):
        planned(parse_period("2011"), parse_period("2014"), parse_period("2020"))


def test_against_a_folder_two_definitions_are_compared_without_loaded_figures(world, planned, tmp_path) -> None:
    (world.settings.home / "warehouse.db").unlink()
    before = write_definitions(tmp_path / "main" / "sql")
    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    years = [parse_period(str(year)) for year in YEARS]
    for folder in (before, before.parent):
        (one,) = planned(*years, against=folder, cells=True)["comparisons"]
        assert [f["period"] for f in one["figures"] if f["changed"]] == [str(year) for year in range(2012, 2018)]
        assert {f["stored"] for f in one["figures"]} == {None}
    assert planned(*years, against=world.definitions)["nothing_to_do"] is True


def test_against_needs_a_period_and_a_folder_of_definitions(world, planned, tmp_path) -> None:
    with pytest.raises(TransformError, match="no period was given"):
        planned(against=world.definitions)
    with pytest.raises(TransformError, match="there are no definitions in it"):
        planned(parse_period("2014"), against=tmp_path)


def test_a_question_that_a_published_table_answers_is_refused_once_it_changed(world, tmp_path, capsys) -> None:
    name = "breach-of-restraining-order-convictions"
    changed = shutil.copytree(DEFINITIONS, tmp_path / "changed")
    file = changed / "questions" / f"{name}.toml"
    names = {"COURTSTATS_HOME": str(world.settings.home), "COURTSTATS_DEFINITIONS": str(changed)}
    settings, years = load_settings(names), [parse_period("2014")]
    planning.plan(settings, name, years, DEFINITIONS)
    assert "Nothing to do" in capsys.readouterr().out
    file.write_text(re.sub(r"^owner .*", 'owner = "another"', file.read_text(), flags=re.M))
    with pytest.raises(TransformError, match="a published table answers it"):
        planning.plan(settings, name, years, DEFINITIONS)


def test_figures_counted_from_other_landings_than_the_store_holds_are_refused(world, planned, tmp_path) -> None:
    land(world.settings, tmp_path, [("late", date(2013, 3, 1), "PH97010", "3047")], datetime(2020, 9, 1, tzinfo=UTC))
    load_years(world.settings, range(2013, 2014))
    shutil.rmtree(world.settings.store)
    land_again = [("other", date(2013, 3, 1), "PH97010", "3047")]
    extract = tmp_path / "other.csv"
    with extract.open("w", newline="") as sink:
        csv.writer(sink).writerows([("case", "day", "offence", "result"), *land_again])
    request = landings.request_of([extract], "table", tmp_path / "made.toml", NOW, None)
    landings.land(world.settings, request, dry_run=False, waiting=lambda: None)
    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    with pytest.raises(ExtractError, match="it holds 1 landings, but figures were counted from 2"):
        planned()


def test_figures_of_removed_records_are_named_and_the_others_compared_and_one_that_is_asked_for_is_refused(
    world, planned, said
) -> None:
    from extract.retention import retain

    write_definitions(world.definitions, OLD_CODES + NEW_CODES)
    before = {f["period"]: f for f in planned()["comparisons"][0]["figures"]}
    retain(world.settings.store, date(2015, 3, 1), because="kept for five years", now=NOW)
    told = planned()
    (one,) = told["comparisons"]
    assert [f["period"] for f in one["records_removed"]] == ["2012", "2013", "2014", "2015"]
    assert {f["period"]: f for f in one["figures"]} == {y: f for y, f in before.items() if y > "2015"}
    assert told["loaded"] == len(YEARS)
    assert "were removed for good: 2012, 2013, 2014, 2015 (case)." in said()
    with pytest.raises(ExtractError, match="2015 begins before 2015-03"):
        planned(parse_period("2015"))
    retain(world.settings.store, date(2019, 12, 1), because="kept for a month", now=NOW)
    assert "2018, 2019 (case)." in said()
