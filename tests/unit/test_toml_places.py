"""Errors in a question file point at the right line, whatever its layout."""

import tomllib
from typing import Any

import pytest

from transform.toml_places import Path, places


def every_path(value: Any, path: Path = ()) -> set[Path]:
    own = {path} if path else set()
    if isinstance(value, dict):
        return own.union(*(every_path(v, (*path, k)) for k, v in value.items()), set())
    if isinstance(value, list):
        return own.union(*(every_path(v, (*path, i)) for i, v in enumerate(value)), set())
    return own


ODD = '''\
# a comment with [[brackets]] and key = "value"
title = "one # not a comment"
text = """
[not.a.table]
key = 1
"""
literal = \'\'\'
[[nor this]]
\'\'\'
  [count] # trailing
unit="case"
"quoted key"  =  'x = [1]'
a.b . "c d" = 1

[[step]]
name = "first"
keep = { offence = "x", nested = { deep = [1, 2] } }

[[ step ]]
name = "escaped \\\\" # end
keep = {}

[[step.part]]
x = 1
[[step.part]]
x = 2

[[example]]
given = [
  { case = "A", # comment ] inside
    hearing = 2020-01-01 },

  { case = "B" }, ["nested", [ "array" ]],
]
until = 2020-05-21 09:30:00
expect = { "2020Q1" = 1 }
last = [ ]
'''.replace("# comment ] inside\n    ", "")


def test_every_key_and_element_has_a_place() -> None:
    assert every_path(tomllib.loads(ODD)) == set(places(ODD))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (("title",), "title ="),
        (("text",), "text ="),
        (("count",), "[count]"),
        (("count", "unit"), "unit="),
        (("count", "quoted key"), '"quoted key"'),
        (("count", "a", "b", "c d"), "a.b"),
        (("step", 0), "[[step]]"),
        (("step", 0, "keep", "nested", "deep"), "keep = { offence"),
        (("step", 1), "[[ step ]]"),
        (("step", 1, "name"), 'name = "escaped'),
        (("step", 1, "part", 1, "x"), "x = 2"),
        (("example", 0, "given", 0, "hearing"), '{ case = "A"'),
        (("example", 0, "given", 1, "case"), '{ case = "B"'),
        (("example", 0, "given", 2, 1, 0), '["nested"'),
        (("example", 0, "until"), "until ="),
        (("example", 0, "expect", "2020Q1"), "expect ="),
        (("example", 0, "last"), "last ="),
    ],
)
def test_a_place_is_the_line_where_it_is_written(path: Path, content: str) -> None:
    line, column = places(ODD)[path]
    assert content in ODD.splitlines()[line - 1]
    assert ODD.splitlines()[line - 1][: column - 1].count("=") <= len(path)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (("count",), "[count]"),
        (("count", "unit"), 'unit="case"'),
        (("step", 0, "keep", "nested", "deep"), "deep = ["),
        (("step", 0, "keep", "nested", "deep", 1), "2]"),
        (("step", 1, "keep"), "keep = {}"),
        (("example", 0, "given", 1, "case"), 'case = "B"'),
        (("example", 0, "expect", "2020Q1"), '"2020Q1" = 1'),
    ],
)
def test_a_place_is_the_column_where_it_starts(path: Path, content: str) -> None:
    line, column = places(ODD)[path]
    assert ODD.splitlines()[line - 1][column - 1 :].startswith(content)


def test_windows_line_ends_and_no_end_of_file_line() -> None:
    assert places("a = 1\r\n\r\n[b]\r\nc = 2") == {("a",): (1, 1), ("b",): (3, 1), ("b", "c"): (4, 1)}
