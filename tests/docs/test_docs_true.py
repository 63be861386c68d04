"""What the documents say is so: commands, options, settings, links, generated pages."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from pipelines.cli import app
from pipelines.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOP = typer.main.get_command(app).commands  # type: ignore[attr-defined]
COMMANDS = {name: c for name, c in TOP.items() if not hasattr(c, "commands") or c.invoke_without_command} | {
    f"{group} {name}": c for group, g in TOP.items() if hasattr(g, "commands") for name, c in g.commands.items()
}
"""Every command; those of a group with its name before theirs, and a group that does something by itself."""


def described(command: str) -> str:
    """The README's row on a command."""
    rows = re.findall(rf"^\| `{command}(?: [^`|]+)?` \|.*$", README, re.M)
    of_a_group = tuple(f"| `{other}" for other in COMMANDS if other.startswith(f"{command} "))
    rows = [row for row in rows if not (of_a_group and row.startswith(of_a_group))]
    assert len(rows) == 1, f"README has {len(rows)} rows on {command}"
    return str(rows[0])


def options(command: str) -> set[str]:
    return {
        o for p in COMMANDS[command].params if p.param_type_name == "option" for o in p.opts if o.startswith("--")
    } - {"--help"}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_readme_names_each_option_of_each_command_and_no_other(command: str) -> None:
    assert set(re.findall(r"--[a-z-]+", described(command))) == options(command)


def test_readme_names_no_command_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `([a-z]+(?: [a-z]+)?)(?: [A-Z.\[\]]+)?` \|", README, re.M)) == set(COMMANDS)


def test_every_option_says_what_it_is_for() -> None:
    unsaid = [f"{name} {p.name}" for name, c in COMMANDS.items() for p in c.params if p.name != "help" and not p.help]
    assert unsaid == []


def test_readme_lists_each_setting() -> None:
    listed = set(re.findall(r"^\| `(COURTSTATS_[A-Z_]+)`", README, re.M))
    assert listed == {f"COURTSTATS_{f.name.upper()}" for f in fields(Settings)}


def test_exit_codes_are_those_of_the_stages() -> None:
    from expectations.contract import GateError
    from extract.contract import ExtractError
    from load.contract import LoadError
    from pipelines.settings import SettingsError
    from transform.contract import TransformError

    codes = {
        SettingsError: "settings",
        ExtractError: "records",
        TransformError: "question",
        GateError: "check",
        LoadError: "warehouse",
    }
    for error, word in codes.items():
        assert re.search(rf"\b{error.exit_code} [^,.]*{word}", README), (error, word)


@pytest.mark.parametrize(
    "page", ["README.md", *sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md"))]
)
def test_links_lead_somewhere(page: str) -> None:
    source = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)\)", source.read_text(encoding="utf-8")):
        assert "://" in target or (source.parent / target).exists(), f"{page}: {target}"


def test_readme_names_only_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`?make ([a-z]+)`?$|`make ([a-z]+)`", README, re.M))
    assert {a or b for a, b in named} - targets == set()
    assert {"setup", "demo", "test", "long", "check", "bench", "lock"} <= targets


def test_generated_pages_are_up_to_date() -> None:
    from pipelines.reference import pages

    for name, text in pages().items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, f"{name} is out of date: make docs"


def test_no_page_is_left_of_a_question_that_is_gone() -> None:
    from pipelines.reference import pages

    made = {name for name in pages() if name.startswith("docs/questions/")}
    assert {p.relative_to(ROOT).as_posix() for p in (ROOT / "docs" / "questions").glob("*.md")} == made


def test_the_schedules_are_those_of_the_questions() -> None:
    from pipelines.schedules import prefect_yaml
    from pipelines.settings import DEFINITIONS
    from transform.questions import load_definitions

    made = prefect_yaml(load_definitions(DEFINITIONS))
    assert (ROOT / "prefect.yaml").read_text(encoding="utf-8") == made, "out of date: python -m pipelines.schedules"


def test_the_changelog_puts_the_numbers_first() -> None:
    for version in re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.M)[1:]:
        assert re.findall(r"^### (.*)$", version, re.M) == ["In the numbers", "In the code"]
