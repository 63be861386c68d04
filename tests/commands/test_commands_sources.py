"""`courtstats sources`, `sources check` and `land --source`: what they say, and that looking changes nothing."""

import importlib.util
import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from extract.contract import ExtractError
from pipelines.settings import load_settings
from pipelines.source_checking import check_source
from pipelines.source_landing import land_source

_spec = importlib.util.spec_from_file_location("named_sources", Path(__file__).parents[1] / "named_sources.py")
assert _spec and _spec.loader
named = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(named)

pytestmark = pytest.mark.xdist_group("commands")
OVER = 'over = ["synthetic-mi-extract"]\n'
LIVE = named.LIVE.replace('"hearing_result"', '"results.hearing_result"')
SOURCES = named.HEAD + named.MESSAGES + OVER + named.EXTRACT + LIVE
PASSWORD = "hunter2-in-the-url"


@pytest.fixture
def home(tmp_path: Path, landed: object) -> Path:
    """A home with three named sources, of which nothing is landed yet."""
    deliveries = landed.deliveries  # type: ignore[attr-defined]
    home = tmp_path / "home"
    mapping = named.deliver(deliveries, home, 8)
    (home / "live.toml").write_text(mapping.replace("synthetic-mi-extract", "live"), encoding="utf-8")
    (home / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return home


def test_the_sources_are_listed_with_what_each_has_landed(home: Path, command: Callable) -> None:
    land_source(load_settings({"COURTSTATS_HOME": str(home)}), "libra")
    said = command("sources", home=home)
    assert said.code == 0, said.err
    assert said.out.splitlines()[:4] == [
        "libra: SPI messages (XML)",
        f"    {home / 'spi'}",
        "    landed by schedule: 0 5 * * * (London time)",
        "    goes before: synthetic-mi-extract",
    ]
    assert "    files landed: 8" in said.out
    assert "nothing landed yet" in said.out
    assert "results.hearing_result at COURTSTATS_SECRET_LIVE_URL" in said.out
    told = json.loads(command("sources", "--json", home=home).out)
    assert [one["name"] for one in told["sources"]] == ["libra", "synthetic-mi-extract", "live"]
    assert told["sources"][0]["last_landing"]["batch"] == 1
    assert (told["sources"][0]["files_seen"], told["sources"][1]["last_landing"]) == (8, None)


def test_without_a_file_no_source_is_named(tmp_path: Path, command: Callable) -> None:
    said = command("sources", home=tmp_path / "home")
    assert (said.code, said.out) == (0, f"No source is named: {tmp_path / 'home' / 'sources.toml'} is not there.\n")
    assert not (tmp_path / "home").exists()


def test_a_file_named_by_the_setting_has_to_be_there(tmp_path: Path, command: Callable) -> None:
    """Without it nothing would give way to anything, and records would count twice."""
    said = command("sources", home=tmp_path / "home", COURTSTATS_SOURCES=str(tmp_path / "no.toml"))
    assert said.code == 2
    assert "there is no such file" in said.faults[0]


def test_faults_of_the_file_are_told_at_their_lines(home: Path, command: Callable) -> None:
    (home / "sources.toml").write_text(SOURCES.replace('kind = "spi"', 'kind = "sip"'), encoding="utf-8")
    for words in (["sources"], ["sources", "check", "libra"], ["land", "--source", "libra", "--dry-run"]):
        said = command(*words, home=home)
        assert said.code == 3
        assert said.faults == [f"{home / 'sources.toml'}:4:1: `kind` cannot be 'sip'. Did you mean 'spi'?"]


def test_checking_messages_says_what_is_in_them(home: Path, command: Callable) -> None:
    (home / "spi" / "broken.xml").write_text("<no", encoding="utf-8")
    said = command("sources", "check", "libra", home=home)
    assert said.code == 0, said.err
    assert "Sample: 9 messages read, 8 usable" in said.out
    assert "1 set aside: The XML is truncated or not well formed [malformed-xml]" in said.out
    assert "It can be landed." in said.out
    told = json.loads(command("sources", "check", "libra", "--json", home=home).out)
    assert (told["read"], told["usable"], told["refused"]) == (9, 8, {"malformed-xml": 1})
    assert told["offence_codes"]["known"] > 0
    assert told["days"]["number"] > 0


def test_checking_a_table_names_columns_that_are_mapped_missing_and_never_read(home: Path, command: Callable) -> None:
    said = command("sources", "check", "synthetic-mi-extract", home=home)
    assert said.code == 0, said.err
    assert "Columns: 8 mapped, 0 not there, 1 not mapped" in said.out
    assert "not mapped, so never read: 'Defendant Name'" in said.out
    mapping = home / "mapping.toml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace('"Court"', '"Cuort"'), encoding="utf-8")
    said = command("sources", "check", "synthetic-mi-extract", home=home)
    assert said.code == 3
    assert "there is no column 'Cuort', which the mapping names for `court_ou_code`. Did you mean 'Court'?" in said.out
    assert "It cannot be landed as it is." in said.out


def test_checking_shows_no_value_of_the_source(home: Path, command: Callable) -> None:
    names = (home / "table").glob("*.csv")
    cells = {
        cell for file in names for line in file.read_text(encoding="utf-8").splitlines()[1:] for cell in line.split(",")
    }
    said = command("sources", "check", "synthetic-mi-extract", "--json", home=home)
    told = json.loads(said.out)
    texts = {value for value in json.dumps(told).split('"') if value}
    assert not texts & {cell for cell in cells if not cell.isdigit()}


def test_checking_writes_nothing(home: Path, command: Callable, contents: Callable) -> None:
    before = contents(home.parent)
    for name in ("libra", "synthetic-mi-extract", "live"):
        command("sources", "check", name, home=home)
        command("sources", home=home)
    assert contents(home.parent) == before


def test_a_secret_that_is_not_set_is_named_when_it_is_needed_and_not_before(home: Path, command: Callable) -> None:
    assert command("sources", home=home).code == 0
    for words in (["sources", "check", "live"], ["land", "--source", "live", "--dry-run"]):
        said = command(*words, home=home)
        assert said.code == 2
        assert said.faults[0].startswith("COURTSTATS_SECRET_LIVE_URL: is not set")


ADDRESSES = [
    f"postgresql://clerk:{PASSWORD}@127.0.0.1:1/live",
    f"postgresql+psycopg://127.0.0.1:1/live?user=clerk&password={PASSWORD}",
    PASSWORD,
    f"nosuchdialect://clerk:{PASSWORD}@db/live",
    f"postgresql://clerk:{PASSWORD}@[::1/live",
]


def test_a_secret_is_never_shown_by_a_command(home: Path, command: Callable) -> None:
    nothing_answers, no_driver = ADDRESSES[0], ADDRESSES[3]
    for words, address, code in (
        (["sources", "--json"], nothing_answers, 0),
        (["sources", "check", "live", "--json"], nothing_answers, 3),
        (["land", "--source", "live", "--dry-run"], no_driver, 3),  # a landing waits and tries again where none answers
    ):
        said = command(*words, home=home, COURTSTATS_SECRET_LIVE_URL=address)
        assert said.code == code, (words, said.err)
        assert PASSWORD not in said.out + said.err
    assert not [p for p in home.rglob("*") if p.is_file() and PASSWORD.encode() in p.read_bytes()]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_cannot_be_used_is_a_fault_without_its_password(
    address: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURTSTATS_SECRET_LIVE_URL", address)
    settings = load_settings({"COURTSTATS_HOME": str(home), "COURTSTATS_SECRET_LIVE_URL": address})
    assert PASSWORD not in repr(settings)
    with pytest.raises(ExtractError) as refused:
        check_source(settings, "live")
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


def test_an_unknown_source_is_refused_with_the_nearest_name(home: Path, command: Callable) -> None:
    said = command("land", "--source", "libre", "--dry-run", home=home)
    assert said.code == 3
    assert said.faults == [f"{home / 'sources.toml'}: there is no source 'libre'. Did you mean 'libra'?"]


def test_what_a_dry_run_of_a_source_would_land(home: Path, command: Callable) -> None:
    said = command("land", "--source", "libra", "--dry-run", home=home)
    assert said.code == 0, said.err
    assert said.out.startswith("Would land ")
    assert "from 8 files" in said.out
    land_source(load_settings({"COURTSTATS_HOME": str(home)}), "libra")
    assert command("land", "--source", "libra", "--dry-run", home=home).out == "Nothing new.\n"
    assert "8 files" in command("land", "--source", "libra", "--all", "--dry-run", home=home).out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["land"], "name files or folders, or a source with --source"),
        (["land", "spi", "--source", "libra"], "--source stands for paths"),
        (["land", "--source", "libra", "--format", "spi"], "--source stands for paths"),
        (["land", "--source", "libra", "--covers", "2020-01-01..2020-01-02"], "--source stands for paths"),
        (["land", "spi", "--all"], "--all is for --source"),
    ],
)
def test_what_a_source_stands_for_is_not_said_twice(
    words: list[str], says: str, home: Path, tmp_path: Path, shell: Callable
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words], capture_output=True, text=True, env=shell(home), cwd=tmp_path
    )
    assert done.returncode == 2
    assert says in done.stderr
