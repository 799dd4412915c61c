"""Alembic's entry: our metadata is what the entities declare. All migrations of a run are one transaction, on SQLite
too: an update that is cut off leaves the database as it was."""

from alembic import context

import central.areas  # declares every entity
import central.kernel.tables  # noqa: F401
from central.kernel.entity import METADATA
from central.kernel.shape import engine_of


def run() -> None:
    engine = engine_of(context.config.get_main_option("sqlalchemy.url") or "")
    try:
        with engine.connect() as db:
            context.configure(connection=db, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True)
            with context.begin_transaction():
                context.run_migrations()
                if then := context.config.attributes.get("then"):  # in the same transaction: kernel/schema.py
                    then(db)
    finally:
        engine.dispose()


run()
