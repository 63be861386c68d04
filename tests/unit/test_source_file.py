"""sources.toml: what is wrong with it is told all at once, each at file:line:column with what to do, secrets never."""

import re
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from extract.contract import ExtractError
from pipelines.settings import load_settings
from pipelines.source_definition import KINDS, NamedSources, Only, Window
from pipelines.source_file import load_sources, precedence
from pipelines.source_shape import every_key

GOOD = """\
schema = "courtstats/sources@1"

[source.libra]
kind = "spi"
location = ["/data/libra"]
system = "B00LIBRA"
schedule = "0 5 * * *"

[source.common-platform]
kind = "common-platform"
location = "cp"
over = ["mis"]

[source.mis]
kind = "table"
location = ["/data/mis"]
mapping = "mis.toml"
covers = "2020-01-01..2020-03-31"

[source.live]
kind = "database"
url = { secret = "LIVE_URL" }
table = "results.hearing_result"
mapping = "live.toml"
window = "last 90 days"
changed_at = "updated_at"
only = "offence codes of questions"
statement_timeout = "30 seconds"
schedule = "0 6 * * *"
"""
MAPPING = """\
schema = "courtstats/mapping@1"
source = "{name}"

[columns]
case_number = "case_no"
hearing_date = "heard"
offence_code = "offence"
result = "result"
"""


def write(folder: Path, text: str) -> Path:
    """A sources.toml with the mappings that it names beside it."""
    for name in ("mis", "live", "other"):
        (folder / f"{name}.toml").write_text(MAPPING.format(name=name), encoding="utf-8")
    (folder / "live.sql").write_text("select * from results", encoding="utf-8")
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        load_sources(path)
    assert all(isinstance(fault, ExtractError) for fault in caught.value.exceptions)
    return [str(fault).replace(f"{path.parent}/", "") for fault in caught.value.exceptions]


def test_a_good_file_is_read_as_written(tmp_path: Path) -> None:
    found = load_sources(write(tmp_path, GOOD)).sources
    assert list(found) == ["libra", "common-platform", "mis", "live"]
    assert (found["libra"].location, found["libra"].system) == ((Path("/data/libra"),), "B00LIBRA")
    assert found["common-platform"].location == (tmp_path / "cp",)  # relative to the file
    assert (found["mis"].mapping, found["mis"].covers) == (
        tmp_path / "mis.toml",
        (date(2020, 1, 1), date(2020, 3, 31)),
    )
    live = found["live"]
    assert (live.secret, live.window, live.only) == ("LIVE_URL", Window(days=90), Only(None))
    assert (live.statement_timeout, live.schedule, live.format) == (30.0, "0 6 * * *", "table")
    assert load_sources(tmp_path / "sources.toml").precedence == (("common-platform", ("mis",)),)


def test_the_example_in_the_documentation_is_a_good_file_with_every_kind(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    found = load_sources(write(tmp_path, example)).sources
    assert {source.kind for source in found.values()} == set(KINDS)


def test_without_a_file_there_are_no_sources(tmp_path: Path) -> None:
    assert load_sources(tmp_path / "sources.toml") == NamedSources(tmp_path / "sources.toml", {})


class Seed(NamedTuple):
    """A fault: the text that is changed, what it becomes, the text at which it is told, what is said, what to do."""

    old: str
    new: str
    at: str
    says: str
    suggests: str


SEEDS = {
    "misspelt key": Seed("system = ", "sistem = ", "sistem", "unknown key `sistem`", "Did you mean `system`?"),
    "bad cron": Seed('"0 5 * * *"', '"0 25 * * *"', 'schedule = "0 25', "`schedule`: '25' is not a hour", "0 to 23"),
    "misspelt kind": Seed(
        '"common-platform"', '"comon-platform"', 'kind = "comon', "`kind` cannot be", "Did you mean 'common-platform'?"
    ),
    "foreign key": Seed(
        'location = "cp"',
        'location = "cp"\nsystem = "C00CommonPlatform"',
        'system = "C00',
        "`system` does not belong to a source of kind 'common-platform'",
        "Its keys are: kind, over, schedule, location",
    ),
    "unknown source in over": Seed(
        'over = ["mis"]', 'over = ["mi"]', "over", "there is no source 'mi'", "Did you mean `mis`?"
    ),
    "over itself": Seed(
        "window = ", 'over = ["live"]\nwindow = ', 'over = ["live', "cannot go before itself", "Remove it"
    ),
    "mapping of another source": Seed(
        '"live.toml"', '"other.toml"', 'mapping = "other.toml"', "is of the source 'other'", "one name"
    ),
    "unknown key of the file": Seed(
        "\n[source.libra]", "version = 2\n\n[source.libra]", "version", "unknown key `version`", "The keys are: schema"
    ),
    "misspelt mapping": Seed(
        '"mis.toml"', '"mes.toml"', 'mapping = "mes', "there is no mapping mes.toml", "Write one (docs/mapping.md)"
    ),
    "covers is no span": Seed(
        '"2020-01-01..2020-03-31"',
        '"2020-01-01"',
        "covers",
        "'2020-01-01' is no span of days",
        "2020-01-01..2020-03-31",
    ),
    "address in the file": Seed(
        '{ secret = "LIVE_URL" }',
        '"postgresql://reader:hunter2@db/live"',
        "url",
        "the address of a database is never written in this file",
        'url = { secret = "NAME" }',
    ),
    "both table and query": Seed(
        'table = "results.hearing_result"',
        'table = "results.hearing_result"\nquery = "live.sql"',
        "query",
        "both `table` and `query`",
        "Keep one",
    ),
    "window of another kind": Seed(
        '"last 90 days"', '"the last 90 days"', "window", "`window`: this is no window of days", 'Write "last 90 days"'
    ),
    "only of another kind": Seed(
        '"offence codes of questions"', '"offence codes"', "only", "`only`: this is neither", "the ids of questions"
    ),
    "timeout without a unit": Seed(
        '"30 seconds"', "30", "statement_timeout", "`statement_timeout`: this is no length of time", '"5 minutes"'
    ),
    "unquoted text": Seed('"updated_at"', "1", "changed_at", "`changed_at` must be text", "Put it into quotes"),
    "several lines of cron": Seed(
        '"0 6 * * *"', '"0 6 * *"', 'schedule = "0 6 * *"', "has 4 fields, a schedule has 5", "Mondays at six"
    ),
    "wrong schema": Seed(
        '"courtstats/sources@1"', '"courtstats/source@1"', "schema", "`schema` cannot be", "Did you mean"
    ),
    "same folder twice": Seed(
        '["/data/libra"]',
        '["/data/libra", "/data/libra/today"]',
        '"/data/libra/today"',
        "/data/libra/today is read by this source already",
        "once",
    ),
    "empty location": Seed('["/data/mis"]', "[]", "location = []", "`location` is empty", "Add at least one"),
    "no header": Seed("[source.mis]", "[source.mis]\nnote = 1", "note", "unknown key `note`", "The keys are: kind"),
}
"""Faults that can stand in one file at once, each at a place of its own."""
APART = {
    "missing kind": Seed('kind = "spi"\n', "", "[source.libra]", "`kind` is missing", "Add kind = 'spi'"),
    "missing location": Seed('location = "cp"\n', "", "[source.common", "`location` is missing", "Add location = ..."),
    "missing window": Seed('window = "last 90 days"\n', "", "[source.live]", "`window` is missing", "Add window = ..."),
    "nothing to read": Seed(
        'table = "results.hearing_result"\n', "", "[source.live]", "neither `table` nor `query`", "Add table"
    ),
    "window with a misspelt key": Seed(
        '"last 90 days"', "{ form = 2020-01-01 }", "window", "unknown key `form`", "Did you mean 'from'?"
    ),
    "window the wrong way round": Seed(
        '"last 90 days"', "{ from = 2020-02-01, to = 2020-01-01 }", "window", "ends before it begins", "Turn the days"
    ),
    "window without its beginning": Seed(
        '"last 90 days"', "{ to = 2020-01-01 }", "window", "`from` is missing", 'Write "last 90 days"'
    ),
    "window in quotes": Seed(
        '"last 90 days"', '{ from = "2020-01-01" }', "window", "`from` is not a date", "without quotes"
    ),
    "name of a secret": Seed('"LIVE_URL"', '"live url"', "secret", "this is not the name of a secret", "capitals"),
    "misspelt secret": Seed("{ secret", "{ secrt", "secrt", "unknown key `secrt`", "Did you mean `secret`?"),
    "query that is not there": Seed(
        'table = "results.hearing_result"', 'query = "no.sql"', "query", "the query cannot be read", "Check the path"
    ),
    "circle": Seed(
        'covers = "2020-01-01..2020-03-31"',
        'over = ["common-platform"]',
        'over = ["mis"]',
        "common-platform over mis over common-platform: the precedence goes round in a circle",
        "Remove one `over`",
    ),
    "circle through what needs no saying": Seed(
        'system = "B00LIBRA"',
        'over = ["common-platform"]',
        'over = ["common-platform"]',
        "libra over common-platform over libra: the precedence goes round in a circle, because Common Platform's own",
        "Remove 'common-platform' from this `over`",
    ),
    "longer circle through what needs no saying": Seed(
        'covers = "2020-01-01..2020-03-31"',
        'over = ["libra", "common-platform"]',
        'over = ["mis"]',
        "common-platform over mis over common-platform: the precedence goes round in a circle",
        "Remove one `over`",
    ),
    "window before 1990": Seed(
        '"last 90 days"',
        "{ from = 1989-12-31 }",
        "window",
        "the window begins before 1990-01-01",
        "1990-01-01 or later",
    ),
    "days before 1990": Seed(
        '"last 90 days"', '"last 40000 days"', "window", "reaches back before 1990-01-01", "at most"
    ),
    "a day of waiting and more": Seed(
        '"30 seconds"', '"25 hours"', "statement_timeout", "'25 hours' is longer than a day", "24 hours at most"
    ),
    "one folder for two": Seed(
        "[source.mis]",
        '[source.mis2]\nkind = "spi"\nlocation = "/data"\n[source.mis]',
        'location = "/data"',
        "/data is read by the source 'libra' already",
        "one source",
    ),
    "names alike": Seed(
        "[source.mis]",
        '[source.Libra]\nkind = "spi"\nlocation = "x"\n[source.mis]',
        "[source.Libra]",
        "'Libra' and 'libra' differ by capitals alone",
        "another name",
    ),
    "no name": Seed("[source.libra]", '[source."li bra"]', "[source.", "this is not a name", "letters, digits"),
    "not a table": Seed(
        "[source.libra]",
        'source.libra2 = "x"\n[source.libra]',
        "source.libra2",
        "`libra2` is not a table",
        "[source.libra2]",
    ),
    "name of the mapping": Seed(
        "[source.live]", "[source.alive]", 'mapping = "live.toml"', "is of the source 'live'", "one name"
    ),
    "twice the same key": Seed('system = "B00LIBRA"', 'kind = "spi"', "", "the file is not TOML", "keep one"),
    "a list that is not closed": Seed(
        '["/data/libra"]', '["/data/libra"', "", "the file is not TOML", "Close the list"
    ),
    "unknown table": Seed("[source.libra]", "[sources.libra]", "[sources", "unknown key `sources`", "`source`"),
}


def place(text: str, at: str) -> str:
    before = text[: text.index(at)]
    return f"{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


@pytest.mark.parametrize("name", [*SEEDS, *APART])
def test_each_fault_is_told_once_at_its_place_with_what_to_do(name: str, tmp_path: Path) -> None:
    seed = (SEEDS | APART)[name]
    assert seed.old in GOOD
    text = GOOD.replace(seed.old, seed.new, 1)
    (said,) = faults(write(tmp_path, text))
    assert seed.says in said, said
    assert seed.suggests in said, said
    if seed.at:
        assert said.startswith(f"sources.toml:{place(text, seed.at)}: "), said
    assert "hunter2" not in said


def test_twenty_one_faults_in_one_file_are_told_at_once_each_at_its_place(tmp_path: Path) -> None:
    text = GOOD
    assert len(SEEDS) == 21
    for seed in SEEDS.values():
        assert seed.old in text, seed
        text = text.replace(seed.old, seed.new, 1)
    said = faults(write(tmp_path, text))
    for name, seed in SEEDS.items():
        told = [one for one in said if seed.says in one and one.startswith(f"sources.toml:{place(text, seed.at)}: ")]
        assert len(told) == 1, (name, said)
        assert seed.suggests in told[0], (name, told)
    assert len(said) == len(SEEDS), said
    places = [tuple(map(int, re.findall(r":(\d+)", one)[:2])) for one in said]
    assert places == sorted(places)
    assert "hunter2" not in "".join(said)


def test_faults_of_a_mapping_are_told_with_those_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace('"last 90 days"', '"tomorrow"'))
    (tmp_path / "mis.toml").write_text(MAPPING.format(name="mis").replace('result = "result"\n', ""), encoding="utf-8")
    window, mapping = faults(path)
    assert window.startswith("sources.toml:25:1: `window`")
    assert mapping.startswith("mis.toml:4: [columns] maps no `result`")


def test_precedence_does_not_wait_for_a_mapping_but_is_never_left_out_because_of_a_fault(tmp_path: Path) -> None:
    settings = load_settings({"COURTSTATS_HOME": str(tmp_path)})
    path = write(tmp_path, GOOD)
    (tmp_path / "mis.toml").unlink()
    assert precedence(settings) == (("common-platform", ("mis",)),)
    path.write_text(GOOD.replace('over = ["mis"]', 'over = ["nobody"]'), encoding="utf-8")
    with pytest.raises(ExceptionGroup):
        precedence(settings)


@pytest.mark.parametrize(
    ("kind", "over", "circle"),
    [
        ("spi", "common-platform", "made over common-platform over made"),  # landed by hand
        ("common-platform", "spi", ""),  # what is so anyway may be said
        ("spi", "spi", ""),
    ],
)
def test_spi_never_goes_before_the_feed_that_goes_before_it(kind: str, over: str, circle: str, tmp_path: Path) -> None:
    """In a circle both would be set aside, and the hearing would count nowhere."""
    text = f'schema = "courtstats/sources@1"\n[source.made]\nkind = "{kind}"\nlocation = "x"\nover = "{over}"\n'
    path = write(tmp_path, text)
    if circle:
        (said,) = faults(path)
        assert said.startswith(f"sources.toml:5:1: {circle}: the precedence goes round in a circle")
    else:
        assert load_sources(path).precedence == (("made", (over,)),)


def test_a_circle_through_a_third_source_is_found(tmp_path: Path) -> None:
    libra = GOOD.replace('system = "B00LIBRA"', 'over = ["mis"]').replace(
        'over = ["mis"]\n\n[source.mis]', "\n[source.mis]"
    )
    (said,) = faults(write(tmp_path, libra.replace("covers = ", 'over = ["common-platform"]\ncovers = ')))
    assert "libra over mis over common-platform over libra" in said


def test_many_sources_that_go_before_many_are_looked_through_once(tmp_path: Path) -> None:
    """Without a circle there are 2**60 ways through these."""
    names = [f"s{number}" for number in range(62)]
    text = "".join(
        f'[source.{name}]\nkind = "spi"\nlocation = "{name}"\nover = {names[number + 1 :]}\n'
        for number, name in enumerate(names)
    )
    path = write(tmp_path, 'schema = "courtstats/sources@1"\n' + text)
    assert len(load_sources(path).sources) == 62
    path.write_text(path.read_text(encoding="utf-8").replace("over = []", 'over = ["s0"]'), encoding="utf-8")
    (said,) = faults(path)
    assert "s0 over s61 over s0" in said


@pytest.mark.parametrize("place", ["y/../x", "link", "link/below"])
def test_one_folder_cannot_be_two_sources_however_it_is_written(place: str, tmp_path: Path) -> None:
    """Its rows would count once for each."""
    (tmp_path / "x" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "x")
    sources = "".join(
        f'[source.{name}]\nkind = "spi"\nlocation = "{at}"\n' for name, at in (("one", "x"), ("other", place))
    )
    (said,) = faults(write(tmp_path, f'schema = "courtstats/sources@1"\n{sources}'))
    assert f"{place} is read by the source 'one' already" in said


@pytest.mark.parametrize(
    "table", ["hearing", "Hearing", "public.hearing", '"public"."hearing"', "main.hearing", " hearing "]
)
def test_one_table_cannot_be_two_sources_however_it_is_written(table: str, tmp_path: Path) -> None:
    text = GOOD.replace("results.hearing_result", "hearing")
    more = (
        text[text.index("[source.live]") :]
        .replace("source.live", "source.other")
        .replace('"live.toml"', '"other.toml"')
    )
    more = more.replace('table = "hearing"', f"table = '{table}'")
    (said,) = faults(write(tmp_path, f"{text}\n{more}"))
    assert "the same is read by the source 'live' already" in said


def test_messages_landed_by_hand_can_give_way_too(tmp_path: Path) -> None:
    found = load_sources(write(tmp_path, GOOD.replace('over = ["mis"]', 'over = ["mis", "spi"]')))
    assert found.precedence == (("common-platform", ("mis", "spi")),)


def test_a_source_that_is_not_there_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match=r"there is no source 'libre'\. Did you mean 'libra'\?"):
        load_sources(write(tmp_path, GOOD)).source("libre")
    with pytest.raises(ExtractError, match="there is no such file"):
        load_sources(tmp_path / "none.toml").source("libra")


@pytest.mark.parametrize(
    ("window", "days"),
    [
        (Window(days=1), (date(2020, 3, 31), date(2020, 3, 31))),
        (Window(days=90), (date(2020, 1, 2), date(2020, 3, 31))),
        (Window(first=date(2020, 1, 1)), (date(2020, 1, 1), date(2020, 3, 31))),
        (Window(first=date(2020, 1, 1), last=date(2020, 2, 1)), (date(2020, 1, 1), date(2020, 2, 1))),
        (Window(first=date(2020, 1, 1), last=date(2021, 1, 1)), (date(2020, 1, 1), date(2020, 3, 31))),
    ],
)
def test_a_window_ends_with_the_present_day_at_the_latest(window: Window, days: tuple[date, date]) -> None:
    assert window.at(date(2020, 3, 31)) == days


def test_a_window_that_has_not_begun_is_refused() -> None:
    with pytest.raises(ExtractError, match="has not come yet"):
        Window(first=date(2020, 4, 1)).at(date(2020, 3, 31))


def test_the_file_is_never_told_to_hold_a_secret() -> None:
    assert not [key for key in every_key() if re.search("pass|user|token|key", key)]
