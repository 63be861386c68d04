"""What goes wrong is said in one line each on standard error, all at once, with the exit code of its kind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("commands")
ROOT = Path(__file__).resolve().parents[2]
QUESTION = "stalking-protection-orders"
COUNT = ("count", QUESTION)
QUARTER = ("--period", "2020Q1")
OTHER_KEY = "another-key-of-more-than-16-characters"
PASSWORD = "s3cret-Passw0rd"


def test_every_unknown_or_unusable_setting_is_named_at_once(command, tmp_path: Path) -> None:
    done = command("status", home=tmp_path / "home", COURTSTATS_HOEM="x", COURTSTATS_STROE="y", COURTSTATS_KEY="short")
    assert (done.code, done.out) == (2, "")
    assert [line.split(":")[0] for line in done.faults] == ["COURTSTATS_HOEM", "COURTSTATS_STROE", "COURTSTATS_KEY"]
    assert "Did you mean COURTSTATS_HOME?" in done.faults[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nonsense",), "No such command"),
        (("count",), "Missing argument"),
        ((*COUNT, "--from", "2020-01-01"), "--from and --to, or --period"),
        ((*COUNT, *QUARTER, "--to", "2020-03-31"), "--from and --to, or --period"),
        (("land", "--format", "excel", "x.xls"), "neither spi, common-platform nor table"),
        ((*COUNT, "--from", "2020-13-01", "--to", "2020-03-31"), "--from: '2020-13-01' is no date"),
        ((*COUNT, *QUARTER, "--as-known-at", "yesterday"), "--as-known-at: 'yesterday' is no time"),
        (("read", "x.csv", "--covers", "2020-01-01"), "--covers: '2020-01-01' is no span of days"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_what_is_wrong(command, tmp_path: Path, words, said: str) -> None:
    done = command(*words, home=tmp_path / "home")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_definitions_folder_that_is_not_there_is_refused(command, tmp_path: Path) -> None:
    """No list of no questions: a typing error in the setting must not look like an empty project."""
    done = command("questions", home=tmp_path / "home", COURTSTATS_DEFINITIONS=str(tmp_path / "gone"))
    assert (done.code, done.out) == (2, "")
    (fault,) = done.faults
    assert str(tmp_path / "gone") in fault


def test_before_anything_is_landed_there_is_no_answer_but_what_to_do(command, tmp_path: Path) -> None:
    for words in ((*COUNT, *QUARTER), ("units", QUESTION, *QUARTER)):
        done = command(*words, home=tmp_path / "home")
        assert (done.code, done.out) == (3, "")
        (fault,) = done.faults
        assert "nothing has been landed yet" in fault
        assert "courtstats land PATH" in fault
    assert list(tmp_path.iterdir()) == []


def test_another_key_than_the_records_were_landed_with_is_refused(command, landed) -> None:
    """No result text would match any list, so every figure would silently be too small."""
    for words in (
        (*COUNT, *QUARTER),
        ("units", QUESTION, *QUARTER),
        ("land", landed.deliveries / "1-spi-first", "--dry-run"),
    ):
        done = command(*words, home=landed.home, COURTSTATS_KEY=OTHER_KEY)
        assert (done.code, done.out) == (3, "")
        (fault,) = done.faults
        assert "another key" in fault
        assert OTHER_KEY not in fault


def test_every_path_that_is_not_there_is_named_at_once(command, tmp_path: Path) -> None:
    gone = [tmp_path / "gone.xml", tmp_path / "inbox"]
    for words in (("read", *gone), ("land", "--dry-run", *gone), ("land", *gone)):
        done = command(*words, home=tmp_path / "home")
        assert (done.code, done.out) == (3, "")
        faults = [line for line in done.err.splitlines() if line.startswith("courtstats: ")]
        assert [line.split(": ")[1] for line in faults] == [str(path) for path in gone]


def test_a_landing_that_cannot_begin_is_refused_before_prefect_is_started(command, landed, tmp_path: Path) -> None:
    """A typing error is answered at once and leaves nothing behind; here whoever imports Prefect fails."""
    (tmp_path / "first" / "prefect").mkdir(parents=True)
    (tmp_path / "first" / "prefect" / "__init__.py").write_text("raise SystemError('Prefect was imported')")
    searched = os.pathsep.join((str(tmp_path / "first"), str(ROOT)))
    for words in ((tmp_path / "gone.xml",), (landed.deliveries / "2-table",)):  # a table needs a mapping
        done = command("land", *words, home=tmp_path / "home", PYTHONPATH=searched)
        assert (done.code, done.out) == (3, "")
        assert len(done.faults) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["first"]


def test_a_folder_without_anything_to_read_and_a_file_of_no_known_kind_are_refused(command, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "notes.doc").write_text("x")
    for path, said in ((tmp_path / "inbox", "nothing to read"), (tmp_path / "notes.doc", "no known kind")):
        done = command("read", path, home=tmp_path / "home")
        assert done.code == 3
        (fault,) = done.faults
        assert said in fault


def test_a_table_without_a_mapping_is_refused_and_told_where_to_read_about_it(command, landed, tmp_path: Path) -> None:
    done = command("land", "--dry-run", landed.deliveries / "2-table", home=tmp_path / "home")
    assert (done.code, done.out) == (3, "")
    (fault,) = [line for line in done.err.splitlines() if line.startswith("courtstats: ")]
    assert "--mapping FILE" in fault


def test_a_receipt_in_the_future_is_refused(command, landed) -> None:
    done = command(
        "land", "--dry-run", landed.deliveries / "1-spi-first", "--received-at", "2999-01-01", home=landed.home
    )
    assert (done.code, done.out) == (3, "")
    assert "--received-at: lies in the future" in done.err


def test_a_question_that_is_not_there_is_answered_with_those_that_are(command, landed) -> None:
    for words in (
        ("count", "nonsense", *QUARTER),
        ("units", "nonsense", *QUARTER),
        ("explain", "nonsense"),
        ("figures", "nonsense"),
    ):
        done = command(*words, home=landed.home)
        assert (done.code, done.out) == (4, "")
        (fault,) = done.faults
        assert QUESTION in fault


@pytest.mark.parametrize("typed", ["2020Q5", "2020-13", "2020/20", "Q1", "2020-02-30..2020-03-01", "202O"])
def test_a_period_that_is_mistyped_is_answered_with_the_forms(command, landed, typed: str) -> None:
    done = command(*COUNT, "--period", typed, home=landed.home)
    assert (done.code, done.out) == (4, "")
    (fault,) = done.faults
    assert repr(typed) in fault
    assert "2020Q1" in fault


def test_a_period_that_ends_before_it_starts_is_refused(command, landed) -> None:
    done = command(*COUNT, "--from", "2020-03-31", "--to", "2020-01-01", home=landed.home)
    assert (done.code, done.out) == (4, "")
    (fault,) = done.faults
    assert "starts on 2020-03-31 but ends on 2020-01-01" in fault


def test_a_breakdown_that_is_not_declared_is_answered_with_those_that_are(command, landed) -> None:
    done = command(*COUNT, *QUARTER, "--by", "postcode", home=landed.home)
    assert (done.code, done.out) == (4, "")
    (fault,) = done.faults
    assert "postcode" in fault
    assert "The breakdowns are: month; application_type; " in fault


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://someone:{PASSWORD}@127.0.0.1:1/figures",
        f"postgresql://someone:{PASSWORD}@no-such-host.invalid/figures",
        f"postgresql://someone:{PASSWORD}@x@127.0.0.1:1/figures",
        f"postgresql://someone:{PASSWORD}@127.0.0.1:port/figures",
        f"mysql://someone:{PASSWORD}@127.0.0.1/figures",
        f"nonsense:{PASSWORD}",
    ],
)
def test_a_warehouse_that_cannot_be_reached_is_named_without_its_password(command, landed, address: str) -> None:
    for words in (("status",), ("figures", QUESTION)):
        done = command(*words, home=landed.home, COURTSTATS_WAREHOUSE_URL=address)
        assert (done.code, done.out) == (6, "")
        (fault,) = done.faults
        assert PASSWORD not in fault
        assert "someone" not in fault
        assert len(fault) > 20


def test_a_warehouse_that_is_another_kind_of_file_is_refused_and_left_as_it_is(command, landed, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam, " * 100)
    done = command("status", home=landed.home, COURTSTATS_WAREHOUSE_URL=f"sqlite:///{letter}")
    assert (done.code, done.out) == (6, "")
    assert len(done.faults) == 1
    assert letter.read_text() == "Dear Sir or Madam, " * 100


def test_a_home_that_is_a_file_is_refused(command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("not a folder")
    for words in (("units", QUESTION, *QUARTER), (*COUNT, *QUARTER)):
        done = command(*words, home=home)
        assert (done.code, done.out) == (2, "")
        (fault,) = done.faults
        assert str(home) in fault


def test_a_draft_with_faults_is_told_and_does_not_hide_the_other_questions(command, tmp_path: Path) -> None:
    for folder in ("questions", "codelists"):
        shutil.copytree(ROOT / "sql" / folder, tmp_path / "sql" / folder)
    (tmp_path / "sql" / "questions" / "draft.toml").write_text("id = ", encoding="utf-8")
    done = command("questions", home=tmp_path / "home", COURTSTATS_DEFINITIONS=str(tmp_path / "sql"))
    assert done.code == 4
    assert "stalking-protection-orders\n" in done.out
    assert len(done.faults) == 1
    assert done.faults[0].startswith("questions/draft.toml:1:")


def test_output_that_cannot_be_written_is_a_fault_and_not_a_success(tmp_path: Path) -> None:
    """A full disk behind `>` must not look like an answer."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "questions"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={"HOME": str(tmp_path), "COURTSTATS_HOME": str(tmp_path / "home")},
        )  # fmt: skip
    assert done.returncode != 0
    assert done.stderr == "courtstats: standard output: cannot be written (No space left on device).\n"
