"""The gate beside the others: what was observed against what was to be expected, segment by segment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from expectations.contract import Outcome
from expectations.rules_watched import WatchedRule
from expectations.thresholds import load_thresholds, threshold_of

_UNREADABLE = "Look whether the records can be read (courtstats doctor); then look again"


@dataclass(frozen=True, slots=True)
class Watched:
    """One segment under one rule: what was observed, and the least and greatest expected (None: no such side).

    `detail` says in words what was expected and why, for the case that it is not so.
    """

    rule: str
    segment: str
    observed: int
    low: int | None
    high: int | None
    detail: str


def not_looked_at(rule: type[WatchedRule]) -> Outcome:
    """The outcome of a rule for which nothing could be read."""
    sentence = f"Could not be checked: {rule.sentence[0].lower()}{rule.sentence[1:]}"
    return Outcome(rule.gate, rule.id, rule.severity, "error", None, None, sentence, _UNREADABLE)


def check_watched(rows: Sequence[Watched], rules: Sequence[type[WatchedRule]], as_at: date) -> list[Outcome]:
    """The outcome of every rule: one for the whole, passed, with how many segments were looked at, and one for each
    segment that is not as expected (of 1 checked, 1 unexpected).

    A segment is judged by itself, so that one of hundreds is not tolerated as a small share. A rule that could not
    run gives one outcome `error`.

    Args:
        rows: what was observed; may be none, where nothing has past enough.
        rules: which rules to judge.
        as_at: the day that decides which thresholds have expired.

    Raises:
        ExceptionGroup: of GateError, where thresholds.csv cannot be used.
    """
    thresholds = load_thresholds()
    limits = {rule.id: threshold_of(rule, thresholds, as_at) for rule in rules}
    if not rows:
        return [Outcome(r.gate, r.id, r.severity, "passed", 0, 0, r.sentence, r.remedy) for r in rules]
    from expectations.running import database, run_rules

    with database() as (connection, url):
        connection.execute(
            "create table watched as select unnest($rule) as rule, unnest($segment) as segment, "
            "unnest($observed::bigint[]) as observed, unnest($low::bigint[]) as low, unnest($high::bigint[]) as high",
            {name: [getattr(row, name) for row in rows] for name in ("rule", "segment", "observed", "low", "high")},
        )
        wholes = {o.rule: o for o in run_rules(url, rules, frozenset({"watched"}), limits)}
        query = f"select rule, segment from watched where {WatchedRule.broken}"  # noqa: S608 - the rules' condition
        beyond = set(connection.execute(query).fetchall())
    found: list[Outcome] = []
    for rule in rules:
        whole = wholes[rule.id]
        if whole.outcome == "error":
            found.append(whole)
            continue
        limit = limits[rule.id]
        found.append(replace(whole, outcome="passed", unexpected=0))
        found += [
            replace(
                whole,
                outcome="passed" if limit.tolerates(1, 1) else "failed",
                checked=1,
                unexpected=1,
                segment=row.segment,
                detail=row.detail,
                limit_kind=limit.kind,
                limit=limit.limit,
            )
            for row in rows
            if row.rule == rule.id and (row.rule, row.segment) in beyond
        ]
    return found
