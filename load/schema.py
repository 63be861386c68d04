"""The tables of the warehouse; each column's comment says what it means (PostgreSQL stores it, docs/ prints it).

Every table is append-only, and the database itself refuses to update or delete a row. This is what the code reads and
writes; the migrations make it, and a test compares the two on both databases. The views are in sql/warehouse/.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from load.columns import BIG, UtcDateTime, column, of_run, one_of, position
from load.columns import metadata as metadata
from load.contract import GONE, STATES
from load.schema_quality import alert_sent as alert_sent
from load.schema_quality import check_result as check_result
from load.schema_quality import inspection as inspection
from transform.contract import CAUSES, COUNTED, STATUSES

REVISION = "0004"
"""Newest migration. Kept here too, so that opening a warehouse that is up to date need not load Alembic."""
REVISION_TABLE = "warehouse_revision"
"""Where the migration of a database is noted; a name of its own, as other applications use Alembic too."""

question_version = Table(
    "question_version",
    metadata,
    column("definition_hash", Text, "SHA-256 (hex) of the definition and its lists", key=True),
    column("question", Text, "Id of the question"),
    column("title", Text, "Title of the question at this version"),
    column("definition", Text, "Full text of the definition"),
    column("lists", JSON, "Full text of each code list that the definition uses, by name"),
    column("recorded_at", UtcDateTime, "When a run first used this version (UTC)"),
    comment="Versions of questions: what was counted, in full",
)

landed_batch = Table(
    "landed_batch",
    metadata,
    Column("batch", BIG, primary_key=True, autoincrement=False, comment="Number of the landing in the records store"),
    column("landed_at", UtcDateTime, "When the landing was made (UTC)"),
    column("source_name", Text, "Name of the source as configured"),
    column("source_format", Text, "Shape of the source: `spi` or `table`"),
    column("received_at", UtcDateTime, "When the content reached us (UTC)"),
    column("files", Integer, "Files that were read"),
    column("statements", Integer, "Statements that were landed"),
    column("rows", Integer, "Rows that were landed"),
    column("repeated", Integer, "Statements skipped because they repeat what is current"),
    column("refused", Integer, "Things set aside in quarantine"),
    column("refusals", JSON, "Things set aside, counted by reason code"),
    comment="Landings: what came in, repeated, or was set aside",
)

run = Table(
    "run",
    metadata,
    column("run_id", BIG, "Number of the run, rising", key=True),
    column("run_key", Text, "Digest of all that decides the figures; null unless the run completed", null=True),
    column("question", Text, "Id of the question"),
    column(
        "definition_hash",
        Text,
        "Version of the question that was counted",
        ForeignKey("question_version.definition_hash"),
    ),
    column("unit", Text, "What is counted: case, defendant, application or order"),
    column("period", Text, "Label of the period, such as `2020Q1`"),
    column("period_from", Date, "First hearing day of the period (included)"),
    column("period_to", Date, "Last hearing day of the period (included)"),
    column("breakdowns", JSON, "Breakdowns that were asked for: lists of attribute names"),
    column("as_known_at", UtcDateTime, "Statements received up to this time were counted (UTC)"),
    column("newest_batch", BigInteger, "Number of the newest landing that was counted; 0 for none"),
    column(
        "store", Text, "Id of the records store that was counted; null for a run of schema 0002 or earlier", null=True
    ),
    column(
        "precedence",
        JSON(none_as_null=True),
        "Which source went before which, as rules; null for a run of schema 0002 or earlier",
        null=True,
    ),
    column("code_version", Text, "Version of the program"),
    column(
        "counted_with",
        JSON(none_as_null=True),
        "What else decides a count, by name: versions and digests; null for a run of schema 0002 or earlier",
        null=True,
    ),
    column(
        "salt",
        Text,
        "Makes the digest of the figures in the audit log unguessable; null where there is no such digest",
        null=True,
    ),
    column("thresholds_hash", Text, "SHA-256 (hex) of the rules and thresholds of the checks"),
    column("started_at", UtcDateTime, "When the run began (UTC)"),
    column("finished_at", UtcDateTime, "When it was stored: from then the warehouse says so (UTC)"),
    column(
        "vintage",
        Integer,
        "Number of the vintage, from 1, among those of its question, unit and period; null where it was stopped, or "
        "knows less than what was current when it was stored",
        null=True,
    ),
    column("state", Text, "`completed`, or `stopped` by an error or a check: then it has no figures"),
    column("stop_reason", Text, "Why the run was stopped; null where it completed", null=True),
    column("data_from", Date, "First hearing day with landed statements in the period", null=True),
    column("data_to", Date, "Last hearing day with landed statements in the period", null=True),
    column("value", BigInteger, "The count for the whole period; null where the status says why", null=True),
    column("status", Text, "`counted`, `no data` or `held`; null where the run was stopped", null=True),
    column("weak_units", BigInteger, "Units that rest on a key that is not a true case key", null=True),
    column("incomplete_statements", BigInteger, "Statements counted of which a part is in quarantine", null=True),
    UniqueConstraint("run_key"),
    one_of("state", STATES),
    one_of("status", STATUSES),
    CheckConstraint(f"(status IS NOT NULL AND status = '{COUNTED}') = (value IS NOT NULL)", name="value_status"),
    CheckConstraint("(state = 'completed') = (status IS NOT NULL)", name="state_status"),
    CheckConstraint("(state = 'completed') = (run_key IS NOT NULL)", name="state_run_key"),
    CheckConstraint("(state = 'completed') = (stop_reason IS NULL)", name="state_stop_reason"),
    Index(None, "question", "run_id"),
    Index(None, "question", "unit", "period", "vintage", unique=True),
    comment="Runs: one answer to one question, as known at one time",
)

tabulation = Table(
    "tabulation",
    metadata,
    of_run(key=True),
    column("breakdown", Text, "Attributes of its cells, joined by commas; empty for the total", key=True),
    comment="Which breakdowns a run counted: what it did not state anew of these is as in the vintage before",
)

figure = Table(
    "figure",
    metadata,
    column("figure_id", BIG, "Number of the figure, rising", key=True),
    of_run(),
    column("question", Text, "Id of the question"),
    column("unit", Text, "What is counted: case, defendant, application or order"),
    column("period", Text, "Label of the period, such as `2020Q1`"),
    column("breakdown", Text, "Attributes of the cell, joined by commas; empty for the total"),
    column("cell", Text, "Attributes and their categories as compact JSON with sorted keys; `{}` for the total"),
    column("place", Integer, "Place of the cell among the figures of its run, from 1"),
    column(
        "vintage",
        Integer,
        "Vintage of its question, unit and period in which it became current; null where its run did not",
        null=True,
    ),
    column("value", BigInteger, "The count; null where the status says why", null=True),
    column("status", Text, "`counted`, `no data`, `held`, or `gone`: from this vintage on there is no such cell"),
    column("known_from", UtcDateTime, "From when the warehouse said so (UTC)"),
    column(
        "marks", Text, "Letters beside the value: `b` break in the series, `p` provisional; empty for none", default=""
    ),
    column(
        "notes",
        JSON,
        "Places of the notes of the run that go with some of its figures only, this one among them",
        default="[]",
    ),
    one_of("status", (*STATUSES, GONE)),
    CheckConstraint(f"(status = '{COUNTED}') = (value IS NOT NULL)", name="value_status"),
    UniqueConstraint("run_id", "period", "cell"),
    Index(None, "question", "unit", "period", "cell", "vintage", "figure_id"),
    comment="Figures as vintages: only what differs from the vintage before, which is never changed",
)

attrition = Table(
    "attrition",
    metadata,
    of_run(key=True),
    position("step"),
    column("step", Text, "Name of the step of the definition"),
    column("rows", BigInteger, "Rows left after the step"),
    column("units", BigInteger, "Units left after the step"),
    comment="What each step of the definition left over",
)

evidence = Table(
    "evidence",
    metadata,
    of_run(key=True),
    position("kind"),
    column("name", Text, "Name of the kind of evidence"),
    column("label", Text, "The kind of evidence in words"),
    column("units", BigInteger, "Units of the figure that rest on it"),
    comment="On which results the units of a figure rest",
)

run_note = Table(
    "run_note",
    metadata,
    of_run(key=True),
    position("note"),
    column("text", Text, "The note that goes with the figures"),
    comment="Notes that go with the figures of a run",
)

revision_part = Table(
    "revision_part",
    metadata,
    of_run(key=True),
    position("part"),
    column("breakdown", Text, "Attributes of the cell, joined by commas; empty for the total"),
    column("cell", Text, "Attributes and their categories as compact JSON with sorted keys; `{}` for the total"),
    column("previous_run_id", BIG, "The run that stated the cell before", ForeignKey("run.run_id")),
    column("cause", Text, "Why the figure changed"),
    column("units", BigInteger, "By how many units this cause raised the figure; below zero where it lowered it"),
    column("batch", BigInteger, "The landing that brought it; null where no landing did", null=True),
    column("says", Text, "The change of a list or definition in words; empty for what records brought", default=""),
    one_of("cause", CAUSES),
    comment="Why figures differ from the vintage before: the parts of a cell add up to the difference",
)

publication = Table(
    "publication",
    metadata,
    column("publication_id", BIG, "Number of the publication, rising", key=True),
    column("question", Text, "Id of the question"),
    column("label", Text, "Where the figures were given out, such as the number of a letter"),
    column("published_at", UtcDateTime, "From when they count as published (UTC)"),
    column("recorded_at", UtcDateTime, "When this was noted (UTC)"),
    Index(None, "question"),
    comment="Occasions at which figures were given out",
)

published_figure = Table(
    "published_figure",
    metadata,
    column("publication_id", BIG, "The publication", ForeignKey("publication.publication_id"), key=True),
    column("figure_id", BIG, "The figure as it was given out", ForeignKey("figure.figure_id"), key=True),
    Index(None, "figure_id"),
    comment="Which figures were given out: later vintages are marked as revised against these",
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("entry", BIG, primary_key=True, autoincrement=False, comment="Number of the entry, from 1, without gaps"),
    column("at", UtcDateTime, "When it was done (UTC)"),
    column("who", Text, "Name of the account that did it, on the machine where it was done"),
    column("action", Text, "What was done"),
    column("subject", Text, "To what: a question, a run, a landing, a file"),
    column("detail", JSON, "More about it, by name; never a value from a record"),
    column("previous", Text, "The digest of the entry before; empty for the first"),
    column("digest", Text, "SHA-256 (hex) of the whole entry with the digest before: a change of any entry breaks it"),
    UniqueConstraint("digest"),
    comment="Who did what and when, each entry chained to the one before",
)

NEVER_CHANGED = tuple(table.name for table in metadata.sorted_tables)
"""Tables whose rows the database itself refuses to update or delete: all of them."""
