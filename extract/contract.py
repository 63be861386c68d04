"""What extraction promises to every later stage: the hearing-result record and the ways it can fail.

One row is one result of one statement. A *statement* is what a source said, at one time, about one
key (docs/method.md, "Statements"); a later statement of the same key replaces it as a whole. A
statement without results is one row whose `result_index` is null, so that "nothing is left" is
recorded too.

`HEARING_RESULTS` describes every column once; the Arrow schema, the checks and the reference page
in docs/ are all made from it.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from extract.columns import HEARING_RESULTS as HEARING_RESULTS
from extract.columns import LANDING_COLUMNS as LANDING_COLUMNS
from extract.columns import PARSED as PARSED
from extract.columns import RECORDS as RECORDS
from extract.columns import STATEMENT_ORDER as STATEMENT_ORDER
from extract.columns import Column as Column
from extract.reasons import REASONS as REASONS


@dataclass(frozen=True, slots=True)
class Result:
    """One result on one offence, application or defendant, as read; fields are the columns of the same names."""

    level: str
    offence_index: int
    result_index: int
    offence_code_raw: str | None
    offence_code: str | None
    result_code: str | None = None
    result_short_code: str | None = None
    result_text: str | None = None
    result_text_digest: str | None = None
    final_disposal: bool | None = None
    finding: str | None = None
    conviction_date: date | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source said at one time about one key, as far as it is about one case; fields are columns.

    A hearing of several cases is several of these with one key, time, hash and case index: together they are
    the statement. One without results says that nothing is left, so it stands alone.
    """

    source_name: str
    source_format: str
    source_system: str | None
    source_file: str
    envelope_id: str | None
    payload_hash: str
    received_at: datetime
    statement_key: str
    stated_at: datetime
    statement_complete: bool
    hearing_date: date
    hearing_date_basis: str
    court_ou_code: str | None
    lja_code: str | None
    police_force: str | None
    police_force_basis: str | None
    case_key: str
    case_key_strength: str
    case_urn: str | None
    application_key: str | None
    defendant_key: str | None
    case_index: int
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that could not be used: why, and where it is. Never a value from the content.

    `place` is a path of element names and positions (`Case 1/Offence 3/OffenceCode`) or a row number;
    `content_hash` is the SHA-256 of the bytes (or of the row), so that the same fault is known again.
    `origin` is the path of the file on this machine, so that it can be read again after a fix.
    """

    reason: str
    file: str
    place: str
    content_hash: str = ""
    hearing_date: date | None = None
    origin: str = ""

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"unknown reason code {self.reason!r}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one file: the statements, and what had to be set aside."""

    statements: tuple[Statement, ...]
    refusals: tuple[Refusal, ...]


class StageError(Exception):
    """An error that a person can mend: where it is, what is wrong, what to do. Base of each stage's own.

    `passing`: it may pass by itself (a lock, a disk, a connection), so that trying again makes sense.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "", passing: bool = False) -> None:
        self.what, self.where, self.remedy, self.passing = what, where, remedy, passing
        said = [f"{where}: {what}" if where else what, remedy]
        super().__init__(" ".join(part if part.endswith((".", "?", "!")) else part + "." for part in said if part))


class ExtractError(StageError):
    """A source, mapping, store or path that cannot be used at all (single faults are `Refusal`s)."""

    exit_code = 3


def last_hearing_day(received_at: datetime) -> date:
    """The last day of which content received then can speak: the day after (UTC), to be safe with zones.

    A later one is a slip in the date or a wrong time of receipt; landed, it would hold every figure of its day back.
    """
    return (received_at.astimezone(UTC) + timedelta(days=1)).date()


_SPACES = re.compile(r"\s+")


def normalise_text(text: str) -> str:
    """Collapse white space (non-breaking too) and fold case: the form in which result texts are compared."""
    return _SPACES.sub(" ", text).strip().casefold()


def text_digest(normalised: str, key: bytes) -> str:
    """HMAC-SHA256 (hex) of a normalised result text with the installation's key."""
    return hmac.digest(key, normalised.encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Texts:
    """How result texts are kept: the known vocabulary (normalised) and the key for digests.

    Without a key (reading without storing, before any key exists) digests are null.
    """

    vocabulary: frozenset[str]
    key: bytes | None

    def keep(self, raw: str | None) -> tuple[str | None, str | None]:
        """(text if the whole of it is known, digest) of a raw result text; nulls for an empty one."""
        normalised = normalise_text(raw or "")
        if not normalised:
            return None, None
        digest = text_digest(normalised, self.key) if self.key else None
        return (normalised if normalised in self.vocabulary else None), digest
