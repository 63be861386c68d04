"""`courtstats new`: a question from offence codes, written into the folder of definitions as a whole or not at all."""

import os
import secrets
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines import show
from pipelines.settings import Settings, SettingsError, definitions_of
from pipelines.times import TimeError, parse_day
from transform.codelists import CodeList, parse_code_list, read_code_list
from transform.contract import TransformError
from transform.definition import UNITS
from transform.examples import run_examples
from transform.questions import read_question
from transform.scaffold import Draft, draft
from transform.scaffold_examples import quarter_of
from transform.scaffold_text import NOBODY, Wanted
from transform.standing import SQL, read_sources, standing

SCHEMA = "courtstats/new@1"
_KEY = bytes(32)
"""Examples are digested alike whatever the key."""


def new(
    settings: Settings,
    name: str,
    *,
    offences: Sequence[str],
    results: Sequence[str],
    title: str | None,
    unit: str,
    owner: str | None,
    in_force: str | None,
    act: str | None,
    base: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write the file of a new question and its code lists, or (`dry_run`) print them.

    Args:
        settings: where the definitions are.
        name: id of the question.
        offences: codes, beginnings (`OW195*`) and ranges (`OW19501-OW19507`).
        results: CJS or short codes; none: suggested by the offences' titles.
        title: of the question (`None`: made from the results).
        unit: what is counted.
        owner: the team that answers for it (`None`: whoever owns most of the others).
        in_force: first day of the law, with `act`.
        act: name of the Act.
        base: each offence code stands for all its forms.
        dry_run: print the files, write nothing.
        as_json: print `courtstats/new@1`.

    Raises:
        ExceptionGroup: everything that is wrong with what was asked for.
        SettingsError: the folder cannot be written.
    """
    folder = definitions_of(settings)
    faults: list[Exception] = list(_taken(folder, name))
    if unit not in UNITS:
        faults.append(TransformError(f"{unit!r} is no unit", where="--unit", remedy=f"Use one of: {', '.join(UNITS)}"))
    begins = None
    try:
        begins = parse_day(in_force, "--in-force") if in_force else None
    except TimeError as fault:
        faults.append(fault)
    lists = _lists(folder)
    wanted = Wanted(
        name,
        tuple(offences),
        tuple(results),
        title,
        unit if unit in UNITS else "case",  # one that is wrong was told already
        owner or _usual_owner(folder),
        begins,
        act if begins or not in_force else None,  # a day that is wrong was told already
        base,
    )
    made = None
    try:
        made = draft(wanted, standing(), lists, read_sources(SQL / "standing")["offences.parquet"].version)
    except ExceptionGroup as group:
        faults += group.exceptions
    if faults or made is None:
        raise ExceptionGroup("a new question", faults)
    _hold(made, lists)
    if not dry_run:
        write(folder, made.files)
    period = quarter_of(begins).label
    steps = [f"courtstats lint {name}", f"courtstats test {name}", f"courtstats count {name} --period {period}"]
    if as_json:
        said = {"schema": SCHEMA, "question": name, "folder": str(folder), "written": not dry_run}
        show.write(show.to_json(said | {"files": dict(made.files), "said": list(made.said), "next": steps}))
        return
    for path, text in made.files.items():
        show.write(f"==> {path}\n{text}" if dry_run else f"Written: {folder / path}")
    for line in (*made.said, "Next:", *(f"  {step}" for step in steps)):
        show.write(line)


def _taken(folder: Path, name: str) -> list[TransformError]:
    """Faults of a name that a question, or one of its lists, has already."""
    remedy = "Choose another id, or take the file away first"
    paths = [f"questions/{name}.toml", *(f"codelists/{name}-{part}.csv" for part in ("offences", "results", "interim"))]
    return [TransformError("is there already", where=path, remedy=remedy) for path in paths if (folder / path).exists()]


def _lists(folder: Path) -> dict[str, CodeList]:
    """The code lists of the folder that can be read; what is wrong with the others is no matter here."""
    read = [read_code_list(path, path.name) for path in sorted((folder / "codelists").glob("*.csv"))]
    return {one.id: one for one, faults in read if not faults}


def _usual_owner(folder: Path) -> str | None:
    """Who owns most of the questions that are there."""
    owners: Counter[str] = Counter()
    for path in sorted((folder / "questions").glob("*.toml")):
        try:
            owner = tomllib.loads(path.read_text(encoding="utf-8")).get("owner")
        except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError):
            continue
        if isinstance(owner, str) and owner.strip() not in ("", NOBODY) and owner.isprintable():
            owners[owner] += 1
    return owners.most_common(1)[0][0] if owners else None


def _hold(made: Draft, lists: Mapping[str, CodeList]) -> None:
    """Load the new question as its readers will and run its examples: what does not hold is not written.

    Raises an `ExceptionGroup` of what cannot be loaded, and ValueError (a fault of ours) for an example that fails.
    """
    own, faults = dict(lists), []
    for path, text in made.files.items():
        if path.startswith("codelists/"):
            one, found = parse_code_list(text, Path(path).stem, path)
            own[one.id] = one
            faults += found
    if faults:
        raise ExceptionGroup("code lists of a new question", faults)
    question = read_question(made.files[f"questions/{made.id}.toml"], made.id, own)
    failed = [outcome.name for outcome in run_examples(question, _KEY) if not outcome.passed]
    if failed:
        raise ValueError(f"examples of a new question fail: {failed}")


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write new files below a folder, all of them or none, the question after its lists.

    Raises TransformError where one is there already, and SettingsError where the folder cannot be written.
    """
    waiting: list[tuple[Path, Path]] = []
    done: list[Path] = []
    try:
        for name, text in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(f".{target.name}-{secrets.token_hex(8)}")
            waiting.append((unfinished, target))
            unfinished.write_text(text, encoding="utf-8")
        for unfinished, target in waiting:
            os.link(unfinished, target)  # unlike a rename this never replaces a file
            done.append(target)
    except OSError as fault:
        for path in done:
            path.unlink(missing_ok=True)
        left = waiting[len(done) :]
        if isinstance(fault, FileExistsError) and left and left[0][1].exists():
            raise TransformError("is there already", where=str(left[0][1]), remedy="Choose another id") from None
        raise SettingsError(
            f"cannot be written ({fault.strerror})",
            where=str(folder),
            remedy="Copy the folder to where you may write, and set COURTSTATS_DEFINITIONS to it",
        ) from None
    finally:
        for unfinished, _ in waiting:
            unfinished.unlink(missing_ok=True)
