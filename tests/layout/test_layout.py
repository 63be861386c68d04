"""The shape of the project: each test guards a trap that has cost somebody a day."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("pipelines", "extract", "transform", "load", "expectations")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def python_files(*folders: str) -> list[Path]:
    return [p for folder in folders for p in (ROOT / folder).rglob("*.py")]


def test_the_top_level_is_the_one_that_was_agreed() -> None:
    for folder in (*STAGES, "sql", "tests"):
        assert (ROOT / folder).is_dir(), folder
    assert (ROOT / "README.md").is_file()


def test_sql_holds_no_python_because_other_packages_own_that_import_name() -> None:
    assert python_files("sql") == []


def test_no_test_folder_shadows_a_stage() -> None:
    """With an __init__.py or a stage's name pytest would import tests/extract instead of extract."""
    folders = [p for p in (ROOT / "tests").rglob("*") if p.is_dir() and p.name != "__pycache__"]
    assert not [p for p in folders if p.name in STAGES or (p / "__init__.py").exists()]
    assert not (ROOT / "tests" / "__init__.py").exists()


def test_no_two_test_files_share_a_name() -> None:
    names = [p.name for p in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_a_flow_file_is_never_named_after_a_stage() -> None:
    """Prefect loads a flow file as a module of its own name."""
    flows = [p for p in python_files("pipelines") if re.search(r"^@flow", p.read_text(), re.M)]
    assert flows
    assert not [p.name for p in flows if p.stem in STAGES]


def test_every_folder_that_must_ship_is_listed_for_the_wheel() -> None:
    listed = set(PYPROJECT["tool"]["setuptools"]["packages"])
    code = {p.parent.relative_to(ROOT).as_posix().replace("/", ".") for p in python_files(*STAGES)}
    data = {p.relative_to(ROOT).as_posix().replace("/", ".") for p in (ROOT / "sql").rglob("*") if p.is_dir()} | {"sql"}
    assert listed == code | data


def test_only_the_settings_read_the_environment() -> None:
    readers = [p for p in python_files(*STAGES) if re.search(r"\bos\.environ|\bgetenv\b|\benviron\b", p.read_text())]
    assert {p.relative_to(ROOT).as_posix() for p in readers} == {"pipelines/__init__.py", "pipelines/settings.py"}


def test_only_pipelines_read_the_clock() -> None:
    clock = re.compile(r"datetime\.now|date\.today|time\.time\(|utcnow")
    readers = {p.relative_to(ROOT).as_posix() for p in python_files(*STAGES[1:]) if clock.search(p.read_text())}
    # the age of a folder that a landing left behind; the handle that dates what is stored
    assert readers <= {"extract/landing.py", "load/connecting.py"}


def test_modules_stay_readable() -> None:
    long = {
        p.relative_to(ROOT).as_posix(): n for p in python_files(*STAGES) if (n := len(p.read_text().splitlines())) > 320
    }
    assert long == {}


def test_the_lock_has_hashes_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[a-z0-9][\w.-]*==", lock, re.M)
    assert len(pins) > 100
    blocks = re.split(r"^(?=[a-z0-9][\w.-]*==)", lock, flags=re.M)[1:]
    assert [b.splitlines()[0] for b in blocks if "--hash=sha256:" not in b] == []
    assert "://" not in lock
    assert "--index" not in "".join(line for line in lock.splitlines() if not line.startswith("#"))


def test_no_file_names_a_registry_host() -> None:
    hosts = re.compile(r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|deb\.debian)")
    assert [
        p.name
        for p in tracked()
        if p.suffix in {".py", ".md", ".toml", ".lock", ".yaml", ""} and hosts.search(p.read_text(errors="ignore"))
    ] == []


def test_telemetry_is_off_before_any_library_is_loaded() -> None:
    code = (
        "import pipelines, os; from prefect.settings import get_current_settings as s; "
        "assert s().server.analytics_enabled is False; assert os.environ['GX_ANALYTICS_ENABLED'] == 'false'; "
        "assert os.environ['DO_NOT_TRACK'] == '1'"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "GX_", "DO_NOT"))}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env=environment)


@pytest.mark.parametrize("command", [["--help"], ["count", "--help"], ["run", "--help"]])
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys; from pipelines import cli\n"
        f"try: cli.app({command!r})\nexcept SystemExit: pass\n"
        "heavy = {'pandas', 'prefect', 'great_expectations', 'pyarrow', 'duckdb', 'sqlalchemy', 'deltalake', 'lxml'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
