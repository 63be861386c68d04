"""The hearing-result record, column by column: type, meaning, and where each source has it.

The Arrow schema, the checks and the reference page in docs/ are all made from it. Later stages see it
through `extract.contract`.
"""

from dataclasses import dataclass

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
    _text(
        "source_name", "Name of the source as configured", "sources.toml; the mapping file's `source`; else the format"
    ),
    _text("source_format", "Shape of the source: `spi`, `common-platform` or `table`", "the reader"),
    _text(
        "source_system",
        "Court system that spoke: `B00LIBRA`, `C00CommonPlatform` or the mapping's system",
        "RouteData/DataStream/System; the mapping; the format",
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
        "`received_at` for SPI; `sharedTime` for Common Platform; the extract time for tables",
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
        "Session/CourtHearing/Hearing/DateOfHearing; hearingDay or sittingDay; the mapped column",
    ),
    _text(
        "hearing_date_basis",
        "How the day was found: `message` or `column`; for Common Platform `hearing-day` (of the envelope), "
        "`sitting-day`, `ordered-date` (that of the result) or `last-sitting-day`",
        "the reader",
    ),
    _text("hearing_month", "Month of the hearing, `YYYY-MM`; the store is partitioned by it", "`hearing_date`"),
    _text(
        "court_ou_code",
        "Organisation unit of the court; its first five characters are the court",
        "CourtHearingLocation; courtCentre.code; the mapped column",
        nullable=True,
    ),
    _text(
        "lja_code",
        "Local justice area, four characters kept as text",
        "PSAcode; lja.ljaCode; the mapped column",
        nullable=True,
    ),
    _text(
        "police_force",
        "Police force, two characters",
        "The prosecuting authority's characters 2-3 where it is sent; else URN unless dummy, then ASN unless dummy, "
        "then the court's characters 2-3",
        nullable=True,
    ),
    _text(
        "police_force_basis",
        "Where the force was read: `prosecutor`, `urn`, `asn`, `court` or `column`",
        "the reader",
        nullable=True,
    ),
    _text(
        "case_key",
        "The case: `case:SOURCE:...` where a table has a case number of its own, `app:cp:...` for an application "
        "of no case in Common Platform, else `urn:...` where the URN is real, else `cp:...` (Common Platform's id of "
        "the case), else `payload:...` (the payload stands for the case); `none:...` where nothing is left",
        "computed",
    ),
    _text("case_key_strength", "`strong`, or `weak` where the payload stands for the case", "computed"),
    _text(
        "case_urn", "Unique reference number as sent, upper case; null where absent", "PTIURN; caseURN", nullable=True
    ),
    _text(
        "application_key",
        "The application, where the source identifies one",
        "courtApplications[].id; the mapped column",
        nullable=True,
    ),
    _text(
        "defendant_key",
        "The defendant: `asn:...`, `cp:...` (Common Platform's id of the person), or a key of the payload or the "
        "table's own number",
        "ProsecutorReference; masterDefendantId, subject.id; the mapped column",
        nullable=True,
    ),
    Column("case_index", pa.int32(), False, "Position of the Case in its payload, from 1; 1 for tables", "the reader"),
    Column(
        "offence_index",
        pa.int32(),
        True,
        "Position of the offence in its Case, from 1; for Common Platform, of what carries results in its hearing; "
        "for tables, the row of the day",
        "the reader",
    ),
    Column(
        "result_index",
        pa.int32(),
        True,
        "Position of the result in its offence, from 1; null: a statement without results",
        "the reader",
    ),
    _text(
        "level",
        "What the result is on: `OFFENCE` or `APPLICATION`; for Common Platform also `DEFENDANT`, `DEFENDANT_CASE` "
        "or `HEARING_DEFENDANT`, which have no offence code",
        "the reader",
        nullable=True,
    ),
    _text(
        "offence_code_raw",
        "Offence code exactly as sent",
        "BaseOffenceDetails/OffenceCode; offenceCode, type.code; the mapped column",
        nullable=True,
    ),
    _text("offence_code", "Offence code, trimmed and in upper case; the form letter stays", "computed", nullable=True),
    _text("result_code", "CJS result code, text; null where uncoded", "Result/ResultCode; cjsCode", nullable=True),
    _text(
        "result_short_code",
        "Alphabetic result code, upper case",
        "first line of resultText; the mapped column",
        nullable=True,
    ),
    _text(
        "result_text",
        "Normalised result text, only where the whole of it is in the known vocabulary (free text names people)",
        "Result/ResultText; label",
        nullable=True,
    ),
    _text(
        "result_text_digest",
        "Keyed digest of the normalised result text, so that a text added to a list later still matches",
        "HMAC-SHA256 with the installation's key",
        nullable=True,
    ),
    Column(
        "final_disposal",
        pa.bool_(),
        True,
        "Whether the offence is finally disposed of",
        "FinalDisposalIndicator; category",
    ),
    _text("finding", "Finding as sent (`G` guilty, ...)", "Offence/Finding; cjsVerdictCode", nullable=True),
    Column("conviction_date", pa.date32(), True, "Date of conviction", "Offence/ConvictionDate; convictionDate"),
)

RECORDS = pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in HEARING_RESULTS])
LANDING_COLUMNS = ("landed_batch", "landed_at")
"""Columns that the store adds; everything else comes from the reader."""
PARSED = pa.schema([field for field in RECORDS if field.name not in LANDING_COLUMNS])

STATEMENT_ORDER = ("stated_at", "received_at", "landed_batch", "payload_hash", "case_index")
"""Among the statements of one key the greatest by these columns counts (docs/decisions.md)."""
