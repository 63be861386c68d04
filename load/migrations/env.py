"""How Alembic migrates: through the connection it is handed, in its transaction; logging stays the caller's."""

from alembic import context

from load.schema import REVISION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
