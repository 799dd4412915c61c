"""Alembic's entry: our metadata is what the entities declare."""

import sqlalchemy as sa
from alembic import context

import central.areas  # declares every entity
import central.kernel.tables  # noqa: F401
from central.kernel.entity import METADATA


def run() -> None:
    engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url") or "")
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
