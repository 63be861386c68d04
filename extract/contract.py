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

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the hearing-result record: its Arrow type, what it means, where it comes from."""

    name: str
    type: pa.DataType
    nullable: bool
    meaning: str
    source: str


def _text(name: str, meaning: str, source: str, *, nullable: bool = False) -> Column:
    return Column(name, pa.string(), nullable, meaning, source)


HEARING_RESULTS: tuple[Column, ...] = (
    _text("source_name", "Name of the source as configured", "`spi`, or the mapping file's `source`"),
    _text("source_format", "Shape of the source: `spi` or `table`", "the reader"),
    _text(
        "source_system",
        "Court system that spoke: `B00LIBRA`, `C00CommonPlatform` or the mapping's system",
        "RouteData/DataStream/System; the mapping",
        nullable=True,
    ),
    _text("source_file", "File the record was read from, relative to the folder that was landed", "the file"),
    _text(
        "envelope_id",
        "Delivery identifier of the envelope; null where there is none or it is a template token",
        "DataStream/SystemDataStreamID, RequestFromSystem/CorrelationID; MessageIdentifier",
        nullable=True,
    ),
    _text(
        "payload_hash",
        "SHA-256 (hex) of the content, whatever its wrapper: the message's elements and texts, or the rows of the day",
        "computed",
    ),
    Column("received_at", TIMESTAMP, False, "When the content reached us (UTC)", "--received-at, else the landing"),
    Column("landed_batch", pa.int64(), False, "Number of the landing, rising by one", "the store"),
    Column("landed_at", TIMESTAMP, False, "When the landing was made (UTC)", "the store"),
    _text("statement_key", "What the statement speaks about; a later statement of the key replaces it", "computed"),
    Column(
        "stated_at",
        TIMESTAMP,
        False,
        "When the statement was made (UTC)",
        "`received_at` for SPI; the extract time for tables",
    ),
    Column(
        "statement_complete",
        pa.bool_(),
        False,
        "False where a part of the statement was set aside in quarantine",
        "computed",
    ),
    Column(
        "hearing_date",
        pa.date32(),
        False,
        "Day of the hearing",
        "Session/CourtHearing/Hearing/DateOfHearing; the mapped column",
    ),
    _text("hearing_date_basis", "How the day was found: `message` or `column`", "the reader"),
    _text("hearing_month", "Month of the hearing, `YYYY-MM`; the store is partitioned by it", "`hearing_date`"),
    _text(
        "court_ou_code",
        "Organisation unit of the court; its first five characters are the court",
        "CourtHearingLocation; the mapped column",
        nullable=True,
    ),
    _text("lja_code", "Local justice area, four characters kept as text", "PSAcode; the mapped column", nullable=True),
    _text(
        "police_force",
        "Police force, two characters",
        "URN unless dummy, then ASN unless dummy, then the court's characters 2-3",
        nullable=True,
    ),
    _text(
        "police_force_basis", "Where the force was read: `urn`, `asn`, `court` or `column`", "the reader", nullable=True
    ),
    _text(
        "case_key",
        "The case: `case:SOURCE:...` where a table has a case number of its own, else `urn:...` where the URN is "
        "real, else `payload:...` (the payload stands for the case)",
        "computed",
    ),
    _text("case_key_strength", "`strong`, or `weak` where the payload stands for the case", "computed"),
    _text("case_urn", "Unique reference number as sent, upper case; null where absent", "PTIURN", nullable=True),
    _text("application_key", "The application, where the source identifies one", "the mapped column", nullable=True),
    _text(
        "defendant_key",
        "The defendant: `asn:...`, or a key of the payload or the table's own number",
        "ProsecutorReference; the mapped column",
        nullable=True,
    ),
    Column("case_index", pa.int32(), False, "Position of the Case in its payload, from 1; 1 for tables", "the reader"),
    Column(
        "offence_index",
        pa.int32(),
        True,
        "Position of the offence in its Case, from 1; for tables, the row of the day",
        "the reader",
    ),
    Column(
        "result_index",
        pa.int32(),
        True,
        "Position of the result in its offence, from 1; null: a statement without results",
        "the reader",
    ),
    _text("level", "What the result is on: `OFFENCE` or `APPLICATION`", "the reader", nullable=True),
    _text("offence_code_raw", "Offence code exactly as sent", "BaseOffenceDetails/OffenceCode", nullable=True),
    _text("offence_code", "Offence code, trimmed and in upper case; the form letter stays", "computed", nullable=True),
    _text("result_code", "CJS result code, text; null where uncoded", "Result/ResultCode", nullable=True),
    _text("result_short_code", "Alphabetic result code, upper case", "the mapped column", nullable=True),
    _text(
        "result_text",
        "Normalised result text, only where the whole of it is in the known vocabulary (free text names people)",
        "Result/ResultText",
        nullable=True,
    ),
    _text(
        "result_text_digest",
        "Keyed digest of the normalised result text, so that a text added to a list later still matches",
        "HMAC-SHA256 with the installation's key",
        nullable=True,
    ),
    Column("final_disposal", pa.bool_(), True, "Whether the offence is finally disposed of", "FinalDisposalIndicator"),
    _text("finding", "Finding as sent (`G` guilty, ...)", "Offence/Finding", nullable=True),
    Column("conviction_date", pa.date32(), True, "Date of conviction", "Offence/ConvictionDate"),
)

RECORDS = pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in HEARING_RESULTS])
LANDING_COLUMNS = ("landed_batch", "landed_at")
"""Columns that the store adds; everything else comes from the reader."""
PARSED = pa.schema([field for field in RECORDS if field.name not in LANDING_COLUMNS])

STATEMENT_ORDER = ("stated_at", "received_at", "landed_batch", "payload_hash", "case_index")
"""Among the statements of one key the greatest by these columns counts (docs/decisions.md)."""

REASONS: dict[str, str] = {
    "unreadable": "The file cannot be opened or read",
    "unknown-kind": "The file is neither XML, CSV nor Parquet",
    "too-large": "The content is larger than the limit",
    "too-deep": "The XML is nested deeper than the limit",
    "text-too-long": "A text is longer than the limit",
    "doctype": "The XML declares a document type or entities",
    "bad-encoding": "The bytes are not in the declared encoding, or contain NUL",
    "malformed-xml": "The XML is truncated or not well formed",
    "not-a-result-message": "There is no ResultedCaseMessage inside",
    "no-case": "There is no case, or nothing that identifies it",
    "several-defendants": "A Case has a second defendant; messages carry one defendant a Case",
    "no-court": "The court is missing or malformed",
    "bad-date": "A date is missing or is no date",
    "hearing-to-come": "A hearing is dated more than a day after its content was received",
    "no-offence-code": "An offence has no code",
    "bad-offence-code": "An offence code is not 1 to 8 letters and digits",
    "bad-result-code": "A result code is not a code",
    "outside-covers": "A row is dated outside the days that the extract covers",
    "outside-filter": "A row does not satisfy the filter that the mapping declares",
}
"""Every reason for which something is set aside, with its sentence."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result on one offence or application, as read; fields are the columns of the same names."""

    level: str
    offence_index: int
    result_index: int
    offence_code_raw: str
    offence_code: str
    result_code: str | None = None
    result_short_code: str | None = None
    result_text: str | None = None
    result_text_digest: str | None = None
    final_disposal: bool | None = None
    finding: str | None = None
    conviction_date: date | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source said at one time about one key; fields are the columns of the same names."""

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
    """

    reason: str
    file: str
    place: str
    content_hash: str = ""
    hearing_date: date | None = None

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
