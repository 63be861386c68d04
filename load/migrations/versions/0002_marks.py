"""Figures carry their marks (provisional, break in the series) and the notes that go with them alone."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Earlier figures had neither, so the defaults say what was true of them.
    op.add_column(
        "figure",
        sa.Column(
            "marks",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="Letters beside the value: `b` break in the series, `p` provisional; empty for none",
        ),
    )
    op.add_column(
        "figure",
        sa.Column(
            "notes",
            sa.JSON(),
            nullable=False,
            server_default="[]",
            comment="Places of the notes of the run that go with some of its figures only, this one among them",
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("the warehouse only goes forward: restore a backup instead")
