"""Scans, entries and anomalies say when central heard of them. Of those there are it is taken to be when they say they
were, and no later than this: what a clock that is ahead told stands in nobody's way."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    now = time.time_ns() // 1_000_000
    for table in ("admission", "anomaly", "scan"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("received", sa.BigInteger(), server_default="0", nullable=False))
        op.execute(f"UPDATE {table} SET received = CASE WHEN at > {now} THEN {now} ELSE at END")  # noqa: S608 - our own names

    with op.batch_alter_table("anomaly", schema=None) as batch_op:
        batch_op.drop_index("ix_anomaly_settled")
        batch_op.create_index("ix_anomaly_settled_received", ["settled", "received"], unique=False)

    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.drop_index("ix_scan_performance_id_at")
        batch_op.create_index("ix_scan_performance_id_received", ["performance_id", "received"], unique=False)
