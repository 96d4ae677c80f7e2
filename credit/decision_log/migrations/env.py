"""Run by Alembic, on the connection that `credit.decision_log.migrate` gives it."""

from alembic import context

from credit.decision_log.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=False,
    transactional_ddl=True,
)
context.run_migrations()
