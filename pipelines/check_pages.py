"""The pages of docs/ about the checks: a table of all, and a page for each that a report or an alert can point at."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expectations.rule import Rule
    from expectations.thresholds import Threshold

FOLDER = "docs/checks"
STOPS = {
    "critical": "critical: where it fails, nothing new is loaded, and what stands stays until the fault is mended",
    "warning": "warning: where it fails, the figure is loaded, and the failed check goes with it as a note",
    "info": "info: it is recorded for whoever looks; it changes nothing and nobody is told",
}
GATES = {
    "landed": "after every landing, and on the records of a period before they are counted",
    "counted": "on every answer before it is loaded",
    "loaded": "on what the warehouse holds, before it is committed",
    "watched": "beside the others, on what is usual over time: when the store is inspected or a question counted",
}
MEASURED = {
    "landed": "source by source, each judged by itself",
    "counted": "as a whole",
    "loaded": "as a whole",
    "watched": "segment by segment (source, court, force, month, step, deployment), each judged by itself",
}
TABLES = {
    "records": "the landed records",
    "statements": "the statements, one row each (`expectations/landed_tables.py`)",
    "appearances": "cases, defendants and days, one row each (`expectations/landed_tables.py`)",
    "landing": "the landing, one row",
}


def checks_table(made: str) -> str:
    """The page with every check in a row; `made` is the line that says where the page comes from."""
    from expectations.rules import RULES
    from expectations.thresholds import load_thresholds
    from pipelines.reference import grid

    limits = load_thresholds()
    lines = [
        [
            f"[`{rule.id}`](../checks/{rule.id}.md)",
            rule.gate,
            rule.severity,
            rule.sentence,
            tolerated(limits.get(rule.id)),
            rule.remedy,
        ]
        for rule in RULES
    ]
    return (
        f"# Checks\n\n{made}\nA critical check that fails holds the figure back: the run stops and nothing new is "
        "loaded. A warning is recorded and shown with the figure; info is recorded. A check that could not run is an "
        "error and stops the run too. Checks on landed records are measured source by source, and each source is "
        "judged by itself. Limits are in `expectations/thresholds.csv`; a check without a line there tolerates "
        "nothing, nor does one whose limit has expired. What was measured before can be judged by new limits without "
        "a new run.\n\n" + grid(["check", "gate", "severity", "what holds", "faults tolerated", "what to do"], lines)
    )


def check_pages(made: str) -> dict[str, str]:
    """A page for every check, by its path from the project's root."""
    from expectations.rules import RULES
    from expectations.thresholds import load_thresholds

    limits = load_thresholds()
    return {f"{FOLDER}/{rule.id}.md": check_page(rule, limits, made) for rule in RULES}


def check_page(rule: "type[Rule]", limits: "Mapping[str, Threshold]", made: str) -> str:
    """What one check says, why, what a failure does, how much is tolerated and who decides on it, what to do."""
    limit = limits.get(rule.id)
    facts = [
        ("Severity", STOPS[rule.severity]),
        ("When", GATES[rule.gate]),
        ("Over", TABLES.get(rule.over, f"`{rule.over}`")),
        ("Measured", MEASURED[rule.gate]),
        ("Sources", ", ".join(f"`{name}`" for name in rule.sources) or "all"),
        ("Questions", ", ".join(f"[{name}](../questions/{name}.md)" for name in rule.questions) or "all"),
        ("Tolerated", tolerated(limit)),
    ]
    if limit:
        facts.append(("Decided by", limit.owner))
        facts.append(("Until", limit.expires.isoformat() if limit.expires else "it does not expire"))
    counts = f"## What it counts\n\n```sql\n{pretty(rule.plain_sql())}\n```"
    return (
        f"# {rule.id}\n\n{made}\n**{rule.sentence.rstrip('.')}.**\n\n{rule.about}\n\n"
        + "".join(f"- {name}: {said}\n" for name, said in facts)
        + f"\n## What to do\n\n{rule.remedy.rstrip('.')}.\n\n{counts}\n\n"
        "All checks are in [checks](../reference/checks.md).\n"
    )


def tolerated(limit: "Threshold | None") -> str:
    """How much of a fault is tolerated, and why."""
    if limit is None:
        return "none"
    share = f"{limit.limit:.0%} of what is checked" if limit.kind == "share" else f"{limit.limit:g}"
    return f"{share}: {limit.reason}"


def pretty(sql: str) -> str:
    """A query with its clauses on lines of their own, for reading."""
    for word in ("count(*) filter", "from (", "from {batch}", "where ", "group by "):
        sql = sql.replace(f" {word}", f"\n{word}")
    return sql.replace("{batch}", "batch").replace("filter (\nwhere", "filter (where")
