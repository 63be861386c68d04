"""A rule: one sentence that must be true, and the SQL that counts where it is not."""

from typing import ClassVar

from expectations.contract import Gate, Severity


class Rule:
    """Base of every rule; a rule is a class, never an instance.

    A rule about rows gives `applies` (which rows it is about) and `broken` (which of them break it), two
    conditions in DuckDB's SQL. Any other rule gives `query`, one row of two counts, `checked` and
    `unexpected`, from `{batch}`. Either way the database returns counts and nothing else, so that no value
    can reach a result, a log or the warehouse.

    `id` is stable: it is stored with every outcome. `over` is the table that the rule reads.
    """

    id: ClassVar[str]
    gate: ClassVar[Gate]
    severity: ClassVar[Severity]
    over: ClassVar[str]
    sentence: ClassVar[str]
    remedy: ClassVar[str]
    applies: ClassVar[str] = "true"
    broken: ClassVar[str] = ""
    query: ClassVar[str] = ""

    @classmethod
    def sql(cls) -> str:
        """The rule's query as Great Expectations takes it: `{batch}` is the table, other braces are doubled."""
        query = cls.query or (
            f"select count(*) filter (where {cls.applies}) as checked, "  # noqa: S608 - the rule's own conditions
            f"count(*) filter (where ({cls.applies}) and ({cls.broken})) as unexpected from {{batch}}"
        )
        return " ".join(query.replace("{", "{{").replace("}", "}}").replace("{{batch}}", "{batch}").split())
