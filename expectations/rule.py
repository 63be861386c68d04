"""A rule (a check): one sentence that must be true, and the SQL that counts where it is not."""

from inspect import cleandoc
from typing import ClassVar

from expectations.contract import Gate, Severity


class Rule:
    """Base of every rule; a rule is a class, never an instance. Its docstring says why it matters (`about`).

    A rule about rows gives `applies` (which rows it is about) and `broken` (which of them break it), two
    conditions in DuckDB's SQL. Any other rule gives `query`, which returns two counts, `checked` and
    `unexpected`, from `{batch}`. Either way the database returns counts and nothing else, so that no value
    can reach a result, a log or the warehouse.

    `id` is stable: it is stored with every outcome. `over` is the table that the rule reads. `segment` is an
    SQL expression over that table by which it is measured and judged part by part, like `'source=' || source_name`;
    empty: as a whole. The `query` of a rule with one returns a row per part, with the column `segment` as well.
    `sources` are the formats of source it is about, `questions` the ids of questions; none is all of them.
    """

    id: ClassVar[str]
    gate: ClassVar[Gate]
    severity: ClassVar[Severity]
    over: ClassVar[str]
    sentence: ClassVar[str]
    remedy: ClassVar[str]
    about: ClassVar[str] = ""
    sources: ClassVar[tuple[str, ...]] = ()
    questions: ClassVar[tuple[str, ...]] = ()
    segment: ClassVar[str] = ""
    applies: ClassVar[str] = "true"
    broken: ClassVar[str] = ""
    query: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if "about" not in vars(cls):
            cls.about = " ".join(cleandoc(cls.__doc__ or "").split())

    @classmethod
    def plain_sql(cls) -> str:
        """What the rule counts in `{batch}`: rows of `segment` (where it has one), `checked`, `unexpected`."""
        if cls.query:
            return " ".join(cls.query.split())
        named, by = (f"{cls.segment} as segment, ", " group by all") if cls.segment else ("", "")
        of = f" where source_format in ({', '.join(repr(s) for s in cls.sources)})" if cls.sources else ""
        return " ".join(
            f"select {named}count(*) filter (where {cls.applies}) as checked, "  # noqa: S608 - the rule's own conditions
            f"count(*) filter (where ({cls.applies}) and ({cls.broken})) as unexpected from {{batch}}{of}{by}".split()
        )

    @classmethod
    def sql(cls) -> str:
        """The same as Great Expectations takes it: one row, `parts`, a list of (segment, checked, unexpected).

        `{batch}` is the table; other braces are doubled. One row, because GX fetches no more than 200 of them.
        """
        named, sort = ("segment", " order by segment") if cls.segment else ("''", "")
        plain = cls.plain_sql().replace("{", "{{").replace("}", "}}").replace("{{batch}}", "{batch}")
        part = f"row({named}, checked::bigint, unexpected::bigint){sort}"
        return f"select list({part}) as parts from ({plain}) where checked > 0"  # noqa: S608 - the rule's own query
