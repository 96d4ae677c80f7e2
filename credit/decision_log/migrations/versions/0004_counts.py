"""Counts of decisions by hour, and how far each writer's decisions are counted"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables. The service counts earlier decisions beside its work."""
    op.create_table(
        "hourly_counts",
        sa.Column("cell", sa.String(64), primary_key=True),
        sa.Column("environment", sa.String(16)),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(32)),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("decided_by", sa.String(8), nullable=False),
        sa.Column("rule_because", sa.Text()),
        sa.Column("attribute", sa.Text()),
        sa.Column("value", sa.Text()),
        sa.Column("number", sa.BigInteger(), nullable=False),
    )
    op.create_index("hourly_counts_by_hour", "hourly_counts", ["hour"])
    op.create_index("hourly_counts_by_entry", "hourly_counts", ["entry"])
    op.create_table(
        "counted_writers",
        sa.Column("writer", sa.String(32), primary_key=True),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("gaps", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Remove the tables; the decisions can be counted again."""
    op.drop_table("counted_writers")
    op.drop_table("hourly_counts")
