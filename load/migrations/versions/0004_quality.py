"""Measurements by subject and segment, inspections as their owner, what was tolerated; alerts that were sent."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
SEVERITIES = "severity IN ('critical', 'warning', 'info')"
LIMIT_KINDS = "limit_kind IN ('count', 'share')"
ONE_OWNER = (
    "CASE WHEN run_id IS NULL THEN 0 ELSE 1 END + CASE WHEN batch IS NULL THEN 0 ELSE 1 END + "
    "CASE WHEN inspection_id IS NULL THEN 0 ELSE 1 END = 1"
)
FOUND = "outcome <> 'passed' OR unexpected > 0"
SUBJECT = "What is measured again and again: `question:ID;unit=UNIT;period=LABEL`, `source:NAME`, or `all` there is"
SUBJECT_OF_OLD = (
    "COALESCE("
    "(SELECT 'question:' || question || ';unit=' || unit || ';period=' || period FROM run "
    "WHERE run.run_id = {old}.run_id), "
    "(SELECT 'source:' || source_name FROM landed_batch WHERE landed_batch.batch = {old}.batch))"
)
"""What the run or the landing of an earlier result measured."""


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    allow_changes("check_result", sqlite=sqlite)
    make_inspection()
    raise_check_result_in_sqlite() if sqlite else raise_check_result_in_postgresql()
    by_key = ["subject", "rule", "segment", "check_id"]
    op.create_index(op.f("ix_check_result_subject_rule_segment_check_id"), "check_result", by_key)
    where = sa.text(FOUND)
    op.create_index("ix_check_result_found", "check_result", by_key, sqlite_where=where, postgresql_where=where)
    make_alert_sent()
    for table in ("inspection", "check_result", "alert_sent"):
        refuse_changes(table, sqlite=sqlite)


def make_inspection() -> None:
    op.create_table(
        "inspection",
        described("inspection_id", BIG, "Number of the inspection, rising"),
        described("as_at", TIME, "The time at which everything was looked at (UTC): no check reads another clock"),
        described("newest_batch", sa.BigInteger(), "Number of the newest landing that was looked at; 0 for none"),
        described("recorded_at", TIME, "When this was noted (UTC)"),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_inspection")),
        comment="Looks at the whole records store and warehouse that neither land nor count: freshness, volumes, "
        "due runs",
    )


def raise_check_result_in_sqlite() -> None:
    """SQLite cannot change a rule of a table, so the table is made anew; nothing refers to it."""
    op.drop_index(op.f("ix_check_result_run_id"), "check_result")
    op.execute("ALTER TABLE check_result RENAME TO check_result_0003")
    op.create_table(
        "check_result",
        sa.Column("check_id", BIG, nullable=False),
        sa.Column("run_id", BIG, nullable=True),
        sa.Column("batch", BIG, nullable=True),
        sa.Column("inspection_id", BIG, nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False, server_default=""),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=True),
        sa.Column("unexpected", sa.BigInteger(), nullable=True),
        sa.Column("limit_kind", sa.Text(), nullable=False, server_default="count"),
        sa.Column("limit", sa.Float(), nullable=False, server_default="0"),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, server_default=""),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.CheckConstraint("outcome IN ('passed', 'failed', 'error')", name=op.f("ck_check_result_outcome_known")),
        sa.CheckConstraint(SEVERITIES, name=op.f("ck_check_result_severity_known")),
        sa.CheckConstraint(LIMIT_KINDS, name=op.f("ck_check_result_limit_kind_known")),
        sa.CheckConstraint(ONE_OWNER, name=op.f("ck_check_result_one_owner")),
        sa.ForeignKeyConstraint(["batch"], ["landed_batch.batch"], name=op.f("fk_check_result_batch")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.inspection_id"], name=op.f("fk_check_result_inspection_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_check_result_run_id")),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_check_result")),
    )
    kept = "check_id, run_id, batch, gate, rule, severity, outcome, checked, unexpected, sentence, recorded_at"
    op.execute(
        f"INSERT INTO check_result ({kept}, subject) "  # noqa: S608 - names of ours
        f"SELECT {kept}, {SUBJECT_OF_OLD.format(old='check_result_0003')} FROM check_result_0003 ORDER BY check_id"
    )
    op.drop_table("check_result_0003")
    op.create_index(op.f("ix_check_result_run_id"), "check_result", ["run_id"])


def raise_check_result_in_postgresql() -> None:
    segment = (
        "The part of it that was measured, as `name=value` joined by `;`, such as `source=spi`; empty for the whole"
    )
    new = (
        described("inspection_id", BIG, "The inspection that it belongs to", nullable=True),
        described("subject", sa.Text(), SUBJECT, nullable=True),
        described("segment", sa.Text(), segment, server_default=""),
        described(
            "limit_kind",
            sa.Text(),
            "What was tolerated: a `count` of rows, or a `share` of those checked",
            server_default="count",
        ),
        described(
            "limit",
            sa.Float(),
            "How many rows, or which share from 0 to 1, were tolerated then",
            server_default="0",
        ),
        described(
            "detail",
            sa.Text(),
            "What was expected and why; never a value from a record or a figure",
            server_default="",
        ),
    )
    for column in new:
        op.add_column("check_result", column)
    op.execute("UPDATE check_result SET subject = " + SUBJECT_OF_OLD.format(old="check_result"))  # noqa: S608
    op.alter_column("check_result", "subject", existing_type=sa.Text(), existing_comment=SUBJECT, nullable=False)
    comments: dict[str, tuple[Any, str]] = {
        "gate": (sa.Text(), "The gate: after landing, after counting, after loading, or watched over time"),
        "severity": (
            sa.Text(), "`critical` stops, `warning` goes with the figure as a note, `info` is recorded"
        ),
        "recorded_at": (TIME, "When the run, landing or inspection that it belongs to ended (UTC)"),
    }  # fmt: skip
    for name, (kind, comment) in comments.items():
        op.alter_column("check_result", name, existing_type=kind, existing_nullable=False, comment=comment)
    op.create_table_comment(
        "check_result", "Measurements: what each check found each time it ran; counts only, never values"
    )
    op.create_foreign_key(
        op.f("fk_check_result_inspection_id"), "check_result", "inspection", ["inspection_id"], ["inspection_id"]
    )
    op.drop_constraint(op.f("ck_check_result_severity_known"), "check_result")
    op.drop_constraint(op.f("ck_check_result_run_or_batch"), "check_result")
    op.create_check_constraint(op.f("ck_check_result_severity_known"), "check_result", SEVERITIES)
    op.create_check_constraint(op.f("ck_check_result_limit_kind_known"), "check_result", LIMIT_KINDS)
    op.create_check_constraint(op.f("ck_check_result_one_owner"), "check_result", ONE_OWNER)


def make_alert_sent() -> None:
    op.create_table(
        "alert_sent",
        described("alert_id", BIG, "Number of the alert, rising"),
        described("sent_at", TIME, "When it was handed over to the channel (UTC)"),
        described("channel", sa.Text(), "Name of the channel as configured; never its address"),
        described("cause", sa.Text(), "What the issues in it have in common: an alert is sent once for each cause"),
        described("state", sa.Text(), "`opened`, `reminded` while it goes on, or `resolved`"),
        described("digest", sa.Text(), "Digest of what it said: nothing is sent while that stays the same"),
        described("issues", sa.JSON(), "Ids of the issues in it"),
        sa.CheckConstraint("state IN ('opened', 'reminded', 'resolved')", name=op.f("ck_alert_sent_state_known")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert_sent")),
        comment="Alerts that were sent, so that none is repeated; no values, no addresses",
    )
    op.create_index(op.f("ix_alert_sent_cause_channel_alert_id"), "alert_sent", ["cause", "channel", "alert_id"])


def described(name: str, kind: Any, comment: str, *, nullable: bool = False, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, comment=comment, **more)


def allow_changes(table: str, *, sqlite: bool) -> None:
    if sqlite:
        for change in ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER {table}_no_{change}")
    else:
        op.execute(f"DROP TRIGGER {table}_never_changed ON {table}")


def refuse_changes(table: str, *, sqlite: bool) -> None:
    if not sqlite:
        op.execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    refused = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
    for change in ("update", "delete"):
        op.execute(f"CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} {refused}")
    # REPLACE takes a row away without a word to the trigger on deleting. Of these tables the key alone is unique.
    (key,) = sa.inspect(op.get_bind()).get_pk_constraint(table)["constrained_columns"]
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - names of ours
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) {refused}"
    )


def downgrade() -> None:
    raise NotImplementedError("the warehouse only goes forward: restore a backup instead")
