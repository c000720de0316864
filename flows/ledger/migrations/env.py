"""Alembic's entry: migrate over the connection that `database.migrate` hands in."""

from alembic import context

from flows.database import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
