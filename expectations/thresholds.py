"""How much of each rule's fault is tolerated, as data: `thresholds.csv` beside this file, read strictly.

A rule that the file does not name tolerates nothing.
"""

import csv
import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from expectations.contract import GateError
from expectations.landed_tables import LANDED_TABLES, STANDING
from expectations.rule import Rule
from expectations.rules import RULES

THRESHOLDS = Path(__file__).with_name("thresholds.csv")
HEADER = ("rule", "limit_kind", "limit", "reason", "owner", "expires")
KINDS = ("count", "share")


@dataclass(frozen=True, slots=True)
class Threshold:
    """What one rule tolerates: at most `limit` faults (`count`), or that part of what was checked (`share`, 0 to 1).

    From the day after `expires` nothing is tolerated any more; `None`: it does not expire.
    """

    rule: str
    kind: str
    limit: float
    reason: str = ""
    owner: str = ""
    expires: date | None = None

    def tolerates(self, checked: int, unexpected: int) -> bool:
        """Whether so many faults among so many are within the limit (the limit itself is)."""
        return unexpected <= (self.limit if self.kind == "count" else self.limit * checked)

    def expired(self, as_at: date | None) -> bool:
        """Whether it has run out by a day; without a day, never."""
        return self.expires is not None and as_at is not None and as_at > self.expires


def threshold_of(rule: type[Rule], thresholds: Mapping[str, Threshold], as_at: date | None) -> Threshold:
    """What holds for a rule on a day; without a day, no limit has expired."""
    return threshold_in_force(rule.id, thresholds, as_at)


def threshold_in_force(rule: str, thresholds: Mapping[str, Threshold], as_at: date | None) -> Threshold:
    """The same by the rule's id. A rule without a line, and one whose limit has expired, tolerates nothing."""
    found = thresholds.get(rule)
    if found is None:
        return Threshold(rule, "count", 0)
    if found.expired(as_at):
        return Threshold(rule, "count", 0, found.reason, found.owner, found.expires)
    return found


def load_thresholds(path: Path = THRESHOLDS) -> dict[str, Threshold]:
    """The thresholds of a file, by rule.

    Raises:
        ExceptionGroup: of one GateError for every fault of the file, each with its line.
    """
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        header = tuple(next(lines, ()))
        if header != HEADER:
            remedy = f"The first line is {','.join(HEADER)}"
            raise ExceptionGroup(
                "thresholds",
                [GateError("the columns are not the expected ones", where=f"{path.name}:1", remedy=remedy)],
            )
        found: dict[str, Threshold] = {}
        faults: list[GateError] = []
        for fields in lines:
            where = f"{path.name}:{lines.line_num}"
            problems = _problems(fields, found)
            faults += [GateError(what, where=where, remedy=remedy) for what, remedy in problems]
            if not problems:
                rule, kind, limit, reason, owner, expires = fields
                ends = date.fromisoformat(expires) if expires else None
                found[rule] = Threshold(rule, kind, float(limit), reason, owner, ends)
    if faults:
        raise ExceptionGroup("thresholds", faults)
    return found


def _problems(fields: list[str], found: dict[str, Threshold]) -> list[tuple[str, str]]:
    if len(fields) != len(HEADER):
        return [(f"there are {len(fields)} fields instead of {len(HEADER)}", "Quote a reason that holds a comma")]
    rule, kind, limit, reason, owner, expires = fields
    problems: list[tuple[str, str]] = []
    known = [r.id for r in RULES]
    if rule not in known:
        near = difflib.get_close_matches(rule, known, 1)
        problems.append((f"there is no rule {rule!r}", f"Did you mean {near[0]}?" if near else ""))
    if rule in found:
        problems.append((f"{rule} is there twice", "Keep one of the two lines"))
    if kind not in KINDS:
        problems.append((f"limit_kind is {kind!r}", "Write count or share"))
    elif not _is_limit(kind, limit):
        problems.append((f"{limit!r} is no {kind}", "Write a whole number" if kind == "count" else "Write 0 to 1"))
    if not reason.strip():
        problems.append(("the limit has no reason", "Say why faults are tolerated"))
    if not owner.strip():
        problems.append(("the limit has no owner", "Say who decides on it"))
    if expires and not _is_day(expires):
        problems.append((f"expires is {expires!r}", "Write a day as YYYY-MM-DD, or nothing"))
    return problems


def _is_limit(kind: str, limit: str) -> bool:
    try:
        number = Decimal(limit)
    except InvalidOperation:
        return False
    if not number.is_finite():
        return False
    return number >= 0 and number == int(number) if kind == "count" else 0 <= number <= 1


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def thresholds_hash() -> str:
    """SHA-256 (hex) of what the rules check and tolerate: a part of a run's identity. Wording does not change it.

    Standing data is a part of it by its digests, since rules compare with it.

    Raises:
        ExceptionGroup: see `load_thresholds`.
    """
    rules = [[r.id, r.gate, r.severity, r.over, r.sql()] for r in RULES]
    limits = [[t.rule, t.kind, t.limit, t.expires and t.expires.isoformat()] for t in load_thresholds().values()]
    known = (STANDING / "sources.json").read_text(encoding="utf-8")
    said = json.dumps([rules, sorted(limits), LANDED_TABLES, known], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()
