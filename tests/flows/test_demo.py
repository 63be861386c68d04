"""The demo, by the real command: files to warehouse in real Prefect flows, the letter's number, and no change again."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

QUESTION = "stalking-protection-orders"
pytestmark = pytest.mark.xdist_group("flows")


def test_the_demo_ends_with_the_letters_27_its_notes_the_attrition_and_where_the_warehouse_is(demo) -> None:
    home, said = demo
    assert said.code == 0, said.err
    assert re.search(r"^  27 cases$", said.out, re.M)
    assert "1 January to 31 March 2020" in said.out
    assert len(re.findall(r"^  \d\. ", said.out, re.M)) >= 6
    assert "One per case in the period" in said.out
    assert str(home / "warehouse.db") in said.out
    assert "SYNTHETIC" in said.out
    assert "Traceback" not in said.err
    assert "nanobind" not in said.err


def test_the_readme_shows_what_the_demo_prints(demo) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- demo -->")[1].split("<!-- /demo -->")[0].strip().strip("`").strip()
    printed = "\n".join(line.rstrip() for line in demo[1].out.splitlines())
    assert "27 cases" in shown
    assert shown in printed


def test_the_demo_again_changes_nothing_and_says_so(demo, command) -> None:
    home, _ = demo
    before = home.joinpath("warehouse.db").read_bytes()
    again = command("demo", home=home.parent)
    assert again.code == 0, again.err
    assert "nothing was changed" in again.out
    assert re.search(r"^  27 cases$", again.out, re.M)
    assert home.joinpath("warehouse.db").read_bytes() == before


def test_count_run_and_figures_say_the_same(demo, command) -> None:
    """The preview, the production path and the warehouse agree in every cell."""
    home, _ = demo
    counted = json.loads(command("count", QUESTION, "--period", "2020Q1", "--json", home=home).out)
    ran = json.loads(command("run", QUESTION, "--from", "2020-01-01", "--to", "2020-03-31", "--json", home=home).out)
    held = json.loads(command("figures", QUESTION, "--json", home=home).out)["figures"]
    assert ran["already_there"] is True
    assert {k: ran[k] for k in counted} == counted
    cells = {json.dumps(f["cell"], sort_keys=True): f["value"] for f in counted["figures"]}
    assert {json.dumps(f["cell"], sort_keys=True): f["value"] for f in held if f["period"] == "2020Q1"} == cells
    assert sum(v for c, v in cells.items() if "month" in c) == counted["value"] == 27


def test_json_has_the_promised_shape(demo, command) -> None:
    home, _ = demo
    answer = json.loads(command("count", QUESTION, "--period", "2020Q1", "--json", home=home).out)
    promised = (
        "schema question unit from to as_known_at data_from data_to value status figures attrition evidence notes"
    )
    assert set(promised.split()) <= answer.keys()
    assert set(answer["figures"][0]) == {"period", "cell", "value", "status", "marks", "notes"}
    assert set(answer["attrition"][0]) == {"step", "rows", "units"}


def test_a_dry_run_loads_nothing(demo, command) -> None:
    home, _ = demo
    said = command("run", QUESTION, "--period", "2020-02", "--dry-run", home=home)
    assert said.code == 0, said.err
    assert "nothing was loaded" in said.out
    assert "2020-02" not in command("figures", QUESTION, home=home).out.replace("month=2020-02", "")


def test_as_known_earlier_gives_the_earlier_figure(demo, command) -> None:
    """The history of the demo's deliveries: amended, withdrawn, restored."""
    home, _ = demo
    known = {}
    for day in ("2020-04-06", "2020-04-14", "2020-04-20", "2020-05-04", "2020-07-06"):
        said = command("count", QUESTION, "--period", "2020Q1", "--as-known-at", day, "--json", home=home)
        known[day] = json.loads(said.out)["value"]
    assert known == {"2020-04-06": 25, "2020-04-14": 29, "2020-04-20": 28, "2020-05-04": 26, "2020-07-06": 27}


def test_the_units_add_up_and_references_are_shown_only_when_asked_and_then_logged(demo, command) -> None:
    home, _ = demo
    plain = json.loads(command("units", QUESTION, "--period", "2020Q1", "--json", home=home).out)["units"]
    assert len(plain) == len({u["unit"] for u in plain}) == 27
    assert all("case_urn" not in u for u in plain)
    assert not (home / "access.log").exists()
    shown = json.loads(command("units", QUESTION, "--period", "2020Q1", "--references", "--json", home=home).out)[
        "units"
    ]
    assert any(re.fullmatch(r"[0-9A-Z]{4}[0-9]{7}", u["case_urn"] or "") for u in shown)
    logged = [json.loads(line) for line in (home / "access.log").read_text().splitlines()]
    assert [(line["question"], line["units"]) for line in logged] == [(QUESTION, 27)]
    assert (home / "access.log").stat().st_mode & 0o077 == 0


def test_the_key_is_readable_by_its_owner_only(demo) -> None:
    home, _ = demo
    assert (home / "key").stat().st_mode & 0o077 == 0


def test_no_name_gets_past_the_reader(demo) -> None:
    """The synthetic people all carry one mark in their names; it is in the files and nowhere else."""
    home, said = demo
    mark = b"SYNTHETIC PERSON"
    assert any(mark in f.read_bytes() for f in (home / "synthetic").rglob("*") if f.is_file())
    elsewhere = [f for f in home.rglob("*") if f.is_file() and (home / "synthetic") not in f.parents]
    assert any(f.suffix == ".db" for f in elsewhere)
    assert [f for f in elsewhere if mark in f.read_bytes()] == []
    texts = _texts_of_the_store(home)
    assert texts
    assert not any(mark.decode().casefold() in t.casefold() for t in texts)
    assert mark.decode() not in said.out + said.err


def _texts_of_the_store(home: Path) -> set[str]:
    import duckdb

    from extract.contract import RECORDS
    from extract.store import known_files

    names = [f.name for f in RECORDS if str(f.type) == "string" and f.name != "hearing_month"]
    with duckdb.connect() as con:
        query = " union ".join(f"select distinct {n} from read_parquet($files)" for n in names)
        rows = con.execute(query, {"files": list(known_files(home / "records"))}).fetchall()
    return {r[0] for r in rows if r[0]}


def test_prefects_own_database_and_logs_hold_no_figure(demo, prefect_url: str) -> None:
    """Stages and durations, yes; numbers of orders, no."""
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

    file = str(PREFECT_API_DATABASE_CONNECTION_URL.value()).split(":///")[-1]
    with sqlite3.connect(file) as con:
        logs = [row[0] for row in con.execute("select message from log")]
        flows = {row[0] for row in con.execute("select name from flow")}
    assert {"land-hearings", "count-orders"} <= flows
    assert any("Counted" in line for line in logs)
    assert not any(re.search(r"\b27\b", line) for line in logs)


def test_prefects_own_database_holds_no_name_and_no_case_reference(demo, prefect_url: str) -> None:
    """Every text of every table: parameters, states, logs."""
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

    home, _ = demo
    file = str(PREFECT_API_DATABASE_CONNECTION_URL.value()).split(":///")[-1]
    with sqlite3.connect(file) as con:
        tables = [row[0] for row in con.execute("select name from sqlite_master where type = 'table'")]
        said = " ".join(str(row) for table in tables for row in con.execute(f'select * from "{table}"'))
    urns = {u for u in _texts_of_the_store(home) if re.fullmatch(r"[0-9A-Z]{4}[0-9]{7}", u)}
    assert "land-hearings" in said
    assert len(urns) > 100
    assert "SYNTHETIC PERSON" not in said
    assert [u for u in urns if u in said] == []
