"""Every check has a page that says what it means, and no page is left of a check that is gone."""

from pathlib import Path

from expectations.rules import RULES
from expectations.thresholds import load_thresholds

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "checks"


def test_each_check_has_its_page_and_no_other_is_there() -> None:
    assert {page.name for page in FOLDER.glob("*.md")} == {f"{rule.id}.md" for rule in RULES}


def test_a_page_says_what_holds_why_how_bad_it_is_who_decides_and_what_to_do() -> None:
    limits = load_thresholds()
    for rule in RULES:
        page = (FOLDER / f"{rule.id}.md").read_text(encoding="utf-8")
        for said in (rule.sentence.rstrip("."), rule.about, f"Severity: {rule.severity}", rule.remedy, "```sql"):
            assert said in page, rule.id
        if limit := limits.get(rule.id):
            assert limit.reason in page and f"Decided by: {limit.owner}" in page, rule.id
