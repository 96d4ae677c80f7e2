"""Decisions and their outcomes"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("decided_at", moment, nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("decided_by", sa.String(8), nullable=False),
        sa.Column("rule_because", sa.Text),
        sa.Column("version", sa.String(32)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("entry", sa.Integer, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("protected", sa.JSON, nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(64), unique=True),
        sa.Column("repeat_of", sa.String(32)),
    )
    op.create_index("decisions_by_time", "decisions", ["decided_at"])
    op.create_table(
        "outcomes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("decision_id", sa.String(32), nullable=False, index=True),
        sa.Column("outcome", sa.JSON, nullable=False),
        sa.Column("observed_at", moment, nullable=False),
        sa.Column("recorded_at", moment, nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Remove the tables, with all that is in them."""
    op.drop_table("outcomes")
    op.drop_table("decisions")
