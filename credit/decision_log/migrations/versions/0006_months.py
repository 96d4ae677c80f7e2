"""Decisions by month, and their idempotency keys in a table of their own, in PostgreSQL"""

import sqlalchemy as sa
from alembic import op

from credit.common.errors import CreditError, Problem

revision = "0006"
down_revision = "0005"

_INDEXES = (
    "CREATE INDEX decisions_by_time ON decisions (decided_at)",
    "CREATE INDEX decisions_by_writer ON decisions (writer, sequence)",
    "CREATE INDEX decisions_by_applicant ON decisions (applicant) WHERE applicant IS NOT NULL",
)

_OWN = """
SELECT 'the view ' || v.oid::regclass FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.refobjid = 'decisions'::regclass AND d.classid = 'pg_rewrite'::regclass AND v.oid <> d.refobjid
UNION SELECT 'the trigger ' || tgname FROM pg_trigger WHERE tgrelid = 'decisions'::regclass AND NOT tgisinternal
UNION SELECT 'the policy ' || polname FROM pg_policy WHERE polrelid = 'decisions'::regclass
UNION SELECT 'the foreign key ' || conname FROM pg_constraint
    WHERE contype = 'f' AND 'decisions'::regclass IN (conrelid, confrelid)
UNION SELECT 'the publication ' || p.pubname FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
    WHERE r.prrelid = 'decisions'::regclass
UNION SELECT 'the table ' || inhrelid::regclass FROM pg_inherits WHERE inhparent = 'decisions'::regclass
UNION SELECT 'the rule ' || rulename FROM pg_rewrite WHERE ev_class = 'decisions'::regclass
UNION SELECT 'the statistics ' || stxname FROM pg_statistic_ext WHERE stxrelid = 'decisions'::regclass
UNION SELECT 'the constraint ' || conname FROM pg_constraint
    WHERE conrelid = 'decisions'::regclass AND contype IN ('u', 'c', 'x') AND NOT (contype = 'u' AND conkey = ARRAY[(
        SELECT attnum FROM pg_attribute WHERE attrelid = 'decisions'::regclass AND attname = 'idempotency_key')])
UNION SELECT 'the index ' || indexrelid::regclass FROM pg_index
    WHERE indrelid = 'decisions'::regclass
        AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = 'decisions'::regclass)
        AND indexrelid::regclass::text NOT IN (
            'decisions_by_time', 'decisions_by_writer', 'decisions_by_applicant')
"""
"""What somebody made for the table, and what would stay with its old rows and miss the new ones."""

_FILL_KEYS = """
CREATE TABLE decision_keys (
    idempotency_key varchar(64) NOT NULL, decision_id varchar(32) NOT NULL, decided_at timestamptz NOT NULL
);
INSERT INTO decision_keys SELECT idempotency_key, id, decided_at FROM decisions WHERE idempotency_key IS NOT NULL;
ALTER TABLE decision_keys ADD PRIMARY KEY (idempotency_key);
CREATE INDEX decision_keys_by_time ON decision_keys (decided_at);
CREATE UNIQUE INDEX decisions_history_pkey ON decisions (id, decided_at);
CREATE INDEX decisions_history_by_key ON decisions (idempotency_key) WHERE idempotency_key IS NOT NULL;
"""

_ATTACH = """
CREATE TEMPORARY TABLE later_decisions ON COMMIT DROP AS SELECT * FROM decisions WHERE decided_at >= '{end}';
DELETE FROM decisions WHERE decided_at >= '{end}';
ALTER TABLE decisions RENAME TO decisions_history;
ALTER INDEX decisions_by_time RENAME TO decisions_history_by_time;
ALTER INDEX decisions_by_writer RENAME TO decisions_history_by_writer;
ALTER INDEX decisions_by_applicant RENAME TO decisions_history_by_applicant;
ALTER TABLE decisions_history ADD PRIMARY KEY USING INDEX decisions_history_pkey;
CREATE TABLE decisions (LIKE decisions_history INCLUDING DEFAULTS INCLUDING STORAGE)
    PARTITION BY RANGE (decided_at);
ALTER TABLE decisions ADD PRIMARY KEY (id, decided_at);
CREATE INDEX decisions_by_time ON decisions (decided_at);
CREATE INDEX decisions_by_writer ON decisions (writer, sequence);
CREATE INDEX decisions_by_applicant ON decisions (applicant) WHERE applicant IS NOT NULL;
CREATE INDEX decisions_by_key ON decisions (idempotency_key) WHERE idempotency_key IS NOT NULL;
ALTER TABLE decisions ATTACH PARTITION decisions_history FOR VALUES FROM (MINVALUE) TO ('{end}');
CREATE TABLE decisions_default PARTITION OF decisions DEFAULT;
INSERT INTO decisions SELECT * FROM later_decisions;
"""
"""The old table becomes a partition as it is; only decisions of a future month, by a clock that was wrong, move."""

_FUNCTIONS = """
CREATE FUNCTION take_decision_key() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp
AS $$
BEGIN
    INSERT INTO decision_keys VALUES (NEW.idempotency_key, NEW.id, NEW.decided_at) ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN NEW; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER take_decision_key BEFORE INSERT ON decisions FOR EACH ROW
    WHEN (NEW.idempotency_key IS NOT NULL) EXECUTE FUNCTION take_decision_key();

CREATE FUNCTION change_decision_key() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp
AS $$
BEGIN
    DELETE FROM decision_keys WHERE idempotency_key = OLD.idempotency_key AND decision_id = OLD.id;
    IF TG_OP = 'UPDATE' AND NEW.idempotency_key IS NOT NULL THEN
        INSERT INTO decision_keys VALUES (NEW.idempotency_key, NEW.id, NEW.decided_at);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER change_decision_key AFTER DELETE OR UPDATE OF idempotency_key ON decisions
    FOR EACH ROW EXECUTE FUNCTION change_decision_key();

CREATE FUNCTION make_decision_month(month timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s'
AS $$
DECLARE
    name text := 'decisions_' || to_char(month, 'YYYY_MM');
    until timestamptz := month + interval '1 month';
    moved bigint;
BEGIN
    IF month <> date_trunc('month', month) OR month > now() + interval '14 months' THEN
        RAISE EXCEPTION 'no month of decisions begins at %', month;
    END IF;
    PERFORM pg_advisory_xact_lock(7310514053);
    IF to_regclass(format('%I', name)) IS NOT NULL THEN RETURN NULL; END IF;
    EXECUTE format('CREATE TABLE %I (LIKE decisions INCLUDING DEFAULTS INCLUDING STORAGE)', name);
    IF EXISTS (SELECT FROM decisions_default WHERE decided_at >= month AND decided_at < until) THEN
        LOCK TABLE decisions_default IN ACCESS EXCLUSIVE MODE;
    END IF;
    EXECUTE format('WITH gone AS (DELETE FROM decisions_default WHERE decided_at >= %L AND decided_at < %L '
        'RETURNING *) INSERT INTO %I SELECT * FROM gone', month, until, name);
    GET DIAGNOSTICS moved = ROW_COUNT;
    EXECUTE format('INSERT INTO decision_keys SELECT idempotency_key, id, decided_at FROM %I '
        'WHERE idempotency_key IS NOT NULL', name);
    EXECUTE format('ALTER TABLE decisions ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, month, until);
    RETURN moved;
END $$;

CREATE FUNCTION count_stray_decisions() RETURNS TABLE (month timestamptz, number bigint) LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = {schema}, pg_temp SET timezone = 'UTC'
AS $$ SELECT date_trunc('month', decided_at), count(*) FROM decisions_default GROUP BY 1 ORDER BY 1 $$;
"""
"""A key is taken in the table of keys, or the row is left out, as a unique index of the whole table would have done it.

A month is made by the rights of who made the tables, so that a role that only writes rows can make it too.
"""

_SIGNATURES = (  # of the functions
    "take_decision_key()",
    "change_decision_key()",
    "make_decision_month(timestamptz)",
    "count_stray_decisions()",
)

_MAKE_MONTHS = """
SELECT make_decision_month(date_trunc('month', now()) + interval '1 month' * ahead)
    FROM generate_series({first}, 3) ahead
"""

_GRANTS = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT a.privilege_type, a.is_grantable, a.grantee, NULL::name AS attname
            FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.oid = '{source}'::regclass AND a.grantee <> c.relowner
        UNION ALL SELECT a.privilege_type, a.is_grantable, a.grantee, t.attname
            FROM pg_attribute t, aclexplode(t.attacl) a WHERE t.attrelid = '{source}'::regclass
    LOOP
        EXECUTE format('GRANT %s%s ON {target} TO %s%s', one.privilege_type,
            CASE WHEN one.attname IS NULL THEN '' ELSE format(' (%I)', one.attname) END,
            CASE one.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(one.grantee)) END,
            CASE WHEN one.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END $$;
"""
"""The rights of others on one table, given for another one."""


def upgrade() -> None:
    """Make the old table the first partition, all in one transaction: killed, it leaves everything as it was.

    Decisions cannot be written or read meanwhile: for one look at the old table.
    """
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    # at once all that it takes: a write that has read holds a weak lock, and would wait for a half-strong one
    _run(connection, "LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE")
    _require_nothing_of_others(connection)
    _run(connection, "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'")
    before = _count(connection)
    _run(connection, _FILL_KEYS)
    for name in _list_constraints(connection):
        _run(connection, f"ALTER TABLE decisions DROP CONSTRAINT {name}")
    first = 1 if before[0] else 0  # a log that begins now has this month by itself
    _run(connection, _ATTACH.format(end=_find_month(connection, first)))
    _run(connection, _FUNCTIONS.format(schema=_ask(connection, "SELECT quote_ident(current_schema())")))
    owner = _find_owner(connection, "decisions_history")
    for one in ("TABLE decisions", "TABLE decisions_default", "TABLE decision_keys"):
        _run(connection, f"ALTER {one} OWNER TO {owner}")
    for one in _SIGNATURES:
        _run(connection, f"ALTER FUNCTION {one} OWNER TO {owner}")
    _run(connection, _MAKE_MONTHS.format(first=first))
    _run(connection, _GRANTS.format(source="decisions_history", target="decisions"))
    after, keys = _count(connection), _ask(connection, "SELECT count(*) FROM decision_keys")
    if (*after, keys) != (*before, before[1]):
        found = f"{before} decisions and keys before, {after} and {keys} keys after"
        raise CreditError(Problem("the migration to months", found, "the same", "nothing was changed"))


def downgrade() -> None:
    """Put all decisions into one table again, row by row."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    _run(connection, "LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE")
    _run(connection, "CREATE TABLE decisions_whole (LIKE decisions INCLUDING DEFAULTS INCLUDING STORAGE)")
    _run(connection, "INSERT INTO decisions_whole SELECT * FROM decisions")
    _run(connection, f"ALTER TABLE decisions_whole OWNER TO {_find_owner(connection, 'decisions')}")
    _run(connection, _GRANTS.format(source="decisions", target="decisions_whole"))
    _run(connection, "DROP TABLE decisions; DROP TABLE decision_keys; ALTER TABLE decisions_whole RENAME TO decisions")
    for one in _SIGNATURES:
        _run(connection, f"DROP FUNCTION {one}")
    _run(connection, "ALTER TABLE decisions ADD PRIMARY KEY (id), ADD UNIQUE (idempotency_key)")
    for statement in _INDEXES:
        _run(connection, statement)


def _require_nothing_of_others(connection: sa.Connection) -> None:
    """Require that nobody made something for the table. Raises CreditError, naming all of it."""
    if found := sorted(connection.execute(sa.text(_OWN)).scalars()):
        fix = "drop it, migrate, and make it again"
        raise CreditError(Problem("the table decisions", f"{', '.join(found)} would miss new decisions", fix=fix))


def _list_constraints(connection: sa.Connection) -> list[str]:
    """List the constraints that make rows unique over all months, which no partitioned table can have."""
    own = "conrelid = 'decisions'::regclass AND contype IN ('p', 'u')"
    return list(connection.execute(sa.text(f"SELECT quote_ident(conname) FROM pg_constraint WHERE {own}")).scalars())


def _find_owner(connection: sa.Connection, table: str) -> object:
    """Find the role that a table belongs to, as SQL names it."""
    return _ask(connection, f"SELECT relowner::regrole FROM pg_class WHERE oid = '{table}'::regclass")


def _find_month(connection: sa.Connection, first: int) -> str:
    """Find the begin of this month, or of one that comes so many months later."""
    return str(_ask(connection, f"SELECT CAST(date_trunc('month', now()) + interval '1 month' * {first} AS text)"))


def _count(connection: sa.Connection) -> tuple[int, int]:
    """Count the decisions and their idempotency keys."""
    row = connection.execute(sa.text("SELECT count(*), count(idempotency_key) FROM decisions")).one()
    return row[0], row[1]


def _ask(connection: sa.Connection, statement: str) -> object:
    return connection.execute(sa.text(statement)).scalar_one()


def _run(connection: sa.Connection, statements: str) -> None:
    connection.execute(sa.text(statements))
