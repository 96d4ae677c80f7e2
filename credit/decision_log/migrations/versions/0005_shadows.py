"""What challengers would have decided, beside the decisions"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table. No other one changes, so that a service from before goes on to write its decisions."""
    op.create_table(
        "shadows",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("decision_id", sa.String(32), nullable=False, index=True),
        sa.Column("shadowed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("environment", sa.String(16), nullable=False),
        sa.Column("challenge", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(8)),
        sa.Column("score", sa.Float()),
        sa.Column("decided_by", sa.String(8)),
        sa.Column("rule_because", sa.Text()),
        sa.Column("writer", sa.String(32)),
        sa.Column("sequence", sa.BigInteger()),
        sa.Column("previous", sa.String(64)),
        sa.Column("salt", sa.String(32)),
        sa.Column("personal_hash", sa.String(64)),
        sa.Column("row_hash", sa.String(64)),
        sa.Column("erased_by", sa.String(32)),
    )
    op.create_index("shadows_by_writer", "shadows", ["writer", "sequence"])
    op.create_index("shadows_by_challenge", "shadows", ["challenge", "entry"])


def downgrade() -> None:
    """Remove the table, with all that is in it."""
    op.drop_table("shadows")
