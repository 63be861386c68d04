"""Each exit code and each reason of refusal has a page, the pages say what the code says, and no other is left."""

import re
from pathlib import Path

import pytest
import typer

from extract.contract import REASONS
from pipelines.cli import app
from pipelines.reference_errors import (
    FIGURES,
    FOLDER,
    KINDS,
    error_classes,
    error_pages,
    exit_codes,
    kinds_of,
    told_codes,
    words,
)

ROOT = Path(__file__).resolve().parents[2]
TOP = typer.main.get_command(app).commands  # type: ignore[attr-defined]
GUIDES = ["docs/installing.md", "docs/operations.md", "docs/upgrading.md"]
NAMED = sorted([p.relative_to(ROOT).as_posix() for p in (ROOT / FOLDER).glob("*.md")] + GUIDES)
COMMAND = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:/\S*/)?courtstats ([a-z][^\n#|]*)", re.M)
"""A line that runs a command: perhaps behind a prompt, settings and a path."""
SETTINGS = re.compile(r"COURTSTATS_[A-Z_]*[A-Z]")


def test_the_pages_are_up_to_date() -> None:
    for name, text in error_pages().items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, f"{name} is out of date: make docs"


def test_there_is_a_page_for_each_code_and_reason_and_no_other() -> None:
    wanted = {f"exit-{code}" for code in exit_codes()} | set(REASONS) | {"README"}
    assert {p.stem for p in (ROOT / FOLDER).glob("*.md")} == wanted


def test_each_code_of_an_error_is_told_by_the_help() -> None:
    """`courtstats --help` names every code that an error of ours can end with."""
    assert {error.code for error in error_classes()} - set(told_codes()) == set()


def test_each_code_with_which_a_command_ends_by_itself_has_a_page() -> None:
    """`raise typer.Exit(...)` with a number, or with a name that stands for one in the same module."""
    found = set()
    for module in (ROOT / "pipelines").glob("*.py"):
        text = module.read_text(encoding="utf-8")
        named = dict(re.findall(r"^([A-Z_]+) = (\d+)$", text, re.M))
        for names, numbers in re.findall(r"^([A-Z_]+(?:, [A-Z_]+)+) = (\d+(?:, \d+)+)$", text, re.M):
            named |= dict(zip(names.split(", "), numbers.split(", "), strict=True))
        for ended in re.findall(r"typer\.Exit\(([A-Z_]+|\d+)", text):
            found.add(int(named.get(ended, ended)))
    assert found >= {1, 2, 3, 4, 5}, "the commands that end by themselves are not found any more"
    assert found <= set(exit_codes())


@pytest.mark.parametrize("reason", REASONS)
def test_people_have_said_what_there_is_to_say_about_each_reason(reason: str) -> None:
    """The cause, what to ask the source, and what it does to figures; and some reader sets aside for it."""
    said = words()[reason]
    assert set(said) <= {"hits", "cause", "ask", "more"}
    assert said["hits"]
    assert set(said["hits"]) <= set(FIGURES)  # type: ignore[call-overload]
    assert len(str(said["cause"])) > 20
    assert len(str(said["ask"])) > 20
    assert kinds_of(reason)
    assert set(kinds_of(reason)) <= set(KINDS)


def test_nothing_is_said_about_a_reason_that_there_is_not() -> None:
    assert set(words()) == set(REASONS)


def test_only_rows_have_what_is_said_of_rows() -> None:
    """What is set aside beside the days of an extract, or as a row of one, is a row of a table."""
    for reason, said in words().items():
        hits = said["hits"]
        assert isinstance(hits, list)
        if {"row", "beside"} & set(hits):
            assert {"rows", "table-files"} & set(kinds_of(reason)), reason
        if "rows" in kinds_of(reason):
            assert {"row", "beside"} & set(hits), reason


def test_what_leaves_the_day_of_a_table_complete_is_said_so() -> None:
    from extract.reasons import NOT_OF_THE_DAY

    assert {reason for reason, said in words().items() if "beside" in said["hits"]} == NOT_OF_THE_DAY  # type: ignore[operator]


@pytest.mark.parametrize("page", NAMED)
def test_every_command_and_option_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```[a-z]*\n(.*?)```", text, re.S) + re.findall(r"`([^`\n]+)`", text))
    for line in COMMAND.findall(code):
        name, *rest = line.split()
        assert name in TOP, f"{page}: courtstats {name}"
        of = TOP[name]
        if hasattr(of, "commands") and rest and rest[0] in of.commands:
            of = of.commands[rest.pop(0)]
        there = {o for p in of.params for o in p.opts}
        assert {word for word in rest if re.fullmatch(r"--[a-z-]+", word)} <= there | {"--help"}, f"{page}: {line}"


@pytest.mark.parametrize("page", NAMED)
def test_every_setting_that_a_page_names_is_one(page: str) -> None:
    from dataclasses import fields

    from pipelines.settings import SECRET_PREFIX, Settings

    named = set(SETTINGS.findall((ROOT / page).read_text(encoding="utf-8")))
    there = {f"COURTSTATS_{f.name.upper()}" for f in fields(Settings)}
    meant_to_be_wrong = {"COURTSTATS_HOEM"} if page.endswith("exit-2.md") else set()
    assert {n for n in named if not f"{n}_".startswith(SECRET_PREFIX)} <= there | meant_to_be_wrong
