"""Codes and language of reasons"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; they are null in the rows that are there."""
    op.add_column("decisions", sa.Column("reason_codes", sa.JSON))
    op.add_column("decisions", sa.Column("language", sa.String(64)))


def downgrade() -> None:
    """Remove the columns, with what is in them."""
    op.drop_column("decisions", "language")
    op.drop_column("decisions", "reason_codes")
