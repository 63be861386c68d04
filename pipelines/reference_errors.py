"""The pages of docs/errors/: one for each exit code and each reason of refusal, and their index.

What the code knows is taken from the code: sentences and remedies, which reader sets something aside for a reason,
which errors end with which code. What people have to say about it is in docs/errors/reasons.toml, and in the pages of
the exit codes outside their marks.
"""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extract.contract import REASONS
from extract.reasons import MORE_FAULTS, REMEDIES

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "docs/errors"
MADE = "<!-- Made from the code by `make docs`; change it there, or in reasons.toml beside this page. -->\n"
STAGES = ("extract", "transform", "expectations", "load", "pipelines")

FIGURES: dict[str, str] = {
    "whole": "Where a whole message or file is set aside, nothing of it landed and no figure counts it. A figure that "
    "it could touch, because of its day or because no day of it is known, says in a note and in the first line of its "
    "attrition how many such things there are.",
    "part": "Where a part of a message is set aside, the rest of its statement landed, is marked incomplete and "
    "counts. A figure of these days says in a note how many statements are incomplete, because a unit may be missing.",
    "row": "Where a row is set aside, it is not counted and its day is incomplete; figures of the day say so in a "
    "note. A row without a readable date could be of any day, so every day of its extract is incomplete.",
    "beside": "A row that is set aside for this reason is no part of the days that its extract speaks about: they stay "
    "complete, and nothing is missing from their figures.",
}
"""What being set aside does to figures; `hits` in reasons.toml names these."""

KINDS: dict[str, tuple[str, str]] = {
    "spi": (
        "SPI messages",
        "Land the corrected message from the same place under the same name, received no earlier: it replaces the "
        "broken one. From another place it lands too, and the broken one stays held until you let it go.",
    ),
    "common-platform": (
        "Common Platform hearings",
        "Land the corrected share from the same place under the same name, or wait for the next share of the hearing "
        "and let the broken one go.",
    ),
    "rows": (
        "rows of tables and databases",
        "Land a later extract of the same source that is complete for the day; `courtstats land --source NAME` reads a "
        "database again.",
    ),
    "table-files": (
        "files of tables",
        "Land a corrected extract. It lets the broken file go only where both say which days they cover (`--covers`), "
        "because nobody knows of which days the broken one spoke; else let that one go yourself.",
    ),
    "deliveries": (
        "files and archives as they are delivered",
        "Land the corrected file or archive from the same place under the same name.",
    ),
}
"""What is read, with how it comes back in: from the module that sets something aside (`_kind_of`)."""


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """A subclass of StageError as it stands in the code: its name, exit code and the first line on what it means."""

    name: str
    code: int
    meaning: str


def error_pages() -> dict[str, str]:
    """Every page of docs/errors/: path from the project's root to text."""
    said = words()
    codes = exit_codes()
    pages = {f"{FOLDER}/{reason}.md": reason_page(reason, said[reason]) for reason in REASONS}
    for code in codes:
        name = f"{FOLDER}/exit-{code}.md"
        pages[name] = _with_facts((ROOT / name).read_text(encoding="utf-8"), code_facts(code))
    pages[f"{FOLDER}/README.md"] = index(codes)
    return pages


def words() -> dict[str, dict[str, object]]:
    """What reasons.toml says, by reason."""
    with (ROOT / FOLDER / "reasons.toml").open("rb") as source:
        return tomllib.load(source)


def reason_page(reason: str, said: dict[str, object]) -> str:
    """The page of a reason of refusal."""
    kinds = kinds_of(reason)
    hits = said["hits"]
    assert isinstance(hits, list)
    back = "".join(f"- {capital(KINDS[kind][0])}: {KINDS[kind][1]}\n" for kind in kinds)
    more = f"\n{said['more']}\n" if "more" in said else ""
    return (
        f"# `{reason}`\n\n{MADE}\n{REASONS[reason]}. Met in: {', '.join(KINDS[kind][0] for kind in kinds)}.\n\n"
        f"**What to do.** {REMEDIES[reason]}.\n\n## The usual cause\n\n{said['cause']}\n\n"
        f"## What to ask the source\n\n{said['ask']}\n\n## How it comes back in\n\n{back}{more}\n"
        f"If the bytes were right all along, and a newer courtstats or a mended mapping reads them, leave them where "
        f"they lie and replay them. Nothing lands twice, and they keep their first time of receipt:\n\n"
        f"```\ncourtstats quarantine show --reason {reason}\n"
        f"courtstats quarantine replay --reason {reason} --dry-run\n"
        f"courtstats quarantine replay --reason {reason}\n```\n\n"
        "What is not meant for us, or will never be readable, is let go one by one, with a reason that names "
        "nobody:\n\n"
        '```\ncourtstats quarantine release --content HASH --because "WHY"\n```\n\n'
        "When exactly a landing lets something go is in [quarantine](../quarantine.md).\n\n## Are figures affected?\n\n"
        + "\n\n".join(FIGURES[hit] for hit in hits)
        + "\n"
    )


def kinds_of(reason: str) -> list[str]:
    """Which readers set something aside for a reason, as keys of `KINDS`: those whose code names it."""
    if reason == MORE_FAULTS:
        return ["deliveries"]
    found = {_kind_of(path.stem) for path, text in _sources("extract") if f'"{reason}"' in text} - {None}
    return [kind for kind in KINDS if kind in found]


def _kind_of(module: str) -> str | None:
    """What a module of extract/ reads; None for one that reads nothing."""
    if module.startswith("spi") or module == "xml":
        return "spi"
    if module.startswith("cp_") or module in ("common_platform", "json_split"):
        return "common-platform"
    if module == "table_rows":
        return "rows"
    if module.startswith("table"):
        return "table-files"
    return "deliveries" if module == "deliveries" else None


def exit_codes() -> dict[int, str]:
    """Every exit code with its meaning: as the command line's help says it, else as the docstring of its error does."""
    said = told_codes()
    for error in error_classes():
        said.setdefault(error.code, error.meaning.rstrip("."))
    return dict(sorted(said.items()))


def told_codes() -> dict[int, str]:
    """The exit codes that `courtstats --help` names, with its words."""
    from pipelines.cli_app import app

    told = str(app.info.epilog).partition("Exit codes: ")[2].rstrip(".")
    return {int(code): what.strip() for code, what in re.findall(r"(?:^|, )(\d+) (.+?)(?=, \d|$)", told)}


def error_classes() -> list[ErrorClass]:
    """Every class of the stages that sets an exit code, read from the code; nothing is imported for it."""
    found = []
    for stage in STAGES:
        for _, text in _sources(stage):
            if "exit_code" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ClassDef) and (code := _code_set(node.body)) is not None:
                    meaning = (ast.get_docstring(node) or "").partition("\n")[0]
                    found.append(ErrorClass(node.name, code, meaning))
    return sorted(found, key=lambda error: (error.code, error.name))


def _code_set(body: Iterable[ast.stmt]) -> int | None:
    for line in body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
            for target in line.targets:
                if isinstance(target, ast.Name) and target.id == "exit_code" and isinstance(line.value.value, int):
                    return line.value.value
    return None


def code_facts(code: int) -> str:
    """What the code knows of an exit code."""
    errors = [e for e in error_classes() if e.code == code and e.name != "StageError"]
    meaning = exit_codes()[code]
    lines = "".join(f"- {error.meaning}\n" for error in errors)
    return f"\n**{capital(meaning)}.**\n" + (f"\nThe errors that end with it:\n\n{lines}" if lines else "")


def capital(text: str) -> str:
    """The text with a capital letter at its beginning, and no other changed."""
    return text[:1].upper() + text[1:]


def _with_facts(page: str, facts: str) -> str:
    """A page with the part between its marks replaced."""
    return re.sub(r"(<!-- facts -->\n).*(<!-- /facts -->)", lambda m: m[1] + facts + "\n" + m[2], page, flags=re.S)


def index(codes: dict[int, str]) -> str:
    """The index of all pages."""
    exits = "".join(f"| [{code}](exit-{code}.md) | {meaning} |\n" for code, meaning in codes.items())
    reasons = "".join(
        f"| [`{reason}`]({reason}.md) | {sentence} | {', '.join(KINDS[kind][0] for kind in kinds_of(reason))} |\n"
        for reason, sentence in REASONS.items()
    )
    return (
        f"# Errors: what they mean and what to do\n\n{MADE.replace(', or in reasons.toml beside this page', '')}\n"
        "## Exit codes\n\n"
        "Every command ends with one of these; `echo $?` shows the last one. What is wrong is said on standard error, "
        "a line for each fault that begins with `courtstats: `: where it is, what is wrong, what to do. All faults "
        "that were found are told at once; where they are of several kinds, the highest code is given.\n\n"
        f"| code | meaning |\n| --- | --- |\n{exits}\n"
        "## Why something was set aside\n\n"
        "`courtstats land` and `courtstats quarantine` give a reason in brackets, like `[malformed-xml]`. One thing "
        "that is set aside never stops the rest of a landing.\n\n"
        f"| reason | meaning | met in |\n| --- | --- | --- |\n{reasons}\n"
        "## Elsewhere\n\n"
        "- A check that failed: [checks](../reference/checks.md).\n"
        "- Something wrong with a question or a code list: [findings](../reference/findings.md).\n"
        "- A machine, a store or a warehouse that is not in order: `courtstats doctor` says what to do about each "
        "thing.\n"
    )


def _sources(stage: str) -> Iterator[tuple[Path, str]]:
    """The modules of a stage, with their text."""
    for path in sorted((ROOT / stage).rglob("*.py")):
        if path.name != "reasons.py":
            yield path, path.read_text(encoding="utf-8")


if __name__ == "__main__":
    for name, text in error_pages().items():
        (ROOT / name).write_text(text, encoding="utf-8")
