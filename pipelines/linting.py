"""What `courtstats lint` does and prints, and the page about its findings."""

import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from transform.findings import Finding
    from transform.lint_files import Linted

LINT_SCHEMA = "courtstats/lint@1"
FAULTY = 4
"""Exit code where something has to be mended, the one of questions and code lists."""


def lint(settings: "Settings", question: str | None, *, as_json: bool, strict: bool, everything: bool) -> int:
    """Check one question, or all with every code list; print what was found; the exit code.

    0: nothing but what is good to know (without `strict`: nor errors); 4: errors, with `strict` also warnings.
    `everything` shows what is only to be known too, and looks for more of it. Raises SettingsError where
    there are no definitions, and TransformError for a question that is not there or broken standing data.
    """
    from pipelines import show
    from pipelines.settings import definitions_of
    from transform.lint_files import lint_folder
    from transform.standing import standing

    folder = definitions_of(settings)
    done = lint_folder(folder, question, standing(), thorough=everything)
    if as_json:
        show.write(show.to_json(lint_json(done, folder, strict=strict)))
    else:
        for line in lint_lines(done, _shown(folder), everything=everything):
            show.write(line)
    return FAULTY if failed(done, strict=strict) else 0


def failed(done: "Linted", *, strict: bool) -> bool:
    """Whether something has to be mended."""
    from transform.findings import ERROR, WARNING

    grave = (ERROR, WARNING) if strict else (ERROR,)
    return any(f.severity in grave for f in done.findings if f.accepted is None)


def lint_json(done: "Linted", folder: Path, *, strict: bool) -> dict[str, Any]:
    """What was found for machines; files are below `folder`."""
    counting = [f for f in done.findings if f.accepted is None]
    return {
        "schema": LINT_SCHEMA,
        "folder": str(folder),
        "questions": list(done.questions),
        "number": _numbers(counting),
        "failed": failed(done, strict=strict),
        "findings": [{k: v for k, v in asdict(f).items() if k != "accepted"} for f in counting],
        "accepted": [asdict(f) for f in done.findings if f.accepted is not None],
    }


def lint_lines(done: "Linted", folder: str, *, everything: bool) -> list[str]:
    """What was found for people: `file:line:column: severity: what. remedy [id]`, what is accepted, a summary."""
    from transform.findings import INFO

    counting = [f for f in done.findings if f.accepted is None]
    lines = [f"{folder}{f}" for f in counting if everything or f.severity != INFO]
    agreed = Counter((f.file, f.id, str(f.accepted)) for f in done.findings if f.accepted is not None)
    lines += [
        f"{folder}{file}: accepted: {name}{f', {n} times' if n > 1 else ''}: {why}"
        for (file, name, why), n in agreed.items()
    ]
    return [*lines, _summary(done, counting, everything=everything)]


def _summary(done: "Linted", counting: "list[Finding]", *, everything: bool) -> str:
    number = len(done.questions)
    said = [f"{n} {name}{'' if n == 1 else 's'}" for name in ("error", "warning") if (n := _numbers(counting)[name])]
    if infos := _numbers(counting)["info"]:
        said.append(f"{infos} to know" + ("" if everything else " (--all shows them)"))
    if accepted := len(done.findings) - len(counting):
        said.append(f"{accepted} accepted")
    return f"{number} question{'' if number == 1 else 's'}: {', '.join(said) or 'nothing found'}"


def _numbers(findings: "list[Finding]") -> dict[str, int]:
    from transform.findings import SEVERITIES

    return {severity: sum(f.severity == severity for f in findings) for severity in SEVERITIES}


def _shown(folder: Path) -> str:
    """What to put before a file so that an editor opens it from here."""
    here, there = Path.cwd().resolve(), folder.resolve()
    return f"{there.relative_to(here) if there.is_relative_to(here) else there}{os.sep}".removeprefix(f".{os.sep}")


def findings_page() -> str:
    """The page about every kind of finding, for docs/reference/findings.md."""
    from pipelines.reference import MADE, grid
    from transform.lint import CATALOGUE

    parts = [
        f"# Findings\n\n{MADE}\n`courtstats lint` tells these about definitions and code lists. An error stops; a "
        "warning stops with `--strict`; an info is shown with `--all`. A question accepts a finding that is right as "
        'it is with `[[accept]]`, `finding = "id"` and `because = "..."`; then it is listed apart.\n\n',
        grid(
            ["finding", "severity", "meaning"],
            [[f"[`{k.id}`](#{k.id})", k.severity, k.title] for k in CATALOGUE.values()],
        ),
    ]
    for kind in CATALOGUE.values():
        agreed = "" if kind.acceptable else " It cannot be accepted."
        parts.append(
            f"\n## {kind.id}\n\n{kind.severity.capitalize()}. {kind.title}.\n\n{kind.why}\n\n"
            f"What to do: {kind.remedy}.{agreed}\n\n"
            f"With it:\n\n{_snippet(kind.bad)}\nMended:\n\n{_snippet(kind.good)}"
        )
    return "".join(parts)


def _snippet(text: str) -> str:
    return f"```{'csv' if text.startswith('code,') else 'toml'}\n{text.rstrip()}\n```\n"
