"""The catalogue and the thresholds: strict data, stable ids, a hash that is part of a run's identity."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from expectations import thresholds
from expectations.contract import GateError
from expectations.rules import RULES
from expectations.thresholds import Threshold, load_thresholds, threshold_of, thresholds_hash

ROOT = Path(__file__).resolve().parents[2]
GOOD = "landed.case-key-weak,share,0.10,Dummy URNs,courts-mi,2021-01-01"


def write(folder: Path, *lines: str, header: str = ",".join(thresholds.HEADER)) -> Path:
    path = folder / "thresholds.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        load_thresholds(path)
    assert all(isinstance(e, GateError) and e.exit_code == 5 for e in caught.value.exceptions)
    return [str(e) for e in caught.value.exceptions]


def test_the_thresholds_of_the_project_can_be_used() -> None:
    found = load_thresholds()
    assert found and all(t.reason and t.owner for t in found.values())
    critical = {r.id for r in RULES if r.severity == "critical"}
    assert not critical & set(found), "a critical rule tolerates nothing"


def test_every_rule_has_a_stable_id_plain_words_and_a_remedy() -> None:
    assert len({r.id for r in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.id.startswith(f"{rule.gate}.") and rule.sentence and rule.remedy and rule.__doc__
        assert rule.about.endswith("."), rule.id
        assert rule.severity in ("critical", "warning", "info") and "{batch}" in rule.sql()


def test_the_questions_and_formats_that_a_rule_names_are_there() -> None:
    questions = {path.stem for path in (ROOT / "sql" / "questions").glob("*.toml")}
    for rule in RULES:
        assert set(rule.questions) <= questions, rule.id
        assert set(rule.sources) <= {"spi", "common-platform", "table"}, rule.id
        if rule.sources and rule.query:  # a query of its own has to leave the other formats out
            assert all(f"'{name}'" in rule.query for name in rule.sources) and "source_format" in rule.query, rule.id


def test_a_loosened_limit_of_the_project_says_until_when() -> None:
    """One that is to be tightened has an end, after which it tolerates nothing, so that nobody forgets it."""
    loosened = [t for t in load_thresholds().values() if "to be tightened" in t.reason]
    assert loosened and all(t.expires for t in loosened)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("landed.case-key-week,share,0.1,r,o,", "Did you mean landed.case-key-weak?"),
        ("landed.case-key-weak,percent,10,r,o,", "Write count or share"),
        ("landed.case-key-weak,share,1.1,r,o,", "Write 0 to 1"),
        ("landed.case-key-weak,share,nan,r,o,", "Write 0 to 1"),
        ("landed.case-key-weak,share,,r,o,", "Write 0 to 1"),
        ("landed.case-key-weak,count,1.5,r,o,", "Write a whole number"),
        ("landed.case-key-weak,count,-1,r,o,", "Write a whole number"),
        ("landed.case-key-weak,share,0.1, ,o,", "has no reason"),
        ("landed.case-key-weak,share,0.1,r,,", "has no owner"),
        ("landed.case-key-weak,share,0.1,r,o,1/2/2021", "Write a day as YYYY-MM-DD"),
        ("landed.case-key-weak,share,0.1,r, with a comma,o,", "Quote a reason"),
    ],
)
def test_a_fault_is_refused_with_its_line_and_what_to_do(line: str, said: str, tmp_path: Path) -> None:
    (message,) = faults(write(tmp_path, line))
    assert message.startswith("thresholds.csv:2") and said in message


def test_every_fault_of_the_file_is_reported_at_once(tmp_path: Path) -> None:
    messages = faults(write(tmp_path, GOOD, GOOD, "x,y,z,,,"))
    assert [m.split(" ")[0] for m in messages] == ["thresholds.csv:3:"] + ["thresholds.csv:4:"] * 4


def test_another_header_is_refused(tmp_path: Path) -> None:
    assert "rule,limit_kind" in faults(write(tmp_path, GOOD, header="rule,limit"))[0]


@pytest.mark.parametrize(
    ("kind", "limit", "checked", "unexpected", "tolerated"),
    [
        ("share", 0.1, 100, 10, True),
        ("share", 0.1, 100, 11, False),
        ("share", 0.0, 0, 0, True),
        ("count", 3, 1000, 3, True),
        ("count", 3, 1000, 4, False),
    ],
)
def test_the_limit_itself_is_tolerated(kind: str, limit: float, checked: int, unexpected: int, tolerated: bool) -> None:
    assert Threshold("r", kind, limit).tolerates(checked, unexpected) is tolerated


def test_after_its_last_day_a_limit_tolerates_nothing(tmp_path: Path) -> None:
    found = load_thresholds(write(tmp_path, GOOD))
    rule = next(r for r in RULES if r.id == "landed.case-key-weak")
    assert threshold_of(rule, found, date(2021, 1, 1)).limit == 0.1
    assert threshold_of(rule, found, date(2021, 1, 2)).limit == 0
    assert threshold_of(rule, found, None).limit == 0.1, "without a day nothing has expired: no clock is asked"


def test_the_hash_changes_with_a_limit_and_with_a_rule_but_not_with_wording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_of(line: str) -> str:
        found = load_thresholds(write(tmp_path, line))
        with monkeypatch.context() as patch:
            patch.setattr(thresholds, "load_thresholds", lambda: found)
            return thresholds_hash()

    plain = hash_of(GOOD)
    assert hash_of(GOOD.replace("Dummy URNs", "Other words")) == plain == hash_of(GOOD)
    assert hash_of(GOOD.replace("0.10", "0.11")) != plain
    assert hash_of(GOOD.replace("2021", "2022")) != plain
    monkeypatch.setattr(RULES[0], "broken", "false")
    assert hash_of(GOOD) != plain


def test_rules_hash_and_empty_batches_need_no_heavy_library() -> None:
    code = (
        "import sys; from expectations.rules import RULES; from expectations.gates import check_landed;"
        "from expectations.thresholds import thresholds_hash; thresholds_hash(); check_landed([], newest_batch=0);"
        "print(sorted({'great_expectations', 'pandas', 'sqlalchemy', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
