"""Figures as numbered vintages that hold only what changed; causes of revisions, publications, the audit log."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
NEVER_CHANGED_BEFORE = ("question_version", "run", "figure")
NEVER_CHANGED_NOW = (
    "landed_batch", "question_version", "run", "tabulation", "figure", "attrition", "evidence", "run_note",
    "check_result", "revision_part", "publication", "published_figure", "audit_entry",
)  # fmt: skip
STATUSES = "status IN ('counted', 'no data', 'held', 'gone')"
CELL = "Attributes and their categories as compact JSON with sorted keys; `{}` for the total"
BREAKDOWN = "Attributes of the cell, joined by commas; empty for the total"
OF_RUN = "The run that it belongs to"
FINISHED = "When it was stored: from then the warehouse says so (UTC)"


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in NEVER_CHANGED_BEFORE:
        allow_changes(table, sqlite=sqlite)
    raise_run()
    if not sqlite:
        op.alter_column("run", "finished_at", existing_type=TIME, existing_nullable=False, comment=FINISHED)
    make_tabulation()
    number_the_vintages()
    op.create_index(
        op.f("ix_run_question_unit_period_vintage"), "run", ["question", "unit", "period", "vintage"], unique=True
    )
    op.drop_index(op.f("ix_figure_question_period"), "figure")
    raise_figure_in_sqlite() if sqlite else raise_figure_in_postgresql()
    op.create_index(
        op.f("ix_figure_question_unit_period_cell_vintage_figure_id"),
        "figure",
        ["question", "unit", "period", "cell", "vintage", "figure_id"],
    )
    bury_what_had_gone()
    make_revision_part()
    make_publication()
    make_audit_entry()
    for table in NEVER_CHANGED_NOW:
        refuse_changes(table, sqlite=sqlite)
        if sqlite:
            refuse_replacing(table)


def raise_run() -> None:
    vintage = (
        "Number of the vintage, from 1, among those of its question, unit and period; null where it was stopped, or "
        "knows less than what was current when it was stored"
    )
    store = "Id of the records store that was counted; null for a run of schema 0002 or earlier"
    precedence = "Which source went before which, as rules; null for a run of schema 0002 or earlier"
    counted_with = "What else decides a count, by name: versions and digests; null for a run of schema 0002 or earlier"
    salt = "Makes the digest of the figures in the audit log unguessable; null where there is no such digest"
    op.add_column("run", sa.Column("vintage", sa.Integer(), nullable=True, comment=vintage))
    op.add_column("run", sa.Column("store", sa.Text(), nullable=True, comment=store))
    op.add_column("run", sa.Column("precedence", sa.JSON(), nullable=True, comment=precedence))
    op.add_column("run", sa.Column("counted_with", sa.JSON(), nullable=True, comment=counted_with))
    op.add_column("run", sa.Column("salt", sa.Text(), nullable=True, comment=salt))


def make_tabulation() -> None:
    op.create_table(
        "tabulation",
        sa.Column("run_id", BIG, nullable=False, comment=OF_RUN),
        sa.Column(
            "breakdown",
            sa.Text(),
            nullable=False,
            comment="Attributes of its cells, joined by commas; empty for the total",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_tabulation_run_id")),
        sa.PrimaryKeyConstraint("run_id", "breakdown", name=op.f("pk_tabulation")),
        comment="Which breakdowns a run counted: what it did not state anew of these is as in the vintage before",
    )


def number_the_vintages() -> None:
    """Each completed run that knew at least as much as those before it is the next vintage of its figure."""
    connection = op.get_bind()
    names = ("run_id", "question", "unit", "period", "breakdowns", "as_known_at", "newest_batch")
    rows = connection.execute(
        sa.text(f"SELECT {', '.join(names)} FROM run WHERE state = 'completed' ORDER BY run_id")  # noqa: S608
    ).all()
    last: dict[tuple[str, str, str], tuple[tuple[object, int], int]] = {}
    for run_id, question, unit, period, breakdowns, as_known_at, newest_batch in rows:
        counted = json.loads(breakdowns) if isinstance(breakdowns, str) else breakdowns
        for breakdown in {"", *(",".join(sorted(of)) for of in counted)}:
            connection.execute(
                sa.text("INSERT INTO tabulation (run_id, breakdown) VALUES (:run_id, :breakdown)"),
                {"run_id": run_id, "breakdown": breakdown},
            )
        known = (as_known_at, newest_batch)
        before, number = last.get((question, unit, period), (known, 0))
        if known >= before:
            last[question, unit, period] = known, number + 1
            connection.execute(
                sa.text("UPDATE run SET vintage = :vintage WHERE run_id = :run_id"),
                {"vintage": number + 1, "run_id": run_id},
            )


def raise_figure_in_sqlite() -> None:
    """SQLite cannot change a rule of a table, so the table is made anew; nothing refers to it yet."""
    op.execute("ALTER TABLE figure RENAME TO figure_0002")
    op.create_table(
        "figure",
        sa.Column("figure_id", BIG, nullable=False),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("breakdown", sa.Text(), nullable=False),
        sa.Column("cell", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("vintage", sa.Integer(), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("known_from", TIME, nullable=False),
        sa.Column("marks", sa.Text(), nullable=False, server_default=""),
        sa.Column("notes", sa.JSON(), nullable=False, server_default="[]"),
        sa.CheckConstraint("(status = 'counted') = (value IS NOT NULL)", name=op.f("ck_figure_value_status")),
        sa.CheckConstraint(STATUSES, name=op.f("ck_figure_status_known")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_figure_run_id")),
        sa.PrimaryKeyConstraint("figure_id", name=op.f("pk_figure")),
        sa.UniqueConstraint("run_id", "period", "cell", name=op.f("uq_figure_run_id_period_cell")),
    )
    op.execute(
        "INSERT INTO figure (figure_id, run_id, question, unit, period, breakdown, cell, place, vintage, value, "
        "status, known_from, marks, notes) "
        "SELECT figure_id, run_id, question, unit, figure_0002.period, breakdown, cell, "
        "row_number() OVER (PARTITION BY run_id ORDER BY figure_id), vintage, figure_0002.value, figure_0002.status, "
        "known_from, marks, notes FROM figure_0002 JOIN (SELECT run_id, unit, vintage FROM run) USING (run_id)"
    )
    op.drop_table("figure_0002")


def raise_figure_in_postgresql() -> None:
    unit = "What is counted: case, defendant, application or order"
    place = "Place of the cell among the figures of its run, from 1"
    vintage = "Vintage of its question, unit and period in which it became current; null where its run did not"
    status = "`counted`, `no data`, `held`, or `gone`: from this vintage on there is no such cell"
    known_from = "From when the warehouse said so (UTC)"
    op.add_column("figure", sa.Column("unit", sa.Text(), nullable=True, comment=unit))
    op.add_column("figure", sa.Column("place", sa.Integer(), nullable=True, comment=place))
    op.add_column("figure", sa.Column("vintage", sa.Integer(), nullable=True, comment=vintage))
    op.execute(
        "UPDATE figure SET unit = run.unit, vintage = run.vintage, place = placed.place FROM run, (SELECT figure_id, "
        "row_number() OVER (PARTITION BY run_id ORDER BY figure_id) AS place FROM figure) AS placed "
        "WHERE run.run_id = figure.run_id AND placed.figure_id = figure.figure_id"
    )
    op.alter_column("figure", "unit", existing_type=sa.Text(), existing_comment=unit, nullable=False)
    op.alter_column("figure", "place", existing_type=sa.Integer(), existing_comment=place, nullable=False)
    number = "Number of the figure, rising"
    op.alter_column("figure", "figure_id", existing_type=BIG, existing_nullable=False, comment=number)
    op.alter_column("figure", "status", existing_type=sa.Text(), existing_nullable=False, comment=status)
    op.alter_column("figure", "known_from", existing_type=TIME, existing_nullable=False, comment=known_from)
    op.create_table_comment(
        "figure", "Figures as vintages: only what differs from the vintage before, which is never changed"
    )
    op.drop_constraint(op.f("ck_figure_status_known"), "figure")
    op.create_check_constraint(op.f("ck_figure_status_known"), "figure", STATUSES)


def bury_what_had_gone() -> None:
    """A cell that an earlier vintage had and the next one of its breakdown had not: from there on it is gone."""
    op.execute(
        """
        INSERT INTO figure (run_id, question, unit, period, breakdown, cell, place, vintage, status, known_from)
        SELECT later.run_id, figure.question, figure.unit, figure.period, figure.breakdown, figure.cell,
            1000000 + figure.place, later.vintage, 'gone', later.finished_at
        FROM (
            SELECT run_id, breakdown, vintage, finished_at, lag(run_id) OVER (
                PARTITION BY question, unit, period, breakdown ORDER BY vintage
            ) AS earlier
            FROM run JOIN tabulation USING (run_id)
            WHERE vintage IS NOT NULL
        ) AS later
        JOIN figure ON figure.run_id = later.earlier AND figure.breakdown = later.breakdown
        WHERE NOT EXISTS (SELECT 1 FROM figure AS kept WHERE kept.run_id = later.run_id AND kept.cell = figure.cell)
        """
    )


def make_revision_part() -> None:
    causes = (
        "quarantine released", "source change", "duplicate resolved", "removed result", "amended result",
        "late result", "code-list change", "definition change", "program change", "not recounted",
    )  # fmt: skip
    units = "By how many units this cause raised the figure; below zero where it lowered it"
    op.create_table(
        "revision_part",
        described("run_id", BIG, OF_RUN),
        described("position", sa.Integer(), "Place of the part, from 1", autoincrement=False),
        described("breakdown", sa.Text(), BREAKDOWN),
        described("cell", sa.Text(), CELL),
        described("previous_run_id", BIG, "The run that stated the cell before"),
        described("cause", sa.Text(), "Why the figure changed"),
        described("units", sa.BigInteger(), units),
        described("batch", sa.BigInteger(), "The landing that brought it; null where no landing did", nullable=True),
        described(
            "says",
            sa.Text(),
            "The change of a list or definition in words; empty for what records brought",
            server_default="",
        ),
        sa.CheckConstraint(f"cause IN ({', '.join(map(repr, causes))})", name=op.f("ck_revision_part_cause_known")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_revision_part_run_id")),
        sa.ForeignKeyConstraint(["previous_run_id"], ["run.run_id"], name=op.f("fk_revision_part_previous_run_id")),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_revision_part")),
        comment="Why figures differ from the vintage before: the parts of a cell add up to the difference",
    )


def make_publication() -> None:
    op.create_table(
        "publication",
        described("publication_id", BIG, "Number of the publication, rising"),
        described("question", sa.Text(), "Id of the question"),
        described("label", sa.Text(), "Where the figures were given out, such as the number of a letter"),
        described("published_at", TIME, "From when they count as published (UTC)"),
        described("recorded_at", TIME, "When this was noted (UTC)"),
        sa.PrimaryKeyConstraint("publication_id", name=op.f("pk_publication")),
        comment="Occasions at which figures were given out",
    )
    op.create_index(op.f("ix_publication_question"), "publication", ["question"])
    op.create_table(
        "published_figure",
        described("publication_id", BIG, "The publication"),
        described("figure_id", BIG, "The figure as it was given out"),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.publication_id"], name=op.f("fk_published_figure_publication_id")
        ),
        sa.ForeignKeyConstraint(["figure_id"], ["figure.figure_id"], name=op.f("fk_published_figure_figure_id")),
        sa.PrimaryKeyConstraint("publication_id", "figure_id", name=op.f("pk_published_figure")),
        comment="Which figures were given out: later vintages are marked as revised against these",
    )
    op.create_index(op.f("ix_published_figure_figure_id"), "published_figure", ["figure_id"])


def make_audit_entry() -> None:
    digest = "SHA-256 (hex) of the whole entry with the digest before: a change of any entry breaks it"
    op.create_table(
        "audit_entry",
        described("entry", BIG, "Number of the entry, from 1, without gaps", autoincrement=False),
        described("at", TIME, "When it was done (UTC)"),
        described("who", sa.Text(), "Name of the account that did it, on the machine where it was done"),
        described("action", sa.Text(), "What was done"),
        described("subject", sa.Text(), "To what: a question, a run, a landing, a file"),
        described("detail", sa.JSON(), "More about it, by name; never a value from a record"),
        described("previous", sa.Text(), "The digest of the entry before; empty for the first"),
        described("digest", sa.Text(), digest),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("digest", name=op.f("uq_audit_entry_digest")),
        comment="Who did what and when, each entry chained to the one before",
    )


def described(name: str, kind: Any, comment: str, *, nullable: bool = False, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, comment=comment, **more)


def allow_changes(table: str, *, sqlite: bool) -> None:
    if sqlite:
        for change in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{change}")
    else:
        op.execute(f"DROP TRIGGER {table}_never_changed ON {table}")


def refuse_changes(table: str, *, sqlite: bool) -> None:
    if sqlite:
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def refuse_replacing(table: str) -> None:
    """SQLite's REPLACE takes a row away without a word to the triggers on deleting: whatever is unique is looked at."""
    inspector = sa.inspect(op.get_bind())
    unique: list[list[str | None]] = [[*inspector.get_pk_constraint(table)["constrained_columns"]]]
    unique += [[*one["column_names"]] for one in inspector.get_unique_constraints(table)]
    unique += [[*one["column_names"]] for one in inspector.get_indexes(table) if one["unique"]]
    same = " OR ".join(
        "(" + " AND ".join(f"{column} = NEW.{column}" for column in columns if column) + ")" for columns in unique
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - names of ours
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
    )


def downgrade() -> None:
    raise NotImplementedError("the warehouse only goes forward: restore a backup instead")
