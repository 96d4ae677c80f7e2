"""The writers of decisions and how far each has come, which the database keeps by itself"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_FILL = """
INSERT INTO decision_writers (writer, environment, newest, newest_at)
WITH RECURSIVE writers(writer) AS (
    SELECT min(writer) FROM decisions
    UNION ALL
    SELECT (SELECT min(d.writer) FROM decisions d WHERE d.writer > w.writer) FROM writers w WHERE w.writer IS NOT NULL
)
SELECT * FROM (
    SELECT w.writer,
        (SELECT d.environment FROM decisions d WHERE d.writer = w.writer ORDER BY d.sequence DESC LIMIT 1),
        (SELECT max(d.sequence) FROM decisions d WHERE d.writer = w.writer) AS newest,
        (SELECT d.decided_at FROM decisions d WHERE d.writer = w.writer ORDER BY d.sequence DESC LIMIT 1)
    FROM writers w WHERE w.writer IS NOT NULL
) AS found WHERE newest IS NOT NULL
"""
"""Some look-ups in the index for each writer, however many decisions it wrote."""

_IN_POSTGRESQL = """
CREATE FUNCTION note_decision_writers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp
AS $$
BEGIN
    INSERT INTO decision_writers AS there (writer, environment, newest, newest_at)
        SELECT writer, (array_agg(environment ORDER BY sequence DESC))[1], max(sequence), max(decided_at)
            FROM written WHERE writer IS NOT NULL AND sequence IS NOT NULL GROUP BY writer ORDER BY writer
        ON CONFLICT (writer) DO UPDATE SET newest = greatest(there.newest, excluded.newest),
            newest_at = greatest(there.newest_at, excluded.newest_at),
            environment = CASE WHEN excluded.newest > there.newest THEN excluded.environment
                ELSE there.environment END;
    RETURN NULL;
END $$;
CREATE TRIGGER note_decision_writers AFTER INSERT ON decisions REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION note_decision_writers();
"""
"""Once for each statement, by the rights of who made the tables; writers in order, or two would block each other."""

_IN_SQLITE = """
CREATE TRIGGER note_decision_writers AFTER INSERT ON decisions
    WHEN NEW.writer IS NOT NULL AND NEW.sequence IS NOT NULL
BEGIN
    INSERT INTO decision_writers (writer, environment, newest, newest_at)
        VALUES (NEW.writer, NEW.environment, NEW.sequence, NEW.decided_at)
        ON CONFLICT (writer) DO UPDATE SET newest = max(newest, excluded.newest),
            newest_at = max(newest_at, excluded.newest_at),
            environment = CASE WHEN excluded.newest > newest THEN excluded.environment ELSE environment END;
END
"""

_GRANTS = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT a.* FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = 'counted_writers'::regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON decision_writers TO %s%s', one.privilege_type,
            CASE one.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(one.grantee)) END,
            CASE WHEN one.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END $$;
"""
"""Who may read and change how far writers are counted may do so with how far they have come."""


def upgrade() -> None:
    """Make the table, with the writers of all decisions that are there; none can be written meanwhile."""
    connection = op.get_bind()
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql:
        connection.execute(sa.text("LOCK TABLE decisions IN SHARE ROW EXCLUSIVE MODE"))
    op.create_table(
        "decision_writers",
        sa.Column("writer", sa.String(32), primary_key=True),
        sa.Column("environment", sa.String(16)),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("newest_at", sa.DateTime(timezone=True), nullable=False),
    )
    connection.execute(sa.text(_FILL))
    if not is_postgresql:
        connection.execute(sa.text(_IN_SQLITE))
        return
    schema = connection.execute(sa.text("SELECT quote_ident(current_schema())")).scalar_one()
    connection.execute(sa.text(_IN_POSTGRESQL.format(schema=schema)))
    owner = "SELECT relowner::regrole FROM pg_class WHERE oid = 'decisions'::regclass"
    owner = connection.execute(sa.text(owner)).scalar_one()
    connection.execute(sa.text(f"ALTER TABLE decision_writers OWNER TO {owner}"))
    connection.execute(sa.text(f"ALTER FUNCTION note_decision_writers() OWNER TO {owner}"))
    connection.execute(sa.text(_GRANTS))


def downgrade() -> None:
    """Remove the table; the writers are in the decisions."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER note_decision_writers ON decisions")
        op.execute("DROP FUNCTION note_decision_writers()")
    else:
        op.execute("DROP TRIGGER note_decision_writers")
    op.drop_table("decision_writers")
