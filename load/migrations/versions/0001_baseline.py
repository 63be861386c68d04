"""The first schema: questions, landings, runs, figures as vintages, how they were reached, and checks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
NEVER_CHANGED = ("question_version", "run", "figure")


def upgrade() -> None:
    op.create_table(
        "landed_batch",
        sa.Column(
            "batch", BIG, autoincrement=False, nullable=False, comment="Number of the landing in the records store"
        ),
        sa.Column("landed_at", TIME, nullable=False, comment="When the landing was made (UTC)"),
        sa.Column("source_name", sa.Text(), nullable=False, comment="Name of the source as configured"),
        sa.Column("source_format", sa.Text(), nullable=False, comment="Shape of the source: `spi` or `table`"),
        sa.Column("received_at", TIME, nullable=False, comment="When the content reached us (UTC)"),
        sa.Column("files", sa.Integer(), nullable=False, comment="Files that were read"),
        sa.Column("statements", sa.Integer(), nullable=False, comment="Statements that were landed"),
        sa.Column("rows", sa.Integer(), nullable=False, comment="Rows that were landed"),
        sa.Column(
            "repeated", sa.Integer(), nullable=False, comment="Statements skipped because they repeat what is current"
        ),
        sa.Column("refused", sa.Integer(), nullable=False, comment="Things set aside in quarantine"),
        sa.Column("refusals", sa.JSON(), nullable=False, comment="Things set aside, counted by reason code"),
        sa.PrimaryKeyConstraint("batch", name=op.f("pk_landed_batch")),
        comment="Landings: what came in, repeated, or was set aside",
    )
    op.create_table(
        "question_version",
        sa.Column(
            "definition_hash", sa.Text(), nullable=False, comment="SHA-256 (hex) of the definition and its lists"
        ),
        sa.Column("question", sa.Text(), nullable=False, comment="Id of the question"),
        sa.Column("title", sa.Text(), nullable=False, comment="Title of the question at this version"),
        sa.Column("definition", sa.Text(), nullable=False, comment="Full text of the definition"),
        sa.Column(
            "lists", sa.JSON(), nullable=False, comment="Full text of each code list that the definition uses, by name"
        ),
        sa.Column("recorded_at", TIME, nullable=False, comment="When a run first used this version (UTC)"),
        sa.PrimaryKeyConstraint("definition_hash", name=op.f("pk_question_version")),
        comment="Versions of questions: what was counted, in full",
    )
    op.create_table(
        "run",
        sa.Column("run_id", BIG, nullable=False, comment="Number of the run, rising"),
        sa.Column(
            "run_key",
            sa.Text(),
            nullable=True,
            comment="Digest of all that decides the figures; null unless the run completed",
        ),
        sa.Column("question", sa.Text(), nullable=False, comment="Id of the question"),
        sa.Column("definition_hash", sa.Text(), nullable=False, comment="Version of the question that was counted"),
        sa.Column("unit", sa.Text(), nullable=False, comment="What is counted: case, defendant, application or order"),
        sa.Column("period", sa.Text(), nullable=False, comment="Label of the period, such as `2020Q1`"),
        sa.Column("period_from", sa.Date(), nullable=False, comment="First hearing day of the period (included)"),
        sa.Column("period_to", sa.Date(), nullable=False, comment="Last hearing day of the period (included)"),
        sa.Column(
            "breakdowns", sa.JSON(), nullable=False, comment="Breakdowns that were asked for: lists of attribute names"
        ),
        sa.Column(
            "as_known_at", TIME, nullable=False, comment="Statements received up to this time were counted (UTC)"
        ),
        sa.Column(
            "newest_batch",
            sa.BigInteger(),
            nullable=False,
            comment="Number of the newest landing that was counted; 0 for none",
        ),
        sa.Column("code_version", sa.Text(), nullable=False, comment="Version of the program"),
        sa.Column(
            "thresholds_hash",
            sa.Text(),
            nullable=False,
            comment="SHA-256 (hex) of the rules and thresholds of the checks",
        ),
        sa.Column("started_at", TIME, nullable=False, comment="When the run began (UTC)"),
        sa.Column(
            "finished_at", TIME, nullable=False, comment="When counting ended; its figures are known from then (UTC)"
        ),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="`completed`, or `stopped` by an error or a check: then it has no figures",
        ),
        sa.Column("stop_reason", sa.Text(), nullable=True, comment="Why the run was stopped; null where it completed"),
        sa.Column(
            "data_from", sa.Date(), nullable=True, comment="First hearing day with landed statements in the period"
        ),
        sa.Column("data_to", sa.Date(), nullable=True, comment="Last hearing day with landed statements in the period"),
        sa.Column(
            "value",
            sa.BigInteger(),
            nullable=True,
            comment="The count for the whole period; null where the status says why",
        ),
        sa.Column(
            "status", sa.Text(), nullable=True, comment="`counted`, `no data` or `held`; null where the run was stopped"
        ),
        sa.Column(
            "weak_units", sa.BigInteger(), nullable=True, comment="Units that rest on a key that is not a true case key"
        ),
        sa.Column(
            "incomplete_statements",
            sa.BigInteger(),
            nullable=True,
            comment="Statements counted of which a part is in quarantine",
        ),
        sa.CheckConstraint("(state = 'completed') = (run_key IS NOT NULL)", name=op.f("ck_run_state_run_key")),
        sa.CheckConstraint("(state = 'completed') = (status IS NOT NULL)", name=op.f("ck_run_state_status")),
        sa.CheckConstraint("(state = 'completed') = (stop_reason IS NULL)", name=op.f("ck_run_state_stop_reason")),
        sa.CheckConstraint(
            "(status IS NOT NULL AND status = 'counted') = (value IS NOT NULL)", name=op.f("ck_run_value_status")
        ),
        sa.CheckConstraint("state IN ('completed', 'stopped')", name=op.f("ck_run_state_known")),
        sa.CheckConstraint("status IN ('counted', 'no data', 'held')", name=op.f("ck_run_status_known")),
        sa.ForeignKeyConstraint(
            ["definition_hash"], ["question_version.definition_hash"], name=op.f("fk_run_definition_hash")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
        sa.UniqueConstraint("run_key", name=op.f("uq_run_run_key")),
        comment="Runs: one answer to one question, as known at one time",
    )
    op.create_index(op.f("ix_run_question_run_id"), "run", ["question", "run_id"], unique=False)
    op.create_table(
        "attrition",
        sa.Column("run_id", BIG, nullable=False, comment="The run that it belongs to"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Place of the step, from 1"),
        sa.Column("step", sa.Text(), nullable=False, comment="Name of the step of the definition"),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="Rows left after the step"),
        sa.Column("units", sa.BigInteger(), nullable=False, comment="Units left after the step"),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_attrition_run_id")),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_attrition")),
        comment="What each step of the definition left over",
    )
    op.create_table(
        "check_result",
        sa.Column("check_id", BIG, nullable=False, comment="Number of the check result, rising"),
        sa.Column("run_id", BIG, nullable=True, comment="The run that it belongs to"),
        sa.Column("batch", BIG, nullable=True, comment="The landing that it belongs to"),
        sa.Column(
            "gate", sa.Text(), nullable=False, comment="The gate: after landing, after counting or after loading"
        ),
        sa.Column("rule", sa.Text(), nullable=False, comment="Id of the rule"),
        sa.Column("severity", sa.Text(), nullable=False, comment="`critical` stops, `warning` is recorded"),
        sa.Column(
            "outcome", sa.Text(), nullable=False, comment="`passed`, `failed`, or `error` where the rule could not run"
        ),
        sa.Column(
            "checked",
            sa.BigInteger(),
            nullable=True,
            comment="Rows that were checked; null where the rule does not count rows",
        ),
        sa.Column(
            "unexpected",
            sa.BigInteger(),
            nullable=True,
            comment="Rows that were not as expected; null where not counted",
        ),
        sa.Column("sentence", sa.Text(), nullable=False, comment="The finding in words; never a value from a record"),
        sa.Column(
            "recorded_at", TIME, nullable=False, comment="When the run or the landing that it belongs to ended (UTC)"
        ),
        sa.CheckConstraint("outcome IN ('passed', 'failed', 'error')", name=op.f("ck_check_result_outcome_known")),
        sa.CheckConstraint("severity IN ('critical', 'warning')", name=op.f("ck_check_result_severity_known")),
        sa.CheckConstraint("(run_id IS NULL) <> (batch IS NULL)", name=op.f("ck_check_result_run_or_batch")),
        sa.ForeignKeyConstraint(["batch"], ["landed_batch.batch"], name=op.f("fk_check_result_batch")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_check_result_run_id")),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_check_result")),
        comment="Results of the checks: counts only, never values",
    )
    op.create_index(op.f("ix_check_result_run_id"), "check_result", ["run_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("run_id", BIG, nullable=False, comment="The run that it belongs to"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Place of the kind, from 1"),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the kind of evidence"),
        sa.Column("label", sa.Text(), nullable=False, comment="The kind of evidence in words"),
        sa.Column("units", sa.BigInteger(), nullable=False, comment="Units of the figure that rest on it"),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_evidence_run_id")),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_evidence")),
        comment="On which results the units of a figure rest",
    )
    op.create_table(
        "figure",
        sa.Column("figure_id", BIG, nullable=False, comment="Number of the vintage, rising"),
        sa.Column("run_id", BIG, nullable=False, comment="The run that it belongs to"),
        sa.Column("question", sa.Text(), nullable=False, comment="Id of the question"),
        sa.Column("period", sa.Text(), nullable=False, comment="Label of the period, such as `2020Q1`"),
        sa.Column(
            "breakdown",
            sa.Text(),
            nullable=False,
            comment="Attributes of the cell, joined by commas; empty for the total",
        ),
        sa.Column(
            "cell",
            sa.Text(),
            nullable=False,
            comment="Attributes and their categories as compact JSON with sorted keys; `{}` for the total",
        ),
        sa.Column("value", sa.BigInteger(), nullable=True, comment="The count; null where the status says why"),
        sa.Column("status", sa.Text(), nullable=False, comment="`counted`, `no data` or `held`"),
        sa.Column("known_from", TIME, nullable=False, comment="From when this vintage was known (UTC)"),
        sa.CheckConstraint("(status = 'counted') = (value IS NOT NULL)", name=op.f("ck_figure_value_status")),
        sa.CheckConstraint("status IN ('counted', 'no data', 'held')", name=op.f("ck_figure_status_known")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_figure_run_id")),
        sa.PrimaryKeyConstraint("figure_id", name=op.f("pk_figure")),
        sa.UniqueConstraint("run_id", "period", "cell", name=op.f("uq_figure_run_id_period_cell")),
        comment="Figures as vintages: a new one stands beside the old, which is never changed",
    )
    op.create_index(op.f("ix_figure_question_period"), "figure", ["question", "period"], unique=False)
    op.create_table(
        "run_note",
        sa.Column("run_id", BIG, nullable=False, comment="The run that it belongs to"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Place of the note, from 1"),
        sa.Column("text", sa.Text(), nullable=False, comment="The note that goes with the figures"),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_run_note_run_id")),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_run_note")),
        comment="Notes that go with the figures of a run",
    )

    if op.get_bind().dialect.name == "sqlite":
        refuse_changes_in_sqlite()
    else:
        refuse_changes_in_postgresql()


def refuse_changes_in_sqlite() -> None:
    for table in NEVER_CHANGED:
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )


def refuse_changes_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$"
    )
    for table in NEVER_CHANGED:
        op.execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    raise NotImplementedError("the warehouse only goes forward: restore a backup instead")
