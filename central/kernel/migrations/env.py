"""Alembic's entry: our metadata is what the entities declare. All migrations of a run are one transaction, on SQLite
too: an update that is cut off leaves the database as it was."""

import sqlalchemy as sa
from alembic import context

import central.areas  # declares every entity
import central.kernel.tables  # noqa: F401
from central.kernel.entity import METADATA


def run() -> None:
    engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url") or "")
    if engine.dialect.name == "sqlite":  # Python's driver alone begins no transaction for what changes tables
        sa.event.listen(engine, "connect", lambda driver, _: setattr(driver, "isolation_level", None))
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
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
