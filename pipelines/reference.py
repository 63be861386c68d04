"""The pages of docs/ that are made from the code: `python -m pipelines.reference` writes them, a test compares.

The hearing-result record, the tables of the warehouse, the checks, the columns of a mapping, the keys of a source.
"""

import re
from pathlib import Path

from pipelines.check_pages import check_pages, checks_table
from pipelines.settings import DEFINITIONS
from transform.explain import question_page, questions_index
from transform.question_schema import SCHEMA_FILE, question_schema_text
from transform.questions import load_definitions

ROOT = Path(__file__).resolve().parents[1]
MADE = "<!-- Made from the code by `make docs`; change it there. -->\n"


def pages() -> dict[str, str]:
    """Every generated page: path from the project's root to text."""
    mapping, sources = "docs/mapping.md", "docs/sources.md"
    found = load_definitions(DEFINITIONS)
    questions = {f"docs/questions/{q.id}.md": question_page(q) for q in found.questions.values()}
    return {
        **questions,
        "docs/questions/README.md": questions_index(found),
        f"sql/questions/{SCHEMA_FILE}": question_schema_text(),
        "docs/reference/rules.md": rules(),
        "docs/reference/question-file.md": question_file(),
        "docs/reference/findings.md": findings(),
        "docs/reference/hearing-results.md": hearing_results(),
        "docs/reference/warehouse.md": warehouse(),
        "docs/reference/checks.md": checks_table(MADE),
        **check_pages(MADE),
        mapping: between((ROOT / mapping).read_text(encoding="utf-8"), "columns", mapping_columns()),
        sources: between((ROOT / sources).read_text(encoding="utf-8"), "keys", source_keys()),
    }


def between(page: str, name: str, text: str) -> str:
    """A page with the part between its two marks replaced."""
    return re.sub(rf"(<!-- {name} -->\n).*(<!-- /{name} -->)", lambda m: m[1] + text + m[2], page, flags=re.S)


def grid(heads: list[str], lines: list[list[str]]) -> str:
    """A Markdown table."""
    rows = [heads, ["---"] * len(heads), *lines]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


def hearing_results() -> str:
    """The columns of the hearing-result record, and the reasons for which something is set aside."""
    from extract.contract import HEARING_RESULTS, REASONS

    lines = [[f"`{c.name}`", str(c.type), "yes" if c.nullable else "no", c.meaning, c.source] for c in HEARING_RESULTS]
    reasons = [[f"`{code}`", sentence] for code, sentence in REASONS.items()]
    return (
        f"# The hearing-result record\n\n{MADE}\nOne row is one result of one statement; a statement without results "
        "is one row whose `result_index` is null. The records store is a Delta table with these columns, "
        "partitioned by `hearing_month`.\n\n"
        + grid(["column", "type", "may be null", "meaning", "source"], lines)
        + "\n## Why something is set aside\n\n"
        + grid(["reason", "meaning"], reasons)
    )


def warehouse() -> str:
    """The tables of the warehouse, column by column, then its views as a database has them."""
    from load.schema import metadata
    from load.views import VIEWS

    by_table = {table.name: {c.name: c.comment or "" for c in table.columns} for table in metadata.sorted_tables}
    everywhere = {name: said for of in by_table.values() for name, said in of.items()}
    parts = [f"# The warehouse\n\n{MADE}\nWhat to do with it is in [warehouse.md](../warehouse.md).\n"]
    for table in metadata.sorted_tables:
        lines = [
            [f"`{c.name}`", str(c.type).lower(), "yes" if c.nullable else "no", c.comment or ""] for c in table.columns
        ]
        parts.append(
            f"\n## `{table.name}`\n\n{table.comment or ''}\n\n"
            + grid(["column", "type", "may be null", "meaning"], lines)
        )
    for name, columns in view_columns().items():
        own = everywhere | by_table["figure"] | by_table["run" if name == "run_log" else "figure"] | VIEW_COLUMNS
        lines = [[f"`{c}`", own[c]] for c in columns]
        parts.append(f"\n## View `{name}`\n\n{VIEWS[name]}\n\n" + grid(["column", "meaning"], lines))
    return "".join(parts)


VIEW_COLUMNS = {
    "marks": "Letters beside the value: `b` break in the series, `p` provisional, and in `current_figure` `r` revised: "
    "it is not the value that was last published",
    "published_value": "The value that was last published; null where none was",
    "published_at": "From when that counts as published (UTC)",
    "known_to": "Until when the warehouse said so (UTC); null where it still does",
    "value_before": "The value of the vintage before; null where it had none",
    "value_after": "The value of this vintage; null where it has none",
    "checks": "How many checks the run has",
    "checks_not_passed": "How many of them failed, or could not run",
    "position": "Place of the part, from 1",
}
"""What columns mean that only views have, or that mean more there."""


def view_columns() -> dict[str, list[str]]:
    """The columns of each view, as a database gives them."""
    from load.health import columns_of_views

    return columns_of_views()


def question_file() -> str:
    """Every key of a question file."""
    from transform.question_table import definition_table

    return (
        f"# The question file\n\n{MADE}\nEvery key that `sql/questions/<id>.toml` may hold. A key that is not here is "
        "refused, with the nearest one that is.\n\n" + definition_table()
    )


def findings() -> str:
    """The catalogue of the linter."""
    from pipelines.linting import findings_page

    return findings_page()


def rules() -> str:
    """The named rules that a step may use."""
    from transform.rules import RULES

    lines = [
        [f"`{rule.id}`", f"{rule.says}.", ", ".join(f"`{column}`" for column in rule.columns)]
        for rule in RULES.values()
    ]
    return (
        f'# Named rules\n\n{MADE}\nA step uses a rule by name and version, `keep = {{ rule = "name@1" }}`, where the '
        "definition's own conditions cannot say what is meant. A rule looks at one result at a time; it is a step with "
        "its own attrition. What a rule does never changes: a change is a new version.\n\n"
        + grid(["rule", "what it keeps", "columns it looks at"], lines)
        + "\nTo add one: write a function in `transform/rules.py`, register it with version 1, and give each of its "
        "cases a test in `tests/spec/test_spec_rules.py`.\n"
    )


def mapping_columns() -> str:
    """The columns that a mapping may name."""
    from extract.mapping import COLUMNS

    return "\n" + grid(["column", "meaning"], [[f"`{name}`", meaning] for name, meaning in COLUMNS.items()]) + "\n"


def source_keys() -> str:
    """The keys of a source in sources.toml."""
    from pipelines.source_shape import key_table

    return f"\n{key_table()}\n"


if __name__ == "__main__":
    for name, text in pages().items():
        target = ROOT / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
