"""The chain of hashes, environments, applicants, fingerprints of requests, and events"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_CHAIN = (
    ("writer", sa.String(32)),
    ("sequence", sa.BigInteger()),
    ("previous", sa.String(64)),
    ("salt", sa.String(32)),
    ("personal_hash", sa.String(64)),
    ("row_hash", sa.String(64)),
    ("erased_by", sa.String(32)),
)
_ADDED = {
    "decisions": (
        ("repeated_key", sa.String(64)),
        ("environment", sa.String(16)),
        ("fingerprint", sa.String(64)),
        ("applicant", sa.String(64)),
        *_CHAIN,
    ),
    "outcomes": (("label", sa.Text()), *_CHAIN),
}


def upgrade() -> None:
    """Add the columns, empty in rows that are there, and make the table of events."""
    for table, columns in _ADDED.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind))
        op.create_index(f"{table}_by_writer", table, ["writer", "sequence"])
    known = sa.text("applicant IS NOT NULL")
    op.create_index("decisions_by_applicant", "decisions", ["applicant"], sqlite_where=known, postgresql_where=known)
    op.create_table(
        "events",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("environment", sa.String(16)),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("decision_id", sa.String(32), index=True),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("personal", sa.JSON, nullable=False),
        *(sa.Column(name, kind) for name, kind in _CHAIN),
    )
    op.create_index("events_by_writer", "events", ["writer", "sequence"])
    op.create_index("events_by_time", "events", ["kind", "happened_at"])


def downgrade() -> None:
    """Remove the table and the columns, with all that is in them."""
    op.drop_table("events")
    op.drop_index("decisions_by_applicant", "decisions")
    for table, columns in _ADDED.items():
        op.drop_index(f"{table}_by_writer", table)
        for name, _ in columns:
            op.drop_column(table, name)
