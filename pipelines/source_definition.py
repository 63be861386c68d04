"""A named source as the landing sees it: what it is, where it lies, how it is read, what gives way to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from extract.contract import ExtractError

KINDS: dict[str, str] = {
    "spi": "SPI messages (XML)",
    "common-platform": "Common Platform hearings (JSON)",
    "table": "table extracts (CSV, Parquet)",
    "database": "a live database",
}
"""Every kind of source, in words."""
FORMATS: dict[str, str] = {name: "table" if name == "database" else name for name in KINDS}
"""The format (a column of the record) of what each kind lands."""
BY_HAND = ("spi", "common-platform")
"""What messages are called that are landed without a named source; `over` may name them."""
SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
EVERY_QUESTION = "offence codes of questions"


@dataclass(frozen=True, slots=True)
class Window:
    """Hearing days to read, both ends included: the last `days` days, or from one day to another (None: to today)."""

    days: int | None = None
    first: date | None = None
    last: date | None = None

    def at(self, today: date) -> tuple[date, date]:
        """The days that are meant on a day. Raises ExtractError where none of them has come yet."""
        first = today - timedelta(days=self.days - 1) if self.days else self.first
        assert first is not None  # one of the two is given; that was checked
        last = min(self.last or today, today)
        if first > last:
            raise ExtractError(f"the window begins on {first}, which has not come yet", remedy="Correct `window`")
        return first, last


@dataclass(frozen=True, slots=True)
class Only:
    """Which offence codes are asked of the database: those that questions keep (`questions` None: all questions)."""

    questions: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class NamedSource:
    """One `[source.NAME]` of sources.toml; docs/sources.md describes the keys.

    Paths are absolute. `secret` names the setting that holds the database's URL, and `statement_timeout` is in
    seconds. What does not belong to the kind is None or empty.
    """

    name: str
    kind: str
    file: Path
    over: tuple[str, ...] = ()
    schedule: str | None = None
    location: tuple[Path, ...] = ()
    system: str | None = None
    mapping: Path | None = None
    covers: tuple[date, date] | None = None
    secret: str | None = None
    table: str | None = None
    query: Path | None = None
    window: Window | None = None
    changed_at: str | None = None
    only: Only | None = None
    statement_timeout: float = 300.0

    @property
    def format(self) -> str:
        """The format of its records."""
        return FORMATS[self.kind]

    @property
    def where(self) -> tuple[str, ...]:
        """Where it lies, for people: paths, or what is read of which database. Never a URL."""
        if self.kind != "database":
            return tuple(map(str, self.location))
        return (f"{self.table or self.query} at COURTSTATS_SECRET_{self.secret}",)


@dataclass(frozen=True, slots=True)
class NamedSources:
    """Every source of a sources.toml (`file`, which may not exist: then there is none), by name."""

    file: Path
    sources: Mapping[str, NamedSource]

    def source(self, name: str) -> NamedSource:
        """The source of that name. Raises ExtractError with the nearest one."""
        from extract.mapping import nearest

        if name in self.sources:
            return self.sources[name]
        known = f"The sources are: {', '.join(self.sources)}" if self.sources else "Describe it (docs/sources.md)"
        where = str(self.file) if self.file.exists() else f"{self.file} (there is no such file)"
        raise ExtractError(f"there is no source {name!r}", where=where, remedy=nearest(name, self.sources) or known)

    @property
    def precedence(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each source that goes before others, with those that give way to it."""
        return tuple((s.name, s.over) for s in self.sources.values() if s.over)
