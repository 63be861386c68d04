"""The TOML of a new question: its rule, what goes with its figures, its notes and examples."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from transform.codelists import CodeEntry
from transform.question_file import SCHEMA
from transform.scaffold_codes import ORDER, breaks
from transform.scaffold_examples import Parts, examples
from transform.standing import Standing

NOBODY = "unknown"
"""The owner until somebody fills one in."""
_NAMED = 2
"""So many titles are named where results or offences are put in words."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new question shall be: its id, patterns of offence codes, result codes (none: to be suggested).

    `in_force` and `act` go together. `base`: each offence code stands for all its forms.
    """

    id: str
    offences: tuple[str, ...]
    results: tuple[str, ...] = ()
    title: str | None = None
    unit: str = "case"
    owner: str | None = None
    in_force: date | None = None
    act: str | None = None
    base: bool = False


def titles_of(entries: Sequence[CodeEntry]) -> str:
    """The first titles, and how many others there are."""
    titles = list({e.label.casefold(): e.label for e in entries}.values())
    others = len(titles) - _NAMED
    return " or ".join(titles[:_NAMED]) + (f" or {others} other{'s' * (others > 1)}" if others > 0 else "")


def question_text(wanted: Wanted, parts: Parts, names: Mapping[str, str], standing: Standing) -> str:
    """The TOML of a new question; `names` are the ids of its lists: offences, results, interim."""
    around = _around(parts, names, breaks(parts.offences, standing))
    return "\n".join([*_head(wanted, parts), *_rule(wanted, parts, names), *around, *examples(parts, standing)])


def _head(wanted: Wanted, parts: Parts) -> Iterator[str]:
    result = titles_of(parts.results)
    yield "#:schema ./question.schema.json"
    yield "# Where it says `fill in`, something is left to you. Everything else is complete, and the examples hold.\n"
    yield f'schema   = "{SCHEMA}"'
    yield f'id       = "{wanted.id}"'
    one_order = parts.results[0].category == ORDER and result.casefold().endswith(" order")
    title = f"{result}s made" if one_order else f"{wanted.unit.capitalize()}s with the result {result}"
    asked = {"case": f"In how many cases was {result} the result", "order": f"How many orders had the result {result}"}
    asks = asked.get(wanted.unit, f"For how many {wanted.unit}s was {result} the result")
    yield f"title    = {_text(wanted.title or title)}"
    yield f"asks     = {_text(f'{asks}, by date of hearing?')}"
    owner = "" if wanted.owner else "           # fill in: the team that answers for the figure"
    yield f"owner    = {_text(wanted.owner or NOBODY)}{owner}"
    if wanted.in_force:
        yield f"in_force = {wanted.in_force}\nact      = {_text(wanted.act or '')}"
    else:
        yield "# in_force = YYYY-MM-DD                # fill in: the first day on which such an order could be made ..."
        yield '# act      = "..."                     # ... and under which Act; take the `#` away'
    yield f'\n[count]\nunit = "{wanted.unit}"\ndate = "hearing_date"\nonce = "first in period"\n'


def _rule(wanted: Wanted, parts: Parts, names: Mapping[str, str]) -> Iterator[str]:
    yield f"[[step]]\nname = {_text(titles_of(parts.offences))}"
    yield f'keep = {{ offence = "{names["offences"]}" }}\n'
    if not any(e.match == "text" or e.code == "G" for e in parts.results):
        yield "# `Granted` has no CJS code. Where it alone is recorded, add G and the text to the list of results."
    yield f"[[step]]\nname = {_text(f'Result is {titles_of(parts.results)}')}"
    yield f'keep = {{ result = "{names["results"]}" }}\n'
    if parts.interim:
        codes = ", ".join(e.code for e in parts.interim)
        yield f"# Interim orders ({codes}) do not count; a figure says how many of its {wanted.unit}s had one beside."
        for name, way, label in (
            ("alone", "without", "The result was recorded with no interim order beside it"),
            ("beside-interim", "beside", "The result was recorded beside an interim order"),
        ):
            yield f'[[evidence]]\nname = "{name}"\nlabel = "{label}"\nhas = "{names["results"]}"'
            yield f'{way} = "{names["interim"]}"\n'


def _around(parts: Parts, names: Mapping[str, str], series_breaks: Mapping[date, str]) -> Iterator[str]:
    default = '[["month"]]'
    if parts.breakdown:
        label = "Type of offence" if parts.breakdown == "offence_type" else "Type of application"
        yield f'[[breakdown]]\nname  = "{parts.breakdown}"\nlabel = "{label}"\nlist  = "{names["offences"]}"\n'
        default = f'[["month"], ["{parts.breakdown}"]]'
    yield f"[breakdowns]\ndefault = {default}\n"
    yield '[schedule]\ncron   = "0 6 * * 1"               # Mondays at six\nperiod = "last complete quarter"\n'
    for note in _notes(parts):
        yield f"[[note]]\ntext = {_text(note)}\n"
    for day, said in series_breaks.items():
        yield f"[[series_break]]\nat   = {day}\ntext = {_text(said)}\n"


def _notes(parts: Parts) -> Iterator[str]:
    once = {
        "case": "A case counts once however many defendants it has: this is a number of cases, not of people.",
        "defendant": "Somebody with two cases counts twice.",
        "application": "Several applications on one case count each.",
        "order": "Every defendant, application and kind of order counts.",
    }[parts.unit]
    yield f"Counted by the date of the hearing. {once}"
    codes = [e.code for e in parts.offences]
    some = ", ".join(codes[:8]) + (f" and {len(codes) - 8} others" if len(codes) > 8 else "")
    yield f"Covers hearings of {some} with the result {titles_of(parts.results)}."
    yield "The records come from a live system: the same count made later can give another figure."


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
