"""The tables of what was checked and who was told: a part of load.schema, which offers them."""

from sqlalchemy import JSON, BigInteger, CheckConstraint, Float, ForeignKey, Index, Table, Text, or_

from load.columns import BIG, UtcDateTime, column, metadata, of_run, one_of
from load.contract import OUTCOMES, SEVERITIES
from load.measured import ALERT_STATES, LIMIT_KINDS

inspection = Table(
    "inspection",
    metadata,
    column("inspection_id", BIG, "Number of the inspection, rising", key=True),
    column("as_at", UtcDateTime, "The time at which everything was looked at (UTC): no check reads another clock"),
    column("newest_batch", BigInteger, "Number of the newest landing that was looked at; 0 for none"),
    column("recorded_at", UtcDateTime, "When this was noted (UTC)"),
    comment="Looks at the whole records store and warehouse that neither land nor count: freshness, volumes, due runs",
)

check_result = Table(
    "check_result",
    metadata,
    column("check_id", BIG, "Number of the check result, rising", key=True),
    of_run(null=True),
    column("batch", BIG, "The landing that it belongs to", ForeignKey("landed_batch.batch"), null=True),
    column(
        "inspection_id",
        BIG,
        "The inspection that it belongs to",
        ForeignKey("inspection.inspection_id"),
        null=True,
    ),
    column(
        "subject",
        Text,
        "What is measured again and again: `question:ID;unit=UNIT;period=LABEL`, `source:NAME`, or `all` there is",
    ),
    column(
        "segment",
        Text,
        "The part of it that was measured, as `name=value` joined by `;`, such as `source=spi`; empty for the whole",
        default="",
    ),
    column("gate", Text, "The gate: after landing, after counting, after loading, or watched over time"),
    column("rule", Text, "Id of the rule"),
    column("severity", Text, "`critical` stops, `warning` goes with the figure as a note, `info` is recorded"),
    column("outcome", Text, "`passed`, `failed`, or `error` where the rule could not run"),
    column("checked", BigInteger, "Rows that were checked; null where the rule does not count rows", null=True),
    column("unexpected", BigInteger, "Rows that were not as expected; null where not counted", null=True),
    column("limit_kind", Text, "What was tolerated: a `count` of rows, or a `share` of those checked", default="count"),
    column("limit", Float, "How many rows, or which share from 0 to 1, were tolerated then", default="0"),
    column("sentence", Text, "The finding in words; never a value from a record"),
    column("detail", Text, "What was expected and why; never a value from a record or a figure", default=""),
    column("recorded_at", UtcDateTime, "When the run, landing or inspection that it belongs to ended (UTC)"),
    one_of("severity", SEVERITIES),
    one_of("outcome", OUTCOMES),
    one_of("limit_kind", LIMIT_KINDS),
    CheckConstraint(
        "CASE WHEN run_id IS NULL THEN 0 ELSE 1 END + CASE WHEN batch IS NULL THEN 0 ELSE 1 END + "
        "CASE WHEN inspection_id IS NULL THEN 0 ELSE 1 END = 1",
        name="one_owner",
    ),
    Index(None, "run_id"),
    Index(None, "subject", "rule", "segment", "check_id"),
    comment="Measurements: what each check found each time it ran; counts only, never values",
)
_found = or_(check_result.c.outcome != "passed", check_result.c.unexpected > 0)
Index(
    "ix_check_result_found",  # what found nothing passes by any threshold: history is read of the others alone
    *(check_result.c[name] for name in ("subject", "rule", "segment", "check_id")),
    sqlite_where=_found,
    postgresql_where=_found,
)

alert_sent = Table(
    "alert_sent",
    metadata,
    column("alert_id", BIG, "Number of the alert, rising", key=True),
    column("sent_at", UtcDateTime, "When it was handed over to the channel (UTC)"),
    column("channel", Text, "Name of the channel as configured; never its address"),
    column("cause", Text, "What the issues in it have in common: an alert is sent once for each cause"),
    column("state", Text, "`opened`, `reminded` while it goes on, or `resolved`"),
    column("digest", Text, "Digest of what it said: nothing is sent while that stays the same"),
    column("issues", JSON, "Ids of the issues in it"),
    one_of("state", ALERT_STATES),
    Index(None, "cause", "channel", "alert_id"),
    comment="Alerts that were sent, so that none is repeated; no values, no addresses",
)
