"""Reading the files of a folder of definitions: what cannot be read is a fault of that file, never a traceback."""

from pathlib import Path

from transform.contract import TransformError

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def question_files(sql_dir: Path) -> list[Path]:
    """The question files of a folder, by name. Raises `TransformError` where the folder cannot be read or has none."""
    folder = sql_dir / "questions"
    found = sorted(path for path in _listed(folder) if path.suffix == ".toml")
    if not found:
        other = [path.name for path in _listed(folder) if path.suffix.lower() == ".toml"]
        remedy = f"Name {other[0]!r} with a small .toml" if other else "Write one: courtstats new"
        raise TransformError("there is no question in it", where=str(folder), remedy=remedy)
    return found


def list_files(sql_dir: Path) -> list[Path]:
    """The code lists of a folder, by name; none where there is no folder. Raises `TransformError` as above."""
    folder = sql_dir / "codelists"
    return sorted(path for path in _listed(folder) if path.suffix == ".csv") if folder.exists() else []


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as fault:
        raise TransformError(
            f"the folder cannot be read ({fault.strerror})", where=str(folder), remedy="Give permission to read it"
        ) from None


def read_text(path: Path, shown: str) -> tuple[str, TransformError | None]:
    """The text of a file in UTF-8, with or without a byte order mark, and why there is none (`shown:line:column`)."""
    try:
        content = path.read_bytes()
    except OSError as fault:
        what, remedy = f"the file cannot be read ({fault.strerror})", "Give permission to read it, or remove it"
        return "", TransformError(what, where=f"{shown}:1:1", remedy=remedy)
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        column = fault.start - (content.rfind(b"\n", 0, fault.start) + 1) + 1
        is_16 = content.startswith(_UTF16)
        what = "the file is UTF-16, not UTF-8 text" if is_16 else "the file is not UTF-8 text"
        where = f"{shown}:1:1" if is_16 else f"{shown}:{line}:{column}"
        return "", TransformError(what, where=where, remedy="Save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
